"""The ``.pvd`` as a log: steps are appended in constant time, and a reader never sees a torn one.

See :mod:`vtkseries.xmlformat.pvd` for the slots. An append is two writes: the record behind the slot's mark, where it
is still unseen, then the mark, one byte. Both write what they would write again, so that a task that runs twice, even
at the same time in two processes, does no harm.

On a network file system, which may show a reader on another machine the second write before the first, each append puts
a whole new file in place.
"""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from vtkseries.errors import FormatError, SeriesError
from vtkseries.storage.guard import read_regular
from vtkseries.storage.network import is_coherent
from vtkseries.storage.stepfile import new_token, write_at, write_whole
from vtkseries.xmlformat import pvd
from vtkseries.xmlformat.pvd import Entry, LogHeader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

__all__ = ["Entry", "Index", "entries"]

_GROWTH = 1.5
_LEAST_ROOM = 64
_BINARY = getattr(os, "O_BINARY", 0)


def entries(path: Path) -> list[list[Entry]]:
    """Read the steps that a ``.pvd`` lists, in its order; the parts of a step are together.

    Raises
    ------
    FormatError
        It is not a collection, or not well-formed; `vtkseries repair` rebuilds it from the steps on disk.
    """
    content = read_regular(path)
    try:
        return pvd.parse(content)
    except FormatError as error:
        raise FormatError(f"{path}: {error}; `vtkseries repair` rebuilds it from the steps on disk") from error


