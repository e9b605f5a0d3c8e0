"""Points and cells as a VTK object in memory, on the memory of the arrays where it has VTK's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vtkseries.memory.attach import attach, keep
from vtkseries.memory.sharing import FLAT, note, to_vtk

if TYPE_CHECKING:
    from vtkseries.storage.tiles import Values
    from vtkseries.xmlformat.layout import Document

__all__ = ["joined", "point_set"]

Array = npt.NDArray[Any]


def point_set(document: Document, values: Sequence[Values], kept: Mapping[str, Array], *, copy: bool = False) -> Any:
    """Give a vtkPolyData or vtkUnstructuredGrid.

    Parameters
    ----------
    document : Document
        Of the file that would hold the same.
    values : sequence of Values
        Of its arrays, in order.
    kept : mapping
        What a file has beside it for reading back: further field data.
    copy : bool
        Share no memory with the values.
    """
    from vtkmodules import vtkCommonDataModel  # noqa: PLC0415  # VTK is optional
    from vtkmodules.vtkCommonCore import vtkPoints  # noqa: PLC0415

    grid = getattr(vtkCommonDataModel, f"vtk{document.type}")()
    data, geometry, sources = list[Array](), dict[str, list[Array]](), iter(values)
    for section in document.pieces[0].sections:
        arrays = [joined(next(sources)) for _ in section.arrays]
        if section.tag in ("PointData", "CellData"):
            data += arrays
        else:
            geometry[section.tag] = arrays
    told = attach(grid, document, data, document.field_data, copy=copy)
    keep(grid, kept, copy=copy)
    (places,) = geometry.pop("Points")
    points = vtkPoints()
    points.SetData(to_vtk("Points", places, copy=copy))
    note(points.GetData(), told if places[:, 2].any() else FLAT + told)
    grid.SetPoints(points)
    for tag, (connectivity, offsets, *types) in geometry.items():
        cells = _cells(connectivity, offsets, told, copy=copy)
        if types:
            grid.SetCells(to_vtk("types", types[0], copy=copy), cells)
        else:
            getattr(grid, f"Set{tag}")(cells)
    return grid


def _cells(connectivity: Array, offsets: Array, told: str, *, copy: bool) -> Any:
    from vtkmodules.vtkCommonDataModel import vtkCellArray  # noqa: PLC0415  # VTK is optional

    starts = np.concatenate([np.zeros((1, 1), "i8"), offsets.astype("i8", copy=False)])
    cells = vtkCellArray()
    cells.SetData(to_vtk("offsets", starts, ids=True), to_vtk("connectivity", connectivity, copy=copy, ids=True))
    note(cells.GetConnectivityArray(), told)
    return cells


def joined(source: Values) -> Array:
    """Give values as (tuples, components): on their own memory where they lie there one tuple after the other."""
    dtype = source.dtype.newbyteorder("=")
    parts = [np.asarray(component).reshape(-1) for component in source.components]
    parts = [part.view(np.uint8) if part.dtype == np.bool_ else part for part in parts]
    found = _together(parts, dtype)
    if found is None:
        found = np.empty((parts[0].size, len(parts)), dtype)
        for number, part in enumerate(parts):
            np.copyto(found[:, number], part, casting="same_kind")
    return found


def _together(parts: Sequence[Array], dtype: np.dtype[Any]) -> Array | None:
    """Give components that are the columns of one array as that array; None where they are not."""
    first, count = parts[0], len(parts)
    if not first.flags.aligned or not first.flags.writeable or first.strides != (count * dtype.itemsize,):
        return None
    start, owner = first.__array_interface__["data"][0], _owner(first)
    for number, part in enumerate(parts):
        beside = part.__array_interface__["data"][0] == start + number * dtype.itemsize
        if not beside or part.dtype != dtype or part.strides != first.strides or _owner(part) is not owner:
            return None
    return np.lib.stride_tricks.as_strided(first, (first.size, count), (*first.strides, dtype.itemsize))


def _owner(array: Any) -> Any:
    """Give what has the memory of a view."""
    while isinstance(array, np.ndarray) and array.base is not None:
        array = array.base
    return array
