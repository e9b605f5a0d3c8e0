"""CF bounds of two-dimensional coordinates are exact cell corners, or an error that says where they are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import pyvista
import xarray as xr
from tools.readers import read_vtk

import vtkseries  # noqa: F401 (registers ds.vtk)
from vtkseries.errors import SeriesError

NY, NX = 3, 4
J, I = np.meshgrid(np.arange(NY + 1), np.arange(NX + 1), indexing="ij")  # noqa: E741 (the field's own letters)
LON, LAT = 10 + 2.0 * I + 0.3 * J + 0.05 * I**2, 50 + 1.5 * J - 0.2 * I
Array = npt.NDArray[Any]
RING = ((0, 0), (0, 1), (1, 1), (1, 0))


def cells(start: int = 0, way: int = 1, *, flip: bool = False, lon: Array = LON, lat: Array = LAT) -> xr.Dataset:
    ring = [RING[(start + way * n) % 4] for n in range(4)]
    ny, nx = lon.shape[0] - 1, lon.shape[1] - 1
    bounds = {
        name: np.stack([corner[y : y + ny, x : x + nx] for y, x in ring], -1)
        for name, corner in (("lon", lon), ("lat", lat))
    }
    ds = xr.Dataset(
        {"T": (("j", "i"), np.arange(ny * nx, dtype=float).reshape(ny, nx))},
        {
            "lon": (("j", "i"), bounds["lon"].mean(-1), {"units": "degrees_east", "bounds": "lon_b"}),
            "lat": (("j", "i"), bounds["lat"].mean(-1), {"units": "degrees_north", "bounds": "lat_b"}),
        },
    )
    ds = ds.assign(lon_b=(("j", "i", "vertices"), bounds["lon"]), lat_b=(("j", "i", "vertices"), bounds["lat"]))
    return ds.isel(j=slice(None, None, -1)) if flip else ds


@pytest.mark.parametrize("start", range(4))
@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("flip", [False, True])
def test_four_vertices_in_any_order_become_the_corners(tmp_path: Path, start: int, way: int, *, flip: bool) -> None:
    cells(start, way, flip=flip).vtk.to_vts(tmp_path / "one.vts", location="cell")
    grid = read_vtk(tmp_path / "one.vts")
    np.testing.assert_array_equal(grid.points[0, ..., 0], LON)
    np.testing.assert_array_equal(grid.points[0, ..., 1], LAT)
    np.testing.assert_array_equal(grid.cell["T"][0], np.arange(12.0).reshape(NY, NX))
    mesh = pyvista.read(tmp_path / "one.vts")
    quad = np.abs(np.cross(LON[1:, 1:] - LON[:-1, :-1], 1)) if False else mesh.compute_cell_sizes()["Area"]
    assert quad.min() > 2


@pytest.mark.parametrize("dims", [("i", "j", "vertices"), ("vertices", "j", "i"), ("j", "vertices", "i")])
@pytest.mark.parametrize("size", [3, 4])
def test_the_dims_of_bounds_are_taken_by_name(tmp_path: Path, dims: tuple[str, ...], size: int) -> None:
    ds = cells().isel(i=slice(size))
    ds["lon_b"], ds["lat_b"] = ds.lon_b.transpose(*dims), ds.lat_b.transpose(*dims)
    ds.vtk.to_vts(tmp_path / "one.vts", location="cell")
    grid = read_vtk(tmp_path / "one.vts")
    np.testing.assert_array_equal(grid.points[0, ..., 0], LON[:, : size + 1])
    np.testing.assert_array_equal(grid.points[0, ..., 1], LAT[:, : size + 1])
    np.testing.assert_array_equal(grid.cell["T"][0], ds["T"])


def test_coordinates_whose_dims_have_another_order_have_the_same_corners(tmp_path: Path) -> None:
    ds = cells(start=2).isel(j=[1])
    ds["lat"], ds["lat_b"] = ds.lat.T, ds.lat_b.transpose("i", "j", "vertices")
    ds.vtk.to_vts(tmp_path / "one.vts", location="cell", x="lon", y="lat")
    points = read_vtk(tmp_path / "one.vts").points[0]
    found = {tuple(place) for place in points[..., :2].reshape(-1, 2)}
    assert found == set(zip(LON[1:3].ravel(), LAT[1:3].ravel(), strict=True))


@pytest.mark.parametrize("start", range(4))
@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("along", ["i", "j"])
def test_a_single_row_that_leans_is_no_mirror_image(tmp_path: Path, start: int, way: int, along: str) -> None:
    # Latitudes are the same along the row, and so match in more orders than longitudes do.
    j, i = J[:2, :4], I[:2, :4]
    lon, lat = (i + 0.6 * j, 1.0 * j) if along == "i" else (1.0 * j.T, i.T + 0.6 * j.T)
    cells(start, way, lon=lon, lat=lat).vtk.to_vts(tmp_path / "one.vts", location="cell")
    points = read_vtk(tmp_path / "one.vts").points[0]
    found = {tuple(place) for place in points[..., :2].reshape(-1, 2)}
    assert found == set(zip(lon.ravel(), lat.ravel(), strict=True))


def test_cells_that_do_not_match_are_an_error_that_says_where(tmp_path: Path) -> None:
    ds = cells()
    ds["lon_b"][1, 2, 1] += 0.5
    with pytest.raises(SeriesError, match=r"'lon_b'.*j=1, i=2 and j=1, i=3.*location='point'"):
        ds.vtk.to_vts(tmp_path / "one.vts", location="cell")
    assert not list(tmp_path.iterdir())


def test_without_bounds_corners_are_half_way_and_the_plan_says_so(tmp_path: Path) -> None:
    ds = cells().drop_vars(["lon_b", "lat_b"])
    ds.vtk.to_vts(tmp_path / "one.vts", location="cell")
    points = read_vtk(tmp_path / "one.vts").points[0]
    lon = ds.lon.values
    np.testing.assert_allclose(points[1:-1, 1:-1, 0], (lon[1:, 1:] + lon[1:, :-1] + lon[:-1, 1:] + lon[:-1, :-1]) / 4)
    assert "half-way" in repr(ds.vtk.plan(tmp_path / "b.vts", location="cell"))
