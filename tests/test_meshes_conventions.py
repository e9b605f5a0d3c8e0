"""Points and meshes as instruments, particle models and ocean models write them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import cftime
import numpy as np
import pytest
import pyvista
import xarray as xr

import vtkseries
from vtkseries import SeriesError, VtkSeriesWarning

if TYPE_CHECKING:
    from pathlib import Path

DAY = np.datetime64("2019-05-01", "ns") + np.arange(9) * np.timedelta64(24, "h")


def argo() -> xr.Dataset:
    """Profiles of a float: variables alone, none of which is a coordinate."""
    pressure = np.array([[5.0, 10, 20, 50], [4, 11, np.nan, np.nan], [6, 9, 30, np.nan]], "f4")
    own, all_ = ("N_PROF",), ("N_PROF", "N_LEVELS")
    return xr.Dataset(
        {
            "PRES": (all_, pressure, {"standard_name": "sea_water_pressure", "units": "decibar", "axis": "Z"}),
            "TEMP": (all_, np.where(np.isnan(pressure), np.nan, pressure * 2), {"units": "degree_Celsius"}),
            "JULD": (own, DAY[:3], {"standard_name": "time", "axis": "T"}),
            "JULD_LOCATION": (own, DAY[1:4]),
            "LATITUDE": (own, [-30.0, -31, -32.5], {"standard_name": "latitude", "axis": "Y"}),
            "LONGITUDE": (own, [10.0, 11, 12.5], {"standard_name": "longitude", "axis": "X"}),
        },
        attrs={"featureType": "trajectoryProfile"},
    )


def particles(kind: str | None = "feature_type") -> xr.Dataset:
    """Lagrangian output along an observation dim; particles are released at other times, and some end sooner."""
    there = np.arange(5) < np.array([5, 3, 4])[:, None]
    times = DAY[0] + (np.arange(5) + np.array([0, 0, 2])[:, None]) * np.timedelta64(6, "h")
    values = {name: np.where(there, np.arange(15.0).reshape(3, 5) + k, np.nan) for k, name in enumerate(("lon", "lat"))}
    dims = ("trajectory", "obs")
    return xr.Dataset(
        {
            "lon": (dims, values["lon"], {"axis": "X", "standard_name": "longitude", "units": "degrees_east"}),
            "lat": (dims, values["lat"], {"axis": "Y", "standard_name": "latitude", "units": "degrees_north"}),
            "z": (dims, values["lon"] + 100, {"axis": "Z", "standard_name": "depth", "positive": "down"}),
            "time": (dims, np.where(there, times, np.datetime64("NaT")), {"axis": "T", "standard_name": "time"}),
            "temp": (dims, (values["lon"] * 2).astype("f4")),
        },
        {"trajectory": ("trajectory", np.arange(3) * 10, {"cf_role": "trajectory_id"} if kind else {})},
        {kind: "trajectory"} if kind else {},
    )


def test_profiles_of_floats_reach_down_though_no_variable_is_a_coordinate(tmp_path: Path) -> None:
    ds = argo()
    lines = pyvista.read(ds.vtk.to_vtp(tmp_path / "one.vtp"))
    there = np.isfinite(ds.PRES.values)
    np.testing.assert_array_equal(lines.points[:, 2], -ds.PRES.values[there])
    np.testing.assert_array_equal(lines.points[:, 0], np.repeat(ds.LONGITUDE.values, there.sum(axis=1)))
    np.testing.assert_array_equal(lines["TEMP"], ds.TEMP.values[there])
    assert lines.n_lines == 3
    xr.testing.assert_identical(vtkseries.from_grid(ds.vtk.to_grid()), ds)


def test_two_vertical_axes_are_a_choice() -> None:
    ds = argo()
    ds["PRES_ADJUSTED"] = ds.PRES + 1
    ds["PRES_ADJUSTED"].attrs = dict(ds.PRES.attrs)
    with pytest.raises(SeriesError, match=r"say z='PRES' or z='PRES_ADJUSTED'"):
        ds.vtk.to_grid()
    assert ds.vtk.to_grid(z="PRES_ADJUSTED").GetBounds()[5] == -5
    assert ds.set_coords("PRES").vtk.to_grid().GetBounds()[5] == -4


@pytest.mark.parametrize("kind", ["feature_type", "featureType", "CF:feature_type", None])
def test_particles_with_times_of_their_own_are_lines(kind: str | None, tmp_path: Path) -> None:
    ds = particles(kind)
    memory, file = pyvista.wrap(ds.vtk.to_grid()), pyvista.read(ds.vtk.to_vtp(tmp_path / "paths.vtp"))
    for lines in (memory, file):
        np.testing.assert_array_equal(lines.lines, [5, *range(5), 3, *range(5, 8), 4, *range(8, 12)])
        for column, (name, sign) in enumerate((("lon", 1), ("lat", 1), ("z", -1))):
            np.testing.assert_array_equal(lines.points[:, column], sign * ds[name].values[ds.temp.notnull()])
        np.testing.assert_array_equal(lines["temp"], ds.temp.values[ds.temp.notnull()])


def test_points_of_a_time_are_selected_from_paths_that_are_said_to_be_points() -> None:
    ds = particles()
    with pytest.raises(SeriesError, match=r"time='2019-05-01T12': lines have all .*featureType='point'"):
        ds.vtk.to_grid(time="2019-05-01T12")
    points = pyvista.wrap(ds.assign_attrs(featureType="point").vtk.to_grid(time="2019-05-01T12"))
    np.testing.assert_array_equal(points["temp"], [4, 14, 20])


def test_paths_of_one_point_are_points() -> None:
    starts = particles("featureType").isel(obs=0)
    grid = starts.vtk.to_grid(time=DAY[0])
    assert (grid.GetNumberOfVerts(), grid.GetNumberOfLines()) == (2, 0)


def test_what_is_the_same_for_many_points_and_changes_with_time_comes_back(tmp_path: Path) -> None:
    moored = xr.Dataset(
        {
            "temp": (("time", "depth"), np.arange(6.0).reshape(2, 3)),
            "deck": (("time", "station"), [[7.0], [8.0]]),
            "wind": (("time", "lat"), [[1.0], [2.0]]),
        },
        {
            "time": DAY[:2],
            "depth": ("depth", [10.0, 50, 100], {"positive": "down", "axis": "Z"}),
            "lat": ("lat", [42.0], {"standard_name": "latitude"}),
            "lon": ("station", [-60.0], {"standard_name": "longitude"}),
        },
        {"featureType": "timeSeriesProfile"},
    )
    moored.vtk.to_vtp(tmp_path / "run.pvd")
    with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries") as back:
        xr.testing.assert_identical(back.load(), moored)
    assert pyvista.read(tmp_path / "run" / "run_000001.vtp")["deck"].tolist() == [8, 8, 8]


def test_what_belongs_to_whole_drifters_is_told_where_it_is_drawn() -> None:
    drifters = xr.Dataset(
        {
            "rowsize": ("traj", [2, 1], {"sample_dimension": "obs"}),
            "kind": ("traj", [1, 2]),
            "sst": ("obs", np.ones(3)),
        },
        {"time": ("obs", DAY[:3]), "lon": ("obs", np.arange(3.0)), "lat": ("obs", np.arange(3.0))},
    )
    with pytest.warns(VtkSeriesWarning, match=r"'kind' belongs to whole trajectories; trajectory='rowsize' draws"):
        drifters.vtk.to_grid(time=0)
    lines = drifters.vtk.to_grid(trajectory="rowsize")
    assert [lines.GetCellData().GetArray("kind").GetValue(n) for n in range(2)] == [1, 2]


def mesh() -> xr.Dataset:
    """Two triangles over the date line, in radians, with fields as ocean models have them."""
    return xr.Dataset(
        {
            "mesh": (
                (),
                0,
                {"cf_role": "mesh_topology", "node_coordinates": "lonV latV", "face_node_connectivity": "nv"},
            ),
            "nv": (("cell", "three"), np.array([[1, 2, 3], [1, 3, 4]], "i4"), {"start_index": 1}),
            "lonV": ("node", np.deg2rad([350.0, 355, 359, 1]), {"units": "rad"}),
            "latV": ("node", np.deg2rad([0.0, 1, 2, 3]), {"units": "rad"}),
            "velocity": (("node", "layer", "two"), np.arange(24.0).reshape(4, 3, 2)),
            "flux": (("edge", "layer"), np.ones((5, 3))),
            "area": ("cell", [1.0, 2.0]),
        }
    )


def test_faces_over_the_date_line_are_hidden_in_radians_too() -> None:
    grid = mesh().vtk.to_grid(variables="area")
    assert [grid.GetCellData().GetArray("vtkGhostType").GetValue(n) for n in range(2)] == [0, 32]


def test_the_dim_that_is_in_the_way_is_named_with_what_helps() -> None:
    ds = mesh()
    with pytest.warns(VtkSeriesWarning) as told:
        ds.vtk.to_grid()
    texts = [str(one.message) for one in told]
    assert any("'velocity' has the dim 'two'" in text and "vectors={'velocity': 'two'}" in text for text in texts)
    assert any("'flux' has the dims 'edge' and 'layer'" in text for text in texts)
    grid = ds.vtk.to_grid(variables="velocity", vectors={"velocity": "two"})
    assert grid.GetPointData().GetArray("velocity").GetTuple(5) == (8.0, 9.0, 0.0)


def test_a_first_number_that_is_not_told_is_named() -> None:
    ds = mesh()
    del ds["nv"].attrs["start_index"]
    with pytest.raises(SeriesError, match=r"ds\['nv'\].attrs\['start_index'\] = 1"):
        ds.vtk.to_grid(variables="area")


def test_times_of_other_calendars_may_be_missing(tmp_path: Path) -> None:
    ds = particles("featureType").assign_attrs(featureType="point")
    first, missing = cftime.Datetime360Day(2000, 2, 29), ds.time.isnull().values
    hours = (ds.time.values - DAY[0]) / np.timedelta64(1, "h")
    times = [np.nan if gone else first + timedelta(hours=h) for h, gone in zip(hours.flat, missing.flat, strict=True)]
    ds["time"] = (ds.temp.dims, np.reshape(np.array(times, object), missing.shape), {"axis": "T"})
    reader = pyvista.get_reader(str(ds.vtk.to_vtp(tmp_path / "run.pvd")))
    np.testing.assert_array_equal(np.array(reader.time_values) * 24, np.unique(hours[~missing]))
    points = pyvista.wrap(ds.vtk.to_grid(time=first + timedelta(hours=12)))
    np.testing.assert_array_equal(points["temp"], [4, 14, 20])


@pytest.mark.parametrize("unit", ["degrees_east", "radians"])
def test_paths_over_the_date_line_are_broken_there_on_a_plane_map(unit: str, tmp_path: Path) -> None:
    """As faces there are hidden: a line would be drawn right across the map."""
    lon, lat = np.array([[170.0, 178, -179, -170], [350, 358, 3, np.nan]]), np.arange(8.0).reshape(2, 4)
    dims, factor = ("trajectory", "obs"), np.deg2rad(1) if unit == "radians" else 1
    ds = xr.Dataset(
        {"depth_of_drogue": ("trajectory", [10.0, 20.0])},
        {
            "lon": (dims, lon * factor, {"units": unit, "standard_name": "longitude"}),
            "lat": (dims, lat * factor, {"units": unit, "standard_name": "latitude"}),
            "time": (dims, np.resize(DAY, (2, 4))),
        },
        {"featureType": "trajectory"},
    )
    memory, file = pyvista.wrap(ds.vtk.to_grid()), pyvista.read(ds.vtk.to_vtp(tmp_path / "plane.vtp"))
    for lines in (memory, file):
        assert lines.lines.tolist() == [2, 0, 1, 2, 2, 3, 2, 4, 5, 1, 6]
        assert lines["depth_of_drogue"].tolist() == [10, 10, 20, 20]
    xr.testing.assert_identical(vtkseries.from_grid(memory), ds)
    assert ds.vtk.to_grid(sphere=True, radius=1.0).GetNumberOfLines() == 2


def on_edges() -> xr.Dataset:
    """Give a mesh with winds where nothing can be drawn, and a field where it can; FVCOM writes a capital."""
    ds = mesh().drop_vars(["velocity", "flux"])
    for name, standard in (("u", "eastward_sea_water_velocity"), ("v", "Northward_sea_water_velocity")):
        ds[name] = (("edge", "layer"), np.ones((5, 3)), {"standard_name": standard})
        ds[f"{name}a"] = ("cell", [1.0, 2.0] if name == "u" else [3.0, 4.0], {"standard_name": standard})
    return ds


def test_a_vector_that_nobody_asked_for_and_that_cannot_be_drawn_is_left_out(tmp_path: Path) -> None:
    ds = on_edges()
    with pytest.warns(VtkSeriesWarning, match=r"vector 'sea_water_velocity' of 'u' and 'v' has the dims 'edge'"):
        grid = pyvista.wrap(ds.vtk.to_grid())
    np.testing.assert_array_equal(grid["sea_water_velocity_2"], [[1, 3, 0], [2, 4, 0]])
    with pytest.raises(SeriesError, match=r"vector 'flow' of 'u' and 'v' has the dims"):
        ds.vtk.to_grid(vectors={"flow": ("u", "v")})
    points = (
        ds[["u", "v"]].assign(mass=("drop", [1.0, 2])).assign_coords(lon=("drop", [1.0, 2]), lat=("drop", [3.0, 4]))
    )
    with pytest.warns(VtkSeriesWarning, match=r"of 'u' and 'v' has the dims 'edge' and 'layer'"):
        points.vtk.to_vtp(tmp_path / "drops.vtp")
    names = ("wave", "z", "y", "x")
    grid_of = xr.Dataset({"mass": (names[1:], np.ones((2, 2, 2)))}, {name: [0.0, 1] for name in names})
    for name in "uv":
        grid_of[name] = (names, np.ones((2, 2, 2, 2)), ds[name].attrs)
    with pytest.warns(VtkSeriesWarning, match=r"vector 'sea_water_velocity' of 'u' and 'v' has the dim 'wave'"):
        assert grid_of.vtk.to_grid().GetPointData().GetNumberOfArrays() == 1
    with pytest.raises(SeriesError, match="'flow' of 'u' and 'v' has the dim 'wave'"):
        grid_of.vtk.to_grid(vectors={"flow": ("u", "v")})


def test_a_mesh_without_its_topology_is_told_where_to_go() -> None:
    ds = on_edges().drop_vars("mesh").assign_coords(lonc=("cell", [1.0, 2]), latc=("cell", [3.0, 4]))
    ds["u"], ds["v"] = (ds[f"{name}a"].expand_dims(wave=2) for name in "uv")
    with pytest.raises(SeriesError, match=r"dim 'cell' .* write it with ds.vtk.to_vtu"):
        ds[["u", "v"]].vtk.to_grid()


def test_several_meshes_are_told_by_what_variables_takes() -> None:
    ds = on_edges()
    for name in "uv":
        ds[name] = (("layer", "cell"), np.ones((3, 2)), ds[name].attrs)
    with pytest.raises(SeriesError, match=r"\(layers: u, v; surface: .*ua.*va.*\); choose"):
        ds.vtk.to_grid()
    assert ds.vtk.to_grid(variables=["u", "v"]).GetNumberOfCells() == 6
    names = ("z", "y", "x")
    lattice = xr.Dataset({"mass": (names[1:], np.ones((2, 2)))}, {name: [0.0, 1] for name in names})
    for name in "uv":
        lattice[name] = (names, np.ones((2, 2, 2)), ds[name].attrs)
    with pytest.raises(SeriesError, match=r": u, v\W"):
        lattice.vtk.to_grid()
    assert lattice.vtk.to_grid(variables=["u", "v"]).GetNumberOfPoints() == 8
