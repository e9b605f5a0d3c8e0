"""Groups of a tree with times of their own: the series has those of all, and each group's files stand in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cftime
import dask
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from tools.checker import check_tree
from tools.paraview import walk
from tools.readers import read_pvd

from vtkseries import SeriesError, VtkSeriesWarning, thin
from vtkseries.repair import repair
from vtkseries.storage.index import entries
from vtkseries.verify import verify

START = np.datetime64("2000-01-01", "ns")
HOUR = np.timedelta64(1, "h")


def group(name: str, times: Any, shape: tuple[int, int], shift: float = 0.0, **coords: Any) -> xr.Dataset:
    """Give a field whose values tell the step, the point and the group."""
    ny, nx = shape
    count = len(times)
    values = np.arange(count * ny * nx, dtype="f8").reshape(count, ny, nx) + 1000 * np.arange(count)[:, None, None]
    return xr.Dataset(
        {name: (("time", "y", "x"), values + shift), "mean": ("time", shift + np.arange(count))},
        {"time": times, "x": np.arange(nx) * 2.0, "y": np.arange(ny) ** 2.0, **coords},
        {"title": name},
    )


def tree() -> xr.DataTree:
    """Give an hourly surface, a volume every five hours that begins late, and a ground that stays."""
    volume = group("theta", START + HOUR * np.array([3, 8]), (4, 5), 100)
    volume["wind"] = ("time", "z", "y", "x"), np.arange(2 * 2 * 4 * 5.0).reshape(2, 2, 4, 5)
    volume["depth"] = ("y", "x"), np.arange(20.0).reshape(4, 5)
    return xr.DataTree.from_dict(
        {
            "surface": group("sst", START + HOUR * np.arange(0, 10, 2), (3, 4)),
            "model/volume": volume,
            "ground": xr.Dataset({"height": (("y", "x"), np.arange(6.0).reshape(2, 3))}, attrs={"title": "ground"}),
        }
    )


HOURS = [0, 2, 3, 4, 6, 8]
SHOWN = {"sst": [0, 1, 1, 2, 3, 4], "theta": [0, 0, 0, 0, 0, 1], "wind": [0, 0, 0, 0, 0, 1]}


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def own(source: xr.DataTree, name: str) -> xr.Dataset:
    """Give one group's Dataset."""
    return source.to_dict()[f"/{name}"]


def expect(name: str, step: int) -> Any:
    place = {"sst": "surface", "theta": "model/volume", "wind": "model/volume"}[name]
    values = own(tree(), place)[name].values[SHOWN[name][step]]
    return values if values.ndim == 3 else values[np.newaxis]


@pytest.mark.parametrize("options", [{}, {"compression": "lz4"}, {"durable": True}], ids=str)
@pytest.mark.parametrize("chunked", [False, True])
def test_each_file_stands_from_its_time_to_the_next(tmp_path: Path, options: dict[str, Any], *, chunked: bool) -> None:
    source = tree().chunk(time=1, x=2) if chunked else tree()
    with dask.config.set(scheduler="threads", num_workers=3):
        source.vtk.to_pvd(tmp_path / "run.pvd", time_units="hours since 2000-01-01", **options)
    steps = read_pvd(tmp_path / "run.pvd")
    assert [time for time, _ in steps] == HOURS
    for step, (time, parts) in enumerate(steps):
        arrays = {name: values for grid in parts.values() for name, values in grid.point.items()}
        for name in SHOWN:
            np.testing.assert_array_equal(arrays[name], expect(name, step))
        np.testing.assert_array_equal(arrays["height"][0], tree()["ground"]["height"])
        np.testing.assert_array_equal(arrays["depth"][0], tree()["model/volume"]["depth"])
        surface = next(grid for grid in parts.values() if "sst" in grid.point)
        assert surface.field["TimeValue"] == [max(hour for hour in HOURS if hour <= time and hour % 2 == 0)]
    written = [name for name in files(tmp_path) if not name.endswith((".pvd", ".coords"))]
    assert len(written) == 5 + 2 + 2 + 1
    assert verify(tmp_path / "run.pvd").faults == []
    assert verify(tmp_path / "run.pvd").files == len(written)


