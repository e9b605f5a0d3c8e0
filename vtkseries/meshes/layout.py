"""How the points of CF's discrete sampling geometries lie in the arrays, and which of them are trajectories."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace

import numpy as np
import xarray as xr

from vtkseries.errors import SeriesError
from vtkseries.meshes.cloud import Layout
from vtkseries.meshes.ragged import counters, owners

__all__ = ["find_layout"]

_MATRIX = 2


def find_layout(
    ds: xr.Dataset, places: Mapping[str, Hashable], time: Hashable | None, trajectory: Hashable | None
) -> Layout:
    """Find how points lie in the arrays.

    Parameters
    ----------
    ds : Dataset
    places : mapping
        The variables of x, y and z, by role.
    time : hashable or None
        The variable or dim that tells the time.
    trajectory : hashable or None
        What the caller names as telling trajectories apart.

    Raises
    ------
    SeriesError
        They lie along more dims than two, or nothing tells which point belongs to which trajectory.
    """
    dims = list(dict.fromkeys(dim for name in places.values() for dim in ds[name].dims))
    time_dims = () if time is None else ds[time].dims if time in ds.variables else (time,)
    if len(time_dims) == 1 and (len(dims) > 1 or time_dims[0] not in dims):
        # Every point has the same times: a step each.
        layout = Layout(tuple(dim for dim in dims if dim != time_dims[0]), time_dims[0])
        if trajectory in (*layout.points, *time_dims) or (
            trajectory is not None and trajectory in ds.coords and ds[trajectory].dims == layout.points
        ):
            dims = [*layout.points, time_dims[0]]  # a path for each point, over all times
        else:
            dims = list(layout.points)
            return layout if trajectory is None else _with_owner(ds, layout, trajectory)
    if len(dims) > _MATRIX or not dims:
        raise SeriesError(f"points lie along one dim, and perhaps time; x, y and z have {', '.join(map(str, dims))}")
    stamps = time if time in ds.variables and ds[time].ndim else None
    layout = Layout(tuple(dims), None, stamps)
    trajectory = trajectory if trajectory is not None else _told_trajectory(ds)
    if len(dims) == _MATRIX:
        return _of_matrix(ds, layout, trajectory)
    return layout if trajectory is None else _with_owner(ds, layout, trajectory)


def _told_trajectory(ds: xr.Dataset) -> Hashable | None:
    if not str(ds.attrs.get("featureType", "")).lower().startswith("trajectory"):
        return None
    return next((name for name, v in ds.variables.items() if v.attrs.get("cf_role") == "trajectory_id"), None)


def _of_matrix(ds: xr.Dataset, layout: Layout, trajectory: Hashable | None) -> Layout:
    """Take the first dim, or the named one, as that of trajectories."""
    first = layout.points[0]
    if trajectory in ds.variables and ds[trajectory].ndim == 1:
        first = ds[trajectory].dims[0]
    elif trajectory in ds.dims:
        first = trajectory
    points = (first, *(dim for dim in layout.points if dim != first))
    owner = xr.Variable((first,), np.arange(ds.sizes[first]))
    return replace(layout, points=points, owner=owner, instances=first)


def _with_owner(ds: xr.Dataset, layout: Layout, trajectory: Hashable) -> Layout:
    """Find the trajectory of each point of one dim: by an id, or by CF's ragged arrays."""
    (dim,) = layout.points
    if trajectory not in ds.variables:
        raise SeriesError(f"trajectory={trajectory!r}: there is no such variable; it tells the path of each point")
    variable = ds[trajectory].variable
    if variable.dims == (dim,):
        ids = variable.values
        _, first, owner = np.unique(ids, return_index=True, return_inverse=True)
        rank = np.argsort(np.argsort(first))  # in the order in which they come
        return replace(layout, owner=xr.Variable((dim,), rank[owner.reshape(-1)]))
    for name in counters(ds):
        if dim in (ds[name].attrs.get("sample_dimension"), *ds[name].dims):
            instances, owner = owners(ds, name)
            return replace(layout, owner=xr.Variable((dim,), owner), instances=instances)
    raise SeriesError(
        f"trajectory={trajectory!r} runs along {variable.dims}, not along {dim!r}; CF's ragged arrays need a variable "
        "with sample_dimension or instance_dimension"
    )
