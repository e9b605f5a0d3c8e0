"""What real files and real callers hold that no tidy example has: written right, left out by name, or refused."""

from __future__ import annotations

import datetime as dt
import inspect
import warnings
from pathlib import Path
from typing import Any

import cftime
import numpy as np
import pytest
import xarray as xr
from tools.checker import check_series
from tools.readers import Grid, read_pvd, read_vtk

from vtkseries import SeriesError, VtkSeriesWarning
from vtkseries.plan import build

NT, NZ, NY, NX = 2, 3, 4, 5
DAYS = np.array(["2000-01-01", "2000-01-02"], "M8[ns]")
DATA = np.arange(NT * NZ * NY * NX, dtype="f4").reshape(NT, NZ, NY, NX) + 0.25


def box(**coords: Any) -> xr.Dataset:
    start = {"time": [0.0, 0.5], "lev": [1.0, 2.0, 4.0], "lat": [-10.0, 0, 10, 25], "lon": [0.0, 1, 3, 6, 10]}
    return xr.Dataset({"T": (("time", "lev", "lat", "lon"), DATA)}, {**start, **coords})


def written(ds: xr.Dataset, tmp_path: Path, **options: Any) -> list[tuple[float, dict[str, Grid]]]:
    ds.vtk.to_vtr(tmp_path / "run.pvd", **options)
    check_series(tmp_path / "run.pvd")
    steps = read_pvd(tmp_path / "run.pvd")
    for k, (_, parts) in enumerate(steps):
        np.testing.assert_array_equal(parts["0"].point["T"], DATA[k])
    return steps


