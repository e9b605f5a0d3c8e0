"""Whatever call fails, and wherever the process dies: every finished step is listed, nothing torn is, and it goes on.

The steps here are a few bytes, so that ten thousand faults take seconds; tests/writer does the same with grids.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.parsers import expat

import pytest
from tools.faults import ERRORS, KILLS, Calls, Killed, faults

from vtkseries.storage.index import Entry, Index
from vtkseries.storage.lock import Lock
from vtkseries.storage.recover import continue_series, start_series
from vtkseries.storage.stepfile import StepFile, checksum, new_token, write_at

pytestmark = pytest.mark.unchecked(reason="bytes under steps' names, no steps")

State = dict[str, bytes]


class Writer:
    """A writer as SeriesWriter is one, of steps of a few bytes."""

    def __init__(self, path: Path, mode: str, *, durable: bool, parts: int) -> None:
        self.path, self.mode, self.durable, self.parts = path, mode, durable, parts
        self.token = new_token()
        self.index: Index | None = None
        self.lock = Lock(path).acquire()

    def names(self, number: int) -> list[str]:
        return [f"run/run_{part}_{number:06d}.vtr" for part in range(self.parts)]

    def write(self, time: int, generation: int) -> None:
        if self.index is None:
            (self.path.parent / self.path.stem).mkdir(exist_ok=True)
            if self.mode == "a":
                found = continue_series(
                    self.path, time, token=self.token, room=2, files=self.names(0), durable=self.durable
                )
                self.index, self.number = found.index, found.number
            else:
                self.index = start_series(
                    self.path, token=self.token, room=2, files=self.names(0), durable=self.durable
                )
                self.number = 0
        entries, files = [], []
        for part, name in enumerate(self.names(self.number)):
            file = StepFile(self.path.parent / name, self.token)
            files.append(file)
            try:
                file.discard()
                fd = file.open_exclusive()
                try:
                    write_at(fd, 0, content(time, part, generation))
                finally:
                    os.close(fd)
                size, crc = checksum(file.temporary)
            except BaseException:
                file.discard()
                raise
            entries.append(Entry(repr(float(time)), name, part, f"p{part}", size, crc))
        for file in files:
            try:
                file.publish(durable=self.durable)
            except BaseException:
                file.discard()
                raise
        self.index.commit(self.number, entries)
        self.number += 1

    def close(self) -> None:
        try:
            if self.index is not None:
                self.index.close()
        finally:
            if self.index is not None:
                self.index.release()
            self.lock.release()


def content(time: int, part: int, generation: int) -> bytes:
    return bytes((time * 31 + part * 7 + generation * 101 + i) % 256 for i in range(40 + 8 * time + part + generation))


def read_listing(path: Path) -> list[tuple[float, str]]:
    """List a collection with a bare expat, which knows nothing of slots."""
    found: list[tuple[float, str]] = []
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "DataSet":
            found.append((float(attributes["timestep"]), attributes["file"]))

    parser.StartElementHandler = start
    parser.Parse(path.read_bytes(), True)
    return found


def state(folder: Path) -> State:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


class Case:
    """Three steps in one of the ways that a series can begin, with what may be seen at any time."""

    def __init__(self, folder: Path, begin: str, *, durable: bool, parts: int) -> None:
        self.folder, self.begin, self.durable, self.parts = folder, begin, durable, parts
        self.times = [2, 3, 4] if begin == "continue" else [0, 1, 2]
        self.run = folder / "series"
        self.run.mkdir()
        self.done: list[int] = []
        if begin != "fresh":
            self.carry_out(self.run, range(5), 0, "w")
        self.before = state(self.run)
        self.done = []
        self.carry_out(self.run, self.times, 1, self.mode)
        self.final = state(self.run)

    @property
    def mode(self) -> str:
        return "a" if self.begin == "continue" else "w"

    def carry_out(self, folder: Path, times: list[int] | range, generation: int, mode: str) -> None:
        writer = Writer(folder / "run.pvd", mode, durable=self.durable, parts=self.parts)
        try:
            for time in times:
                writer.write(time, generation)
                self.done.append(time)
        finally:
            writer.close()

    def reset(self) -> None:
        shutil.rmtree(self.run)
        for name, data in {"run/any": b"", **self.before}.items():
            file = self.run / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        (self.run / "run" / "any").unlink()
        if not self.before:
            (self.run / "run").rmdir()
        self.done = []

    def generations(self) -> list[list[tuple[float, int]]]:
        """Give the listings that may be seen now: each a list of times with the generation of their bytes."""
        old = [(float(t), 0) for t in range(5)] if self.begin != "fresh" else []
        kept = [(float(t), 0) for t in range(2)] if self.begin == "continue" else []
        new = kept + [(float(t), 1) for t in self.done]
        following = self.times[len(self.done) : len(self.done) + 1]
        seen = [new, new + [(float(t), 1) for t in following]]
        return seen if self.done else [old, *seen]

    def check(self, where: str) -> list[tuple[float, int]]:
        """Hold what is on disk against what may be there; give the listing."""
        path = self.run / "run.pvd"
        listing = read_listing(path) if path.exists() else []
        times = sorted({time for time, _ in listing})
        for allowed in self.generations():
            if [t for t, _ in allowed] == times and len(listing) == self.parts * len(times):
                whole = {
                    f"run/run_{p}_{int(t):06d}.vtr": content(int(t), p, g)
                    for t, g in allowed
                    for p in range(self.parts)
                }
                names = [file for _, file in listing]
                if sorted(whole) == sorted(names) and all((self.run / n).read_bytes() == whole[n] for n in names):
                    break
        else:
            pytest.fail(f"{where}: {listing} after {self.done}")
        for file in (self.run / "run").glob("run_*"):
            part, number = map(int, file.stem.split("_")[1:])
            assert file.read_bytes() in [content(number, part, g) for g in (0, 1)], f"{where}: {file.name} is torn"
        return allowed

    def go_on(self, where: str) -> None:
        """Restart from the first step that is not finished, and find what an undisturbed run leaves."""
        rest = self.times[len(self.done) :]
        if rest:
            self.carry_out(self.run, rest, 1, "a")
        else:
            Writer(self.run / "run.pvd", "a", durable=False, parts=1).close()
            self.carry_out(self.run, self.times[-1:], 1, "a")
        assert state(self.run) == self.final, where


def points(case: Case, kinds: list[str]) -> Iterator[tuple[str, int]]:
    case.reset()
    with faults() as calls:
        case.carry_out(case.run, case.times, 1, case.mode)
    for kind in kinds:
        for at in range(len(calls.names)):
            yield kind, at


def strike(case: Case, kind: str, at: int) -> Calls:
    """Run the case with one fault, and check what it leaves, at once and after a restart."""
    case.reset()
    where = f"{case.begin}, {case.parts} parts, durable={case.durable}, {kind} at call {at}"
    with faults(kind, at) as calls:
        try:
            case.carry_out(case.run, case.times, 1, case.mode)
        except (Killed, OSError):
            pass
        else:
            # A write goes on after EINTR. What may fail unseen: the lock's text, litter, a directory that is there.
            assert kind not in KILLS, where
            unseen = calls.hit in ("unlink", "write", "ftruncate", "mkdir")
            assert unseen or kind == "short" or (kind, calls.hit) == ("EINTR", "pwrite"), where
    calls.release()
    where += f" ({calls.hit})"
    case.check(where)
    case.go_on(where)
    return calls


BEGINS = ("fresh", "replace", "continue")
KINDS = [*KILLS, *ERRORS, "short", "short ENOSPC"]


def strike_all(case: Case, stride: int) -> None:
    chosen = list(points(case, KINDS))[::stride]
    for kind, at in chosen:
        strike(case, kind, at)
    sys.stdout.write(
        f"{case.begin}, {case.parts} parts, durable={case.durable}: {len(chosen)} faults tried, 0 steps lost\n"
    )
    assert len(chosen) > 50


@pytest.mark.parametrize("begin", BEGINS)
@pytest.mark.parametrize("parts", [1, 2])
def test_no_fault_at_a_share_of_the_calls_loses_or_tears_a_step(tmp_path: Path, begin: str, parts: int) -> None:
    strike_all(Case(tmp_path, begin, durable=True, parts=parts), 7)


@pytest.mark.long
@pytest.mark.parametrize("begin", BEGINS)
@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_no_fault_at_any_call_loses_or_tears_a_step(
    tmp_path: Path,
    begin: str,
    durable: bool,  # noqa: FBT001  # pytest passes it by name
    parts: int,
) -> None:
    strike_all(Case(tmp_path, begin, durable=durable, parts=parts), 1)


@pytest.mark.parametrize("every", [2, 3, 5])
def test_many_short_writes_in_a_row_do_no_harm(tmp_path: Path, every: int) -> None:
    case = Case(tmp_path, "replace", durable=True, parts=2)
    case.reset()
    with faults("short", every=every) as calls:
        case.carry_out(case.run, case.times, 1, "w")
    assert len(calls.names) > 60
    assert state(case.run) == case.final


def test_the_harness_sees_a_writer_that_lists_before_the_file_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(tmp_path, "fresh", durable=False, parts=1)
    publish: Callable[..., None] = StepFile.publish

    def late(self: StepFile, *, durable: bool = False) -> None:
        os.close(os.open(self.final, os.O_WRONLY | os.O_CREAT))
        publish(self, durable=durable)

    monkeypatch.setattr(StepFile, "publish", late)
    with pytest.raises((pytest.fail.Exception, AssertionError, expat.ExpatError)):  # noqa: PT012
        for kind, at in points(case, ["kill after"]):  # one of many must show it
            strike(case, kind, at)
