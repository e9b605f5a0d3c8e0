"""Start a series anew, or go on with one that was left, perhaps in the middle of a step.

The caller holds the series' lock. Nothing is removed before the index that no longer lists it is in place, and then
only files that carry this series' own name and number, as in ``run/run_000012.vtr``.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from xml.parsers import expat

from vtkseries.errors import FormatError
from vtkseries.storage.guard import read_regular
from vtkseries.storage.index import Entry, Index
from vtkseries.storage.stepfile import checksum
from vtkseries.xmlformat import pvd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "Continuation",
    "Examined",
    "checksum_step",
    "combine",
    "continue_series",
    "examine",
    "file_number",
    "next_file_number",
    "stale_temporaries",
    "start_series",
]

_STEP = re.compile(r"(?P<prefix>.+_)(?P<number>\d{6,})(?P<rank>_r\d+)?(?P<suffix>\.p?vt[irspu])")
_TEMPORARY = r"(?:\.blocks(?:-[0-9a-f]{8})?)?\.(?P<token>\d{1,10}\.[0-9a-f]{8})\.tmp"
_UNSYNCED = 60.0
"""Seconds after which a kernel has long written what it was given: steps younger than that are read whole."""


@dataclass(frozen=True)
class Examined:
    """What is on disk of a series.

    Attributes
    ----------
    steps : list of list of Entry
        Those whose files are whole.
    lost : list of str
        What is listed and is not whole, and why.
    """

    steps: list[list[Entry]]
    lost: list[str]

    def until(self, time: float) -> list[list[Entry]]:
        """Give the steps before a time."""
        return [step for step in self.steps if float(step[0].timestep) < time]

    @property
    def last(self) -> Path | None:
        """The first file of the last whole step, from the collection's directory."""
        return Path(self.steps[-1][0].file) if self.steps else None


@dataclass(frozen=True)
class Continuation:
    """A series that is ready to grow.

    Attributes
    ----------
    index : Index
        Its index.
    number : int
        Steps that it has: the number of the next one in the index.
    file_number : int
        The number that the next step's file gets.
    dropped : int
        Steps that were at or after the new first time.
    lost : list of str
        As :class:`Examined` has it.
    last : sequence of Entry
        The files of its last step.
    """

    index: Index
    number: int
    file_number: int
    dropped: int
    lost: list[str]
    last: Sequence[Entry] = ()


def examine(path: Path) -> Examined:
    """Look which steps of a series are whole, and change nothing.

    All files are checked by size; the last one, and those written in the minute before it, by CRC32 where the index
    has it: what a power cut can have torn.

    Raises
    ------
    FormatError
        The index is beyond reading; ``vtkseries repair`` makes a new one.
    FileNotFoundError
        There is no index.
    """
    content = read_regular(path)
    lost: list[str] = []
    closed = pvd.LogHeader.parse(content) is None
    try:
        steps, short = pvd.parse(content), pvd.incomplete(content)
    except FormatError as error:
        short = {}
        try:
            steps = pvd.salvage(content)
        except FormatError:
            text = f"{path}: {error}; `vtkseries repair` rebuilds it from the steps on disk"
            raise FormatError(text) from error
        lost.append(f"{path.name} was torn ({error}); {len(steps)} steps are legible")
    whole: list[list[Entry]] = []
    broken: dict[str, str] = {}
    newest: float | None = None
    for step in reversed(steps):
        recent = newest is None or (not closed and _modified(path, step) > newest - _UNSYNCED)
        found = {entry.file: reason for entry in step if (reason := _not_whole(path, entry, read=recent))}
        broken |= found
        reasons = [*found.values()]
        reasons += [short[step[0].timestep]] if step[0].timestep in short else []
        if reasons:
            lost.append(f"step {step[0].timestep}: {'; '.join(reasons)}")
            continue
        newest = _modified(path, step) if newest is None else newest
        whole.append(step)
    _refuse_to_lose_all(path, steps, whole, broken)
    return Examined(whole[::-1], lost)


