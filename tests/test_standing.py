"""A part whose variables have no time dim is one file, which the index lists at every step."""

from __future__ import annotations

import contextlib
import itertools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import xarray as xr
from tools.checker import check_tree
from tools.faults import KILLS, Killed, faults
from tools.paraview import walk
from tools.readers import READERS, read_pvd
from tools.reopen import in_vtk, sum_of_arrays

from vtkseries import SeriesError, SeriesWriter, VtkSeriesWarning, run
from vtkseries.errors import FormatError
from vtkseries.storage.index import entries

NT, NZ, NY, NX = 4, 3, 5, 6
OPTIONS: list[dict[str, Any]] = [{}, {"compression": "zlib"}, {"durable": True}, {"pieces": {"x": 4}}]
STILL = ["ground", "mask"]


def heights() -> Any:
    return np.arange(NY * NX, dtype="f4").reshape(NY, NX) / 8 + 1


def dataset(first: int = 0, steps: int = NT) -> xr.Dataset:
    """Give winds over a ground that stays, the ground first."""
    days = np.datetime64("2000-01-01", "ns") + (first + np.arange(steps)) * np.timedelta64(1, "D")
    values = np.arange(steps * NZ * NY * NX, dtype="f8").reshape(steps, NZ, NY, NX) + 1000 * first
    return xr.Dataset(
        {
            "ground": (("y", "x"), heights(), {"units": "m"}),
            "mask": (("y", "x"), heights() > 3),
            "wind": (("time", "z", "y", "x"), values),
            "mean": ("time", np.arange(steps) + float(first)),
            "g": 9.81,
        },
        {"time": days, "z": [0.0, 1, 3], "y": np.arange(NY) ** 2.0, "x": np.arange(NX) * 2.0},
        {"title": "winds"},
    )


def curved() -> xr.Dataset:
    """Give the same where each point has a place of its own."""
    j, i = np.meshgrid(np.arange(NY), np.arange(NX), indexing="ij")
    lon, lat = ("y", "x"), ("y", "x")
    ds = dataset().drop_vars(["x", "y"])
    return ds.assign_coords(
        lon=(lon, 5.0 + i + 0.2 * j, {"units": "degrees_east"}), lat=(lat, 40 + j + 0.1 * i, {"units": "degrees_north"})
    )


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def still_files(folder: Path) -> list[str]:
    return [name for name in files(folder) if "run_y_x_" in name and "_p0" not in name]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("chunks", [None, {"time": 1, "x": 2}, {"time": 3}], ids=str)
def test_it_is_written_once_and_read_at_every_step(
    tmp_path: Path, options: dict[str, Any], chunks: dict[str, int] | None
) -> None:
    ds = dataset() if chunks is None else dataset().chunk(chunks)
    path = tmp_path / "run.pvd"
    with dask.config.set(scheduler="threads", num_workers=3):
        ds.vtk.to_vtr(path, **options)
    assert len(still_files(tmp_path)) == 1
    steps = read_pvd(path)
    assert [time for time, _ in steps] == [0.0, 1.0, 2.0, 3.0]
    for number, (_, parts) in enumerate(steps):
        np.testing.assert_array_equal(parts["0"].point["ground"][0], heights())
        np.testing.assert_array_equal(parts["0"].point["mask"][0], heights() > 3)
        np.testing.assert_array_equal(parts["1"].point["wind"], dataset()["wind"][number])
        assert parts["1"].field["TimeValue"] == [number]
        assert parts["1"].field["mean"] == [number]
        assert "TimeValue" not in parts["0"].field
        assert "date" not in parts["0"].field
    with xr.open_dataset(path, engine="vtkseries", chunks={}) as back:
        assert back["ground"].dims == ("y", "x")
        xr.testing.assert_identical(back.load(), dataset())
    if chunks is not None:
        dataset().vtk.to_vtr(tmp_path / "eager" / "run.pvd", **options)
        assert files(tmp_path / "eager") == {k: v for k, v in files(tmp_path).items() if not k.startswith("eager")}


@pytest.mark.parametrize("verb", ["to_vtr", "to_vts", "to_pvd"])
def test_every_reader_of_one_file_agrees(tmp_path: Path, verb: str) -> None:
    ds = dataset() if verb != "to_vts" else curved()
    getattr(ds.vtk, verb)(tmp_path / "run.pvd")
    (name,) = still_files(tmp_path)
    for reader in READERS.values():
        grid = reader(tmp_path / name)
        np.testing.assert_array_equal(grid.point["ground"][0], heights())
        if verb == "to_vts":
            np.testing.assert_array_equal(grid.points[0, ..., 0], curved()["lon"])
    with xr.open_dataset(tmp_path / name, engine="vtkseries") as back:
        xr.testing.assert_identical(back["ground"].load(), ds["ground"])
        assert "time" not in back.variables
    with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries") as back:
        xr.testing.assert_identical(back.load(), ds)


