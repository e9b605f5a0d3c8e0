"""A run that ended, however it ended, goes on where its checkpoint says."""

from __future__ import annotations

import warnings
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from tools.faults import ERRORS, KILLS, Killed, faults
from tools.paraview import walk
from tools.readers import read_pvd
from tools.solver import Solver

from vtkseries import FormatError, SeriesError, SeriesWriter, VtkSeriesWarning

if TYPE_CHECKING:
    from pathlib import Path

SOLVER = Solver()


def write(path: Path, steps: list[int], mode: str = "w", **options: Any) -> None:
    with SeriesWriter(path, *SOLVER.axes, mode=mode, **options) as series:
        for step in steps:
            series.write(step / 4, SOLVER.point_data(step), SOLVER.cell_data(step))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def expect(path: Path, steps: list[int]) -> None:
    """Compare every value of a series, read by pyvista."""
    seen = read_pvd(path)
    assert [time for time, _ in seen] == [step / 4 for step in steps]
    for step, (_, parts) in zip(steps, seen, strict=True):
        np.testing.assert_array_equal(parts["0"].point["p"], SOLVER.pressure(step))
        np.testing.assert_array_equal(parts["0"].cell["flux"], SOLVER.flux(step))


@pytest.mark.parametrize("durable", [False, True])
def test_a_series_goes_on_as_if_it_had_never_stopped(tmp_path: Path, durable: bool) -> None:  # noqa: FBT001  # pytest passes it by name
    (tmp_path / "a").mkdir()
    write(tmp_path / "a" / "run.pvd", [0, 1, 2, 3, 4])
    path = tmp_path / "b" / "run.pvd"
    write(path, [0, 1], "a", durable=durable)
    write(path, [2, 3, 4], "a", durable=durable)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    expect(path, [0, 1, 2, 3, 4])


