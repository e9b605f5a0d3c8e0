"""What a globe asks for: a radius, longitudes and latitudes in degrees, and heights above its centre."""

from __future__ import annotations

import math
from collections.abc import Hashable
from numbers import Real

import xarray as xr

from vtkseries.cf.attributes import attribute
from vtkseries.errors import SeriesError
from vtkseries.grids.sphere import RADIUS

__all__ = ["read_radius", "refuse_below_the_centre", "refuse_other_than_degrees"]


def read_radius(radius: float | None, *, sphere: bool) -> float | None:
    """Give the radius of the globe, or None for a plane.

    Raises
    ------
    SeriesError
        It is no length.
    """
    if radius is not None and not (isinstance(radius, Real) and math.isfinite(radius) and radius > 0):
        message = f"radius={radius!r} must be a length greater than 0, in the unit of the heights"
        raise SeriesError(message)
    if not sphere and radius is None:
        return None
    return RADIUS if radius is None else float(radius)


def refuse_other_than_degrees(variable: xr.Variable, role: str, name: Hashable) -> None:
    """Refuse coordinates that are no longitudes, or latitudes.

    Raises
    ------
    SeriesError
        They are of a plane, or of another pole.
    """
    kind = "longitudes" if role == "x" else "latitudes"
    units = (attribute(variable, "units") or "degrees").lower()
    standard = attribute(variable, "standard_name") or ""
    if not units.startswith(("deg", "rad")) or standard.startswith(("grid_", "projection_")):
        what = standard or f"in {units}"
        two = ", of two dims where the pole is rotated" if standard.startswith("grid_") else ""
        message = (
            f"sphere=True needs {kind} in degrees, and {role} is {str(name)!r} ({what}); "
            f"name a coordinate that has them{two}, as with {role}='{kind[:3]}'"
        )
        raise SeriesError(message)


def refuse_below_the_centre(lowest: float, name: Hashable, radius: float) -> None:
    """Refuse a globe through whose centre points go.

    Raises
    ------
    SeriesError
        The lowest height is as far below the ground.
    """
    if lowest <= -radius:
        message = (
            f"sphere=True: heights of {str(name)!r} go down to {lowest:g}, below the centre of a globe with "
            f"radius={radius:g}; give both in one unit, with radius= or z_scale="
        )
        raise SeriesError(message)
