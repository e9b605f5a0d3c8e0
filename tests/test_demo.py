"""The demo's solver does physics, and its file is what a model would dump."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cf_xarray  # noqa: F401  registers .cf
import netCDF4
import numpy as np
import pytest
import xarray as xr

from vtkseries import demo

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (8, 9, 12)


@pytest.fixture(scope="module")
def solver() -> demo.Solver:
    return demo.Solver(shape=SHAPE)


@pytest.fixture(scope="module")
def dump(solver: demo.Solver, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo.simulate(tmp_path_factory.mktemp("demo") / "thermal.nc", steps=3, interval=40.0, solver=solver)


def test_the_wind_stays_free_of_divergence(solver: demo.Solver, dump: Path) -> None:
    assert dump.exists()
    assert np.abs(solver.w).max() > 1.0
    assert np.abs(solver.divergence()).max() < 1e-6


def test_smoke_is_neither_made_nor_lost(solver: demo.Solver, dump: Path) -> None:
    with xr.open_dataset(dump) as ds:
        mass = (ds["smoke"] * solver.dz).sum(("z", "y", "x"))
    np.testing.assert_allclose(mass, mass[0], rtol=1e-5)


def test_the_smoke_rises(dump: Path) -> None:
    with xr.open_dataset(dump) as ds:
        height = (ds["smoke"] * ds["z"]).sum(("z", "y", "x")) / ds["smoke"].sum(("z", "y", "x"))
    assert (np.diff(height) > 0).all()


def test_the_file_holds_the_times_that_were_asked_for(dump: Path) -> None:
    with xr.open_dataset(dump) as ds:
        expected = np.datetime64("2000-06-21T12:00:00") + np.array([0, 40, 80]).astype("timedelta64[s]")
        np.testing.assert_array_equal(ds["time"], expected)


def test_the_axes_are_told_by_cf_attributes(dump: Path) -> None:
    with xr.open_dataset(dump) as ds:
        assert ds.cf.axes == {"X": ["x"], "Y": ["y"], "Z": ["z"], "T": ["time"]}
        assert ds["theta"].dims == ("time", "z", "y", "x")
        assert ds["hfss"].dims == ("time", "y", "x")
        assert ds["theta"].shape == (3, *SHAPE)


def test_the_levels_are_stretched_and_fill_their_bounds(dump: Path) -> None:
    with xr.open_dataset(dump) as ds:
        assert np.diff(ds["z"]).min() < 0.6 * np.diff(ds["z"]).max()
        np.testing.assert_allclose(ds["z_bnds"].mean("bnds"), ds["z"])


def test_the_file_is_deflated_step_by_step(dump: Path) -> None:
    with netCDF4.Dataset(dump) as file:
        assert file["theta"].filters()["zlib"]
        assert file["theta"].chunking() == [1, *SHAPE]


def test_progress_is_told_after_each_step(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    solver = demo.Solver(shape=(4, 5, 6))
    demo.simulate(
        tmp_path / "a.nc", steps=2, interval=1.0, solver=solver, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(1, 2), (2, 2)]
