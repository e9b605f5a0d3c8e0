"""A Dataset of points, or on a mesh, as it was before it became a VTK object."""

from __future__ import annotations

import warnings
from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.engine.faces import connectivity
from vtkseries.engine.restore import Restoration
from vtkseries.errors import FormatError, SeriesError, VtkSeriesWarning
from vtkseries.memory.back import View, attrs_of, check_count, field_of, free_name, readable
from vtkseries.memory.sharing import FLAT, KEPT, from_vtk, noted
from vtkseries.memory.told import BOOKKEEPING, field_values, fill_of, kept_values, mapping, time_values
from vtkseries.metadata import VERSION, dtype_of, loads, unpack

__all__ = ["restored_mesh"]

Array = npt.NDArray[Any]

_VECTOR = 3


def restored_mesh(grid: Any) -> xr.Dataset | None:
    """Give the Dataset that points, or a mesh, came from; None where they are others by now, or not of ours.

    Parameters
    ----------
    grid : vtkPolyData or vtkUnstructuredGrid

    Raises
    ------
    FormatError
        What it tells of the Dataset is damaged.
    """
    text = _told(grid)
    content = None if text is None else loads(text)
    if content is None or content.get("version") != VERSION or "mesh" not in content:
        return None
    try:
        return _Restorer(View(grid), content).dataset()
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, FormatError | SeriesError):
            raise
        raise FormatError(f"the field data 'vtkseries' is damaged: {error!r}") from error


def _told(grid: Any) -> str | None:
    """Give what was left with the points and the cells, if these are still the same."""
    points = grid.GetPoints()
    kinds = ("Verts", "Lines", "Polys", "Strips") if grid.IsA("vtkPolyData") else ("Cells",)
    cells = [getattr(grid, f"Get{kind}", lambda: None)() for kind in kinds]
    arrays = [cell.GetConnectivityArray() for cell in cells if cell is not None and cell.GetNumberOfCells()]
    text = None if points is None else noted(points.GetData())
    own = None if text is None else text.removeprefix(FLAT)
    if own != text and not _tells_heights(own) and from_vtk(points.GetData())[:, 2].any():
        return None
    return own if {own} == {own, *map(noted, arrays)} else None


def _tells_heights(text: str | None) -> bool:
    """Tell whether the points' z are a variable of the Dataset."""
    places = (entry.get("at", {}) for entry in (loads(text or "{}") or {}).get("variables", ()))
    return any(at.get("node") == 2 or (at.get("tag"), at.get("first")) == ("Points", 2) for at in places)  # noqa: PLR2004  # z


class _ChangedError(Exception):
    """Filters have taken what a variable was in."""


