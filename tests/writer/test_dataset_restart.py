"""``to_vtr(mode="a")`` is the restart that SeriesWriter's is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from tools.readers import read_pvd

import vtkseries  # noqa: F401 (registers ds.vtk)
from vtkseries import SeriesError, SeriesWriter, VtkSeriesWarning
from vtkseries.verify import verify

if TYPE_CHECKING:
    from pathlib import Path


def steps(first: int, stop: int, **coords: Any) -> xr.Dataset:
    values = np.stack([np.arange(24.0).reshape(2, 3, 4) + 100 * n for n in range(first, stop)])
    time = np.datetime64("2001-01-01", "ns") + np.arange(first, stop) * np.timedelta64(6, "h")
    axes = {"z": [0.0, 1.0], "y": [0.0, 1.0, 3.0], "x": [0.0, 2.0, 3.0, 7.0], **coords}
    return xr.Dataset({"T": (("time", "z", "y", "x"), values)}, {"time": time, **axes})


@pytest.mark.parametrize("chunks", [None, {"time": 1, "x": 2}])
def test_a_series_goes_on_in_its_own_units_and_drops_what_is_written_again(
    tmp_path: Path, chunks: dict[str, int] | None
) -> None:
    path = tmp_path / "run.pvd"
    steps(0, 3).vtk.to_vtr(path)
    more = steps(3, 5) if chunks is None else steps(3, 5).chunk(chunks)
    more.vtk.to_vtr(path, mode="a")
    with pytest.warns(VtkSeriesWarning, match="3 steps from .* dropped"):
        steps(2, 4).vtk.to_vtr(path, mode="a")
    with SeriesWriter(path, mode="a") as series:
        series.write(steps(4, 5))
    seen = read_pvd(path)
    assert [time for time, _ in seen] == [0.0, 0.25, 0.5, 0.75, 1.0]
    for number, (_, parts) in enumerate(seen):
        expected = np.arange(24.0).reshape(2, 3, 4) + 100 * number
        np.testing.assert_array_equal(parts["0"].point["T"], expected)
    assert len(list((tmp_path / "run").iterdir())) == 5


def test_other_grids_variables_and_units_are_refused_and_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    steps(0, 3).vtk.to_vtr(path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    wrong = {
        "x coordinates are others": steps(3, 5, x=[0.0, 2.0, 3.0, 8.0]),
        "extent is": steps(3, 5).isel(x=slice(3)),
        "'T' is Float64, and in the new step absent": steps(3, 5).rename(T="S"),
        "'T' is Float64, and in the new step Float32": steps(3, 5).astype("f4"),
    }
    for message, ds in wrong.items():
        with pytest.raises(SeriesError, match=message):
            ds.vtk.to_vtr(path, mode="a")
    with pytest.raises(SeriesError, match="give time_units="):
        steps(3, 5).vtk.to_vtr(path, mode="a", time_units="hours since 2001-01-01")
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_lost_step_is_left_out_with_a_warning_and_no_file_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    steps(0, 4).vtk.to_vtr(path)
    (tmp_path / "run" / "run_000001.vtr").unlink()
    with pytest.warns(VtkSeriesWarning, match=r"left out, .*run_000001\.vtr is missing"):
        steps(4, 6).vtk.to_vtr(path, mode="a")
    assert [time for time, _ in read_pvd(path)] == [0.0, 0.5, 0.75, 1.0, 1.25]
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == [f"run_{n:06d}.vtr" for n in (0, 2, 3, 4, 5)]


def terrain(first: int, stop: int, lift: float = 0.0) -> xr.Dataset:
    ds = steps(first, stop).drop_vars("z")
    ground = np.arange(12.0).reshape(3, 4) / 10
    levels = np.array([0.0, 1.0])[:, None, None] + ground + lift
    return ds.assign_coords(height=(("z", "y", "x"), levels, {"axis": "Z", "units": "m", "positive": "up"}))


@pytest.mark.parametrize("chunks", [None, {"time": 1, "z": 1}])
def test_the_points_of_a_structured_grid_are_held_against_those_of_the_series_so_far(
    tmp_path: Path, chunks: dict[str, int] | None
) -> None:
    path = tmp_path / "run.pvd"
    terrain(0, 2).vtk.to_vts(path, z="height")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    moved, same = terrain(2, 3, lift=0.5), terrain(2, 3)
    if chunks:
        moved, same = moved.chunk(chunks), same.chunk(chunks)
    with pytest.raises(SeriesError, match="the points of its grid are others"):
        moved.vtk.to_vts(path, z="height", mode="a")
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    same.vtk.to_vts(path, z="height", mode="a")
    assert [time for time, _ in read_pvd(path)] == [0.0, 0.25, 0.5]


def test_the_plan_names_the_files_that_a_continuation_writes(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    steps(0, 3).vtk.to_vtr(path)
    plan = steps(2, 4).vtk.plan(path, mode="a")
    assert [plan.file(plan.parts[0], n).name for n in range(2)] == ["run_000002.vtr", "run_000003.vtr"]
    assert steps(3, 5).vtk.plan(path, mode="a").file(plan.parts[0], 0).name == "run_000003.vtr"


@pytest.mark.parametrize("options", [{}, {"compression": "lz4"}, {"pieces": {"y": 2}}])
def test_durable_steps_of_a_dataset_have_their_checksums_in_the_index(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "run.pvd"
    steps(0, 3).vtk.to_vtr(path, durable=True, **options)
    report = verify(path)
    assert (report.faults, report.summed) == ([], 3)
    steps(0, 3).chunk({"time": 1}).vtk.to_vtr(tmp_path / "two.pvd", durable=True, **options)
    assert verify(tmp_path / "two.pvd").summed == 3
