"""The temporary file of a step, beside its final name, until it is whole."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from typing_extensions import Buffer

__all__ = [
    "StepFile",
    "checksum",
    "new_token",
    "replace",
    "sync_directory",
    "write_all_at",
    "write_at",
    "write_rows",
    "write_whole",
]

_REFUSALS = (5, 32, 33)  # Windows: access denied, sharing and lock violation
_TRIES = 12
_PATIENCE, _PAUSE = 1000, 0.01  # ten seconds, after which a stopped process holds nobody up
_MOST_BUFFERS = 1024
_CHUNK = 1 << 20
# Of a longer write Linux keeps huge pages, each of which a virtual machine's host takes milliseconds to give.
_LONGEST_WRITE = 1 << 18
_BINARY = getattr(os, "O_BINARY", 0)
_LONGEST_NAME, _LONGEST_TOKEN = 255, len("4194304.01234567")


def new_token() -> str:
    """Give a name, unique on this machine, for the temporary files of one run: ``<pid>.<8 hexadecimal digits>``."""
    return f"{os.getpid()}.{secrets.token_hex(4)}"


def _shortened(name: str, token: str) -> str:
    """Give so much of a name that a temporary one has room for, whatever the token."""
    encoded = os.fsencode(name)
    room = _LONGEST_NAME - len("...tmp") - max(len(token), _LONGEST_TOKEN)
    if len(encoded) <= room:
        return name
    told = f"~{zlib.crc32(encoded):08x}"
    return encoded[: room - len(told)].decode(errors="ignore") + told


def write_at(fd: int, position: int, buffer: Buffer | np.ndarray[Any, Any]) -> None:
    """Write all of a contiguous buffer at an offset, however the system cuts the write.

    Raises
    ------
    OSError
        The disk is full, or broken; part of the buffer may have been written.
    """
    rest = _bytes(buffer)
    while rest:
        try:
            written = os.pwrite(fd, rest[: _LONGEST_WRITE - position % _LONGEST_WRITE], position)
        except InterruptedError:
            continue
        if not written:
            raise OSError(errno.EIO, "the system writes nothing and gives no reason")
        rest, position = rest[written:], position + written


def write_rows(fd: int, position: int, stride: int, rows: np.ndarray[Any, Any], length: int) -> None:
    """Write rows of `length` bytes each, which lie together in memory, so many bytes apart.

    There may be a hundred thousand to a block, so that each takes no more than the system call.
    """
    data = _bytes(rows)
    write = getattr(os, "pwrite", None)
    for at in range(0, len(data), length):
        row = data[at : at + length]
        try:
            done = 0 if write is None else write(fd, row, position)
        except InterruptedError:
            done = 0
        if done != length:
            write_at(fd, position + done, row[done:])
        position += stride


def write_all_at(fd: int, position: int, buffers: Sequence[bytes]) -> int:
    """Write buffers one behind the other, with one system call where it takes them all, and give where they end."""
    end = position + sum(map(len, buffers))
    written = 0
    if hasattr(os, "pwritev") and len(buffers) <= _MOST_BUFFERS:
        with contextlib.suppress(InterruptedError):
            written = os.pwritev(fd, buffers, position)
    if position + written < end:
        write_at(fd, position + written, memoryview(b"".join(buffers))[written:])
    return end


def _bytes(buffer: Buffer | np.ndarray[Any, Any]) -> memoryview:
    view = memoryview(cast("Buffer", buffer))
    return view.cast("B") if view.nbytes else memoryview(b"")


if not hasattr(os, "pwrite"):  # pragma: no cover  # Windows

    def write_at(fd: int, position: int, buffer: Buffer | np.ndarray[Any, Any]) -> None:
        """Write all of a contiguous buffer at an offset."""
        rest = _bytes(buffer)
        os.lseek(fd, position, os.SEEK_SET)
        while rest:
            rest = rest[os.write(fd, rest) :]


def checksum(path: Path) -> tuple[int, int]:
    """Give a file's size in bytes and its CRC32."""
    from isal import isal_zlib  # noqa: PLC0415  # only where something is written or checked

    size = crc = 0
    with path.open("rb", buffering=0) as file:
        buffer = memoryview(bytearray(_CHUNK))
        while count := file.readinto(buffer):
            crc = isal_zlib.crc32(buffer[:count], crc)
            size += count
    return size, crc