def test_a_variable_with_a_dim_twice_does_not_stop_the_others(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # xarray's own, of such variables
        ds = box().assign(cov=xr.Variable(("lat", "lat"), np.ones((NY, NY))))
        with pytest.warns(VtkSeriesWarning, match=r"'cov' has the dim 'lat' twice; rename"):
            written(ds, tmp_path)


@pytest.mark.parametrize("name", ["TimeValue", "date", "time_units", "time_calendar", "vtkseries"])
def test_a_variable_named_as_a_steps_own_field_data_is_left_out(tmp_path: Path, name: str) -> None:
    ds = box(time=DAYS).assign({name: ("time", [20000101, 20000102])})
    with pytest.warns(VtkSeriesWarning, match=f"'{name}' has the name of what each file says"):
        steps = written(ds, tmp_path)
    assert [time for time, _ in steps] == [0.0, 1.0]
    assert steps[1][1]["0"].field["date"] == "2000-01-02T00:00:00"
    with pytest.raises(SeriesError, match=name):
        ds.vtk.plan(tmp_path / "run.pvd", variables=["T", name])


def test_a_coordinate_named_as_a_steps_own_field_data_comes_back(tmp_path: Path) -> None:
    ds = box(time=DAYS, date=("time", [20000101, 20000102]))
    written(ds, tmp_path)
    with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries") as back:
        xr.testing.assert_identical(back.load(), ds)


def test_a_time_of_several_levels_is_refused(tmp_path: Path) -> None:
    data = ("year", "month", "y", "x"), np.arange(24.0).reshape(1, 2, 3, 4)
    ds = xr.Dataset({"v": data}, {"year": [2000], "month": [1, 2]}).stack(time=("year", "month"))
    with pytest.raises(SeriesError, match=r"'time' holds several levels; use ds.unstack\('time'\)"):
        ds.vtk.to_vtr(tmp_path / "run.pvd")
    assert not list(tmp_path.iterdir())


def test_numbers_with_units_are_told_in_other_units(tmp_path: Path) -> None:
    minutes = box(time=("time", [0.0, 90.0], {"units": "minutes"}))
    assert [time for time, _ in written(minutes, tmp_path)] == [0.0, 90.0]
    assert [time for time, _ in written(minutes, tmp_path, time_units="hours")] == [0.0, 1.5]
    assert [time for time, _ in written(box(), tmp_path, time_units="hours")] == [0.0, 0.5]
    with pytest.raises(SeriesError, match="counts minutes from no date"):
        minutes.vtk.plan(tmp_path / "run.pvd", time_units="hours since 2000-01-01")


def test_attributes_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    ds = box()
    ds["T"].attrs.update(units=1, grid_mapping=3, coordinates=np.array([1, 2]), standard_name=b"x", cell_measures=None)
    ds["lat"].attrs.update(axis=7, standard_name=5, bounds=np.array([1]), units=np.float32(1), positive=None)
    before = ds.copy(deep=True)
    assert ds.vtk.axes == {"x": "lon", "y": "lat", "z": "lev", "time": "time"}
    written(ds, tmp_path)
    xr.testing.assert_identical(ds, before)


@pytest.mark.parametrize("labels", [[7, 7], ["a/b", "a\\b"], DAYS, ["m" * 300] * 2])
def test_parts_are_one_for_each_value_whatever_the_labels(tmp_path: Path, labels: Any) -> None:
    data = np.arange(24.0).reshape(2, 3, 4)
    xr.Dataset({"v": (("m", "y", "x"), data)}, {"m": labels}).vtk.to_vtr(tmp_path / "run.pvd", parts="m")
    ((_, parts),) = read_pvd(tmp_path / "run.pvd")
    assert len(parts) == 2
    for number, grid in enumerate(parts.values()):
        np.testing.assert_array_equal(grid.point["v"][0], data[number])


def test_the_time_dim_can_be_made_parts(tmp_path: Path) -> None:
    box().vtk.to_vtr(tmp_path / "run.pvd", parts="time")
    ((_, parts),) = read_pvd(tmp_path / "run.pvd")
    for number, grid in enumerate(parts.values()):
        np.testing.assert_array_equal(grid.point["T"], DATA[number])


BAD: list[tuple[dict[str, Any], str]] = [
    ({"missing": None}, "missing=None"),
    ({"missing": [1]}, r"missing=\[1\]"),
    ({"missing": -1e300}, r"missing=-1e\+300 is beyond the range of 'T' \(float32\)"),
    ({"missing": True}, "missing=True"),
    ({"durable": "yes"}, "durable='yes': choose True or False"),
    ({"durable": None}, "durable=None: choose True or False"),
    ({"sphere": "no"}, "sphere='no': choose True or False"),
    ({"sphere": True}, "sphere=True: the points of a globe lie on no lines"),
    ({"radius": 6371.0}, "radius=6371.0 is that of a globe"),
    ({"pieces": "yes"}, "pieces='yes': give True"),
    ({"z_scale": "2"}, "z_scale='2' must be a number"),
    ({"z_scale": 1j}, "z_scale=1j must be a number"),
    ({"time_units": 5}, "time_units=5 must be text"),
    ({"time_units": ""}, "time_units='' must be text"),
    ({"encoding": 3}, "encoding=3: give a mapping"),
    ({"encoding": {"T": 3}}, "give a mapping for each variable"),
    ({"x": ["lon"]}, r"x=\['lon'\]: give one name"),
    ({"variables": 3}, "variables=3: give names"),
    ({"variables": []}, "variables= names none to draw"),
    ({"vectors": ["u", "v"]}, r"vectors=\['u', 'v'\]: give a mapping"),
    ({"vectors": {"wind": None}}, "give a mapping of names"),
    ({"stagger": 3}, "stagger=3: give a mapping"),
    ({"parts": ["lev"]}, r"parts=\['lev'\]: there is no such dim"),
    ({"path": ""}, "no name for a series"),
    ({"path": "a\0b.pvd"}, "no name for a series"),
    ({"path": "a\x01b.pvd"}, "no name for a series"),
    ({"path": "bad\udc80.pvd"}, "no name for a series"),
    ({"path": "n" * 240 + ".pvd"}, r"too long by \d+ bytes"),
    ({"path": "n" * 300 + ".pvd"}, "more than 255 bytes"),
    ({"path": "a\\b.pvd"}, "without backslashes"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_arguments_of_another_kind_are_refused_before_anything_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    options = {"path": "run.pvd", **options}
    for call in (box().vtk.plan, box().vtk.to_vtr):
        with pytest.raises(SeriesError, match=message):
            call(**options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["to_vtr", "to_vti", "to_vts", "to_pvd", "to_vtkhdf", "to_vtp", "to_vtu", "to_grid", "plan"]
)
def test_whatever_is_true_or_false_takes_nothing_else(tmp_path: Path, name: str) -> None:
    verb = getattr(box().vtk, name)
    path = () if name == "to_grid" else (tmp_path / "run.pvd",)
    flags = [one for one, found in inspect.signature(verb).parameters.items() if found.annotation == "bool"]
    assert flags
    for flag in flags:
        for value in ("no", 0, None, np.ones(2, bool)):
            with pytest.raises(SeriesError, match=rf"(?s){flag}=.*: choose True or False"):
                verb(*path, **{flag: value})
    assert not list(tmp_path.iterdir())


def test_numpys_truth_values_are_taken(tmp_path: Path) -> None:
    delayed = box().vtk.to_pvd(tmp_path / "run.pvd", compute=np.False_, durable=np.True_, sphere=np.False_)
    assert not list(tmp_path.iterdir())
    assert delayed.compute() == tmp_path / "run.pvd"


@pytest.mark.parametrize("option", ["x", "y", "z", "time", "trajectory", "mode", "compression", "time_units"])
def test_an_argument_that_is_one_value_takes_no_list(tmp_path: Path, option: str) -> None:
    for value in (["a"], np.arange(2), {"a": 1}):
        with pytest.raises(SeriesError, match=rf"(?s){option}=.*(: give one (name|value)|; choose one of)"):
            box().vtk.to_vtp(tmp_path / "run.pvd", **{option: value})
    with pytest.raises(SeriesError, match=r"vectors=\['u'\]: give a mapping"):
        box().vtk.to_vtp(tmp_path / "run.pvd", x="lon", y="lat", vectors=["u"])
    with pytest.raises(SeriesError, match=r"axes='lon': give a mapping of x, y, z or time"):
        box().vtk.to_grid(time=0, axes="lon")


def test_levels_stacked_on_one_dim_are_taken_apart_as_the_error_says(tmp_path: Path) -> None:
    flat = xr.Dataset({"v": (("y", "x"), np.arange(12.0).reshape(3, 4))}, {"y": [0.0, 1, 2], "x": [0.0, 1, 2, 3]})
    stacked = flat.stack(cell=("y", "x"))
    for options in ({}, {"x": "cell"}):
        with pytest.raises(SeriesError, match=r"ds.unstack\('cell'\)"):
            stacked.vtk.to_vtr(tmp_path / "run.pvd", **options)
    stacked.unstack("cell").vtk.to_vtr(tmp_path / "run.pvd")
    np.testing.assert_array_equal(read_pvd(tmp_path / "run.pvd")[0][1]["0"].point["v"][0], flat["v"])


@pytest.mark.parametrize("verb", ["plan", "to_vtr", "to_vti", "to_vts", "to_pvd"])
def test_every_argument_of_a_verb_reaches_the_plan(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    options = list(inspect.signature(getattr(box().vtk, verb)).parameters.values())[1:]
    given = {one.name: True if one.annotation == "bool" else object() for one in options}
    got: dict[str, Any] = {}

    def make_plan(_ds: xr.Dataset, _path: Path, **options: Any) -> Any:
        got.update(options)
        raise SeriesError("far enough")

    monkeypatch.setattr("vtkseries.writer.continued.make_plan", make_plan)
    with pytest.raises(SeriesError, match="far enough"):
        getattr(box().vtk, verb)("run.pvd", **given)
    given.pop("compute", None)
    assert given.items() <= got.items()
    assert set(got) <= {*given, "grid"}
    assert set(got) <= set(inspect.signature(build.make_plan).parameters)


@pytest.mark.parametrize("chunks", [None, {"time": 1}])
def test_a_relative_path_means_where_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunks: dict[str, int] | None
) -> None:
    ds = box() if chunks is None else box().chunk(chunks)
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    delayed: Any = ds.vtk.to_vtr("run.pvd", compute=False)
    monkeypatch.chdir(tmp_path / "there")
    assert Path(delayed.compute()) == tmp_path / "here" / "run.pvd"
    assert not list((tmp_path / "there").iterdir())
    assert len(read_pvd(tmp_path / "here" / "run.pvd")) == NT


def test_a_series_is_not_replaced_by_a_variable_that_is_read_from_it(tmp_path: Path) -> None:
    written(box(), tmp_path)
    with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries") as back:
        for own in (back["T"].rename("Z"), xr.Dataset({"Q": back["T"].variable}, back.coords)):
            with pytest.raises(SeriesError, match="is what this Dataset is read from"):
                own.vtk.to_vtr(tmp_path / "run.pvd")
        np.testing.assert_array_equal(back["T"].values, DATA)


def test_a_path_in_the_users_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert box().vtk.to_vtr("~/run.pvd") == tmp_path / "run.pvd"
    assert len(read_pvd(tmp_path / "run.pvd")) == NT


def test_texts_that_xml_cannot_hold_do_no_harm(tmp_path: Path) -> None:
    ds = box().assign(s=((), 1.0, {"units": "\x02"}), w=(("c", "lat", "lon"), np.ones((2, NY, NX))))
    ds = ds.assign_coords(c=["a\x01", "b"])
    ds["T"].attrs.update(units="m <s>\x01", note="\x00\ud800")
    ds["time"].attrs["units"] = "\x01"
    ds.attrs["note"] = "\ud800 and \uffff"
    written(ds, tmp_path, vectors={"w": "c"})
    assert read_vtk(tmp_path / "run" / "run_lat_lon_000000.vtr").components["w"][:2] == ("a\ufffd", "b")
    with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries") as back:
        xr.testing.assert_identical(back.load(), ds)


def test_a_variable_without_a_name_is_left_out_with_a_warning(tmp_path: Path) -> None:
    with pytest.warns(VtkSeriesWarning, match="has an empty name; rename it"):
        written(box().assign({"": box()["T"]}), tmp_path)


def test_labels_on_an_axis_are_counted_and_the_plan_says_so(tmp_path: Path) -> None:
    ds = box().drop_vars("lon").assign_coords(lon=list("abcde"))
    assert any("lon" in note and "positions were counted" in note for note in ds.vtk.plan(tmp_path / "a.pvd").notices)
    assert written(ds, tmp_path)[0][1]["0"].axes["x"].tolist() == [0, 1, 2, 3, 4]


TIMES: list[tuple[Any, str]] = [
    (["2000-01-01", "2000-01-02"], "holds <U10, which is no time; decode it"),
    ([0, 1j], "holds complex128, which is no time"),
    (np.array([dt.date(2000, 1, 1), dt.date(2000, 1, 2)], object), "holds object, which is no time"),
    (
        np.array([cftime.datetime(2000, 1, day, calendar=name) for day, name in ((1, "noleap"), (2, "360_day"))]),
        "mixes the calendars noleap, 360_day",
    ),
]


@pytest.mark.parametrize(("time", "message"), TIMES)
def test_times_that_are_no_numbers_or_dates_are_refused(tmp_path: Path, time: Any, message: str) -> None:
    with pytest.raises(SeriesError, match=message):
        box(time=("time", time)).vtk.to_vtr(tmp_path / "run.pvd")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("word", "count"), [("h", 24), ("min", 1440), ("Days", 1), ("ms", 864e5), ("microseconds", 864e8)]
)
@pytest.mark.parametrize("stored", ["s", "ns"])
def test_time_units_by_any_name_that_cf_has(tmp_path: Path, word: str, count: float, stored: str) -> None:
    dates = box(time=DAYS.astype(f"M8[{stored}]"))
    assert [t for t, _ in written(dates, tmp_path, time_units=f"{word} since 2000-01-01")] == [0, count]
    lengths = box(time=np.array([1, 2], "m8[D]").astype(f"m8[{stored}]"))
    assert [t for t, _ in written(lengths, tmp_path, time_units=word)] == [count, 2 * count]
    with pytest.raises(SeriesError, match="from no date"):
        lengths.vtk.plan(tmp_path / "a.pvd", time_units="hours since 2000-01-01")


def test_units_of_a_times_own_that_mean_nothing_give_way_to_days(tmp_path: Path) -> None:
    ds = box(time=("time", DAYS, {"units": "weird"}))
    assert [time for time, _ in written(ds, tmp_path)] == [0.0, 1.0]


EAST, NORTH = {"units": "degrees_east"}, {"units": "degrees_north"}
SCATTERED: dict[str, dict[str, Any]] = {
    "by units": {"lon": ("p", [3.0, 1, 2], EAST), "lat": ("p", [0.0, 5, 1], NORTH)},
    "by names": {"lon": ("p", [3.0, 1, 2]), "lat": ("p", [0.0, 5, 1])},
    "beside numbers of their own": {"p": [10, 20, 30], "x": ("p", [3.0, 1, 2]), "y": ("p", [0.0, 5, 1])},
}  # fmt: skip


@pytest.mark.parametrize("case", SCATTERED)
def test_points_that_lie_on_no_line_are_sent_to_the_verb_that_writes_them(tmp_path: Path, case: str) -> None:
    ds = xr.Dataset({"T": (("time", "p"), np.arange(6.0).reshape(2, 3))}, {"time": [0.0, 1.0], **SCATTERED[case]})
    with pytest.raises(SeriesError, match=r"'T' lies on an unstructured grid: dim 'p'.*ds\.vtk\.to_vtp"):
        ds.vtk.to_vtr(tmp_path / "run.pvd")
    assert not list(tmp_path.iterdir())
    ds.vtk.to_vtp(tmp_path / "points.pvd")


def test_a_section_keeps_its_own_axis_whatever_lies_beside_it(tmp_path: Path) -> None:
    beside = {"lon": ("x", [3.0, 1, 2]), "lat": ("x", [0.0, 5, 1])}
    xr.Dataset({"T": (("z", "x"), np.arange(6.0).reshape(2, 3))}, beside).vtk.to_vtr(tmp_path / "run.vtr")
    np.testing.assert_array_equal(read_vtk(tmp_path / "run.vtr").axes["x"], [0, 1, 2])


def test_the_plan_tells_of_coordinates_that_a_grid_of_lines_cannot_use(tmp_path: Path) -> None:
    places = np.arange(12.0).reshape(3, 4)
    ds = xr.Dataset(
        {"T": (("y", "x"), places)}, {"lon": (("y", "x"), places), "lat": (("y", "x"), places.T.reshape(3, 4))}
    )
    said = "'lon' and 'lat' have several dims, so positions were counted; to_vts and to_pvd use them"
    assert said in str(ds.vtk.plan(tmp_path / "run.pvd"))
    assert said not in str(ds.vtk.plan(tmp_path / "run.pvd", grid="vts"))


def test_planning_takes_each_variable_without_a_walk_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    for count in (5, 25):
        taken: list[Any] = []
        get = xr.Dataset.__getitem__

        def counted(self: xr.Dataset, key: Any, get: Any = get, taken: list[Any] = taken) -> Any:
            taken.append(key)
            return get(self, key)

        ds = xr.Dataset({f"v{i}": (("time", "y", "x"), np.zeros((2, 3, 4))) for i in range(count)})
        with monkeypatch.context() as patch:
            patch.setattr(xr.Dataset, "__getitem__", counted)
            ds.vtk.plan("run.pvd")
        calls.append(len(taken))
    assert calls[1] - calls[0] <= 4 * 20  # it was 12 for each variable, and each call looks at all of them