@pytest.mark.parametrize("chunked", [False, True])
def test_groups_come_back_at_their_own_times(tmp_path: Path, *, chunked: bool) -> None:
    path = (tree().chunk(time=2) if chunked else tree()).vtk.to_pvd(tmp_path / "run.pvd")
    for name in ("surface", "/model/volume", "ground"):
        with xr.open_dataset(path, engine="vtkseries", group=name, chunks={}) as back:
            xr.testing.assert_identical(back.load(), tree()[name].to_dataset())
    with xr.open_datatree(path, engine="vtkseries", chunks={}) as back:
        assert back.load().identical(tree())
    with xr.open_datatree(path, engine="vtkseries", group="model") as back:
        xr.testing.assert_identical(back["volume"].to_dataset().load(), tree()["model/volume"].to_dataset())
    with xr.open_dataset(path, engine="vtkseries") as back:
        assert back.sizes["time"] == len(HOURS)
        for step in range(len(HOURS)):
            np.testing.assert_array_equal(back["theta"][step], expect("theta", step))
    with pytest.raises(SeriesError, match=r"no group '/sea'; it has /, /surface, /ground, /model, /model/volume"):
        xr.open_dataset(path, engine="vtkseries", group="sea")


def test_what_is_no_tree_is_one_group(tmp_path: Path) -> None:
    ds = tree()["surface"].to_dataset()
    ds.vtk.to_vtr(tmp_path / "run.pvd")
    with xr.open_datatree(tmp_path / "run.pvd", engine="vtkseries") as back:
        xr.testing.assert_identical(back.to_dataset().load(), ds)
    with pytest.raises(SeriesError, match="it is no tree"):
        xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries", group="a")


@pytest.mark.paraview
def test_paraview_shows_every_part_at_every_time(tmp_path: Path) -> None:
    tree().vtk.to_pvd(tmp_path / "run.pvd", time_units="hours since 2000-01-01")
    (seen,) = walk(tmp_path / "run.pvd", values=True)
    assert seen.times == tuple(map(float, HOURS))
    for number, step in enumerate(seen.steps):
        assert step.time == HOURS[number]
        arrays = {name: values for part in step.parts for name, values in part.values.items()}
        for name in SHOWN:
            np.testing.assert_array_equal(arrays[name], expect(name, number))
        np.testing.assert_array_equal(arrays["height"][0], tree()["ground"]["height"])


def test_the_plan_says_what_stands(tmp_path: Path) -> None:
    plan = tree().vtk.plan(tmp_path / "run.pvd")
    told = repr(plan)
    assert "6 steps, 10 files, " in told
    assert "surface: has new files at 5 of 6 steps, each of which stands until the next" in told
    assert "model_volume: has new files at 2 of 6 steps" in told
    assert "ground: has new files at 1 of 6 steps" in told
    assert "kB in each of 2 files" in told
    tree().vtk.to_pvd(tmp_path / "run.pvd")
    sizes = [len(data) for name, data in files(tmp_path).items() if not name.endswith(".pvd")]
    assert sum(sizes) == plan.nbytes
    listed = {entry.file for step in entries(tmp_path / "run.pvd") for entry in step}
    assert listed == {plan.relative(part, step) for part in plan.parts for step in range(plan.steps)}


def test_the_same_bytes_in_any_chunks(tmp_path: Path) -> None:
    for number, chunks in enumerate(({}, {"time": 1}, {"time": 3, "x": 2, "y": 1})):
        source = tree().chunk(chunks) if chunks else tree()
        with dask.config.set(scheduler="threads", num_workers=3):
            source.vtk.to_pvd(tmp_path / str(number) / "run.pvd", compression="zlib")
    assert files(tmp_path / "0") == files(tmp_path / "1") == files(tmp_path / "2")


def test_units_and_calendars_of_one_kind_become_one(tmp_path: Path) -> None:
    days = [START + HOUR * 24 * n for n in range(3)]
    one = group("a", np.array(days), (3, 4))
    one["time"].encoding = {"units": "days since 0001-01-01", "calendar": "standard"}
    other = group("b", START + HOUR * np.array([12, 24]), (4, 5))
    other["time"].encoding = {"units": "hours since 1970-01-01", "calendar": "proleptic_gregorian"}
    dates = [cftime.DatetimeGregorian(2000, 1, 2), cftime.DatetimeGregorian(2000, 1, 5)]
    raw = group("c", np.array(dates, object), (2, 3))
    source = xr.DataTree.from_dict({"a": one, "b": other, "c": raw})
    path = source.vtk.to_pvd(tmp_path / "run.pvd")
    times = np.array([float(step[0].timestep) for step in entries(path)])
    np.testing.assert_array_equal(times - times[0], [0, 0.5, 1, 2, 4])
    for name in "abc":
        with xr.open_dataset(path, engine="vtkseries", group=name) as back:
            xr.testing.assert_identical(back.load(), source[name].to_dataset())
    minutes = group("b", [0.0, 30.0], (4, 5))
    minutes["time"].attrs["units"] = "minutes"
    lengths = xr.DataTree.from_dict(
        {
            "a": group("a", np.array([0, 60], "m8[m]").astype("m8[ns]"), (3, 4)),
            "b": minutes,
        }
    )
    path = lengths.vtk.to_pvd(tmp_path / "lengths.pvd", time_units="minutes")
    assert [step[0].timestep for step in entries(path)] == ["0.0", "30.0", "60.0"]


