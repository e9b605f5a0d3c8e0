"""Meshes of triangles, quads and polygons, also in layers: CF's UGRID conventions."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.cf.fields import choose, metadata_names, undrawable
from vtkseries.cf.times import read_times
from vtkseries.errors import SeriesError
from vtkseries.meshes.bounded import find_bounded
from vtkseries.meshes.flat import find_flat
from vtkseries.meshes.globe import Globe, with_turned
from vtkseries.meshes.heights import Found, find_heights, is_vertical
from vtkseries.meshes.model import Named, named_fields, refuse_clashes, stray_dims
from vtkseries.meshes.options import Options, Planned
from vtkseries.meshes.parts import Layers, Parts, UgridPart
from vtkseries.meshes.places import as_floats, find_time, scale
from vtkseries.meshes.steps import Selection, Steps
from vtkseries.meshes.topology import Cells, Topology, find_topology
from vtkseries.meshes.write import MeshSeries
from vtkseries.metadata import pack
from vtkseries.plan.globe import refuse_below_the_centre
from vtkseries.plan.meshmemory import MeshMemory

__all__ = ["plan_mesh"]

Array = npt.NDArray[Any]


def plan_mesh(
    ds: xr.Dataset,
    path: str | Path,
    *,
    mesh: Hashable | None = None,
    z: Hashable | None = None,
    time: Hashable | None = None,
    variables: Sequence[Hashable] | str | None = None,
    vectors: Mapping[str, Sequence[Hashable] | str] | None = None,
    **options: Any,
) -> MeshSeries:
    """Plan the files of a Dataset on an unstructured mesh; the arguments are those of ``ds.vtk.to_vtu``.

    Raises
    ------
    SeriesError
        Anything that cannot be written as asked.
    """
    option = Options.read(ds, path, (".pvd", ".vtu"), **options)
    told = mesh in ds.variables and ds[mesh].ndim == 0
    ugrid = told or any(v.attrs.get("cf_role") == "mesh_topology" for v in ds.variables.values())
    topology = (None if ugrid else find_bounded(ds, mesh) or find_flat(ds, mesh)) or find_topology(ds, mesh)
    names, asked = choose(ds, variables)
    names = [n for n in names if asked or (n not in metadata_names(ds) and n not in topology.names)]
    found = find_time(ds, time)
    time_dim = None if found is None else found if found in ds.dims else next(iter(ds[found].dims), None)
    times = read_times(ds, time_dim, found if found in ds.variables else None, option.time_units)
    precision = option.precision_of(names, vectors)
    levels = _Levels(ds, topology, time_dim, z, option.z_scale)
    drawn, numbers, left_out = list[Named](), list[Hashable](), []
    for item in named_fields(ds, names, vectors, precision, option.fill):
        fault = _fault(ds, item, levels)
        if fault is not None and (asked or item.name in (vectors or ())):
            raise SeriesError(f"{item} {fault}")
        if fault is not None:
            left_out.append(f"{item} {fault}")
        elif item.dims - {time_dim}:
            drawn.append(item)
        else:
            numbers += item.keys
    globe = Globe.of(ds, topology.places, option.radius)
    if globe is not None:
        drawn = with_turned(ds, drawn, precision, option.fill)
    drawn += _further(ds if not asked else ds[[*ds.coords]], levels, {*names, *topology.names}, option.fill)
    groups = levels.groups(drawn)
    for group in groups.values():
        refuse_clashes(group.fields)
    selection = Selection(time_dim)
    sources = {
        key: ds[key].variable
        for key in {
            **dict.fromkeys(key for group in groups.values() for item in group.fields for key in item.keys),
            **dict.fromkeys(key for group in groups.values() if group.found for key in group.found.heights.keys),
        }
    }
    parts = [_part(topology, group, sources, selection, globe) for group in groups.values()]
    factor = scale(ds, topology.places.get("z"), option.z_scale)
    if globe is not None and "z" in topology.places:
        refuse_below_the_centre(float((topology.points[2] * factor).min()), topology.places["z"], globe.radius)
    memory = _memory(ds, topology, groups, parts, factor, globe)
    labels = tuple(groups) if len(groups) > 1 else ("",)
    planned = Planned(ds, times, labels, numbers, left_out)
    build = Parts(topology, tuple(parts), option.blank, factor, globe)
    return option.series(planned, times, memory, asked=asked, build=build, sources=sources, selection=selection)


def _fault(ds: xr.Dataset, item: Named, levels: _Levels) -> str | None:
    topology = levels.topology
    for key in item.keys:
        variable = ds[key].variable
        plain = xr.Variable(variable.dims, variable._data)  # noqa: SLF001  # without the attributes that name the mesh
        fault = undrawable(plain, item.name)
        if fault is not None:
            return "; ".join(fault)
        other = variable.attrs.get("mesh")
        if other in ds.variables and other not in topology.names:
            return f"lies on another mesh; write a series of that too, with mesh={other!r}"
    flat = [dim for dim in (topology.node, *topology.cells) if dim in item.dims]
    if len(flat) > 1:
        return f"has the dims {flat[0]!r} and {flat[1]!r}, of points and cells both"
    extra = item.dims - {*flat, levels.time}
    vertical = set[Hashable]()
    if flat and flat != [getattr(topology.edges, "dim", None)]:
        vertical = {dim for dim in extra if levels.of(dim, cells=flat[0] != topology.node) is not None}
    if extra == vertical and len(vertical) <= 1:
        return None
    stray = extra - vertical or extra
    return stray_dims(ds, item, stray, "the mesh's", layers=any(is_vertical(ds, dim) for dim in stray))


def _further(ds: xr.Dataset, levels: _Levels, known: set[Hashable], fill: float | None) -> list[Named]:
    """Give what only places others and differs from step to step: the files hold it, so that it comes back."""
    names = [
        name
        for name, variable in ds.variables.items()
        if name not in known and levels.time in variable.dims and variable.ndim > 1
    ]
    return [item for item in named_fields(ds, names, {}, {}, fill) if _fault(ds, item, levels) is None]


@dataclass
class _Group:
    """The fields that share a part."""

    cells: Cells
    found: Found | None
    dims: set[Hashable]
    fields: list[Named]


class _Levels:
    """The levels along each vertical dim, looked for once."""

    def __init__(
        self, ds: xr.Dataset, topology: Topology, time: Hashable | None, z: Hashable | None, z_scale: float
    ) -> None:
        self.topology = topology
        self.time = time
        self._ds = ds
        self._z = z
        self._z_scale = z_scale
        self._found: dict[tuple[Hashable, bool], Found | None] = {}

    def of(self, dim: Hashable, *, cells: bool) -> Found | None:
        """Give the levels of fields along a dim; None where it is not vertical."""
        key = (dim, cells)
        if key not in self._found:
            ds, z = self._ds, self._z
            dims = None if z is None else ds[z].dims if z in ds.variables else (z,)
            named = dims is not None and (dim in dims or any(ds.sizes[d] == ds.sizes[dim] + 1 for d in dims))
            self._found[key] = None
            if self.topology.faces is not None and (named or (dims is None and is_vertical(ds, dim))):
                self._found[key] = find_heights(
                    ds, self.topology, dim, z, self.time, cells=cells, z_scale=self._z_scale
                )
        return self._found[key]

    def groups(self, fields: Sequence[Named]) -> dict[str, _Group]:
        """Put fields that share points and cells together, and name each part."""
        topology, found = self.topology, dict[tuple[Any, ...], _Group]()
        for item in sorted(fields, key=lambda item: topology.node in item.dims):
            cells = next((topology.cells[dim] for dim in item.dims if dim in topology.cells), None)
            dim = next(iter(item.dims - {topology.node, *topology.cells, self.time}), None)
            levels = None if dim is None else self.of(dim, cells=cells is not None)
            own = cells or topology.faces or topology.edges
            assert own is not None  # noqa: S101  # a mesh has faces or edges
            key = (own.location, *(() if levels is None else (levels.over, levels.levels, levels.heights.keys)))
            group = found.setdefault(key, _Group(own, levels, set(), []))
            group.dims |= {dim} - {None}
            group.fields.append(item)
        order = [item.name for item in fields]
        for group in found.values():
            group.fields.sort(key=lambda item: order.index(item.name))
        layered = [group for group in found.values() if group.found is not None]
        plain = [group for group in found.values() if group.found is None]
        # In the order of their names, in which repair puts parts whose index is lost.
        named = dict(sorted(((self._name(g, layered), g) for g in [*layered, *plain]), key=itemgetter(0)))
        if not named:
            own = topology.faces or topology.edges
            assert own is not None  # noqa: S101  # as above
            named = {"surface": _Group(own, None, set(), [])}
        return named

    def _name(self, group: _Group, layered: list[_Group]) -> str:
        if group.found is None:
            return "surface" if group.cells.location == "face" else "edges"
        if len(layered) == 1:
            return "layers"
        dims = "_".join(sorted(map(str, group.dims)))
        twins = [other for other in layered if other.dims == group.dims]
        kind = "" if len(twins) == 1 else "_cells" if group.cells.dim in group.fields[0].dims else "_points"
        return re.sub(r"[^\w.+-]", "_", f"layers_{dims}{kind}")


def _part(
    topology: Topology,
    group: _Group,
    sources: Mapping[Hashable, xr.Variable],
    selection: Selection,
    globe: Globe | None,
) -> UgridPart:
    hidden = _torn(topology, group.cells) if globe is None else None
    if group.found is None:
        return UgridPart(group.cells, None, tuple(group.fields), hidden)
    group.cells.expect_prisms()
    found = group.found
    moves = any(selection.moves(sources[key]) for key in found.heights.keys)
    flipped = found.flipped
    if flipped is None or globe is not None:
        levels = found.heights.of(Steps(sources, selection).at(0), topology)
    if globe is not None:
        lowest = float(np.min(levels, where=np.isfinite(levels), initial=np.inf))
        refuse_below_the_centre(lowest, found.over, globe.radius)
    if flipped is None:
        ends = levels[[0, -1]].reshape(2, -1)
        ends = ends[:, np.isfinite(ends).all(axis=0)]
        flipped = bool(ends.size and ends[1].mean() < ends[0].mean())
    layers = Layers(frozenset(group.dims), found.heights, found.levels, flipped, moves)
    return UgridPart(group.cells, layers, tuple(group.fields), hidden)


def _torn(topology: Topology, cells: Cells) -> Array | None:
    """Give the cells that would be drawn right across the map, where longitudes jump; None where there are none."""
    if not topology.around:
        return None
    x = topology.points[0][cells.nodes]
    starts = np.cumsum(cells.sizes) - cells.sizes
    if not starts.size:
        return None
    wide = np.maximum.reduceat(x, starts) - np.minimum.reduceat(x, starts) > topology.around / 2
    return wide if wide.any() else None


def _memory(
    ds: xr.Dataset,
    topology: Topology,
    groups: Mapping[str, _Group],
    parts: Sequence[UgridPart],
    factor: float,
    globe: Globe | None,
) -> MeshMemory:
    """Say where each variable is in the files."""
    drawn: dict[Hashable, dict[str, Any]] = {}
    for number, (group, part) in enumerate(zip(groups.values(), parts, strict=True)):
        for item in (item for item in group.fields if not item.turned):
            cells = part.cells.dim in item.dims
            roles = [[pack(part.cells.dim if cells else topology.node), "x"]]
            across = [dim for dim in item.dims if dim in group.dims]
            roles += [[pack(dim), "y"] for dim in across]
            roles += [] if item.inner is None else [[pack(item.inner), "c"]]
            flips = ["y"] if part.layers is not None and part.layers.flipped and across else []
            for index, key in enumerate(item.keys):
                names = [f"{item.name}{suffix}" for suffix in item.suffixes]
                place = {"part": number, "tag": "CellData" if cells else "PointData", "roles": roles, "flips": flips}
                drawn.setdefault(key, {**place, "arrays": names, "first": index})
    first = parts[0]
    for role, name in topology.places.items():
        values = topology.points["xyz".index(role)]
        joint = np.result_type(*(as_floats(axis).dtype for axis in topology.points))
        exact = values.dtype.kind == "f" and joint.itemsize >= values.dtype.itemsize
        exact &= ds[name].dims == (topology.node,) and globe is None and (role != "z" or factor == 1)
        if name in ds.variables and exact and (role != "z" or first.layers is None):
            drawn.setdefault(name, {"part": 0, "node": "xyz".index(role)})
    for number, part in enumerate(parts):
        if part.cells.code and part.cells.name not in drawn:
            drawn[part.cells.name] = {"part": number, "cells": part.cells.code, "layered": part.layers is not None}
    layout = {"nodes": topology.points[0].size, "layers": [0 if p.layers is None else p.layers.levels for p in parts]}
    return MeshMemory(drawn, [*topology.names], len(parts), layout)
