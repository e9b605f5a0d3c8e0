"""How the points of CF's discrete sampling geometries lie in the arrays, and which of them are trajectories."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import NoReturn

import numpy as np
import xarray as xr

from vtkseries.cf.attributes import feature_type
from vtkseries.errors import SeriesError
from vtkseries.meshes.cloud import Layout
from vtkseries.meshes.ragged import counters, owners

__all__ = ["find_layout"]

_MATRIX = 2
_SECTIONS = "trajectoryprofile"


def find_layout(
    ds: xr.Dataset,
    own: xr.Dataset,
    places: Mapping[str, Hashable],
    time: Hashable | None,
    trajectory: Hashable | None,
) -> Layout:
    """Find how points lie in the arrays.

    Parameters
    ----------
    ds : Dataset
        With what belongs to stations and profiles given to their observations.
    own : Dataset
        The caller's.
    places : mapping
        The variables of x, y and z, by role.
    time : hashable or None
        The variable or dim that tells the time.
    trajectory : hashable or None
        What the caller names as telling trajectories apart.

    Raises
    ------
    SeriesError
        They lie along more dims than a feature has, or nothing tells which point belongs to which trajectory.
    """
    kind = feature_type(ds)
    dims = list(dict.fromkeys(dim for name in places.values() for dim in ds[name].dims))
    time_dims = () if time is None else ds[time].dims if time in ds.variables else (time,)
    if kind != _SECTIONS and _shared(ds, dims, time):
        # Every point has the same times: a step each.
        stamps = time if time in ds.variables else None
        layout = Layout(tuple(dim for dim in dims if dim != time_dims[0]), time_dims[0], stamps)
        if trajectory in (*layout.points, *time_dims) or (
            trajectory is not None and trajectory in ds.coords and ds[trajectory].dims == layout.points
        ):
            dims = [*layout.points, time_dims[0]]  # a path for each point, over all times
            return _of_dim(ds, Layout(tuple(dims), None, stamps), trajectory)
        return layout if trajectory is None else _with_owner(ds, layout, trajectory)
    if time_dims and not set(time_dims) <= set(dims):
        dims += [dim for dim in time_dims if dim not in dims]
    across = {dim for role in ("x", "y") for dim in ds[places[role]].dims}
    if len(across) > _MATRIX or (len(dims) > _MATRIX and not kind):
        shapes = ", ".join(f"{name!r} {ds[name].dims}" for name in places.values())
        raise SeriesError(
            f"points lie along one dim, and perhaps time; here are {shapes}; select one value of a dim with ds.isel, "
            "or tell what they are, as with ds.attrs['featureType'] = 'timeSeriesProfile' (CF's names)"
        )
    stamps = time if time in ds.variables and time_dims else None
    layout = Layout((*time_dims, *(dim for dim in dims if dim not in time_dims)), None, stamps)
    if trajectory is not None:
        return (_with_owner if len(layout.points) == 1 else _of_dim)(ds, layout, trajectory)
    if kind == _SECTIONS:
        return _of_profiles(ds, own, layout, across | {*time_dims})
    if kind.startswith("trajectory") or (not kind and len(across) == _MATRIX):
        told = next((name for name, v in ds.variables.items() if v.attrs.get("cf_role") == "trajectory_id"), None)
        found = _of_dim(ds, layout, told) if len(layout.points) > 1 else _told(ds, layout, told)
        alone = found.owner is not None and np.unique(found.owner.values).size == math.prod(
            ds.sizes[dim] for dim in found.points
        )
        return layout if alone else found  # lines of one point are not seen
    return layout


def _shared(ds: xr.Dataset, dims: list[Hashable], time: Hashable | None) -> bool:
    """Tell whether all points have the same times, which rise along a dim."""
    if time not in ds.variables:
        return time is not None and (len(dims) > 1 or time not in dims)
    variable = ds[time].variable
    if variable.ndim != 1 or dims == [*variable.dims]:
        return False
    values = variable.values
    # A dim's own coordinate is that of steps, in whatever order; times of profiles need not rise.
    return variable.dims == (time,) or bool((values[1:] > values[:-1]).all())


def _of_dim(ds: xr.Dataset, layout: Layout, trajectory: Hashable | None) -> Layout:
    """Take the first dim, or the named one, as that of trajectories."""
    first = layout.points[0]
    if trajectory in ds.variables and ds[trajectory].ndim == 1:
        first = ds[trajectory].dims[0]
    elif trajectory in layout.points:
        first = trajectory
    elif trajectory is not None and (trajectory not in ds.variables or ds[trajectory].ndim):
        _refuse(ds, trajectory, layout)
    if first not in layout.points:
        _refuse(ds, trajectory, layout)
    points = (first, *(dim for dim in layout.points if dim != first))
    owner = xr.Variable((first,), np.arange(ds.sizes[first]))
    return replace(layout, points=points, owner=owner, instances={first: ds.sizes[first]})


def _of_profiles(ds: xr.Dataset, own: xr.Dataset, layout: Layout, across: set[Hashable]) -> Layout:
    """Take each profile of a section as a line, over the dims that levels have and places on the map do not."""
    instances = {dim: ds.sizes[dim] for dim in layout.points if dim in across}
    if len(instances) < len(layout.points):
        numbers = np.arange(math.prod(instances.values()))
        owner = xr.Variable((*instances,), numbers.reshape(*instances.values()))
        points = (*instances, *(dim for dim in layout.points if dim not in instances))
        return replace(layout, points=points, owner=owner, instances=instances)
    for name in counters(own):
        if own[name].attrs.get("sample_dimension") in layout.points:
            return replace(layout, owner=xr.Variable(layout.points, owners(own, name)[1]))
    return _told(ds, layout, None)


def _told(ds: xr.Dataset, layout: Layout, trajectory: Hashable | None) -> Layout:
    """Find the trajectory of each point of one dim, which CF need not tell where there is one only."""
    if trajectory is not None and ds[trajectory].ndim:
        return _with_owner(ds, layout, trajectory)
    found = _of_counters(ds, layout)
    single = xr.Variable(layout.points, np.zeros([ds.sizes[dim] for dim in layout.points], int))
    return replace(layout, owner=single) if found is None else found


def _with_owner(ds: xr.Dataset, layout: Layout, trajectory: Hashable) -> Layout:
    """Find the trajectory of each point of one dim: by an id, or by CF's ragged arrays."""
    if trajectory not in ds.variables or len(layout.points) != 1:
        _refuse(ds, trajectory, layout)
    (dim,) = layout.points
    variable = ds[trajectory].variable
    if variable.dims == (dim,):
        ids = variable.values
        _, first, owner = np.unique(ids, return_index=True, return_inverse=True)
        rank = np.argsort(np.argsort(first))  # in the order in which they come
        return replace(layout, owner=xr.Variable((dim,), rank[owner.reshape(-1)]))
    found = _of_counters(ds, layout)
    if found is None:
        raise SeriesError(
            f"trajectory={trajectory!r} runs along {variable.dims}, not along {dim!r}; CF's ragged arrays need a "
            "variable with sample_dimension or instance_dimension"
        )
    return found


def _of_counters(ds: xr.Dataset, layout: Layout) -> Layout | None:
    (dim,) = layout.points
    for name in counters(ds):
        if dim in (ds[name].attrs.get("sample_dimension"), *ds[name].dims):
            instances, owner = owners(ds, name)
            return replace(layout, owner=xr.Variable((dim,), owner), instances={instances: ds.sizes[instances]})
    return None


def _refuse(ds: xr.Dataset, trajectory: Hashable | None, layout: Layout) -> NoReturn:
    dims = ", ".join(map(repr, layout.points))
    if trajectory not in ds.variables and trajectory not in ds.dims:
        raise SeriesError(f"trajectory={trajectory!r}: there is no such variable; it tells the path of each point")
    along = ds[trajectory].dims if trajectory in ds.variables else (trajectory,)
    raise SeriesError(f"trajectory={trajectory!r} runs along {along}, and points along {dims}; name one of these dims")
