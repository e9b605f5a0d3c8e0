"""A solver's Datasets: a part whose values stay is one file, and a new one at each step where they change."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from tools.paraview import walk
from tools.readers import read_pvd

from vtkseries import SeriesWriter
from vtkseries.repair import repair
from vtkseries.storage.index import entries
from vtkseries.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NZ, NY, NX = 2, 3, 4
LIFTS = [0, 0, 7, 7, 0, 0]
"""What is added to the ground at each step."""
BEGINS = [0, 0, 2, 2, 4, 4]
"""The step at which the ground's file begins that is to be seen."""
OPTIONS: list[dict[str, Any]] = [{}, {"compression": "zlib"}, {"durable": True}]


def ground(lift: float) -> Any:
    return np.arange(NY * NX, dtype="f4").reshape(NY, NX) / 8 + np.float32(lift)


def step(number: int, lift: float, *, dim: bool = True) -> xr.Dataset:
    """Give one step, the ground first."""
    values = np.arange(NZ * NY * NX, dtype="f8").reshape(1, NZ, NY, NX) + 100 * number
    ds = xr.Dataset(
        {
            "ground": (("y", "x"), ground(lift), {"units": "m"}),
            "T": (("time", "z", "y", "x"), values),
            "mean": ("time", [number + 0.5]),
        },
        {"time": [number / 4], "z": [0.0, 1], "y": [0.0, 1, 3], "x": [0.0, 2, 3, 7]},
        {"title": f"step {number}"},
    )
    return ds if dim else ds.isel(time=0)


def write(path: Path, numbers: range, *, dim: bool = True, chunked: bool = False, **options: Any) -> None:
    with SeriesWriter(path, **options) as series:
        for number in numbers:
            ds = step(number, LIFTS[number], dim=dim)
            file = series.write(ds.chunk({"x": 2}) if chunked else ds)
            assert file.name == f"run_z_y_x_{number:06d}.vtr"


def grounds(path: Path) -> list[str]:
    return sorted(file.name for file in (path.parent / path.stem).iterdir() if "run_y_x_" in file.name)


