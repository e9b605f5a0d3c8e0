"""Sections: x and y along one dim place a curtain, or a line, across the plane."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvista as pv
import xarray as xr
from tools.readers import read_vtk

import vtkseries  # noqa: F401 (registers ds.vtk)

NS, NX = 4, 6
LON = np.array([-95.0, -94.5, -93.75, -93.5, -92.0, -91.0])
LAT = np.array([28.0, 28.5, 28.25, 29.0, 30.0, 29.5])
HEIGHTS = np.linspace(-1, 0, NS)[:, None] * (50 + 3 * np.arange(NX) ** 2)


def section(dim: str = "xi_rho", *, heights: bool = True) -> xr.Dataset:
    """What `isel` leaves of an ocean's grid; each value tells its place."""
    code = LON * 1e6 + LAT * 1e3 + HEIGHTS
    places: dict[str, Any] = {
        "lon_rho": (dim, LON, {"units": "degrees_east"}),
        "lat_rho": (dim, LAT, {"units": "degrees_north"}),
        "ocean_time": ("ocean_time", [0.0, 0.5]),
    }
    if heights:
        places["z_rho"] = (("s_rho", dim), HEIGHTS, {"axis": "Z"})
    return xr.Dataset({"code": (("ocean_time", "s_rho", dim), np.stack([code, code + 0.5]))}, places)


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


@pytest.mark.parametrize("dim", ["xi_rho", "eta_rho"])
@pytest.mark.parametrize("named", [{}, {"x": "lon_rho", "y": "lat_rho", "z": "z_rho"}])
def test_a_section_is_a_curtain_at_its_places(tmp_path: Path, dim: str, named: dict[str, str]) -> None:
    ds = section(dim)
    ds.vtk.to_pvd(tmp_path / "run.pvd", **named)
    grid = read_vtk(files(tmp_path / "run")[1])
    x, y, z = np.moveaxis(grid.points, -1, 0)
    np.testing.assert_allclose(grid.point["code"].reshape(z.shape), x * 1e6 + y * 1e3 + z + 0.5, rtol=1e-12)
    assert sorted(np.unique(x)) == sorted(LON)
    with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries") as back:
        assert back.identical(ds)


def test_a_line_lies_at_its_places(tmp_path: Path) -> None:
    ds = section().isel(s_rho=2, ocean_time=0).drop_vars("z_rho")
    ds.vtk.to_vts(tmp_path / "line.vts")
    points = read_vtk(tmp_path / "line.vts").points.reshape(-1, 3)
    np.testing.assert_array_equal(points, np.stack([LON, LAT, 0 * LON], -1))
    assert any("a line through its points; to_vtp" in notice for notice in ds.vtk.plan("line.vts").notices)


def test_cells_of_a_section_stand_around_its_places(tmp_path: Path) -> None:
    section().vtk.to_pvd(tmp_path / "run.pvd", location="cell")
    grid: Any = pv.read(files(tmp_path / "run")[0])
    assert grid.dimensions == (NX + 1, 1, NS + 1)
    assert grid.compute_cell_sizes()["Area"].min() > 0
    corners = np.unique(np.asarray(grid.points)[:, :2], axis=0)
    np.testing.assert_allclose(np.sort(corners[1:-1, 0]), (LON[1:] + LON[:-1]) / 2, rtol=1e-12)


def test_a_section_on_a_globe(tmp_path: Path) -> None:
    section().vtk.to_pvd(tmp_path / "run.pvd", sphere=True)
    grid = read_vtk(files(tmp_path / "run")[0])
    radius = np.linalg.norm(grid.points, axis=-1).reshape(NS, NX)
    np.testing.assert_allclose(radius, 6_371_000 + HEIGHTS, rtol=1e-12)
    np.testing.assert_allclose(np.degrees(np.arcsin(grid.points[..., 2].reshape(NS, NX) / radius)), [LAT] * NS)


def test_a_grid_of_lines_says_that_it_counts() -> None:
    notices = section().vtk.plan("run.pvd").notices
    assert "'lon_rho' and 'lat_rho' lie along one dim, so positions were counted; to_vts and to_pvd use them" in notices


def test_an_axis_of_its_own_stays() -> None:
    ds = section("x", heights=False).assign_coords(x=("x", np.arange(NX) * 250.0, {"units": "m", "axis": "X"}))
    (part,) = ds.vtk.plan("run.pvd", grid="auto").parts
    assert part.document.type == "ImageData"


@pytest.mark.parametrize("location", ["auto", "cell"])
def test_one_level_lies_at_the_heights_that_it_has_in_the_whole(tmp_path: Path, location: str) -> None:
    y, x = np.meshgrid(np.arange(5.0), np.arange(7.0), indexing="ij")
    depth, surface, s, stretching = (
        50 + x * y,
        np.stack([0 * x, 0.1 * x - 0.2 * y]),
        np.array([-0.9, -0.4]),
        [-0.8, -0.2],
    )
    ocean = xr.Dataset(
        {
            "n": (("ocean_time", "s_rho", "eta", "xi"), np.arange(140.0).reshape(2, 2, 5, 7)),
            "zeta": (("ocean_time", "eta", "xi"), surface),
            "h": (("eta", "xi"), depth),
            "hc": 20.0,
            "Cs_r": ("s_rho", stretching),
        },
        {
            "lon_rho": (("eta", "xi"), -90 + x + 0.1 * y, {"units": "degrees_east"}),
            "lat_rho": (("eta", "xi"), 30 + y, {"units": "degrees_north"}),
            "ocean_time": [0.0, 1.0],
            "s_rho": (
                "s_rho",
                s,
                {
                    "standard_name": "ocean_s_coordinate_g2",
                    "positive": "up",
                    "formula_terms": "s: s_rho C: Cs_r eta: zeta depth: h depth_c: hc",
                },
            ),
        },
    )
    level = ocean.isel(s_rho=1)
    level.vtk.to_pvd(tmp_path / "run.pvd", location=location)
    share = (20 * s[1] + depth * stretching[1]) / (20 + depth)
    for step, file in enumerate(sorted((tmp_path / "run").glob("*.vts"))):
        grid = read_vtk(file)
        heights = surface[step] + (surface[step] + depth) * share
        if location == "auto":
            np.testing.assert_array_equal(grid.point["n"][0], level.n[step])
            np.testing.assert_allclose(grid.points[0, ..., 2], heights, rtol=1e-12)
        else:
            np.testing.assert_array_equal(grid.cell["n"][0], level.n[step])
            inner = (heights[1:, 1:] + heights[1:, :-1] + heights[:-1, 1:] + heights[:-1, :-1]) / 4
            np.testing.assert_allclose(grid.points[0, 1:-1, 1:-1, 2], inner, rtol=1e-12)
    with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries") as back:
        assert back.identical(level)
