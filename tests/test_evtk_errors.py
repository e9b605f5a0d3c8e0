"""Where PyEVTK 1.7 is wrong, vtkseries.evtk is right."""

from __future__ import annotations

import gc
import tempfile
import tracemalloc
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import dask.array as da
import numpy as np
import pyevtk.hl
import pytest
import vtk
import xarray as xr
from test_evtk import MESH, POINTS, N, X, Y, Z, arrays, field_of, read, vector

from vtkseries import evtk

if TYPE_CHECKING:
    from collections.abc import Callable


def point_data(path: str) -> dict[str, Any]:
    return arrays(read(path).GetPointData())


def on_grid(values: Any, shape: tuple[int, ...] = N) -> Any:
    """VTK's values, indexed [x, y, z] (and component)."""
    return np.moveaxis(values.reshape(*shape[::-1], *values.shape[1:]), (0, 1, 2), (2, 1, 0))


def breaks(call: Callable[[Any, str], Any]) -> bool:
    """Tell whether PyEVTK raises, or writes what VTK cannot read."""
    broken = False
    with tempfile.TemporaryDirectory() as directory, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its file open
        try:
            read(call(pyevtk.hl, f"{directory}/run"))
        except Exception:  # noqa: BLE001  # asserts, KeyError, TypeError, struct.error: it has all of them
            broken = True
        gc.collect()
    return broken


# Each of PyEVTK's errors, and the test that shows the right result.


def test_names_are_escaped(tmp_path: Path) -> None:
    def call(package: Any, path: str) -> Any:
        return package.imageToVTK(path, pointData={'a<b & "c"': field_of(N)})

    assert breaks(call)
    np.testing.assert_array_equal(on_grid(point_data(call(evtk, str(tmp_path / "run")))['a<b & "c"']), field_of(N))


def test_field_data_reaches_the_reader(tmp_path: Path) -> None:
    data = {
        "TimeValue": np.array([2.5]),
        "list": [1, 2, 3],
        "odd": np.array([np.inf, -np.inf, np.nan, 5e-324]),
        "vector": (np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([5.0, 6.0])),
        "title": np.array(["Überlauf <1>", "zwei"]),
        "z": np.array([1 + 2j]),
    }
    with tempfile.TemporaryDirectory() as directory:
        theirs = pyevtk.hl.imageToVTK(f"{directory}/run", pointData={"a": field_of(N)}, fieldData={"t": np.ones(1)})
        assert not arrays(read(theirs).GetFieldData())
    for compression in (None, "zlib"):
        path = evtk.imageToVTK(tmp_path / "run", pointData={"a": field_of(N)}, fieldData=data, compression=compression)
        found = arrays(read(path).GetFieldData())
        assert list(found) == ["TimeValue", "list", "odd", "vector", "title", "z_real", "z_imag"]
        assert found["TimeValue"] == [2.5]
        np.testing.assert_array_equal(found["odd"], data["odd"])
        np.testing.assert_array_equal(found["vector"], [[1, 3, 5], [2, 4, 6]])
        assert found["title"] == ["Überlauf <1>", "zwei"]
        assert (found["z_real"], found["z_imag"]) == ([1.0], [2.0])


def test_an_image_may_start_anywhere(tmp_path: Path) -> None:
    def call(package: Any, path: str) -> Any:
        return package.imageToVTK(path, pointData={"a": field_of(N)}, start=(2, 0, -1))

    with tempfile.TemporaryDirectory() as directory, pytest.raises(AssertionError):
        assert read(call(pyevtk.hl, f"{directory}/run")).GetExtent() == (2, 5, 0, 2, -1, 3)
    grid = read(call(evtk, str(tmp_path / "run")))
    assert grid.GetExtent() == (2, 5, 0, 2, -1, 3)
    np.testing.assert_array_equal(on_grid(arrays(grid.GetPointData())["a"]), field_of(N))


def test_spacing_and_origin_may_be_arrays(tmp_path: Path) -> None:
    def call(package: Any, path: str) -> Any:
        where = {"origin": np.array([1.0, 2.0, 3.0]), "spacing": np.array([0.5, 0.25, 2.0])}
        return package.imageToVTK(path, pointData={"a": field_of(N)}, **where)

    assert breaks(call)
    assert read(call(evtk, str(tmp_path / "run"))).GetBounds() == (1.0, 2.5, 2.0, 2.5, 3.0, 11.0)


