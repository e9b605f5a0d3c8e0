"""A sum of all arrays of a grid, the same whoever read it; runs in our Python and inside ParaView."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

__all__ = ["sum_of"]

try:
    from vtkmodules.util.numpy_support import vtk_to_numpy
except ImportError:  # a ParaView that has it elsewhere
    from paraview.vtk.util.numpy_support import vtk_to_numpy


def sum_of(grid: Any) -> int:
    """Give the CRC32 of the names and values of all point and cell arrays, in the names' order; 0 of no grid."""
    if grid is None:
        return 0
    found = {}
    for data in (grid.GetPointData(), grid.GetCellData()):
        for number in range(data.GetNumberOfArrays()):
            array = data.GetArray(number)
            found[array.GetName()] = np.ascontiguousarray(vtk_to_numpy(array)).tobytes()
    total = 0
    for name, values in sorted(found.items()):
        total = zlib.crc32(values, zlib.crc32(name.encode(), total))
    return total
