"""Readers that we did not write, all giving one form: arrays by name as [z, y, x] or [z, y, x, component].

VTK and pyvista share VTK's C++; vtkio shares no code with it. Whatever VTK reports, on whatever channel, is a failure.
"""

from __future__ import annotations

import dataclasses
import struct
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pyvista
import vtkio.reader.xml
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkOutputWindow, vtkStringOutputWindow
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkRectilinearGrid
from vtkmodules.vtkIOXML import (
    vtkXMLImageDataReader,
    vtkXMLPImageDataReader,
    vtkXMLPRectilinearGridReader,
    vtkXMLPStructuredGridReader,
    vtkXMLRectilinearGridReader,
    vtkXMLStructuredGridReader,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["READERS", "Grid", "read_pvd", "read_pyvista", "read_vtk", "read_vtkio", "vtk_complaints_fail"]

Array = Any  # an ndarray of any dtype: mypy needs no more of values that tests compare


@dataclasses.dataclass
class Grid:
    """What a reader saw.

    Attributes
    ----------
    point, cell : dict of ndarray
        Of shape (z, y, x), or (z, y, x, components).
    axes : dict of ndarray
        ``x``, ``y`` and ``z`` of a rectilinear grid or image; empty for other grids.
    points : ndarray or None
        Of shape (z, y, x, 3), where there are no axes.
    field : dict
        Arrays; a single string as str. vtkio reads none.
    components : dict
        Names of components, for arrays that have them.
    """

    point: dict[str, Array]
    cell: dict[str, Array]
    axes: dict[str, Array] = dataclasses.field(default_factory=dict)
    points: Array = None
    field: dict[str, Any] = dataclasses.field(default_factory=dict)
    components: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    extent: tuple[int, ...] = ()


@contextmanager
def vtk_complaints_fail() -> Iterator[None]:
    """Turn whatever VTK prints, error or warning, into an AssertionError."""
    before = vtkOutputWindow.GetInstance()
    window = vtkStringOutputWindow()
    vtkOutputWindow.SetInstance(window)
    try:
        yield
    finally:
        vtkOutputWindow.SetInstance(before)
    said = window.GetOutput()
    assert not said, f"VTK complains: {said}"


def read_vtk(path: Path) -> Grid:
    """Read a structured file, in one piece or several, with VTK's own reader."""
    reader = {
        ".vtr": vtkXMLRectilinearGridReader,
        ".vti": vtkXMLImageDataReader,
        ".vts": vtkXMLStructuredGridReader,
        ".pvtr": vtkXMLPRectilinearGridReader,
        ".pvti": vtkXMLPImageDataReader,
        ".pvts": vtkXMLPStructuredGridReader,
    }[path.suffix]()
    with vtk_complaints_fail():
        reader.SetFileName(str(path))
        reader.Update()
    grid = reader.GetOutput()
    extent = grid.GetExtent()
    dims = tuple(extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in range(3))
    result = Grid(
        _arrays(grid.GetPointData(), _nodes(dims)),
        _arrays(grid.GetCellData(), _between(dims)),
        field=_fields(grid.GetFieldData()),
        extent=tuple(extent),
    )
    for data in (grid.GetPointData(), grid.GetCellData()):
        for number in range(data.GetNumberOfArrays()):
            array = data.GetArray(number)
            if array.HasAComponentName():
                names = map(array.GetComponentName, range(array.GetNumberOfComponents()))
                result.components[array.GetName()] = tuple(str(name) for name in names)
    if isinstance(grid, vtkRectilinearGrid):
        result.axes = {axis: _copy(getattr(grid, f"Get{axis.upper()}Coordinates")()) for axis in "xyz"}
    elif isinstance(grid, vtkImageData):
        low, starts, steps = extent[::2], grid.GetOrigin(), grid.GetSpacing()
        for number, axis in enumerate("xyz"):
            result.axes[axis] = starts[number] + steps[number] * (low[number] + np.arange(dims[number]))
    else:
        result.points = _copy(grid.GetPoints().GetData()).reshape(*_nodes(dims), 3)
    return result


def read_pyvista(path: Path) -> Grid:
    """Read a structured file through pyvista's interface."""
    with vtk_complaints_fail():
        return _from_pyvista(pyvista.read(path))


def read_pvd(path: Path) -> list[tuple[float, dict[str, Grid]]]:
    """Walk a collection's time steps with pyvista: each time, and its parts by their names."""
    with vtk_complaints_fail():
        reader = pyvista.PVDReader(path)
        steps = []
        for number, time in enumerate(reader.time_values):
            reader.set_active_time_point(number)
            blocks = reader.read()
            parts = [entry.part for entry in reader.active_datasets]
            grids = {str(part): _from_pyvista(block) for part, block in zip(parts, blocks, strict=True)}
            steps.append((float(time), grids))
    return steps


def read_vtkio(path: Path) -> Grid:
    """Read a file of one piece with vtkio."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its text parsing uses what NumPy is about to drop
        reader = _VtkIO(path)
        if reader.file_type == "ImageData":
            reader._vtk_xml_file["ImageData"].setdefault("@Direction", "1 0 0 0 1 0 0 0 1")
        grid = reader.parse()
    described = reader._vtk_xml_file[reader.file_type]
    extent = tuple(map(int, described["@WholeExtent"].split()))
    dims = tuple(extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in range(3))
    result = Grid(
        {name: _shaped(values, _nodes(dims)) for name, values in (grid.point_data or {}).items()},
        {name: _shaped(values, _between(dims)) for name, values in (grid.cell_data or {}).items()},
        extent=extent,
    )
    if reader.file_type == "RectilinearGrid":
        result.axes = {axis: getattr(grid.coordinates, axis) for axis in "xyz"}
    elif reader.file_type == "ImageData":
        starts, steps = (np.array(described[name].split(), float) for name in ("@Origin", "@Spacing"))
        for number, axis in enumerate("xyz"):
            result.axes[axis] = starts[number] + steps[number] * (extent[2 * number] + np.arange(dims[number]))
    else:
        result.points = grid.points.reshape(*_nodes(dims), 3)
    return result


READERS: dict[str, Callable[[Path], Grid]] = {"vtk": read_vtk, "pyvista": read_pyvista, "vtkio": read_vtkio}
"""Every reader of one file."""


class _VtkIO(vtkio.reader.xml.Reader):  # type: ignore[misc] # vtkio has no types
    """vtkio takes raw arrays one after the other, whatever their offsets: look them up where the file says."""

    def parse_xml_structure(self) -> None:
        with suppress(struct.error):
            super().parse_xml_structure()
        if self.binary_data_encoding != "raw":
            return
        offsets = vtkio.reader.xml.get_recursively(self._vtk_xml_file[self.file_type]["Piece"], "@offset")
        self.data_format = "appended"
        self.appended_data_arrays = {offset: self._stored(int(offset)) for offset in offsets}

    def _stored(self, offset: int) -> bytes:
        content: bytes = self.appended_data_bstr[offset:]
        if self._compressor:
            return content
        code, width = self.byte_count_format
        return content[: width + struct.unpack_from(code, content)[0]]


def _from_pyvista(grid: Any) -> Grid:
    dims = grid.dimensions
    result = Grid(
        {name: _shaped(np.array(grid.point_data[name]), _nodes(dims)) for name in grid.point_data},
        {name: _shaped(np.array(grid.cell_data[name]), _between(dims)) for name in grid.cell_data},
        field={name: _unpacked(grid.field_data[name]) for name in grid.field_data},
        extent=tuple(grid.GetExtent()),
    )
    if isinstance(grid, pyvista.StructuredGrid):
        result.points = np.array(grid.points).reshape(*_nodes(dims), 3)
    elif isinstance(grid, pyvista.RectilinearGrid):
        result.axes = {"x": np.array(grid.x), "y": np.array(grid.y), "z": np.array(grid.z)}
    else:
        for number, axis in enumerate("xyz"):
            first = grid.GetExtent()[2 * number]
            result.axes[axis] = grid.origin[number] + grid.spacing[number] * (first + np.arange(dims[number]))
    return result


def _nodes(dims: tuple[int, ...]) -> tuple[int, ...]:
    return dims[::-1]


def _between(dims: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(max(n - 1, 1) for n in dims[::-1])


def _shaped(values: npt.NDArray[Any], shape: tuple[int, ...]) -> Array:
    return values.reshape(*shape, *values.shape[1:])


def _copy(array: Any) -> Array:
    return vtk_to_numpy(array).copy()


def _arrays(data: Any, shape: tuple[int, ...]) -> dict[str, Array]:
    arrays = map(data.GetArray, range(data.GetNumberOfArrays()))
    return {array.GetName(): _shaped(_copy(array), shape) for array in arrays}


def _fields(data: Any) -> dict[str, Any]:
    found = {}
    for number in range(data.GetNumberOfArrays()):
        array = data.GetAbstractArray(number)
        if array.IsA("vtkStringArray"):
            found[array.GetName()] = _unpacked([array.GetValue(i) for i in range(array.GetNumberOfValues())])
        else:
            found[array.GetName()] = _copy(array)
    return found


def _unpacked(values: Any) -> Any:
    """Give one string as it is, and anything else as an array."""
    if isinstance(values, str):
        return values
    if len(values) == 1 and isinstance(values[0], str):
        return str(values[0])
    return np.array(values)
