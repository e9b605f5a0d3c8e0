"""Globes: places, values and vectors are where longitude, latitude and height say, and the seam is closed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pyvista
import xarray as xr
from tools.readers import read_vtk

import vtkseries  # noqa: F401 (registers ds.vtk)
from vtkseries.errors import SeriesError

RADIUS = 1000.0


def climate() -> xr.Dataset:
    rng = np.random.default_rng(4)
    dims = ("time", "lev", "lat", "lon")
    u, v, t = rng.random((3, 2, 3, 4, 6))
    return xr.Dataset(
        {
            "ua": (dims, u, {"standard_name": "eastward_wind"}),
            "va": (dims, v, {"standard_name": "northward_wind"}),
            "ta": (dims, t),
        },
        {
            "lon": ("lon", np.arange(0, 360, 60.0), {"standard_name": "longitude", "units": "degrees_east"}),
            "lat": ("lat", [60.0, 20.0, -20.0, -60.0], {"standard_name": "latitude", "units": "degrees_north"}),
            "lev": ("lev", [100.0, 200.0, 300.0], {"axis": "Z", "units": "m", "positive": "up"}),
            "time": [0.0, 1.0],
        },
    )


def angles(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    distance = np.linalg.norm(points, axis=-1)
    lon = np.rad2deg(np.arctan2(points[..., 1], points[..., 0])) % 360
    return np.round(lon) % 360, np.round(np.rad2deg(np.arcsin(points[..., 2] / distance))), distance - RADIUS


ORDERS = {
    "as it is": lambda ds: ds,
    "descending": lambda ds: ds.isel(lon=slice(None, None, -1)),
    "chunked": lambda ds: ds.chunk(lon=4, lat=2, time=1),
    "transposed": lambda ds: ds.transpose("lon", "time", "lat", "lev"),
    "across the date line": lambda ds: ds.assign_coords(lon=(ds.lon + 180) % 360 - 180),
    "two-dimensional": lambda ds: (
        ds.rename(lon="i", lat="j")
        .drop_vars(["i", "j"])
        .assign_coords(
            lon=(("j", "i"), np.broadcast_to(ds.lon.values, (4, 6)), ds.lon.attrs),
            lat=(("j", "i"), np.broadcast_to(ds.lat.values[:, None], (4, 6)), ds.lat.attrs),
        )
    ),
}


@pytest.mark.parametrize("order", ORDERS)
def test_a_globe_has_every_value_at_its_place_and_no_gap(tmp_path: Path, order: str) -> None:
    ds = climate()
    written = ORDERS[order](ds)
    written.vtk.to_vts(tmp_path / "run.pvd", sphere=True, radius=RADIUS)
    for step, file in enumerate(sorted((tmp_path / "run").iterdir())):
        grid = read_vtk(file)
        assert grid.points.shape == (3, 4, 7, 3)
        lon, lat, height = angles(grid.points)
        at = {"lon": lon, "lat": lat, "lev": np.round(height)}
        places = {name: xr.DataArray(values, dims=("k", "j", "i")) for name, values in at.items()}
        expected = ds.isel(time=step).sel(places)
        np.testing.assert_array_equal(grid.point["ta"], expected.ta)
        east = np.stack([-np.sin(np.deg2rad(lon)), np.cos(np.deg2rad(lon)), 0 * lon], -1)
        outward = grid.points / np.linalg.norm(grid.points, axis=-1, keepdims=True)
        wind = grid.point["wind"]
        np.testing.assert_allclose((wind * east).sum(-1), expected.ua, atol=1e-12)
        np.testing.assert_allclose((wind * np.cross(outward, east)).sum(-1), expected.va, atol=1e-12)
        np.testing.assert_allclose((wind * outward).sum(-1), 0, atol=1e-12)
        np.testing.assert_allclose(grid.points[..., 0, :], grid.points[..., -1, :], atol=1e-9)
        assert pyvista.read(file).compute_cell_sizes()["Volume"].min() > 0


def test_a_globe_reads_back_as_it_was(tmp_path: Path) -> None:
    for name in ("as it is", "descending", "two-dimensional"):
        ds = ORDERS[name](climate())
        ds.vtk.to_pvd(tmp_path / "run.pvd", sphere=True)
        with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries") as back:
            xr.testing.assert_identical(back.load(), ds)


def test_a_surface_faces_outward_and_a_part_of_the_globe_stays_open(tmp_path: Path) -> None:
    ds = climate().isel(lev=0, time=0, lon=slice(0, 4))
    ds.vtk.to_vts(tmp_path / "one.vts", sphere=True, radius=RADIUS)
    assert read_vtk(tmp_path / "one.vts").points.shape == (1, 4, 4, 3)
    surface = pyvista.read(tmp_path / "one.vts").extract_surface(algorithm="dataset_surface")
    surface = surface.compute_normals(consistent_normals=False, auto_orient_normals=False, point_normals=False)
    assert ((surface["Normals"] * surface.cell_centers().points).sum(axis=1) > 0).all()


def test_what_is_no_longitude_or_no_curvilinear_grid_is_an_error(tmp_path: Path) -> None:
    ds = climate()
    with pytest.raises(SeriesError, match="to_vts"):
        ds.vtk.to_vtr(tmp_path / "run.pvd", sphere=True)
    metres = ds.rename(lon="x").assign_coords(x=("x", np.arange(6) * 1e3, {"units": "m", "axis": "X"}))
    with pytest.raises(SeriesError, match=r"longitudes in degrees, and x is 'x' \(in m\)"):
        metres.vtk.to_vts(tmp_path / "run.pvd", sphere=True)
    with pytest.raises(SeriesError, match="radius=-1"):
        ds.vtk.to_vts(tmp_path / "run.pvd", sphere=True, radius=-1)
    with pytest.raises(SeriesError, match="roll"):
        ds.isel(lon=[0, 4, 5]).vtk.to_vts(tmp_path / "run.pvd", sphere=True)


def test_longitudes_that_jump_at_the_date_line_are_unwrapped_on_a_plane_too(tmp_path: Path) -> None:
    ds = climate().isel(lon=slice(1, 5))
    ds = ds.assign_coords(lon=("lon", [170.0, 175.0, -180.0, -175.0], ds.lon.attrs))
    ds.isel(time=0).vtk.to_vtr(tmp_path / "one.vtr")
    np.testing.assert_array_equal(read_vtk(tmp_path / "one.vtr").axes["x"], [170, 175, 180, 185])
    assert "date line" in repr(ds.vtk.plan(tmp_path / "run.pvd"))
    lon = (
        ("lat", "i"),
        np.array([[170.0, 178.0, -174.0], [176.0, -176.0, -168.0], [-178.0, -170.0, -162.0], [-175.0, -167.0, -159.0]]),
    )
    curved = ds.isel(lon=slice(0, 3), time=0).rename(lon="i").drop_vars("i").assign_coords(lon=(*lon, ds.lon.attrs))
    curved = curved.assign_coords(lat=(("lat2", "i"), np.zeros((1, 3)))).drop_vars("lat")
    curved = curved.assign_coords(la=(("lat", "i"), np.broadcast_to(ds.lat.values[:, None], (4, 3))))
    curved.vtk.to_vts(tmp_path / "one.vts", x="lon", y="la")
    x = read_vtk(tmp_path / "one.vts").points[0, ..., 0]
    assert np.ptp(x) < 35
    assert (np.abs(np.diff(x, axis=0)) < 10).all()


def test_rows_that_turn_back_by_half_a_round_stay_beside_the_row_below(tmp_path: Path) -> None:
    # The last rows of a tripolar grid: from one pole of the grid to the other, half a round away, and back.
    lon = [[80.0, 130.0, 179.0, -130.0, -50.0, 0.0, 70.0], [80.0, 80.0, 80.0, -100.0, -100.0, -100.0, 79.0]]
    lat = [[70.0] * 7, [75.0, 80.0, 85.0, 85.0, 80.0, 75.0, 74.0]]
    places = {
        "lon": (("j", "i"), lon, {"units": "degrees_east"}),
        "lat": (("j", "i"), lat, {"units": "degrees_north"}),
    }
    xr.Dataset({"T": (("j", "i"), np.arange(14.0).reshape(2, 7))}, places).vtk.to_vts(tmp_path / "fold.vts")
    x = read_vtk(tmp_path / "fold.vts").points[0, ..., 0]
    np.testing.assert_array_equal(x, [[80, 130, 179, 230, 310, 360, 430], [80, 80, 80, 260, 260, 260, 439]])


@pytest.mark.parametrize("chunks", [None, {"time": 1, "lev": 1}])
def test_points_that_are_too_many_to_keep_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunks: dict[str, int] | None
) -> None:
    ds = climate() if chunks is None else climate().chunk(chunks)
    climate().vtk.to_vts(tmp_path / "kept" / "run.pvd", sphere=True, radius=RADIUS)
    monkeypatch.setattr("vtkseries.plan.parts.KEPT", 0)
    monkeypatch.setattr("vtkseries.plan.parts._SENT", 0)
    monkeypatch.setattr("vtkseries.cf.lazy.KEPT", 0)
    ds.vtk.to_vts(tmp_path / "made" / "run.pvd", sphere=True, radius=RADIUS)
    for step in range(2):
        kept, made = (tmp_path / name / "run" / f"run_{step:06d}.vts" for name in ("kept", "made"))
        assert made.read_bytes() == kept.read_bytes()
