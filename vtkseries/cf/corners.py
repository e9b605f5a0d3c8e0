"""The corners of cells whose centres lie on no lines."""

from __future__ import annotations

import numpy as np
import xarray as xr

from vtkseries.cf.curvilinear import Coordinate
from vtkseries.cf.roles import SPACE

__all__ = ["corners"]


def corners(ds: xr.Dataset, coordinate: Coordinate) -> xr.Variable:
    """Give the corners around a coordinate's centres, half-way between them and as far beyond the outermost."""
    del ds
    variable = coordinate.variable
    values = np.asarray(variable.values, "f8")
    for axis, role in enumerate(variable.dims):
        if role in SPACE:
            values = _between(values, axis)
    return xr.Variable(variable.dims, values, variable.attrs)


def _between(values: np.ndarray, axis: int) -> np.ndarray:
    moved = np.moveaxis(values, axis, 0)
    if len(moved) == 1:
        return values
    middle = (moved[1:] + moved[:-1]) / 2
    first = moved[:1] - (middle[:1] - moved[:1])
    last = moved[-1:] + (moved[-1:] - middle[-1:])
    return np.moveaxis(np.concatenate([first, middle, last]), 0, axis)
