"""Arrays without a time dim are stored once in a ``.vtkhdf``, and every step's entries lead to them."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr
from tools.faults import KILLS, Killed, faults
from tools.vtkhdf import read_vtkhdf

from vtkseries import VtkSeriesWarning

NT, NZ, NY, NX = 5, 3, 4, 7


def dataset(first: int = 0, steps: int = NT, shift: float = 0.0) -> xr.Dataset:
    rng = np.random.default_rng(6)
    values = np.arange(steps * NZ * NY * NX, dtype="f4").reshape(steps, NZ, NY, NX) + np.float32(1000 * first)
    return xr.Dataset(
        {
            "T": (("time", "z", "y", "x"), values),
            "still": (("z", "y", "x"), rng.random((NZ, NY, NX)).astype("f4") + np.float32(shift)),
        },
        {"time": first + np.arange(steps, dtype="f8")},
    )


def addresses(path: Path, name: str) -> list[int]:
    """Give where the file keeps the chunks of each step."""
    with h5py.File(path, "r") as file:
        found = file[f"VTKHDF/PointData/{name}"]
        return [found.id.get_chunk_info_by_coord((step, 0, 0, 0)).byte_offset for step in range(found.shape[0])]


def stored(path: Path) -> tuple[int, int]:
    """Give how many places the steps of both arrays are kept in."""
    return len(set(addresses(path, "T"))), len(set(addresses(path, "still")))


def expect(path: Path, steps: int, shift_from: int | None = None) -> None:
    """Hold what VTK and HDF5 read against the Dataset."""
    with h5py.File(path, "r") as file:
        still = file["VTKHDF/PointData/still"][()]
    seen = read_vtkhdf(path)
    assert len(seen) == steps
    for step, (_, grid) in enumerate(seen):
        shift = np.float32(0 if shift_from is None or step < shift_from else 9)
        np.testing.assert_array_equal(grid.point["still"], dataset()["still"] + shift)
        np.testing.assert_array_equal(still[step], dataset()["still"] + shift)
        base = 0 if step < NT else NT
        np.testing.assert_array_equal(grid.point["T"], dataset()["T"].values[step - base] + np.float32(1000 * base))


@pytest.mark.parametrize("options", [{}, {"compression": None}, {"durable": True}], ids=str)
def test_every_step_leads_to_one_copy(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "run.vtkhdf"
    dataset().vtk.to_vtkhdf(path, **options)
    assert stored(path) == (NT, 1)
    expect(path, NT)
    for first in range(NT, NT + 4, 2):  # the second does not fit, so that the file is copied
        base = dataset(NT, 4).isel(time=slice(first - NT, first - NT + 2))
        base.vtk.to_vtkhdf(path, mode="a", **options)
        assert stored(path) == (first + 2, 1)
    expect(path, NT + 4)
    with xr.open_dataset(path, engine="vtkseries") as back:
        assert back["still"].dims == ("z", "y", "x")
        np.testing.assert_array_equal(back["still"], dataset()["still"])


def test_other_values_in_a_continuation_are_stored_and_said(tmp_path: Path) -> None:
    path = tmp_path / "run.vtkhdf"
    dataset().vtk.to_vtkhdf(path)
    with pytest.warns(VtkSeriesWarning, match="'still' have no time dim, and other values than in the series so far"):
        dataset(NT, 3, 9.0).vtk.to_vtkhdf(path, mode="a")
    assert stored(path) == (NT + 3, 2)
    expect(path, NT + 3, NT)


def test_a_first_step_alone_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "run.vtkhdf"
    dataset(0, 1).vtk.to_vtkhdf(path)
    dataset().isel(time=slice(1, 4)).vtk.to_vtkhdf(path, mode="a")
    assert stored(path) == (4, 1)
    expect(path, 4)


@pytest.mark.unchecked(reason="writers that are killed leave temporary files")
@pytest.mark.parametrize("begin", ["new", "continued"])
def test_killed_at_any_call_it_opens_with_the_finished_steps(tmp_path: Path, begin: str) -> None:
    tried = 0
    for phase, kind in enumerate(KILLS):
        at = phase
        while True:
            path = tmp_path / f"{kind}{at}" / "run.vtkhdf"
            if begin == "continued":
                dataset().vtk.to_vtkhdf(path)
            with faults(kind, at) as calls, contextlib.suppress(Killed):
                dataset(NT if begin == "continued" else 0, 3).vtk.to_vtkhdf(path, mode="a")
            calls.release()
            if not calls.hit:
                break
            if path.exists():
                with h5py.File(path, "r") as file:
                    steps = int(file["VTKHDF/Steps"].attrs["NSteps"])
                if steps > 1:
                    expect(path, steps)
            tried += 1
            at += 11
    assert tried > 15
