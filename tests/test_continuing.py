"""``to_vtr(mode="a")`` goes on with a series as a restart from a checkpoint means it, and refuses what does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from tools.checker import check_series
from tools.readers import read_pvd

from vtkseries import SeriesError, SeriesWriter, VtkSeriesWarning

NZ, NY, NX = 3, 4, 5


def dataset(*times: Any, **coords: Any) -> xr.Dataset:
    count = len(times)
    data = np.arange(count * NZ * NY * NX, dtype="f4").reshape(count, NZ, NY, NX)
    if not isinstance(times[0], np.datetime64):
        data += np.asarray(times, "f4")[:, None, None, None] * 1000
    return xr.Dataset(
        {"T": (("time", "z", "y", "x"), data), "mean": ("time", np.arange(count) / 2)},
        {"time": list(times), "z": [0.0, 1, 3], "y": [0.0, 1, 3, 6], "x": [0.0, 2, 3, 4, 5], **coords},
    )


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def day(number: int) -> np.datetime64:
    return np.datetime64("2000-01-01", "ns") + np.timedelta64(number, "D")


OTHERS: dict[str, tuple[xr.Dataset, dict[str, Any], str]] = {
    "coordinates": (dataset(2.0, z=[0.0, 1, 4]), {}, "the grid's z coordinates are others"),
    "size": (dataset(2.0).isel(x=slice(4)), {}, "extent is 0 4 0 3 0 2, and the new step's 0 3 0 3 0 2"),
    "dtype": (dataset(2.0).assign(T=dataset(2.0)["T"].astype("f8")), {}, "'T' is Float32, and in the new step Float64"),
    "one more": (dataset(2.0).assign(Q=dataset(2.0)["T"]), {}, "'Q' is absent, and in the new step Float32"),
    "one less": (dataset(2.0).rename(T="Q"), {}, "'T' is Float32, and in the new step absent"),
    "no field data": (dataset(2.0).drop_vars("mean"), {}, "field data 'mean' is there, and in the new step absent"),
    "more field data": (dataset(2.0).assign(sum=3.0), {}, "field data 'sum' is absent, and in the new step there"),
    "parts": (dataset(2.0).assign(s=(("y", "x"), np.ones((NY, NX)))), {}, "1 parts a step, and the new step 2"),
    "cells": (dataset(2.0), {"location": "cell"}, "extent is"),
    "pieces": (dataset(2.0), {"pieces": {"z": 2}}, "its steps are whole, and the new one is not"),
    "units": (dataset(2.0), {"time_units": "s"}, r"in no units, and the new step in 's'; give time_units=None"),
}  # fmt: skip


@pytest.mark.parametrize("case", OTHERS)
def test_another_grid_or_other_variables_are_refused_by_name_and_change_nothing(tmp_path: Path, case: str) -> None:
    dataset(0.0, 1.0).vtk.to_vtr(tmp_path / "run.pvd")
    before = tree(tmp_path)
    ds, options, message = OTHERS[case]
    for given in (ds, ds.chunk(time=1)):
        for call in (given.vtk.plan, given.vtk.to_vtr):
            with pytest.raises(SeriesError, match=message):
                call(tmp_path / "run.pvd", mode="a", **options)
    assert tree(tmp_path) == before


def test_an_image_elsewhere_is_refused(tmp_path: Path) -> None:
    even = {"z": [0.0, 1, 2], "y": [0.0, 1, 2, 3], "x": [0.0, 1, 2, 3, 4]}
    dataset(0.0, **even).vtk.to_vti(tmp_path / "run.pvd")
    with pytest.raises(SeriesError, match="Origin"):
        dataset(1.0, **{**even, "x": [5.0, 6, 7, 8, 9]}).vtk.to_vti(tmp_path / "run.pvd", mode="a")
    dataset(1.0, **even).vtk.to_vti(tmp_path / "run.pvd", mode="a")
    assert [time for time, _ in read_pvd(tmp_path / "run.pvd")] == [0.0, 1.0]


@pytest.mark.parametrize("chunks", [None, {"time": 1}])
def test_the_units_of_time_stay_those_of_the_series(tmp_path: Path, chunks: dict[str, int] | None) -> None:
    def given(*days: int) -> xr.Dataset:
        ds = dataset(*map(day, days))
        return ds if chunks is None else ds.chunk(chunks)

    given(0, 1).vtk.to_vtr(tmp_path / "run.pvd", time_units="hours since 2000-01-01")
    given(2, 3).vtk.to_vtr(tmp_path / "run.pvd", mode="a")
    result = read_pvd(tmp_path / "run.pvd")
    assert [time for time, _ in result] == [0.0, 24.0, 48.0, 72.0]
    assert {str(parts["0"].field["time_units"]) for _, parts in result} == {"hours since 2000-01-01"}
    with pytest.raises(SeriesError, match="give time_units='hours since 2000-01-01'"):
        given(4).vtk.to_vtr(tmp_path / "run.pvd", mode="a", time_units="days since 2000-01-01")


def test_another_calendar_is_refused(tmp_path: Path) -> None:
    def run(calendar: str, first: int) -> xr.Dataset:
        attrs = {"units": "days since 2000-01-01", "calendar": calendar}
        return dataset(0.0).assign_coords(time=("time", [float(first)], attrs))

    run("noleap", 0).vtk.to_vtr(tmp_path / "run.pvd")
    with pytest.raises(SeriesError, match="its calendar is noleap, and the new step's 360_day"):
        run("360_day", 1).vtk.to_vtr(tmp_path / "run.pvd", mode="a")


def test_pieces_go_on_and_are_held_against_the_whole_grid(tmp_path: Path) -> None:
    dataset(0.0, 1.0).vtk.to_vtr(tmp_path / "run.pvd", pieces={"z": 2})
    with pytest.raises(SeriesError, match="the grid's z coordinates are others"):
        dataset(2.0, z=[0.0, 1, 4]).vtk.to_vtr(tmp_path / "run.pvd", mode="a", pieces={"z": 2})
    dataset(2.0).vtk.to_vtr(tmp_path / "run.pvd", mode="a", pieces={"z": 1})
    check_series(tmp_path / "run.pvd")
    result = read_pvd(tmp_path / "run.pvd")
    assert [time for time, _ in result] == [0.0, 1.0, 2.0]
    np.testing.assert_array_equal(result[2][1]["0"].point["T"], dataset(2.0)["T"].values[0])


@pytest.mark.parametrize("chunks", [None, {"time": 1}])
def test_a_lost_step_is_left_out_and_no_kept_file_is_overwritten(tmp_path: Path, chunks: dict[str, int] | None) -> None:
    dataset(0.0, 1.0, 2.0, 3.0).vtk.to_vtr(tmp_path / "run.pvd")
    (tmp_path / "run" / "run_000001.vtr").unlink()
    more = dataset(4.0, 5.0) if chunks is None else dataset(4.0, 5.0).chunk(chunks)
    with pytest.warns(VtkSeriesWarning, match=r"step 1\.0: run/run_000001\.vtr is missing"):
        more.vtk.to_vtr(tmp_path / "run.pvd", mode="a")
    check_series(tmp_path / "run.pvd")
    result = read_pvd(tmp_path / "run.pvd")
    assert [time for time, _ in result] == [0.0, 2.0, 3.0, 4.0, 5.0]
    earlier, later = dataset(0.0, 1.0, 2.0, 3.0)["T"].values[[0, 2, 3]], dataset(4.0, 5.0)["T"].values
    for (_, parts), expected in zip(result, [*earlier, *later], strict=True):
        np.testing.assert_array_equal(parts["0"].point["T"], expected)


def test_a_solvers_series_goes_on_from_a_dataset(tmp_path: Path) -> None:
    nodes = dataset(0.0)
    with SeriesWriter(tmp_path / "run.pvd", nodes.x, nodes.y, nodes.z, time_units="s") as series:
        series.write(0.5, {"T": nodes["T"].values[0]})
    dataset(1.0).vtk.to_vtr(tmp_path / "run.pvd", mode="a", variables=["T"])
    assert [time for time, _ in read_pvd(tmp_path / "run.pvd")] == [0.5, 1.0]


def test_names_that_look_like_patterns_are_names(tmp_path: Path) -> None:
    for number, stem in enumerate(["a{1}", "b{}", "c%d", "d_000000.vtr", "e[0-9]*"]):
        for name, ds in {"eager": dataset(0.0, 1.0), "dask": dataset(0.0, 1.0).chunk(time=1)}.items():
            ds.vtk.to_vtr(tmp_path / name / f"{stem}.pvd")
            assert len(read_pvd(tmp_path / name / f"{stem}.pvd")) == 2
        dataset(0.0).chunk(time=1).vtk.to_vtr(tmp_path / "one" / f"{stem}.vtr")
        assert len(list((tmp_path / "one").iterdir())) == number + 1
    assert tree(tmp_path / "eager") == tree(tmp_path / "dask")


@pytest.mark.parametrize("mode", ["w", "a"])
def test_what_a_killed_run_left_is_cleared_and_no_strangers_file(tmp_path: Path, mode: str) -> None:
    dataset(0.0).vtk.to_vtr(tmp_path / "run.pvd")
    litter, mine = tmp_path / "run" / ".run_000007.vtr.99.0badcafe.tmp", tmp_path / "run" / "mine.bak"
    for file in (litter, mine):
        file.write_bytes(b"torn")
    dataset(1.0).chunk(time=1).vtk.to_vtr(tmp_path / "run.pvd", mode=mode)
    assert mine.exists()
    assert not litter.exists()
