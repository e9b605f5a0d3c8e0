"""Workers that die in the middle of a write: half of the bytes are there, and the process is gone."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

from distributed import WorkerPlugin

__all__ = ["DieWriting"]

_CHILDHOOD = 1.0
"""Seconds after its start in which a worker does not die."""


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
        write, born = os.pwrite, time.monotonic()
        draw = random.Random(os.getpid())  # noqa: S311  # no secret

        def dying(fd: int, buffer: Any, offset: int) -> int:
            # A worker that dies while it starts is given up by distributed's own nanny, and the work never ends.
            grown = time.monotonic() - born > _CHILDHOOD
            if grown and draw.randrange(self.one_in) == 0 and self._take_life():
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