class _Restorer:
    """Points or a mesh, and what is told of the Dataset."""

    def __init__(self, view: View, content: dict[str, Any]) -> None:
        self.view = view
        self.content = content
        self.mesh = content["mesh"]
        self.time: Hashable | None = unpack(content["time"])
        self.sizes = {unpack(dim): int(size) for dim, size in content["dims"]}
        self.arrays = {cells: readable(view.arrays(cells=cells)) for cells in (False, True)}
        self.dims: dict[bool, Hashable] = {}
        self.lost: list[str] = []
        self.places = from_vtk(view.grid.GetPoints().GetData())

    def dataset(self) -> xr.Dataset | None:
        """Give the Dataset; None where something that was in the arrays is not there any more."""
        variables: dict[Hashable, xr.Variable] = {}
        try:
            for entry in self.content["variables"]:
                name = unpack(entry["name"])
                found = self._variable(entry)
                if found is not None:
                    variables[name] = found
        except _ChangedError:
            return None
        if self.lost:
            text = f"{', '.join(map(repr, self.lost))} left out: the field data that held them are not there any more"
            warnings.warn(text, VtkSeriesWarning, stacklevel=4)
        coords = {unpack(name) for name in self.content["coords"]}
        variables |= {n: v for n, v in self._added({*variables}).items() if n not in variables}
        ds = xr.Dataset(variables, attrs=mapping(self.content["attrs"]))
        ds = ds.set_coords([name for name in variables if name in coords])
        ds.encoding = mapping(self.content["encoding"])
        return ds

    def _variable(self, entry: dict[str, Any]) -> xr.Variable | None:
        dims = tuple(unpack(dim) for dim in entry.get("dims", ()))
        dtype = dtype_of(entry["dtype"])
        data: Any
        if "at" in entry:
            data = self._drawn(entry["at"], dims, dtype)
        elif "field" in entry:
            data = field_values(self.view, entry["field"], dims, dtype, self.sizes)
        elif "times" in entry:
            data = time_values(self.view, entry["times"])
        elif "data" in entry:
            data = unpack(entry["data"])
        else:
            data = self._kept(entry, dims, dtype)
        if data is None or data.shape != tuple(self.sizes[dim] for dim in dims):
            return None
        return xr.Variable(dims, data, mapping(entry.get("attrs", ())), mapping(entry.get("encoding", ())))

    def _kept(self, entry: dict[str, Any], dims: tuple[Hashable, ...], dtype: np.dtype[Any]) -> Array | None:
        """Give what is too large to be told; None where filters left it out."""
        shape = tuple(self.sizes[dim] for dim in dims)
        found = kept_values(self.view, entry, dtype, shape, dims.index(self.time) if "steps" in entry else 0)
        if found is None:
            self.lost.append(str(unpack(entry["name"])))
        return found

    def _drawn(self, at: dict[str, Any], dims: tuple[Hashable, ...], dtype: np.dtype[Any]) -> Array:
        if "points" in self.mesh:
            return self._of_points(at, dims, dtype)
        levels, nodes = int(self.mesh["layers"][0]), int(self.mesh["nodes"])
        if "node" in at:
            return self.places[:nodes, int(at["node"])].astype(dtype, copy=False)
        if "cells" in at:
            cells = self.view.grid.GetCells()
            flat = from_vtk(cells.GetConnectivityArray())[:, 0]
            sizes = np.diff(from_vtk(cells.GetOffsetsArray())[:, 0])
            return connectivity(flat, sizes, levels, nodes, dict(at["cells"]), dtype)
        roles_of = {unpack(dim): str(role) for dim, role in at["roles"]}
        roles = ["time" if dim == self.time else roles_of[dim] for dim in dims]
        cells = str(at["tag"]) == "CellData"
        self.dims.setdefault(cells, next(dim for dim, role in roles_of.items() if role == "x"))
        count = self._inner(dims, roles)
        values = self._stored(at, dtype, count, cells=cells)
        layers = self.sizes[dims[roles.index("y")]] if "y" in roles else 1
        if len(values) != layers * (self.sizes[dims[roles.index("x")]] if "x" in roles else 1):
            raise _ChangedError
        values = values.reshape(layers, -1, count)
        values = values[::-1] if "y" in at["flips"] and "y" in roles else values
        return _ordered(values, ["y", "x", "c"], roles)

    def _inner(self, dims: tuple[Hashable, ...], roles: list[str]) -> int:
        return self.sizes[dims[roles.index("c")]] if "c" in roles else 1

    def _stored(self, at: dict[str, Any], dtype: np.dtype[Any], count: int, *, cells: bool) -> Array:
        """Give the values of an array as (tuples, components), in the dtype that the variable had."""
        parts, first = [], int(at["first"])
        for name in map(str, at["arrays"]):
            array = self.arrays[cells].get(name)
            if array is None:
                raise _ChangedError
            check_count(array, self._count(cells=cells), cells=cells)
            parts.append(from_vtk(array)[:, first : first + count])
        return Restoration(dtype, parts[0].dtype, fill_of(self.content, dtype)).restore(parts)

    def _count(self, *, cells: bool) -> int:
        grid = self.view.grid
        return int(grid.GetNumberOfCells() if cells else grid.GetNumberOfPoints())

    def _of_points(self, at: dict[str, Any], dims: tuple[Hashable, ...], dtype: np.dtype[Any]) -> Array:
        sizes = {unpack(dim): int(size) for dim, size in self.mesh["points"]}
        inner = unpack(at.get("inner"))
        roles = ["time" if d == self.time else "c" if d == inner else f"p{[*sizes].index(d)}" for d in dims]
        count, total = self._inner(dims, roles), int(np.prod([*sizes.values()]))
        positions = self._positions()
        if len(sizes) == 1:
            self.dims.setdefault(False, next(iter(sizes)))
        there = self._count(cells=False) if positions is None else len(positions)
        if dtype.kind in "iub" and there != total:
            dtype = np.dtype("f8")
        if at["tag"] == "Points":
            column, factor = self.places[:, int(at["first"]), None], float(at.get("factor", 1.0))
            values = (column / column.dtype.type(factor) if factor != 1 else column).astype(dtype, copy=False)
        else:
            values = self._stored(at, dtype, count, cells=False)
        if positions is not None:
            missing = np.array("NaT", dtype) if dtype.kind in "mM" else np.nan if dtype.kind in "fc" else 0
            found = np.full((total, count), missing, dtype)
            found[positions] = values
            values = found
        values = values.reshape(*sizes.values(), count)
        return _ordered(values, [*(f"p{number}" for number in range(len(sizes))), "c"], roles)

    def _positions(self) -> Array | None:
        """Give which points of the Dataset these are; None where they are all, in their order."""
        if self.mesh["index"] is None:
            return None
        array = self.arrays[False].get(str(self.mesh["index"]))
        if array is None:
            raise _ChangedError
        found = from_vtk(array)[:, 0]
        total = int(np.prod([int(size) for _, size in self.mesh["points"]]))
        return None if found.size == total and np.array_equal(found, np.arange(total)) else found

    def _added(self, taken: set[Hashable]) -> dict[Hashable, xr.Variable]:
        """Give what filters have added."""
        known = {name for entry in self.content["variables"] for name in entry.get("field", ())} | BOOKKEEPING
        found: dict[Hashable, xr.Variable] = {}
        for cells, arrays in self.arrays.items():
            for name, array in arrays.items():
                if noted(array) is not None:
                    continue  # from the Dataset, as is what is the same for all points of a line
                values = from_vtk(array)
                dim = self._dim(len(values), cells=cells)
                last = "component" if values.shape[1] == _VECTOR else f"component_{values.shape[1]}"
                dims, values = ((dim,), values[:, 0]) if values.shape[1] == 1 else ((dim, last), values)
                every = {str(one): None for one in (*taken, *found)}
                found[free_name(name, "cell" if cells else "point", every)] = xr.Variable(dims, values, attrs_of(array))
        for name, array in readable(self.view.fields()).items():
            if name not in known and name not in found and not name.startswith(KEPT):
                found[name] = field_of(name, array)
        return found

    def _dim(self, count: int, *, cells: bool) -> Hashable:
        """Name the dim of what has so many values: the Dataset's, where its points or cells are all there."""
        dim = self.dims.get(cells)
        if dim is not None and self.sizes.get(dim) == count and (cells or self.mesh.get("index") is None):
            return dim
        return "cell" if cells else "point"


def _ordered(values: Array, own: list[str], roles: list[str]) -> Array:
    """Turn values to the order of a variable's dims; those that it lacks have one value."""
    kept = [role for role in own if role in roles]
    values = values[tuple(slice(None) if role in kept else 0 for role in own)]
    values = values.transpose([kept.index(role) for role in roles if role != "time"])
    return np.expand_dims(values, roles.index("time")) if "time" in roles else values
