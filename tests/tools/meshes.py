"""Small files of points and cells, of VTK's writers and of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import vtk
import xarray as xr
from vtk.util.numpy_support import numpy_to_vtk

import vtkseries  # noqa: F401 (registers the accessor)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["mesh_files"]

Found = tuple[str, bytes, tuple[tuple[str, bytes], ...]]


def mesh_files(folder: Path) -> Iterator[Found]:
    """Give names, contents, and the files that each needs beside it."""
    for number, (name, content, _) in enumerate(_of_vtk(folder)):
        yield name, content, ()
        if number % 6 == 0:
            yield _parallel(name, content)
    for ds, verb in ((_drops(), "to_vtp"), (_faces(), "to_vtu")):
        path = getattr(ds.vtkseries, verb)(folder / f"{verb}.pvd")
        files = {step.name: step.read_bytes() for step in sorted(path.with_suffix("").iterdir())}
        yield path.name, path.read_bytes(), tuple((f"{verb}/{name}", content) for name, content in files.items())
        for own, content in files.items():
            others = tuple((f"{own}.d/{verb}/{name}", other) for name, other in files.items() if name != own)
            yield f"{own}.d/{verb}/{own}", content, (*others, (f"{own}.d/{path.name}", path.read_bytes()))
            yield f"m{own[own.rindex('.') :]}", content, ()


def _parallel(name: str, content: bytes) -> Found:
    """Put two files together, the second of which has other ends."""
    kind = {"vtp": "PPolyData", "vtu": "PUnstructuredGrid"}[name[-3:]]
    array = '<PDataArray type="Float64" Name="v" NumberOfComponents="2"/>'
    pieces = "".join(f'<Piece Source="p{number}/{name}"/>' for number in range(2))
    text = (
        f'<VTKFile type="{kind}" version="1.0" byte_order="LittleEndian" header_type="UInt32"><{kind} GhostLevel="1">'
        f"<PPointData>{array}</PPointData><PCellData>{array}</PCellData>"
        f'<PPoints><PDataArray type="Float32" Name="Points" NumberOfComponents="3"/></PPoints>'
        f"{pieces}</{kind}></VTKFile>"
    )
    return f"{name[0]}.p{name[-3:]}", text.encode(), tuple((f"p{number}/{name}", content) for number in range(2))


def _of_vtk(folder: Path) -> Iterator[Found]:
    places = vtk.vtkPoints()
    for number in range(6):
        places.InsertNextPoint(number, number % 2, 0)
    surface, grid = vtk.vtkPolyData(), vtk.vtkUnstructuredGrid()
    lines, polys = vtk.vtkCellArray(), vtk.vtkCellArray()
    lines.InsertNextCell(2, [0, 5])
    for cell in ([0, 1, 2], [1, 2, 3, 4]):
        polys.InsertNextCell(len(cell), cell)
        grid.InsertNextCell(5 if len(cell) == 3 else 9, len(cell), cell)
    surface.SetLines(lines)
    surface.SetPolys(polys)
    kinds = {"vtp": (surface, vtk.vtkXMLPolyDataWriter()), "vtu": (grid, vtk.vtkXMLUnstructuredGridWriter())}
    for suffix, (data, writer) in kinds.items():
        data.SetPoints(places)
        for fields, count in ((data.GetPointData(), 6), (data.GetCellData(), data.GetNumberOfCells())):
            array = numpy_to_vtk(np.arange(2.0 * count).reshape(count, 2), deep=True)
            array.SetName("v")
            fields.AddArray(array)
        for mode in ("Ascii", "Binary", "Appended"):
            for compressor in ("None", "ZLib"):
                path = folder / f"m.{suffix}"
                getattr(writer, f"SetDataModeTo{mode}")()
                getattr(writer, f"SetCompressorTypeTo{compressor}")()
                writer.SetInputData(data)
                writer.SetFileName(str(path))
                writer.Write()
                yield path.name, path.read_bytes(), ()


def _drops() -> xr.Dataset:
    x = np.array([[0.0, 1.0, np.nan], [2.0, 3.0, 4.0]])
    return xr.Dataset(
        {"m": (("time", "drop"), np.arange(6.0).reshape(2, 3)), "k": ("drop", np.arange(3, dtype="i2"))},
        {"time": [0.0, 1.0], "x": (("time", "drop"), x), "y": ("drop", np.arange(3.0))},
    )


def _faces() -> xr.Dataset:
    mesh = {"cf_role": "mesh_topology", "node_coordinates": "nx ny", "face_node_connectivity": "nodes"}
    return xr.Dataset(
        {
            "mesh": ((), 0, mesh),
            "nodes": (("face", "four"), [[0, 1, 2, -1], [1, 2, 3, 4]], {"_FillValue": -1}),
            "nx": ("node", np.arange(5.0)),
            "ny": ("node", np.arange(5.0) % 2),
            "t": (("time", "layer", "face"), np.arange(8.0).reshape(2, 2, 2)),
            "s": (("time", "node"), np.arange(10.0).reshape(2, 5)),
        },
        {"time": [0.0, 1.0], "layer": [0.5, 2.0]},
    )
