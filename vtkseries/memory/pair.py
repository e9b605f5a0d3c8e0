"""Data at points and data in cells that a Dataset has on dims of their own, on one grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vtkseries.memory.sharing import from_vtk

__all__ = ["joined", "same_places"]


def same_places(grid: Any, other: Any) -> bool:
    """Tell whether two grids have the very same points."""
    if grid.GetClassName() != other.GetClassName() or grid.GetExtent() != other.GetExtent():
        return False
    if grid.IsA("vtkImageData"):
        return bool(grid.GetOrigin() == other.GetOrigin() and grid.GetSpacing() == other.GetSpacing())
    return all(map(np.array_equal, _places(grid), _places(other)))


def _places(grid: Any) -> list[npt.NDArray[Any]]:
    if grid.IsA("vtkStructuredGrid"):
        return [from_vtk(grid.GetPoints().GetData())]
    return [from_vtk(getattr(grid, f"Get{axis}Coordinates")()) for axis in "XYZ"]


def joined(grid: Any, cells: Any) -> Any:
    """Give a grid the cell data of another one, whose arrays keep what is noted with them."""
    data, other = grid.GetCellData(), cells.GetCellData()
    for number in range(other.GetNumberOfArrays()):
        data.AddArray(other.GetAbstractArray(number))
    for role in ("Scalars", "Vectors", "Tensors"):
        active = getattr(other, f"Get{role}")()
        if active is not None:
            getattr(data, f"SetActive{role}")(active.GetName())
    return grid