def sync_directory(directory: Path) -> None:
    """Make the names in a directory survive a power cut; Windows needs no such call and has none.

    Raises
    ------
    OSError
        The disk could not. Do not call it again: the system may have dropped what it failed to write.
    """
    if os.name == "nt":  # pragma: no cover
        return
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def replace(source: Path, target: Path) -> None:
    """Rename over `target` in one step, with patience where Windows refuses while a reader has it open.

    Raises
    ------
    OSError
        It stayed refused for some five seconds, or failed for another reason; `target` is as it was.
    """
    for pause in range(_TRIES):
        try:
            os.replace(source, target)  # noqa: PTH105  # one system call that tests can fail in turn
        except OSError as error:
            if getattr(error, "winerror", None) not in _REFUSALS or pause == _TRIES - 1:
                raise
            time.sleep(min(1.0, 0.01 * 2**pause))
        else:
            return


def _wait_for_lock(fd: int) -> None:
    try:
        import fcntl  # noqa: PLC0415  # Windows has none
    except ImportError:  # pragma: no cover
        return
    for _ in range(_PATIENCE):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE)
        except OSError:  # a file system without locks
            return
        else:
            return


def write_whole(path: Path, content: Buffer, token: str, *, durable: bool = False) -> None:
    """Put a small file in place at once: readers see the old one or the new one.

    Raises
    ------
    OSError
        The old file is as it was.
    """
    file = StepFile(path, token)
    try:
        fd = file.open_exclusive()
        try:
            write_at(fd, 0, content)
        finally:
            os.close(fd)
        file.publish(durable=durable)
    except BaseException:
        file.discard()
        raise


@dataclass(frozen=True)
class StepFile:
    """A file that gets its final name when it is whole.

    Parameters
    ----------
    final : Path
        The name that readers know.
    token : str
        Unique to the run (see :func:`new_token`), so that a leftover can be told from a stranger's file.

    Examples
    --------
    >>> from pathlib import Path
    >>> StepFile(Path("run/run_000000.vtr"), "812.0badcafe").temporary.name
    '.run_000000.vtr.812.0badcafe.tmp'
    """

    final: Path
    token: str

    @cached_property
    def temporary(self) -> Path:
        """The name until then, in the same directory, since a rename does not cross file systems.

        A long name is cut there, and what it was is told by a checksum.
        """
        return self.final.with_name(f".{_shortened(self.final.name, self.token)}.{self.token}.tmp")

    def open(self) -> int:
        """Open the temporary file and give its descriptor.

        Raises
        ------
        FileNotFoundError
            There is none.
        """
        return os.open(self.temporary, os.O_RDWR | _BINARY)

    def open_exclusive(self) -> int:
        """Create the temporary file for one writer and give its descriptor.

        Raises
        ------
        FileExistsError
            Another attempt of the same run made it.
        """
        return os.open(self.temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)

    def open_for_blocks(self) -> int:
        """Open the temporary file, made with its directory where it is not there yet, for one of several writers."""
        flags = os.O_RDWR | os.O_CREAT | _BINARY
        try:
            return os.open(self.temporary, flags, 0o666)
        except FileNotFoundError:
            self.final.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self.temporary, flags, 0o666)

    @contextlib.contextmanager
    def alone(self, *, make: bool = False) -> Iterator[int | None]:
        """Keep a second try at the same step from completing and naming the same file at the same time.

        Gives the open temporary file, or None on Windows, which does not rename an open file.

        The second one waits, as far as the file system has locks and the first one makes progress; both write the same
        bytes, so that all it has to do then is to see whether the first one has finished.

        Parameters
        ----------
        make : bool
            Create the temporary file where there is none.

        Raises
        ------
        FileNotFoundError
            There is no temporary file.
        """
        fd = self.open_for_blocks() if make else self.open()
        try:
            _wait_for_lock(fd)
            if os.name == "nt":  # pragma: no cover
                os.close(fd)
                fd = -1
            yield None if fd < 0 else fd
        finally:
            if fd >= 0:
                os.close(fd)

    def publish(self, *, durable: bool = False) -> None:
        """Give the file its final name; harmless when it has it.

        Parameters
        ----------
        durable : bool
            Sync the file before and the directory after, so that a power cut loses neither.

        Raises
        ------
        OSError
            There is neither a temporary nor a final file, or the disk failed.
        """
        self._rename(durable=durable)
        if durable:
            sync_directory(self.final.parent)

    def _rename(self, *, durable: bool) -> None:
        try:
            if durable:
                fd = self.open()
                try:
                    os.fsync(fd)
                finally:
                    os.close(fd)
            replace(self.temporary, self.final)
        except FileNotFoundError:
            # The same task, run twice, was faster.
            if not self.final.exists():
                raise

    def discard(self) -> None:
        """Remove the temporary file where there is one; a failure is not worth hiding the caller's own error."""
        with contextlib.suppress(OSError):
            os.unlink(self.temporary)  # noqa: PTH108  # one system call that tests can fail in turn
