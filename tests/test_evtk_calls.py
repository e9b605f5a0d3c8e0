"""The calls themselves: names, defaults and order of arguments, and the functions that PyEVTK 1.7 has not."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import meshio
import numpy as np
import pyevtk.hl
import pytest
import vtk
from test_evtk import CALLS, CELLS, MESH, POINTS, N, X, Y, Z, arrays, assert_same, field_of, geometry, read, vector

from vtkseries import SeriesError, evtk

PUBLIC = sorted(
    name
    for name, function in vars(pyevtk.hl).items()
    if inspect.isfunction(function) and not name.startswith("_") and function.__module__ == pyevtk.hl.__name__
)


@pytest.mark.parametrize("name", PUBLIC)
def test_arguments_have_pyevtk_s_names_defaults_and_order(name: str) -> None:
    def listed(function: Any) -> list[tuple[str, Any]]:
        parameters = inspect.signature(function).parameters.values()
        return [(p.name, p.default) for p in parameters if p.kind is not p.KEYWORD_ONLY]

    assert listed(getattr(evtk, name)) == listed(getattr(pyevtk.hl, name))


def test_no_function_of_pyevtk_is_missing() -> None:
    assert len(PUBLIC) == 8
    assert set(PUBLIC) <= set(evtk.__all__)
    assert {name for name, _, _ in CALLS.values()} == set(PUBLIC) - {"writeParallelVTKGrid"}


@pytest.mark.parametrize(
    ("function", "axes", "suffix"), [("rectilinearToVTK", (X, Y, Z), ".vtr"), ("structuredToVTK", MESH, ".vts")]
)
def test_grids_of_a_named_kind_are_those_of_grid_to_vtk(
    function: str, axes: tuple[Any, ...], suffix: str, tmp_path: Path
) -> None:
    data: dict[str, Any] = {"cellData": {"c": field_of(CELLS)}, "pointData": {"p": field_of(N, "f4"), "v": vector(N)}}
    path = getattr(evtk, function)(
        tmp_path / "one", *axes, **data, fieldData={"t": 2.5}, start=(1, 2, 3), comments=["first", "größer"]
    )
    other = evtk.gridToVTK(tmp_path / "two", *axes, **data | {"start": (1, 2, 3)})
    assert path == str(tmp_path / f"one{suffix}")
    grid, expected = read(path), read(other)
    assert_same(geometry(grid), geometry(expected))
    assert_same(arrays(grid.GetPointData()), arrays(expected.GetPointData()))
    assert_same(arrays(grid.GetCellData()), arrays(expected.GetCellData()))
    comments = grid.GetFieldData().GetAbstractArray("comments")
    assert [comments.GetValue(n) for n in range(2)] == ["first", "größer"]
    assert grid.GetFieldData().GetArray("t").GetValue(0) == 2.5


@pytest.mark.parametrize(("function", "axes"), [("rectilinearToVTK", MESH), ("structuredToVTK", (X, Y, Z))])
def test_coordinates_of_the_other_kind_are_refused(function: str, axes: tuple[Any, ...], tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match=r"coordinate 'x' has the shape .*; expected"):
        getattr(evtk, function)(tmp_path / "run", *axes)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_meshio_reads_cells_as_it_reads_pyevtk_s(compression: str | None, tmp_path: Path) -> None:
    nodes, ends, kinds = np.array([0, 1, 2, 3, 4, 5, 6]), np.array([3, 7]), np.array([5, 9], "u1")
    data = {"cellData": {"c": np.array([1.5, -2.5])}, "pointData": {"a": field_of((12,)), "v": vector((12,))}}
    theirs = meshio.read(pyevtk.hl.unstructuredGridToVTK(str(tmp_path / "theirs"), *POINTS, nodes, ends, kinds, **data))
    (tmp_path / "theirs.vtu").unlink()
    write: Any = evtk.unstructuredGridToVTK
    ours = write(tmp_path / "ours", *POINTS, nodes, ends, kinds, **data, compression=compression)
    found = meshio.read(ours)
    np.testing.assert_array_equal(found.points, theirs.points)
    assert (
        [b.data.tolist() for b in found.cells]
        == [b.data.tolist() for b in theirs.cells]
        == [[[0, 1, 2]], [[3, 4, 5, 6]]]
    )
    for name in ("a", "v"):
        np.testing.assert_array_equal(found.point_data[name], np.squeeze(theirs.point_data[name]))
    np.testing.assert_array_equal(np.ravel(found.cell_data["c"]), [1.5, -2.5])


@pytest.mark.unchecked(reason="pieces with ghost cells overlap")
def test_the_ghost_level_is_where_readers_look(tmp_path: Path) -> None:
    data = field_of(N)
    for number, (a, b) in enumerate([(0, 3), (1, 4)]):
        evtk.gridToVTK(
            tmp_path / f"p_{number}", X, Y, Z[a : b + 1], pointData={"p": data[:, :, a : b + 1]}, start=(0, 0, a)
        )
    pieces = ([(0, 0, 0), (0, 0, 1)], [(3, 2, 3), (3, 2, 4)], ["p_0.vtr", "p_1.vtr"])
    path = evtk.writeParallelVTKGrid(tmp_path / "run", (N, "f8"), *pieces, ghostlevel=1, pointData={"p": ("f8", 1)})
    grid = ET.parse(path).getroot()[0]  # noqa: S314  # our own file
    assert grid.get("GhostLevel") == "1"
    reader = vtk.vtkXMLPRectilinearGridReader()
    reader.SetFileName(path)
    reader.Update()
    found = arrays(reader.GetOutput().GetPointData())["p"]
    np.testing.assert_array_equal(found.reshape(N[::-1]).T, data)


def test_nothing_of_a_call_is_changed(tmp_path: Path) -> None:
    data, axes = {"a": field_of(N), "v": vector(N)}, [axis.copy() for axis in POINTS]
    before = {name: np.copy(values) for name, values in data.items()}
    evtk.imageToVTK(tmp_path / "image", pointData=data)
    evtk.pointsToVTK(tmp_path / "points", *axes)
    for name, values in data.items():
        np.testing.assert_array_equal(values, before[name])
    np.testing.assert_array_equal(axes, POINTS)


COMMENTED: dict[str, tuple[Any, ...]] = {
    "imageToVTK": ((0, 0, 0), (1, 1, 1), {"c": field_of(CELLS)}),
    "pointsToVTK": POINTS,
    "linesToVTK": tuple(axis[:4] for axis in POINTS),
    "polyLinesToVTK": (*POINTS, [len(POINTS[0])]),
    "unstructuredGridToVTK": (*POINTS, [0, 1, 2], [3], [evtk.VtkTriangle.tid]),
    "cylinderToVTK": (0, 0, 0, 1, 2, 3),
}


@pytest.mark.parametrize("name", COMMENTED)
def test_comments_as_the_other_branch_has_them_are_field_data(name: str, tmp_path: Path) -> None:
    grid = read(getattr(evtk, name)(tmp_path / "run", *COMMENTED[name], fieldData={"t": 2.5}, comments=["one", "zwö"]))
    comments = grid.GetFieldData().GetAbstractArray("comments")
    assert [comments.GetValue(n) for n in range(comments.GetNumberOfValues())] == ["one", "zwö"]
    assert grid.GetFieldData().GetArray("t").GetValue(0) == 2.5


def test_numbers_are_names_too(tmp_path: Path) -> None:
    numbers: dict[Any, Any] = {1: field_of(N), np.int64(2): field_of(N)}
    grid = read(evtk.imageToVTK(tmp_path / "run", pointData=numbers, fieldData={3: [4]}))  # type: ignore[dict-item]
    assert set(arrays(grid.GetPointData())) == {"1", "2"}
    assert grid.GetFieldData().GetArray("3").GetValue(0) == 4
    with pytest.raises(SeriesError, match=r"PointData.*'1'"):
        evtk.imageToVTK(tmp_path / "twins", pointData={1: field_of(N), "1": field_of(N)})  # type: ignore[dict-item]


def test_importing_a_low_level_class_says_what_to_use_instead() -> None:
    with pytest.raises(ImportError, match=r"VtkFile is of PyEVTK's low-level module.*gridToVTK"):
        from vtkseries.evtk import VtkFile  # noqa: F401, PLC0415
    with pytest.raises(ImportError, match="cannot import name 'VtkNothing'"):
        from vtkseries.evtk import VtkNothing  # noqa: F401, PLC0415
