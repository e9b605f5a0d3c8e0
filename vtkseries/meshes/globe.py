"""Points and vectors (east, north, up) of a mesh, or of particles, on a globe."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.cf.attributes import attribute
from vtkseries.grids.sphere import Direction, Outward, Turn, cosine, sine
from vtkseries.meshes.model import Named, named_fields
from vtkseries.plan.globe import refuse_other_than_degrees
from vtkseries.values import Precision, conversions

__all__ = ["Globe", "with_turned"]

Array = npt.NDArray[Any]

_DEGREES = 180 / np.pi
_VECTORS = (2, 3)


@dataclass(frozen=True)
class Globe:
    """A globe whose axis is z.

    Attributes
    ----------
    radius : float
        In the unit of the heights.
    units : tuple of float
        In degrees, those of longitudes and of latitudes.
    """

    radius: float
    units: tuple[float, float] = (1.0, 1.0)

    @classmethod
    def of(cls, ds: xr.Dataset, places: Mapping[str, Hashable], radius: float | None) -> Self | None:
        """Give the globe that longitudes and latitudes are put on; None for a plane.

        Raises
        ------
        SeriesError
            They are none.
        """
        if radius is None:
            return None
        for role in "xy":
            refuse_other_than_degrees(ds[places[role]].variable, role, places[role])
        units = [(attribute(ds[places[role]].variable, "units") or "").lower() for role in "xy"]
        east, north = (_DEGREES if unit.startswith("rad") else 1.0 for unit in units)
        return cls(radius, (east, north))

    def directions(self, lon: Array, lat: Array) -> tuple[Array, Array, Array]:
        """Give x, y and z of the places on a globe of radius 1."""
        x, y, z = (Direction(role)(lon * self.units[0], lat * self.units[1]) for role in "xyz")
        return x, y, z

    def place(self, directions: tuple[Array, Array, Array], heights: Array) -> tuple[Array, Array, Array]:
        """Give x, y and z of points at their heights."""
        x, y, z = (Outward(self.radius)(direction, heights) for direction in directions)
        return x, y, z

    @staticmethod
    def turn(parts: Sequence[Array], directions: tuple[Array, Array, Array]) -> list[Array]:
        """Give x, y and z of vectors (east, north[, up]) in these directions, which need no length."""
        x, y, z = directions
        lon, lat = np.rad2deg(np.arctan2(y, x)), np.rad2deg(np.arctan2(z, np.hypot(x, y)))
        found = Turn(len(parts))(*parts, sine(lon), cosine(lon), sine(lat), cosine(lat))
        return [found[..., axis] for axis in range(3)]


def with_turned(
    ds: xr.Dataset, items: Sequence[Named], precision: Mapping[str, Precision], fill: float | None
) -> list[Named]:
    """Give fields among which vectors are turned; their components become fields of their own."""
    found: list[Named] = []
    for item in items:
        dtype = np.result_type(*(ds[key].dtype for key in item.keys))
        if len(item.keys) not in _VECTORS or dtype.kind not in "biuf":
            found.append(item)
            continue
        units = item.arrays[0][2] if item.arrays else None
        arrays = conversions(np.result_type(dtype, "f4"), fill, item.precision[0] if item.precision else Precision())
        stored = tuple((suffix, conversion, own or units) for suffix, conversion, own in arrays)
        found.append(replace(item, labels=("x", "y", "z"), arrays=stored, fills=(), turned=True))
        found += named_fields(ds, item.keys, {}, precision, fill)
    return found