def _refuse_to_lose_all(
    path: Path, steps: list[list[Entry]], whole: list[list[Entry]], broken: Mapping[str, str]
) -> None:
    """Refuse to drop steps for one file that they share, unless that goes back to whole steps before it."""
    if not broken:
        return
    sharing: dict[str, list[int]] = {}
    kept = {id(step) for step in whole}
    last = -1
    for number, step in enumerate(steps):
        last = number if id(step) in kept else last
        for entry in step:
            if entry.file in broken:
                sharing.setdefault(entry.file, []).append(number)
    for file, numbers in sharing.items():
        if len(numbers) > 1 and not 0 <= last < numbers[0]:
            raise FormatError(
                f"{path}: {broken[file]}, and {len(numbers)} steps share that file; bring it back, leave it out with "
                "`vtkseries repair`, or write the series anew with mode='w'"
            )


def _modified(path: Path, step: Sequence[Entry]) -> float:
    with contextlib.suppress(OSError):
        return max((path.parent / entry.file).stat().st_mtime for entry in step)
    return float("inf")


def checksum_step(file: Path) -> tuple[int, int]:
    """Give a step's size and CRC32; with that of its pieces, in order, where it names pieces."""
    size, crc = checksum(file)
    if file.suffix.startswith(".p"):
        for source in _sources(file.read_bytes()):
            length, part = checksum(file.parent / source)
            crc = combine(crc, part, length)
    return size, crc


def _sources(content: bytes) -> list[str]:
    found: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Piece" and "Source" in attributes:
            found.append(attributes["Source"])

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    with contextlib.suppress(expat.ExpatError):  # then it does not have its checksum
        parser.Parse(content, True)
    return found


def combine(crc: int, other: int, length: int) -> int:
    """Give the CRC32 of two stretches of bytes from theirs, and the length of the second."""
    from isal import isal_zlib  # noqa: PLC0415  # only where something is written or checked

    return int(isal_zlib.crc32_combine(crc, other, length))


def _not_whole(path: Path, entry: Entry, *, read: bool) -> str:
    file = path.parent / entry.file
    try:
        size = file.stat().st_size
        if entry.size is not None and size != entry.size:
            return f"{entry.file} has {size} bytes, not {entry.size}"
        if size == 0:
            return f"{entry.file} is empty"
        if read and entry.crc is not None and checksum_step(file)[1] != entry.crc:
            return f"{entry.file} does not have its checksum"
    except FileNotFoundError as error:
        return (
            f"{entry.file} is missing" if error.filename in (None, file, str(file)) else f"{error.filename} is missing"
        )
    return ""


def start_series(
    path: Path,
    *,
    token: str,
    room: int = 64,
    longest: Sequence[Entry] = (),
    files: Iterable[str] = (),
    durable: bool = False,
) -> Index:
    """Put an empty index in place of an older series, then remove that one's files.

    Where the index in place is this run's already, it is opened as it is and nothing is removed.

    Parameters
    ----------
    path : Path
        The ``.pvd``.
    token : str
        The run's.
    room, longest, durable
        As :meth:`Index.create` has them.
    files : iterable of str
        Of the new series' first step, so that leftovers of that name with another number go too.
    """
    old: list[list[Entry]] = []
    with contextlib.suppress(OSError, FormatError):
        old = examine_names(path)
    doomed = _Doomed.find(path, [*(e.file for step in old for e in step), *files], 0, token)
    index = Index.create(path, token=token, room=room, longest=longest, durable=durable)
    if index.count == 0:
        doomed.remove()
    return index


def examine_names(path: Path) -> list[list[Entry]]:
    """Give the steps that an index lists, as far as it is legible, without a look at their files."""
    content = read_regular(path)
    try:
        return pvd.parse(content)
    except FormatError:
        return pvd.salvage(content)


