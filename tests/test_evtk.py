"""The same calls on PyEVTK and on vtkseries.evtk give files from which VTK reads the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyevtk.hl
import pyevtk.vtk
import pytest
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from vtkseries import SeriesError, evtk

if TYPE_CHECKING:
    from collections.abc import Iterator

READERS = {
    ".vti": vtk.vtkXMLImageDataReader,
    ".vtr": vtk.vtkXMLRectilinearGridReader,
    ".vts": vtk.vtkXMLStructuredGridReader,
    ".vtu": vtk.vtkXMLUnstructuredGridReader,
    ".pvtr": vtk.vtkXMLPRectilinearGridReader,
    ".pvts": vtk.vtkXMLPStructuredGridReader,
}


def read(path: str | Path) -> Any:
    reader = READERS[Path(path).suffix]()
    log = vtk.vtkStringOutputWindow()
    vtk.vtkOutputWindow.SetInstance(log)
    reader.SetFileName(str(path))
    reader.Update()
    vtk.vtkOutputWindow.SetInstance(None)
    assert log.GetOutput() == ""
    return reader.GetOutput()


def arrays(attributes: Any) -> dict[str, Any]:
    found = {}
    for number in range(attributes.GetNumberOfArrays()):
        array = attributes.GetAbstractArray(number)
        if isinstance(array, vtk.vtkStringArray):
            found[array.GetName()] = [array.GetValue(n) for n in range(array.GetNumberOfValues())]
        else:
            found[array.GetName()] = vtk_to_numpy(array).copy()
    return found


def geometry(grid: Any) -> dict[str, Any]:
    """Everything that makes the grid, as arrays."""
    found: dict[str, Any] = {"class": grid.GetClassName()}
    points = np.array([grid.GetPoint(n) for n in range(grid.GetNumberOfPoints())])
    found["points"] = points
    if hasattr(grid, "GetExtent"):
        found["extent"] = grid.GetExtent()
    if hasattr(grid, "GetSpacing"):
        found["spacing"], found["origin"] = grid.GetSpacing(), grid.GetOrigin()
    if hasattr(grid, "GetPoints") and grid.GetPoints() is not None and not hasattr(grid, "GetSpacing"):
        found["dtype"] = grid.GetPoints().GetDataType()
    if hasattr(grid, "GetXCoordinates"):
        found["x"] = vtk_to_numpy(grid.GetXCoordinates()).dtype
    if isinstance(grid, vtk.vtkUnstructuredGrid):
        cells = grid.GetCells()
        found["connectivity"] = vtk_to_numpy(cells.GetConnectivityArray())
        found["offsets"] = vtk_to_numpy(cells.GetOffsetsArray())
        found["types"] = [grid.GetCellType(n) for n in range(grid.GetNumberOfCells())]
    return found


def assert_same(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert list(left) == list(right)
    for name, value in left.items():
        if isinstance(value, np.ndarray):
            assert value.dtype == right[name].dtype, name
            np.testing.assert_array_equal(value, right[name], err_msg=name)
        else:
            assert value == right[name], name


def field_of(shape: tuple[int, ...], dtype: str = "f8", seed: int = 0) -> Any:
    """Values that differ at every point."""
    rng = np.random.default_rng(seed)
    return rng.permutation(int(np.prod(shape))).reshape(shape).astype(dtype)


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A directory that the checker of our files does not judge."""
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory)


N = (4, 3, 5)
CELLS = (3, 2, 4)
X, Y, Z = np.array([0.0, 1.0, 3.0, 4.5]), np.array([-1.0, 0.0, 0.25]), np.array([0.0, 2.0, 3.0, 7.0, 8.0])
MESH = tuple(axis + 0.1 * field_of(N, seed=9) / 60 for axis in np.meshgrid(X, Y, Z, indexing="ij"))
POINTS = tuple(field_of((12,), seed=seed) + 0.5 for seed in (1, 2, 3))
TRIANGLES = {
    "connectivity": np.array([0, 1, 2, 1, 2, 3, 4, 5, 6, 7]),
    "offsets": np.array([3, 6, 10]),
    "cell_types": np.array([5, 5, 9]),
}
DTYPES = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]


def vector(shape: tuple[int, ...], dtype: str = "f8") -> tuple[Any, ...]:
    return tuple(field_of(shape, dtype, seed) for seed in (4, 5, 6))