def test_times_of_other_kinds_are_an_error_that_names_the_groups(tmp_path: Path) -> None:
    dated = group("a", START + HOUR * np.arange(3), (3, 4))
    counted = group("b", [0.0, 1.0], (4, 5))
    dates = np.array([cftime.DatetimeNoLeap(2000, 1, n) for n in (1, 2)], object)
    for other, kind in ((counted, "plain numbers: 2 from 0.0"), (group("b", dates, (4, 5)), "dates, noleap: 2 from")):
        source = xr.DataTree.from_dict({"one": dated, "two": other})
        with pytest.raises(SeriesError, match=rf"'one' \(dates, Gregorian: 3 steps.*'two' \({kind}.*different kinds;"):
            source.vtk.to_pvd(tmp_path / "run.pvd")
    early = group("c", np.array([cftime.DatetimeGregorian(1500, 1, n) for n in (1, 2)], object), (2, 3))
    source = xr.DataTree.from_dict({"one": dated, "three": early})
    with pytest.raises(
        SeriesError, match="group 'three' has dates before 1582-10-15, where the groups' calendars differ"
    ):
        source.vtk.to_pvd(tmp_path / "run.pvd")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("chunked", [False, True])
def test_a_continuation_shows_what_stood_before_until_a_group_goes_on(tmp_path: Path, *, chunked: bool) -> None:
    path = tree().vtk.to_pvd(tmp_path / "run.pvd")
    more = tree()
    for name, hours in (("surface", 10), ("model/volume", 12)):
        ds = more[name].to_dataset()
        more[name] = ds.assign_coords(time=ds["time"] + HOUR * hours)
    (more.chunk(time=1) if chunked else more).vtk.to_pvd(path, mode="a")
    shown_at = [float(step[0].timestep) * 24 for step in entries(path)]
    np.testing.assert_allclose(shown_at, [*HOURS, 10, 12, 14, 15, 16, 18, 20], rtol=1e-12)
    theta = own(tree(), "model/volume")["theta"].values
    for hour, (_, parts) in zip(shown_at, read_pvd(path), strict=True):
        shown = next(grid.point["theta"][0] for grid in parts.values() if "theta" in grid.point)
        np.testing.assert_array_equal(shown, theta[1 if 7 < hour < 14.5 or hour > 19.5 else 0])
    assert len([name for name in files(tmp_path) if "ground" in name]) == 1
    for name in ("surface", "model/volume"):
        with xr.open_dataset(path, engine="vtkseries", group=name) as back:
            both = xr.concat([tree()[name].to_dataset(), more[name].to_dataset()], "time", data_vars="minimal")
            xr.testing.assert_equal(back.load(), both)
    before = files(tmp_path)
    with pytest.raises(SeriesError, match="the series so far does not fit"):
        xr.DataTree.from_dict({**more.to_dict(), "/surface": more["surface"].to_dataset().isel(x=slice(2))}).vtk.to_pvd(
            path, mode="a"
        )
    assert files(tmp_path) == before


@pytest.mark.parametrize("durable", [False, True])
def test_a_lost_index_is_made_again(tmp_path: Path, *, durable: bool) -> None:
    path = tree().vtk.to_pvd(tmp_path / "run.pvd", durable=durable)
    before = [[(e.timestep, e.file, e.name, e.size) for e in sorted(s, key=lambda e: e.file)] for s in entries(path)]
    path.unlink()
    report = repair(path)
    assert report.left_out == []
    after = [[(e.timestep, e.file, e.name, e.size) for e in sorted(s, key=lambda e: e.file)] for s in entries(path)]
    assert after == before
    assert verify(path).faults == []


@pytest.mark.unchecked(reason="a file is damaged on purpose")
def test_a_damaged_file_does_not_have_the_one_before_stand_in_its_place(tmp_path: Path) -> None:
    path = tree().vtk.to_pvd(tmp_path / "run.pvd")
    broken = tmp_path / "run" / "run_model_volume_z_y_x_000005.vtr"
    broken.write_bytes(broken.read_bytes()[:-30])
    assert any("run_model_volume_z_y_x_000005.vtr" in fault for fault in verify(path).faults)
    report = repair(path)
    assert len(report.left_out) == 1
    shown = [[entry.file for entry in step if "z_y_x" in entry.file] for step in entries(path)]
    assert shown == [["run/run_model_volume_z_y_x_000000.vtr"]] * 5 + [[]]