def test_empty_cell_data_is_no_cell_data(tmp_path: Path) -> None:
    def call(package: Any, path: str) -> Any:
        return package.imageToVTK(path, cellData={}, pointData={"a": field_of(N)})

    assert breaks(call)
    assert read(call(evtk, str(tmp_path / "run"))).GetDimensions() == N


def test_points_can_be_found_in_an_image_without_height(tmp_path: Path) -> None:
    path = evtk.imageToVTK(tmp_path / "run", spacing=(0.5, 1.0, 0.0), cellData={"a": field_of((3, 2, 1))})
    grid = read(path)
    assert grid.GetBounds() == (0.0, 1.5, 0.0, 2.0, 0.0, 0.0)
    assert grid.FindPoint(1.0, 1.0, 0.0) == 4 + 2
    np.testing.assert_array_equal(on_grid(arrays(grid.GetCellData())["a"], (3, 2, 1)), field_of((3, 2, 1)))


def test_lines_are_counted_in_whole_numbers(tmp_path: Path) -> None:
    def call(package: Any, path: str) -> Any:
        return package.linesToVTK(path, *POINTS, cellData={"c": field_of((6,))}, pointData={"p": field_of((12,))})

    path = call(evtk, str(tmp_path / "run"))
    assert 'NumberOfCells="6"' in Path(path).read_bytes()[:2000].decode("latin-1")
    grid = read(path)
    assert [grid.GetCellType(n) for n in range(6)] == [vtk.VTK_LINE] * 6
    assert [grid.GetCell(2).GetPointId(n) for n in (0, 1)] == [4, 5]
    np.testing.assert_array_equal(arrays(grid.GetCellData())["c"], field_of((6,)))


def test_each_poly_line_is_one_cell(tmp_path: Path) -> None:
    per_line = np.array([3, 7, 2])
    x, y, z = POINTS
    path = evtk.polyLinesToVTK(tmp_path / "run", x, y, z, per_line, {"c": field_of((3,))}, {"p": field_of((12,))})
    grid = read(path)
    assert [grid.GetCellType(n) for n in range(3)] == [vtk.VTK_POLY_LINE] * 3
    assert [grid.GetCell(1).GetPointId(n) for n in range(7)] == list(range(3, 10))
    with tempfile.TemporaryDirectory() as directory:
        theirs = Path(pyevtk.hl.polyLinesToVTK(f"{directory}/run", *POINTS, per_line)).read_bytes()
    # 12 types, one a point, where there are 3 cells
    assert np.uint64(12).tobytes() + bytes([vtk.VTK_POLY_LINE] * 12) in theirs


def test_a_cylinder_is_of_quads(tmp_path: Path) -> None:
    cells, points = field_of((4 * 7,)), field_of((5 * 7,))
    args = (1.0, 2.0, -1.0, 3.0, 0.5, 4, 7)
    path = evtk.cylinderToVTK(tmp_path / "run", *args, cellData={"c": cells}, pointData={"p": points})
    grid = read(path)
    assert {grid.GetCellType(n) for n in range(28)} == {vtk.VTK_QUAD}
    with tempfile.TemporaryDirectory() as directory:
        theirs = Path(pyevtk.hl.cylinderToVTK(f"{directory}/run", *args))
        assert b'Name="types" NumberOfComponents="1" type="Float64"' in theirs.read_bytes()
        expected = read(theirs)
    for n in range(35):
        assert grid.GetPoint(n) == expected.GetPoint(n)
    for n in range(28):
        assert [grid.GetCell(n).GetPointId(k) for k in range(4)] == [
            expected.GetCell(n).GetPointId(k) for k in range(4)
        ]
    np.testing.assert_array_equal(arrays(grid.GetCellData())["c"], cells)


def test_no_points_are_a_grid_too(tmp_path: Path) -> None:
    def call(package: Any, path: str) -> Any:
        return package.pointsToVTK(path, *(np.empty(0) for _ in "xyz"), data={"a": np.empty(0)})

    assert breaks(call)
    assert read(call(evtk, str(tmp_path / "run"))).GetNumberOfPoints() == 0


