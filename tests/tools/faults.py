"""Faults at system calls, in process: the n-th call fails, is cut short, or is the last that the process makes."""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["ERRORS", "KILLS", "Calls", "Killed", "faults"]

CALLS = (
    *("open", "close", "write", "pwrite", "pwritev", "fsync", "fdatasync", "ftruncate", "truncate"),
    *("replace", "rename", "link", "symlink", "unlink", "mkdir", "rmdir"),
)
WRITES = ("write", "pwrite", "pwritev")
_PWRITE = getattr(os, "pwrite", None) or os.write
ERRORS = {name: getattr(errno, name) for name in ("ENOSPC", "EIO", "EINTR", "EDQUOT", "EACCES")}
KILLS = ("kill before", "kill after", "kill within")


class Killed(BaseException):
    """The process is dead: from here on no call reaches the disk."""


@dataclass
class Calls:
    """The system calls of a stretch of code, and what became of them."""

    names: list[str] = field(default_factory=list)
    hit: str = ""
    dead: bool = False
    syncs: bool = True
    opened: set[int] = field(default_factory=set)
    budget: int | None = None

    def release(self) -> None:
        """Close what a dead process had open, as the kernel does, so that its locks go."""
        for fd in self.opened:
            with contextlib.suppress(OSError):
                os.close(fd)
        self.opened.clear()


@contextlib.contextmanager
def faults(
    kind: str = "", at: int = -1, *, every: int = 0, syncs: bool = False, budget: int | None = None
) -> Iterator[Calls]:
    """Count the calls that change a disk, and let one go wrong.

    Parameters
    ----------
    kind : str
        A name of :data:`ERRORS`, one of :data:`KILLS`, ``"short"`` (a write that writes half) or ``"short ENOSPC"``
        (half is written, and then the disk is full).
    at : int
        Which call, from 0.
    every : int
        Let each `every`-th call go wrong rather than one.
    syncs : bool
        Whether a sync reaches the disk, which takes its time.
    budget : int, optional
        Bytes after which the disk is full.
    """
    calls = Calls(syncs=syncs, budget=budget)
    real = {name: getattr(os, name) for name in CALLS}

    def patched(name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if calls.dead:
                raise Killed
            number = len(calls.names)
            calls.names.append(name)
            if number != at and not (every and number % every == every - 1):
                return _carry_out(calls, real[name], name, arguments, options)
            calls.hit = name
            return _go_wrong(calls, real[name], name, kind, arguments, options)

        return call

    try:
        for name in CALLS:
            setattr(os, name, patched(name))
        yield calls
    finally:
        for name in CALLS:
            setattr(os, name, real[name])


def _carry_out(
    calls: Calls, real: Callable[..., Any], name: str, arguments: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    if name in ("fsync", "fdatasync") and not calls.syncs:
        return None
    if name in WRITES and calls.budget is not None:
        fd, data, *place = arguments
        name, real, data = _gathered(name, real, data)
        part = memoryview(data)[: calls.budget]
        calls.budget -= len(part)
        if not part:
            raise OSError(errno.ENOSPC, "the budget is used up")
        arguments = (fd, part, *place)
    result = real(*arguments, **options)
    if name == "open":
        calls.opened.add(result)
    elif name == "close":
        calls.opened.discard(arguments[0])
    return result


def _gathered(name: str, real: Callable[..., Any], data: Any) -> tuple[str, Callable[..., Any], Any]:
    """Give several buffers as one, and what writes that."""
    return ("pwrite", _PWRITE, b"".join(data)) if name == "pwritev" else (name, real, data)


def _go_wrong(
    calls: Calls, real: Callable[..., Any], name: str, kind: str, arguments: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    half = None
    if name in WRITES and kind in ("kill within", "short", "short ENOSPC"):
        fd, data, *place = arguments
        _, write, data = _gathered(name, real, data)
        part = memoryview(data)
        half = write(fd, part[: (len(part) + 1) // 2], *place)
    if kind == "short":
        return half if half is not None else _carry_out(calls, real, name, arguments, options)
    if kind in ERRORS or kind == "short ENOSPC":
        if name == "close":  # the descriptor is gone all the same, as Linux has it
            _carry_out(calls, real, name, arguments, options)
        code = ERRORS.get(kind, errno.ENOSPC)
        raise OSError(code, f"injected {kind} at {name}")
    if kind == "kill after":
        with contextlib.suppress(OSError):
            _carry_out(calls, real, name, arguments, options)
    calls.dead = True
    raise Killed
