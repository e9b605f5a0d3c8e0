"""Any order of appends, restarts, crashes, torn files and second writers leaves what a simple model says."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from test_faults import Writer, content, read_listing
from tools.faults import ERRORS, KILLS, Killed, faults

from vtkseries.errors import SeriesError
from vtkseries.storage.recover import examine

PARTS = 2


class Series(RuleBasedStateMachine):
    """A series, and the list of steps that must be in it: times with the generation of their values."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "run.pvd"
        self.model: list[tuple[int, int]] = []
        self.writer: Writer | None = None
        self.generation = 0
        self.torn = False

    def teardown(self) -> None:
        if self.writer is not None:
            self.writer.close()
        shutil.rmtree(self.folder)

    @precondition(lambda self: self.writer is None)
    @rule(mode=st.sampled_from("aaaw"), durable=st.booleans())
    def begin(self, mode: str, durable: bool) -> None:  # noqa: FBT001  # hypothesis passes it by name
        self.generation += 1
        self.writer = Writer(self.path, mode, durable=durable, parts=PARTS)

    def _started(self, time: int) -> None:
        """Say what the first step of a writer leaves of the series."""
        assert self.writer is not None
        if self.writer.index is None:
            kept = [step for step in self.model if step[0] < time] if self.writer.mode == "a" else []
            self.model, self.torn = kept, False

    def _next(self, back: int) -> int:
        assert self.writer is not None
        last = self.model[-1][0] if self.model else -1
        return max(0, last + 1 - back) if self.writer.index is None else last + 1

    @precondition(lambda self: self.writer is not None)
    @rule(back=st.integers(0, 3))
    def append(self, back: int) -> None:
        assert self.writer is not None
        time = self._next(back)
        with faults():
            self._started(time)
            self.writer.write(time, self.generation)
        self.model.append((time, self.generation))

    @precondition(lambda self: self.writer is not None)
    @rule(kind=st.sampled_from([*KILLS, *ERRORS]), at=st.integers(0, 40), back=st.integers(0, 3))
    def crash(self, kind: str, at: int, back: int) -> None:
        assert self.writer is not None
        time = self._next(back)
        before = list(self.model)
        self._started(time)
        kept = list(self.model)
        with faults(kind, at) as calls:
            try:
                self.writer.write(time, self.generation)
            except (Killed, OSError):
                pass
            else:
                self.model.append((time, self.generation))
                return
        calls.release()
        with faults():
            self._abandon(self.writer)
        found = self._listed()
        allowed = [before, kept, [*kept, (time, self.generation)]]
        assert [t for t, _ in found] in [[t for t, _ in steps] for steps in allowed]
        self.model = next(steps for steps in allowed if [t for t, _ in steps] == [t for t, _ in found])
        self.model = found
        # A writer that died before it did anything leaves a torn step listed.
        self.torn = self.path.exists() and len({time for time, _ in read_listing(self.path)}) > len(found)

    def _abandon(self, writer: Writer) -> None:
        """Let go of what a dead process had, without its saying so."""
        for fd in (writer.index._fd if writer.index is not None else -1, writer.lock._fd):
            if fd >= 0:
                try:
                    os.close(fd)
                except OSError:  # it was closed when the process died
                    continue
        if writer.index is not None:
            writer.index._fd = -1
        writer.lock._fd = -1
        self.writer = None

    @precondition(lambda self: self.writer is not None)
    @rule()
    def end(self) -> None:
        assert self.writer is not None
        self.writer.close()
        self.writer = None

    @precondition(lambda self: self.writer is None and len(self.model) > 1 and not self.torn)
    @rule()
    def tear_the_last_file(self) -> None:
        file = self.path.parent / read_listing(self.path)[-1][1]
        file.write_bytes(file.read_bytes()[:-3])
        self.model.pop()
        self.torn = True

    @precondition(lambda self: self.writer is not None)
    @rule(mode=st.sampled_from("aw"))
    def second_writer(self, mode: str) -> None:
        with pytest.raises(SeriesError, match="being written"):
            Writer(self.path, mode, durable=False, parts=PARTS)

    def _listed(self) -> list[tuple[int, int]]:
        """Give the steps on disk, by their bytes."""
        if not self.path.exists():
            return []
        found = []
        for step in examine(self.path).steps:
            time = int(float(step[0].timestep))
            values = [(self.path.parent / entry.file).read_bytes() for entry in step]
            generations = [
                g for g in range(self.generation + 1) if values == [content(time, part, g) for part in range(PARTS)]
            ]
            assert generations, f"step {time} is torn"
            found.append((time, generations[-1]))
        return found

    @invariant()
    def the_disk_is_as_the_model(self) -> None:
        if self.path.exists():
            assert self._listed() == self.model
            names = [file for _, file in read_listing(self.path)]
            assert all((self.folder / name).exists() for name in names)


TestSeries = Series.TestCase
TestSeries.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
