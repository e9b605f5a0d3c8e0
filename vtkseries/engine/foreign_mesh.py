"""Points and cells from files of any writer, as variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from vtkseries.engine.cells import CELL_DTYPES, CellsArray, node_total
from vtkseries.engine.faces import padded, too_wide
from vtkseries.engine.foreign import attrs_of, free_name, lazy, leave_out_texts, preferred_chunks
from vtkseries.engine.lazy import GridArray, Member
from vtkseries.engine.meshfile import cell_total, mesh_view, point_total
from vtkseries.engine.pieces import PiecesArray, cells_of, count_cells, count_points, files_of
from vtkseries.engine.ragged import RaggedArray
from vtkseries.engine.restore import Restoration
from vtkseries.engine.values import array_dtype

if TYPE_CHECKING:
    from vtkseries.engine.gridfile import GridFile
    from vtkseries.engine.series import Series
    from vtkseries.xmlformat.layout import DataArray

__all__ = ["foreign_mesh"]

_VECTOR = 3
_FACES = (5, 7, 9)
_LINE = 3


@dataclass(frozen=True)
class _Lie:
    """How the values of points, or of cells, lie along the steps.

    Attributes
    ----------
    dim : str
    counts : tuple of int
        Of each step.
    steps : bool
        There are steps.
    """

    dim: str
    counts: tuple[int, ...]
    steps: bool

    @property
    def ragged(self) -> bool:
        """Whether the steps lie one after the other, since they do not all have as many."""
        return self.steps and len(set(self.counts)) > 1

    @property
    def dims(self) -> tuple[str, ...]:
        """The dims of a variable."""
        return ("time", self.dim) if self.steps and not self.ragged else (self.dim,)

    @property
    def shape(self) -> tuple[int, ...]:
        """Their sizes."""
        return (len(self.counts), self.counts[0]) if len(self.dims) > 1 else (sum(self.counts),)


def foreign_mesh(
    series: Series, part: int, grid: GridFile, tail: str, taken: dict[str, Any]
) -> tuple[dict[str, xr.Variable], dict[str, xr.Variable]]:
    """Give data and coordinates of a part of points and cells.

    Data are on the dims ``point`` and ``cell``, components on ``component`` where there are three, else on
    ``component_<n>``; places of points are ``x``, ``y`` and ``z``. Where their number changes from step to step, the
    steps lie one after the other, and ``points_of_step`` tells how many each has. Cells are ``connectivity``,
    ``offsets`` and VTK's ``types``; faces of a single file also have the form of UGRID.

    Parameters
    ----------
    series : Series
    part : int
        Of the series.
    grid : GridFile
        Of the first step.
    tail : str
        What names of dims end in.
    taken : dict
        Variables whose names other parts have.
    """
    grids = [grid] if series.times is None else [series.grid(step, part) for step in range(series.steps)]
    steps = series.times is not None
    lie = {
        "PointData": _Lie(f"point{tail}", tuple(map(count_points, grids)), steps),
        "CellData": _Lie(f"cell{tail}", tuple(map(count_cells, grids)), steps),
    }
    coordinates: dict[str, xr.Variable] = {}
    if grid.sources or any(lie["PointData"].counts):
        (points,) = next(one for one in grids if one.sources).arrays("Points")
        for number, name in enumerate("xyz"):
            found = _variable(series, part, "Points", (points, grids), lie["PointData"], component=number)
            found.attrs = {"axis": name.upper()}
            coordinates[f"{name}{tail}"] = found
    for tag, what in (("PointData", "points"), ("CellData", "cells")):
        if lie[tag].ragged:
            told = {"long_name": f"number of {what} in each step", "sample_dimension": lie[tag].dim}
            coordinates[f"{what}_of_step{tail}"] = xr.Variable("time", np.array(lie[tag].counts, "i8"), told)
    coordinates |= _cells(series, part, grids, lie["CellData"], tail)
    variables: dict[str, xr.Variable] = {}
    for tag, place in lie.items():
        for array in next((one for one in grids if one.sources), grid).arrays(tag):
            if array.type == "String":
                leave_out_texts(grid, array.name)
            else:
                name = free_name(array.name, tail, tag, {**taken, **variables, **coordinates})
                variables[name] = _variable(series, part, tag, (array, grids), place)
    return variables, coordinates


def _variable(
    series: Series,
    part: int,
    tag: str,
    found: tuple[DataArray, list[GridFile]],
    lie: _Lie,
    component: int | None = None,
) -> xr.Variable:
    array, grids = found
    name = array.name or tag
    same = [one for grid in grids for one in grid.arrays(tag) if one.name == array.name and one.type != "String"]
    dtype = np.result_type(*map(array_dtype, same))
    many = array.components if array.components > 1 and component is None else 0
    dims, shape = [*lie.dims], [*lie.shape]
    roles = ["time", "x"] if len(dims) > 1 else ["x"]
    if many:
        dims.append("component" if many == _VECTOR else f"component_{many}")
        shape.append(many)
        roles.append("c")
    if not all(shape):
        return xr.Variable(dims, np.empty(shape, dtype), attrs_of(array))
    backend: Any
    if any(one.parallel for one in grids):
        backend = PiecesArray(series, part, tag, name, lie.counts, (component or 0, many), dtype, ragged=lie.ragged)
        chunks = {dim: 1 if dim == "time" else size for dim, size in zip(dims, shape, strict=True)}
    elif lie.ragged:
        backend = RaggedArray(series, part, tag, name, lie.counts, (component or 0, many), dtype)
        chunks = dict(zip(dims, shape, strict=True))
    else:
        view, member = mesh_view(series, tag), Member(part, (name,), component or 0)
        size = (1, 1, lie.counts[0])
        values = Restoration(dtype, array_dtype(array))
        backend = GridArray(view, (member,), tag, size, tuple(roles), tuple(shape), (), values)
        chunks = preferred_chunks(dims, roles, shape, dtype.itemsize)
    return xr.Variable(dims, lazy(backend), attrs_of(array), {"preferred_chunks": chunks, "dtype": dtype})


def _cells(series: Series, part: int, grids: list[GridFile], lie: _Lie, tail: str) -> dict[str, xr.Variable]:
    """Give the cells, unless they are the points themselves."""
    if not any(lie.counts) or all(_only_points(file) for grid in grids for file in files_of(grid)):
        return {}
    parallel = any(grid.parallel for grid in grids)
    found = {}
    lengths = (len(cells_of(grid)["connectivity"]) if grid.parallel else node_total(grid) for grid in grids)
    nodes = _Lie(f"connectivity_node{tail}", tuple(lengths), lie.steps)
    for what in CELL_DTYPES:
        own = nodes if what == "connectivity" else lie
        array: Any = CellsArray(series, part, what, own.counts, ragged=own.ragged)
        if parallel:
            array = PiecesArray(series, part, "Cells", what, own.counts, (0, 0), CELL_DTYPES[what], ragged=own.ragged)
        chunks = {dim: 1 if dim == "time" else size for dim, size in zip(own.dims, own.shape, strict=True)}
        found[f"{what}{tail}"] = xr.Variable(own.dims, lazy(array), {}, {"preferred_chunks": chunks})
    return found | ({} if lie.steps else _ugrid(grids[0], tail))


def _only_points(grid: GridFile) -> bool:
    """Tell whether the cells are a vertex for each point, and have no data."""
    counts = [dict(piece.attributes) for piece in grid.header.document.pieces]
    verts = all(c.get("NumberOfVerts", "0") == c.get("NumberOfPoints", "0") for c in counts)
    alone = cell_total(grid) == point_total(grid) and not grid.arrays("CellData")
    return grid.kind == "PolyData" and verts and alone and (not grid.sources or node_total(grid) == point_total(grid))


def _ugrid(grid: GridFile, tail: str) -> dict[str, xr.Variable]:
    """Give faces, or edges, in the form of UGRID, where all cells are such and the form has room for them."""
    cells = cells_of(grid)
    kinds = set(np.unique(cells["types"]).tolist())
    location = "face" if kinds <= set(_FACES) else "edge" if kinds == {_LINE} else None
    sizes = np.diff(cells["offsets"], prepend=0)
    width = int(sizes.max())
    if location is None or too_wide(len(sizes), width, len(cells["connectivity"])):
        return {}
    name = f"{location}_node_connectivity{tail}"
    attrs: dict[str, Any] = {"cf_role": f"{location}_node_connectivity", "start_index": 0}
    attrs |= {"_FillValue": np.int64(-1)} if int(sizes.min()) < width else {}
    told = {
        "cf_role": "mesh_topology",
        "topology_dimension": 2 if location == "face" else 1,
        "node_coordinates": f"x{tail} y{tail} z{tail}",
        f"{location}_node_connectivity": name,
        f"{location}_dimension": f"cell{tail}",
    }
    matrix = padded(cells["connectivity"], sizes, width, -1, np.dtype("i8"))
    dims = (f"cell{tail}", f"node_of_{location}{tail}")
    return {f"mesh{tail}": xr.Variable((), 0, told), name: xr.Variable(dims, matrix, attrs)}
