"""Positional reads of a file that may be cut, replaced or growing meanwhile.

No file is mapped to memory: the process would die with the mapping when the file is cut.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Self

from vtkseries.errors import FormatError
from vtkseries.storage.guard import Identity, open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

__all__ = ["OpenFile"]

_FIRST, _LARGEST = 16 * 1024, 1024 * 1024


class OpenFile:
    """A file open for reading, a context manager; for one thread at a time.

    Parameters
    ----------
    path : str
    identity : Identity, optional
        What the file was when it was looked at before.

    Raises
    ------
    FormatError
        It is no regular file, or not the one that `identity` tells of.
    OSError
        It cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     _ = file.write(b"0123456789")
    ...     file.flush()
    ...     with OpenFile(file.name) as opened:
    ...         opened.read(3, 4)
    b'3456'
    """

    def __init__(self, path: str, identity: Identity | None = None) -> None:
        self.path = path
        fd, self.identity = open_regular(path)
        self._file = io.FileIO(fd, "rb")
        if identity is not None and identity != self.identity:
            self._file.close()
            raise FormatError(f"{path}: it changed since it was opened; open it again")

    @property
    def size(self) -> int:
        """Bytes of the file when it was opened."""
        return self.identity.size

    def read(self, start: int, length: int) -> bytes:
        """Give `length` bytes.

        Raises
        ------
        FormatError
            They reach past the end of the file.
        """
        self._check(start, length)
        self._file.seek(start)
        data = self._file.read(length)
        while data is not None and len(data) < length:
            more = self._file.read(length - len(data))
            if not more:
                raise self._torn(start, length)
            data += more
        return data or b""

    def read_into(self, start: int, target: memoryview) -> None:
        """Fill `target`, a view of bytes."""
        self._check(start, len(target))
        self._file.seek(start)
        while len(target):
            count = self._file.readinto(target)
            if not count:
                raise self._torn(start, len(target))
            target = target[count:]

    def chunks(self) -> Iterator[bytes]:
        """Give the file from its beginning, in growing chunks."""
        at, size = 0, _FIRST
        while at < self.size:
            chunk = self.read(at, min(size, self.size - at))
            yield chunk
            at += len(chunk)
            size = min(4 * size, _LARGEST)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _check(self, start: int, length: int) -> None:
        if start < 0 or length < 0 or start + length > self.size:
            raise FormatError(f"{self.path}: {length} bytes at {start} reach past its end at {self.size}")

    def _torn(self, start: int, length: int) -> FormatError:
        return FormatError(f"{self.path}: it was cut while {length} bytes at {start} were read")
