"""What callers pass, as arrays and numbers; what is neither is an error that names it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from vtkseries.errors import SeriesError

__all__ = ["as_mapping", "as_number", "as_whole_number", "given", "real"]

_LARGEST = 2**31 - 1


def given(label: str, values: Any) -> Any:
    """Give an array that NumPy's and dask's methods work on, without a copy where it is one.

    Parameters
    ----------
    label : str
        What errors call it.
    values : array-like
        A DataArray stays one; where floats are masked they are nan.

    Raises
    ------
    SeriesError
        It is no array, or has masked values whose type has no nan.
    """
    inner = getattr(values, "data", None) if hasattr(values, "dims") else values
    if isinstance(inner, np.ma.MaskedArray):
        return _filled(label, inner)
    if hasattr(values, "dtype") and hasattr(values, "shape"):
        return values
    try:
        return np.asarray(values)
    except (TypeError, ValueError, OverflowError) as error:
        raise SeriesError(f"{label} is no array: {error}; give numbers of one regular shape") from error


def _filled(label: str, array: np.ma.MaskedArray[Any, Any]) -> npt.NDArray[Any]:
    if array.dtype.kind in "fc":
        return array.filled(np.nan)
    if np.ma.is_masked(array):
        raise SeriesError(f"{label} has masked values of {array.dtype}, which has no nan; fill them with one of yours")
    return np.asarray(array.data)


def real(label: str, values: Any) -> Any:
    """Give an array of real numbers.

    Raises
    ------
    SeriesError
        It is none.
    """
    array = given(label, values)
    if array.dtype.kind not in "iuf":
        raise SeriesError(f"{label} has the dtype {array.dtype}; expected real numbers")
    return array


def as_number(label: str, value: Any) -> float:
    """Give a finite number.

    Raises
    ------
    SeriesError
        It is none.
    """
    single = value.item() if isinstance(value, np.ndarray | np.generic) and value.size == 1 else value
    try:
        number = float(single) if isinstance(single, Real) else math.nan
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise SeriesError(f"{label}={value!r}; expected a finite number")
    return number


def as_whole_number(label: str, value: Any, least: int) -> int:
    """Give a whole number, such as 3 or 3.0.

    Raises
    ------
    SeriesError
        It is none, or less than `least`.
    """
    number = as_number(label, value)
    if number != math.trunc(number):
        raise SeriesError(f"{label}={value!r}; expected a whole number")
    if not least <= number <= _LARGEST:
        raise SeriesError(f"{label}={value!r}; expected at least {least}")
    return int(number)


def as_mapping(label: str, data: Any) -> Mapping[str, Any]:
    """Give a mapping of names; None is an empty one.

    Raises
    ------
    SeriesError
        It is no mapping.
    """
    if data is not None and not isinstance(data, Mapping):
        raise SeriesError(f"{label} is a {type(data).__name__}; expected a dict of arrays by name")
    return data or {}
