"""Particles, stations and trajectories: CF's discrete sampling geometries."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from vtkseries.cf.fields import choose, metadata_names, undrawable
from vtkseries.cf.longitudes import circle
from vtkseries.cf.times import Times, read_times
from vtkseries.errors import SeriesError
from vtkseries.meshes.cloud import Cloud, Layout
from vtkseries.meshes.globe import Globe, with_turned
from vtkseries.meshes.layout import find_layout
from vtkseries.meshes.model import Named, named_fields, refuse_clashes, stray_dims
from vtkseries.meshes.options import Options, Planned
from vtkseries.meshes.places import find_places, find_time, scale
from vtkseries.meshes.ragged import counters, joined
from vtkseries.meshes.steps import Selection
from vtkseries.meshes.write import MeshSeries
from vtkseries.metadata import pack
from vtkseries.plan.globe import refuse_below_the_centre
from vtkseries.plan.meshmemory import MeshMemory

__all__ = ["plan_points"]


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
    **options: Any,
) -> MeshSeries:
    """Plan the files of a Dataset of points; the arguments are those of ``ds.vtk.to_vtp``.

    Raises
    ------
    SeriesError
        Anything that cannot be written as asked.
    """
    option = Options.read(ds, path, (".pvd", ".vtp"), **options)
    places = find_places(ds, {"x": x, "y": y, "z": z})
    found = find_time(ds, time)
    own, ds = ds, joined(ds, {*places.values(), found} & set(ds.variables))
    layout = find_layout(ds, own, places, found, trajectory)
    times, selection = _steps(ds, layout, option.time_units)
    names, asked = choose(ds, variables)
    used = {*places.values()} | (set() if asked else {layout.stamps} | metadata_names(ds) | counters(own))
    names = [name for name in names if name not in used]
    precision = option.precision_of(names, vectors)
    fields, numbers, left_out = [], list[Hashable](), []
    for item in named_fields(ds, names, vectors, precision, option.fill):
        fault = _fault(ds, item, layout, own)
        if fault is not None and (asked or item.name in (vectors or ())):
            raise SeriesError(f"{item} {fault}")
        if fault is not None:
            left_out.append(f"{item} {fault}")
        elif item.dims - {layout.time} or not layout.points:
            fields.append(item)
        else:
            numbers += item.keys
    globe = Globe.of(ds, places, option.radius)
    if globe is not None:
        fields = with_turned(ds, fields, precision, option.fill)
        # The files' points are others, so that they need these beside them.
        moving = [n for n in dict.fromkeys(places.values()) if {*ds[n].dims} == {*layout.points, layout.time}]
        fields += named_fields(ds, moving, {}, {}, option.fill)
    fields += _further(ds, layout, {*names, *used}, option.fill)
    refuse_clashes(fields)
    sources = {key: ds[key].variable for item in fields for key in item.keys}
    for name in places.values():
        variable = ds[name].variable
        sources[name] = variable if selection.moves(variable) else variable.compute()
    factor = scale(ds, places.get("z"), option.z_scale)
    index = _index_name(layout, sources, places, selection, fields)
    sizes = {dim: ds.sizes[dim] for dim in layout.points}
    around = circle(ds[places["x"]].variable, places["x"]) if globe is None else 0.0
    cloud = Cloud(layout, sizes, selection, places, tuple(fields), factor, index, option.blank, globe, around)
    if globe is not None and "z" in places:
        heights = selection.of(sources[places["z"]], 0).values * factor
        lowest = float(np.min(heights, where=np.isfinite(heights), initial=np.inf))
        refuse_below_the_centre(lowest, places["z"], globe.radius)
    told = _Told(own, layout, selection, places, factor)
    memory = MeshMemory(
        {**told.drawn(fields), **(told.places(sources) if globe is None else {})},
        [*places.values(), *used, *told.partial(fields)] if not asked else [*places.values(), *counters(own)],
        1,
        {"points": [[pack(dim), size] for dim, size in sizes.items()], "index": index, "apart": layout.time is None},
    )
    planned = Planned(own, times, ("",), numbers, left_out)
    return option.series(planned, times, memory, asked=asked, build=cloud, sources=sources, selection=selection)


def _fault(ds: xr.Dataset, item: Named, layout: Layout, own: xr.Dataset) -> str | None:
    for key in item.keys:
        fault = undrawable(ds[key].variable, item.name)
        if fault is not None:
            return "; ".join(fault)
    extra = item.dims - {*layout.points, layout.time, *layout.instances}
    if extra:
        dim = next(iter(extra))
        for name in counters(own):
            if dim in (own[name].attrs.get("instance_dimension"), *own[name].dims):
                return f"belongs to whole trajectories; trajectory={str(name)!r} draws these as lines, and it with them"
        return stray_dims(ds, item, extra, "the points'")
    return None


def _further(ds: xr.Dataset, layout: Layout, known: set[Hashable], fill: float | None) -> list[Named]:
    """Give the coordinates that differ from step to step: each step's file has its part, so that they come back."""
    names = [
        name
        for name, variable in ds.coords.items()
        if name not in known and layout.time in variable.dims and set(variable.dims) - {layout.time} == {*layout.points}
    ]
    items = named_fields(ds, names, {}, {}, fill)
    return [item for item in items if _fault(ds, item, layout, ds) is None]


