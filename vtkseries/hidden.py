"""The hidden files beside a compressed step's own, which hold its blocks until the step is committed.

Two tries at one task may run at once, and an encoder may give each of them another stream of the same values. So every
thread has files of its own for what is encoded; what is raw is the same whoever writes it, and shared.
"""

from __future__ import annotations

import os
import secrets
import threading
from typing import TYPE_CHECKING, Self

from vtkseries.storage.stepfile import StepFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["HiddenFiles", "discard_hidden", "own_name", "raw_file", "stream_file"]

_local = threading.local()


def own_name() -> str:
    """Give the name by which this thread's files are told from those of all others, here and in other processes."""
    if getattr(_local, "process", None) != os.getpid():  # a fork has its parent's
        _local.process, _local.name = os.getpid(), secrets.token_hex(4)
    name: str = _local.name
    return name


def raw_file(file: StepFile) -> StepFile:
    """Give the file in which values wait that are not encoded yet; it never gets a final name."""
    return StepFile(file.final.with_name(f"{file.final.name}.blocks"), file.token)


def stream_file(file: StepFile, owner: str) -> StepFile:
    """Give the file in which a thread's streams wait; it never gets a final name."""
    return StepFile(file.final.with_name(f"{file.final.name}.blocks-{owner}"), file.token)


def discard_hidden(file: StepFile, owners: Iterable[str]) -> None:
    """Remove what is left of a step under temporary names, its owners' files of streams included."""
    for left in (file, raw_file(file), *(stream_file(file, owner) for owner in owners)):
        left.discard()


class HiddenFiles:
    """The hidden files of a step to which this thread writes, each opened once it is needed.

    Parameters
    ----------
    file : StepFile
        Of the step.
    open_ : callable
        Opens a file and gives its descriptor, or None where the step has ended.
    """

    def __init__(self, file: StepFile, open_: Callable[[StepFile], int | None]) -> None:
        self._file, self._open = file, open_
        self._owner = own_name()  # of the thread that asks, which others may help
        self._lock = threading.Lock()
        self._descriptors: dict[str, int | None] = {}

    def raw(self) -> int | None:
        """Give the file for values, None where the step has ended."""
        return self._descriptor("")

    def streams(self) -> int | None:
        """Give the file for streams, None where the step has ended."""
        return self._descriptor(self._owner)

    def _descriptor(self, owner: str) -> int | None:
        with self._lock:
            if owner not in self._descriptors:
                self._descriptors[owner] = self._open(stream_file(self._file, owner) if owner else raw_file(self._file))
            return self._descriptors[owner]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for fd in self._descriptors.values():
            if fd is not None:
                os.close(fd)