def test_integer_points_are_written_as_vtk_wants_them(tmp_path: Path) -> None:
    path = evtk.pointsToVTK(tmp_path / "run", *(axis.astype(int) for axis in POINTS))
    assert read(path).GetPoints().GetDataType() == vtk.VTK_DOUBLE
    assert read(path).GetPoint(3) == tuple(float(int(axis[3])) for axis in POINTS)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (field_of((8, 3, 10))[::2, :, ::-2], field_of((8, 3, 10))[::2, :, ::-2]),
        (field_of((5, 4, 3)).transpose(1, 2, 0), field_of((5, 4, 3)).transpose(1, 2, 0)),
        (field_of(N) > 30, (field_of(N) > 30).astype("u1")),
        (field_of(N, "f2"), field_of(N, "f4")),
        (field_of(N, ">f8"), field_of(N, "f8")),
        (field_of(N, ">i2"), field_of(N, "i2")),
        (field_of(N, "longdouble"), field_of(N, "f8")),
        (field_of((60,)).tolist(), field_of((60,)).reshape(N, order="F")),
        (np.ma.masked_less(field_of(N), 5), np.where(field_of(N) < 5, np.nan, field_of(N))),
        (da.from_array(field_of(N), chunks=(2, 2, 3)), field_of(N)),
    ],
    ids=["strides", "transposed", "bool", "half", ">f8", ">i2", "longdouble", "list", "masked", "dask"],
)
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_what_pyevtk_refuses_is_written_right(tmp_path: Path, array: Any, expected: Any, compression: str) -> None:
    path = evtk.imageToVTK(tmp_path / "run", pointData={"b": field_of(N), "a": array}, compression=compression)
    found = point_data(path)["a"]
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(on_grid(found), expected)


def test_complex_numbers_are_two_arrays(tmp_path: Path) -> None:
    array = (field_of(N) + 1j * field_of(N, seed=1)).astype("c8")
    found = point_data(evtk.imageToVTK(tmp_path / "run", pointData={"z": array, "v": (array, array, array.real)}))
    assert list(found) == ["z_real", "z_imag", "v_real", "v_imag"]
    np.testing.assert_array_equal(on_grid(found["z_imag"]), array.imag)
    np.testing.assert_array_equal(on_grid(found["v_real"])[..., 2], array.real)
    np.testing.assert_array_equal(on_grid(found["v_imag"])[..., 2], 0)


def test_arrays_with_a_trailing_axis_are_vectors(tmp_path: Path) -> None:
    array = field_of((*N, 3))
    path = evtk.gridToVTK(tmp_path / "run", X, Y, Z, pointData={"v": array, "plane": (array[..., 0], array[..., 1])})
    grid = read(path)
    np.testing.assert_array_equal(on_grid(arrays(grid.GetPointData())["v"]), array)
    np.testing.assert_array_equal(on_grid(arrays(grid.GetPointData())["plane"])[..., 2], 0)
    assert grid.GetPointData().GetVectors().GetName() == "v"


def test_two_dimensional_arrays_lie_in_a_plane(tmp_path: Path) -> None:
    height, cells = field_of((4, 3)), field_of((3, 2))
    image = read(evtk.imageToVTK(tmp_path / "image", cellData={"c": cells}, pointData={"h": height}))
    assert image.GetDimensions() == (4, 3, 1)
    np.testing.assert_array_equal(arrays(image.GetPointData())["h"].reshape(3, 4).T, height)
    np.testing.assert_array_equal(arrays(image.GetCellData())["c"].reshape(2, 3).T, cells)
    x, y, z = (axis[..., 0] for axis in MESH)
    surface = read(evtk.gridToVTK(tmp_path / "surface", x, y, z, pointData={"h": height}))
    assert surface.GetExtent() == (0, 3, 0, 2, 0, 0)
    np.testing.assert_array_equal(arrays(surface.GetPointData())["h"].reshape(3, 4).T, height)
    wall = read(evtk.gridToVTK(tmp_path / "wall", X, np.zeros(1), Z, pointData={"h": field_of((4, 5))}))
    np.testing.assert_array_equal(arrays(wall.GetPointData())["h"].reshape(5, 4).T, field_of((4, 5)))


