"""What a Dataset is that has not said so: a grid, points, or an unstructured mesh."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import xarray as xr

from vtkseries.cf.attributes import feature_type
from vtkseries.cf.fields import metadata_names
from vtkseries.errors import SeriesError
from vtkseries.meshes.bounded import bounded_cells
from vtkseries.meshes.flat import has_flat
from vtkseries.meshes.places import find_places, find_time

__all__ = ["of_points", "told_kind"]

_INSTANCES = ("trajectory_id", "profile_id", "timeseries_id")
_MATRIX = 2


def told_kind(ds: xr.Dataset) -> str:
    """Give the kind of file that a Dataset itself names: points and unstructured meshes are no grids.

    Returns
    -------
    {"vtu", "vtp", "auto"}
    """
    if any(variable.attrs.get("cf_role") == "mesh_topology" for variable in ds.variables.values()):
        return "vtu"
    if feature_type(ds) or any(v.attrs.get("cf_role") in _INSTANCES for v in ds.variables.values()):
        return "vtp"
    return "vtu" if bounded_cells(ds) or has_flat(ds) else "auto"


def of_points(ds: xr.Dataset, named: Mapping[str, Hashable | None]) -> bool:
    """Tell whether x, y and, where there is one, z lie along one dim, as do fields: particles or stations.

    Paths lie along two, as do the times of their points.

    Parameters
    ----------
    ds : Dataset
    named : mapping
        What the caller says is x, y, z or time.
    """
    loose = [n for n, v in ds.variables.items() if v.ndim in (1, _MATRIX) and n not in v.dims and v.dtype.kind in "iuf"]
    if len({*loose, *named.values()} - {None}) < len("xy"):
        return False  # a grid's axes alone: nothing else could be a place
    try:
        places = find_places(ds, {role: named.get(role) for role in "xyz"})
        time = find_time(ds, named.get("time"))
    except SeriesError:
        return False
    steps = {time} if time in ds.dims else set(ds[time].dims) if time in ds.variables else set()
    dims = [{*ds[name].dims} for name in places.values()]
    along = set().union(*dims) - (steps if len(set().union(*dims)) > 1 else set())
    if len(steps) == _MATRIX and all(own == steps for own in dims):
        return True
    if len(along) != 1 or any(not along <= own for own in dims[:2]) or along & {*places.values()}:
        return False
    metadata = {*metadata_names(ds), *places.values()}
    return any(along <= {*v.dims} <= along | steps for n, v in ds.data_vars.items() if n not in metadata)
