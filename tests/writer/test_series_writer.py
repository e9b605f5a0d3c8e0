"""A running solver's steps are in the files as its arrays were, whatever their layout in memory."""

from __future__ import annotations

import datetime as dt
import gc
import tracemalloc
from typing import TYPE_CHECKING, Any

import cftime
import numpy as np
import pytest
import xarray as xr
from tools.readers import READERS, read_pvd, read_vtk
from tools.solver import Solver

import vtkseries
from vtkseries import SeriesError, SeriesWriter
from vtkseries.storage.index import entries

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def solver() -> Solver:
    return Solver()


def pvd_times(path: Path) -> list[float]:
    return [time for time, _ in read_pvd(path)]


def test_every_step_can_be_read_as_soon_as_write_returns(tmp_path: Path, solver: Solver) -> None:
    path = tmp_path / "run.pvd"
    with SeriesWriter(path, *solver.axes, time_units="s") as series:
        for step in range(3):
            file = series.write(0.25 * step, solver.point_data(step), solver.cell_data(step))
            assert file == tmp_path / "run" / f"run_{step:06d}.vtr"
            assert pvd_times(path) == [0.25 * n for n in range(step + 1)]
            for read in READERS.values():
                grid = read(file)
                np.testing.assert_array_equal(grid.point["p"], solver.pressure(step))
                np.testing.assert_array_equal(grid.point["u"], np.stack(solver.velocity(step), -1))
                np.testing.assert_array_equal(grid.cell["flux"], solver.flux(step))
                for axis in "xyz":
                    np.testing.assert_array_equal(grid.axes[axis], getattr(solver, axis))
    field = read_vtk(tmp_path / "run" / "run_000002.vtr").field
    assert field["TimeValue"].tolist() == [0.5]
    assert field["time_units"] == "s"
    assert b"<?s" not in path.read_bytes()
    assert sorted(item.name for item in tmp_path.iterdir()) == ["run", "run.pvd"]


