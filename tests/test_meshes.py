"""Particles, trajectories and UGRID meshes, read back by VTK."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import vtk
import xarray as xr
from vtk.util.numpy_support import vtk_to_numpy

import vtkseries  # noqa: F401  # registers ds.vtk
from vtkseries import SeriesError, VtkSeriesWarning
from vtkseries.meshes.discrete import plan_points

READERS = {".vtp": vtk.vtkXMLPolyDataReader, ".vtu": vtk.vtkXMLUnstructuredGridReader}


def read(path: Path) -> Any:
    reader = READERS[path.suffix]()
    reader.SetFileName(str(path))
    reader.Update()
    return reader.GetOutput()


def steps(path: Path) -> list[tuple[float, Any]]:
    """Each entry of a collection, with its time."""
    entries = [entry.attrib for entry in ET.parse(path).getroot().iter("DataSet")]  # noqa: S314  # our own file
    return [(float(entry["timestep"]), read(path.parent / entry["file"])) for entry in entries]


def points(grid: Any) -> Any:
    return vtk_to_numpy(grid.GetPoints().GetData())


def data(grid: Any, name: str, *, cells: bool = False) -> Any:
    found = (grid.GetCellData() if cells else grid.GetPointData()).GetArray(name)
    assert found is not None, name
    return vtk_to_numpy(found)


def numbers(*shape: int) -> Any:
    return np.random.default_rng(0).permutation(int(np.prod(shape))).reshape(shape).astype("f8")


def lines(grid: Any) -> list[list[int]]:
    return [
        [grid.GetCell(n).GetPointId(k) for k in range(grid.GetCell(n).GetNumberOfPoints())]
        for n in range(grid.GetNumberOfCells())
    ]


def particles() -> xr.Dataset:
    x, y, z = numbers(3, 5), numbers(3, 5) + 0.25, -numbers(3, 5)
    x[1, 2] = x[2, 0] = x[2, 4] = np.nan
    dims = ("time", "particle")
    return xr.Dataset(
        {
            "x": (dims, x),
            "y": (dims, y),
            "z": (dims, z),
            "mass": (dims, numbers(3, 5) + 0.5, {"units": "kg"}),
            "u": (dims, numbers(3, 5).astype("f4")),
            "v": (dims, numbers(3, 5).astype("f4") + 1),
            "kind": ("particle", np.arange(5, dtype="i2")),
            "total": ("time", [1.0, 2.0, 3.0]),
        },
        {"time": [0.0, 0.5, 2.0]},
    )


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_particles_that_come_and_go_are_a_file_a_step(tmp_path: Path, compression: str | None) -> None:
    ds = particles()
    path = ds.chunk(time=1).vtk.to_vtp(tmp_path / "run.pvd", vectors={"wind": ("u", "v")}, compression=compression)
    found = steps(path)
    assert [time for time, _ in found] == [0.0, 0.5, 2.0]
    for step, (time, grid) in enumerate(found):
        there = np.isfinite(ds["x"].values[step])
        expected = np.stack([ds[name].values[step][there] for name in "xyz"], -1)
        np.testing.assert_array_equal(points(grid), expected)
        np.testing.assert_array_equal(data(grid, "mass"), ds["mass"].values[step][there])
        np.testing.assert_array_equal(data(grid, "kind"), ds["kind"].values[there])
        np.testing.assert_array_equal(data(grid, "wind")[:, 1], ds["v"].values[step][there])
        np.testing.assert_array_equal(data(grid, "wind")[:, 2], 0)
        fields = grid.GetFieldData()
        assert fields.GetArray("TimeValue").GetValue(0) == time
        assert fields.GetArray("total").GetValue(0) == step + 1.0
        assert grid.GetNumberOfVerts() == there.sum()
        info = grid.GetPointData().GetArray("mass").GetInformation()
        assert info.Get(vtk.vtkDataArray.UNITS_LABEL()) == "kg"


def test_a_plan_of_points_is_shown_without_the_sizes_that_only_each_step_tells(tmp_path: Path) -> None:
    text = repr(plan_points(particles(), tmp_path / "run.pvd"))
    assert "run_000000.vtp" in text
    assert "bytes" not in text.partition("build=")[0]


def test_stations_stay_where_they_are(tmp_path: Path) -> None:
    ds = xr.Dataset(
        {"level": (("station", "time"), numbers(4, 2))},
        {
            "time": np.array(["2000-01-01", "2000-01-02"], "M8[ns]"),
            "lon": ("station", [1.0, 2.0, 3.0, 4.0], {"standard_name": "longitude", "units": "degrees_east"}),
            "lat": ("station", [5.0, 6.0, 7.0, 9.0], {"standard_name": "latitude", "units": "degrees_north"}),
            "depth": ("station", [0.0, 1.0, 2.0, 3.0], {"positive": "down", "axis": "Z"}),
        },
        {"featureType": "timeSeries"},
    )
    found = steps(ds.vtk.to_vtp(tmp_path / "run.pvd"))
    for step, (_, grid) in enumerate(found):
        np.testing.assert_array_equal(data(grid, "level"), ds["level"].values[:, step])
        np.testing.assert_array_equal(points(grid)[:, 2], [0.0, -1.0, -2.0, -3.0])
    assert found[1][1].GetFieldData().GetAbstractArray("date").GetValue(0) == "2000-01-02T00:00:00"


def test_observations_with_times_of_their_own_are_grouped(tmp_path: Path) -> None:
    ds = xr.Dataset(
        {"t2m": ("obs", numbers(6))},
        {
            "time": ("obs", [2.0, 0.0, 2.0, 1.0, 0.0, 2.0]),
            "x": ("obs", np.arange(6.0)),
            "y": ("obs", np.arange(6.0) * 2),
        },
        {"featureType": "point"},
    )
    found = steps(ds.vtk.to_vtp(tmp_path / "run.pvd"))
    assert [time for time, _ in found] == [0.0, 1.0, 2.0]
    for (_, grid), members in zip(found, ([1, 4], [3], [0, 2, 5]), strict=True):
        np.testing.assert_array_equal(points(grid)[:, 0], members)
        np.testing.assert_array_equal(data(grid, "t2m"), ds["t2m"].values[members])


def test_ids_join_points_to_lines(tmp_path: Path) -> None:
    ds = xr.Dataset(
        {"t2m": ("obs", numbers(7)), "buoy": ("obs", np.array(["b", "a", "b", "b", "a", "c", "a"]))},
        {"x": ("obs", np.arange(7.0)), "y": ("obs", np.arange(7.0) * 2)},
    )
    grid = read(ds.vtk.to_vtp(tmp_path / "run.vtp", trajectory="buoy", variables=["t2m"]))
    assert [[int(points(grid)[p, 0]) for p in line] for line in lines(grid)] == [[0, 2, 3], [1, 4, 6], [5]]
    np.testing.assert_array_equal(data(grid, "t2m"), ds["t2m"].values[points(grid)[:, 0].astype(int)])


def test_cf_s_ragged_arrays_are_lines(tmp_path: Path) -> None:
    ds = xr.Dataset(
        {"t2m": ("obs", numbers(6)), "drag": ("trajectory", [0.5, 1.5, 2.5])},
        {
            "rowSize": ("trajectory", [2, 3, 1], {"sample_dimension": "obs"}),
            "buoy": ("trajectory", ["a", "b", "c"], {"cf_role": "trajectory_id"}),
            "lon": ("obs", np.arange(6.0), {"units": "degrees_east"}),
            "lat": ("obs", np.arange(6.0) * 2, {"units": "degrees_north"}),
            "time": ("obs", np.arange(6.0), {"standard_name": "time"}),
        },
        {"featureType": "trajectory"},
    )
    grid = read(ds.vtk.to_vtp(tmp_path / "run.vtp"))
    assert lines(grid) == [[0, 1], [2, 3, 4], [5]]
    np.testing.assert_array_equal(data(grid, "drag", cells=True), [0.5, 1.5, 2.5])
    indexed = ds.drop_vars("rowSize").assign_coords(
        owner=("obs", [2, 0, 2, 1, 0, 2], {"instance_dimension": "trajectory"})
    )
    grid = read(indexed.vtk.to_vtp(tmp_path / "indexed.vtp"))
    np.testing.assert_array_equal(points(grid)[:, 0], [1, 4, 3, 0, 2, 5])
    assert lines(grid) == [[0, 1], [2], [3, 4, 5]]


def test_paths_of_particles_are_lines_over_all_times(tmp_path: Path) -> None:
    ds = particles()
    grid = read(ds.vtk.to_vtp(tmp_path / "run.vtp", trajectory="particle"))
    assert [len(line) for line in lines(grid)] == [2, 3, 2, 3, 2]
    there = np.isfinite(ds["x"].values.T)
    np.testing.assert_array_equal(points(grid)[:, 0], ds["x"].values.T[there])
    np.testing.assert_array_equal(data(grid, "mass"), ds["mass"].values.T[there])
    np.testing.assert_array_equal(data(grid, "kind", cells=True), np.arange(5))


def test_a_series_of_points_goes_on(tmp_path: Path) -> None:
    ds = particles()
    ds.isel(time=slice(0, 2)).vtk.to_vtp(tmp_path / "run.pvd")
    ds.isel(time=slice(2, 3)).vtk.to_vtp(tmp_path / "run.pvd", mode="a")
    assert [grid.GetNumberOfPoints() for _, grid in steps(tmp_path / "run.pvd")] == [5, 4, 3]
    ds.isel(time=[0]).vtk.to_vtp(tmp_path / "run.pvd")
    assert len(steps(tmp_path / "run.pvd")) == 1
    assert len(list((tmp_path / "run").iterdir())) == 1


def test_what_is_not_of_the_points_is_left_out_or_refused(tmp_path: Path) -> None:
    ds = particles().assign(spectrum=(("particle", "band"), np.zeros((5, 7))), name=("particle", list("abcde")))
    with pytest.warns(VtkSeriesWarning, match="'spectrum' has the dim 'band'|'name' holds strings"):
        ds.vtk.to_vtp(tmp_path / "run.pvd")
    with pytest.raises(SeriesError, match="'spectrum' has the dim 'band'"):
        ds.vtk.to_vtp(tmp_path / "other.pvd", variables="spectrum")
    with pytest.raises(SeriesError, match="no coordinate tells x"):
        ds.drop_vars("x").vtk.to_vtp(tmp_path / "other.pvd")
    with pytest.raises(SeriesError, match="3 time steps"):
        ds.vtk.to_vtp(tmp_path / "other.vtp", variables="mass")
    assert not list(tmp_path.glob("other*"))


def mesh(*, fill: int = -1, start: int = 1) -> xr.Dataset:
    faces = np.array([[0, 1, 4, 3, fill], [1, 2, 4, fill, fill], [3, 4, 6, 7, 5]]) + start
    faces[faces == fill + start] = fill
    return xr.Dataset(
        {
            "Mesh2": (
                (),
                0,
                {
                    "cf_role": "mesh_topology",
                    "topology_dimension": 2,
                    "node_coordinates": "node_lon node_lat",
                    "face_node_connectivity": "face_nodes",
                },
            ),
            "face_nodes": (("face", "five"), faces, {"start_index": start, "_FillValue": fill}),
            "node_lon": ("node", [0.0, 1.0, 2.0, 0.0, 1.0, 0.0, 1.0, 0.5], {"standard_name": "longitude"}),
            "node_lat": ("node", [0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 2.5], {"standard_name": "latitude"}),
            "depth": ("face", [5.0, 6.0, 7.0], {"mesh": "Mesh2", "location": "face"}),
            "eta": (("time", "node"), numbers(2, 8), {"mesh": "Mesh2", "location": "node", "units": "m"}),
        },
        {"time": [0.0, 3.0]},
    )


def kinds(grid: Any) -> list[int]:
    return [grid.GetCellType(n) for n in range(grid.GetNumberOfCells())]


@pytest.mark.parametrize(("fill", "start"), [(-1, 1), (999, 0)])
def test_a_mesh_of_triangles_quads_and_polygons(tmp_path: Path, fill: int, start: int) -> None:
    ds = mesh(fill=fill, start=start)
    found = steps(ds.vtk.to_vtu(tmp_path / "run.pvd"))
    assert len(found) == 2
    for step, (_, grid) in enumerate(found):
        assert kinds(grid) == [vtk.VTK_QUAD, vtk.VTK_TRIANGLE, vtk.VTK_POLYGON]
        assert lines(grid) == [[0, 1, 4, 3], [1, 2, 4], [3, 4, 6, 7, 5]]
        np.testing.assert_array_equal(points(grid)[:, 0], ds["node_lon"].values)
        np.testing.assert_array_equal(data(grid, "eta"), ds["eta"].values[step])
        np.testing.assert_array_equal(data(grid, "depth", cells=True), ds["depth"].values)


def layered() -> xr.Dataset:
    ds = mesh().assign(salt=(("time", "layer", "face"), numbers(2, 3, 3), {"mesh": "Mesh2", "location": "face"}))
    ds = ds.assign_coords(layer=("layer", [0.5, 2.0, 4.5], {"positive": "down", "bounds": "edges"}))
    return ds.assign(edges=(("layer", "two"), [[0.0, 1.0], [1.0, 3.0], [3.0, 6.0]]))


def test_layers_are_prisms_between_levels(tmp_path: Path) -> None:
    ds = layered()
    found = steps(ds.vtk.to_vtu(tmp_path / "run.pvd"))
    assert [grid.GetNumberOfCells() for _, grid in found] == [9, 3, 9, 3]
    for step in range(2):
        grid, surface = found[2 * step][1], found[2 * step + 1][1]
        assert kinds(grid) == [vtk.VTK_HEXAHEDRON, vtk.VTK_WEDGE, vtk.VTK_PENTAGONAL_PRISM] * 3
        np.testing.assert_array_equal(np.unique(points(grid)[:, 2]), [-6.0, -3.0, -1.0, 0.0])
        np.testing.assert_array_equal(data(grid, "salt", cells=True).reshape(3, 3), ds["salt"].values[step][::-1])
        volumes = vtk.vtkCellSizeFilter()
        volumes.SetInputData(grid)
        volumes.Update()
        found_volumes = vtk_to_numpy(volumes.GetOutput().GetCellData().GetArray("Volume"))
        np.testing.assert_allclose(np.abs(found_volumes[[0, 1, 3, 6]]), [3.0, 1.5, 2.0, 1.0])
        np.testing.assert_array_equal(data(surface, "eta"), ds["eta"].values[step])


def test_levels_of_nodes_are_the_prisms_ends(tmp_path: Path) -> None:
    ds = mesh().drop_vars(["depth", "eta"]).assign(w=(("level", "node"), numbers(3, 8)))
    ds = ds.assign_coords(level=("level", [0.0, 10.0, 40.0], {"axis": "Z"}))
    grid = read(ds.isel(time=0).vtk.to_vtu(tmp_path / "run.vtu"))
    assert grid.GetNumberOfCells() == 6
    np.testing.assert_array_equal(data(grid, "w").reshape(3, 8), ds["w"].values)
    np.testing.assert_array_equal(points(grid)[:, 2].reshape(3, 8)[:, 0], [0.0, 10.0, 40.0])


def test_a_mesh_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    cases = {
        "no UGRID mesh": mesh().drop_vars("Mesh2"),
        "'face_nodes' names the points 1 to 8": mesh(start=1).assign(
            face_nodes=mesh(start=1)["face_nodes"].assign_attrs(start_index=0)
        ),
        "face 1 of 'face_nodes' has 2 points": mesh(start=0).assign(
            face_nodes=(("face", "five"), np.array([[0, 1, 4, -1, -1], [1, 2, -1, -1, -1], [3, 4, 6, 7, 5]]))
        ),
        "'node_lat'.*is not there": mesh().drop_vars("node_lat"),
    }
    for message, ds in cases.items():
        with pytest.raises(SeriesError, match=message):
            ds.vtk.to_vtu(tmp_path / "run.pvd")
    assert not list(tmp_path.iterdir())
