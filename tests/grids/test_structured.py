"""Structured grids: a point's coordinates and its values come back together, right way round."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvista
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from tools.readers import read_vtk, read_vtkio

import vtkseries  # noqa: F401 (registers ds.vtk)
from vtkseries.errors import SeriesError

SIZES = {"time": 2, "lev": 3, "eta_rho": 4, "xi_rho": 5}


def ocean(*, descending: bool = False, swapped: bool = False, **attrs: str) -> xr.Dataset:
    """A rotated, stretched grid whose values tell where they belong."""
    ny, nx = SIZES["eta_rho"], SIZES["xi_rho"]
    j, i = np.meshgrid(np.arange(ny), np.arange(nx), indexing="ij")
    lon, lat = 5 + i + 0.2 * j + 0.01 * i * i, 40 + 0.8 * j - 0.1 * i
    if descending:
        lon, lat = lon[::-1], lat[::-1]
    lev = np.array([5.0, 12.0, 30.0])
    steps = np.arange(SIZES["time"])
    code = lon[None, None] * 1e3 + lat[None, None] + lev[None, :, None, None] * 1e6 + steps[:, None, None, None] * 1e9
    dims = ("eta_rho", "xi_rho")
    ds = xr.Dataset(
        {"code": (("time", "lev", *dims), code)},
        {
            "lon": (dims, lon, {"units": "degrees_east", **attrs}),
            "lat": (dims, lat, {"units": "degrees_north"}),
            "lev": ("lev", lev, {"axis": "Z"}),
            "time": steps * 0.5,
        },
    )
    return ds.transpose("xi_rho", "lev", "time", "eta_rho") if swapped else ds


def decoded(points: Any, step: int) -> Any:
    return points[..., 0] * 1e3 + points[..., 1] + points[..., 2] * 1e6 + step * 1e9


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("chunks", [None, {"time": 1, "eta_rho": 3, "xi_rho": 2}])
def test_every_value_is_at_its_own_point(
    tmp_path: Path, chunks: dict[str, int] | None, *, descending: bool, swapped: bool
) -> None:
    ds = ocean(descending=descending, swapped=swapped)
    (ds if chunks is None else ds.chunk(chunks)).vtk.to_vts(tmp_path / "run.pvd")
    for step, file in enumerate(sorted((tmp_path / "run").glob("*.vts"))):
        for read in (read_vtk, read_vtkio):
            grid = read(file)
            assert grid.points.shape == (3, 4, 5, 3)
            np.testing.assert_array_equal(grid.point["code"], decoded(grid.points, step))
    assert step == 1


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("down", [False, True])
def test_no_cell_is_inverted_and_points_are_found(tmp_path: Path, *, descending: bool, down: bool) -> None:
    ds = ocean(descending=descending).isel(time=0)
    if down:
        ds.lev.attrs["positive"] = "down"
    ds.vtk.to_vts(tmp_path / "one.vts")
    grid = pyvista.read(tmp_path / "one.vts")
    assert grid.compute_cell_sizes()["Volume"].min() > 0
    inside = grid.cell_centers().points
    probe = pyvista.PolyData(inside).sample(grid)
    assert np.all(probe["vtkValidPointMask"] == 1)
    expected = inside[:, 0] * 1e3 + inside[:, 1] + np.abs(inside[:, 2]) * 1e6
    np.testing.assert_allclose(probe["code"], expected, rtol=1e-9)
    surface = ds.isel(lev=0)
    surface.vtk.to_vts(tmp_path / "flat.vts")
    flat = (
        pyvista.read(tmp_path / "flat.vts")
        .extract_surface(algorithm="dataset_surface")
        .compute_normals(consistent_normals=False, auto_orient_normals=False)
    )
    assert flat["Normals"][:, 2].min() > 0.99


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 4), st.integers(2, 5), st.integers(2, 5)),
    st.permutations(["z", "y", "x"]),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)
def test_coordinates_and_values_of_a_random_grid_come_back_together(
    shape: tuple[int, int, int],
    order: list[str],
    seed: int,
    chunked: bool,  # noqa: FBT001 (hypothesis fills it)
) -> None:
    rng = np.random.default_rng(seed)
    nz, ny, nx = shape
    shear = rng.uniform(-0.3, 0.3, (3, 3)) + np.eye(3) * rng.choice([-1, 1], 3)
    k, j, i = np.meshgrid(np.arange(nz), np.arange(ny), np.arange(nx), indexing="ij")
    places = np.einsum("ab,b...->a...", shear, np.array([i, j, k], float))
    dims = ("z", "y", "x")
    ds = xr.Dataset(
        {"p": (dims, places[0] + 100 * places[1] + 1e4 * places[2])},
        {name: (dims, place) for name, place in zip(("px", "py", "pz"), places, strict=True)},
    ).transpose(*order)
    if chunked:
        ds = ds.chunk(z=2, y=3, x=2)
    with tempfile.TemporaryDirectory() as folder:
        target = ds.vtk.to_vts(Path(folder, "one.vts"), x="px", y="py", z="pz")
        grid = read_vtk(target)
        mesh = pyvista.read(target)
    assert grid.points.shape == (nz, ny, nx, 3)
    np.testing.assert_array_equal(
        grid.point["p"], grid.points[..., 0] + 100 * grid.points[..., 1] + 1e4 * grid.points[..., 2]
    )
    np.testing.assert_array_equal(np.unique(grid.point["p"]), np.unique(ds["p"].values))
    if nz > 1:
        assert mesh.compute_cell_sizes()["Volume"].min() > 0


def test_heights_of_three_and_four_dims_move_with_their_step(tmp_path: Path) -> None:
    ds = ocean()
    height = ds.lev * (1 + 0.1 * ds.xi_rho + 0.01 * ds.eta_rho) + 0.001 * ds.time
    ds = ds.assign(height=height.transpose("time", "lev", "eta_rho", "xi_rho"), code=ds.code * 0 + height)
    ds.vtk.to_vts(tmp_path / "run.pvd", z="height")
    seen = []
    for step, file in enumerate(sorted((tmp_path / "run").glob("*.vts"))):
        grid = read_vtk(file)
        np.testing.assert_array_equal(grid.points[..., 2], grid.point["code"])
        np.testing.assert_array_equal(grid.points[..., 2], ds.height.values[step])
        seen.append(grid.points)
    assert not np.array_equal(seen[0], seen[1])


def test_two_coordinates_that_fit_are_an_error_that_shows_the_choice(tmp_path: Path) -> None:
    ds = ocean().assign_coords(lon2=(("eta_rho", "xi_rho"), ocean().lon.values + 1, {"units": "degrees_east"}))
    with pytest.raises(SeriesError, match="x='lon' or x='lon2'"):
        ds.vtk.to_vts(tmp_path / "run.pvd")
    ds.vtk.to_vts(tmp_path / "run.pvd", x="lon2")
    assert not list(tmp_path.glob("*.vts"))


def test_a_rectilinear_series_sends_named_2d_coordinates_to_structured_grids(tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match="to_vts"):
        ocean().vtk.to_vtr(tmp_path / "run.pvd", x="lon", y="lat")


@pytest.mark.parametrize("order", [("c", "b", "a"), ("a", "b", "c"), ("b", "c", "a")])
def test_coordinates_called_x_y_and_z_on_the_same_dims_place_points(tmp_path: Path, order: tuple[str, ...]) -> None:
    x, y, z = (a + 0.1 * b for a, b in zip(*(np.meshgrid(*np.ogrid[:5, :4, :3], indexing="ij"),) * 2, strict=True))
    x, y, z = x + 0.2 * z, y + 0.3 * x, z - 0.1 * x * y
    dims = ("a", "b", "c")
    ds = xr.Dataset({"code": (dims, x * 1e4 + y * 1e2 + z)}, {"x": (dims, x), "y": (dims, y), "z": (dims, z)})
    ds = ds.transpose(*order)
    ds.vtk.to_pvd(tmp_path / "run.pvd")
    (file,) = (tmp_path / "run").iterdir()
    points = read_vtk(file).points
    found = points[..., 0] * 1e4 + points[..., 1] * 1e2 + points[..., 2]
    np.testing.assert_allclose(read_vtk(file).point["code"], found, rtol=1e-14)


def test_a_surface_has_the_heights_of_its_z(tmp_path: Path) -> None:
    x, y = np.meshgrid(np.linspace(-2, 2, 6), np.linspace(-1, 1, 5))
    places = {"x": (("b", "a"), x), "y": (("b", "a"), y), "z": (("b", "a"), np.sin(np.hypot(x, y)))}
    ds = xr.Dataset({"code": (("b", "a"), x + 10 * y), "layers": (("level", "b", "a"), np.ones((3, 5, 6)))}, places)
    ds[["code"]].vtk.to_pvd(tmp_path / "run.pvd")
    (file,) = (tmp_path / "run").iterdir()
    grid = read_vtk(file)
    np.testing.assert_array_equal(grid.points[..., 2].ravel(), np.sin(np.hypot(x, y)).ravel())
    np.testing.assert_array_equal(grid.point["code"].ravel(), (x + 10 * y).ravel())
    ds[["layers"]].vtk.to_pvd(tmp_path / "layers.pvd")
    (file,) = (tmp_path / "layers").iterdir()
    np.testing.assert_array_equal(read_vtk(file).points[:, 0, 0, 2], [0, 1, 2])  # one surface is no place for layers


@pytest.mark.parametrize("fill", [np.nan, 9.96921e36])
def test_a_coordinate_that_is_missing_everywhere_places_nothing(tmp_path: Path, fill: float) -> None:
    ds = ocean()
    ds["lon"] = ds["lon"].copy(data=np.full(ds["lon"].shape, fill))
    with pytest.raises(SeriesError, match="'lon' is missing everywhere; name another, as with x="):
        ds.vtk.to_pvd(tmp_path / "run.pvd", x="lon", y="lat")
    assert not list(tmp_path.iterdir())