@pytest.mark.paraview
def test_paraview_plays_it_and_keeps_the_times_of_the_others(tmp_path: Path) -> None:
    dataset().vtk.to_vtr(tmp_path / "one" / "run.pvd")
    dataset().chunk(time=1).vtk.to_vtr(tmp_path / "two" / "run.pvd", compression="lz4")
    dataset().vtk.to_vtr(tmp_path / "three" / "run.pvd", pieces={"y": 3})
    for seen in walk(*(tmp_path / name / "run.pvd" for name in ("one", "two", "three")), values=True):
        assert seen.times == (0.0, 1.0, 2.0, 3.0)
        for number, step in enumerate(seen.steps):
            assert step.time == number
            still, moving = step.parts
            np.testing.assert_array_equal(still.values["ground"][0], heights())
            np.testing.assert_array_equal(moving.values["wind"], dataset()["wind"][number])
            assert moving.field["date"] == [f"2000-01-0{number + 1}T00:00:00"]
            assert "date" not in still.field


def test_the_plan_says_which_are_written_once_and_tells_the_bytes(tmp_path: Path) -> None:
    ds = dataset().assign(fixed=(("z", "y", "x"), np.ones((NZ, NY, NX))))
    plan = ds.vtk.plan(tmp_path / "run.pvd")
    told = repr(plan)
    assert "part 'y_x': no time dim, written once (150 B): ground, mask" in told
    assert "part 'z_y_x': no time dim, repeated in each step's file (720 B a step): fixed" in told
    assert "4 steps, 5 files, " in told
    assert f"{plan.parts[0].size / 1000:.1f} kB once\n" in told
    assert "run_y_x_000000.vtr\n" in told
    assert list(tmp_path.iterdir()) == []
    ds.vtk.to_vtr(tmp_path / "run.pvd")
    sizes = [len(data) for name, data in files(tmp_path).items() if name != "run.pvd"]
    assert (len(sizes), sum(sizes)) == (5, plan.nbytes)
    assert plan.file(plan.parts[0], 3) == tmp_path / "run" / "run_y_x_000000.vtr"


def test_where_nothing_drawn_changes_the_first_part_tells_of_the_steps(tmp_path: Path) -> None:
    ds = dataset().drop_vars("wind").assign(column=("z", np.arange(3.0)))
    ds.vtk.to_vtr(tmp_path / "run.pvd")
    assert sorted(len(names) for names in (still_files(tmp_path), [n for n in files(tmp_path) if "run_z_" in n])) == [
        1,
        NT,
    ]
    for number, (_, parts) in enumerate(read_pvd(tmp_path / "run.pvd")):
        assert parts["0"].field["mean"] == [number]
    with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries") as back:
        xr.testing.assert_identical(back.load(), ds)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_continuation_lists_the_file_that_is_there(tmp_path: Path, options: dict[str, Any], *, chunked: bool) -> None:
    path = tmp_path / "run.pvd"
    dataset().vtk.to_vtr(path, **options)
    (first,) = still_files(tmp_path)
    before = files(tmp_path)[first]
    for number in range(2):
        more = dataset(NT + 2 * number, 2).assign_attrs(title=f"winds {number}")
        (more.chunk(time=1, y=2) if chunked else more).vtk.to_vtr(path, mode="a", **options)
    assert still_files(tmp_path) == [first]
    assert files(tmp_path)[first] == before
    assert [step[0].file for step in entries(path)] == [first] * 8
    with xr.open_dataset(path, engine="vtkseries") as back:
        np.testing.assert_array_equal(back["mean"], np.arange(8.0))
        np.testing.assert_array_equal(back["ground"], heights())
    for number, (_, parts) in enumerate(read_pvd(path)):
        np.testing.assert_array_equal(parts["0"].point["ground"][0], heights())
        assert parts["1"].field["mean"] == [number]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("chunked", [False, True])
