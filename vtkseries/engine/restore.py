"""Stored values back to a variable's own dtype."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, Any]

__all__ = ["Restoration"]


@dataclass(frozen=True, slots=True)
class Restoration:
    """What turns stored values to those of a variable.

    Parameters
    ----------
    dtype : dtype
        Of the variable.
    stored : dtype
        Of the file.
    fill : float or None
        The number that stands for NaN.
    """

    dtype: np.dtype
    stored: np.dtype
    fill: float | None = None

    @property
    def plain(self) -> bool:
        """Whether stored values are the variable's."""
        return self.dtype == self.stored and self.fill is None

    def restore(self, parts: Sequence[Array]) -> Array:
        """Give the variable's values from those of its array, or of its real and imaginary part."""
        values = parts[0]
        if self.fill is not None and values.dtype.kind == "f":
            parts = [np.where(part == part.dtype.type(self.fill), np.nan, part) for part in parts]
            values = parts[0]
        if self.dtype.kind == "c":
            joined = np.empty(values.shape, self.dtype)
            joined.real, joined.imag = parts
            return joined
        if self.dtype.kind in "mM":
            return values.view(self.dtype) if values.dtype.kind == "i" else _from_seconds(values, self.dtype)
        return values.astype(self.dtype, copy=False)


_NEAR = 2.0**52 / 1e9
_FINEST = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def _from_seconds(values: Array, dtype: np.dtype) -> Array:
    """Give dates or durations from seconds in float64, which tells microseconds apart in this century.

    It tells nanoseconds apart up to 52 days: there they are kept.
    """
    unit = np.datetime_data(dtype)[0]
    missing = ~np.isfinite(values) | (np.abs(values) > 2.0**63 / _FINEST.get(unit, 1))
    values = np.where(missing, 0, values)
    if unit == "ns":
        whole = np.floor(values)
        micro = np.rint((values - whole) * 1e6).astype("i8") + whole.astype("i8") * 10**6
        near = np.abs(values) < _NEAR
        nano = np.where(near, np.rint(np.where(near, values, 0) * 1e9).astype("i8"), micro * 1000)
        found = nano.view(dtype)
    elif unit in _FINEST:
        found = np.rint(values * _FINEST[unit]).astype("i8").view(dtype)
    else:
        found = np.rint(values).astype("i8").view(f"{dtype.kind}8[s]").astype(dtype)
    found[missing] = np.array("NaT", dtype)
    return np.asarray(found)