LAYOUTS: dict[str, Any] = {
    "plain": lambda p: p,
    "Fortran order": np.asfortranarray,
    "inside ghost cells": lambda p: np.pad(p, 2, constant_values=-9)[2:-2, 2:-2, 2:-2],
    "every second value": lambda p: np.repeat(np.repeat(p, 2, 0), 2, 2)[::2, :, ::2],
    "backwards in memory": lambda p: p[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1],
    "big-endian": lambda p: p.astype(">f4"),
    "a list": lambda p: np.array(p.tolist()),
    "read-only": lambda p: np.broadcast_to(p, p.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("order", ["zyx", "xyz"])
def test_views_of_any_layout_are_written_right(tmp_path: Path, solver: Solver, layout: str, order: str) -> None:
    values = LAYOUTS[layout](solver.pressure(1))
    cells = solver.flux(1)
    with SeriesWriter(tmp_path / "run.pvd", *solver.axes, order=order) as series:
        file = series.write(
            0, {"p": values.T if order == "xyz" else values}, {"c": cells.T if order == "xyz" else cells}
        )
    grid = read_vtk(file)
    np.testing.assert_array_equal(grid.point["p"], solver.pressure(1))
    np.testing.assert_array_equal(grid.cell["c"], cells)


def test_a_large_view_is_not_copied_as_a_whole(tmp_path: Path) -> None:
    nz, ny, nx = 60, 150, 200  # 14 MB an array, beside buffers of 4 MiB a thread
    ghosts = np.random.default_rng(1).random((nz + 2, ny + 2, nx + 2))
    inner = ghosts[1:-1, 1:-1, 1:-1]
    turned = np.random.default_rng(2).random((nx, ny, nz)).transpose(2, 1, 0)
    axes = (np.arange(nx), np.arange(ny), np.arange(nz))
    with SeriesWriter(tmp_path / "run.pvd", *axes) as series:
        series.write(0, {"a": inner, "b": turned})
        tracemalloc.start()
        file = series.write(1, {"a": inner, "b": turned})
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert inner.nbytes > 14_000_000
    assert peak < inner.nbytes, f"{peak} bytes for a step of {2 * inner.nbytes}"
    grid = read_vtk(file)
    np.testing.assert_array_equal(grid.point["a"], inner)
    np.testing.assert_array_equal(grid.point["b"], turned)


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_a_decreasing_axis_is_turned_with_its_data(tmp_path: Path, solver: Solver, axis: str) -> None:
    axes = {name: getattr(solver, name)[:: -1 if name == axis else 1] for name in "xyz"}
    turn = tuple(slice(None, None, -1 if name == axis else 1) for name in "zyx")
    with SeriesWriter(tmp_path / "run.pvd", **axes) as series:
        file = series.write(0, solver.point_data(2), solver.cell_data(2))
    grid = read_vtk(file)
    np.testing.assert_array_equal(grid.axes[axis], getattr(solver, axis))
    np.testing.assert_array_equal(grid.point["p"], solver.pressure(2)[turn])
    np.testing.assert_array_equal(grid.point["u"], np.stack(solver.velocity(2), -1)[turn])
    np.testing.assert_array_equal(grid.cell["flux"], solver.flux(2)[turn])


@pytest.mark.parametrize("missing", ["x", "y", "z", "xy", "xz", "yz"])
@pytest.mark.parametrize("height", [None, 3.5])
def test_grids_of_fewer_axes_take_arrays_of_fewer_axes(
    tmp_path: Path, solver: Solver, missing: str, height: float | None
) -> None:
    axes: Any = {name: height if name in missing else getattr(solver, name) for name in "xyz"}
    pick = tuple(0 if name in missing else slice(None) for name in "zyx")
    flat = solver.pressure(0)[pick]
    full = np.expand_dims(flat, tuple(i for i, name in enumerate("zyx") if name in missing))
    cells = (np.arange(24.0).reshape(2, 3, 4))[pick]
    with SeriesWriter(tmp_path / "run.pvd", **axes) as series:
        files = [
            series.write(0, {"p": flat, "u": (flat, -flat)}, {"c": cells}),
            series.write(1, {"p": full, "u": (full, -full)}, {"c": cells}),
        ]
    for file in files:
        grid = read_vtk(file)
        np.testing.assert_array_equal(grid.point["p"], full)
        np.testing.assert_array_equal(grid.point["u"], np.stack([full, -full, 0 * full], -1))
        np.testing.assert_array_equal(grid.cell["c"].squeeze(), cells)
        for name in missing:
            assert grid.axes[name].tolist() == [height or 0.0]


def test_a_trailing_axis_holds_components_and_complex_values_make_two_arrays(tmp_path: Path, solver: Solver) -> None:
    vector = np.stack(solver.velocity(3), -1)
    wave = solver.pressure(1) + 1j * solver.pressure(2)
    with SeriesWriter(tmp_path / "run.pvd", *solver.axes) as series:
        colour = (np.concatenate([vector, vector[..., :1]], -1) * 100).astype("u1")
        file = series.write(0, {"u": vector, "w": wave, "mask": solver.pressure(0) > 20, "colour": colour})
    grid = read_vtk(file)
    np.testing.assert_array_equal(grid.point["u"], vector)
    np.testing.assert_array_equal(grid.point["colour"], colour)
    np.testing.assert_array_equal(grid.point["w_real"], wave.real)
    np.testing.assert_array_equal(grid.point["w_imag"], wave.imag)
    np.testing.assert_array_equal(grid.point["mask"], solver.pressure(0) > 20)
    assert grid.point["mask"].dtype == np.uint8


TIMES: dict[str, tuple[list[Any], str | None, list[float], str | None, str | None]] = {
    "numbers": ([0, 0.1, np.float32(0.25)], None, [0.0, 0.1, 0.25], None, None),
    "datetime64": (
        [np.datetime64("2001-01-01"), np.datetime64("2001-01-02T12:00")],
        None,
        [0.0, 1.5],
        "days since 2001-01-01 00:00:00",
        "2001-01-02T12:00:00",
    ),
    "datetime64 in hours": (
        [np.datetime64("2001-01-01T06:00", "ns"), np.datetime64("2001-01-01T07:30", "ns")],
        "hours since 2001-01-01",
        [6.0, 7.5],
        "hours since 2001-01-01",
        "2001-01-01T07:30:00",
    ),
    "timedelta64": ([np.timedelta64(90, "m"), np.timedelta64(3, "h")], "hours", [1.5, 3.0], "hours", None),
    "cftime": (
        [cftime.DatetimeNoLeap(2001, 2, 28), cftime.DatetimeNoLeap(2001, 3, 1)],
        "days since 2001-02-27",
        [1.0, 2.0],
        "days since 2001-02-27",
        "2001-03-01T00:00:00",
    ),
    "numbers since a date": (
        [0.0, 36.0],
        "hours since 2001-01-01",
        [0.0, 36.0],
        "hours since 2001-01-01",
        "2001-01-02T12:00:00",
    ),
}


@pytest.mark.parametrize("kind", TIMES)
def test_time_may_be_a_number_or_any_date(tmp_path: Path, kind: str) -> None:
    times, units, expected, expected_units, date = TIMES[kind]
    with SeriesWriter(tmp_path / "run.pvd", [0, 1], time_units=units) as series:
        files = [series.write(time, {"p": np.array([n, n + 1.5])}) for n, time in enumerate(times)]
    assert pvd_times(tmp_path / "run.pvd") == expected
    field = read_vtk(files[-1]).field
    assert field.get("time_units") == expected_units
    assert field.get("date") == date


def _step(time: Any, seed: int = 0) -> xr.Dataset:
    values = (np.arange(60.0) + 100 * seed).reshape(5, 4, 3)
    return xr.Dataset(
        {"T": (("x", "y", "z"), values, {"units": "K"}), "mean": ((), float(values.mean()))},
        {"x": Solver.x, "y": [3.0, 2.0, 1.0, 0.0], "z": [1.0, 2.0, 4.0], "time": time},
    )


def test_a_dataset_of_one_step_is_a_step(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    times = [np.datetime64("2001-01-01", "ns"), np.datetime64("2001-01-03", "ns")]
    with SeriesWriter(path) as series:
        files = [series.write(_step(time, n)) for n, time in enumerate(times)]
        with pytest.raises(SeriesError, match="leave out point_data"):
            series.write(_step(times[1]), {"p": 1})
        with pytest.raises(SeriesError, match=r"'T' is Float64, and in the new step absent"):
            series.write(_step(np.datetime64("2001-01-04", "ns")).rename(T="S"))
        both = xr.concat([_step(np.datetime64(f"2001-01-0{n}", "ns")) for n in (5, 6)], "time")
        with pytest.raises(SeriesError, match="one step is needed, and this has 2"):
            series.write(both)
        files.append(series.write(both.isel(time=[0]).chunk({"x": 2})))
    assert pvd_times(path) == [0.0, 2.0, 4.0]
    for n, file in enumerate(files):
        grid = read_vtk(file)
        expected = _step(0.0, n if n < 2 else 0)["T"].transpose("z", "y", "x").values[:, ::-1]
        np.testing.assert_array_equal(grid.point["T"], expected)
        assert grid.field["mean"].tolist() == [29.5 + 100 * n * (n < 2)]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "shape": ({"p": np.zeros((3, 4, 6))}, r"point_data\['p'\] has shape \(3, 4, 6\), but the grid has \(3, 4, 5\)"),
    "other order": ({"p": np.zeros((5, 4, 3))}, "order='xyz'"),
    "strings": ({"p": np.full((3, 4, 5), "a")}, "cannot be drawn"),
    "no mapping": (np.zeros((3, 4, 5)), "must be a mapping"),  # type: ignore[dict-item] # wrong on purpose
    "no name": ({"": np.zeros((3, 4, 5))}, "cannot name an array"),
    "a number as name": ({1: np.zeros((3, 4, 5))}, "cannot name an array"),  # type: ignore[dict-item] # wrong on purpose
    "components": ({"u": (np.zeros((3, 4, 5)),) * 10}, "10 components"),
    "no components": ({"u": ()}, "0 components"),
    "uneven components": ({"u": (np.zeros((3, 4, 5)), np.zeros((4, 5)))}, "shape"),
    "twins": ({"a": np.zeros((3, 4, 5), "c8"), "a_real": np.zeros((3, 4, 5))}, "two arrays would be called 'a_real'"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_array_is_refused_before_a_file_exists(tmp_path: Path, solver: Solver, fault: str) -> None:
    data, message = WRONG[fault]
    with SeriesWriter(tmp_path / "run.pvd", *solver.axes) as series, pytest.raises(SeriesError, match=message):
        series.write(0, data)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("time", ["2001-01-01", None, float("nan"), float("inf"), [1.0, 2.0], 1j, np.datetime64("NaT")])
def test_a_wrong_time_is_refused_before_a_file_exists(tmp_path: Path, solver: Solver, time: Any) -> None:
    with SeriesWriter(tmp_path / "run.pvd", *solver.axes) as series, pytest.raises(SeriesError, match="time"):
        series.write(time, solver.point_data(0))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        ([0.0, 1.0, 1.0], "x must increase.*1.0 at position 1 and 1.0 at 2"),
        ([0.0, 2.0, 1.0], "x must increase"),
        ([0.0, float("nan")], "x is nan at position 1"),
        ([[0.0, 1.0]], "x must be the coordinates"),
        (["a"], "x must be the coordinates"),
        ([], "x must be the coordinates"),
    ],
)
def test_wrong_coordinates_are_refused(tmp_path: Path, axis: Any, message: str) -> None:
    with pytest.raises(SeriesError, match=message):
        SeriesWriter(tmp_path / "run.pvd", axis)
    assert list(tmp_path.iterdir()) == []


def test_wrong_arguments_are_refused(tmp_path: Path, solver: Solver) -> None:
    with pytest.raises(SeriesError, match=r"must end in \.pvd"):
        SeriesWriter(tmp_path / "run.vtr", *solver.axes)
    with pytest.raises(SeriesError, match="order='xzy'"):
        SeriesWriter(tmp_path / "run.pvd", *solver.axes, order="xzy")
    with pytest.raises(SeriesError, match="mode='r'"):
        SeriesWriter(tmp_path / "run.pvd", *solver.axes, mode="r")
    with SeriesWriter(tmp_path / "run.pvd") as series, pytest.raises(SeriesError, match="arrays need a grid"):
        series.write(0, solver.point_data(0))
    with pytest.raises(SeriesError, match="closed"):
        series.write(0, solver.point_data(0))
    assert list(tmp_path.iterdir()) == []


def test_an_exception_in_the_solver_is_the_callers_and_the_steps_stay(tmp_path: Path, solver: Solver) -> None:
    path = tmp_path / "run.pvd"
    with pytest.raises(ZeroDivisionError, match="the solver's"), SeriesWriter(path, *solver.axes) as series:  # noqa: PT012  # the body is the solver
        series.write(0, solver.point_data(0))
        message = "the solver's"
        raise ZeroDivisionError(message)
    assert pvd_times(path) == [0.0]
    assert [item.name for item in (tmp_path / "run").iterdir()] == ["run_000000.vtr"]


def test_a_second_writer_gets_an_error_at_once(tmp_path: Path, solver: Solver) -> None:
    path = tmp_path / "run.pvd"
    with SeriesWriter(path, *solver.axes) as series:
        series.write(0, solver.point_data(0))
        for mode in "wa":
            with pytest.raises(SeriesError, match=r"is being written by process .* which is this one"):
                SeriesWriter(path, *solver.axes, mode=mode)
        series.write(1, solver.point_data(1))
    assert pvd_times(path) == [0.0, 1.0]


def test_mode_x_refuses_a_series_and_mode_w_replaces_it_with_its_files(tmp_path: Path, solver: Solver) -> None:
    path = tmp_path / "run.pvd"
    for steps, mode in ((4, "x"), (2, "w")):
        with SeriesWriter(path, *solver.axes, mode=mode) as series:
            for step in range(steps):
                series.write(step, solver.point_data(step))
    assert sorted(item.name for item in (tmp_path / "run").iterdir()) == ["run_000000.vtr", "run_000001.vtr"]
    with pytest.raises(SeriesError, match="exists"):
        SeriesWriter(path, *solver.axes, mode="x")
    with SeriesWriter(path, *solver.axes):
        pass
    assert pvd_times(path) == [0.0, 1.0]


def test_steps_and_checks_of_the_index_are_those_of_the_files(tmp_path: Path, solver: Solver) -> None:
    import zlib  # noqa: PLC0415

    path = tmp_path / "run.pvd"
    with SeriesWriter(path, *solver.axes, durable=True) as series:
        for step in range(3):
            series.write(step, solver.point_data(step))
    for (entry,) in entries(path):
        content = (tmp_path / entry.file).read_bytes()
        assert (entry.size, entry.crc) == (len(content), zlib.crc32(content))


def test_the_writer_is_found_under_the_package_and_loads_late(tmp_path: Path) -> None:
    assert vtkseries.SeriesWriter is SeriesWriter
    assert "SeriesWriter" in vtkseries.__all__
    assert list(tmp_path.iterdir()) == []


def test_a_time_that_does_not_advance_is_an_error_unless_the_series_is_continued(
    tmp_path: Path, solver: Solver
) -> None:
    path = tmp_path / "run.pvd"
    with SeriesWriter(path, *solver.axes) as series:
        series.write(1, solver.point_data(0))
        for time in (1, 0.5):
            with pytest.raises(SeriesError, match=r"not after the last step's, 1\.0.*mode='a'"):
                series.write(time, solver.point_data(1))
        series.write(2, solver.point_data(1))
    assert pvd_times(path) == [1.0, 2.0]


def test_pythons_own_datetime_is_a_time_too(tmp_path: Path, solver: Solver) -> None:
    with SeriesWriter(tmp_path / "run.pvd", *solver.axes) as series:
        file = series.write(dt.datetime(2001, 1, 1), solver.point_data(0))  # noqa: DTZ001  # as solvers have it
    assert read_vtk(file).field["date"] == "2001-01-01T00:00:00"


@pytest.mark.parametrize("length", [205, 215, 230, 240, 251])
def test_a_name_that_a_disk_cannot_hold_is_refused_before_any_file_exists(tmp_path: Path, length: int) -> None:
    path = tmp_path / ("r" * (length - 4) + ".pvd")
    axes = (np.arange(5.0), np.arange(4.0), np.arange(3.0))
    if length < 210:
        with vtkseries.SeriesWriter(path, *axes) as writer:
            writer.write(0.0, {"T": np.zeros((3, 4, 5))})
        assert path.is_file()
        return
    with pytest.raises(SeriesError, match=r"is too long by .* take a shorter one"):
        vtkseries.SeriesWriter(path, *axes)
    with pytest.raises(SeriesError, match="take a shorter one"):
        vtkseries.SeriesWriter(path.with_suffix(".vtkhdf"), *axes)
    assert not list(tmp_path.iterdir())


def test_a_writer_that_was_dropped_does_not_hold_up_the_next_one(tmp_path: Path) -> None:
    def step(mode: str, time: float) -> None:
        SeriesWriter(tmp_path / "run.pvd", [0.0, 1.0], [0.0, 1.0, 2.0], None, mode=mode).write(
            time, {"T": np.full((3, 2), time)}
        )

    step("w", 0.0)
    gc.collect()
    step("a", 1.0)
    gc.collect()
    assert [time for time, _ in read_pvd(tmp_path / "run.pvd")] == [0.0, 1.0]
