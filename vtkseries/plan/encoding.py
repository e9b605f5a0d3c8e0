"""What the caller asks of single variables' storage: ``encoding={"T": {"significant_digits": 3}}``."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np

from vtkseries.errors import SeriesError
from vtkseries.rounding import MOST_DIGITS
from vtkseries.values import Precision
from vtkseries.xmlformat.dtypes import storage_dtype

__all__ = ["Encoding", "check_precision", "read_encoding"]

Encoding = Mapping[Hashable, Mapping[str, Any]]
_KEYS = ("significant_digits", "dtype")


def read_encoding(encoding: Encoding | None, names: Iterable[Hashable]) -> dict[str, Precision]:
    """Check an encoding and give it by variable.

    Raises
    ------
    SeriesError
        An unknown variable, key, dtype or digit count; it lists the valid ones.
    """
    known = list(names)
    found = {}
    if encoding is not None and not (
        isinstance(encoding, Mapping) and all(isinstance(wanted, Mapping) for wanted in encoding.values())
    ):
        message = f"encoding={encoding!r}: give a mapping for each variable, as in {{'T': {{'significant_digits': 3}}}}"
        raise SeriesError(message)
    for name, wanted in (encoding or {}).items():
        if name not in known:
            message = f"encoding: there is no variable {name!r} to write; choose of {', '.join(map(repr, known))}"
            raise SeriesError(message)
        unknown = [key for key in wanted if key not in _KEYS]
        if unknown:
            message = f"encoding of {name!r}: unknown key {unknown[0]!r}; choose of {', '.join(map(repr, _KEYS))}"
            raise SeriesError(message)
        digits = wanted.get("significant_digits")
        found[str(name)] = Precision(_dtype(name, wanted.get("dtype")), digits)
    return found


def check_precision(name: Hashable, dtype: np.dtype, precision: Precision) -> None:
    """Check that a precision suits a variable's dtype.

    Raises
    ------
    SeriesError
        Whole numbers or dates have no digits to round away, or there are not so many.
    """
    stored = storage_dtype(dtype)
    final = precision.dtype or (stored.name if stored is not None else "")
    if dtype.kind in "mM" and (precision.dtype or precision.digits is not None):
        message = f"encoding of {name!r}: dates and durations ({dtype}) are stored as they are; leave it out"
        raise SeriesError(message)
    if precision.digits is None:
        return
    if final not in MOST_DIGITS:
        message = (
            f"encoding of {name!r}: {dtype} has no digits to round away; "
            f"leave significant_digits out, or give a dtype: {', '.join(MOST_DIGITS)}"
        )
        raise SeriesError(message)
    most = MOST_DIGITS[final]
    digits = precision.digits
    if isinstance(digits, bool) or not isinstance(digits, int | np.integer) or not 1 <= digits <= most:
        message = f"encoding of {name!r}: significant_digits={digits!r}; choose one of 1 to {most} for {final}"
        raise SeriesError(message)


def _dtype(name: Hashable, wanted: Any) -> str | None:
    if wanted is None:
        return None
    try:
        found = str(np.dtype(wanted).name)
    except TypeError:
        found = ""
    if found not in MOST_DIGITS:
        message = f"encoding of {name!r}: dtype={wanted!r}; choose one of {', '.join(MOST_DIGITS)}"
        raise SeriesError(message)
    return found