CALLS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {
    "image of points": ("imageToVTK", (), {"pointData": {"a": field_of(N)}}),
    "image of cells": ("imageToVTK", ((1.0, 2.0, 3.0), (0.5, 0.25, 2.0)), {"cellData": {"a": field_of(CELLS)}}),
    "image of both": (
        "imageToVTK",
        ((1.0, 2.0, 3.0), (0.5, 0.25, 2.0)),
        {"cellData": {"c": field_of(CELLS, "i4"), "v": vector(CELLS)}, "pointData": {"p": field_of(N), "w": vector(N)}},
    ),
    "image of vectors first": ("imageToVTK", (), {"pointData": {"v": vector(N, "f4"), "a": field_of(N)}}),
    "image of Fortran order": ("imageToVTK", (), {"pointData": {"a": np.asfortranarray(field_of(N))}}),
    "rectilinear grid": ("gridToVTK", (X, Y, Z), {"cellData": {"c": field_of(CELLS)}, "pointData": {"p": field_of(N)}}),
    "rectilinear grid of integers": ("gridToVTK", (np.arange(4), np.arange(3), np.arange(5)), {}),
    "rectilinear grid from elsewhere": ("gridToVTK", (X, Y, Z), {"pointData": {"p": field_of(N)}, "start": (2, 3, -4)}),
    "rectilinear grid of flat arrays": ("gridToVTK", (X, Y, Z), {"pointData": {"p": field_of((60,))}}),
    "structured grid": ("gridToVTK", MESH, {"cellData": {"v": vector(CELLS)}, "pointData": {"p": field_of(N, "f4")}}),
    "structured grid of Fortran order": (
        "gridToVTK",
        tuple(map(np.asfortranarray, MESH)),
        {"pointData": {"v": tuple(map(np.asfortranarray, vector(N)))}, "start": (1, 0, 2)},
    ),
    "points": ("pointsToVTK", POINTS, {"data": {"a": field_of((12,)), "v": vector((12,), "f4")}}),
    "points without data": ("pointsToVTK", POINTS, {}),
    "points of a mesh": ("pointsToVTK", MESH, {"data": {"a": field_of(N)}}),
    "unstructured grid": (
        "unstructuredGridToVTK",
        POINTS,
        {**TRIANGLES, "cellData": {"c": field_of((3,), "i2")}, "pointData": {"p": field_of((12,)), "v": vector((12,))}},
    ),
}
CALLS |= {
    "image of cells in a plane": ("imageToVTK", (), {"cellData": {"a": field_of((3, 2, 1))}, "pointData": {}}),
    "rectilinear grid of single precision": ("gridToVTK", (X.astype("f4"), Y, Z), {"cellData": {"c": field_of((24,))}}),
    "rectilinear grid of flat vectors": ("gridToVTK", (X, Y, Z), {"cellData": {"v": vector((24,))}}),
    "rectilinear grid in a plane": ("gridToVTK", (X, Y, Z[:1]), {"cellData": {"c": field_of((3, 2, 1))}}),
    "lines": ("linesToVTK", POINTS, {"cellData": {"c": field_of((6,))}, "pointData": {"v": POINTS}}),
    "poly lines": ("polyLinesToVTK", (*POINTS, np.array([5, 4, 3])), {"cellData": {"c": field_of((3,))}}),
    "poly lines of floats": ("polyLinesToVTK", (*POINTS, np.array([5.0, 7.0])), {"pointData": {"p": field_of((12,))}}),
    "cylinder": (
        "cylinderToVTK",
        (1, 2.0, 0.0, 3.0, 1.5, 4, 8),
        {"cellData": {"c": field_of((32,))}, "pointData": {"p": field_of((40,))}},
    ),
    "cylinder of sixteen": ("cylinderToVTK", (1.0, 2.0, 0.5, 3.0, 1.5, 4), {}),
}
CALLS |= {
    f"cells of {d}": ("unstructuredGridToVTK", POINTS, {name: array.astype(d) for name, array in TRIANGLES.items()})
    for d in ("u1", "i4", "u4", "f8")
}
CALLS |= {f"image of {d}": ("imageToVTK", (), {"pointData": {"a": field_of(N, d)}}) for d in DTYPES}
CALLS |= {f"image of vectors of {d}": ("imageToVTK", (), {"cellData": {"a": vector(CELLS, d)}}) for d in DTYPES}


