"""Staggered vectors come to the centres where they are asked for, and never unasked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from tools.readers import read_vtk

import vtkseries  # noqa: F401 (registers ds.vtk)
from vtkseries.errors import SeriesError

NZ, NY, NX = 3, 4, 5
RNG = np.random.default_rng(2)


def wrf() -> xr.Dataset:
    dims = ("bottom_top", "south_north", "west_east")
    u = RNG.random((NZ, NY, NX + 1))
    v = RNG.random((NZ, NY + 1, NX))
    w = RNG.random((NZ + 1, NY, NX))
    return xr.Dataset(
        {
            "T": (dims, RNG.random((NZ, NY, NX))),
            "U": (("bottom_top", "south_north", "west_east_stag"), u),
            "V": (("bottom_top", "south_north_stag", "west_east"), v),
            "W": (("bottom_top_stag", "south_north", "west_east"), w),
        }
    )


def middle(values: xr.DataArray, axis: int) -> np.ndarray:
    moved = np.moveaxis(values.values, axis, 0)
    return np.moveaxis((moved[1:] + moved[:-1]) / 2, 0, axis)


@pytest.mark.parametrize("chunks", [None, 2])
def test_components_of_an_arakawa_c_grid_are_averaged_to_the_centres(tmp_path: Path, chunks: int | None) -> None:
    ds = wrf()
    wanted = {"wind": ("U", "V", "W")}
    source = ds if chunks is None else ds.chunk(chunks)
    stagger = {"U": "x", "V": "y", "W": "z"}
    source.vtk.to_vtr(tmp_path / "run.pvd", vectors=wanted, stagger=stagger)
    (file,) = (f for f in (tmp_path / "run").iterdir() if "T" in read_vtk(f).point)
    wind = read_vtk(file).point["wind"]
    for number, (name, axis) in enumerate((("U", 2), ("V", 1), ("W", 0))):
        np.testing.assert_allclose(wind[..., number], middle(ds[name], axis), rtol=1e-12)
    arrays = {name for f in (tmp_path / "run").iterdir() for name in read_vtk(f).point}
    assert arrays == {"T", "U", "V", "W", "wind"}
    assert "averaged along x" in repr(source.vtk.plan(tmp_path / "b.pvd", vectors=wanted, stagger=stagger))
    with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries") as back:
        xr.testing.assert_identical(back.load(), ds)


def test_nothing_is_averaged_in_silence(tmp_path: Path) -> None:
    ds = wrf()
    with pytest.raises(SeriesError, match=r"stagger=\{'U': 'x', 'V': 'y', 'W': 'z'\}"):
        ds.vtk.to_vtr(tmp_path / "run.pvd", vectors={"wind": ("U", "V", "W")})
    with pytest.raises(SeriesError, match="in no vector"):
        ds.vtk.to_vtr(tmp_path / "run.pvd", stagger={"U": "x"})
    with pytest.raises(SeriesError, match="must be 'x', 'y' or 'z'"):
        ds.vtk.to_vtr(tmp_path / "run.pvd", vectors={"wind": ("U", "V", "W")}, stagger={"U": "east"})
    ds.vtk.to_vtr(tmp_path / "run.pvd")
    assert {n for f in (tmp_path / "run").iterdir() for n in read_vtk(f).point} == {"T", "U", "V", "W"}


def test_sgrid_tells_how_a_regional_ocean_model_is_staggered(tmp_path: Path) -> None:
    topology = {
        "cf_role": "grid_topology",
        "node_dimensions": "xi_psi eta_psi",
        "face_dimensions": "xi_rho: xi_psi (padding: both) eta_rho: eta_psi (padding: both)",
        "edge1_dimensions": "xi_u: xi_psi eta_u: eta_psi (padding: both)",
        "edge2_dimensions": "xi_v: xi_psi (padding: both) eta_v: eta_psi",
    }
    u, v = RNG.random((NY, NX - 1)), RNG.random((NY - 1, NX))
    ds = xr.Dataset(
        {
            "zeta": (("eta_rho", "xi_rho"), RNG.random((NY, NX))),
            "u": (("eta_u", "xi_u"), u),
            "v": (("eta_v", "xi_v"), v),
            "grid": ((), 0, topology),
        }
    )
    ds.vtk.to_pvd(tmp_path / "run.pvd", vectors={"flow": ("u", "v")})
    (file,) = (f for f in (tmp_path / "run").iterdir() if "zeta" in read_vtk(f).point)
    flow = read_vtk(file).point["flow"][0]
    np.testing.assert_allclose(flow[:, 1:-1, 0], (u[:, 1:] + u[:, :-1]) / 2)
    np.testing.assert_allclose(flow[1:-1, :, 1], (v[1:] + v[:-1]) / 2)
    assert np.isnan(flow[:, [0, -1], 0]).all()
    assert np.isnan(flow[[0, -1], :, 1]).all()
    assert (flow[..., 2] == 0).all()


@pytest.mark.parametrize("shift", [-0.5, 0.5])
def test_c_grid_axis_shift_tells_which_neighbours_a_centre_has(tmp_path: Path, shift: float) -> None:
    x, y = np.arange(NX) * 1.0, np.arange(NY) * 1.0
    u, v = RNG.random((NY, NX)), RNG.random((NY, NX))
    ds = xr.Dataset(
        {"T": (("yc", "xc"), u), "u": (("yc", "xg"), u), "v": (("yg", "xc"), v)},
        {
            "xc": ("xc", x, {"axis": "X"}),
            "yc": ("yc", y, {"axis": "Y"}),
            "xg": ("xg", x + shift, {"axis": "X", "c_grid_axis_shift": shift}),
            "yg": ("yg", y + shift, {"axis": "Y", "c_grid_axis_shift": shift}),
        },
    )
    ds.vtk.to_vtr(tmp_path / "run.pvd", vectors={"flow": ("u", "v")})
    (file,) = (f for f in (tmp_path / "run").iterdir() if "T" in read_vtk(f).point)
    flow = read_vtk(file).point["flow"][0]
    inner, edge = (slice(0, -1), -1) if shift < 0 else (slice(1, None), 0)
    np.testing.assert_allclose(flow[:, inner, 0], (u[:, 1:] + u[:, :-1]) / 2)
    np.testing.assert_allclose(flow[inner, :, 1], (v[1:] + v[:-1]) / 2)
    assert np.isnan(flow[:, edge, 0]).all()
