"""A whole file in one call, without a name until it is whole, so that a killed process leaves nothing.

Linux has files without a name. Where the system or the file system has none, a temporary name beside the final one
stands in; what a killed process leaves of it, :mod:`vtkseries.storage.leftovers` removes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING

from vtkseries.storage.lock import try_lock
from vtkseries.storage.stepfile import StepFile, new_token, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["naming", "write_new"]

_OPEN_FILES = "/proc/self/fd"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EIO}
_REMEDIES = {
    errno.ENOSPC: "make room, or write to another disk",
    errno.EDQUOT: "the quota is used up: remove other files, or write to another disk",
    errno.EFBIG: "it is larger than a file may be here (`ulimit -f`, or the file system's limit): write elsewhere",
    errno.EIO: "a disk failed: write to another one",
    errno.ENOENT: "it, or its directory, was removed meanwhile: begin again, or write elsewhere",
    errno.EROFS: "write to a file system that is not read-only",
    errno.EACCES: "change the permissions, or write elsewhere",
    errno.EPERM: "change the permissions, or write elsewhere",
}


def write_new(path: Path, fill: Callable[[int], None], token: str | None = None, *, durable: bool = False) -> None:
    """Write a file that appears under its name when it is whole, or not at all.

    Parameters
    ----------
    path : Path
        Replaced where it exists.
    fill : callable
        Writes the content to the descriptor that it is given; called again where the file cannot get its name.
    token : str, optional
        Of the run, for a temporary name.
    durable : bool
        Survive a power cut.

    Raises
    ------
    OSError
        The directory is missing, the disk is full, or the like; what was under the name is still there.
    """
    file = StepFile(path, token or new_token())
    with naming(path):
        if durable or not _write_unnamed(file, fill):
            _write_named(file, fill, durable=durable)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have the system's errors about a file name it as the caller knows it, and say what helps.

    Those that name another file are of what is being read, since lazy arrays are computed while they are written.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None or not _is_ours(error.filename, path):
            raise
        remedy = _REMEDIES.get(error.errno)
        text = f"{error.strerror}; {remedy}" if remedy else error.strerror
        raise OSError(error.errno, text, str(path)) from error


def _is_ours(name: object, path: Path) -> bool:
    if name is None or str(name) in (str(path), str(path.parent)):
        return True
    folder, file = os.path.split(str(name))
    return folder == _OPEN_FILES or (folder == str(path.parent) and file.startswith(".") and file.endswith(".tmp"))


def _write_unnamed(file: StepFile, fill: Callable[[int], None]) -> bool:
    """Write a file and name it; False where that is not possible, and then nothing is there."""
    fd = _open_unnamed(file.final.parent)
    if fd is None:
        return False
    try:
        fill(fd)
        return _name(fd, file)
    finally:
        os.close(fd)


def _open_unnamed(directory: Path) -> int | None:
    flag = getattr(os, "O_TMPFILE", 0)
    if not flag:  # pragma: no cover  # other systems
        return None
    try:
        fd = os.open(directory, os.O_RDWR | flag, 0o666)
    except OSError:  # with a name it works, or tells the reason
        return None
    # Before Linux 6.0 some file systems forget the umask.
    if os.fstat(fd).st_mode & stat.S_IWOTH or not os.path.lexists(f"{_OPEN_FILES}/{fd}"):
        os.close(fd)
        return None
    return fd


def _name(fd: int, file: StepFile) -> bool:
    try:
        try:
            _link(fd, file.final)
        except FileExistsError:
            _link(fd, file.temporary)
            replace(file.temporary, file.final)
    except OSError as error:
        file.discard()
        if error.errno in _FULL:
            raise
        return False
    except BaseException:
        file.discard()
        raise
    return True


def _link(fd: int, path: Path) -> None:
    # Only with a directory, which an absolute path does not need, does Python ask to follow the link in /proc.
    os.link(f"{_OPEN_FILES}/{fd}", path, src_dir_fd=fd, follow_symlinks=True)


def _write_named(file: StepFile, fill: Callable[[int], None], *, durable: bool) -> None:
    try:
        fd = file.open_exclusive()
        try:
            try_lock(fd)  # tells others that it is being written
            fill(fd)
        finally:
            os.close(fd)
        file.publish(durable=durable)
    except BaseException:
        file.discard()
        raise