@pytest.mark.parametrize("compression", [None, "zlib", "lz4", "lzma"])
@pytest.mark.parametrize("call", CALLS)
def test_vtk_reads_the_same_grid_and_arrays_from_both_packages(
    call: str, compression: str | None, tmp_path: Path, theirs: Path
) -> None:
    name, args, kwargs = CALLS[call]
    expected_path = getattr(pyevtk.hl, name)(str(theirs / "run.1"), *args, **kwargs)
    path = getattr(evtk, name)(str(tmp_path / "run.1"), *args, compression=compression, **kwargs)
    assert isinstance(path, str)
    assert Path(path).name == Path(expected_path).name
    grid, expected = read(path), read(expected_path)
    assert_same(geometry(grid), geometry(expected))
    for kind in ("GetPointData", "GetCellData"):
        ours, others = getattr(grid, kind)(), getattr(expected, kind)()
        assert_same(arrays(ours), arrays(others))
        for role in ("GetScalars", "GetVectors"):
            assert [getattr(a, role)() and getattr(a, role)().GetName() for a in (ours,)] == [
                getattr(a, role)() and getattr(a, role)().GetName() for a in (others,)
            ]


def test_a_relative_path_gives_back_the_absolute_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert evtk.pointsToVTK("drops", *POINTS) == str(tmp_path / "drops.vtu")


def test_two_pieces_join_in_a_parallel_file_as_with_pyevtk(tmp_path: Path, theirs: Path) -> None:
    data, cells = field_of(N), field_of(CELLS, "f4")
    outputs = []
    for package, directory in ((pyevtk.hl, theirs), (evtk, tmp_path)):
        for number, (a, b) in enumerate([(0, 2), (2, 4)]):
            points, inner = np.ascontiguousarray(data[:, :, a : b + 1]), np.ascontiguousarray(cells[:, :, a:b])
            package.gridToVTK(
                str(directory / f"p_{number}"), X, Y, Z[a : b + 1], {"c": inner}, {"p": points}, start=(0, 0, a)
            )
        outputs.append(
            package.writeParallelVTKGrid(
                str(directory / "whole"),
                (N, X.dtype),
                [(0, 0, 0), (0, 0, 2)],
                [(3, 2, 2), (3, 2, 4)],
                ["p_0.vtr", "p_1.vtr"],
                cellData={"c": (cells.dtype, 1)},
                pointData={"p": (data.dtype, 1)},
            )
        )
    expected, grid = map(read, outputs)
    assert Path(outputs[1]) == tmp_path / "whole.pvtr"
    assert_same(geometry(grid), geometry(expected))
    assert_same(arrays(grid.GetPointData()), arrays(expected.GetPointData()))
    assert_same(arrays(grid.GetCellData()), arrays(expected.GetCellData()))
    np.testing.assert_array_equal(arrays(grid.GetPointData())["p"].reshape(5, 3, 4).T, data)


def test_structured_pieces_join_too(tmp_path: Path) -> None:
    for number, (a, b) in enumerate([(0, 1), (1, 3)]):
        x, y, z = (axis[a : b + 1] for axis in MESH)
        evtk.gridToVTK(tmp_path / f"p_{number}", x, y, z, pointData={"p": x}, start=(a, 0, 0))
    pieces = ([(0, 0, 0), (1, 0, 0)], [(1, 2, 4), (3, 2, 4)], ["p_0.vts", "p_1.vts"])
    path = evtk.writeParallelVTKGrid(tmp_path / "whole", (N, np.float64), *pieces, pointData={"p": (np.float64, 1)})
    grid = read(path)
    np.testing.assert_array_equal(geometry(grid)["points"][:, 0].reshape(5, 3, 4).T, MESH[0])
    np.testing.assert_array_equal(arrays(grid.GetPointData())["p"].reshape(5, 3, 4).T, MESH[0])


def test_a_hole_between_pieces_is_refused(tmp_path: Path) -> None:
    pieces = ([(0, 0, 0), (0, 0, 3)], [(3, 2, 2), (3, 2, 4)], ["p_0.vtr", "p_1.vtr"])
    with pytest.raises(SeriesError, match="no piece holds the cells of extent 0 3 0 2 2 3"):
        evtk.writeParallelVTKGrid(tmp_path / "whole", (N, X.dtype), *pieces)
    assert not list(tmp_path.iterdir())
