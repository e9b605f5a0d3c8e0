"""A new index is made of what is whole on disk, and of nothing else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from tools.readers import read_pvd
from tools.solver import Solver

from vtkseries import SeriesError, SeriesWriter
from vtkseries.cli import main
from vtkseries.repair import repair
from vtkseries.storage.index import entries
from vtkseries.verify import verify

SOLVER = Solver()
RUINS = pytest.mark.unchecked(reason="files are damaged on purpose")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a series of six steps."""
    target = tmp_path / "run.pvd"
    with SeriesWriter(target, *SOLVER.axes, time_units="s") as series:
        for step in range(6):
            series.write(step / 4, SOLVER.point_data(step), SOLVER.cell_data(step))
    return target


def file(path: Path, number: int) -> Path:
    return path.parent / "run" / f"run_{number:06d}.vtr"


@pytest.mark.parametrize("named", ["index", "its directory", "the directory of its steps"])
@pytest.mark.parametrize("lost", ["missing", "torn", "empty"])
def test_a_lost_index_is_made_again_from_the_times_in_the_files(path: Path, named: str, lost: str) -> None:
    before = path.read_bytes()
    if lost == "missing":
        path.unlink()
    else:
        path.write_bytes(before[: len(before) // 2 if lost == "torn" else 0])
    target = {"index": path, "its directory": path.parent, "the directory of its steps": path.parent / "run"}[named]
    report = repair(target)
    assert report.path == path
    assert (report.steps, report.left_out, report.removed) == (6, [], [])
    assert path.read_bytes() == before


@RUINS
def test_what_is_not_whole_is_left_out_named_and_not_touched(path: Path) -> None:
    content = file(path, 1).read_bytes()
    file(path, 1).write_bytes(content[:-40])
    flipped = bytearray(file(path, 2).read_bytes())
    flipped[-100] ^= 1
    file(path, 2).write_bytes(flipped)
    file(path, 3).write_bytes(b"")
    file(path, 4).write_bytes(content.replace(b'Name="TimeValue"', b'Name="timevalue"'))
    (path.parent / "run" / "run_000009.vtr").mkdir()
    report = repair(path)
    assert report.steps == 2
    assert [time for time, _ in read_pvd(path)] == [0.0, 1.25]
    text = str(report)
    for number, reason in ((1, "cut short"), (2, "CRC32"), (3, "run_000003"), (4, "does not say its time"), (9, "")):
        assert any(f"run_{number:06d}.vtr" in line and reason in line for line in report.left_out), text
    assert file(path, 1).stat().st_size == len(content) - 40
    again = repair(path)
    assert again.steps == 2


@RUINS
def test_our_own_stale_temporary_files_go_and_a_strangers_stay(path: Path) -> None:
    folder = path.parent / "run"
    ours = [folder / ".run_000007.vtr.99.0badcafe.tmp", path.parent / ".run.pvd.99.0badcafe.tmp"]
    strangers = [folder / ".run_000007.vtr.swp", path.parent / ".other.pvd.99.0badcafe.tmp", folder / "notes.txt"]
    for item in [*ours, *strangers]:
        item.write_bytes(b"")
    report = repair(path)
    assert sorted(report.removed) == sorted(ours)
    assert not any(item.exists() for item in ours)
    assert all(item.exists() for item in strangers)


def test_of_two_steps_at_one_time_the_later_one_stays(path: Path) -> None:
    shutil.copy(file(path, 2), file(path, 8))
    report = repair(path)
    assert len(report.left_out) == 1
    assert "run_000008.vtr has the same time" in report.left_out[0]
    assert [step[0].file for step in entries(path)][2] == "run/run_000008.vtr"
    file(path, 2).unlink()


def test_a_repaired_series_goes_on(path: Path) -> None:
    path.unlink()
    file(path, 3).unlink()
    repair(path)
    with SeriesWriter(path, *SOLVER.axes, mode="a") as series:
        series.write(9.0, SOLVER.point_data(9), SOLVER.cell_data(9))
    seen = read_pvd(path)
    assert [time for time, _ in seen] == [0.0, 0.25, 0.5, 1.0, 1.25, 9.0]
    for step, (_, parts) in zip((0, 1, 2, 4, 5, 9), seen, strict=True):
        np.testing.assert_array_equal(parts["0"].point["p"], SOLVER.pressure(step))


def test_a_series_that_is_being_written_is_not_repaired(tmp_path: Path) -> None:
    with SeriesWriter(tmp_path / "run.pvd", *SOLVER.axes) as series:
        series.write(0, SOLVER.point_data(0))
        with pytest.raises(SeriesError, match="being written"):
            repair(tmp_path / "run.pvd")


def test_what_is_no_series_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    for name, reason in (
        ("run.vtr", "neither"),
        ("run.pvd", "no directory run with its steps"),
        (".", "not exactly one"),
    ):
        with pytest.raises(SeriesError, match=reason):
            repair(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@RUINS
@pytest.mark.parametrize("content", [b"", b"notes of mine", b"\x00\xff"])
def test_a_file_without_steps_beside_it_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.pvd").write_bytes(content)
    with pytest.raises(SeriesError, match="there is no directory run with its steps"):
        repair(tmp_path / "run.pvd")
    assert (tmp_path / "run.pvd").read_bytes() == content
    (tmp_path / "run.pvd").unlink()
    os.mkfifo(tmp_path / "run.pvd")
    with pytest.raises(SeriesError, match="no regular file"):
        repair(tmp_path / "run.pvd")
    (tmp_path / "run.pvd").unlink()


@RUINS
def test_verify_reads_everything_and_names_what_is_wrong(path: Path) -> None:
    report = verify(path)
    assert (report.steps, report.files, report.summed, report.faults) == (6, 6, 6, [])
    assert "6 steps, 6 files" in str(report)
    damaged = bytearray(file(path, 2).read_bytes())
    damaged[-100] ^= 1
    file(path, 2).write_bytes(damaged)
    file(path, 4).unlink()
    file(path, 5).write_bytes(file(path, 0).read_bytes())
    report = verify(path)
    assert [number for number in range(6) if any(file(path, number).name in line for line in report.faults)] == [
        2,
        4,
        5,
    ]
    text = str(report)
    assert "CRC32" in text
    assert "TimeValue is 0.0" in text
    assert verify(file(path, 1)).faults == []


@RUINS
def test_the_shell_has_both(path: Path) -> None:
    shell = CliRunner()
    result = shell.invoke(main, ["verify", str(path)])
    assert (result.exit_code, "all whole" in result.output) == (0, True)
    path.unlink()
    result = shell.invoke(main, ["repair", str(path.parent)])
    assert result.exit_code == 0
    assert "lists 6 whole steps" in result.output
    file(path, 3).write_bytes(file(path, 3).read_bytes()[:-1])
    result = shell.invoke(main, ["verify", str(path)])
    assert result.exit_code == 1
    assert "run_000003.vtr" in result.output
    result = shell.invoke(main, ["repair", str(path)])
    assert "left out" in result.output
    assert shell.invoke(main, ["verify", str(path)]).exit_code == 0
    result = shell.invoke(main, ["repair", str(path.parent / "none.pvd")])
    assert result.exit_code == 1
