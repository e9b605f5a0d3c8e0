"""One writer on one series.

The lock is the kernel's, on a hidden file beside the ``.pvd``, ``.run.pvd.lock``: the ``.pvd`` itself is replaced now
and then, and a lock would stay with the old file. A process that dies, by whatever signal, gives it up; the file that
it leaves behind blocks nobody. On NFS the server keeps the lock, and drops it when the lease of a dead client ends.

Where the file system has no locks, the file's existence is the lock. It names host and process. Of a process of this
host that is gone it is taken over, with a warning; of another host nobody can tell, so that is an error, which says
what to delete.

A process that the holder forks does not get the lock: it would keep it after the holder's death.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
import warnings
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from vtkseries.errors import SeriesError, VtkSeriesWarning

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = ["Lock", "is_alive", "try_lock"]

_UNSUPPORTED = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
_OWNER = re.compile(r"vtkseries (kernel|file) host=(\S{1,255}) pid=(\d{1,10})\n")


@dataclass(eq=False)
class Lock:
    """The right to write a series; a context manager, or :meth:`acquire` and :meth:`release`.

    Parameters
    ----------
    series : Path
        The ``.pvd``.

    Examples
    --------
    >>> import tempfile; from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as directory, Lock(Path(directory) / "run.pvd"):
    ...     os.listdir(directory)
    ['.run.pvd.lock']
    """

    series: Path
    _fd: int = field(default=-1, repr=False)

    @property
    def path(self) -> Path:
        """The file that carries the lock."""
        return self.series.with_name(f".{self.series.name}.lock")

    def acquire(self) -> Self:
        """Take the lock, at once or not at all.

        Raises
        ------
        SeriesError
            Another writer has it: its host and process, and what to do.
        """
        while self._fd < 0:
            fd, fresh = self._open()
            try:
                if self._take(fd, fresh=fresh):
                    self._fd = fd
                    _HELD.add(self)
                    _OPEN[self.path] = fd
            finally:
                if self._fd != fd:
                    os.close(fd)
        return self

    def release(self) -> None:
        """Give the lock up and remove its file; harmless when it is not held."""
        if self._fd < 0:
            return
        # The file goes while the lock is held: whoever waits for it sees that it is no longer the one in place.
        if os.name != "nt" and _is_in_place(self._fd, self.path):
            with contextlib.suppress(OSError):
                os.unlink(self.path)  # noqa: PTH108  # one system call that tests can fail in turn
        _OPEN.pop(self.path, None)
        os.close(self._fd)
        self._fd = -1
        if os.name == "nt":  # pragma: no cover  # which does not remove an open file
            with contextlib.suppress(OSError):
                os.unlink(self.path)  # noqa: PTH108

    def __enter__(self) -> Self:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _forget(self) -> None:
        """In a forked process, close what it got of the lock, which stays with the process that took it."""
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                os.close(self._fd)
            self._fd = -1

    def _open(self) -> tuple[int, bool]:
        while True:
            try:
                return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), True
            except FileExistsError:
                with contextlib.suppress(FileNotFoundError):  # given up meanwhile
                    return os.open(self.path, os.O_RDWR), False

    def _take(self, fd: int, *, fresh: bool) -> bool:
        """Try to make this file the lock; False where it is worth another try, with the file then in place."""
        locked = try_lock(fd)
        if locked is False:
            if not _is_held_here(self.series) and _closed(self.path):
                return False  # of a writer that was dropped without being closed
            raise SeriesError(_busy(self.series, _owner(fd)))
        if locked is None:
            if not fresh:
                owner = _owner(fd)
                if not self._may_take_over(owner):
                    raise SeriesError(_busy(self.series, owner or ("an unknown host", "file", 0)))
                os.unlink(self.path)  # noqa: PTH108  # one system call that tests can fail in turn
                return False
            _sign(fd, "file")
            return True
        if not _is_in_place(fd, self.path):
            return False
        owner = _owner(fd)
        if owner is not None and owner[1] == "file" and not self._may_take_over(owner):
            raise SeriesError(_busy(self.series, owner))
        _sign(fd, "kernel")
        return True

    def _may_take_over(self, owner: tuple[str, str, int] | None) -> bool:
        if owner is None or owner[0] != socket.gethostname() or is_alive(owner[2]):
            return False
        text = f"{self.series}: process {owner[2]} of this host left its lock behind; taken over, as it is gone"
        warnings.warn(text, VtkSeriesWarning, stacklevel=5)
        return True


_HELD: weakref.WeakSet[Lock] = weakref.WeakSet()
_OPEN: dict[Path, int] = {}
"""The locks' files that this process has open, by path, also those of locks that are gone."""


def _is_held_here(series: Path) -> bool:
    return any(lock.series == series and lock._fd >= 0 for lock in _HELD)  # noqa: SLF001  # this module's own


def _closed(path: Path) -> bool:
    """Close what this process has of a lock; False where it has nothing."""
    fd = _OPEN.pop(path, -1)
    try:
        mine = fd >= 0 and _is_in_place(fd, path)  # a number may be another file's by now
    except OSError:
        return False
    if mine:
        os.close(fd)
    return mine


def _forget_all() -> None:
    for lock in list(_HELD):
        lock._forget()  # noqa: SLF001  # this module's own
    _HELD.clear()
    _OPEN.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


def try_lock(fd: int) -> bool | None:
    """Say whether the kernel's lock was to be had; None where there are none."""
    try:
        import fcntl  # noqa: PLC0415  # Windows has none
    except ImportError:  # pragma: no cover
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            return None
        raise
    return True


def _is_in_place(fd: int, path: Path) -> bool:
    try:
        there, mine = os.stat(path), os.fstat(fd)  # noqa: PTH116  # beside fstat
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)


def _sign(fd: int, kind: str) -> None:
    # Only the name of the holder, for the error that another writer gets: a full disk must not cost the lock.
    with contextlib.suppress(OSError):
        os.ftruncate(fd, 0)
        os.lseek(fd, 0, os.SEEK_SET)
        os.write(fd, f"vtkseries {kind} host={socket.gethostname()} pid={os.getpid()}\n".encode())


def _owner(fd: int) -> tuple[str, str, int] | None:
    os.lseek(fd, 0, os.SEEK_SET)
    found = _OWNER.fullmatch(os.read(fd, 512).decode("ascii", "replace"))
    return None if found is None else (found[2], found[1], int(found[3]))


def is_alive(pid: int) -> bool:
    """Say whether a process of this host may be alive."""
    if os.name == "nt":  # pragma: no cover  # where signal 0 would end it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _busy(series: Path, owner: tuple[str, str, int] | None) -> str:
    if owner is None:
        return f"{series} is being written by another process; wait for it or write to another path"
    host, kind, pid = owner
    who = f"{series} is being written by process {pid} on {host}; wait for it or write to another path"
    if _is_held_here(series):
        return (
            f"{series} is being written by process {pid} on {host}, which is this one; close what writes it, as a "
            "SeriesWriter by a with block or close(), or write to another path"
        )
    if kind == "kernel":
        return who
    file = series.with_name(f".{series.name}.lock")
    return f"{who}. This file system has no locks: if that process is gone, delete {file}"
