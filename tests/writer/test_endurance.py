"""Real kills, a real full disk, and a hundred thousand steps."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
import warnings
import zlib
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil
import pytest
from tools.faults import faults
from tools.readers import read_pvd
from tools.solver import Solver

from vtkseries import SeriesWriter, VtkSeriesWarning
from vtkseries.storage.index import entries
from vtkseries.storage.recover import examine

SOLVER = Solver()
STRACE = shutil.which("strace")


def write(path: Path, steps: range | list[int], mode: str, report: int | None = None, **options: Any) -> None:
    with SeriesWriter(path, *SOLVER.axes, mode=mode, **options) as series, warnings.catch_warnings():
        warnings.simplefilter("ignore", VtkSeriesWarning)
        for step in steps:
            series.write(step / 4, SOLVER.point_data(step))
            if report is not None:
                os.write(report, b".")


def kill_at_random(folder: Path, kills: int, seed: int) -> int:
    """Kill a run again and again, restart it each time; give the number of steps that it came to."""
    chance = random.Random(seed)  # noqa: S311  # a repeatable test
    path = folder / "run.pvd"
    write(path, [0], "w")  # so that a child has nothing to import
    finished = 1
    for _ in range(kills):
        receive, send = os.pipe()
        child = os.fork()
        if not child:
            try:
                write(path, range(finished, finished + 100000), "a", send, durable=chance.random() < 0.1)
            finally:
                os._exit(1)
        os.close(send)
        with os.fdopen(receive, "rb", buffering=0) as pipe:
            for _ in range(chance.randrange(6)):
                assert pipe.read(1), "the writer ended by itself"
                finished += 1
            time.sleep(chance.random() * 0.004)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            finished += len(pipe.read())
        if path.exists():
            found = examine(path)
            assert not found.lost, found.lost
            assert len(found.steps) in (finished, finished + 1), f"{len(found.steps)} listed, {finished} finished"
    write(path, [finished], "a")
    for number, (entry,) in enumerate(entries(path)):
        content = (folder / entry.file).read_bytes()
        assert (float(entry.timestep), zlib.crc32(content)) == (number / 4, entry.crc)
    assert len(list((folder / "run").iterdir())) == finished + 1
    return finished


def test_a_share_of_random_kills_costs_no_step(tmp_path: Path) -> None:
    assert kill_at_random(tmp_path, 12, 1) > 12


@pytest.mark.long
def test_a_thousand_random_kills_cost_no_step(tmp_path: Path) -> None:
    for seed in range(10):
        folder = tmp_path / str(seed)
        folder.mkdir()
        print(f"100 kills, {kill_at_random(folder, 100, seed)} steps finished, 0 lost")  # noqa: T201  # the figure


def fill_up(folder: Path, budget: int) -> int:
    """Write to a disk with so many bytes until it is full, make room, and go on; give the steps before it was full."""
    path = folder / "run.pvd"
    finished = 0
    with faults(budget=budget) as calls:
        try:
            with SeriesWriter(path, *SOLVER.axes) as series:
                for step in range(4):
                    series.write(step / 4, SOLVER.point_data(step))
                    finished += 1
        except OSError as error:
            assert "budget" in str(error)  # noqa: PT017  # the rest is what matters
    calls.release()
    if path.exists():
        found = examine(path)
        assert not found.lost
        assert len(found.steps) == finished
    assert not list(folder.rglob("*.tmp"))
    write(path, range(finished, 5), "a")
    assert [time for time, _ in read_pvd(path)] == [0.0, 0.25, 0.5, 0.75, 1.0]
    return finished


def test_a_disk_that_is_full_after_any_4_kib_tears_nothing(tmp_path: Path) -> None:
    filled = []
    for number in range(18):
        folder = tmp_path / str(number)
        folder.mkdir()
        filled.append(fill_up(folder, number * 4096))
    assert filled[0] == 0
    assert filled[-1] == 4
    assert filled == sorted(filled)


@pytest.mark.long
def test_a_real_full_disk_tears_nothing(tmp_path: Path) -> None:
    """Mount small tmpfs of every size in a name space of our own."""
    script = tmp_path / "fill.py"
    script.write_text(FILL)
    run = f'mount -t tmpfs -o size=200k none "$1" && exec "{sys.executable}" "{script}" "$1"'
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", run, "sh", str(folder)], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout.strip())  # noqa: T201  # the figure


FILL = """
import os, shutil, sys
from pathlib import Path
import numpy as np
from vtkseries import SeriesWriter
from vtkseries.storage.recover import examine
root = Path(sys.argv[1])
values = np.arange(60.0).reshape(3, 4, 5)
full = tried = 0
for used in range(0, 196 * 1024, 4096):
    ballast = root / "ballast"
    ballast.write_bytes(bytes(used))
    path, done = root / "run.pvd", 0
    try:
        with SeriesWriter(path, range(5), range(4), range(3)) as series:
            for step in range(12):
                series.write(step, {"p": values + step})
                done += 1
    except OSError as error:
        assert error.errno == 28, error
        full += 1
    ballast.unlink()
    if path.exists():
        found = examine(path)
        assert len(found.steps) == done and not found.lost, (used, done, found)
    assert not list(root.rglob(".*.tmp")), used
    with SeriesWriter(path, range(5), range(4), range(3), mode="a") as series:
        for step in range(done, 13):
            series.write(step, {"p": values + step})
    assert len(examine(path).steps) == 13
    path.unlink()
    shutil.rmtree(root / "run")
    tried += 1
