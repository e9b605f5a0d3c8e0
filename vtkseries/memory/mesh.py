"""What filters made of a grid that is none any more: points and cells, as a Dataset on VTK's memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.errors import FormatError
from vtkseries.memory.back import View, attrs_of, check_count, field_of, free_name, readable, time_of
from vtkseries.memory.sharing import KEPT, from_vtk
from vtkseries.memory.told import BOOKKEEPING, mapping
from vtkseries.metadata import VERSION, loads, unpack

__all__ = ["from_mesh", "is_mesh"]

Array = npt.NDArray[Any]


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
    kinds = ("Verts", "Lines", "Polys", "Strips") if grid.IsA("vtkPolyData") else ("Cells",)
    nodes, ends, last = [np.empty(0, "i8")], [np.empty(0, "i8")], 0
    for kind in kinds:
        cells = getattr(grid, f"Get{kind}", lambda: None)()  # points alone have none
        if cells is not None and cells.GetNumberOfCells():
            nodes.append(from_vtk(cells.GetConnectivityArray())[:, 0])
            ends.append(from_vtk(cells.GetOffsetsArray())[1:, 0] + last)
            last += nodes[-1].size
    types = np.array([grid.GetCellType(n) for n in range(sum(map(len, ends)))], np.uint8)
    return {
        "connectivity": xr.Variable("connectivity_node", np.concatenate(nodes)),
        "offsets": xr.Variable("cell", np.concatenate(ends)),
        "types": xr.Variable("cell", types),
    }


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
