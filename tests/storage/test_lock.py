"""Two writers on one series: the second is told at once; the dead block nobody."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from vtkseries.errors import SeriesError, VtkSeriesWarning
from vtkseries.storage.lock import Lock
from vtkseries.xmlformat.pvd import collection

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import pathlib, sys, time
from vtkseries.storage.lock import Lock
lock = Lock(pathlib.Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(60)
"""


WITHOUT_LOCKS = """
import pathlib, sys
from vtkseries.storage import lock
lock.try_lock = lambda fd: None
lock.Lock(pathlib.Path(sys.argv[1])).acquire()
"""


def test_the_second_writer_gets_an_error_that_names_the_first(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    with Lock(path) as first:
        with pytest.raises(
            SeriesError,
            match=rf"run\.pvd is being written by process {os.getpid()} on .*, which is this one; close .*another path",
        ):
            Lock(path).acquire()
        with Lock(tmp_path / "other.pvd"):
            pass
        assert first.path.exists()
    assert list(tmp_path.iterdir()) == []
    first.release()
    with Lock(path):
        pass


def test_a_killed_holder_blocks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(SeriesError, match=f"process {holder.pid} on"):
            Lock(path).acquire()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert (tmp_path / ".run.pvd.lock").exists()
    with Lock(path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_lock_outlives_a_replaced_collection(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    path.write_bytes(collection([]))
    with Lock(path):
        (tmp_path / "new").write_bytes(collection([]))
        (tmp_path / "new").replace(path)
        with pytest.raises(SeriesError):
            Lock(path).acquire()


def _no_kernel_locks(*_: object) -> None:
    raise OSError(errno.ENOLCK, "no locks")


def test_without_kernel_locks_the_file_is_the_lock_and_a_dead_process_of_this_host_loses_it_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", _no_kernel_locks)
    path = tmp_path / "run.pvd"
    with Lock(path):
        other = subprocess.run(
            [sys.executable, "-c", WITHOUT_LOCKS, str(path)], capture_output=True, text=True, check=False
        )
    assert re.search(r"if that process is gone, delete .*\.run\.pvd\.lock", other.stderr)
    assert list(tmp_path.iterdir()) == []
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    (tmp_path / ".run.pvd.lock").write_text(f"vtkseries file host={socket.gethostname()} pid={gone.pid}\n")
    with pytest.warns(VtkSeriesWarning, match=f"process {gone.pid} of this host"), Lock(path):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kernel", [True, False])
def test_a_lock_of_another_host_is_never_stolen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel: bool) -> None:  # noqa: FBT001  # pytest passes it by name
    if not kernel:
        monkeypatch.setattr(fcntl, "flock", _no_kernel_locks)
    (tmp_path / ".run.pvd.lock").write_text("vtkseries file host=elsewhere.example pid=1\n")
    with pytest.raises(SeriesError, match=r"process 1 on elsewhere\.example.*delete"):
        Lock(tmp_path / "run.pvd").acquire()
    assert (tmp_path / ".run.pvd.lock").exists()


def test_a_file_of_unknown_content_is_not_stolen_without_kernel_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", _no_kernel_locks)
    (tmp_path / ".run.pvd.lock").write_text("something")
    with pytest.raises(SeriesError, match=r"unknown host.*delete"):
        Lock(tmp_path / "run.pvd").acquire()


def test_an_unwritable_directory_is_the_systems_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Lock(tmp_path / "missing" / "run.pvd").acquire()


def test_many_processes_that_take_turns_never_hold_it_together(tmp_path: Path) -> None:
    script = """
import os, pathlib, sys
from vtkseries.errors import SeriesError
from vtkseries.storage.lock import Lock
from vtkseries.xmlformat.pvd import collection
path, won = pathlib.Path(sys.argv[1]), 0
while won < 300:
    try:
        with Lock(path / "run.pvd"):
            os.close(os.open(path / "inside", os.O_CREAT | os.O_EXCL))
            os.unlink(path / "inside")
            won += 1
    except SeriesError:
        pass
"""
    workers = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(3)]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    assert list(tmp_path.iterdir()) == []
