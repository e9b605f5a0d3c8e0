"""A task that comes late, after another try at it and the commit of its step, does no harm at any instant."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import xarray as xr

from vtkseries import SeriesError, blocktask, schedule
from vtkseries.storage import stepfile
from vtkseries.storage.index import Index
from vtkseries.storage.lock import Lock
from vtkseries.storage.stepfile import StepFile

OPTIONS: list[dict[str, Any]] = [{}, {"compression": "lz4"}, {"pieces": {"x": 4}}]
STEPS = 3


def dataset() -> xr.Dataset:
    values = np.arange(STEPS * 4 * 5 * 7, dtype="f4").reshape(STEPS, 4, 5, 7)
    ground = (("y", "x"), values[0, 0] / 4)
    return xr.Dataset({"T": (("time", "z", "y", "x"), values), "ground": ground}).chunk(time=1, z=2)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(params=[0, 1 << 20], ids=["a task a block", "a task for many"])
def late(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[Callable[[], Any]]:
    """Give a list that gets every try at a block once more, to be made later."""
    monkeypatch.setattr(schedule, "_MOST_AT_HAND", request.param)
    tries: list[Callable[[], Any]] = []
    write = blocktask.write_task

    def noted(*args: Any, **kwargs: Any) -> Any:
        tries.append(lambda: write(*args, **kwargs))
        return write(*args, **kwargs)

    monkeypatch.setattr(schedule, "write_task", noted)
    return tries


def written(folder: Path, **options: Any) -> dict[str, bytes]:
    with dask.config.set(scheduler="sync"):
        dataset().vtk.to_vtr(folder / "run.pvd", **options)
    return files(folder)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("when", ["between name and index", "after the commit"])
def test_blocks_that_come_again_while_the_series_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], when: str, late: list[Any]
) -> None:
    expected = written(tmp_path / "once", **options)
    late.clear()
    commit, seen = Index.commit, []

    def disturbed(self: Index, *args: Any) -> None:
        if when == "after the commit":
            commit(self, *args)
        for again in late:
            again()
        seen.append(len(late))
        if when != "after the commit":
            commit(self, *args)

    monkeypatch.setattr(Index, "commit", disturbed)
    assert written(tmp_path / "late", **options) == expected
    assert seen[0] >= 1


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_blocks_that_come_again_when_all_is_done_leave_nothing(
    tmp_path: Path, options: dict[str, Any], late: list[Any]
) -> None:
    expected = written(tmp_path, **options)
    for again in late:
        again()
    assert files(tmp_path) == expected


def test_a_block_that_comes_again_when_the_single_file_is_there(tmp_path: Path, late: list[Any]) -> None:
    target = tmp_path / "one.vtr"
    dataset()[["T"]].isel(time=slice(0, 1)).vtk.to_vtr(target)
    expected = files(tmp_path)
    for again in late:
        again()
    assert files(tmp_path) == expected


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_block_that_comes_between_two_commits_of_its_step_is_never_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], late: list[Any]
) -> None:
    expected = written(tmp_path / "once", **options)
    late.clear()
    publish, commits = StepFile.publish, schedule._commit_task

    def twice(*args: Any, **kwargs: Any) -> Any:
        commits(*args, **kwargs)
        return commits(*args, **kwargs)

    def then_late(self: StepFile, *, durable: bool = False) -> None:
        publish(self, durable=durable)
        if self.final.suffix == ".vtr":
            for again in late[-2:]:
                again()

    monkeypatch.setattr(schedule, "_commit_task", twice)
    monkeypatch.setattr(StepFile, "publish", then_late)
    assert written(tmp_path / "late", **options) == expected


def test_a_second_first_commit_does_not_replace_the_index_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One try has looked, and is about to put its log in place, when the other one does so and the run goes on."""
    expected = written(tmp_path / "once")
    commits, write = schedule._commit_task, stepfile.write_whole
    paused, finished = threading.Event(), threading.Event()
    pool = ThreadPoolExecutor(1)
    late: list[Future[Any]] = []

    def slow(path: Path, *args: Any, **kwargs: Any) -> None:
        if not paused.is_set():
            paused.set()
            finished.wait(2)  # to the end only where the other try is kept out meanwhile
        write(path, *args, **kwargs)

    def twice(*args: Any, **kwargs: Any) -> Any:
        if not late:
            late.append(pool.submit(commits, *args, **kwargs))
            assert paused.wait(10)
        return commits(*args, **kwargs)

    monkeypatch.setattr("vtkseries.storage.index.write_whole", slow)
    monkeypatch.setattr(schedule, "_commit_task", twice)
    monkeypatch.setattr(schedule, "_MOST_STEPS", 1)
    with pool:
        written(tmp_path / "late")
        finished.set()
    assert late[0].exception() is None
    assert files(tmp_path / "late") == expected


def test_a_step_whose_temporary_file_is_gone_is_an_error_and_not_a_file_of_zeros(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = blocktask.write_task

    def lost(*args: Any, **kwargs: Any) -> Any:
        done = write(*args, **kwargs)
        for path in tmp_path.rglob("*.tmp"):
            os.unlink(path)  # noqa: PTH108  # as someone who tidies up
        return done

    monkeypatch.setattr(schedule, "write_task", lost)
    with pytest.raises(FileNotFoundError):
        written(tmp_path)
    assert not list(tmp_path.rglob("*.vtr"))


def test_a_delayed_that_meets_another_writer_gives_way_and_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "run.pvd"
    job = dataset().vtk.to_vtr(target, compute=False)
    with Lock(target), pytest.raises(SeriesError, match=r"is being written by process .* which is this one"):
        dask.compute(job, scheduler="sync")
    assert not list(tmp_path.rglob("*.*"))
    assert dask.compute(job, scheduler="sync") == (target,)
