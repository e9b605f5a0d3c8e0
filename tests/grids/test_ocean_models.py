"""Curvilinear grids as models write them: jumps at the date line, missing centres, several coordinates, cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from tools.readers import read_vtk

from vtkseries import SeriesError, VtkSeriesWarning

NT, NZ, NY, NX = 2, 3, 5, 7
DAYS = np.array(["2000-01-01", "2000-01-02"], "M8[ns]")
EAST, NORTH = {"units": "degrees_east"}, {"units": "degrees_north"}


def values(*shape: int) -> Any:
    return np.arange(np.prod(shape), dtype="f4").reshape(shape)


def places(first: float = 5.0, shift: float = 0.0) -> tuple[Any, Any]:
    j, i = np.meshgrid(np.arange(NY) + shift, np.arange(NX) + shift, indexing="ij")
    return first + i + 0.1 * j, 40 + j - 0.1 * i


def nemo() -> xr.Dataset:
    lon, lat = places(176.0)
    field = {"coordinates": "time_centered nav_lat nav_lon"}
    return xr.Dataset(
        {"thetao": (("time_counter", "deptht", "y", "x"), values(NT, NZ, NY, NX), field)},
        {
            "nav_lon": (("y", "x"), ((lon + 180) % 360 - 180).astype("f4"), EAST),
            "nav_lat": (("y", "x"), lat.astype("f4"), NORTH),
            "deptht": ("deptht", np.array([5, 20, 45], "f4"), {"units": "m", "positive": "down"}),
            "time_centered": ("time_counter", DAYS),
            "time_counter": ("time_counter", DAYS, {"axis": "T"}),
        },
    )


def pop() -> xr.Dataset:
    land = np.zeros((NY, NX), bool)
    land[1, 2:4] = land[4, 6] = True
    lon, lat = (np.where(land, np.nan, a) for a in places())
    return xr.Dataset(
        {"TEMP": (("z_t", "nlat", "nlon"), values(NZ, NY, NX), {"coordinates": "TLONG TLAT z_t"})},
        {
            "TLONG": (("nlat", "nlon"), lon, EAST),
            "TLAT": (("nlat", "nlon"), lat, NORTH),
            "z_t": ("z_t", np.array([500.0, 1500, 2500]), {"units": "centimeters", "positive": "down"}),
        },
    )


def cice() -> xr.Dataset:
    t, u = places(), places(shift=0.5)
    on_t, on_u = {"coordinates": "TLON TLAT time"}, {"coordinates": "ULON ULAT time"}
    return xr.Dataset(
        {
            "aice": (("time", "nj", "ni"), values(NT, NY, NX), on_t),
            "uvel": (("time", "nj", "ni"), values(NT, NY, NX) + 0.5, on_u),
            "tarea": (("nj", "ni"), values(NY, NX)),
        },
        {
            "TLON": (("nj", "ni"), t[0], EAST),
            "TLAT": (("nj", "ni"), t[1], NORTH),
            "ULON": (("nj", "ni"), u[0], EAST),
            "ULAT": (("nj", "ni"), u[1], NORTH),
            "time": ("time", DAYS),
        },
    )


def test_corners_half_way_between_centres_do_not_jump_at_the_date_line(tmp_path: Path) -> None:
    nemo().isel(time_counter=0).vtk.to_vts(tmp_path / "one.vts", location="cell")
    x = read_vtk(tmp_path / "one.vts").points[0, ..., 0]
    assert x.shape == (NY + 1, NX + 1)
    np.testing.assert_allclose(np.diff(x, axis=1), 1, rtol=1e-4)
    np.testing.assert_allclose((x[:-1, :-1] + x[1:, 1:]) / 2, places(176.0)[0], rtol=1e-6)


def test_cells_whose_centre_is_missing_are_hidden(tmp_path: Path) -> None:
    pop().vtk.to_vts(tmp_path / "one.vts", location="cell")
    found = read_vtk(tmp_path / "one.vts")
    assert np.isfinite(found.points).all()
    land = np.isnan(pop().TLONG.values)
    for level in found.cell["vtkGhostType"]:
        np.testing.assert_array_equal(level > 0, land)


def test_cells_without_vertices_of_their_own_have_those_of_their_neighbours(tmp_path: Path) -> None:
    ds = pop()
    i, j = np.arange(NX) - 0.5, np.arange(NY) - 0.5
    for name, along in (("TLONG", 0), ("TLAT", 1)):
        corner = np.stack(
            [
                (np.add.outer(j + dj, i + di) if along == 0 else np.subtract.outer(j + dj, i + di))
                for dj, di in ((0, 0), (0, 1), (1, 1), (1, 0))
            ],
            axis=-1,
        )
        ds[name].attrs["bounds"] = f"{name}_bounds"
        ds[f"{name}_bounds"] = (("nlat", "nlon", "four"), np.where(np.isnan(ds[name].values)[..., None], 1e30, corner))
    ds.vtk.to_vts(tmp_path / "one.vts", location="cell")
    found = read_vtk(tmp_path / "one.vts").points[0]
    expected = np.add.outer(np.arange(NY + 1) - 0.5, np.arange(NX + 1) - 0.5)
    known = np.ones((NY + 1, NX + 1), bool)
    known[NY, NX] = False  # no cell with a place of its own has this corner
    np.testing.assert_allclose(found[..., 0][known], expected[known])
    assert abs(found[NY, NX, 0]) < NX + NY


def test_a_field_that_could_lie_on_several_coordinates_does_not_stop_the_others(tmp_path: Path) -> None:
    with pytest.warns(VtkSeriesWarning, match=r"'tarea'.*'TLON', 'ULON'.*x='TLON'"):
        cice().vtk.to_vts(tmp_path / "run.pvd")
    on_t = read_vtk(tmp_path / "run" / "run_nj_ni_000001.vts")
    on_u = read_vtk(tmp_path / "run" / "run_nj_ni_points_000001.vts")
    np.testing.assert_array_equal(on_t.point["aice"][0], cice().aice.values[1])
    np.testing.assert_array_equal(on_u.point["uvel"][0], cice().uvel.values[1])
    np.testing.assert_allclose(on_u.points[0, ..., 0], cice().ULON.values)
    with pytest.raises(SeriesError, match=r"'tarea'.*x='TLON'"):
        cice().vtk.plan(tmp_path / "other.pvd", grid="vts", variables=["tarea"])
    cice().vtk.to_vts(tmp_path / "named.pvd", x="TLON", y="TLAT")
    (first, _) = sorted((tmp_path / "named").iterdir())
    assert set(read_vtk(first).point) >= {"aice", "uvel", "tarea"}


def test_cells_end_at_the_poles(tmp_path: Path) -> None:
    lat = ("lat", np.linspace(-90, 90, NY), NORTH)
    lon = ("lon", np.arange(NX) * 360 / NX, EAST)
    ds = xr.Dataset({"t": (("lat", "lon"), values(NY, NX))}, {"lat": lat, "lon": lon})
    ds.vtk.to_vtr(tmp_path / "one.vtr", location="cell")
    np.testing.assert_allclose(read_vtk(tmp_path / "one.vtr").axes["y"], [-90, -67.5, -22.5, 22.5, 67.5, 90])


@pytest.mark.parametrize("verb", ["to_vtr", "to_vts", "to_pvd"])
def test_an_unstructured_grid_is_sent_to_its_own_verbs(tmp_path: Path, verb: str) -> None:
    ds = xr.Dataset(
        {"temp": (("time", "ncells"), values(NT, 11), {"coordinates": "clat clon"})},
        {
            "clon": ("ncells", np.linspace(0, 3, 11), {"standard_name": "longitude", "units": "radian"}),
            "clat": ("ncells", np.linspace(-1, 1, 11), {"standard_name": "latitude", "units": "radian"}),
            "time": DAYS,
        },
    )
    with pytest.raises(SeriesError, match=r"'temp' lies on an unstructured grid.*'ncells'.*to_vtu.*to_vtp"):
        getattr(ds.vtk, verb)(tmp_path / "run.pvd")
    assert not (tmp_path / "run.pvd").exists()


def test_values_along_time_alone_are_told_to_be_no_grid(tmp_path: Path) -> None:
    ds = xr.Dataset({"soi": ("time", [1.0, 2.0])}, {"time": DAYS})
    with pytest.raises(SeriesError, match="only values along time: plot these as lines"):
        ds.vtk.to_vtr(tmp_path / "run.pvd")


def test_a_vector_without_spatial_axis_is_said_to_be_field_data(tmp_path: Path) -> None:
    ds = xr.Dataset({"a": ("time", [1.0, 2]), "b": ("time", [3.0, 4]), "t": (("time", "y", "x"), values(2, 3, 4))})
    plan = ds.vtk.plan(tmp_path / "run.pvd", vectors={"drift": ("a", "b")})
    assert any("'drift'" in notice and "field data" in notice for notice in plan.notices)