def _index_name(
    layout: Layout,
    sources: Mapping[Hashable, xr.Variable],
    places: Mapping[str, Hashable],
    selection: Selection,
    fields: Sequence[Named],
) -> str | None:
    """Name the array that says which points a step has; None where each has all of them, in their order."""
    variables = [sources[name] for name in places.values()]
    fixed = layout.owner is None and selection.members is None and not any(map(selection.moves, variables))
    if fixed and all(np.isfinite(variable.values).all() for variable in variables):
        return None
    name, taken = "_".join(map(str, (*layout.points, "index"))), {item.name for item in fields}
    while name in taken:
        name += "_"
    return name


@dataclass(frozen=True)
class _Told:
    """Where each variable of the caller's Dataset is in the files."""

    ds: xr.Dataset
    layout: Layout
    selection: Selection
    places_of: Mapping[str, Hashable]
    factor: float

    def _whole(self, name: Hashable, inner: Hashable | None = None) -> bool:
        """Tell whether a variable has one value a point, so that the points' own numbers put it together again."""
        dims = self.ds[name].dims if name in self.ds.variables else ()
        return set(dims) - {self.layout.time, inner} == {*self.layout.points}

    def drawn(self, fields: Sequence[Named]) -> dict[Hashable, dict[str, Any]]:
        """Give the places of what is drawn."""
        found: dict[Hashable, dict[str, Any]] = {}
        for item in (item for item in fields if not item.turned):
            for number, key in enumerate(item.keys):
                if self._whole(key, item.inner):
                    names = [f"{item.name}{suffix}" for suffix in item.suffixes]
                    inner = None if item.inner is None else pack(item.inner)
                    found[key] = {"tag": "PointData", "arrays": names, "first": number, "inner": inner}
        return found

    def places(self, sources: Mapping[Hashable, xr.Variable]) -> dict[Hashable, dict[str, Any]]:
        """Give where the points' own coordinates are, where nothing is lost by taking them from there."""
        found: dict[Hashable, dict[str, Any]] = {}
        for number, role in enumerate("xyz"):
            name = self.places_of.get(role)
            if name is None or name in found or not self._whole(name):
                continue
            if self._lost(name):
                continue
            factor = self.factor if role == "z" else 1.0
            exact = abs(factor) == 1 and sources[name].dtype.kind == "f"
            if exact or self.selection.moves(sources[name]):
                found[name] = {"tag": "Points", "first": number, "factor": factor}
        return found

    def _lost(self, name: Hashable) -> bool:
        """Tell whether a coordinate has values at points that are not there, since another coordinate has none."""
        if self.layout.time is not None:
            return False  # steps stay as lazy as they came
        others = [*self.places_of.values(), self.layout.stamps]
        missing = [self.ds[n].variable.isnull() for n in others if n in self.ds.variables]
        there = ~self.ds[name].variable.isnull()
        return any(bool((there & other).any()) for other in missing)

    def partial(self, fields: Sequence[Named]) -> list[Hashable]:
        """Give what is drawn and is the same for several points: it is kept as it is."""
        return [
            key for item in fields for key in item.keys if not self._whole(key, item.inner) and key in self.ds.variables
        ]


def _steps(ds: xr.Dataset, layout: Layout, time_units: str | None) -> tuple[Times, Selection]:
    """Give the times, and which points each has, where points have times of their own."""
    if layout.time is not None:
        along = [n for n, v in ds.variables.items() if v.dims == (layout.time,) and v.dtype.kind == "M"]
        name = layout.stamps or next(iter(along), None)
        return read_times(ds, layout.time, name, time_units), Selection(layout.time)
    if layout.stamps is None or layout.owner is not None:
        scalar = next((n for n in ds.coords if not ds[n].ndim and str(n).lower() == "time"), None)
        return read_times(ds, None, scalar, time_units), Selection(None)
    stamps = ds[layout.stamps]
    known = np.flatnonzero(~np.asarray(stamps.isnull().values))
    values, owner = np.unique(stamps.values.reshape(-1)[known], return_inverse=True)
    whole = xr.Dataset(coords={"time": ("time", values, stamps.attrs)})
    whole["time"].encoding = stamps.encoding
    order = np.argsort(owner, kind="stable")
    bounds = np.searchsorted(owner[order], np.arange(len(values) + 1))
    members = tuple(known[order[a:b]] for a, b in pairwise(bounds))
    sizes = {dim: ds.sizes[dim] for dim in stamps.dims}
    times = replace(read_times(whole, "time", "time", time_units), dim=None)
    return times, Selection(None, sizes, members)
