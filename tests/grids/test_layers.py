"""Cells of parametric levels end where the formula says, of whatever form the edges' terms are in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvista
import xarray as xr
from tools.formulas import CASES, NT, NX, NY, NZ
from tools.readers import read_vtk

import vtkseries  # noqa: F401 (registers ds.vtk)
from vtkseries.errors import SeriesError

HORIZONTAL = {3: ("time", "y", "x"), 2: ("y", "x"), 0: ()}
SIGMA = "ocean_sigma_coordinate"
HYBRID = "atmosphere_hybrid_sigma_pressure_coordinate"


def pairs(edges: Any, middles: Any, *, turned: bool = False) -> Any:
    """Give bounds, of those layers that have the term."""
    found = np.where(np.isnan(middles)[:, None], np.nan, np.stack([edges[:-1], edges[1:]], -1))
    return found[:, ::-1] if turned else found


def bounded(case: str, *, turned: bool = False) -> xr.Dataset:
    """Give levels with bounds that have formula_terms of their own, as CF 1.7 asks for."""
    terms, kind = CASES[case], case.split("/", maxsplit=1)[0]
    inner = " ".join(f"{key}: {key}" for key in terms.levels)
    outer = " ".join(f"{key}: {key}_bnds" for key in terms.levels)
    shared = " ".join(f"{key}: {key}" for key in terms.others)
    attrs = {"standard_name": kind, "axis": "Z", "formula_terms": f"{inner} {shared}", "bounds": "level_bnds"}
    levels = np.arange(NZ + 1.0)
    return xr.Dataset(
        {
            "T": (("time", "level", "y", "x"), np.arange(NT * NZ * NY * NX, dtype=float).reshape(NT, NZ, NY, NX)),
            "level_bnds": (
                ("level", "bnds"),
                pairs(levels, levels[1:], turned=turned),
                {"formula_terms": f"{outer} {shared}"},
            ),
            **{key: ("level", value) for key, value in terms.levels.items()},
            **{
                f"{key}_bnds": (("level", "bnds"), pairs(terms.edges[key], value, turned=turned))
                for key, value in terms.levels.items()
            },
            **{key: (HORIZONTAL[np.ndim(value)], value) for key, value in terms.others.items()},
        },
        {
            "level": ("level", levels[1:] - 0.5, attrs),
            "time": [0.0, 1.0],
            "x": np.arange(NX) * 2.0,
            "y": np.arange(NY) * 3.0,
        },
    )


def with_edges(name: str, *, bounds: bool) -> xr.Dataset:
    """Give levels with a coordinate of their edges beside it, as CAM and ROMS have it, tied by bounds or not."""
    terms = CASES[name]
    ds = bounded(name).drop_vars(["level_bnds", *(f"{key}_bnds" for key in terms.edges)])
    del ds["level"].attrs["bounds"]
    if bounds:
        ds["level"].attrs["bounds"] = "ilevel"
    formula = " ".join(f"{key}: {key}i" for key in terms.edges) + " " + " ".join(f"{k}: {k}" for k in terms.others)
    attrs = {"standard_name": name, "formula_terms": formula}
    ds = ds.assign({f"{key}i": ("ilevel", value) for key, value in terms.edges.items()})
    return ds.assign_coords(ilevel=("ilevel", np.arange(NZ + 1.0), attrs))


def with_bounds_of_terms() -> xr.Dataset:
    """Give bounds without formula_terms, whose terms have bounds, as older files and climate data operators do."""
    ds = bounded(HYBRID)
    del ds["level_bnds"].attrs["formula_terms"]
    for key in ("ap", "b"):
        ds[key].attrs["bounds"] = f"{key}_bnds"
    return ds


def expected_points(case: str) -> Any:
    """Give the heights of the corners: those at the layers' edges, half-way between the columns."""
    edges = CASES[case].heights(edges=True)
    padded = np.pad(edges, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect", reflect_type="odd")
    return np.mean([padded[:, :, b : b + NY + 1, c : c + NX + 1] for b, c in np.ndindex(2, 2)], axis=0)


def check(folder: Path, ds: xr.Dataset, case: str, **options: Any) -> None:
    ds.vtk.to_vts(folder / "run.pvd", variables=["T"], location="cell", **options)
    expected = expected_points(case)
    for step in range(NT):
        grid = read_vtk(folder / "run" / f"run_{step:06d}.vts")
        order = 1 if expected[step, 1].mean() > expected[step, 0].mean() else -1
        np.testing.assert_allclose(grid.points[..., 2], expected[step, ::order], rtol=1e-12, atol=1e-9)
        np.testing.assert_array_equal(grid.cell["T"], bounded(case).T.values[step, ::order])
        if np.all(np.diff(expected[step, ::order], axis=0) > 0):
            mesh = pyvista.read(folder / "run" / f"run_{step:06d}.vts")
            assert mesh.compute_cell_sizes()["Volume"].min() > 0


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("turned", [False, True])
def test_cells_end_at_the_heights_of_the_formula_for_their_bounds(tmp_path: Path, case: str, *, turned: bool) -> None:
    check(tmp_path, bounded(case, turned=turned), case)


FORMS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "chunked": (lambda: bounded(HYBRID).chunk(time=1, level=3, x=2), HYBRID, {}),
    "stored downwards": (lambda: bounded(HYBRID).isel(level=slice(None, None, -1)), HYBRID, {}),
    "bounds of the terms": (with_bounds_of_terms, HYBRID, {}),
    "bounds that are a coordinate of edges": (lambda: with_edges(SIGMA, bounds=True), SIGMA, {}),
    "a coordinate of edges beside that of the middles": (lambda: with_edges(HYBRID, bounds=False), HYBRID, {}),
    "a coordinate of edges that is named": (lambda: with_edges(SIGMA, bounds=False), SIGMA, {"z": "ilevel"}),
    "the coordinate of the middles named": (lambda: bounded(SIGMA), SIGMA, {"z": "level"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_edges_terms_are_found_in_every_form(tmp_path: Path, form: str) -> None:
    build, case, options = FORMS[form]
    check(tmp_path, build(), case, **options)


def test_terms_of_edges_in_a_file_stay_unread_until_a_step_asks_for_them(tmp_path: Path) -> None:
    bounded(HYBRID).to_netcdf(tmp_path / "model.nc")
    with xr.open_dataset(tmp_path / "model.nc") as ds:
        check(tmp_path, ds, HYBRID)
        assert not ds.ps.variable._in_memory


def test_layers_that_do_not_touch_are_an_error_that_says_where(tmp_path: Path) -> None:
    ds = bounded(HYBRID)
    ds["b_bnds"][2, 0] += 0.01
    with pytest.raises(
        SeriesError, match=r"'level_bnds': 'b_bnds' ends layer 1 at 0.2 but begins layer 2 at 0.21.*poi"
    ):
        ds.vtk.to_vts(tmp_path / "run.pvd", location="cell")
    assert not list(tmp_path.iterdir())
    ds.vtk.to_vts(tmp_path / "run.pvd")


def test_a_single_layer_has_the_two_edges_of_its_bounds(tmp_path: Path) -> None:
    ds = bounded(SIGMA).isel(level=[1])
    ds.vtk.to_vts(tmp_path / "run.pvd", variables=["T"], location="cell")
    grid = read_vtk(tmp_path / "run" / "run_000001.vts")
    np.testing.assert_allclose(grid.points[..., 2], expected_points(SIGMA)[1, 1:3], rtol=1e-12)
    np.testing.assert_array_equal(grid.cell["T"], ds.T.values[1])


def test_without_edges_the_plan_says_that_they_are_half_way(tmp_path: Path) -> None:
    ds = with_edges(HYBRID, bounds=False).drop_vars("ilevel")
    plan = ds.vtk.plan(tmp_path / "run.pvd", grid="vts", location="cell")
    assert any("half-way" in notice and "formula_terms" in notice for notice in plan.notices)
    plan = bounded(HYBRID).vtk.plan(tmp_path / "run.pvd", grid="vts", location="cell")
    assert any("'level_bnds', of each step" in notice for notice in plan.notices)


def test_land_does_not_pull_down_the_corners_of_the_sea_beside_it(tmp_path: Path) -> None:
    ds = bounded(SIGMA)
    ds["eta"] = ds.eta.where((ds.x > 2) | (ds.y > 0))
    ds.vtk.to_vts(tmp_path / "run.pvd", variables=["T"], location="cell", missing="blank")
    grid = read_vtk(tmp_path / "run" / "run_000000.vts")
    np.testing.assert_allclose(grid.points[..., 2], expected_points(SIGMA)[0], atol=1.5)
    np.testing.assert_array_equal(grid.cell["vtkGhostType"] > 0, np.broadcast_to(np.isnan(ds.eta[0]), (NZ, NY, NX)))
