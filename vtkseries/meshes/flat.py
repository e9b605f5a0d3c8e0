"""Cells of any kind, listed as VTK has them: what reading back and ``from_grid`` give of meshes."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import xarray as xr

from vtkseries.errors import SeriesError
from vtkseries.evtk.topology import check_cells
from vtkseries.meshes.places import find_places
from vtkseries.meshes.topology import Cells, Topology

__all__ = ["find_flat", "has_flat"]

_NAMES = ("connectivity", "offsets", "types")
_VERTEX = 1


def has_flat(ds: xr.Dataset) -> bool:
    """Tell whether a Dataset lists cells, other than single points, as VTK does."""
    if not all(name in ds.variables for name in _NAMES):
        return False
    nodes, ends, kinds = (ds[name].variable for name in _NAMES)
    whole = all(variable.dtype.kind in "iu" and variable.ndim for variable in (nodes, ends, kinds))
    return whole and ends.dims == kinds.dims != nodes.dims and bool((kinds.values != _VERTEX).any())


def find_flat(ds: xr.Dataset, mesh: Hashable | None) -> Topology | None:
    """Give the cells that a Dataset lists as VTK does; None where it does not.

    Parameters
    ----------
    ds : Dataset
        With ``connectivity``, ``offsets`` (where each cell ends) and ``types`` (VTK's).
    mesh : hashable or None
        What the caller names; ``connectivity`` is this one.

    Raises
    ------
    SeriesError
        The cells are not sound, change from step to step, or their points have no places along one dim.
    """
    if mesh not in (None, _NAMES[0]) or not has_flat(ds):
        return None
    places = find_places(ds, {})
    for name in (*_NAMES, *places.values()):
        if ds[name].ndim != 1:
            raise SeriesError(
                f"{str(name)!r} of the cells has the dims {ds[name].dims}; expected one: a series has the same points "
                f"and cells at all steps, so that one step is selected, as with ds.isel({ds[name].dims[0]}=0)"
            )
    dims = {role: ds[name].dims[0] for role, name in places.items()}
    if len({*dims.values()}) > 1:
        raise SeriesError(f"the points of the cells lie along {', '.join(map(str, dims.values()))}; expected one dim")
    x, y = (ds[places[role]].values for role in "xy")
    z = ds[places["z"]].values if "z" in places else np.zeros(x.shape, x.dtype)
    nodes, ends, types = check_cells(x.size, *(ds[name].values for name in _NAMES))
    sizes = np.diff(ends.astype(np.int64, copy=False), prepend=0)
    dim = ds[_NAMES[1]].dims[0]
    cells = Cells("face", _NAMES[0], dim, nodes.astype(np.int64, copy=False), sizes, {}, types)
    return Topology(dims["x"], (x, y, z), places, cells, None, frozenset([*_NAMES, *places.values()]))
