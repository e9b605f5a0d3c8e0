"""What filters made of a grid that is none any more: points and cells, as a Dataset on VTK's memory."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.errors import FormatError, VtkSeriesWarning
from vtkseries.memory.back import View, attrs_of, check_count, field_of, free_name, readable, time_of
from vtkseries.memory.sharing import KEPT, from_vtk
from vtkseries.memory.told import BOOKKEEPING, mapping
from vtkseries.metadata import VERSION, loads, unpack

__all__ = ["from_mesh", "is_mesh"]

Array = npt.NDArray[Any]

_KINDS = {"Verts": (1, 2), "Lines": (3, 4), "Polys": (5, 9, 7), "Strips": (6,)}
"""VTK's numbers of a vtkPolyData's cells: those of a single number of points, then that of all others."""

_LEAST = {"Verts": (1,), "Lines": (2,), "Polys": (3, 4), "Strips": ()}
_POLYHEDRON = 42


def is_mesh(grid: Any) -> bool:
    """Tell whether it has points of its own in no order: a vtkPolyData, vtkUnstructuredGrid or the like."""
    return hasattr(grid, "IsA") and bool(grid.IsA("vtkPointSet")) and not grid.IsA("vtkStructuredGrid")


def from_mesh(grid: Any) -> xr.Dataset:
    """Give points and cells as a Dataset.

    Data at points is on the dim ``point``, data of cells on ``cell``; ``x``, ``y`` and ``z`` are the points' places,
    ``connectivity``, ``offsets`` and ``types`` the cells, as :func:`vtkseries.evtk.unstructuredGridToVTK` takes them.

    Parameters
    ----------
    grid : vtkPolyData or vtkUnstructuredGrid
    """
    view = View(grid)
    told, attrs = _told(view)
    coordinates = {**_places(grid), **_cells(grid), **time_of(view)}
    variables: dict[str, xr.Variable] = {}
    for dim in ("point", "cell"):
        count = grid.GetNumberOfCells() if dim == "cell" else grid.GetNumberOfPoints()
        for name, array in readable(view.arrays(cells=dim == "cell")).items():
            check_count(array, count, cells=dim == "cell")
            values = from_vtk(array)
            dims = (dim,) if values.shape[1] == 1 else (dim, _components(values.shape[1]))
            values = values[:, 0] if values.shape[1] == 1 else values
            found = {**attrs_of(array), **told.get(name, {})}
            variables[free_name(name, dim, {**variables, **coordinates})] = xr.Variable(dims, values, found)
    for name, array in readable(view.fields()).items():
        if name not in BOOKKEEPING and not name.startswith(KEPT):
            variables[free_name(name, "field", {**variables, **coordinates})] = field_of(name, array)
    return xr.Dataset(variables, coordinates, attrs)


def _components(count: int) -> str:
    return "component" if count == 3 else f"component_{count}"  # noqa: PLR2004  # a vector


def _places(grid: Any) -> dict[str, xr.Variable]:
    points = grid.GetPoints()
    places = np.empty((0, 3)) if points is None else from_vtk(points.GetData())
    return {name: xr.Variable("point", places[:, n], {"axis": name.upper()}) for n, name in enumerate("xyz")}


def _cells(grid: Any) -> dict[str, xr.Variable]:
    """Give the cells of all kinds, in the order of the cells' data."""
    nodes, ends, kinds, last = [np.empty(0, "i8")], [np.empty(0, "i8")], [np.empty(0, "u1")], 0
    for kind in _KINDS if grid.IsA("vtkPolyData") else {"Cells": ()}:
        cells = getattr(grid, f"Get{kind}", lambda: None)()  # points alone have none
        if cells is not None and cells.GetNumberOfCells():
            nodes.append(from_vtk(cells.GetConnectivityArray())[:, 0])
            starts = from_vtk(cells.GetOffsetsArray())[:, 0]
            ends.append(starts[1:] + last if last else starts[1:])
            kinds.append(_types(grid) if kind == "Cells" else _types_of(kind, np.diff(starts)))
            last += nodes[-1].size
    polyhedra = int(np.count_nonzero(kinds[-1] == _POLYHEDRON))
    if polyhedra:
        text = f"{polyhedra} cells are polyhedra, whose faces are left out; make them tetrahedra first (Triangulate)"
        warnings.warn(text, VtkSeriesWarning, stacklevel=4)
    return {
        "connectivity": xr.Variable("connectivity_node", _one(nodes)),
        "offsets": xr.Variable("cell", _one(ends)),
        "types": xr.Variable("cell", _one(kinds)),
    }


def _one(arrays: list[Array]) -> Array:
    """Give arrays as one, without a copy where there is one only."""
    full = [array for array in arrays if array.size]
    return full[0] if len(full) == 1 else np.concatenate(arrays)


def _types(grid: Any) -> Array:
    """Give the kinds of cells that are of any."""
    if not grid.IsA("vtkUnstructuredGrid"):
        return np.array([grid.GetCellType(n) for n in range(grid.GetNumberOfCells())], np.uint8)
    try:
        found = grid.GetCellTypes()
    except TypeError:  # before VTK 9.6
        found = grid.GetCellTypesArray()
    return from_vtk(found)[:, 0].astype(np.uint8, copy=False)


def _types_of(kind: str, sizes: Array) -> Array:
    """Give the kinds of a vtkPolyData's cells, which their numbers of points tell."""
    names = _KINDS[kind]
    found = np.full(sizes.size, names[-1], np.uint8)
    for size, number in zip(_LEAST[kind], names, strict=False):
        found[sizes == size] = number
    found[sizes == 0] = 0
    return found


def _told(view: View) -> tuple[dict[str, dict[Any, Any]], dict[Any, Any]]:
    """Give the attributes that variables, and the Dataset, had where the grid came from."""
    told: dict[str, dict[Any, Any]] = {}
    attrs: dict[Any, Any] = {}
    for content in filter(None, map(loads, view.notes())):
        if content.get("version") != VERSION:
            continue
        try:
            told |= {str(unpack(entry["name"])): mapping(entry.get("attrs", ())) for entry in _drawn(content)}
            attrs |= mapping(content["attrs"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(f"the field data 'vtkseries' is damaged: {error!r}") from error
    return told, attrs


def _drawn(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for entry in content["variables"] if "at" in entry]
