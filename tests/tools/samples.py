"""Small files to try the tools on: VTK's own in every encoding, and one that vtkseries' layout makes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import (
    VTK_HEXAHEDRON,
    VTK_WEDGE,
    vtkCellArray,
    vtkImageData,
    vtkPolyData,
    vtkRectilinearGrid,
    vtkStructuredGrid,
    vtkUnstructuredGrid,
)
from vtkmodules.vtkIOXML import (
    vtkXMLImageDataWriter,
    vtkXMLPolyDataWriter,
    vtkXMLRectilinearGridWriter,
    vtkXMLStructuredGridWriter,
    vtkXMLUnstructuredGridWriter,
)

from vtkseries.xmlformat.layout import FOOTER, DataArray, Document, Piece, Section, place, render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["AXES", "FIELDS", "changed", "document", "vtk_file", "write", "write_series"]

AXES = {"x": np.array([0.0, 1.0, 2.5]), "y": np.array([-1.0, 3.0]), "z": np.array([1.0, 2.0, 4.0, 8.0])}
FIELDS: dict[str, npt.NDArray[Any]] = {
    "a": np.arange(24, dtype="f4").reshape(4, 2, 3) * 1.5,
    "wind": np.arange(72, dtype="f8").reshape(4, 2, 3, 3) - 20,
    "c": np.arange(6, dtype="i2").reshape(3, 1, 2),
}


def document(time: float = 0.5) -> tuple[Document, list[npt.NDArray[Any]]]:
    """Give a rectilinear file's description, with offsets, and its arrays in the order they are stored."""
    a, wind, c = FIELDS.values()

    def described(name: str, values: npt.NDArray[Any], components: int = 1) -> DataArray:
        kind = {"f4": "Float32", "f8": "Float64", "i2": "Int16"}[values.dtype.str[1:]]
        return DataArray(name, kind, components, nbytes=values.nbytes)

    stamp = DataArray("TimeValue", "Float64", tuples=1, text=repr(time), encoding="ascii")
    label = DataArray("date", "String", tuples=1, text="50 48 0", encoding="ascii")
    point = Section("PointData", (described("a", a), described("wind", wind, 3)))
    sections = (
        point,
        Section("CellData", (described("c", c),)),
        Section("Coordinates", tuple(described(name, values) for name, values in AXES.items())),
    )
    piece = Piece((("Extent", "0 2 0 1 0 3"),), sections)
    whole = Document("RectilinearGrid", (("WholeExtent", "0 2 0 1 0 3"),), (piece,), (stamp, label))
    return place(whole)[0], [*AXES.values(), a, wind, c]


def write(path: Path, described: Document, arrays: list[npt.NDArray[Any]]) -> Path:
    """Write a described file whole; its arrays in the order of their offsets."""
    content = bytearray(render(described))
    origin = len(content)
    stored = sorted(
        (array.offset for piece in described.pieces for section in piece.sections for array in section.arrays),
        key=lambda offset: offset or 0,
    )
    for offset, values in zip(stored, arrays, strict=True):
        assert offset is not None
        content += bytes(max(0, origin + offset - len(content)))
        content[origin + offset :] = values.nbytes.to_bytes(8, "little") + values.tobytes()
    path.write_bytes(bytes(content) + FOOTER)
    return path


def write_series(path: Path, times: tuple[float, ...] = (0.5, 1.25, 7.0)) -> Path:
    """Write a ``.pvd`` with one file a time; values grow by 100 from step to step."""
    folder = path.with_suffix("")
    folder.mkdir()
    entries = []
    for step, time in enumerate(times):
        described, arrays = document(time)
        grown = [*arrays[:3], *(values + values.dtype.type(100 * step) for values in arrays[3:])]
        file = write(folder / f"{folder.name}_{step:06d}.vtr", described, grown)
        entries.append(f'<DataSet timestep="{time!r}" group="" part="0" file="{folder.name}/{file.name}"/>\n')
    path.write_text(
        '<?xml version="1.0"?>\n<VTKFile type="Collection" version="1.0" byte_order="LittleEndian">\n<Collection>\n'
        + "".join(entries)
        + "</Collection>\n</VTKFile>\n"
    )
    return path


