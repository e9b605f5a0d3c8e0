"""Longitudes: where they jump, and whether they go round."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from vtkseries.cf.attributes import attribute

__all__ = ["ROUND", "circle", "degrees", "is_latitude", "is_longitude", "step_over_seam", "unwrap"]

ROUND = 360.0
_UNITS = re.compile(r"degrees?_?(e(ast)?)?", re.IGNORECASE)


def is_longitude(variable: xr.Variable, name: Hashable) -> bool:
    """Tell whether a coordinate holds longitudes in degrees."""
    units = attribute(variable, "units") or ""
    if units and not _UNITS.fullmatch(units):
        return False
    standard = attribute(variable, "standard_name") or ""
    return (
        standard in ("longitude", "grid_longitude")
        or units.lower().endswith(("_east", "_e", "se"))
        or bool(not standard and re.search("lon|glam", str(name), re.IGNORECASE))
    )


def circle(variable: xr.Variable, name: Hashable) -> float:
    """Give the whole circle in the unit of longitudes; 0 for what is none."""
    if not (attribute(variable, "units") or "").lower().startswith("rad"):
        return ROUND if is_longitude(variable, name) else 0.0
    plain = {"standard_name": attribute(variable, "standard_name") or ""}
    return 2 * np.pi if is_longitude(xr.Variable((), 0, plain), name) else 0.0


def is_latitude(variable: xr.Variable, name: Hashable | None) -> bool:
    """Tell whether a coordinate holds latitudes in degrees, which end at the poles."""
    units = (attribute(variable, "units") or "").lower()
    standard = attribute(variable, "standard_name") or ""
    if units and not re.fullmatch(r"degrees?_?(n(orth)?)?", units):
        return False
    return standard == "latitude" or units.endswith(("_north", "_n")) or (not standard and "lat" in str(name).lower())


def degrees(variable: xr.Variable) -> xr.Variable:
    """Give angles in degrees."""
    if (attribute(variable, "units") or "").lower().startswith("rad"):
        return xr.Variable(variable.dims, np.rad2deg(variable.values))
    return variable


def unwrap(variable: xr.Variable) -> tuple[xr.Variable, bool]:
    """Give longitudes without jumps of 360 degrees between neighbours, and whether there were any."""
    values = np.asarray(variable.values, "f8")
    spatial = [variable.dims.index(role) for role in ("x", "y", "z", "time") if role in variable.dims]
    smooth = _smooth(values, spatial)
    if {"x", "y"} <= set(variable.dims) and _jumps(smooth, spatial):
        # Rows near a grid's pole may turn back by half a round, as far to the east as to the west: columns tell.
        other = _smooth(values, [spatial[1], spatial[0], *spatial[2:]])
        smooth = other if _jumps(other, spatial) < _jumps(smooth, spatial) else smooth
    if np.array_equal(smooth, values):
        return variable, False
    return xr.Variable(variable.dims, smooth, variable.attrs, variable.encoding), True


def _smooth(values: Any, axes: Sequence[int]) -> Any:
    """Unwrap along the first axis, and move whole lines along the others, as their first values ask for."""
    smooth = values
    for number, axis in enumerate(axes):
        if number == 0:
            smooth = np.unwrap(smooth, axis=axis, period=ROUND)
            continue
        first = smooth[tuple(slice(0, 1) if i in axes[:number] else slice(None) for i in range(values.ndim))]
        smooth = smooth + np.round((np.unwrap(first, axis=axis, period=ROUND) - first) / ROUND) * ROUND
    return smooth


def _jumps(values: Any, axes: Sequence[int]) -> int:
    """Count the neighbours in the plane that are half a round or more apart."""
    return sum(int(np.count_nonzero(np.abs(np.diff(values, axis=axis)) >= ROUND / 2)) for axis in axes[:2])


def step_over_seam(variable: xr.Variable) -> float | None:
    """Give what to add to the first longitudes to go on after the last, where these go round; otherwise None."""
    if "x" not in variable.dims or variable.sizes["x"] < 3:  # noqa: PLR2004 (two columns go nowhere)
        return None
    values = np.asarray(variable.transpose("x", ...).values, "f8").reshape(variable.sizes["x"], -1)
    smooth = np.unwrap(values, axis=0, period=ROUND)
    span = np.median(smooth[-1] - smooth[0])
    step = np.median(np.abs(np.diff(smooth, axis=0)))
    around = np.sign(span) * ROUND
    return float(around) if step > 0 and 0.5 * step < abs(around) - abs(span) < 1.5 * step else None
