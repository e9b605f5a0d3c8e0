"""Grids that are legal and rare: cells round a pole, single rows and cells, bounds that jump, other units."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvista
import xarray as xr
from tools.readers import read_vtk

import vtkseries  # noqa: F401 (registers ds.vtk)
from vtkseries.errors import SeriesError

RADIUS = 1000.0
NZ = 3


def grid(lon: Any, lat: Any) -> xr.Dataset:
    both = np.ndim(lon) == 2
    shape = (NZ, len(lat), np.shape(lon)[-1])
    return xr.Dataset(
        {"f": (("z", "y", "x"), np.arange(np.prod(shape), dtype=float).reshape(shape))},
        {
            "lon": (("y", "x") if both else "x", lon, {"units": "degrees_east"}),
            "lat": (("y", "x") if both else "y", lat, {"units": "degrees_north"}),
            "z": ("z", 10.0 * np.arange(NZ) + 1, {"units": "m", "positive": "up", "axis": "Z"}),
        },
    )


def on_globe(lon: Any, lat: Any, height: Any) -> Any:
    lon, lat, distance = np.deg2rad(lon), np.deg2rad(lat), RADIUS + height
    lon, lat, distance = np.broadcast_arrays(lon, lat, distance)
    return np.stack(
        [distance * np.cos(lat) * np.cos(lon), distance * np.cos(lat) * np.sin(lon), distance * np.sin(lat)], -1
    )


@pytest.mark.parametrize("size", [8, 9])  # a corner at the pole, and a centre
@pytest.mark.parametrize("pole", [1, -1])
def test_cells_round_a_pole_are_whole_and_hold_their_values(tmp_path: Path, size: int, pole: int) -> None:
    a = np.linspace(-20, 20, size)
    x, y = np.meshgrid(a, a)
    lon, lat = np.degrees(np.arctan2(y, x)), pole * (90 - np.hypot(x, y))
    ds = grid(lon, lat)
    ds.vtk.to_vts(tmp_path / "one.vts", sphere=True, radius=RADIUS, location="cell")
    mesh = pyvista.read(tmp_path / "one.vts")
    assert "vtkGhostType" not in mesh.cell_data
    assert mesh.compute_cell_sizes()["Volume"].min() > 0
    places = on_globe(lon[None], lat[None], ds.z.values[:, None, None] - 0.5).reshape(-1, 3)
    found = mesh.find_containing_cell(places)
    np.testing.assert_array_equal(mesh.cell_data["f"][found], ds.f.values.ravel())


@pytest.mark.parametrize("shape", list(itertools.product((1, 2, 4), repeat=2)))
@pytest.mark.parametrize("sphere", [False, True])
def test_single_rows_and_cells_have_the_corners_of_their_bounds(
    tmp_path: Path, shape: tuple[int, int], *, sphere: bool
) -> None:
    ny, nx = shape
    j, i = np.meshgrid(np.arange(ny + 1), np.arange(nx + 1), indexing="ij")
    corners = {"lon": 10 + 3.0 * i + 0.2 * j, "lat": 50 + 2.0 * j - 0.2 * i}
    ring = ((0, 0), (0, 1), (1, 1), (1, 0))
    bounds = {name: np.stack([c[y : y + ny, x : x + nx] for y, x in ring], -1) for name, c in corners.items()}
    ds = grid(bounds["lon"].mean(-1), bounds["lat"].mean(-1))
    for name, values in bounds.items():
        ds[name].attrs["bounds"] = f"{name}_vertices"
        ds[f"{name}_vertices"] = (("y", "x", "four"), values)
    ds.vtk.to_vts(tmp_path / "one.vts", location="cell", sphere=sphere, radius=RADIUS if sphere else None)
    found = read_vtk(tmp_path / "one.vts")
    edges = np.array([-4.0, 6, 16, 26])[:, None, None]
    expected = (
        on_globe(corners["lon"], corners["lat"], edges)
        if sphere
        else np.stack(np.broadcast_arrays(corners["lon"], corners["lat"], edges), -1)
    )
    np.testing.assert_allclose(found.points, expected, atol=1e-9)
    np.testing.assert_array_equal(found.cell["f"], ds.f.values)
    assert pyvista.read(tmp_path / "one.vts").compute_cell_sizes()["Volume"].min() > 0


@pytest.mark.parametrize("shape", list(itertools.product((1, 2, 5), repeat=2)))
@pytest.mark.parametrize("location", ["point", "cell"])
def test_rows_and_single_points_without_bounds_are_drawn_too(
    tmp_path: Path, shape: tuple[int, int], location: str
) -> None:
    j, i = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij")
    ds = grid(10.0 + 3 * i + 0.2 * j, 40.0 - 2 * j + 0.1 * i)
    for options in ({}, {"sphere": True, "radius": RADIUS}):
        ds.vtk.to_vts(tmp_path / "one.vts", location=location, **options)
        found = read_vtk(tmp_path / "one.vts")
        values = found.cell["f"] if location == "cell" else found.point["f"]
        np.testing.assert_array_equal(np.sort(values, axis=None), ds.f.values.ravel())
        assert np.isfinite(found.points).all()


@pytest.mark.parametrize("verb", ["to_vtr", "to_vts", "to_pvd"])
def test_bounds_that_jump_at_the_date_line_do_so_with_their_centres(tmp_path: Path, verb: str) -> None:
    lon = np.array([165.0, 175, -175, -165])
    ds = grid(lon, np.array([0.0, 10, 20]))
    bounds = np.stack([lon - 5, lon + 5], -1)
    ds["lon"].attrs["bounds"], ds["lon_bnds"] = "lon_bnds", (("x", "two"), (bounds + 180) % 360 - 180)
    getattr(ds.vtk, verb)(tmp_path / "run.pvd", location="cell")
    (file,) = (tmp_path / "run").iterdir()
    grid_ = read_vtk(file)
    x = grid_.axes["x"] if grid_.axes else grid_.points[0, 0, :, 0]
    np.testing.assert_allclose(x, [160, 170, 180, 190, 200])


@pytest.mark.parametrize("unit", ["km", "radians", "no upward component"])
def test_a_globe_in_other_units_is_the_same_globe(tmp_path: Path, unit: str) -> None:
    lon, lat = np.arange(0, 360, 30.0), np.linspace(-75, 75, 6)
    ds = grid(lon, lat).assign(u=(("z", "y", "x"), np.ones((NZ, 6, 12))), v=(("z", "y", "x"), np.zeros((NZ, 6, 12))))
    radius, length = RADIUS, 1.0
    if unit == "km":
        ds, radius, length = ds.assign_coords(z=ds.z / 1000), RADIUS / 1000, 1000.0
    if unit == "radians":
        ds = ds.assign_coords(
            lon=("x", np.deg2rad(lon), {"units": "radians", "standard_name": "longitude"}),
            lat=("y", np.deg2rad(lat), {"units": "radians", "standard_name": "latitude"}),
        )
    ds.vtk.to_vts(tmp_path / "one.vts", sphere=True, radius=radius, vectors={"wind": ("u", "v")})
    found = read_vtk(tmp_path / "one.vts")
    around = np.append(lon, 360.0)
    height = 10.0 * np.arange(NZ)[:, None, None] + 1
    np.testing.assert_allclose(found.points * length, on_globe(around, lat[:, None], height), atol=1e-9)
    east = np.broadcast_to(
        np.stack([-np.sin(np.deg2rad(around)), np.cos(np.deg2rad(around)), 0 * around], -1), (NZ, 6, 13, 3)
    )
    np.testing.assert_allclose(found.point["wind"], east, atol=1e-12)


def test_a_globe_through_whose_centre_points_go_is_an_error(tmp_path: Path) -> None:
    ds = grid(np.arange(0, 360, 30.0), np.linspace(-75, 75, 6))
    ds["z"].attrs["positive"] = "down"
    with pytest.raises(SeriesError, match=r"heights of 'z' go down to -21000, below the centre.*radius=1000"):
        ds.vtk.to_vts(tmp_path / "run.pvd", sphere=True, radius=RADIUS, z_scale=1000)


def test_rotated_axes_in_degrees_north_are_no_latitudes(tmp_path: Path) -> None:
    j, i = np.meshgrid(np.arange(4), np.arange(5), indexing="ij")
    ds = grid(10.0 + i + 0.2 * j, 40.0 + j - 0.2 * i).rename(x="rlon", y="rlat")
    ds = ds.assign_coords(
        rlon=("rlon", np.arange(5.0) - 20, {"standard_name": "grid_longitude", "units": "degrees_east"}),
        rlat=("rlat", np.arange(4.0) - 20, {"standard_name": "grid_latitude", "units": "degrees_north"}),
    )
    ds.vtk.to_vts(tmp_path / "one.vts", sphere=True, radius=RADIUS)
    expected = on_globe(ds.lon.values, ds.lat.values, ds.z.values[:, None, None])
    np.testing.assert_allclose(read_vtk(tmp_path / "one.vts").points, expected, atol=1e-9)
    with pytest.raises(SeriesError, match=r"'rlon' \(grid_longitude\); name a coordinate that has them"):
        ds.drop_vars(["lon", "lat"]).vtk.to_vts(tmp_path / "run.pvd", sphere=True)
