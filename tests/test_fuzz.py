"""Damaged files: an error that names the file, in bounded time and memory, whatever happened to their bytes."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tools.mutations import Seed, mutate, read_everything, seeds

from vtkseries.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unchecked(reason="the files are damaged on purpose")

ROOM = 192 * 1024 * 1024  # 64 MiB of the promise, and the allocator's reserve for its threads
PROMISED = 64 * 1024 * 1024  # the arrays themselves are small


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[Seed]:
    return seeds(tmp_path_factory.mktemp("seeds"))


@contextlib.contextmanager
def bounded_memory() -> Iterator[None]:
    """Let nothing allocate more than the room beyond what the process has: it would be a MemoryError."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    old = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * os.sysconf("SC_PAGE_SIZE") + ROOM, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, old)


def attempt(seed: Seed, data: bytes, folder: Path) -> bool:
    """Read a file with faults; give whether it could be read. Its error names it or another file of the folder."""
    for name, content in seed.beside:
        path = folder / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_bytes(content)
    path = folder / seed.name
    path.write_bytes(data)
    reason = None
    started = time.process_time()  # not that of others on a busy machine
    try:
        read_everything(path)
    except FormatError as error:
        reason = str(error)
    except OSError:
        reason = str(folder)
    assert time.process_time() - started < 1, "a hang"
    assert reason is None or reason.startswith(str(folder)), reason
    return reason is None


def most_memory() -> int:
    """Give the most bytes that were in memory since the count was set back."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def fuzz(corpus: list[Seed], folder: Path, count: int, start: int) -> int:
    """Read `count` files with faults; give how many could be read."""
    read = 0
    Path("/proc/self/clear_refs").write_text("5")
    before = most_memory()
    with bounded_memory():
        for number in range(start, start + count):
            rng = random.Random(number)  # noqa: S311 (a seed, to have the same faults again)
            seed = rng.choice(corpus)
            data = mutate(seed, corpus, rng)
            try:
                read += attempt(seed, data, folder)
            except BaseException as error:
                error.add_note(f"mutation {number} of {seed.name}")
                raise
            assert most_memory() - before < PROMISED, f"mutation {number} of {seed.name} took memory"
    return read


def test_mutated_files_are_read_or_refused_and_nothing_else(corpus: list[Seed], tmp_path: Path) -> None:
    read = fuzz(corpus, tmp_path, 4000, start=int(os.environ.get("VTKSERIES_FUZZ_START", "0")))
    assert 0 < read < 4000


@pytest.mark.long
def test_a_million_mutated_files_are_read_or_refused_and_nothing_else(corpus: list[Seed], tmp_path: Path) -> None:
    assert fuzz(corpus, tmp_path, 1_000_000, start=10**6) > 0


def test_every_truncation_is_refused(corpus: list[Seed], tmp_path: Path) -> None:
    for seed in corpus:
        end = len(seed.data.rstrip())
        for length in {*range(0, end, max(1, end // 150)), *range(end - 40, end)}:
            assert not attempt(seed, seed.data[:length], tmp_path), (seed.name, length)
