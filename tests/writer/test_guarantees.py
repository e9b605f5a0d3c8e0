"""Each guarantee, G1 to G11, of a series that a running solver writes has a check that fails when it is broken.

The checks are cheap; the same at length, with more ways to break them, are in tests/storage and tests/writer.
"""

from __future__ import annotations

import contextlib
import os
import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tools.faults import Killed, faults
from tools.promises import SOLVER, Promises, dataset, expect, killed_anywhere, solve
from tools.reopen import in_vtk

from vtkseries import SeriesError, SeriesWriter, run, schedule
from vtkseries.plan import build
from vtkseries.storage import index, lock, recover, stepfile
from vtkseries.storage.index import Index
from vtkseries.storage.lock import Lock
from vtkseries.storage.stepfile import StepFile, write_whole
from vtkseries.xmlformat import pvd

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unchecked(reason="writers that break their promises leave what they should not")

PROMISES = Promises()


# G1, G2, G3: killed anywhere, a series lists exactly the finished steps, all whole.


def under_the_final_name(patch: pytest.MonkeyPatch) -> None:
    def at_once(self: StepFile) -> int:
        fd = os.open(self.final, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        with contextlib.suppress(FileExistsError):
            os.link(self.final, self.temporary)
        return fd

    patch.setattr(StepFile, "open_exclusive", at_once)


def overwrite_the_tail(patch: pytest.MonkeyPatch) -> None:
    def commit(self: Index, number: int, step: Any) -> None:
        steps = [*self.steps()[:number], list(step)]
        os.ftruncate(self._fd, 0)
        stepfile.write_at(self._fd, 0, pvd.collection(steps))

    patch.setattr(Index, "commit", commit)


def list_late(patch: pytest.MonkeyPatch) -> None:
    commit, waiting = Index.commit, list[tuple[Any, ...]]()

    def buffered(self: Index, *step: Any) -> None:
        waiting.append(step)
        if len(waiting) == 2:
            for each in waiting:
                commit(self, *each)
            waiting.clear()

    patch.setattr(Index, "commit", buffered)


PROMISES.add("G1: complete or absent", killed_anywhere, under_the_final_name=under_the_final_name)
PROMISES.add("G2: well-formed at every instant", killed_anywhere, overwrite_the_tail=overwrite_the_tail)
PROMISES.add("G3: what write() returned from stays", killed_anywhere, list_late=list_late)

# G4: an append costs the same however long the series is: counted in calls and bytes, since time is not to be trusted.


def constant_cost(folder: Path) -> None:
    costs = []
    with SeriesWriter(folder / "run.pvd", *SOLVER.axes) as series:
        for step in range(300):
            with faults() as calls:
                before = (folder / "run.pvd").stat().st_size if step else 0
                series.write(step, {"p": SOLVER.pressure(0)})
            if (folder / "run.pvd").stat().st_size == before:  # every so often the log grows by half
                costs.append(len(calls.names))
    assert len(costs) > 290
    assert costs[-1] <= costs[5], f"{costs[-1]} calls, and {costs[5]} in the beginning"


def rewrite_all(patch: pytest.MonkeyPatch) -> None:
    commit = Index.commit

    def whole(self: Index, number: int, step: Any) -> None:
        commit(self, number, step)
        for start in range(0, number, 16):
            stepfile.write_at(self._fd, start, self._read(start, 16))

    patch.setattr(Index, "commit", whole)


PROMISES.add("G4: an append costs O(1)", constant_cost, rewrite_all=rewrite_all)

# G5: every I/O error raises, and a failed fsync is never retried.


def errors_raise(folder: Path) -> None:
    with faults() as calls:
        solve(folder / "whole" / "run.pvd", range(1), durable=True)
    for at, name in enumerate(calls.names):
        if name in ("pwrite", "fsync", "fdatasync", "replace"):
            with pytest.raises(OSError, match="injected"), faults("EIO", at) as struck:
                solve(folder / str(at) / "run.pvd", range(1), durable=True)
            struck.release()
            assert not name.endswith("sync") or struck.names[at + 1] != name, "a failed sync is tried again"


def sync_again(patch: pytest.MonkeyPatch) -> None:
    sync = Index._sync

    def twice(self: Index) -> None:
        try:
            sync(self)
        except OSError:
            sync(self)

    patch.setattr(Index, "_sync", twice)


def hide_errors(patch: pytest.MonkeyPatch) -> None:
    def hidden(*arguments: Any) -> None:
        with contextlib.suppress(OSError):
            stepfile.write_at(*arguments)

    patch.setattr(index, "write_at", hidden)


PROMISES.add("G5: every error raises, no fsync twice", errors_raise, sync_again=sync_again, hide_errors=hide_errors)

# G6: validation precedes files, and no exception is swallowed.


def swallows_nothing(folder: Path) -> None:
    wrong = {"p": np.zeros((9, 9, 9))}
    with SeriesWriter(folder / "run.pvd", *SOLVER.axes) as series, pytest.raises(SeriesError, match="shape"):
        series.write(0, wrong)
    assert list(folder.iterdir()) == [], "a file exists"
    with pytest.raises(ZeroDivisionError), SeriesWriter(folder / "run.pvd", *SOLVER.axes):
        raise ZeroDivisionError


def begin_first(patch: pytest.MonkeyPatch) -> None:
    plan = SeriesWriter._plan

    def begun(self: SeriesWriter, *step: Any, **options: Any) -> Any:
        write_whole(self.path, pvd.collection([]), stepfile.new_token())
        return plan(self, *step, **options)

    patch.setattr(SeriesWriter, "_plan", begun)


def swallow(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SeriesWriter, "__exit__", lambda self, *_: self.close() or True)


PROMISES.add("G6: checks first, swallows nothing", swallows_nothing, begin_first=begin_first, swallow=swallow)

# G7: a restart drops what is at or after its first time by one replacement; what is not whole goes too.


def restarts(folder: Path) -> None:
    path = folder / "run.pvd"
    solve(path, range(5))
    last = folder / "run" / "run_000004.vtr"
    last.write_bytes(last.read_bytes()[:-50] + bytes(50))
    for at in range(60):
        with warnings.catch_warnings(), faults("kill after", at) as calls, contextlib.suppress(Killed):
            warnings.simplefilter("ignore")
            solve(path, range(3, 4), "a")
        calls.release()
        times = [time for time, _ in in_vtk(path)] if at > 30 else [float(s[0].timestep) for s in index.entries(path)]
        assert times in ([0, 1, 2, 3, 4], [0, 1, 2, 3], [0, 1, 2]), times
        assert all((folder / e.file).exists() for s in index.entries(path) for e in s), "a listed file is gone"
    expect(path, 4, 4)
    assert not last.exists(), "an orphan is left"


def delete_first(patch: pytest.MonkeyPatch) -> None:
    find = recover._Doomed.find

    def at_once(*arguments: Any) -> Any:
        doomed = find(*arguments)
        doomed.remove()
        return doomed

    patch.setattr(recover._Doomed, "find", at_once)


def leave_orphans(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recover._Doomed, "remove", lambda _: None)


PROMISES.add("G7: a restart is one replacement", restarts, delete_first=delete_first, leave_orphans=leave_orphans)

# G8: one writer. G9: tasks that run twice do no harm. G10: no stranger's file goes. G11: a refused rename is repeated.


def one_writer(folder: Path) -> None:
    with Lock(folder / "run.pvd"), pytest.raises(SeriesError, match="is being written"):
        Lock(folder / "run.pvd").acquire()


def twice_is_once(folder: Path) -> None:
    path = folder / "run.pvd"
    prepared = build.make_plan(dataset(time=1, z=2), path)
    under_way = run.start(prepared.plan)
    with Lock(path):  # without which a run is over
        for _ in range(2):
            schedule._graph(under_way, prepared.sources).compute(scheduler="sync")
            expect(path, 3, 3)
    assert len(list((folder / "run").iterdir())) == 3, "a second try left something"


def only_ours(folder: Path) -> None:
    path = folder / "run.pvd"
    solve(path, range(1))
    ours = folder / "run" / ".run_000009.vtr.812.0badcafe.tmp"
    others = [folder / "run" / name for name in (".other_000009.vtr.812.0badcafe.tmp", "a.tmp", ".run_000009.vtr.tmp")]
    for file in (ours, *others):
        file.touch()
    solve(path, range(1, 2), "a")
    assert [file.exists() for file in (ours, *others)] == [False, True, True, True]


def refused_rename(folder: Path) -> None:
    target = folder / "run.pvd"
    target.write_text("old")
    refusals = [3, 100]
    replace = os.replace

    def refusing(source: Any, final: Any) -> None:
        refusals[0] -= 1
        if refusals[0] >= 0:
            error = PermissionError("a reader has it open")
            error.winerror = 5  # type: ignore[attr-defined]  # as Windows has it
            raise error
        replace(source, final)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", refusing)
        patch.setattr(time, "sleep", lambda _: None)
        write_whole(target, b"new", "1.0badcafe")
        assert target.read_text() == "new"
        refusals[0] = refusals[1]
        with pytest.raises(PermissionError):
            write_whole(target, b"newer", "1.0badcafe")
    assert target.read_text() == "new"
    assert [file.name for file in folder.iterdir()] == ["run.pvd"]


def at_the_end(patch: pytest.MonkeyPatch) -> None:
    commit = Index.commit
    patch.setattr(Index, "holds", lambda *_: False)
    patch.setattr(Index, "commit", lambda self, _, step: commit(self, self.count, step))


PROMISES.add("G8: one writer", one_writer, no_lock=lambda patch: patch.setattr(lock, "try_lock", lambda _: True))
PROMISES.add("G9: a task that runs twice does no harm", twice_is_once, at_the_end=at_the_end)
PROMISES.add(
    "G10: only our own temporary files",
    only_ours,
    any_tmp=lambda patch: patch.setattr(recover, "stale_temporaries", lambda path, _: [*path.parent.rglob("*.tmp")]),
    none=lambda patch: patch.setattr(recover, "stale_temporaries", lambda *_: []),
)
PROMISES.add("G11: a refused rename", refused_rename, once=lambda patch: patch.setattr(stepfile, "_TRIES", 1))


@pytest.mark.parametrize("name", PROMISES.rows)
def test_a_promise_is_kept(tmp_path: Path, name: str) -> None:
    PROMISES.check(name, tmp_path)


@pytest.mark.parametrize(("name", "how"), PROMISES.broken)
def test_a_promise_that_is_broken_on_purpose_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, how: str
) -> None:
    PROMISES.notice(name, how, tmp_path, monkeypatch)


def test_no_promise_is_left_out() -> None:
    assert PROMISES.numbers == [f"G{n}" for n in range(1, 12)]
