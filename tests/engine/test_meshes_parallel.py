"""``.pvtu`` and ``.pvtp`` of VTK's own parallel writers are one mesh, without ghosts; hostile ones are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vtk
import xarray as xr
from test_hostile import refused
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.util.vtkAlgorithm import VTKPythonAlgorithmBase

WRITERS = {".pvtu": vtk.vtkXMLPUnstructuredGridWriter, ".pvtp": vtk.vtkXMLPPolyDataWriter}
READERS = {".pvtu": vtk.vtkXMLPUnstructuredGridReader, ".pvtp": vtk.vtkXMLPPolyDataReader}


def surface(nx: int = 7, ny: int = 4, shift: float = 0.0) -> Any:
    """Triangles and quads, with data that differ at every point and cell."""
    points, polys = vtk.vtkPoints(), vtk.vtkCellArray()
    for j in range(ny):
        for i in range(nx):
            points.InsertNextPoint(i + 0.1 * j, j, shift + 0.01 * i * j)
    for j in range(ny - 1):
        for i in range(nx - 1):
            a = j * nx + i
            for cell in (
                ([a, a + 1, a + nx + 1, a + nx],) if (i + j) % 2 else ([a, a + 1, a + nx], [a + 1, a + nx + 1, a + nx])
            ):
                polys.InsertNextCell(len(cell), cell)
    data = vtk.vtkPolyData()
    data.SetPoints(points)
    data.SetPolys(polys)
    for fields, count in ((data.GetPointData(), nx * ny), (data.GetCellData(), polys.GetNumberOfCells())):
        for name, values in (("s", np.arange(count) + shift), ("v", np.arange(3.0 * count).reshape(count, 3))):
            array = numpy_to_vtk(values, deep=True)
            array.SetName(name)
            fields.AddArray(array)
    return data


class Cut(VTKPythonAlgorithmBase):  # type: ignore[misc]  # of vtk
    """Gives one piece after the other, as a parallel pipeline does."""

    def __init__(self, parts: list[Any]) -> None:
        super().__init__(nInputPorts=0, outputType=parts[0].GetClassName())
        self.parts = parts

    def RequestInformation(self, _request: Any, _inputs: Any, outputs: Any) -> int:  # noqa: N802  # VTK's name
        outputs.GetInformationObject(0).Set(vtk.vtkAlgorithm.CAN_HANDLE_PIECE_REQUEST(), 1)
        return 1

    def RequestData(self, _request: Any, _inputs: Any, outputs: Any) -> int:  # noqa: N802  # as above
        info = outputs.GetInformationObject(0)
        number = info.Get(vtk.vtkStreamingDemandDrivenPipeline.UPDATE_PIECE_NUMBER())
        info.Get(vtk.vtkDataObject.DATA_OBJECT()).ShallowCopy(self.parts[number])
        return 1


def write(path: Path, pieces: int, ghosts: int, shift: float = 0.0) -> Path:
    """Cut the surface, perhaps with ghosts, and have VTK write it piece by piece."""
    parts = split(as_grid(surface(shift=shift)), pieces, ghosts)
    source = Cut(parts if path.suffix == ".pvtu" else [as_surface(part) for part in parts])
    path.parent.mkdir(exist_ok=True, parents=True)
    writer = WRITERS[path.suffix]()
    writer.SetFileName(str(path))
    writer.SetNumberOfPieces(pieces)
    writer.SetStartPiece(0)
    writer.SetEndPiece(pieces - 1)
    writer.SetGhostLevel(ghosts)
    writer.SetInputConnection(source.GetOutputPort())
    writer.Write()
    return path


def as_grid(data: Any) -> Any:
    append = vtk.vtkAppendFilter()
    append.SetInputData(data)
    append.Update()
    return append.GetOutput()


def as_surface(grid: Any) -> Any:
    found = vtk.vtkPolyData()
    found.SetPoints(grid.GetPoints())
    found.SetPolys(grid.GetCells())
    found.GetPointData().ShallowCopy(grid.GetPointData())
    found.GetCellData().ShallowCopy(grid.GetCellData())
    return found


def split(grid: Any, pieces: int, ghosts: int) -> list[Any]:
    """Give pieces of neighbouring cells, each with the cells that touch it as ghosts."""
    count = grid.GetNumberOfCells()
    nodes = [{grid.GetCell(c).GetPointId(k) for k in range(grid.GetCell(c).GetNumberOfPoints())} for c in range(count)]
    owner = np.arange(count) * pieces // count
    found, taken = [], set[int]()
    for number in range(pieces):
        own = np.flatnonzero(owner == number).tolist()
        inner = set().union(*(nodes[c] for c in own))
        copies = [c for c in range(count) if owner[c] != number and nodes[c] & inner] if ghosts else []
        ids = vtk.vtkIdList()
        for cell in [*own, *copies]:
            ids.InsertNextId(cell)
        extract = vtk.vtkExtractCells()
        extract.SetInputData(grid)
        extract.SetCellList(ids)
        extract.Update()
        part = vtk.vtkUnstructuredGrid()
        part.DeepCopy(extract.GetOutput())
        part.GetPointData().RemoveArray("vtkOriginalPointIds")
        part.GetCellData().RemoveArray("vtkOriginalCellIds")
        if ghosts:
            order = vtk_to_numpy(part.GetCellData().GetArray("s")) - vtk_to_numpy(grid.GetCellData().GetArray("s"))[0]
            is_copy = owner[np.round(order).astype(int)] != number
            places = np.round(
                vtk_to_numpy(part.GetPointData().GetArray("s")) - vtk_to_numpy(grid.GetPointData().GetArray("s"))[0]
            ).astype(int)
            twice = np.array([p in taken or p not in inner for p in places])
            taken |= inner
            for fields, flags in ((part.GetCellData(), is_copy), (part.GetPointData(), twice)):
                array = numpy_to_vtk(flags.astype("u1"), deep=True)
                array.SetName("vtkGhostType")
                fields.AddArray(array)
        found.append(part)
    return found


def vtk_sees(path: Path) -> Any:
    reader = READERS[path.suffix]()
    reader.SetFileName(str(path))
    reader.Update()
    return reader.GetOutput()


@pytest.mark.parametrize("suffix", [".pvtu", ".pvtp"])
@pytest.mark.parametrize("ghosts", [0, 1])
def test_pieces_are_one_mesh(tmp_path: Path, suffix: str, ghosts: int) -> None:
    path = write(tmp_path / f"run{suffix}", 3, ghosts)
    whole = surface()
    with xr.open_dataset(path, engine="vtkseries") as ds:
        ds.load()
    # Each cell of the whole once, wherever its points' copies are.
    assert ds.sizes["cell"] == whole.GetNumberOfCells()
    name = next(str(n) for n in ds.data_vars if str(n).startswith("s_"))
    by = np.argsort(ds[name].values)
    np.testing.assert_array_equal(ds[name].values[by], np.arange(ds.sizes["cell"]))
    np.testing.assert_array_equal(
        ds[name.replace("s_", "v_")].values[by], vtk_to_numpy(whole.GetCellData().GetArray("v"))
    )
    ends, nodes = ds["offsets"].values, ds["connectivity"].values
    starts = np.r_[0, ends[:-1]]
    places = np.stack([ds[axis].values for axis in "xyz"], -1)
    expected = vtk_to_numpy(whole.GetPoints().GetData())
    np.testing.assert_array_equal(places, expected[ds["s"].values.astype(int)])
    np.testing.assert_array_equal(
        ds["v"].values, vtk_to_numpy(whole.GetPointData().GetArray("v"))[ds["s"].values.astype(int)]
    )
    for new, old in enumerate(by):
        cell = whole.GetCell(new)
        corners = [cell.GetPointId(k) for k in range(cell.GetNumberOfPoints())]
        assert ds["s"].values[nodes[starts[old] : ends[old]]].tolist() == corners
        assert ds["types"].values[old] == cell.GetCellType()
    if not ghosts:
        seen = vtk_sees(path)
        np.testing.assert_array_equal(places, vtk_to_numpy(seen.GetPoints().GetData()))
        np.testing.assert_array_equal(ds["s"].values, vtk_to_numpy(seen.GetPointData().GetArray("s")))
    else:
        assert ds.sizes["point"] < vtk_sees(path).GetNumberOfPoints()
    again = ds.vtk.to_vtu(tmp_path / "again.vtu", variables=["s", name])
    with xr.open_dataset(again, engine="vtkseries") as back:
        np.testing.assert_array_equal(back[name], ds[name])


@pytest.mark.parametrize("suffix", [".pvtu", ".pvtp"])
@pytest.mark.parametrize("pieces", [(2, 2), (2, 3)])
def test_pieces_of_steps_are_a_series(tmp_path: Path, suffix: str, pieces: tuple[int, int]) -> None:
    files = [write(tmp_path / "run" / f"step_{n}{suffix}", count, 0, 100.0 * n) for n, count in enumerate(pieces)]
    path = tmp_path / "run.pvd"
    entries = (f'<DataSet timestep="{n}" part="0" file="run/{file.name}"/>' for n, file in enumerate(files))
    path.write_text(f'<VTKFile type="Collection"><Collection>{"".join(entries)}</Collection></VTKFile>')
    seen = [vtk_sees(file) for file in files]
    with xr.open_dataset(path, engine="vtkseries", chunks={}) as ds:
        found = ds["s"].values
        ragged = len({grid.GetNumberOfPoints() for grid in seen}) > 1
        expected = [vtk_to_numpy(grid.GetPointData().GetArray("s")) for grid in seen]
        np.testing.assert_array_equal(found, np.concatenate(expected) if ragged else np.stack(expected))
        if not ragged:
            z = np.stack([vtk_to_numpy(grid.GetPoints().GetData())[:, 2] for grid in seen])
            np.testing.assert_array_equal(ds["z"].values, z)
            np.testing.assert_array_equal(
                ds["v"].isel(time=1, point=slice(3, None, 2), component=1),
                vtk_to_numpy(seen[1].GetPointData().GetArray("v"))[3::2, 1],
            )


@pytest.mark.unchecked(reason="the files are hostile on purpose")
@pytest.mark.parametrize("suffix", [".pvtu", ".pvtp"])
def test_what_a_parallel_file_claims_is_held_against_its_pieces(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"run{suffix}", 2, 1)
    text = path.read_text()
    first, second = sorted(p for p in tmp_path.rglob(f"*{suffix.replace('p', '', 1)}"))
    inside = str(first.relative_to(tmp_path)), str(second.relative_to(tmp_path))
    for old, new, reason in (
        (inside[1], inside[0], "two of its pieces are"),
        (inside[0], "../" + inside[0], "outside its own directory"),
        (inside[0], "/etc/passwd", "names the file"),
        (inside[0], path.name, "its piece"),
        (f'Source="{inside[0]}"', "", "piece 0 names no file"),
        ('Name="s"', 'Name="gone"', "no array 'gone'|has no"),
        ('NumberOfComponents="3"', 'NumberOfComponents="9"', "its Points are not|components"),
    ):
        assert old in text, old
        path.write_text(text.replace(old, new))
        refused(path, reason)
    path.write_text(text)
    piece = second.read_bytes()
    wrong = {b"vtkGhostType": b"vtkGhostTypf", b"</VTKFile>": b""}
    for (was, now), reason in zip(
        wrong.items(), ("no array 'vtkGhostType'|has no", "cut short|well-formed"), strict=True
    ):
        second.write_bytes(piece.replace(was, now))
        refused(path, reason)
    second.unlink()
    with pytest.raises(FileNotFoundError):
        xr.open_dataset(path, engine="vtkseries").load()
