"""What the caller names as x, y or z also places the fields that lie half a cell away, by its means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvista
import xarray as xr
from tools.readers import read_vtk

import vtkseries  # noqa: F401 (registers ds.vtk)

NT, NZ, NY, NX = 2, 3, 4, 5
RNG = np.random.default_rng(5)


def model(**extra: Any) -> xr.Dataset:
    """Give a C-grid with heights of the layers' edges at the centres of the columns, across the date line."""
    j, i = np.meshgrid(np.arange(NY), np.arange(NX), indexing="ij")
    lon = 178.0 + i + 0.1 * j
    lon = np.where(lon > 180, lon - 360, lon)
    sizes = {"t": ("z", "y", "x"), "u": ("z", "y", "x_u"), "v": ("z", "y_v", "x"), "w": ("z_w", "y", "x")}
    count = {"z": NZ, "y": NY, "x": NX, "x_u": NX + 1, "y_v": NY - 1, "z_w": NZ + 1}
    fields = {name: (("time", *dims), RNG.random((NT, *(count[dim] for dim in dims)))) for name, dims in sizes.items()}
    height = np.cumsum(RNG.uniform(1, 2, (NT, NZ + 1, NY, NX)), axis=1)
    return xr.Dataset(
        {**fields, "mask3": (("z", "y", "x"), RNG.random((NZ, NY, NX)))},
        {
            "lon": (("y", "x"), lon, {"units": "degrees_east"}),
            "lat": (("y", "x"), 40.0 + j, {"units": "degrees_north"}),
            "height": (("time", "z_w", "y", "x"), height, {"units": "m", "positive": "up"}),
            "time": [0.0, 1.0],
            **extra,
        },
    )


def outward(values: Any, axis: int) -> Any:
    """Give the values half-way between neighbours, and as far beyond the outermost."""
    width = [(0, 0)] * values.ndim
    width[axis] = (1, 1)
    return inward(np.pad(values, width, mode="reflect", reflect_type="odd"), axis)


def inward(values: Any, axis: int) -> Any:
    moved = np.moveaxis(values, axis, 0)
    return np.moveaxis((moved[1:] + moved[:-1]) / 2, 0, axis)


@pytest.mark.parametrize("chunks", [None, {"time": 1, "z": 2, "z_w": 3, "x": 2}])
def test_every_field_of_a_c_grid_lies_where_the_named_coordinates_say(
    tmp_path: Path, chunks: dict[str, int] | None
) -> None:
    ds = model()
    source = ds if chunks is None else ds.chunk(chunks)
    source.vtk.to_vts(tmp_path / "run.pvd", x="lon", y="lat", z="height")
    lon, lat, height = ds.lon.values % 360, ds.lat.values, ds.height.values
    middle = inward(height, 1)
    places = {
        "t": (lon, lat, middle),
        "u": (outward(lon, 1), outward(lat, 1), outward(middle, 3)),
        "v": (inward(lon, 0), inward(lat, 0), inward(middle, 2)),
        "w": (lon, lat, height),
    }
    found: dict[Any, Any] = {}
    for step in range(NT):
        for file in (tmp_path / "run").glob(f"*_{step:06d}.vts"):
            grid = read_vtk(file)
            found |= {(name, step): (grid, v) for name, v in grid.point.items() if name in ds.data_vars}
            assert pyvista.read(file).compute_cell_sizes()["Volume"].min() > 0
    for (name, step), (grid, values) in found.items():
        x, y, z = places["t" if name == "mask3" else name]
        np.testing.assert_allclose(grid.points[..., 0], np.broadcast_to(x, values.shape), rtol=1e-12)
        np.testing.assert_allclose(grid.points[..., 1], np.broadcast_to(y, values.shape), rtol=1e-12)
        np.testing.assert_allclose(grid.points[..., 2], z[step], rtol=1e-12)
        expected = ds[name].values if name == "mask3" else ds[name].values[step]
        np.testing.assert_array_equal(values, expected)
    assert {name for name, _ in found} == {"t", "u", "v", "w", "mask3"}
    plan = source.vtk.plan(tmp_path / "b.pvd", grid="vts", x="lon", y="lat", z="height")
    assert any("'lon'" in n or "(lon): averaged along x" in n for n in plan.notices)