def test_a_restart_from_a_checkpoint_drops_later_steps_and_says_how_many(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    write(path, [0, 1, 2, 3, 4, 5])
    with pytest.warns(VtkSeriesWarning, match=r"4 steps from time 0\.5 on dropped"):
        write(path, [2, 3], "a")
    expect(path, [0, 1, 2, 3])
    assert len(list((tmp_path / "run").iterdir())) == 4
    with pytest.warns(VtkSeriesWarning, match=r"1 step from time 0\.75 on dropped"):
        write(path, [3, 7], "a")
    expect(path, [0, 1, 2, 3, 7])
    with SeriesWriter(path, *SOLVER.axes, mode="a") as series:
        series.write(3.0, SOLVER.point_data(12), SOLVER.cell_data(12))
        with pytest.warns(VtkSeriesWarning, match="5 steps"):  # a step back within the run
            series.write(0.25, SOLVER.point_data(1), SOLVER.cell_data(1))
        series.write(0.5, SOLVER.point_data(2), SOLVER.cell_data(2))
    expect(path, [0, 1, 2])


def test_another_grid_or_other_arrays_than_the_series_so_far_are_refused_and_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    write(path, [0, 1])
    before = tree(tmp_path)
    p, cells = {"p": SOLVER.pressure(0)}, SOLVER.cell_data(0)
    data = SOLVER.point_data(0)
    x, y, z = SOLVER.axes
    wrong: list[tuple[Any, Any, Any, str]] = [
        ((x, y, z + 1), data, cells, "the grid's z coordinates are others"),
        ((x, y, np.arange(4.0)), {"p": np.zeros((4, 4, 5))}, None, "extent is 0 4 0 3 0 2, and the new step's"),
        ((x, y, z), p, cells, "PointData 'u' is Float64 with 3 components, and in the new step absent"),
        ((x, y, z), data, None, "CellData 'flux' is Int32, and in the new step absent"),
        ((x, y, z), {**data, "q": data["p"]}, cells, "'q' is absent, and in the new step Float32"),
        ((x, y, z), {**data, "p": data["p"].astype("f8")}, cells, "'p' is Float32, and in the new step Float64"),
        ((x, y, z), {"u": data["u"], "p": data["p"]}, cells, "PointData come in the order p, u"),
    ]
    for axes, point, cell, message in wrong:
        with SeriesWriter(path, *axes, mode="a") as series, pytest.raises(SeriesError, match=message):
            series.write(9, point, cell)
    with SeriesWriter(path, *SOLVER.axes, mode="a", time_units="s") as series, pytest.raises(SeriesError, match="'s'"):
        series.write(9, data, cells)
    assert tree(tmp_path) == before


def test_dates_go_on_in_the_units_that_the_series_has(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    for first in (1, 3):
        with SeriesWriter(path, [0, 1], mode="a") as series:
            for day in (first, first + 1):
                series.write(np.datetime64(f"2001-01-0{day}"), {"p": np.array([day, 0.5])})
    assert [time for time, _ in read_pvd(path)] == [0.0, 1.0, 2.0, 3.0]


def test_a_dataset_goes_on_where_arrays_ended(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    axes: dict[str, Any] = {"x": [0.0, 1.0], "y": [0.0, 1.0, 2.0], "z": [1.0, 2.0]}
    values = np.arange(12.0).reshape(2, 3, 2)
    with SeriesWriter(path, **axes, mode="a") as series:
        series.write(0.0, {"p": values})
    step = xr.Dataset({"p": (("z", "y", "x"), values + 1)}, {**axes, "time": 1.0})
    with SeriesWriter(path, mode="a") as series:
        series.write(step)
    seen = read_pvd(path)
    assert [time for time, _ in seen] == [0.0, 1.0]
    np.testing.assert_array_equal(seen[1][1]["0"].point["p"], values + 1)


def test_a_ruined_index_is_an_error_that_names_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    write(path, [0, 1])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match=r"run\.pvd.*vtkseries repair"):
        SeriesWriter(path, *SOLVER.axes, mode="a")
    path.write_bytes(whole)
    write(path, [2], "a")
    expect(path, [0, 1, 2])


@pytest.mark.parametrize("kind", ["ENOSPC", "EIO", "EINTR", "EACCES"])
def test_a_step_that_failed_may_be_tried_again_or_the_series_opened_again(tmp_path: Path, kind: str) -> None:
    failed = refused = 0
    for at in range(200):
        path = tmp_path / str(at) / "run.pvd"
        with SeriesWriter(path, *SOLVER.axes) as series:
            series.write(0, SOLVER.point_data(0), SOLVER.cell_data(0))
            with faults(kind, at) as calls:
                first = attempt(series)
            second = attempt(series) if first else None
        failed += first is not None
        refused += second is not None
        assert second is None or "open the series again" in str(second)
        if second is not None:
            write(path, [1], "a")
        expect(path, [0, 1])
        if at >= len(calls.names):
            break
    assert failed > 3
    assert refused <= 3


def attempt(series: SeriesWriter) -> Exception | None:
    try:
        series.write(0.25, SOLVER.point_data(1), SOLVER.cell_data(1))
    except (OSError, SeriesError) as error:
        return error
    return None


KINDS = [*KILLS, *ERRORS, "short ENOSPC"]


def strike_all(folder: Path, stride: int) -> int:
    """Let a three-step run go wrong everywhere; give the number of points."""
    reference = folder / "reference"
    reference.mkdir()
    steps = [0, 1, 2]
    with faults() as calls:
        write(reference / "run.pvd", steps, durable=True)
    whole = tree(reference)
    chosen = [(kind, at) for kind in KINDS for at in range(len(calls.names))][::stride]
    kept: dict[bytes, Path] = {}
    for number, (kind, at) in enumerate(chosen):
        place = folder / f"{number}"
        path = place / "run.pvd"
        done: list[int] = []
        with faults(kind, at) as struck:
            try:
                with SeriesWriter(path, *SOLVER.axes, durable=True) as series:
                    for step in steps:
                        series.write(step / 4, SOLVER.point_data(step), SOLVER.cell_data(step))
                        done.append(step)
            except (Killed, OSError):
                pass
        struck.release()
        left = tree(place) if place.exists() else {}
        where = f"{kind} at call {at} ({struck.hit}) after {done}"
        for name, content in left.items():
            if name.startswith("run/run_"):
                assert content == whole[name], f"{where}: {name} is torn"
        if path.exists() and path.read_bytes() not in kept:
            expect_start(path, done, where)
            kept[path.read_bytes()] = path
        else:
            assert path.exists() or not done, where
        rest = steps[len(done) :] or steps[-1:]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VtkSeriesWarning)  # that a step was listed before the run died
            write(path, rest, "a")
        assert tree(place) == whole, where
    return len(chosen)


def expect_start(path: Path, done: list[int], where: str) -> None:
    # pyvista opens no collection that is still empty
    listed = list(ET.parse(path).iter("DataSet"))  # noqa: S314  # our own file
    times = [time for time, _ in read_pvd(path)] if listed else []
    assert times in ([n / 4 for n in done], [n / 4 for n in range(len(done) + 1)]), f"{where}: {times}"


def test_a_share_of_all_faults_loses_no_step_in_vtks_reader(tmp_path: Path) -> None:
    assert strike_all(tmp_path, 13) > 50


@pytest.mark.long
def test_no_fault_loses_a_step_in_vtks_reader(tmp_path: Path) -> None:
    print(f"{strike_all(tmp_path, 1)} faults tried, 0 steps lost")  # noqa: T201  # the figure is what the run is for


@pytest.mark.paraview
def test_paraview_opens_what_a_killed_run_left_and_what_the_restart_made_of_it(tmp_path: Path) -> None:
    paths = []
    for number, at in enumerate((24, 40, 60)):
        path = tmp_path / str(number) / "run.pvd"
        with faults("kill within", at) as calls, pytest.raises(Killed):
            write(path, [0, 1, 2, 3, 4])
        calls.release()
        paths.append(path)
    counts = [len(seen.times) for seen in walk(*paths)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1] < 5
    for path, count in zip(paths, counts, strict=True):
        write(path, list(range(count, 5)), "a")
    for seen in walk(*paths, values=True):
        assert seen.times == (0.0, 0.25, 0.5, 0.75, 1.0)
        for number, step in enumerate(seen.steps):
            np.testing.assert_array_equal(step.parts[0].values["p"], SOLVER.pressure(number))