def check(path: Path, lifts: list[int], begins: list[int]) -> None:
    """Hold what VTK, the engine, verify and a repaired index give against what was written."""
    listed = [[entry.file for entry in step] for step in entries(path)]
    assert listed == [[f"run/run_y_x_{b:06d}.vtr", f"run/run_z_y_x_{n:06d}.vtr"] for n, b in enumerate(begins)]
    assert grounds(path) == [f"run_y_x_{begin:06d}.vtr" for begin in sorted(set(begins))]
    assert verify(path).faults == []
    for _ in range(2):
        for number, (time, parts) in enumerate(read_pvd(path)):
            assert time == number / 4
            np.testing.assert_array_equal(parts["0"].point["ground"][0], ground(lifts[number]))
            np.testing.assert_array_equal(parts["1"].point["T"], step(number, 0)["T"][0])
            assert parts["1"].field["mean"] == [number + 0.5]
            assert parts["1"].field["TimeValue"] == [number / 4]
            assert not {"TimeValue", "mean"} & parts["0"].field.keys()
        with xr.open_dataset(path, engine="vtkseries", chunks={}) as back:
            expected = xr.concat([step(n, lift) for n, lift in enumerate(lifts)], "time", data_vars="all")
            if len(set(begins)) == 1:
                expected["ground"] = expected["ground"].isel(time=0, drop=True)
            xr.testing.assert_equal(back.load(), expected)
            assert back["ground"].dims == expected["ground"].dims
            assert back["ground"].attrs == {"units": "m"}
        path.unlink()
        assert repair(path).left_out == []
    assert [sorted(entry.file for entry in step) for step in entries(path)] == listed


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("dim", [False, True])
def test_it_is_a_new_file_where_it_changes_and_only_there(
    tmp_path: Path, options: dict[str, Any], *, chunked: bool, dim: bool
) -> None:
    path = tmp_path / "run.pvd"
    write(path, range(6), dim=dim, chunked=chunked, **options)
    check(path, LIFTS, BEGINS)
    write(path, range(2), dim=dim, **options)
    check(path, LIFTS[:2], BEGINS[:2])


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("first", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("lost", [0, 1])
def test_a_restart_goes_on_with_the_file_that_is_there(
    tmp_path: Path, options: dict[str, Any], first: int, lost: int
) -> None:
    path = tmp_path / "run.pvd"
    write(path, range(first), **options)
    with pytest.warns(match="1 step from") if lost else contextlib.nullcontext():
        write(path, range(first - lost, 6), mode="a", **options)
    check(path, LIFTS, BEGINS)


def test_a_solver_that_goes_back_in_one_run_sees_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    with SeriesWriter(path, mode="a") as series:
        for number in (0, 1, 2):
            series.write(step(number, LIFTS[number]))
        with pytest.warns(match="2 steps from time 0.25 on dropped"):
            series.write(step(1, 0))
        series.write(step(2, 7))
    check(path, LIFTS[:3], BEGINS[:3])


def test_an_array_that_the_solver_changes_in_place_is_seen_to_change(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    height = ground(0)
    with SeriesWriter(path) as series:
        for number, lift in enumerate(LIFTS):
            height[...] = ground(lift)
            series.write(step(number, 0).assign(ground=(("y", "x"), height, {"units": "m"})))
    check(path, LIFTS, BEGINS)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Give the names that no file gets, which a test fills."""
    names: list[str] = []
    rename = os.replace

    def fail(source: Any, target: Any) -> None:
        if any(name in str(target) for name in names):
            raise OSError(errno.ENOSPC, "no room")
        rename(source, target)

    monkeypatch.setattr(os, "replace", fail)
    yield names
    names.clear()


@pytest.mark.parametrize("again", [0, 7])
def test_a_step_that_failed_leaves_no_other_ground_behind(tmp_path: Path, failing: list[str], again: int) -> None:
    path = tmp_path / "run.pvd"
    with SeriesWriter(path) as series:
        series.write(step(0, 0))
        failing.append("run_z_y_x_000001")
        with pytest.raises(OSError, match="no room"):
            series.write(step(1, 7))
        assert grounds(path) == ["run_y_x_000000.vtr", "run_y_x_000001.vtr"]
        failing.clear()
        series.write(step(1, again))
    check(path, [0, again], [0, 1 if again else 0])


@pytest.mark.parametrize("name", ["run_z_y_x_000001", "run_y_x_000001"])
def test_a_repair_shows_no_step_with_the_ground_of_another(tmp_path: Path, failing: list[str], name: str) -> None:
    path = tmp_path / "run.pvd"
    with SeriesWriter(path) as series:
        series.write(step(0, 0))
        failing.append(name)
        with pytest.raises(OSError, match="no room"):
            series.write(step(1, 7))
    failing.clear()
    path.unlink()
    assert (repair(path).steps, repair(path).left_out) == (1, [])
    ((_, parts),) = read_pvd(path)
    np.testing.assert_array_equal(parts["0"].point["ground"][0], ground(0))
    write(path, range(1, 6), mode="a")
    check(path, LIFTS, BEGINS)


def test_a_file_that_is_gone_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    with SeriesWriter(path) as series:
        series.write(step(0, 0))
        kept = (tmp_path / "run" / "run_y_x_000000.vtr").rename(tmp_path / "kept")
        series.write(step(1, 0))
        kept.rename(tmp_path / "run" / "run_y_x_000000.vtr")
    check(path, [0, 0], [0, 1])


def test_a_file_that_says_its_time_does_not_stand(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    first = step(0, 0).assign(ground=step(0, 0)["ground"].expand_dims(time=[0.0]))
    first.vtk.to_vtr(path)
    with SeriesWriter(path, mode="a") as series:
        series.write(step(1, 0))
        series.write(step(2, 0))
    assert grounds(path) == ["run_y_x_000000.vtr", "run_y_x_000001.vtr"]
    assert verify(path).faults == []
    with xr.open_dataset(path, engine="vtkseries") as back:
        np.testing.assert_array_equal(back["ground"], [ground(0)] * 3)


def test_what_describes_a_field_gets_no_time_from_a_scalar_one(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    with SeriesWriter(path) as series:
        for number in range(2):
            ds = step(number, 0, dim=False)
            ds["crs"] = (), 0, {"grid_mapping_name": "latitude_longitude"}
            ds["T"].attrs["grid_mapping"] = "crs"
            series.write(ds)
    with xr.open_dataset(path, engine="vtkseries") as back:
        assert back["crs"].dims == ()
        assert back["mean"].dims == ("time",)
        np.testing.assert_array_equal(back["T"][1], step(1, 0)["T"][0])


@pytest.mark.paraview
def test_paraview_plays_each_ground_at_its_steps(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    write(path, range(4))
    write(path, range(4, 6), mode="a", compression=None)
    (seen,) = walk(path, values=True)
    assert seen.times == tuple(number / 4 for number in range(6))
    for number, found in enumerate(seen.steps):
        still, moving = found.parts
        np.testing.assert_array_equal(still.values["ground"][0], ground(LIFTS[number]))
        np.testing.assert_array_equal(moving.values["T"], step(number, 0)["T"][0])


@pytest.mark.parametrize("suffix", [".pvd", ".vtkhdf"])
def test_steps_with_a_scalar_time_read_back_as_a_series(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"run{suffix}"
    with SeriesWriter(path) as series:
        for number in range(3):
            series.write(step(number, 5 * number, dim=False))
    with xr.open_dataset(path, engine="vtkseries") as back:
        expected = xr.concat([step(n, 5 * n) for n in range(3)], "time", data_vars="all")
        xr.testing.assert_equal(back.load(), expected)
