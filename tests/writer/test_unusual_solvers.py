"""Solvers with threads, forks, interrupts and pickles, and disks and directories that do not play along."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tools.readers import read_pvd
from tools.solver import Solver

from vtkseries import SeriesError, SeriesWriter
from vtkseries.storage.index import Index, entries
from vtkseries.storage.lock import Lock

if TYPE_CHECKING:
    from pathlib import Path

SOLVER = Solver()


def times(path: Path) -> list[float]:
    return [time for time, _ in read_pvd(path)]


def test_two_threads_write_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    written: list[float] = []
    refused: list[SeriesError] = []
    with SeriesWriter(path, *SOLVER.axes) as series:

        def write(first: int) -> None:
            for step in range(first, 60, 2):
                try:
                    series.write(step, SOLVER.point_data(step))
                    written.append(float(step))
                except SeriesError as error:  # the other thread was at a later time
                    refused.append(error)

        threads = [threading.Thread(target=write, args=(first,)) for first in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(written) + len(refused) == 60
    assert all("is not after the last step's" in str(error) for error in refused)
    assert times(path) == sorted(written)
    for time, parts in read_pvd(path):
        np.testing.assert_array_equal(parts["0"].point["p"], SOLVER.pressure(int(time)))


def test_a_forked_process_leaves_the_series_to_the_one_that_it_came_from(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    with SeriesWriter(path, *SOLVER.axes) as series:
        series.write(0, SOLVER.point_data(0))
        child = os.fork()
        if not child:
            try:
                with series, pytest.raises(SeriesError, match="a process that it forked cannot write"):
                    series.write(1, SOLVER.point_data(1))
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        with pytest.raises(SeriesError, match="is being written"):  # the child has not given up the lock
            SeriesWriter(path, *SOLVER.axes)
        series.write(1, SOLVER.point_data(1))
    assert times(path) == [0, 1]


ORPHAN = """
import os, sys, time
import numpy as np
from vtkseries import SeriesWriter
series = SeriesWriter(sys.argv[1], [0, 1], [0, 1])
series.write(0, {"p": np.eye(2)})
if not os.fork():  # a worker, as multiprocessing makes them, that outlives its parent
    os.close(1)
    time.sleep(60)
    os._exit(0)
print("ready", flush=True)
time.sleep(60)
"""


def test_a_worker_that_outlives_a_killed_solver_does_not_keep_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    command = [sys.executable, "-c", ORPHAN, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, process_group=0) as solver:
        try:
            assert solver.stdout is not None
            assert solver.stdout.readline() == b"ready\n"
            solver.kill()
            solver.wait()
            with SeriesWriter(path, [0, 1], [0, 1], mode="a") as series:
                series.write(1, {"p": np.ones((2, 2))})
        finally:
            os.killpg(solver.pid, signal.SIGKILL)
    assert times(path) == [0, 1]


@pytest.mark.parametrize("send", [pickle.dumps, copy.deepcopy])
def test_a_writer_is_not_sent_to_another_process(tmp_path: Path, send: Any) -> None:
    with SeriesWriter(tmp_path / "run.pvd", *SOLVER.axes) as series, pytest.raises(SeriesError, match="stays in its"):
        send(series)


def test_a_pool_of_forked_workers_leaves_the_lock_alone(tmp_path: Path) -> None:
    with Lock(tmp_path / "run.pvd") as lock:
        with multiprocessing.get_context("fork").Pool(1) as pool:
            assert pool.apply(abs, (-1,)) == 1
        assert lock.path.exists()
        with pytest.raises(SeriesError, match="is being written"):
            Lock(tmp_path / "run.pvd").acquire()


@pytest.mark.parametrize("late", [False, True])
def test_an_interrupt_within_a_step_leaves_a_series_that_goes_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    late: bool,  # noqa: FBT001  # pytest passes it by name
) -> None:
    path = tmp_path / "run.pvd"
    append = Index._append

    def interrupted(self: Index, mark: int, tail: bytes) -> None:
        if late:
            append(self, mark, tail)
        raise KeyboardInterrupt

    with SeriesWriter(path, *SOLVER.axes) as series:
        series.write(0, SOLVER.point_data(0))
        monkeypatch.setattr(Index, "_append", interrupted)
        with pytest.raises(KeyboardInterrupt):
            series.write(1, SOLVER.point_data(1))
        monkeypatch.setattr(Index, "_append", append)
        with pytest.raises(SeriesError, match=r"KeyboardInterrupt.*open the series again"):
            series.write(2, SOLVER.point_data(2))
    assert times(path) == ([0, 1] if late else [0])
    with SeriesWriter(path, *SOLVER.axes, mode="a") as series:
        series.write(2, SOLVER.point_data(2))
    assert times(path) == ([0, 1, 2] if late else [0, 2])


def test_a_step_that_readers_see_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    with SeriesWriter(path, *SOLVER.axes) as series:
        series.write(0, SOLVER.point_data(0))
        series.write(1, SOLVER.point_data(1))
        assert series._index is not None
        before = path.read_bytes()
        with pytest.raises(SeriesError, match="lists another step 1 already"):
            series._index.commit(1, entries(path)[0])
        assert path.read_bytes() == before
        series.write(2, SOLVER.point_data(2))
    assert times(path) == [0, 1, 2]


TERMINATED = """
import signal, sys
import numpy as np
from vtkseries import SeriesWriter
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup, or in a shell's background, they would be ignored
signal.signal(signal.SIGINT, signal.default_int_handler)
with SeriesWriter(sys.argv[1], np.arange(5.0), np.arange(4.0), np.arange(3.0)) as series:
    for step in range(1_000_000):
        series.write(step, {"p": np.full((3, 4, 5), step)})
        print(step, flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGXCPU, signal.SIGHUP, signal.SIGINT])
def test_a_job_that_is_ended_at_its_limit_keeps_all_its_steps_and_its_lock_blocks_nobody(
    tmp_path: Path, how: signal.Signals
) -> None:
    path = tmp_path / "run.pvd"
    command = [sys.executable, "-c", TERMINATED, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as job:
        assert job.stdout is not None
        for _ in range(20):
            job.stdout.readline()
        job.send_signal(how)
        said = job.stdout.read().decode().split("\n")
        job.wait()
    finished = 20 + len([line for line in said if line])
    assert len(times(path)) in (finished, finished + 1)
    with SeriesWriter(path, np.arange(5.0), np.arange(4.0), np.arange(3.0), mode="a") as series:
        series.write(finished + 1, {"p": np.full((3, 4, 5), 0)})
    assert len(times(path)) in (finished + 1, finished + 2)