def test_a_thinned_series_gives_the_groups_their_own_times(tmp_path: Path) -> None:
    path = tree().vtk.to_pvd(tmp_path / "run.pvd")
    with xr.open_dataset(thin(path, 5), engine="vtkseries", group="model/volume") as back:
        xr.testing.assert_identical(back.load(), tree()["model/volume"].to_dataset())
    with xr.open_dataset(thin(path, 3), engine="vtkseries", group="surface") as back:
        whole = tree()["surface"].to_dataset()
        xr.testing.assert_equal(back.load(), whole.isel(time=[0, 2, 4]))
    assert verify(tmp_path / "run_every_5.pvd").faults == []
    (tmp_path / "run_every_3.pvd").unlink()
    (tmp_path / "run_every_5.pvd").unlink()


times = st.lists(st.integers(0, 12), min_size=1, max_size=6, unique=True).map(sorted)


@settings(max_examples=40, deadline=None)
@given(groups=st.lists(times, min_size=1, max_size=4), chunked=st.booleans(), append=st.booleans())
def test_whatever_the_times_each_step_shows_the_latest_file(
    tmp_path_factory: pytest.TempPathFactory, groups: list[list[int]], *, chunked: bool, append: bool
) -> None:
    folder = tmp_path_factory.mktemp("groups")
    shapes = [(3, 4), (4, 5), (2, 3), (5, 2)]
    runs = [0, 20] if append else [0]
    for mode, shift in zip(("w", "a"), runs, strict=False):
        source = xr.DataTree.from_dict(
            {
                f"g{n}": group(f"v{n}", np.array(own, "f8") + shift, shape, 50 * shift)
                for n, (own, shape) in enumerate(zip(groups, shapes, strict=False))
            }
        )
        (source.chunk(time=2) if chunked else source).vtk.to_pvd(folder / "run.pvd", mode=mode)
    every = sorted({float(t + shift) for own in groups for t in own for shift in runs})
    steps = read_pvd(folder / "run.pvd")
    assert [time for time, _ in steps] == every
    for n, (own, shape) in enumerate(zip(groups, shapes, strict=False)):
        mine = [float(t + shift) for shift in runs for t in own]
        fields = [group(f"v{n}", np.array(own, "f8"), shape, 50 * shift)[f"v{n}"].values for shift in runs]
        values = np.concatenate(fields)
        for time, parts in steps:
            at = max(sum(t <= time for t in mine) - 1, 0)
            shown = next(grid.point[f"v{n}"][0] for grid in parts.values() if f"v{n}" in grid.point)
            np.testing.assert_array_equal(shown, values[at])
        with xr.open_dataset(folder / "run.pvd", engine="vtkseries", group=f"g{n}") as back:
            np.testing.assert_array_equal(back["time"], mine)
            np.testing.assert_array_equal(back[f"v{n}"], values)
    written = [path for path in (folder / "run").iterdir() if path.suffix != ".coords"]
    assert len(written) == sum(len(own) for own in groups) * len(runs)
    listed = [[e.file for e in step] for step in entries(folder / "run.pvd")]
    (folder / "run.pvd").unlink()
    assert repair(folder / "run.pvd").left_out == []
    assert [sorted(e.file for e in step) for step in entries(folder / "run.pvd")] == [sorted(step) for step in listed]
    check_tree(folder)


def test_a_single_time_in_all_groups_is_one_step(tmp_path: Path) -> None:
    ground = xr.Dataset({"height": (("y", "x"), np.arange(6.0).reshape(2, 3))})
    path = xr.DataTree.from_dict({"a": ground, "b": ground.rename(height="depth")}).vtk.to_pvd(tmp_path / "run.pvd")
    ((time, parts),) = read_pvd(path)
    assert time == 0
    assert {name for grid in parts.values() for name in grid.point} == {"height", "depth"}


def test_another_ground_in_a_continued_tree_is_shown_from_there_and_said_when_it_is_read(tmp_path: Path) -> None:
    path = tree().vtk.to_pvd(tmp_path / "run.pvd")
    more = tree()
    for name in ("surface", "model/volume"):
        ds = more[name].to_dataset()
        more[name] = ds.assign_coords(time=ds["time"] + HOUR * 24)
    more["ground"] = more["ground"].to_dataset() + 1
    more.vtk.to_pvd(path, mode="a")
    with pytest.warns(VtkSeriesWarning, match="group '/ground' has no time dim, and other values"):
        back = xr.open_datatree(path, engine="vtkseries")
    np.testing.assert_array_equal(back["ground"]["height"], tree()["ground"]["height"])
    back.close()
    shown = [parts for _, parts in read_pvd(path)]
    for parts, ground in ((shown[0], tree()["ground"]), (shown[-1], more["ground"])):
        found = next(grid.point["height"] for grid in parts.values() if "height" in grid.point)
        np.testing.assert_array_equal(found[0], ground["height"])