print(f"{tried} sizes tried, {full} times full, 0 steps lost")
assert full > 10
"""


TRACED = """
import os, sys, warnings
from pathlib import Path
import numpy as np
from vtkseries import SeriesWriter
from vtkseries.storage.recover import examine
warnings.simplefilter("ignore")
root, runs = Path(sys.argv[1]), int(sys.argv[2])
values = np.arange(60.0).reshape(3, 4, 5)
failed = 0
os.write(2, b"BEGIN")
for run in range(runs):
    path, done = root / f"{run}.pvd", 0
    try:
        with SeriesWriter(path, range(5), range(4), range(3), durable=True) as series:
            for step in range(3):
                series.write(step, {"p": values + step})
                done += 1
    except OSError:
        failed += 1
    if path.exists():
        found = examine(path)
        assert not found.lost, found.lost
        assert len(found.steps) in (done, done + 1), (done, found)
    elif done:
        raise AssertionError(f"no index after {done} steps")
    for attempt in range(20):
        try:
            with SeriesWriter(path, range(5), range(4), range(3), mode="a") as series:
                for step in range(done, 4):
                    series.write(step, {"p": values + step})
                    done += 1
            break
        except OSError:
            failed += 1
    assert [float(s[0].timestep) for s in examine(path).steps] == [0, 1, 2, 3], run
print(f"{failed} faults came through, 0 steps lost")
"""


def trace(folder: Path, call: str, code: str, every: int, runs: int) -> int:
    """Let the kernel fail each so manieth call of a process, by strace; give the number of faults."""
    assert STRACE, "strace is missing: apt-get install strace"
    script, log = folder / "traced.py", folder / "log"
    script.write_text(TRACED)
    root = folder / f"{call}_{code}"
    root.mkdir()
    inject = f"inject={call}:error={code}:when=5+{every}"
    path = ["-P", str(root)] if call == "openat" else []
    command = [STRACE, "-f", *path, "-o", str(log), "-e", f"trace={call}", "-e", inject, sys.executable, str(script)]
    done = subprocess.run([*command, str(root), str(runs)], capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return log.read_text().count("INJECTED")


@pytest.mark.long
@pytest.mark.parametrize("code", ["ENOSPC", "EIO", "EDQUOT"])
@pytest.mark.parametrize("call", ["pwrite64", "fdatasync", "fsync", "rename"])
def test_faults_from_the_kernel_lose_no_step(tmp_path: Path, call: str, code: str) -> None:
    faulted = trace(tmp_path, call, code, 13 if call == "pwrite64" else 7, 60)
    print(f"strace: {faulted} x {code} at {call}, 0 steps lost")  # noqa: T201  # the figure
    assert faulted > 20


@pytest.mark.long
def test_a_hundred_thousand_steps_cost_what_ten_cost_and_keep_memory_flat(tmp_path: Path) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    path = tmp_path / "run.pvd"
    process = psutil.Process()
    values = np.zeros((2, 2, 2), "f4")
    costs, memory = [], {}
    with SeriesWriter(path, [0, 1], [0, 1], [0, 1]) as series:
        for step in range(100_000):
            begin = time.perf_counter()
            series.write(step, {"p": values})
            costs.append(time.perf_counter() - begin)
            if step in (1000, 99_999):
                memory[step] = process.memory_info().rss
    early, late = (1e6 * median(part) for part in (costs[:1000], costs[-1000:]))
    grown = (memory[99_999] - memory[1000]) / 1e6
    print(  # noqa: T201  # the figures
        f"100,000 steps: median {early:.0f} us of the first thousand, {late:.0f} us of the last; "
        f"slowest {1e3 * max(costs):.0f} ms; mean {1e6 * sum(costs) / 1e5:.0f} us; {grown:.1f} MB more memory"
    )
    assert grown < 30
    assert len(entries(path)) == 100_000
    shutil.rmtree(tmp_path / "run")
    path.unlink()


@pytest.mark.long
def test_ten_thousand_durable_steps_cost_what_ten_cost(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    values = np.zeros((2, 2, 2), "f4")
    costs = []
    with SeriesWriter(path, [0, 1], [0, 1], [0, 1], durable=True) as series:
        for step in range(10_000):
            begin = time.perf_counter()
            series.write(step, {"p": values})
            costs.append(time.perf_counter() - begin)
    early, late = (1e3 * median(part) for part in (costs[:1000], costs[-1000:]))
    print(f"10,000 durable steps: median {early:.2f} ms of the first thousand, {late:.2f} ms of the last")  # noqa: T201  # the figure
    assert len(entries(path)) == 10_000