def test_data_arrays_are_transposed_by_name(tmp_path: Path) -> None:
    x, y, z = (xr.DataArray(axis, dims=dim) for axis, dim in zip((X, Y, Z), ("lon", "lat", "lev"), strict=True))
    array = xr.DataArray(field_of((5, 3, 4)), dims=("lev", "lat", "lon"))
    lazy = {"a": array.chunk({"lev": 2}), "v": (array, array + 1, array + 2)}
    found = point_data(evtk.gridToVTK(tmp_path / "run", x, y, z, pointData=lazy))
    np.testing.assert_array_equal(on_grid(found["a"]), array.values.T)
    np.testing.assert_array_equal(on_grid(found["v"])[..., 2], array.values.T + 2)
    renamed = array.rename(lev="z", lat="y", lon="x")
    image = read(evtk.imageToVTK(tmp_path / "image", pointData={"a": renamed}))
    assert image.GetDimensions() == N
    np.testing.assert_array_equal(on_grid(arrays(image.GetPointData())["a"]), array.values.T)


def test_large_arrays_are_cut_into_tiles_that_fit_together(tmp_path: Path) -> None:
    shape = (130, 70, 90)
    data = {"c": field_of(shape), "f": np.asfortranarray(field_of(shape, "f4")), "v": vector(shape, "f4")}
    for compression in (None, "lz4"):
        found = point_data(evtk.imageToVTK(tmp_path / "run", pointData=data, compression=compression))
        np.testing.assert_array_equal(on_grid(found["c"], shape), data["c"])
        np.testing.assert_array_equal(on_grid(found["f"], shape), data["f"])
        np.testing.assert_array_equal(on_grid(found["v"], shape), np.stack(data["v"], -1))


@pytest.mark.parametrize("shape", [(200_000, 1, 2), (2, 200_000, 1), (1, 2, 200_000), (40_000, 2, 5), (3, 50_000, 2)])
def test_arrays_of_any_proportions_are_written_right(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = field_of(shape)
    found = point_data(evtk.imageToVTK(tmp_path / "run", pointData={"a": array, "v": (array, -array, array + 0.5)}))
    np.testing.assert_array_equal(on_grid(found["a"], shape), array)
    np.testing.assert_array_equal(on_grid(found["v"], shape), np.stack([array, -array, array + 0.5], -1))


def test_points_become_triangles_or_tetrahedra(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y, z = rng.random((3, 30))
    grid = read(evtk.pointsToVTKAsTIN(tmp_path / "tin", x, y, z, comments=["a network"]))
    assert {grid.GetCellType(n) for n in range(grid.GetNumberOfCells())} == {vtk.VTK_TRIANGLE}
    np.testing.assert_array_equal(arrays(grid.GetPointData())["Elevation"], z)
    assert arrays(grid.GetFieldData())["comments"] == ["a network"]
    areas = [grid.GetCell(n).ComputeArea() for n in range(grid.GetNumberOfCells())]
    assert min(areas) > 0
    solid = read(evtk.pointsToVTKAsTIN(tmp_path / "solid", x, y, z, {"t": x}, ndim=3))
    assert {solid.GetCellType(n) for n in range(solid.GetNumberOfCells())} == {vtk.VTK_TETRA}


def test_an_old_file_stays_when_a_new_one_fails(tmp_path: Path) -> None:
    path = Path(evtk.imageToVTK(tmp_path / "run", pointData={"a": field_of(N)}))
    before = path.read_bytes()

    def fail(_block: Any) -> Any:
        raise OSError("the disk is full")

    broken = da.map_blocks(fail, da.zeros(N, chunks=2), dtype="f8", meta=np.empty((0, 0, 0)))
    with pytest.raises(OSError, match="the disk is full"):
        evtk.imageToVTK(tmp_path / "run", pointData={"a": field_of(N), "b": broken})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("order", ["C", "F"])
def test_writing_takes_less_memory_than_a_copy_of_an_array(tmp_path: Path, order: Literal["C", "F"]) -> None:
    parts = tuple(np.ones((96, 160, 128), "f8", order) for _ in range(3))
    tracemalloc.start()
    try:
        evtk.imageToVTK(tmp_path / "run", pointData={"a": parts[0], "v": parts})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < parts[0].nbytes
