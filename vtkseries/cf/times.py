"""Time steps: any time axis as the numbers that ParaView wants, with units, calendar and dates."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import xarray as xr
from xarray.coding.times import encode_cf_datetime

from vtkseries.cf.attributes import unstacking
from vtkseries.errors import SeriesError

__all__ = ["Times", "count_time", "read_times"]

_UNITS = re.compile(r"\s*(\w+)\s+since\s+(.+)", re.IGNORECASE)

_NAMES = {
    86400.0: "d day days",
    3600.0: "h hr hrs hour hours",
    60.0: "min mins minute minutes",
    1.0: "s sec secs second seconds",
    1e-3: "ms msec millisecond milliseconds",
    1e-6: "us microsecond microseconds",
    1e-9: "ns nanosecond nanoseconds",
}
_NANOSECONDS = {"W": 7 * 86400 * 10**9, "D": 86400 * 10**9, "h": 3600 * 10**9, "m": 60 * 10**9}
_NANOSECONDS |= {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_SECONDS = {name: seconds for seconds, names in _NAMES.items() for name in names.split()}


@dataclass(frozen=True)
class Times:
    """The time steps of a series.

    Attributes
    ----------
    values : tuple of float
        Strictly increasing; one value for a Dataset without time.
    units, calendar : str or None
        As CF has them.
    dates : tuple of str
        ISO 8601 dates; empty where there are none.
    dim : hashable or None
        The time dim; None where there is at most one step.
    name : hashable or None
        The coordinate that the values came from.
    """

    values: tuple[float, ...]
    units: str | None = None
    calendar: str | None = None
    dates: tuple[str, ...] = ()
    dim: Hashable | None = None
    name: Hashable | None = None


def read_times(ds: xr.Dataset, dim: Hashable | None, name: Hashable | None, time_units: str | None = None) -> Times:
    """Read the time coordinate of a Dataset.

    Parameters
    ----------
    ds : Dataset
    dim : hashable or None
        The time dim, if there is one.
    name : hashable or None
        The time coordinate, along `dim` or scalar; steps are counted from 0 without one.
    time_units : str, optional
        ``"hours since 2000-01-01"``, or ``"hours"`` alone for hours since the first step.

    Raises
    ------
    SeriesError
        Times that are missing, not strictly increasing, or not to be told in these units.
    """
    if name is None:
        count = 1 if dim is None else ds.sizes[dim]
        values = np.arange(count, dtype="f8")
        return Times(tuple(values.tolist()), units=time_units, dim=dim)
    variable = ds.variables[name]
    label = str(name)
    apart = unstacking(variable, name)
    if apart is not None:
        message = f"time coordinate {label!r} holds several levels; use {apart} and name the level with the times"
        raise SeriesError(message)
    raw = np.atleast_1d(variable.values)
    _refuse_missing(raw, label, dim)
    values, units, calendar, dates = count_time(raw, {**variable.attrs, **variable.encoding}, time_units, label)
    _refuse_disorder(values, raw, label)
    return Times(tuple(values.tolist()), units, calendar, dates, dim, name)


def count_time(
    raw: np.ndarray, attrs: dict[str, Any], time_units: str | None, label: str
) -> tuple[np.ndarray, str | None, str | None, tuple[str, ...]]:
    """Give times as numbers: values (float64), units, calendar and ISO dates.

    `raw` holds ``datetime64``, ``timedelta64``, cftime objects or numbers; `attrs` the CF attributes or encoding that
    they came with.
    """
    if raw.dtype.kind == "m":
        units = (time_units or _own_units(attrs, lengths=True)).strip()
        if units.lower() not in _SECONDS:
            raise _no_length(label, "lengths of time", units)
        return _lengths(raw, units.lower()), units, None, ()
    if raw.dtype.kind == "M" or _holds_dates(raw):
        calendar = _calendar(raw, attrs, label)
        dates = _iso(raw)
        units = _since(time_units or _own_units(attrs, lengths=False), dates[0], label)
        return _since_date(raw, units, calendar, label), units, calendar, dates
    if raw.dtype.kind not in "biuf":
        message = (
            f"time coordinate {label!r} holds {raw.dtype}, which is no time; decode it "
            "(xr.decode_cf, pandas.to_datetime) or name another with time="
        )
        raise SeriesError(message)
    return _numbers(raw, attrs, time_units, label)


def _numbers(
    raw: np.ndarray, attrs: dict[str, Any], time_units: str | None, label: str
) -> tuple[np.ndarray, str | None, str | None, tuple[str, ...]]:
    values = raw.astype("f8")
    if raw.dtype.kind in "iu" and not np.array_equal(values.astype(raw.dtype), raw):
        message = f"time {label!r} has integers beyond 2**53, which ParaView cannot tell apart; subtract the first one"
        raise SeriesError(message)
    own = attrs.get("units")
    units = own if isinstance(own, str) else None
    if units is None or not _UNITS.match(units):
        return _in_units(values, units, time_units, label)
    calendar = str(attrs.get("calendar", "standard"))
    decoded = None
    with contextlib.suppress(ValueError, OverflowError, KeyError):
        decoded = xr.coding.times.decode_cf_datetime(values, units, calendar, use_cftime=True)
    if decoded is None:
        if time_units not in (None, units):
            raise _unknown_units(label, units)
        return values, units, calendar, ()
    dates = _iso(decoded)
    if time_units not in (None, units):
        units = _since(str(time_units), dates[0], label)
        values = _since_date(decoded, units, calendar, label)
    return values, units, calendar, dates


def _in_units(
    values: np.ndarray, own: str | None, wanted: str | None, label: str
) -> tuple[np.ndarray, str | None, None, tuple[str, ...]]:
    """Tell lengths of time in other units; numbers without known units of their own are taken to be in them."""
    if wanted is None or own is None or own.strip() not in _SECONDS:
        return values, wanted or own, None, ()
    if wanted.strip() not in _SECONDS:
        raise _no_length(label, own, wanted)
    old, new = _SECONDS[own.strip()], _SECONDS[wanted.strip()]
    return (values * old / new if old != new else values), wanted, None, ()


def _holds_dates(raw: np.ndarray) -> bool:
    return raw.dtype.kind == "O" and all(hasattr(raw.flat[0], word) for word in ("isoformat", "hour"))


def _calendar(raw: np.ndarray, attrs: dict[str, Any], label: str) -> str:
    found = dict.fromkeys(getattr(date, "calendar", None) for date in raw) if raw.dtype.kind == "O" else {None: None}
    if len(found) > 1:
        message = (
            f"time {label!r} mixes the calendars {', '.join(map(str, found))}; convert them to one, as with "
            "cftime.datetime.change_calendar"
        )
        raise SeriesError(message)
    return str(next(iter(found)) or attrs.get("calendar") or "proleptic_gregorian")


def _own_units(attrs: dict[str, Any], *, lengths: bool) -> str:
    """Give the units that a variable had when it was stored; days where they are of no use."""
    units = str(attrs.get("units", "")).strip()
    match = _UNITS.match(units)
    word = match[1] if match and not lengths else units
    return units if word.lower() in _SECONDS else "days"


def _lengths(raw: np.ndarray, units: str) -> np.ndarray:
    """Give timedeltas as numbers, rounded once."""
    unit, count = np.datetime_data(raw.dtype)
    ratio = Fraction(count) * _NANOSECONDS[unit] / round(_SECONDS[units] * 1e9)
    return np.asarray(raw.astype("i8").astype("f8") * ratio.numerator / ratio.denominator)


def _since_date(raw: np.ndarray, units: str, calendar: str, label: str) -> np.ndarray:
    """Give dates as numbers."""
    word, start = _UNITS.fullmatch(units).groups()  # type: ignore[union-attr]  # _since gave it
    seconds = _SECONDS.get(word.lower())
    if seconds is None:
        raise _unknown_units(label, units)
    if raw.dtype.kind == "M" and seconds < 1:
        # xarray gives infinity for units finer than the dates' own.
        fine = raw.astype("M8[ns]")
        if not np.array_equal(fine.astype(raw.dtype), raw):
            raise _unknown_units(label, units)
        raw = fine
    # Of the names that CF allows, xarray knows the long ones only.
    plain = f"{_NAMES[seconds].split()[-1]} since {start}"
    try:
        return np.asarray(encode_cf_datetime(raw, plain, calendar, np.dtype("f8"))[0], "f8")
    except (KeyError, ValueError, OverflowError) as error:
        raise _unknown_units(label, units) from error


def _no_length(label: str, own: str, wanted: str) -> SeriesError:
    return SeriesError(
        f"time {label!r} counts {own} from no date, so time_units={wanted!r} cannot tell it; give 'hours', say"
    )


def _since(units: str, first: str, label: str) -> str:
    units = units.strip()
    if _UNITS.match(units):
        return units
    if re.fullmatch(r"\w+", units):
        return f"{units} since {first.replace('T', ' ')}"
    raise _unknown_units(label, units)


def _unknown_units(label: str, units: str) -> SeriesError:
    return SeriesError(
        f"time {label!r} cannot be told in units {units!r}; give time_units= such as 'hours since 2000-01-01' or 'days'"
    )


def _iso(raw: np.ndarray) -> tuple[str, ...]:
    if raw.dtype.kind == "M":
        seconds = raw.astype("M8[s]")
        exact = bool((seconds == raw).all())
        return tuple(np.datetime_as_string(seconds if exact else raw).tolist())
    return tuple(value.isoformat() for value in raw)


def _refuse_missing(raw: np.ndarray, label: str, dim: Hashable | None) -> None:
    if raw.size == 0:
        message = f"time {label!r} has no steps; select at least one"
        raise SeriesError(message)
    missing = np.array([value is None or value != value for value in raw]) if raw.dtype.kind == "O" else ~_finite(raw)  # noqa: PLR0124 (NaN in an object array differs from itself)
    if missing.any():
        at = int(np.flatnonzero(missing)[0])
        there = f"np.isfinite(ds[{label!r}])" if raw.dtype.kind == "f" else f"ds[{label!r}].notnull()"
        remedy = "" if dim is None else f"; drop such steps, as with ds.isel({{{str(dim)!r}: {there}}})"
        message = f"time {label!r} is {raw[at]} at position {at}{remedy or '; name another with time='}"
        raise SeriesError(message)


def _finite(raw: np.ndarray) -> np.ndarray:
    if raw.dtype.kind in "mM":
        return np.asarray(~np.isnat(raw))
    return np.asarray(np.isfinite(raw)) if raw.dtype.kind in "fc" else np.ones(raw.shape, bool)


def _refuse_disorder(values: np.ndarray, raw: np.ndarray, label: str) -> None:
    wrong = np.flatnonzero(~(np.diff(values) > 0))
    if wrong.size:
        at = int(wrong[0])
        remedy = (
            f"ds.drop_duplicates({label!r})"
            if (raw[at + 1] == raw[at])
            else f"ds.sortby({label!r})"
            if raw[at + 1] < raw[at]
            else "time_units= with a finer unit"
        )
        message = (
            f"time {label!r} must increase from step to step, but is {raw[at]} at position {at} "
            f"and {raw[at + 1]} at {at + 1}; use {remedy}"
        )
        raise SeriesError(message)
