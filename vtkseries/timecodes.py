"""Times as the collection has them, numbers in some unit, back to what they were."""

from __future__ import annotations

import contextlib
import re
import warnings
from typing import Any

import numpy as np
from xarray.coding.times import decode_cf_datetime

from vtkseries.errors import FormatError
from vtkseries.metadata import dtype_of

__all__ = ["restore_times", "time_code"]

_NANOSECONDS = {
    "week": 604800 * 10**9,
    "day": 86400 * 10**9,
    "d": 86400 * 10**9,
    "hour": 3600 * 10**9,
    "hr": 3600 * 10**9,
    "h": 3600 * 10**9,
    "minute": 60 * 10**9,
    "min": 60 * 10**9,
    "second": 10**9,
    "sec": 10**9,
    "s": 10**9,
    "millisecond": 10**6,
    "msec": 10**6,
    "ms": 10**6,
    "microsecond": 1000,
    "us": 1000,
    "nanosecond": 1,
    "ns": 1,
}
_TICKS = (10**9, 10**6, 10**3, 1)
_SINCE = re.compile(r"\s*(\w+)\s+since\s+(.+)", re.IGNORECASE)


def time_code(raw: np.ndarray, values: np.ndarray, units: str | None, calendar: str | None) -> dict[str, Any] | None:
    """Give what :func:`restore_times` needs to give `raw` again, or None where `values` do not tell it exactly.

    Parameters
    ----------
    raw : ndarray, shape (steps,)
        Of ``datetime64``, ``timedelta64``, cftime objects or numbers.
    values : ndarray of float64, shape (steps,)
        The same times as the collection has them.
    units, calendar : str or None
        Of `values`.
    """
    code: dict[str, Any] = {"dtype": raw.dtype.str, "units": units, "calendar": calendar}
    if raw.dtype.kind == "O":
        code["zero"] = bool(getattr(raw[0], "has_year_zero", False))
    for tick in _TICKS if raw.dtype.kind in "mMO" else (1,):
        code["tick"] = tick
        with contextlib.suppress(FormatError, ValueError, OverflowError, TypeError, KeyError):
            found = restore_times(values, code)
            if found.dtype == raw.dtype and bool(np.all(found == raw)):
                return code
    return None


def restore_times(values: np.ndarray, code: dict[str, Any]) -> np.ndarray:
    """Give times from the numbers of a collection.

    Parameters
    ----------
    values : ndarray of float64, shape (steps,)
    code : dict
        From :func:`time_code`.

    Raises
    ------
    FormatError
        The code does not fit the numbers.
    """
    dtype = dtype_of(code["dtype"])
    if dtype.kind in "biuf":
        with np.errstate(all="ignore"):
            return values.astype(dtype)
    units, tick = str(code["units"]), int(code["tick"])
    if tick not in _TICKS:
        raise FormatError(f"its vtkseries metadata has a tick of {tick} ns")
    if dtype.kind == "m":
        return _ticks(values, units.split(maxsplit=1)[0], 0, tick).view("m8[ns]").astype(dtype)
    match = _SINCE.fullmatch(units)
    if match is None:
        raise FormatError(f"its vtkseries metadata has the time units {units[:80]!r}")
    if dtype.kind == "O":
        return _cftimes(values, units, match[1], code)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dates that nanoseconds do not reach: refused below
        start = decode_cf_datetime(np.array([0]), f"seconds since {match[2]}", code["calendar"], time_unit="ns")
    if start.dtype.kind != "M":
        raise FormatError(f"its vtkseries metadata has the time units {units[:80]!r} for {dtype}")
    return _ticks(values, match[1], int(start.view("i8")[0]), tick).view("M8[ns]").astype(dtype)


def _ticks(values: np.ndarray, unit: str, start: int, tick: int) -> np.ndarray:
    """Give nanoseconds, rounded to whole ticks."""
    length = _NANOSECONDS[unit.lower() if unit.lower() in _NANOSECONDS else unit.lower().removesuffix("s")]
    if not np.all(np.abs(values) * length + abs(start) < 2.0**62):
        raise FormatError("its times do not fit into nanoseconds")
    whole = np.floor(values)
    total = start + whole.astype("i8") * length + np.rint((values - whole) * length).astype("i8")
    half = tick // 2
    return np.asarray((total + half) // tick * tick)


def _cftimes(values: np.ndarray, units: str, unit: str, code: dict[str, Any]) -> np.ndarray:
    import cftime  # noqa: PLC0415 (only for calendars that datetime64 does not have)

    calendar, zero = str(code["calendar"]), bool(code["zero"])
    origin = cftime.num2date(0, units, calendar, has_year_zero=zero)
    micro = _ticks(values, unit, 0, max(int(code["tick"]), 1000)) // 1000
    start = f"microseconds since {origin.isoformat(sep=' ')}"
    found = cftime.num2date(micro, start, calendar, only_use_cftime_datetimes=True, has_year_zero=zero)
    return np.asarray(found, object)
