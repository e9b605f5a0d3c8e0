"""Which files may be opened: regular ones, inside the directory of the file that names them."""

from __future__ import annotations

import os
import re
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vtkseries.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vtkseries.xmlformat.collection import Names

__all__ = [
    "Identity",
    "check_reference",
    "check_references",
    "identify",
    "naming",
    "open_regular",
    "read_regular",
    "resolve",
]

MAX_RISING = 80_000
"""Names of one index with ``..``, each of which costs a look."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_DRIVE = re.compile(r"[A-Za-z]:")
_UP = (b"../", b"..\\", b"..\0")
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # a FIFO would wait for its writer
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class Identity(NamedTuple):
    """What tells a file from another that took its name, or from its own later content."""

    device: int
    inode: int
    size: int
    changed: int


@contextmanager
def naming(path: str) -> Iterator[None]:
    """Put a file's path before the reason of a :class:`FormatError`."""
    try:
        yield
    except FormatError as error:
        text = str(error)
        raise (error if text.startswith(path) else FormatError(f"{path}: {text}")) from error.__cause__


def check_reference(reference: str, *, follow_outside: bool) -> None:
    """Refuse the name of another file that would lead out of the directory, before anything is looked up.

    Raises
    ------
    FormatError
        It is absolute, goes up by ``..``, or names a drive, a share or a URL; NUL is refused in any case.
    """
    if "\0" in reference or not reference:
        raise FormatError(f"it names the file {reference[:200]!r}, which no system has")
    if "://" in reference and _URL.match(reference):
        raise FormatError(f"it names the file {reference[:200]!r}, which is a URL")
    if follow_outside:
        return
    if reference.startswith(("/", "\\")) or _DRIVE.match(reference) or _rises(reference):
        raise FormatError(
            f"it names the file {reference[:200]!r}, outside its own directory; "
            "if you trust it, open it with follow_outside=True"
        )


def check_references(references: Names, *, follow_outside: bool) -> None:
    """Refuse what :func:`check_reference` refuses, and look at the usual names all at once.

    Raises
    ------
    FormatError
        One leads out of the directory.
    """
    content = references.content
    if follow_outside:
        odd = references if b"://" in content else ()
    elif b"://" in content or any(mark in content for mark in _UP):
        odd = references
    else:
        firsts = np.frombuffer(content, np.uint8)[references.begins]
        seconds = np.frombuffer(content, np.uint8)[references.begins + 1]  # of one byte: what stands behind it
        odd = references.take(np.flatnonzero(np.isin(firsts, list(b"/\\")) | (seconds == ord(":"))))
    rising = 0
    for reference in odd:
        rising += ".." in reference and not follow_outside
        if rising > MAX_RISING:
            raise FormatError(f"the names of more than {MAX_RISING} of its files have '..'")
        check_reference(reference, follow_outside=follow_outside)


def _rises(reference: str) -> bool:
    path = os.path.normpath(reference.replace("\\", "/"))
    return path == ".." or path.startswith("../")


def resolve(directory: str, reference: str, *, follow_outside: bool = False) -> str:
    """Give the path of a file that another one in `directory` names.

    Symbolic links are followed, and must end inside the directory.

    Raises
    ------
    FormatError
        It is not inside, and `follow_outside` is false.
    """
    check_reference(reference, follow_outside=follow_outside)
    if "\\" in reference and os.sep == "/" and not os.path.lexists(os.path.join(directory, reference)):  # noqa: PTH118
        reference = reference.replace("\\", "/")  # written on Windows
    if follow_outside:
        return os.path.join(directory, reference)  # noqa: PTH118 (10,000 of these are joined at once)
    root = os.path.realpath(directory)
    path = os.path.realpath(os.path.join(root, reference))  # noqa: PTH118
    if os.path.commonpath([root, path]) != root:
        raise FormatError(
            f"it names the file {reference[:200]!r}, a link to outside its own directory; "
            "if you trust it, open it with follow_outside=True"
        )
    return path


def open_regular(path: str) -> tuple[int, Identity]:
    """Open a file for reading, if it is a regular one.

    Returns
    -------
    int
        The descriptor, the caller's to close.
    Identity

    Raises
    ------
    FormatError
        It is a directory, a FIFO, a socket or a device.
    OSError
        It is not there, or may not be read.
    """
    identify(path)  # before opening: a device may act on being opened
    fd = os.open(path, _FLAGS)
    try:
        return fd, _identity(path, os.fstat(fd))
    except FormatError:
        os.close(fd)
        raise


def read_regular(path: str | os.PathLike[str]) -> bytes:
    """Give what is in a regular file; another, such as a FIFO, is refused as :func:`identify` does."""
    identify(os.fspath(path))
    with open(path, "rb") as file:  # noqa: PTH123 (as above)
        return file.read()


def identify(path: str) -> Identity:
    """Give what tells a regular file from another, without opening it.

    Raises
    ------
    FormatError
        It is no regular file.
    OSError
        It is not there.
    """
    return _identity(path, os.stat(path))  # noqa: PTH116 (Path makes it twice as long)


def _identity(path: str, status: os.stat_result) -> Identity:
    if not stat.S_ISREG(status.st_mode):
        raise FormatError(f"{path}: it is not a regular file")
    return Identity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
