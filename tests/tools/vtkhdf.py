"""VTK 9.7's reader of VTKHDF, step by step, in the form of the other readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkRectilinearGrid
from vtkmodules.vtkIOHDF import vtkHDFReader

from tools.readers import Grid, _arrays, _between, _fields, _nodes, vtk_complaints_fail

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_vtkhdf"]


def read_vtkhdf(path: Path) -> list[tuple[float, Grid]]:
    """Walk the steps of a ``.vtkhdf``: each time, and the grid at it."""
    with vtk_complaints_fail():
        reader = vtkHDFReader()
        reader.SetFileName(str(path))
        reader.UpdateInformation()
        found = []
        for step in range(max(1, reader.GetNumberOfSteps())):
            reader.SetStep(step)
            reader.Update()
            grid = reader.GetOutputDataObject(0)
            extent = tuple(grid.GetExtent())
            dims = tuple(extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in range(3))
            result = Grid(
                _arrays(grid.GetPointData(), _nodes(dims)),
                _arrays(grid.GetCellData(), _between(dims)),
                field=_fields(grid.GetFieldData()),
                extent=extent,
            )
            if isinstance(grid, vtkRectilinearGrid):
                result.axes = {
                    axis: vtk_to_numpy(getattr(grid, f"Get{axis.upper()}Coordinates")()).copy() for axis in "xyz"
                }
            elif isinstance(grid, vtkImageData):
                for number, axis in enumerate("xyz"):
                    low, high = extent[2 * number : 2 * number + 2]
                    places = range(low, high + 1)
                    first, spacing = grid.GetOrigin()[number], grid.GetSpacing()[number]
                    result.axes[axis] = _line(first, spacing, places)
            else:
                result.points = vtk_to_numpy(grid.GetPoints().GetData()).reshape(*_nodes(dims), 3).copy()
            time = result.field.get("TimeValue", [0.0])[0]
            found.append((float(time), result))
    return found


def _line(first: float, spacing: float, places: range) -> object:
    import numpy as np  # noqa: PLC0415 (beside its only use)

    return first + spacing * np.array(places)