def continue_series(
    path: Path,
    first_time: float,
    *,
    token: str,
    room: int = 64,
    longest: Sequence[Entry] = (),
    files: Iterable[str] = (),
    durable: bool = False,
) -> Continuation:
    """Go on with a series before `first_time`: what is at or after it, or not whole, is dropped.

    One atomic replacement of the index; only then are the dropped steps' files removed. Where the index in place is
    this run's already, it is opened as it is.

    Parameters
    ----------
    path : Path
        The ``.pvd``; where there is none, a series begins.
    first_time : float
        Of the first step to come.
    token, room, longest, files, durable
        As :func:`start_series` has them.

    Raises
    ------
    FormatError
        The index is beyond reading.
    """
    if not os.path.lexists(path):
        index = start_series(path, token=token, room=room, longest=longest, files=files, durable=durable)
        return Continuation(index, index.count, index.count, 0, [])
    with contextlib.suppress(ValueError):  # another run's, which is the usual case
        index = Index.attach(path, token, durable=durable)
        if index.is_log:
            steps = index.steps()
            return Continuation(index, len(steps), next_file_number(steps), 0, [], steps[-1] if steps else ())
        index.release()
    found = examine(path)
    kept = found.until(first_time)
    number = next_file_number(kept)
    known = [entry.file for step in examine_names(path) for entry in step]
    doomed = _Doomed.find(path, [*known, *files], number, token, {entry.file for step in kept for entry in step})
    index = Index.create(path, token=token, room=room, longest=longest, kept=kept, durable=durable)
    if index.count == len(kept):
        doomed.remove()
    dropped = len(found.steps) - len(kept)
    return Continuation(index, len(kept), number, dropped, found.lost, kept[-1] if kept else ())


def file_number(file: str) -> int:
    """Give the number in the name of a step's file; -1 where it has none."""
    found = _STEP.fullmatch(Path(file).name)
    return -1 if found is None else int(found["number"])


def next_file_number(steps: Sequence[Sequence[Entry]]) -> int:
    """Give the number of the file of the step after these: one more than the highest."""
    return max([len(steps), *(file_number(entry.file) + 1 for step in steps for entry in step)])


def stale_temporaries(path: Path, token: str = "") -> list[Path]:
    """Find temporary files of dead runs of this series: only what has exactly the names that this package gives.

    Parameters
    ----------
    path : Path
        The ``.pvd``, whose lock the caller holds.
    token : str
        Of the run that is not dead.
    """
    stem = re.escape(path.stem)
    found = []
    for directory, pattern in (
        (path.parent, rf"\.{re.escape(path.name)}{_TEMPORARY}"),
        (path.parent / path.stem, rf"\.{stem}_(?:.+_)?\d{{6,}}(?:_r\d+)?\.p?vt[irspu]{_TEMPORARY}"),
        (path.parent / path.stem, rf"\.{stem}_[0-9a-f]{{12}}\.coords{_TEMPORARY}"),
    ):
        for name in _names(directory):
            match = re.fullmatch(pattern, name)
            if match and match["token"] != token:
                found.append(directory / name)
    return found


def _names(directory: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return sorted(os.listdir(directory))  # noqa: PTH208  # names only
    return []


class _Doomed(NamedTuple):
    """Files to remove, as they were when the index still listed them."""

    files: list[tuple[Path, tuple[int, int, int]]]

    @classmethod
    def find(cls, path: Path, known: Iterable[str], number: int, token: str, kept: Iterable[str] = ()) -> _Doomed:
        """Find temporary files of dead runs, and steps from `number` on that are named as the known files are."""
        templates = {
            (found["prefix"], found["suffix"])
            for file in known
            if Path(file).parent == Path(path.stem)
            and (found := _STEP.fullmatch(Path(file).name))
            and found["prefix"].startswith(f"{path.stem}_")
        }
        templates |= {(prefix, ".vtr") for prefix, suffix in templates if suffix == ".pvtr"}
        kept_names = {Path(file).name for file in kept}
        directory = path.parent / path.stem
        doomed = stale_temporaries(path, token)
        beside = re.compile(rf"{re.escape(path.stem)}_[0-9a-f]{{12}}\.coords")
        for name in _names(directory):
            found = _STEP.fullmatch(name)
            if not number and beside.fullmatch(name):
                doomed.append(directory / name)
            if (
                found
                and (found["prefix"], found["suffix"]) in templates
                and (int(found["number"]) >= number)
                and name not in kept_names
            ):
                doomed.append(directory / name)
        return cls([(file, identity) for file in doomed if (identity := _identity(file))])

    def remove(self) -> None:
        """Remove those that are still the same; a failure leaves litter, which the next start removes."""
        for file, identity in self.files:
            with contextlib.suppress(OSError):
                if _identity(file) == identity:
                    os.unlink(file)  # noqa: PTH108  # one system call that tests can fail in turn


def _identity(file: Path) -> tuple[int, int, int] | None:
    with contextlib.suppress(OSError):
        status = file.lstat()
        return status.st_dev, status.st_ino, status.st_mtime_ns
    return None
