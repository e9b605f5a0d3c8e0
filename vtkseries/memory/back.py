"""A VTK grid as a Dataset, on the grid's memory."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.errors import SeriesError, VtkSeriesWarning
from vtkseries.memory.grid import require_vtk
from vtkseries.memory.sharing import from_vtk, noted

__all__ = [
    "GridView",
    "View",
    "attrs_of",
    "check_count",
    "field_of",
    "foreign",
    "free_name",
    "readable",
    "time_of",
    "variable_of",
]

Array = npt.NDArray[Any]

_DIMS = ("z", "y", "x")
_VECTOR = 3


class View:
    """A VTK object with data at points and in cells, seen as arrays."""

    def __init__(self, grid: Any) -> None:
        self.grid = grid
        self._hidden: tuple[str, ...] = ()

    def without(self, notes: Sequence[str]) -> Self:
        """Give the same object, but for arrays with which one of these was noted."""
        view = copy.copy(self)
        view._hidden = (*self._hidden, *notes)  # noqa: SLF001  # of its own class
        return view

    def arrays(self, *, cells: bool) -> dict[str, Any]:
        """Give the VTK arrays at points or in cells, by name; those without one are numbered."""
        found = _named(self.grid.GetCellData() if cells else self.grid.GetPointData())
        return {name: array for name, array in found.items() if noted(array) not in self._hidden}

    def fields(self) -> dict[str, Any]:
        """Give the VTK arrays of the field data, by name."""
        return _named(self.grid.GetFieldData())

    def text(self, name: str) -> str | None:
        """Give the first text of an array of the field data."""
        array = self.fields().get(name)
        if array is None or not array.IsA("vtkStringArray") or not array.GetNumberOfValues():
            return None
        return str(array.GetValue(0))

    def notes(self) -> list[str]:
        """Give what vtkseries left with the grid and with arrays: of two Datasets' dims where these were joined."""
        every = (*self.arrays(cells=False).values(), *self.arrays(cells=True).values())
        return [*dict.fromkeys(filter(None, (self.text("vtkseries"), *map(noted, every))))]


