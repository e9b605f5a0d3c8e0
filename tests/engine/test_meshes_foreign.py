"""Points and cells from other writers, held against what VTK's own readers see in the same file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import pytest
import pyvista
import vtk
import xarray as xr
from pyevtk.hl import pointsToVTK, polyLinesToVTK, unstructuredGridToVTK
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from vtkseries import SeriesWriter
from vtkseries.cli import main
from vtkseries.errors import FormatError

pytestmark = pytest.mark.unchecked(reason="other programs wrote the files")


def polydata() -> Any:
    """Vertices, lines, triangles, quads and a strip, with data on points and cells."""
    data, places = vtk.vtkPolyData(), vtk.vtkPoints()
    rng = np.random.default_rng(3)
    for place in rng.random((12, 3)):
        places.InsertNextPoint(*place)
    data.SetPoints(places)
    for kind, cells in {
        "Verts": [[0], [1]],
        "Lines": [[2, 3, 4], [0, 5]],
        "Polys": [[5, 6, 7], [6, 7, 8, 9], [1, 2, 3, 4, 5]],
        "Strips": [[8, 9, 10, 11]],
    }.items():
        array = vtk.vtkCellArray()
        for cell in cells:
            array.InsertNextCell(len(cell), cell)
        getattr(data, f"Set{kind}")(array)
    add(data, 12, 8)
    return data


def unstructured() -> Any:
    """A tetrahedron, a wedge, a hexahedron and a quad."""
    data, places = vtk.vtkUnstructuredGrid(), vtk.vtkPoints()
    places.SetDataTypeToDouble()
    for place in np.random.default_rng(4).random((14, 3)):
        places.InsertNextPoint(*place)
    data.SetPoints(places)
    for kind, cell in ((10, range(4)), (13, range(3, 9)), (12, range(6, 14)), (9, (0, 2, 4, 6))):
        data.InsertNextCell(kind, len(cell), list(cell))
    add(data, 14, 4)
    return data


def surface() -> Any:
    """Triangles and a quad only."""
    data, places = vtk.vtkUnstructuredGrid(), vtk.vtkPoints()
    for place in np.random.default_rng(5).random((6, 3)):
        places.InsertNextPoint(*place)
    data.SetPoints(places)
    for kind, cell in ((5, (0, 1, 2)), (9, (1, 2, 3, 4)), (5, (3, 4, 5))):
        data.InsertNextCell(kind, len(cell), list(cell))
    add(data, 6, 3)
    return data


def add(data: Any, points: int, cells: int) -> None:
    for fields, count in ((data.GetPointData(), points), (data.GetCellData(), cells)):
        for name, values in {
            "T": np.arange(count) + 0.5,
            "wind": np.arange(3.0 * count, dtype="f4").reshape(count, 3),
            "id": np.arange(count, dtype="i8") * 10**10,
        }.items():
            array = numpy_to_vtk(values, deep=True)
            array.SetName(name)
            fields.AddArray(array)


KINDS: dict[str, tuple[Callable[[], Any], Any, Any]] = {
    ".vtp": (polydata, vtk.vtkXMLPolyDataWriter, vtk.vtkXMLPolyDataReader),
    ".vtu": (unstructured, vtk.vtkXMLUnstructuredGridWriter, vtk.vtkXMLUnstructuredGridReader),
}
SHAPES = {"polydata": ".vtp", "unstructured": ".vtu", "surface": ".vtu"}
MODES = {"ascii": "SetDataModeToAscii", "binary": "SetDataModeToBinary", "appended": "SetDataModeToAppended"}


def save(data: Any, path: Path, mode: str = "appended", compressor: str | None = None, **more: Any) -> Path:
    writer = KINDS[path.suffix][1]()
    getattr(writer, MODES[mode])()
    kinds = {None: "None", "zlib": "ZLib", "lz4": "LZ4", "lzma": "LZMA"}
    getattr(writer, f"SetCompressorTypeTo{kinds[compressor]}")()
    for name, value in more.items():
        getattr(writer, name)(value)
    writer.SetInputData(data)
    writer.SetFileName(str(path))
    assert writer.Write()
    return path


def read(path: Path) -> Any:
    reader = KINDS[path.suffix][2]()
    reader.SetFileName(str(path))
    reader.Update()
    return reader.GetOutput()


def agree(ds: xr.Dataset, data: Any) -> None:
    """Hold a Dataset of one step against what VTK sees."""
    places = vtk_to_numpy(data.GetPoints().GetData())
    for number, name in enumerate("xyz"):
        np.testing.assert_array_equal(ds[name].values, places[:, number])
    for fields, tail in ((data.GetPointData(), "point"), (data.GetCellData(), "cell")):
        for number in range(fields.GetNumberOfArrays()):
            array = fields.GetArray(number)
            name = array.GetName()
            both = all(f.GetArray(name) is not None for f in (data.GetPointData(), data.GetCellData()))
            found = ds[f"{name}_cell" if both and tail == "cell" else name]
            assert found.dims[0] == tail
            np.testing.assert_array_equal(found.values, vtk_to_numpy(array))
    ends = np.append(0, ds["offsets"].values)
    for number in range(data.GetNumberOfCells()):
        cell = data.GetCell(number)
        own = ds["connectivity"].values[ends[number] : ends[number + 1]]
        assert own.tolist() == [cell.GetPointId(k) for k in range(cell.GetNumberOfPoints())]
        assert ds["types"].values[number] == data.GetCellType(number)
    assert ds.sizes["cell"] == data.GetNumberOfCells()


@pytest.mark.parametrize("compressor", [None, "zlib", "lz4", "lzma"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_encoding_of_vtk_is_read(tmp_path: Path, shape: str, mode: str, compressor: str | None) -> None:
    path = save(globals()[shape](), tmp_path / f"a{SHAPES[shape]}", mode, compressor)
    with xr.open_dataset(path, engine="vtkseries") as ds:
        agree(ds.load(), read(path))


@pytest.mark.parametrize("shape", ["polydata", "unstructured"])
def test_big_endian_and_short_counts_are_read(tmp_path: Path, shape: str) -> None:
    data = globals()[shape]()
    options: list[dict[str, Any]] = [{"SetByteOrder": 0}, {"SetHeaderType": 32}, {"SetEncodeAppendedData": 0}]
    for number, more in enumerate(options):
        path = save(data, tmp_path / f"{number}{SHAPES[shape]}", **more)
        with xr.open_dataset(path, engine="vtkseries") as ds:
            agree(ds.load(), read(path))


@pytest.mark.parametrize("suffix", [".vtp", ".vtu"])
def test_pieces_are_put_together(tmp_path: Path, suffix: str) -> None:
    shape = "polydata" if suffix == ".vtp" else "unstructured"
    path = save(globals()[shape](), tmp_path / f"a{suffix}", "ascii")
    text = path.read_text()
    first, last = text.index("<Piece"), text.index("</Piece>") + len("</Piece>")
    path.write_text(text[:last] + text[first:last] + text[last:])
    with xr.open_dataset(path, engine="vtkseries") as ds:
        one, data = ds.load(), read(path)
    if suffix == ".vtu":
        agree(one, data)  # of poly data, VTK sorts the cells of all pieces by kind
    np.testing.assert_array_equal(one["x"].values, vtk_to_numpy(data.GetPoints().GetData())[:, 0])
    count = one.sizes["cell"] // 2
    np.testing.assert_array_equal(one["types"].values[:count], one["types"].values[count:])
    half = one.sizes["connectivity_node"] // 2
    np.testing.assert_array_equal(
        one["connectivity"].values[:half] + one.sizes["point"] // 2, one["connectivity"][half:]
    )
    assert one["offsets"].values[-1] == one.sizes["connectivity_node"]


def collection(folder: Path, files: dict[float, Path]) -> Path:
    entries = "".join(f'<DataSet timestep="{time}" file="{file.name}"/>' for time, file in files.items())
    path = folder / "run.pvd"
    path.write_text(f'<VTKFile type="Collection"><Collection>{entries}</Collection></VTKFile>')
    return path


def test_the_steps_of_a_series_are_along_time(tmp_path: Path) -> None:
    for shape, suffix in SHAPES.items():
        files = {}
        for step in range(3):
            data = globals()[shape]()
            array = data.GetPointData().GetArray("T")
            for n in range(array.GetNumberOfValues()):
                array.SetValue(n, n + 100.0 * step)
            files[0.5 * step] = save(data, tmp_path / f"{shape}{step}{suffix}")
        with xr.open_dataset(collection(tmp_path, files), engine="vtkseries", chunks={}) as ds:
            assert ds["T"].dims == ("time", "point")
            assert ds["connectivity"].dims == ("time", "connectivity_node")
            for step, (time, path) in enumerate(files.items()):
                agree(ds.isel(time=step).load(), read(path))
                assert ds["time"].values[step] == time


def test_steps_of_different_numbers_of_points_follow_each_other(tmp_path: Path) -> None:
    files = {0.0: save(surface(), tmp_path / "0.vtu"), 1.0: save(unstructured(), tmp_path / "1.vtu")}
    files[2.0] = save(surface(), tmp_path / "2.vtu")
    with xr.open_dataset(collection(tmp_path, files), engine="vtkseries") as ds:
        assert ds["points_of_step"].values.tolist() == [6, 14, 6]
        assert ds["points_of_step"].attrs["sample_dimension"] == "point"
        assert ds["cells_of_step"].values.tolist() == [3, 4, 3]
        assert ds["wind"].dims == ("point", "component")
        points, cells = (np.cumsum([0, *ds[name].values]) for name in ("points_of_step", "cells_of_step"))
        nodes = 0
        for step, path in enumerate(files.values()):
            data = read(path)
            own = ds.isel(point=slice(*points[step : step + 2]), cell=slice(*cells[step : step + 2]))
            count = int(own["offsets"].values[-1])
            agree(own.isel(connectivity_node=slice(nodes, nodes + count)).load(), data)
            nodes += count
        some = ds.isel(point=[25, 3, 7, 3], component=[2, 0]).load()
        np.testing.assert_array_equal(some["wind"].values, ds["wind"].values[[25, 3, 7, 3]][:, [2, 0]])
        np.testing.assert_array_equal(ds["id"][::-2].values, ds["id"].values[::-2])
        assert ds["T"][-1].values == ds["T"].values[-1]


def test_points_in_a_series_of_points_alone_have_no_cells(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    places = [rng.random((n, 3)) for n in (5, 0, 7)]
    with SeriesWriter(tmp_path / "run.pvd", [0.0, 1.0], [0.0, 1.0, 2.0], [0.0]) as series:
        for step, place in enumerate(places):
            field = np.full((1, 3, 2), step, "f4")
            series.write(float(step), {"p": field}, points=tuple(place.T), points_data={"mass": place[:, 0] * 2})
    with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries") as ds:
        assert ds["p"].dims == ("time", "z", "y", "x")
        assert ds["mass"].dims == ("point_points",)
        assert not {"connectivity", "connectivity_points"} & set(ds.variables)
        assert ds["points_of_step_points"].values.tolist() == [5, 0, 7]
        np.testing.assert_array_equal(ds["y_points"].values, np.concatenate(places)[:, 1])
        np.testing.assert_array_equal(ds["mass"].values, np.concatenate(places)[:, 0] * 2)
        np.testing.assert_array_equal(ds["p"].values[:, 0, 1, 1], [0, 1, 2])


def test_a_solver_s_datasets_come_back_beside_its_particles(tmp_path: Path) -> None:
    ds = xr.Dataset({"p": (("t", "y", "x"), np.arange(12.0).reshape(2, 3, 2))}, {"t": [0.0, 2.5], "x": [0.0, 4.0]})
    rng = np.random.default_rng(0)
    places = [rng.random((4, 3)) for _ in range(2)]
    with SeriesWriter(tmp_path / "run.pvd") as series:
        for step, place in enumerate(places):
            series.write(ds.isel(t=[step]), points=tuple(place.T))
    with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries") as back:
        xr.testing.assert_identical(back["p"].load(), ds["p"])
        np.testing.assert_array_equal(back["z_points"].values, np.stack(places)[..., 2])
        assert back["z_points"].dims == ("t", "point_points")


def test_faces_of_a_file_have_the_form_of_ugrid_and_are_written_again(tmp_path: Path) -> None:
    path = save(surface(), tmp_path / "a.vtu")
    with xr.open_dataset(path, engine="vtkseries") as ds:
        assert ds["mesh"].attrs["cf_role"] == "mesh_topology"
        again = ds.vtkseries.to_vtu(
            tmp_path / "b.vtu", variables=["T", "T_cell", "wind_cell"], vectors={"wind_cell": "component"}
        )
    data, before = read(again), read(path)
    for number in range(3):
        ids = [data.GetCell(number).GetPointId(k) for k in range(data.GetCell(number).GetNumberOfPoints())]
        assert ids == [before.GetCell(number).GetPointId(k) for k in range(len(ids))]
    np.testing.assert_array_equal(vtk_to_numpy(data.GetPointData().GetArray("T")), np.arange(6) + 0.5)


def test_files_of_meshio_pyevtk_and_pyvista_are_read(tmp_path: Path) -> None:
    places = np.random.default_rng(8).random((7, 3))
    cells = [("triangle", np.array([[0, 1, 2], [2, 3, 4]])), ("quad", np.array([[3, 4, 5, 6]]))]
    made = meshio.Mesh(places, cells, {"T": np.arange(7.0)}, {"c": [np.array([1.0, 2.0]), np.array([3.0])]})
    made.write(tmp_path / "meshio.vtu")
    x, y, z = (np.ascontiguousarray(axis) for axis in places.T)
    pointsToVTK(str(tmp_path / "points"), x, y, z, data={"T": np.arange(7.0)})
    nodes, ends, kinds = np.array([0, 1, 2, 3, 4, 5, 6]), np.array([3, 7]), np.array([5, 9], "u1")
    unstructuredGridToVTK(str(tmp_path / "cells"), x, y, z, nodes, ends, kinds, pointData={"T": np.arange(7.0)})
    made = pyvista.PolyData(places)
    made["T"] = np.arange(7.0)
    made.save(tmp_path / "pyvista.vtp")
    for path in sorted(tmp_path.iterdir()):
        with xr.open_dataset(path, engine="vtkseries") as ds:
            np.testing.assert_array_equal(ds["T"].values, np.arange(7.0))
            np.testing.assert_array_equal(np.stack([ds[n].values for n in "xyz"], -1).astype("f8"), read_places(path))
            if path.stem in ("meshio", "cells"):
                agree(ds.load(), read(path))


def test_lines_of_pyevtk_with_a_type_for_each_point_are_refused(tmp_path: Path) -> None:
    x, y, z = np.random.default_rng(8).random((3, 7))
    path = polyLinesToVTK(str(tmp_path / "lines"), x, y, z, np.array([3, 4]))
    with pytest.raises(FormatError, match=r"array 'types' .* has 7 bytes where the extent asks for 2"):
        xr.open_dataset(path, engine="vtkseries")


def read_places(path: Path) -> Any:
    return vtk_to_numpy(read(path).GetPoints().GetData()).astype("f8")


def test_info_tells_of_points_and_cells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = save(polydata(), tmp_path / "a.vtp", compressor="zlib")
    main(["info", str(path)], standalone_mode=False)
    told = capsys.readouterr().out
    for words in ("PolyData, 12 points, 8 cells", "zlib", "PointData wind: Float32 x 3", "Polys connectivity: Int64"):
        assert words in told, told


def test_a_parallel_file_without_pieces_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.pvtu"
    path.write_text('<VTKFile type="PUnstructuredGrid"><PUnstructuredGrid/></VTKFile>')
    with xr.open_dataset(path, engine="vtkseries") as ds:
        assert not ds.sizes
