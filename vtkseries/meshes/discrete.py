"""Particles, stations and trajectories: CF's discrete sampling geometries."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.cf.fields import metadata_names, undrawable
from vtkseries.cf.times import Times, read_times
from vtkseries.errors import SeriesError
from vtkseries.meshes.model import Mesh, Named, named_fields
from vtkseries.meshes.places import as_floats, find_places, find_time, scale
from vtkseries.meshes.ragged import counters, joined, owners
from vtkseries.meshes.steps import Steps
from vtkseries.meshes.write import MeshSeries
from vtkseries.plan.target import read_target
from vtkseries.xmlformat.codecs import codec

__all__ = ["plan_points"]

Array = npt.NDArray[Any]

_MATRIX = 2


@dataclass(frozen=True)
class _Layout:
    """How points lie in the arrays.

    Attributes
    ----------
    points : tuple of hashable
        The dims that run over points: one, or trajectory and observation.
    time : hashable or None
        The dim of the steps.
    stamps : hashable or None
        The variable that gives each point's own time.
    owner : Variable or None
        The trajectory of each point; None where points are drawn alone.
    instances : hashable or None
        The dim over trajectories.
    """

    points: tuple[Hashable, ...]
    time: Hashable | None = None
    stamps: Hashable | None = None
    owner: xr.Variable | None = None
    instances: Hashable | None = None


def plan_points(
    ds: xr.Dataset,
    path: str | Path,
    *,
    x: Hashable | None = None,
    y: Hashable | None = None,
    z: Hashable | None = None,
    time: Hashable | None = None,
    trajectory: Hashable | None = None,
    variables: Sequence[Hashable] | str | None = None,
    vectors: Mapping[str, Sequence[Hashable] | str] | None = None,
    z_scale: float = 1.0,
    time_units: str | None = None,
    mode: str = "w",
    durable: bool = False,
    compression: str | None = None,
    compression_level: int | None = None,
) -> MeshSeries:
    """Plan the files of a Dataset of points; the arguments are those of ``ds.vtk.to_vtp``.

    Raises
    ------
    SeriesError
        Anything that cannot be written as asked.
    """
    target = read_target(path, mode, (".pvd", ".vtp"))
    method = codec(compression, compression_level)
    places = find_places(ds, {"x": x, "y": y, "z": z})
    found = find_time(ds, time)
    ds = joined(ds, {*places.values(), found} & set(ds.variables))
    layout = _find_layout(ds, places, found, trajectory)
    times, members = _steps(ds, layout, time_units)
    asked = variables is not None
    names = [variables] if isinstance(variables, str) else list(ds.data_vars if variables is None else variables)
    missing = [name for name in names if name not in ds.variables]
    if missing:
        raise SeriesError(f"variables: {missing[0]!r} is not there; this Dataset has {', '.join(map(str, ds))}")
    used = {*places.values(), layout.stamps} | (set() if asked else metadata_names(ds) | counters(ds))
    names = [name for name in names if name not in used]
    fields, left_out = [], []
    for item in named_fields(ds, names, vectors):
        fault = _fault(item, layout)
        if fault is None:
            fields.append(item)
        elif asked or len(item.variables) > 1:
            raise SeriesError(f"variable {item.name!r} {fault}")
        else:
            left_out.append(f"variable {item.name!r} {fault}")
    factor = scale(ds, places.get("z"), z_scale)
    cloud = _Cloud(ds, layout, places, tuple(fields), factor, Steps(layout.time))
    meshes = lambda step: cloud.step(step, None if members is None else members[step])  # noqa: E731  # one line
    return MeshSeries(target, ".vtp", times, ("",), meshes, tuple(left_out), mode, durable, method)


def _fault(item: Named, layout: _Layout) -> str | None:
    for variable in item.variables:
        fault = undrawable(variable, item.name)
        if fault is not None:
            return "; ".join(fault)
    extra = item.dims - {*layout.points, layout.time, layout.instances}
    if extra:
        dim = next(iter(extra))
        return f"has the dim {dim!r}, which is none of the points'; select one value with ds.isel({dim}=0)"
    return None


def _find_layout(
    ds: xr.Dataset, places: Mapping[str, Hashable], time: Hashable | None, trajectory: Hashable | None
) -> _Layout:
    dims = list(dict.fromkeys(dim for name in places.values() for dim in ds[name].dims))
    time_dims = () if time is None else ds[time].dims if time in ds.variables else (time,)
    if len(time_dims) == 1 and (len(dims) > 1 or time_dims[0] not in dims):
        # Every point has the same times: a step each.
        layout = _Layout(tuple(dim for dim in dims if dim != time_dims[0]), time_dims[0])
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
    layout = _Layout(tuple(dims), None, stamps)
    trajectory = trajectory if trajectory is not None else _told_trajectory(ds)
    if len(dims) == _MATRIX:
        return _of_matrix(ds, layout, trajectory)
    return layout if trajectory is None else _with_owner(ds, layout, trajectory)


def _told_trajectory(ds: xr.Dataset) -> Hashable | None:
    if not str(ds.attrs.get("featureType", "")).lower().startswith("trajectory"):
        return None
    return next((name for name, v in ds.variables.items() if v.attrs.get("cf_role") == "trajectory_id"), None)


def _of_matrix(ds: xr.Dataset, layout: _Layout, trajectory: Hashable | None) -> _Layout:
    """Take the first dim, or the named one, as that of trajectories."""
    first = layout.points[0]
    if trajectory in ds.variables and ds[trajectory].ndim == 1:
        first = ds[trajectory].dims[0]
    elif trajectory in ds.dims:
        first = trajectory
    points = (first, *(dim for dim in layout.points if dim != first))
    owner = xr.Variable((first,), np.arange(ds.sizes[first]))
    return replace(layout, points=points, owner=owner, instances=first)


def _with_owner(ds: xr.Dataset, layout: _Layout, trajectory: Hashable) -> _Layout:
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


def _steps(ds: xr.Dataset, layout: _Layout, time_units: str | None) -> tuple[Times, list[Array] | None]:
    """Give the times, and which points each has, where points have times of their own."""
    if layout.time is not None:
        name = layout.time if layout.time in ds.variables else None
        along = [n for n, v in ds.variables.items() if v.dims == (layout.time,) and v.dtype.kind == "M"]
        return read_times(ds, layout.time, name or (along[0] if along else None), time_units), None
    if layout.stamps is None or layout.owner is not None:
        scalar = next((n for n in ds.coords if not ds[n].ndim and str(n).lower() == "time"), None)
        return read_times(ds, None, scalar, time_units), None
    stamps = ds[layout.stamps]
    values, owner = np.unique(stamps.values, return_inverse=True)
    whole = xr.Dataset(coords={"time": ("time", values, stamps.attrs)})
    whole["time"].encoding = stamps.encoding
    known = ~np.asarray(stamps.isnull().values)
    order = np.argsort(owner, kind="stable")
    bounds = np.searchsorted(owner[order], np.arange(len(values) + 1))
    chosen = [order[a:b] for a, b in pairwise(bounds)]
    good = [n for n, points in enumerate(chosen) if known[points].all()]
    whole = whole.isel(time=good)
    return read_times(whole, "time", "time", time_units), [chosen[n] for n in good]


@dataclass(frozen=True)
class _Cloud:
    """The points of a Dataset, step by step."""

    ds: xr.Dataset
    layout: _Layout
    places: Mapping[str, Hashable]
    fields: tuple[Named, ...]
    factor: float
    steps: Steps

    def step(self, step: int, members: Array | None) -> tuple[list[Mesh], dict[str, Any]]:
        """Give the mesh of a step, and its numbers; points without a place are not there."""
        axes = [
            self._flat(self.ds[self.places[role]].variable, step, members) if role in self.places else None
            for role in "xyz"
        ]
        size = next(axis.size for axis in axes if axis is not None)
        x, y, z = (np.zeros(size) if axis is None else as_floats(axis) for axis in axes)
        z = z * z.dtype.type(self.factor) if self.factor != 1 else z
        chosen = np.flatnonzero(np.isfinite(x) & np.isfinite(y) & np.isfinite(z))
        owner = None if self.layout.owner is None else self._flat(self.layout.owner, step, members)
        if owner is not None:
            chosen = chosen[np.argsort(owner[chosen], kind="stable")]
        everything = chosen.size == size and owner is None
        take = slice(None) if everything else chosen
        mesh = Mesh((x[take], y[take], z[take]))
        groups = np.empty(0, "i8")
        if owner is not None:
            groups, starts = np.unique(owner[chosen], return_index=True)
            mesh.lines = (np.arange(chosen.size), np.append(starts[1:], chosen.size)[: len(groups)])
        numbers: dict[str, Any] = {}
        for item in self.fields:
            self._add(mesh, item, step, (members, take, groups), numbers)
        return [mesh], numbers

    def _add(
        self, mesh: Mesh, item: Named, step: int, selected: tuple[Array | None, Any, Array], numbers: dict[str, Any]
    ) -> None:
        members, take, groups = selected
        dims = item.dims - {self.layout.time}
        taken = [self._at(variable, step, members) for variable in item.variables]
        parts = [part for variable in taken for part in _split(variable, item.inner)]
        if not dims:
            value = [np.asarray(part.values) for part in parts]
            numbers[item.name] = np.stack(value).reshape(1, -1)
        elif dims == {self.layout.instances} and len(self.layout.points) == 1:
            rows = [np.asarray(part.values) for part in parts]
            if mesh.lines is not None:
                mesh.add(item, tuple(row[groups] for row in rows), cells=True)
        elif mesh.lines is not None and dims == {self.layout.instances}:
            mesh.add(item, tuple(np.asarray(part.values)[groups] for part in parts), cells=True)
        else:
            mesh.add(item, tuple(self._line(part, members)[take] for part in parts))

    def _at(self, variable: xr.Variable, step: int, members: Array | None) -> xr.Variable:
        """Give a variable at a step; of points with times of their own, only those of the step are computed."""
        if members is None:
            return self.steps.at(variable, step)
        (dim,) = self.layout.points
        return variable.isel({dim: members}) if dim in variable.dims else variable

    def _flat(self, variable: xr.Variable, step: int, members: Array | None) -> Array:
        return self._line(self._at(variable, step, members), members)

    def _line(self, variable: xr.Variable, members: Array | None) -> Array:
        """Give one value a point."""
        sizes = {dim: self.ds.sizes[dim] for dim in self.layout.points}
        if members is not None:
            sizes = dict.fromkeys(sizes, len(members))
        whole = variable.set_dims(sizes)  # type: ignore[no-untyped-call]
        return np.asarray(whole.transpose(*self.layout.points).values).reshape(-1)


def _split(variable: xr.Variable, inner: Hashable | None) -> list[xr.Variable]:
    if inner is None or inner not in variable.dims:
        return [variable]
    return [variable.isel({inner: number}) for number in range(variable.sizes[inner])]