def test_a_field_with_coordinates_of_its_own_keeps_them(tmp_path: Path) -> None:
    own = {
        "lon_u": (("y", "x_u"), RNG.random((NY, NX + 1)) / 4 + np.arange(NX + 1), {"units": "degrees_east"}),
        "lat_u": (("y", "x_u"), RNG.random((NY, NX + 1)) / 4 + np.arange(NY)[:, None], {"units": "degrees_north"}),
    }
    ds = model(**own)[["u", "t"]].isel(time=0, z=0)
    ds.vtk.to_vts(tmp_path / "run.pvd", x="lon", y="lat")
    grid = next(g for g in map(read_vtk, (tmp_path / "run").glob("*.vts")) if "u" in g.point)
    np.testing.assert_allclose(grid.points[0, ..., 0], ds.lon_u.values)
    np.testing.assert_allclose(grid.points[0, ..., 1], ds.lat_u.values)


def test_heights_of_edges_place_cells_exactly(tmp_path: Path) -> None:
    ds = model()
    ds.vtk.to_vts(tmp_path / "run.pvd", variables=["t"], z="height", location="cell")
    for step in range(NT):
        grid = read_vtk(tmp_path / "run" / f"run_{step:06d}.vts")
        np.testing.assert_allclose(grid.points[..., 2], outward(outward(ds.height.values[step], 1), 2), rtol=1e-12)
        np.testing.assert_array_equal(grid.cell["t"], ds.t.values[step])


@pytest.mark.parametrize("name", ["t", "u", "v", "w"])
def test_a_field_alone_lies_where_it_does_beside_the_others(tmp_path: Path, name: str) -> None:
    ds = model()
    named = {"x": "lon", "y": "lat", "z": "height"}
    ds.vtk.to_vts(tmp_path / "all.pvd", **named)
    ds.vtk.to_vts(tmp_path / "one.pvd", variables=name, **named)
    whole = next(file for file in (tmp_path / "all").glob("*_000001.vts") if name in read_vtk(file).point)
    (alone,) = (tmp_path / "one").glob("*_000001.vts")
    memory = pyvista.wrap(ds.vtk.to_grid(time=1.0, variables=name, **named))
    np.testing.assert_array_equal(read_vtk(alone).points, read_vtk(whole).points)
    np.testing.assert_array_equal(memory.points, pyvista.read(whole).points)


def test_heights_by_a_formula_are_those_of_a_field_alone() -> None:
    rho = np.arange(20.0).reshape(4, 5)
    ds = xr.Dataset(
        {
            "temp": (("s_rho", "eta_rho", "xi_rho"), RNG.random((NZ, 4, 5))),
            "u": (("s_rho", "eta_u", "xi_u"), RNG.random((NZ, 4, 4))),
            "h": (("eta_rho", "xi_rho"), 50 + rho),
            "zeta": (("eta_rho", "xi_rho"), rho / 100),
        },
        {
            "s_rho": (
                "s_rho",
                [-0.8, -0.5, -0.1],
                {"standard_name": "ocean_sigma_coordinate", "formula_terms": "sigma: s_rho eta: zeta depth: h"},
            ),
        },
    )
    expected = inward(rho / 100 + ds.s_rho.values[:, None, None] * (50 + rho + rho / 100), 2)
    for data in (ds, ds[["u", "h", "zeta"]]):
        points = pyvista.wrap(data.vtk.to_grid(variables="u")).points.reshape(NZ, 4, 4, 3)
        np.testing.assert_allclose(points[..., 2], expected, rtol=1e-6)