class GridView(View):
    """A VTK grid, seen as arrays.

    Parameters
    ----------
    grid : vtkRectilinearGrid, vtkImageData or vtkStructuredGrid
        Of VTK or pyvista.

    Raises
    ------
    SeriesError
        It is something else.
    """

    def __init__(self, grid: Any) -> None:
        require_vtk()
        from vtkmodules import vtkCommonDataModel  # noqa: PLC0415  # VTK is optional

        kinds = (
            vtkCommonDataModel.vtkRectilinearGrid,
            vtkCommonDataModel.vtkImageData,
            vtkCommonDataModel.vtkStructuredGrid,
        )
        kind = next((kind for kind in kinds if isinstance(grid, kind)), None)
        if kind is None:
            name = grid.GetClassName() if hasattr(grid, "GetClassName") else type(grid).__name__
            remedy = (
                "call its Update() and take GetOutput()"
                if hasattr(grid, "GetOutputDataObject")
                else "of several blocks take one, as with GetBlock(0)"
            )
            raise SeriesError(
                "from_grid takes a vtkRectilinearGrid, vtkImageData, vtkStructuredGrid, vtkPolyData or "
                f"vtkUnstructuredGrid, not a {name}; {remedy}"
            )
        super().__init__(grid)
        self.kind: str = kind.__name__
        e = grid.GetExtent()
        self.extent: tuple[int, ...] = tuple(e)
        self.points: tuple[int, int, int] = (e[5] - e[4] + 1, e[3] - e[2] + 1, e[1] - e[0] + 1)
        self.cells: tuple[int, int, int] = tuple(max(n - 1, min(n, 1)) for n in self.points)  # type: ignore[assignment]

    def values(self, array: Any, *, cells: bool) -> Array:
        """Give an array's values as (z, y, x, components)."""
        shape = self.cells if cells else self.points
        check_count(array, math.prod(shape), cells=cells)
        return from_vtk(array).reshape(*shape, array.GetNumberOfComponents())

    def axes(self) -> tuple[Array, Array, Array] | None:
        """Give the nodes along x, y and z; None where points have places of their own, or the image is tilted."""
        if self.kind == "vtkRectilinearGrid":
            nodes = (getattr(self.grid, f"Get{name}Coordinates")() for name in "XYZ")
            x, y, z = (from_vtk(array).reshape(-1) for array in nodes)
            return x, y, z
        if self.kind == "vtkStructuredGrid" or not self._upright():
            return None
        origin, spacing, e = self.grid.GetOrigin(), self.grid.GetSpacing(), self.extent
        x, y, z = (origin[a] + spacing[a] * np.arange(e[2 * a], e[2 * a + 1] + 1, dtype="f8") for a in range(3))
        return x, y, z

    def nodes(self, role: str) -> Array | None:
        """Give the nodes along x, y or z; None where points that share one have different places."""
        number = "xyz".index(role)
        axes = self.axes()
        if axes is not None:
            return axes[number]
        places = np.moveaxis(self.places()[..., number], 2 - number, 0)
        column = places[:, 0, 0] if places.size else np.empty(0)
        return column if np.array_equal(places, np.broadcast_to(column[:, None, None], places.shape)) else None

    def places(self) -> Array:
        """Give the place of each point as (z, y, x, 3)."""
        if self.kind == "vtkStructuredGrid":
            points = self.grid.GetPoints()
            found = np.empty((0, _VECTOR)) if points is None else from_vtk(points.GetData())
        elif self.kind == "vtkImageData":
            found = self._image_places()
        else:
            found = np.stack(np.meshgrid(*self.axes()[::-1], indexing="ij")[::-1], -1)  # type: ignore[index]
        return found.reshape(*self.points, _VECTOR)

    def _image_places(self) -> Array:
        """Give the places of an image's points."""
        matrix, origin, e = self.grid.GetDirectionMatrix(), self.grid.GetOrigin(), self.extent
        i, j, k = (
            step * np.arange(e[2 * a], e[2 * a + 1] + 1, dtype="f8") for a, step in enumerate(self.grid.GetSpacing())
        )
        places = np.empty((*self.points, _VECTOR))
        for n in range(_VECTOR):
            x, y, z = (matrix.GetElement(n, axis) for axis in range(_VECTOR))
            places[..., n] = i * x + (j * y)[:, None] + (k * z)[:, None, None] + origin[n]
        return places

    def _upright(self) -> bool:
        matrix = self.grid.GetDirectionMatrix()
        return all(matrix.GetElement(i, j) == float(i == j) for i in range(3) for j in range(3))


def _named(data: Any) -> dict[str, Any]:
    found = {}
    for number in range(data.GetNumberOfArrays()):
        array = data.GetAbstractArray(number)
        found[array.GetName() or f"array_{number}"] = array
    return found


def check_count(array: Any, count: int, *, cells: bool) -> None:
    """Refuse an array that has not one tuple a point or cell, which VTK lets pass.

    Raises
    ------
    SeriesError
        It has fewer or more.
    """
    found, where = array.GetNumberOfTuples(), "cells" if cells else "points"
    if found != count:
        text = f"array {array.GetName()!r} has {found} tuples, where the grid has {count} {where}; give it one for each"
        raise SeriesError(text)


def readable(arrays: dict[str, Any]) -> dict[str, Any]:
    """Give the arrays of numbers and texts, and warn of others."""
    found = {name: array for name, array in arrays.items() if array.IsA("vtkDataArray") or array.IsA("vtkStringArray")}
    for name in arrays.keys() - found.keys():
        text = f"array {name!r} left out: it is a {arrays[name].GetClassName()}; only numbers and texts are taken"
        warnings.warn(text, VtkSeriesWarning, stacklevel=4)
    return found


