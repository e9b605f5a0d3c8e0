"""Heights from CF's formula_terms: the formulas of the CF conventions, written here once more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pyvista
import xarray as xr
from tools.formulas import CASES, NT, NX, NY, NZ
from tools.readers import read_vtk

import vtkseries  # noqa: F401 (registers ds.vtk)

RNG = np.random.default_rng(8)
HORIZONTAL = {3: ("time", "y", "x"), 2: ("y", "x"), 0: ()}


def model(case: str) -> xr.Dataset:
    terms, kind = CASES[case], case.split("/", maxsplit=1)[0]
    formula = " ".join(f"{key}: {key}_term" for key in (*terms.levels, *terms.others))
    level = ("k", np.arange(NZ, dtype=float), {"standard_name": kind, "formula_terms": formula, "axis": "Z"})
    return xr.Dataset(
        {
            "T": (("time", "k", "y", "x"), np.arange(NT * NZ * NY * NX, dtype=float).reshape(NT, NZ, NY, NX)),
            **{f"{key}_term": ("k", value) for key, value in terms.levels.items()},
            **{f"{key}_term": (HORIZONTAL[np.ndim(value)], value) for key, value in terms.others.items()},
        },
        {"k": level, "time": [0.0, 1.0], "x": np.arange(NX) * 2.0, "y": np.arange(NY) * 3.0},
    )


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("chunks", [None, {"time": 1, "k": 3, "x": 2}])
def test_points_are_at_the_heights_of_the_cf_formula(tmp_path: Path, kind: str, chunks: dict[str, int] | None) -> None:
    ds = model(kind)
    (ds if chunks is None else ds.chunk(chunks)).vtk.to_pvd(tmp_path / "run.pvd", variables=["T"])
    expected = CASES[kind].heights()
    for step, file in enumerate(sorted((tmp_path / "run").glob("*.vts"))):
        grid = read_vtk(file)
        upright = expected[step] if expected[step, 1, 0, 0] > expected[step, 0, 0, 0] else expected[step, ::-1]
        values = ds.T.values[step] if expected[step, 1, 0, 0] > expected[step, 0, 0, 0] else ds.T.values[step, ::-1]
        np.testing.assert_allclose(grid.points[..., 2], upright, rtol=1e-12)
        np.testing.assert_array_equal(grid.point["T"], values)
        if np.all(np.diff(upright, axis=0) > 0):
            assert pyvista.read(file).compute_cell_sizes()["Volume"].min() > 0
    assert step == 1


@pytest.mark.parametrize("kind", sorted(set(CASES) - {"ocean_double_sigma_coordinate"}))  # which counts its levels
@pytest.mark.parametrize("chunks", [None, {}])
def test_terms_of_any_order_that_run_downwards_in_a_file_are_evaluated_step_by_step(
    tmp_path: Path, kind: str, chunks: dict[str, int] | None
) -> None:
    turned = model(kind).isel(k=slice(None, None, -1)).transpose("x", "y", "k", "time")
    turned.to_netcdf(tmp_path / "model.nc")
    with xr.open_dataset(tmp_path / "model.nc", chunks=chunks) as ds:
        ds.vtk.to_vts(tmp_path / "run.pvd", variables=["T"])
    expected = CASES[kind].heights()
    for step in range(NT):
        grid = read_vtk(tmp_path / "run" / f"run_{step:06d}.vts")
        order = 1 if expected[step, 1, 0, 0] > expected[step, 0, 0, 0] else -1
        np.testing.assert_allclose(grid.points[..., 2], expected[step, ::order], rtol=1e-12)
        np.testing.assert_array_equal(grid.point["T"], model(kind).T.values[step, ::order])


def test_terms_on_shifted_points_are_averaged_and_missing_ones_are_told(tmp_path: Path) -> None:
    ds = model("ocean_sigma_coordinate").rename(x="xi_rho", y="eta_rho")
    ds = ds.drop_vars(["xi_rho", "eta_rho"])
    ds["u"] = ("time", "k", "eta_rho", "xi_u"), np.zeros((NT, NZ, NY, NX - 1))
    ds.vtk.to_pvd(tmp_path / "run.pvd", variables=["T", "u"])
    case = CASES["ocean_sigma_coordinate"]
    eta, depth = (v[..., :-1] / 2 + v[..., 1:] / 2 for v in (case.others["eta"], case.others["depth"]))
    sigma = case.levels["sigma"][:, None, None]
    (file,) = (tmp_path / "run").glob("*xi_u_000001.vts")
    np.testing.assert_allclose(read_vtk(file).points[..., 2], eta[1] + sigma * (depth + eta[1]), rtol=1e-12)
    lacking = ds.drop_vars("eta_term")
    assert "need eta_term, which is not here" in repr(lacking.vtk.plan(tmp_path / "b.pvd", grid="auto"))


def test_an_exaggeration_reaches_the_heights(tmp_path: Path) -> None:
    ds = model("ocean_sigma_coordinate")
    for scale in (1.0, 50.0, -1.0):
        ds.isel(time=0).vtk.to_vts(tmp_path / f"z{scale}.vts", z_scale=scale, variables=["T"])
        z = read_vtk(tmp_path / f"z{scale}.vts").points[..., 2]
        expected = scale * CASES["ocean_sigma_coordinate"].heights()[0]
        np.testing.assert_allclose(z, expected if scale > 0 else expected[::-1], rtol=1e-12)


@pytest.mark.parametrize("chunks", [None, {"time": 1, "k": 2}])
def test_edges_of_cells_are_half_way_between_heights_that_move_and_are_not_loaded(
    tmp_path: Path, chunks: dict[str, int] | None
) -> None:
    height = np.cumsum(RNG.uniform(1, 2, (NT, NZ, NY, NX)), axis=1)
    source = xr.Dataset(
        {"t": (("time", "k", "y", "x"), RNG.normal(size=(NT, NZ, NY, NX)))},
        {"height": (("time", "k", "y", "x"), height, {"positive": "up", "axis": "Z"}), "time": [0.0, 1.0]},
    )
    source.to_netcdf(tmp_path / "model.nc")
    with xr.open_dataset(tmp_path / "model.nc", chunks=chunks) as ds:
        ds.vtk.to_vts(tmp_path / "run.pvd", z="height", location="cell")
        assert not ds["height"].variable._in_memory
    padded = np.pad(height, ((0, 0), (1, 1), (1, 1), (1, 1)), mode="reflect", reflect_type="odd")
    corners = [padded[:, a : a + NZ + 1, b : b + NY + 1, c : c + NX + 1] for a, b, c in np.ndindex(2, 2, 2)]
    expected = np.mean(corners, axis=0)
    for step in range(NT):
        found = read_vtk(tmp_path / "run" / f"run_{step:06d}.vts")
        np.testing.assert_allclose(found.points[..., 2], expected[step], rtol=1e-12)
        np.testing.assert_array_equal(found.cell["t"], source.t.values[step])