@dataclass
class Index:
    """The open log of one run, a context manager that lets go of the file.

    Make it with :meth:`create` or :meth:`attach`.

    Parameters
    ----------
    path : Path
        The ``.pvd``.
    token : str
        The run's (see :func:`vtkseries.storage.stepfile.new_token`).
    durable : bool
        Every commit survives a power cut.

    Examples
    --------
    >>> import tempfile; from pathlib import Path
    >>> directory = tempfile.TemporaryDirectory()
    >>> path = Path(directory.name) / "run.pvd"
    >>> with Index.create(path, token="812.0badcafe") as index:
    ...     index.commit(0, [Entry("0.5", "run/run_000000.vtr")])
    ...     index.close()
    >>> [step[0].timestep for step in entries(path)]
    ['0.5']
    >>> directory.cleanup()
    """

    path: Path
    token: str
    durable: bool = False
    _fd: int = field(default=-1, repr=False)
    _inode: tuple[int, int] = field(default=(0, 0), repr=False)
    _header: LogHeader | None = field(default=None, repr=False)
    _count: int = field(default=0, repr=False)
    _in_place: bool = field(default=True, repr=False)
    _broken: str = field(default="", repr=False)

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        token: str,
        room: int = _LEAST_ROOM,
        longest: Sequence[Entry] = (),
        kept: Sequence[Sequence[Entry]] = (),
        durable: bool = False,
    ) -> Self:
        """Put a new log in place of whatever `path` is; where this run's log is there already, just open it.

        Parameters
        ----------
        path : Path
            The ``.pvd``.
        token : str
            The run's.
        room : int
            Steps to come, as far as known; more of them cost a rebuild each time that the log is half as long again.
        longest : sequence of Entry
            The longest record to come, as far as known; a longer one costs a rebuild.
        kept : sequence of sequences of Entry
            Steps of the series so far that stay.
        durable : bool
            Every commit survives a power cut.
        """
        index = cls(path, token, durable)
        before = _identity(path)
        if index._open() and index._header is not None and index._header.token == token:
            return index
        index.release()
        sample = Entry("-1.2345678901234567e-100", "", 0, "", 1 << 40, 0)
        size = max(
            len(pvd.record(longest, sectors=True)), len(pvd.record([sample])) + 2 * len(path.stem) + len("_000000.vtr/")
        )
        _, content = pvd.log(token, [pvd.record(step) for step in kept], room=max(1, room), longest=size)
        if before != _identity(path):  # the same task, run twice, was faster
            return cls.attach(path, token, durable=durable)
        write_whole(path, content, new_token(), durable=durable)
        return cls.attach(path, token, durable=durable)

    @classmethod
    def attach(cls, path: Path, token: str, *, durable: bool = False) -> Self:
        """Open the log from another process of the same run.

        A log that the run closed opens too; then only commits of what it lists already are accepted.

        Raises
        ------
        SeriesError
            The file in place is another run's log.
        FileNotFoundError
            There is none.
        """
        index = cls(path, token, durable)
        index._attach()
        return index

    @property
    def count(self) -> int:
        """Steps that readers see."""
        self._refresh()
        if self._header is None:
            return len(pvd.parse(self._read(0, os.fstat(self._fd).st_size)))
        while self._count < self._header.capacity and self._committed(self._count):
            self._count += 1
        return self._count

    def holds(self, number: int) -> bool:
        """Whether a step is listed, told without looking at those before it."""
        self._refresh()
        if self._header is None:
            return number < self.count
        return number < self._header.first or (number < self._header.capacity and self._committed(number))

    @property
    def is_log(self) -> bool:
        """Whether steps can be appended; a log that was closed compact is a plain collection."""
        return self._header is not None

    def steps(self) -> list[list[Entry]]:
        """Read the whole index, as :func:`entries` does."""
        return entries(self.path)

    def commit(self, number: int, step: Sequence[Entry]) -> None:
        """Append a step, all its parts at once; nothing happens when it is there.

        Parameters
        ----------
        number : int
            Of the step in the series, from 0: as many as there are.
        step : sequence of Entry
            Its files, which must be under their final names by now.

        Raises
        ------
        SeriesError
            Steps before it are missing, the place is taken by another step, or an append of this index failed before.
        OSError
            The disk is full or broken. Then this index refuses to go on until it is opened again.
        """
        self.expect_sound()
        content = pvd.record(step, sectors=True)
        self._refresh()
        header = self._header
        if header is None or number < header.first:
            self._expect_listed(number, step)
            return
        if number > self._count and not self._committed(number - 1):
            raise SeriesError(f"{self.path}: step {number} comes before step {number - 1} is there")
        try:
            if not self._in_place or number >= header.capacity or (tail := pvd.slot(header, content)) is None:
                self._rebuild(number, step)
            else:
                self._expect_free(header, number, tail)
                self._append(header.position(number) + pvd.MARK, tail)
        except SeriesError:
            raise
        except BaseException as error:
            # Also an interrupt: it may have come when the step was listed already.
            self._broken = f"step {number}: {str(error) or type(error).__name__}"
            raise
        self._count = max(self._count, number + 1)

    def expect_sound(self) -> None:
        """Refuse to go on after an append that failed: what it meant to list may be listed, and is not to be replaced.

        Raises
        ------
        SeriesError
            Says how to go on.
        """
        if self._broken:
            raise SeriesError(f"{self.path}: an append failed before ({self._broken}); open the series again, mode='a'")

    def close(self, *, compact: bool = True) -> None:
        """Let go of the file; with `compact`, put a plain collection, without slots and run, in its place first."""
        if compact and not self._broken:
            self._refresh()
            if self._header is not None:
                content = pvd.collection(self.steps())
                self.release()
                write_whole(self.path, content, new_token(), durable=self.durable)
        self.release()

    def release(self) -> None:
        """Let go of the file and leave it as it is."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _append(self, mark: int, tail: bytes) -> None:
        # A step that is there is written again, byte for byte: after a failed sync that is the only way to be durable.
        write_at(self._fd, mark + 1, tail)
        self._sync()
        write_at(self._fd, mark, pvd.COMMITTED)
        self._sync()

    def _sync(self) -> None:
        if self.durable:
            getattr(os, "fdatasync", os.fsync)(self._fd)

    def _rebuild(self, number: int, step: Sequence[Entry]) -> None:
        with self._alone():
            if self._header is None or number < self._header.first:
                self._expect_listed(number, step)
                return
            records = pvd.records(self._read(0, os.fstat(self._fd).st_size), self._header)
            if number < len(records):
                self._expect_listed(number, step)
                return
            if number > len(records):
                raise SeriesError(
                    f"{self.path} lists {len(records)} steps, not {number}; `vtkseries repair` rebuilds it"
                )
            if os.name == "nt":  # pragma: no cover  # which does not replace an open file
                self.release()
            room = max(_LEAST_ROOM, int(len(records) * (_GROWTH - 1))) if self._in_place else 1
            fresh = pvd.record(step, sectors=True)
            _, content = pvd.log(
                self.token, [*records, fresh], room=room, longest=len(fresh), smallest=self._header.slot
            )
            write_whole(self.path, content, new_token(), durable=self.durable)
        self._refresh()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep a task that runs twice from rebuilding twice, as far as the file system has locks."""
        try:
            import fcntl  # noqa: PLC0415  # Windows has none
        except ImportError:  # pragma: no cover
            yield
            return
        locked = None
        while locked != self._inode:
            locked = self._inode
            with contextlib.suppress(OSError):
                fcntl.flock(self._fd, fcntl.LOCK_EX)
            self._refresh()  # gets a new file, not locked, where another process was faster
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _expect_free(self, header: LogHeader, number: int, tail: bytes) -> None:
        """Refuse to write over another step that readers see already."""
        if self._committed(number) and self._read(header.position(number) + pvd.MARK + 1, len(tail)) != tail:
            raise SeriesError(f"{self.path} lists another step {number} already; open the series again, mode='a'")

    def _expect_listed(self, number: int, step: Sequence[Entry]) -> None:
        steps = self.steps()
        if number >= len(steps):
            raise SeriesError(f"{self.path} was closed with {len(steps)} steps; open it again, mode='a', for {number}")
        if steps[number] != list(step):
            raise SeriesError(f"{self.path} lists another step {number} already: {steps[number][0].file}")

    def _attach(self) -> None:
        if not self._open():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.path))
        if self._header is not None and self._header.token != self.token:
            self.release()
            raise SeriesError(f"{self.path} is the index of another run, {self._header.token}: write to another path")

    def _open(self) -> bool:
        try:
            self._fd = os.open(self.path, os.O_RDWR | _BINARY)
        except FileNotFoundError:
            return False
        status = os.fstat(self._fd)
        if self._inode == (0, 0):
            self._in_place = is_coherent(self.path)
        self._inode = (status.st_dev, status.st_ino)
        self._header = LogHeader.parse(self._read(0, pvd.SECTOR))
        self._count = 0 if self._header is None else self._header.first
        return True

    def _refresh(self) -> None:
        """Follow the file when another process of the run has rebuilt it."""
        if self._fd < 0 or _identity(self.path) != self._inode:
            self.release()
            self._attach()

    def _committed(self, number: int) -> bool:
        header = self._header
        assert header is not None  # noqa: S101  # callers have looked
        if not header.first <= number < header.capacity:
            return number < header.first
        return self._read(header.position(number) + pvd.MARK, 1) == pvd.COMMITTED

    def _read(self, position: int, size: int) -> bytes:
        pieces = []
        while size:
            if hasattr(os, "pread"):
                piece = os.pread(self._fd, size, position)
            else:  # pragma: no cover  # Windows
                os.lseek(self._fd, position, os.SEEK_SET)
                piece = os.read(self._fd, size)
            if not piece:
                break
            pieces.append(piece)
            size, position = size - len(piece), position + len(piece)
        return b"".join(pieces)


def _identity(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (status.st_dev, status.st_ino)