def test_other_values_in_a_continuation_are_shown_and_read_from_there(
    tmp_path: Path, options: dict[str, Any], *, chunked: bool
) -> None:
    path = tmp_path / "run.pvd"
    dataset().vtk.to_vtr(path, **options)
    more = dataset(NT, 2)
    more["ground"] = more["ground"] + 100
    (more.chunk(time=1) if chunked else more).vtk.to_vtr(path, mode="a", **options)
    assert len(still_files(tmp_path)) == 2
    for number, (_, parts) in enumerate(read_pvd(path)):
        np.testing.assert_array_equal(parts["0"].point["ground"][0], heights() + 100 * (number >= NT))
    with xr.open_dataset(path, engine="vtkseries", chunks={} if chunked else None) as back:
        assert back["ground"].dims == ("time", "y", "x")
        assert back["mask"].dims == ("time", "y", "x")
        for number in range(NT + 2):
            np.testing.assert_array_equal(back["ground"][number], heights() + 100 * (number >= NT))
        np.testing.assert_array_equal(back["mask"], np.broadcast_to(heights() > 3, (NT + 2, NY, NX)))
        np.testing.assert_array_equal(back["wind"][NT:], more["wind"])
        assert back["ground"].attrs == dataset()["ground"].attrs
        again = back.load()
    dataset(NT + 2, 1).assign(ground=more["ground"]).vtk.to_vtr(path, mode="a", **options)
    assert len(still_files(tmp_path)) == 2
    dataset().vtk.to_vtr(path, **options)
    assert len(still_files(tmp_path)) == 1
    again.vtk.to_vtr(tmp_path / "again" / "run.pvd")
    with xr.open_dataset(tmp_path / "again" / "run.pvd", engine="vtkseries") as twice:
        xr.testing.assert_identical(twice.load(), again)
    check_tree(tmp_path)


