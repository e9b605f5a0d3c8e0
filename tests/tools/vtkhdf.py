"""VTK 9.7's reader of VTKHDF, step by step, in the form of the other readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkMultiBlockDataSet, vtkRectilinearGrid
from vtkmodules.vtkIOHDF import vtkHDFReader

from tools.readers import Grid, _arrays, _between, _fields, _nodes, vtk_complaints_fail

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_blocks", "read_vtkhdf"]


def read_vtkhdf(path: Path) -> list[tuple[float, Grid]]:
    """Walk the steps of a ``.vtkhdf`` of one grid: each time, and the grid at it."""
    found = []
    for time, blocks in read_blocks(path):
        assert list(blocks) == [""], f"{path} has the blocks {list(blocks)}"
        found.append((time, blocks[""]))
    return found


def read_blocks(path: Path) -> list[tuple[float, dict[str, Grid]]]:
    """Walk the steps of a ``.vtkhdf``: each time, and the grids at it by their names, ``""`` for a lone one."""
    with vtk_complaints_fail():
        reader = vtkHDFReader()
        reader.SetFileName(str(path))
        reader.UpdateInformation()
        found = []
        for step in range(max(1, reader.GetNumberOfSteps())):
            reader.SetStep(step)
            reader.Update()
            output = reader.GetOutputDataObject(0)
            blocks = {}
            if isinstance(output, vtkMultiBlockDataSet):
                for number in range(output.GetNumberOfBlocks()):
                    name = output.GetMetaData(number).Get(output.NAME())
                    blocks[name] = _grid(output.GetBlock(number))
            else:
                blocks[""] = _grid(output)
            time = next(iter(blocks.values())).field.get("TimeValue", [0.0])[0]
            found.append((float(time), blocks))
    return found


def _grid(grid: Any) -> Grid:
    extent = tuple(grid.GetExtent())
    dims = tuple(extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in range(3))
    result = Grid(
        _arrays(grid.GetPointData(), _nodes(dims)),
        _arrays(grid.GetCellData(), _between(dims)),
        field=_fields(grid.GetFieldData()),
        extent=extent,
    )
    if isinstance(grid, vtkRectilinearGrid):
        result.axes = {axis: vtk_to_numpy(getattr(grid, f"Get{axis.upper()}Coordinates")()).copy() for axis in "xyz"}
    elif isinstance(grid, vtkImageData):
        for number, axis in enumerate("xyz"):
            low, high = extent[2 * number : 2 * number + 2]
            places = range(low, high + 1)
            first, spacing = grid.GetOrigin()[number], grid.GetSpacing()[number]
            result.axes[axis] = _line(first, spacing, places)
    else:
        result.points = vtk_to_numpy(grid.GetPoints().GetData()).reshape(*_nodes(dims), 3).copy()
    return result


def _line(first: float, spacing: float, places: range) -> object:
    import numpy as np  # noqa: PLC0415 (beside its only use)

    return first + spacing * np.array(places)
