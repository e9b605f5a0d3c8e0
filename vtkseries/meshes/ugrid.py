"""Meshes of triangles, quads and polygons, also in layers: CF's UGRID conventions."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.cf.coordinates import find_axis
from vtkseries.cf.fields import metadata_names, undrawable
from vtkseries.cf.times import read_times
from vtkseries.errors import SeriesError
from vtkseries.meshes.model import Mesh, Named, named_fields
from vtkseries.meshes.places import as_floats, find_time
from vtkseries.meshes.steps import Steps
from vtkseries.meshes.topology import Topology, find_topology
from vtkseries.meshes.write import MeshSeries
from vtkseries.plan.target import read_target
from vtkseries.xmlformat.codecs import codec

__all__ = ["plan_mesh"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class _Layers:
    """Heights of the levels between which layers lie, from below; and how fields run along them."""

    dim: Hashable
    levels: Array
    flipped: bool
    at_levels: bool


def plan_mesh(
    ds: xr.Dataset,
    path: str | Path,
    *,
    mesh: Hashable | None = None,
    z: Hashable | None = None,
    time: Hashable | None = None,
    variables: Sequence[Hashable] | str | None = None,
    vectors: Mapping[str, Sequence[Hashable] | str] | None = None,
    z_scale: float = 1.0,
    time_units: str | None = None,
    mode: str = "w",
    durable: bool = False,
    compression: str | None = None,
    compression_level: int | None = None,
) -> MeshSeries:
    """Plan the files of a Dataset on an unstructured mesh; the arguments are those of ``ds.vtk.to_vtu``.

    Raises
    ------
    SeriesError
        Anything that cannot be written as asked.
    """
    target = read_target(path, mode, (".pvd", ".vtu"))
    method = codec(compression, compression_level)
    topology = find_topology(ds, mesh)
    asked = variables is not None
    names = [variables] if isinstance(variables, str) else list(ds.data_vars if variables is None else variables)
    missing = [name for name in names if name not in ds.variables]
    if missing:
        raise SeriesError(f"variables: {missing[0]!r} is not there; this Dataset has {', '.join(map(str, ds))}")
    names = [n for n in names if asked or (n not in metadata_names(ds) and n not in topology.names)]
    found = find_time(ds, time)
    time_dim = None if found is None else found if found in ds.dims else next(iter(ds[found].dims), None)
    times = read_times(ds, time_dim, found if found in ds.variables else None, time_units)
    left_out: list[str] = []
    fields = {2: list[Named](), 3: list[Named]()}
    layers = _find_layers(ds, names, topology, time_dim, z, z_scale)
    for item in named_fields(ds, names, vectors):
        fault = _fault(item, topology, time_dim, layers)
        if fault is None:
            fields[3 if layers is not None and layers.dim in item.dims else 2].append(item)
        elif asked or len(item.variables) > 1:
            raise SeriesError(f"variable {item.name!r} {fault}")
        else:
            left_out.append(f"variable {item.name!r} {fault}")
    steps = Steps(time_dim)
    surface = _Part(topology, None, time_dim, tuple(fields[2]), steps)
    parts = {}
    if layers is not None and fields[3]:
        parts["layers"] = _Part(topology, layers, time_dim, tuple(fields[3]), steps)
    if not parts or any(item.dims - {time_dim} for item in fields[2]):
        parts["surface"] = surface
    numbers = [item for item in fields[2] if not item.dims - {time_dim}]

    def meshes(step: int) -> tuple[list[Mesh], dict[str, Any]]:
        told = {item.name: np.stack([surface.at(v, step) for v in item.variables]).reshape(1, -1) for item in numbers}
        return [part.step(step) for part in parts.values()], told

    labels = tuple(parts) if len(parts) > 1 else ("",)
    return MeshSeries(target, ".vtu", times, labels, meshes, tuple(left_out), mode, durable, method)


def _fault(item: Named, topology: Topology, time_dim: Hashable | None, layers: _Layers | None) -> str | None:
    for variable in item.variables:
        plain = xr.Variable(variable.dims, variable._data)  # noqa: SLF001  # without the attributes that name the mesh
        fault = undrawable(plain, item.name)
        if fault is not None:
            return "; ".join(fault)
    extra = item.dims - {topology.node, topology.face, time_dim} - ({layers.dim} if layers is not None else set())
    if extra:
        dim = next(iter(extra))
        return f"has the dim {dim!r}, which is none of the mesh's; select one value with ds.isel({dim}=0)"
    if {topology.node, topology.face} <= item.dims:
        return f"has the dims {topology.node!r} and {topology.face!r} of points and cells both"
    if layers is not None and layers.dim in item.dims and (topology.node in item.dims) is not layers.at_levels:
        where = "levels between layers" if layers.at_levels else "layers between levels"
        return (
            f"lies in the middle of cells, where the other variables along {layers.dim!r} are {where}; write it alone"
        )
    return None


def _find_layers(
    ds: xr.Dataset,
    names: list[Hashable],
    topology: Topology,
    time_dim: Hashable | None,
    z: Hashable | None,
    z_scale: float,
) -> _Layers | None:
    """Find the dim of layers, and the heights of the levels between them."""
    flat = {topology.node, topology.face, time_dim}
    extra = [(name, dim) for name in names for dim in ds[name].dims if dim not in flat and flat & set(ds[name].dims)]
    wanted = None if z is None else next(iter(ds[z].dims), None) if z in ds.variables else z
    dims = [dim for _, dim in extra if wanted in (None, dim) and (wanted == dim or _is_vertical(ds, dim))]
    if not dims:
        return None
    dim = dims[0]
    cells = any(topology.face in ds[name].dims for name, other in extra if other == dim)
    name = z if z in ds.variables else dim if dim in ds.variables else None
    name = name if name is not None else next((n for n, c in ds.coords.items() if c.dims == (dim,)), None)
    axis = find_axis(ds, "z", dim, name, cells=cells, z_scale=z_scale)
    if len(axis.nodes) < 2:  # noqa: PLR2004  # no height to fill
        return None
    return _Layers(dim, axis.nodes, axis.flipped, not cells)


def _is_vertical(ds: xr.Dataset, dim: Hashable) -> bool:
    along = [ds[n].variable for n in ds.coords if ds[n].dims == (dim,)]
    told = any("positive" in v.attrs or v.attrs.get("axis") == "Z" for v in along)
    words = ("lay", "lev", "depth", "height", "z", "sigma")
    return told or any(word in str(dim).lower() for word in words)


@dataclass(frozen=True)
class _Part:
    """The mesh, as it is or filled with layers, and its fields."""

    topology: Topology
    layers: _Layers | None
    time: Hashable | None
    fields: tuple[Named, ...]
    steps: Steps

    def at(self, variable: xr.Variable, step: int) -> Array:
        """Give a variable's values at a step."""
        return np.asarray(self.steps.at(variable, step).values)

    def step(self, step: int) -> Mesh:
        """Give the mesh of a step."""
        x, y, z = (as_floats(axis) for axis in self.topology.points)
        if self.layers is None:
            mesh = Mesh((x, y, z), cells=self.topology.cells())
        else:
            count = len(self.layers.levels)
            heights = np.repeat(self.layers.levels, len(x))
            mesh = Mesh((np.tile(x, count), np.tile(y, count), heights), cells=self.topology.prisms(count))
        for item in self.fields:
            dims = item.dims - {self.time}
            if dims:
                components = [part for variable in item.variables for part in self._flat(variable, item.inner, step)]
                mesh.add(item, tuple(components), cells=self.topology.face in dims)
        return mesh

    def _flat(self, variable: xr.Variable, inner: Hashable | None, step: int) -> list[Array]:
        variable = self.steps.at(variable, step)
        flat = self.topology.face if self.topology.face in variable.dims else self.topology.node
        layers = [] if self.layers is None else [self.layers.dim]
        if self.layers is not None and self.layers.flipped:
            variable = variable.isel({self.layers.dim: slice(None, None, -1)})
        if inner is None or inner not in variable.dims:
            return [np.asarray(variable.transpose(*layers, flat).values).reshape(-1)]
        ordered = np.asarray(variable.transpose(inner, *layers, flat).values)
        return [part.reshape(-1) for part in ordered]