def changed(described: Document, change: Callable[[DataArray], DataArray]) -> Document:
    """Give the description with every appended array changed."""
    pieces = tuple(
        replace(
            piece,
            sections=tuple(replace(s, arrays=tuple(map(change, s.arrays))) for s in piece.sections),
        )
        for piece in described.pieces
    )
    return replace(described, pieces=pieces)


def vtk_file(path: Path, mode: str = "appended", compressor: str | None = None) -> Path:
    """Have VTK's own writer make a file of the kind that the suffix names, with `FIELDS` where they fit."""
    make, writer_class = {
        ".vtr": (_rectilinear, vtkXMLRectilinearGridWriter),
        ".vti": (_image, vtkXMLImageDataWriter),
        ".vts": (_structured, vtkXMLStructuredGridWriter),
        ".vtp": (_poly, vtkXMLPolyDataWriter),
        ".vtu": (_unstructured, vtkXMLUnstructuredGridWriter),
    }[path.suffix]
    grid = make()
    for name, field in FIELDS.items():
        flat = field.reshape(-1, 3) if name == "wind" else field.ravel()
        place_in = grid.GetCellData() if name == "c" else grid.GetPointData()
        count = grid.GetNumberOfCells() if name == "c" else grid.GetNumberOfPoints()
        array = numpy_to_vtk(flat[:count], deep=True)
        array.SetName(name)
        place_in.AddArray(array)
    stamp = numpy_to_vtk(np.array([0.5]), deep=True)
    stamp.SetName("TimeValue")
    grid.GetFieldData().AddArray(stamp)
    writer = writer_class()
    writer.SetInputData(grid)
    writer.SetFileName(str(path))
    writer.SetHeaderTypeToUInt64()
    writer.EncodeAppendedDataOn() if mode == "base64" else writer.EncodeAppendedDataOff()
    {"ascii": writer.SetDataModeToAscii, "binary": writer.SetDataModeToBinary}.get(mode, writer.SetDataModeToAppended)()
    writer.SetCompressorType({None: 0, "zlib": 1, "lz4": 2, "lzma": 3}[compressor])
    writer.SetBlockSize(64)
    assert writer.Write() == 1
    return path


def _points() -> vtkPoints:
    z, y, x = np.meshgrid(AXES["z"], AXES["y"], AXES["x"], indexing="ij")
    points = vtkPoints()
    points.SetData(numpy_to_vtk(np.stack([x, y, z], -1).reshape(-1, 3), deep=True))
    return points


def _rectilinear() -> Any:
    grid = vtkRectilinearGrid()
    grid.SetDimensions(3, 2, 4)
    for name, values in AXES.items():
        array = numpy_to_vtk(values, deep=True)
        array.SetName(name)
        getattr(grid, f"Set{name.upper()}Coordinates")(array)
    return grid


def _image() -> Any:
    grid = vtkImageData()
    grid.SetDimensions(3, 2, 4)
    grid.SetSpacing(0.5, 1.5, 2.0)
    grid.SetOrigin(1.0, -2.0, 3.0)
    return grid


def _structured() -> Any:
    grid = vtkStructuredGrid()
    grid.SetDimensions(3, 2, 4)
    grid.SetPoints(_points())
    return grid


def _poly() -> Any:
    grid = vtkPolyData()
    grid.SetPoints(_points())
    lines = vtkCellArray()
    for start in (0, 3, 6):
        lines.InsertNextCell(3, [start, start + 1, start + 2])
    grid.SetLines(lines)
    return grid


def _unstructured() -> Any:
    grid = vtkUnstructuredGrid()
    grid.SetPoints(_points())
    grid.InsertNextCell(VTK_HEXAHEDRON, 8, [0, 1, 4, 3, 6, 7, 10, 9])
    grid.InsertNextCell(VTK_WEDGE, 6, [1, 2, 4, 7, 8, 10])
    return grid
