"""Workers that die in the middle of a write: half of the bytes are there, and the process is gone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from distributed import WorkerPlugin

__all__ = ["DieWriting", "workers"]


class DieWriting(WorkerPlugin):  # type: ignore[misc]  # distributed has no types
    """Kill the worker in one of so many of its writes, as long as lives are left.

    Parameters
    ----------
    lives : Path
        A directory; each death removes one of its files.
    one_in : int
        How many writes a death is drawn from.
    """

    def __init__(self, lives: Path, one_in: int) -> None:
        self.lives = lives
        self.one_in = one_in

    def setup(self, worker: Any) -> None:  # noqa: ARG002  # distributed's signature
        """Replace the system call in a worker that has just begun."""
        write = os.pwrite
        draw = random.Random(os.getpid())  # noqa: S311  # no secret

        def dying(fd: int, buffer: Any, offset: int) -> int:
            if draw.randrange(self.one_in) == 0 and self._take_life():
                view = memoryview(buffer)
                write(fd, view[: len(view) // 2], offset)
                os.kill(os.getpid(), signal.SIGKILL)
            return write(fd, buffer, offset)

        os.pwrite = dying

    def _take_life(self) -> bool:
        for life in os.listdir(self.lives):  # noqa: PTH208  # as plain as can be in a process that dies
            try:
                os.unlink(self.lives / life)  # noqa: PTH108  # as above
            except FileNotFoundError:
                continue
            return True
        return False


@contextmanager
def workers(address: str, many: int) -> Iterator[None]:
    """Keep so many workers of a scheduler alive, each a process of its own.

    Distributed's own nannies give up on a worker that dies while it starts, as one in some dozens does here; then the
    work would wait for ever.
    """
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address]
    command += ["--no-nanny", "--nthreads", "1", "--no-dashboard"]
    path = os.pathsep.join([str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    ended = threading.Event()

    def keep() -> None:
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        alive: list[subprocess.Popen[bytes]] = []
        while not ended.wait(0.05):
            alive = [process for process in alive if process.poll() is None]
            while len(alive) < many:
                alive.append(subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, **quiet))
        for process in alive:
            process.kill()
            process.wait()

    keeper = threading.Thread(target=keep)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