def test_a_continuation_from_the_first_step_on_writes_it_anew(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    dataset().vtk.to_vtr(path)
    more = dataset()
    more["ground"] = more["ground"] + 100
    with pytest.warns(VtkSeriesWarning, match="4 steps from"):
        more.vtk.to_vtr(path, mode="a")
    assert len(still_files(tmp_path)) == 1
    with xr.open_dataset(path, engine="vtkseries") as back:
        xr.testing.assert_identical(back.load(), more)


def test_a_series_without_it_takes_its_place_and_removes_it(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    dataset().vtk.to_vtr(path)
    dataset()[["wind"]].vtk.to_vtr(path)
    assert still_files(tmp_path) == []
    assert [len(step) for step in entries(path)] == [1] * NT


def test_a_delayed_writes_it_too(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    jobs = [
        dataset().chunk(time=1).vtk.to_vtr(path, compute=False),
        dataset(NT, 2).chunk(time=1).vtk.to_vtr(tmp_path / "other.pvd", compute=False),
    ]
    dask.compute(*jobs)
    dask.compute(dataset(NT, 2).chunk(time=1).vtk.to_vtr(path, compute=False, mode="a"))
    assert len(still_files(tmp_path)) == 1
    assert len(read_pvd(path)) == NT + 2


def test_a_solver_goes_on_with_it(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    dataset().vtk.to_vtr(path)
    with SeriesWriter(path, mode="a") as series:
        for step in range(2):
            series.write(dataset(NT, 2).isel(time=step))
    for number, (_, parts) in enumerate(read_pvd(path)):
        np.testing.assert_array_equal(parts["0"].point["ground"][0], heights())
        assert parts["1"].field["mean"] == [number]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        xr.open_dataset(path, engine="vtkseries").close()


@pytest.mark.parametrize("options", OPTIONS[:2], ids=str)
@pytest.mark.unchecked(reason="a file is taken away")
def test_steps_that_share_a_file_that_is_gone_are_not_dropped(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "run.pvd"
    dataset().vtk.to_vtr(path, **options)
    (name,) = still_files(tmp_path)
    (tmp_path / name).unlink()
    before = files(tmp_path)
    for call in (dataset(NT, 2).vtk.plan, dataset(NT, 2).vtk.to_vtr):
        with pytest.raises(FormatError, match=r"y_x_000000\.vtr is missing, and 4 steps share that file; bring"):
            call(path, mode="a", **options)
    assert files(tmp_path) == before


def sums(steps: range, shift: float = 0) -> list[tuple[float, list[int]]]:
    still = {"ground": heights()[np.newaxis] + np.float32(shift), "mask": (heights() > 3)[np.newaxis].astype("u1")}
    wind = dataset(0, 10)["wind"].values
    found = []
    for step in steps:
        base = 0 if step < NT else NT
        moving = wind[step - base] + 1000 * base
        found.append((float(step), [sum_of_arrays(still), sum_of_arrays({"wind": moving})]))
    return found


def killed_anywhere(
    folder: Path, write: Callable[[Path], Any], begin: Callable[[Path], Any] | None = None, *, stride: int = 1
) -> int:
    """Kill a writer before, after and within every call; VTK reads all that is listed, whole. Give the tries."""
    tried = 0
    for phase, kind in enumerate(KILLS):
        for at in itertools.count(phase, stride):
            path = folder / f"{kind}{at}" / "run.pvd"
            if begin is not None:
                begin(path)
            with faults(kind, at) as calls, contextlib.suppress(Killed):
                write(path)
            calls.release()
            if not calls.hit:
                break
            tried += 1
            seen = in_vtk(path) if path.exists() else []
            expected = sums(range(len(seen)))
            assert seen == expected, f"{kind} at call {at} ({calls.hit})"
    return tried


@pytest.mark.unchecked(reason="writers that are killed leave temporary files")
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("stride", [pytest.param(1, marks=pytest.mark.long), 17])
def test_killed_at_any_call_it_is_listed_only_when_it_is_whole(
    tmp_path: Path, options: dict[str, Any], stride: int, *, chunked: bool
) -> None:
    def write(path: Path) -> None:
        ds = dataset(0, 2)
        with dask.config.set(scheduler="sync"):
            (ds.chunk(time=1) if chunked else ds).vtk.to_vtr(path, **options)

    def go_on(path: Path) -> None:
        ds = dataset(NT, 2)
        with dask.config.set(scheduler="sync"):
            (ds.chunk(time=1) if chunked else ds).vtk.to_vtr(path, mode="a", **options)

    def begin(path: Path) -> None:
        dataset().vtk.to_vtr(path, **options)

    assert killed_anywhere(tmp_path / "new", write, stride=stride) > 70 // stride
    assert killed_anywhere(tmp_path / "on", go_on, begin, stride=stride) > 70 // stride


@pytest.mark.unchecked(reason="writers that break their promises leave what they should not")
def test_a_writer_that_lists_it_before_it_is_whole_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put, commit = run._put, run.commit
    waiting: list[Any] = []

    def later(*given: Any) -> None:
        if given[0].plan.clock(given[1]).dated:
            put(*given)
        else:
            waiting.append(given)

    def then(*given: Any) -> None:
        commit(*given)
        while waiting:
            put(*waiting.pop())

    monkeypatch.setattr(run, "_put", later)
    monkeypatch.setattr("vtkseries.serial.commit", then)
    with pytest.raises((AssertionError, OSError)):
        killed_anywhere(tmp_path, dataset(0, 2).vtk.to_vtr)


def test_parts_of_an_ensemble_that_do_not_change_are_one_file_each(tmp_path: Path) -> None:
    base = dataset().drop_vars(["ground", "mask"])
    ds = base.assign(bias=(("number", "y", "x"), np.stack([heights(), heights() * 2])))
    ds.vtk.to_vtr(tmp_path / "run.pvd", parts="number")
    assert len([name for name in files(tmp_path) if "number" in name]) == 2
    for _, parts in read_pvd(tmp_path / "run.pvd"):
        found = [grid.point["bias"][0] for grid in parts.values() if "bias" in grid.point]
        np.testing.assert_array_equal(found, [heights(), heights() * 2])
    with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries") as back:
        xr.testing.assert_identical(back.load(), ds)


def test_members_of_an_ensemble_that_change_in_a_continuation_are_read_with_their_times(tmp_path: Path) -> None:
    def run(first: int, steps: int, shift: float) -> xr.Dataset:
        bias = np.stack([heights(), heights() * 2 + np.float32(shift)])
        return dataset(first, steps).drop_vars(["ground", "mask"]).assign(bias=(("number", "y", "x"), bias))

    run(0, NT, 0).vtk.to_vtr(tmp_path / "run.pvd", parts="number")
    run(NT, 2, 7).vtk.to_vtr(tmp_path / "run.pvd", parts="number", mode="a")
    assert len([name for name in files(tmp_path) if "number" in name]) == 3
    with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries") as back:
        for step, bias in enumerate(back["bias"].transpose("time", "number", "y", "x").values):
            np.testing.assert_array_equal(bias, run(0, 1, 7 * (step >= NT))["bias"])


def test_another_ground_of_another_shape_is_refused_by_name(tmp_path: Path) -> None:
    dataset().vtk.to_vtr(tmp_path / "run.pvd")
    before = files(tmp_path)
    with pytest.raises(SeriesError, match="does not fit"):
        dataset(NT).rename(ground="soil").vtk.to_vtr(tmp_path / "run.pvd", mode="a")
    assert files(tmp_path) == before