def foreign(view: GridView) -> xr.Dataset:
    """Give what a grid of any origin holds, with the names that the engine gives to files.

    Points are on the dims ``z, y, x``, cells on ``z_cell, y_cell, x_cell``, components on ``component`` where there are
    three, else on ``component_<n>``.
    """
    variables: dict[str, xr.Variable] = {}
    coordinates = _coordinates(view)
    for cells in (False, True):
        for name, array in readable(view.arrays(cells=cells)).items():
            taken = {**variables, **coordinates}
            variables[free_name(name, "cell" if cells else "point", taken)] = variable_of(view, array, cells=cells)
    for name, array in readable(view.fields()).items():
        if name not in {"TimeValue", "time_units", "time_calendar", "vtkseries"}:
            variables[free_name(name, "field", {**variables, **coordinates})] = field_of(name, array)
    return xr.Dataset(variables, {**coordinates, **time_of(view)})


def variable_of(view: GridView, array: Any, *, cells: bool, dims: tuple[Any, ...] = _DIMS) -> xr.Variable:
    """Give an array as a variable on `dims`, those of z, y and x."""
    values = view.values(array, cells=cells)
    names = tuple(f"{dim}_cell" for dim in dims) if cells and dims == _DIMS else dims
    if values.shape[-1] == 1:
        return xr.Variable(names, values[..., 0], attrs_of(array))
    last = "component" if values.shape[-1] == _VECTOR else f"component_{values.shape[-1]}"
    return xr.Variable((*names, last), values, attrs_of(array))


def field_of(name: str, array: Any) -> xr.Variable:
    """Give an array of the field data, of numbers or texts, as a variable."""
    if array.IsA("vtkStringArray"):
        values = np.array([array.GetValue(n) for n in range(array.GetNumberOfValues())], dtype=object)
    else:
        values = from_vtk(array)
        values = values[:, 0] if values.shape[1] == 1 else values
    dims = (f"{name}_tuple", f"{name}_component")[: values.ndim]
    variable = xr.Variable(dims, values, attrs_of(array))
    return variable[0] if values.ndim == 1 and len(values) == 1 else variable


def attrs_of(array: Any) -> dict[str, Any]:
    """Give the units and the names of components that an array has."""
    attrs: dict[str, Any] = {}
    if array.IsA("vtkDataArray") and array.HasInformation():
        units = array.GetInformation().Get(array.UNITS_LABEL())
        attrs = {"units": units} if units else {}
    names = [array.GetComponentName(n) for n in range(array.GetNumberOfComponents())]
    return attrs | ({"component_names": [name or "" for name in names]} if any(names) else {})


def _coordinates(view: GridView) -> dict[str, xr.Variable]:
    axes = view.axes()
    if axes is None:
        places = view.places()
        return {name: xr.Variable(_DIMS, places[..., n], {"axis": name}) for n, name in enumerate("XYZ")}
    found = {}
    for name, nodes in zip("xyz", axes, strict=True):
        found[name] = xr.Variable(name, nodes, {"axis": name.upper()})
        if view.arrays(cells=True):
            middle = (nodes[1:] + nodes[:-1]) / 2 if len(nodes) > 1 else nodes
            edges = {"bounds": name} if len(nodes) > 1 else {}
            found[f"{name}_cell"] = xr.Variable(f"{name}_cell", middle, {"axis": name.upper(), **edges})
    return found


def time_of(view: View) -> dict[str, xr.Variable]:
    """Give the time of a step as a coordinate, where it is known."""
    stamp = view.fields().get("TimeValue")
    if stamp is None and view.grid.GetInformation().Has(view.grid.DATA_TIME_STEP()):
        # As readers and sources tell it to filters.
        return {"time": xr.Variable((), view.grid.GetInformation().Get(view.grid.DATA_TIME_STEP()))}
    if stamp is None or stamp.GetNumberOfValues() != 1:
        return {}
    texts = {"units": view.text("time_units"), "calendar": view.text("time_calendar")}
    attrs = {key: text for key, text in texts.items() if text}
    return {"time": xr.Variable((), from_vtk(stamp)[0, 0], attrs)}


def free_name(name: str, kind: str, taken: dict[str, Any]) -> str:
    """Give a name that is not taken."""
    candidates = (name, f"{name}_{kind}", *(f"{name}_{number}" for number in range(2, len(taken) + 3)))
    return next(candidate for candidate in candidates if candidate not in taken)
