"""Cells that CF bounds tell, each with its own corners: what ICON's and other models' files have instead of UGRID."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.cf.attributes import attribute
from vtkseries.cf.fields import metadata_names
from vtkseries.cf.meaning import cf_roles
from vtkseries.errors import SeriesError
from vtkseries.meshes.topology import Cells, Topology

__all__ = ["bounded_cells", "find_bounded"]

Array = npt.NDArray[Any]

_CORNERS = 3
_NODES = "corner of cells"


def bounded_cells(ds: xr.Dataset, mesh: Hashable | None = None) -> dict[Hashable, dict[str, Hashable]]:
    """Give x and y along each dim of cells whose corners are their bounds: of those drawn, or of the x named."""
    found: dict[Hashable, dict[str, Hashable]] = {}
    if not any(attribute(variable, "bounds") for variable in ds.variables.values()):
        return found
    for name, (role, _) in cf_roles(ds).items():
        bounds = attribute(ds[name].variable, "bounds")
        if role in ("x", "y") and ds[name].ndim == 1 and bounds in ds.variables and _fits(ds, name, bounds):
            found.setdefault(ds[name].dims[0], {})[role] = name
    pairs = {dim: names for dim, names in found.items() if len(names) == len("xy")}
    metadata = metadata_names(ds)
    drawn = {dim for name, variable in ds.data_vars.items() if name not in metadata for dim in variable.dims}
    return {dim: own for dim, own in pairs.items() if own["x"] == mesh or (mesh is None and dim in drawn)}


def find_bounded(ds: xr.Dataset, mesh: Hashable | None) -> Topology | None:
    """Give the cells that longitudes and latitudes along one dim have by their bounds; None where there are none.

    Parameters
    ----------
    ds : Dataset
    mesh : hashable or None
        The longitudes, or x, where there are several.

    Raises
    ------
    SeriesError
        There are several, or a cell has less than three corners.
    """
    pairs = bounded_cells(ds, mesh)
    if not pairs:
        return None
    if len(pairs) > 1:
        names = [own["x"] for own in pairs.values()]
        raise SeriesError(
            f"this Dataset has cells of several kinds: say mesh={' or '.join(repr(str(n)) for n in names)}"
        )
    return _topology(ds, *next(iter(pairs.items())))


def _fits(ds: xr.Dataset, name: Hashable, bounds: Hashable) -> bool:
    variable = ds[bounds].variable
    corners = variable.ndim == len("xy") and variable.dims[0] == ds[name].dims[0] and variable.shape[1] >= _CORNERS
    return corners and variable.dtype.kind in "iuf"


def _topology(ds: xr.Dataset, dim: Hashable, places: dict[str, Hashable]) -> Topology:
    """Put the corners that cells share together; those repeated to fill a row are none."""
    names = [attribute(ds[places[role]].variable, "bounds") for role in "xy"]
    x, y = (np.asarray(ds[name].values, "f8") for name in names)
    there = np.isfinite(x) & np.isfinite(y)
    corners = np.empty(x.shape, "c16")
    corners.real, corners.imag = x, y
    points, inverse = np.unique(corners[there], return_inverse=True)
    nodes = np.full(x.shape, -1)
    nodes[there] = inverse.reshape(-1)
    before = np.where(there, nodes, nodes[:, :1])
    there &= (before != np.roll(before, 1, axis=1)) & (nodes >= 0)
    sizes = there.sum(axis=1)
    if (sizes < _CORNERS).any():
        at = int(np.argmax(sizes < _CORNERS))
        raise SeriesError(f"cell {at} of {names[0]!r} and {names[1]!r} has {sizes[at]} corners; a face has 3 at least")
    units = (attribute(ds[places["x"]].variable, "units") or "degrees").lower()
    around = 2 * np.pi if units.startswith("rad") else 360.0 if units.startswith("deg") else 0.0
    faces = Cells("face", names[0], dim, nodes[there], sizes.astype(np.int64), {})
    values = points.real.copy(), points.imag.copy(), np.zeros(points.size)
    return Topology(_NODES, values, dict(places), faces, None, frozenset(map(str, names)), around)
