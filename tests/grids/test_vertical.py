"""Heights from CF's formula_terms: the formulas of the CF conventions, written here once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvista
import xarray as xr
from tools.readers import read_vtk

import vtkseries  # noqa: F401 (registers ds.vtk)

NT, NZ, NY, NX = 2, 4, 3, 5
RNG = np.random.default_rng(8)
S = np.array([-0.9, -0.6, -0.3, -0.05])
C = -(S**2)
ETA = RNG.uniform(-0.5, 0.5, (NT, NY, NX))
DEPTH = RNG.uniform(50, 90, (NY, NX))
PS = RNG.uniform(9e4, 1e5, (NT, NY, NX))
A, B = np.array([2e3, 5e3, 6e3, 1e3]), np.array([0.0, 0.1, 0.4, 0.9])

s4, c4 = S[:, None, None], C[:, None, None]
a4, b4 = A[:, None, None], B[:, None, None]
eta4, ps4 = ETA[:, None], PS[:, None]

OCEAN = {"eta": (("time", "y", "x"), ETA), "depth": (("y", "x"), DEPTH)}
STRETCH = {"s": ("k", S), "C": ("k", C), "depth_c": ((), 20.0)}


def old_stretching(a: float, b: float) -> Any:
    return (1 - b) * np.sinh(a * s4) / np.sinh(a) + b * (np.tanh(a * (s4 + 0.5)) / (2 * np.tanh(a / 2)) - 0.5)


CASES: dict[str, tuple[dict[str, Any], Any]] = {
    "ocean_s_coordinate_g1": (
        {**OCEAN, **STRETCH},
        20 * s4 + (DEPTH - 20) * c4 + eta4 * (1 + (20 * s4 + (DEPTH - 20) * c4) / DEPTH),
    ),
    "ocean_s_coordinate_g2": (
        {**OCEAN, **STRETCH},
        eta4 + (eta4 + DEPTH) * (20 * s4 + DEPTH * c4) / (20 + DEPTH),
    ),
    "ocean_s_coordinate": (
        {**OCEAN, "s": ("k", S), "a": ((), 5.0), "b": ((), 0.4), "depth_c": ((), 20.0)},
        eta4 * (1 + s4) + 20 * s4 + (DEPTH - 20) * old_stretching(5.0, 0.4),
    ),
    "ocean_sigma_coordinate": ({**OCEAN, "sigma": ("k", S)}, eta4 + s4 * (DEPTH + eta4)),
    "atmosphere_hybrid_height_coordinate": (
        {"a": ("k", A), "b": ("k", B), "orog": (("y", "x"), DEPTH)},
        a4 + b4 * DEPTH,
    ),
    "atmosphere_hybrid_sigma_pressure_coordinate": (
        {"ap": ("k", A), "b": ("k", B), "ps": (("time", "y", "x"), PS)},
        -(a4 + b4 * ps4),
    ),
    "atmosphere_sigma_coordinate": (
        {"sigma": ("k", B), "ps": (("time", "y", "x"), PS), "ptop": ((), 500.0)},
        -(500 + b4 * (ps4 - 500)),
    ),
    "atmosphere_ln_pressure_coordinate": ({"p0": ((), 1e5), "lev": ("k", -S)}, -1e5 * np.exp(s4)),
    "atmosphere_sleve_coordinate": (
        {
            "a": ("k", B),
            "b1": ("k", B**2),
            "b2": ("k", B**3),
            "ztop": ((), 2e4),
            "zsurf1": (("y", "x"), DEPTH),
            "zsurf2": (("y", "x"), DEPTH / 3),
        },
        b4 * 2e4 + b4**2 * DEPTH + b4**3 * DEPTH / 3,
    ),
}


SIGMA_Z = np.array([np.nan, np.nan, -0.7, -0.2])
ZLEV = np.array([-90.0, -40, np.nan, np.nan])
s4, HALF = SIGMA_Z[:, None, None], np.minimum(30.0, DEPTH)
CASES["ocean_sigma_z_coordinate"] = (
    {**OCEAN, "sigma": ("k", SIGMA_Z), "zlev": ("k", ZLEV), "depth_c": ((), 30.0), "nsigma": ((), 2)},
    np.where(np.isnan(s4), ZLEV[:, None, None], eta4 + s4 * (HALF + eta4)),
)
DOUBLE, LEVEL = np.array([0.1, 0.6, 1.5, 2.0])[:, None, None], np.arange(1, NZ + 1)[:, None, None]
F = 0.5 * (30 + 10) + 0.5 * (30 - 10) * np.tanh(2 * 0.9 / (30 - 10) * (DEPTH - 60))
CASES["ocean_double_sigma_coordinate"] = (
    {
        **{key: ((), value) for key, value in {"z1": 30.0, "z2": 10.0, "a": 0.9, "href": 60.0, "k_c": 2}.items()},
        "sigma": ("k", DOUBLE[:, 0, 0]),
        "depth": OCEAN["depth"],
    },
    np.where(LEVEL <= 2, DOUBLE * F, F + (DOUBLE - 1) * (DEPTH - F)),
)
CASES["atmosphere_hybrid_sigma_pressure_coordinate/p0"] = (
    {"a": ("k", A / 1e5), "b": ("k", B), "p0": ((), 1e5), "ps": (("time", "y", "x"), PS)},
    -(a4 + b4 * ps4),
)


def model(case: str) -> xr.Dataset:
    terms, kind = CASES[case][0], case.split("/", maxsplit=1)[0]
    formula = " ".join(f"{key}: {key}_term" for key in terms)
    level = ("k", np.arange(NZ, dtype=float), {"standard_name": kind, "formula_terms": formula, "axis": "Z"})
    return xr.Dataset(
        {
            "T": (("time", "k", "y", "x"), np.arange(NT * NZ * NY * NX, dtype=float).reshape(NT, NZ, NY, NX)),
            **{f"{key}_term": value for key, value in terms.items()},
        },
        {"k": level, "time": [0.0, 1.0], "x": np.arange(NX) * 2.0, "y": np.arange(NY) * 3.0},
    )


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("chunks", [None, {"time": 1, "k": 3, "x": 2}])
def test_points_are_at_the_heights_of_the_cf_formula(tmp_path: Path, kind: str, chunks: dict[str, int] | None) -> None:
    ds = model(kind)
    (ds if chunks is None else ds.chunk(chunks)).vtk.to_pvd(tmp_path / "run.pvd", variables=["T"])
    expected = np.broadcast_to(CASES[kind][1], (NT, NZ, NY, NX))
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
    expected = np.broadcast_to(CASES[kind][1], (NT, NZ, NY, NX))
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
    eta, depth = (v[..., :-1] / 2 + v[..., 1:] / 2 for v in (ETA, DEPTH))
    (file,) = (tmp_path / "run").glob("*xi_u_000001.vts")
    np.testing.assert_allclose(read_vtk(file).points[..., 2], eta[1] + S[:, None, None] * (depth + eta[1]), rtol=1e-12)
    lacking = ds.drop_vars("eta_term")
    assert "need eta_term, which is not here" in repr(lacking.vtk.plan(tmp_path / "b.pvd", grid="auto"))


def test_an_exaggeration_reaches_the_heights(tmp_path: Path) -> None:
    ds = model("ocean_sigma_coordinate")
    for scale in (1.0, 50.0, -1.0):
        ds.isel(time=0).vtk.to_vts(tmp_path / f"z{scale}.vts", z_scale=scale, variables=["T"])
        z = read_vtk(tmp_path / f"z{scale}.vts").points[..., 2]
        expected = scale * CASES["ocean_sigma_coordinate"][1][0]
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
