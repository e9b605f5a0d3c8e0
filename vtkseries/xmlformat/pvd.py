"""The bytes of a ``.pvd``, the file that names the steps of a series: as a finished collection and as a log.

A *log* is a collection that grows without ever being torn. It has slots of one size, laid out beforehand, each of
which is a processing instruction that every XML reader skips::

    <?s ?_ <DataSet .../>...              <?s?>

The instruction ends at the first ``?>``, so whatever is written behind the ``_`` stays unseen, also half-written. Then
the one byte ``_`` becomes ``>``: the instruction ends there, and all the entries of that step are visible at once.

A disk that loses its power has written some sectors and others not. A slot of one sector is there or not; in a longer
one no entry crosses a border of sectors, so that any of them may be missing and the rest is still well-formed. How many
entries there must be stands before the first one.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from vtkseries.errors import FormatError
from vtkseries.xmlformat.markup import Walk
from vtkseries.xmlformat.plain import MAX_ODD, read_plain, sifted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "CLOSED",
    "COMMITTED",
    "MARK",
    "SECTOR",
    "Entry",
    "LogHeader",
    "collection",
    "incomplete",
    "log",
    "parse",
    "record",
    "slot",
]

SECTOR = 512
"""Bytes that a disk writes whole or not at all; no slot of that size or less crosses a border of it."""

MARK = len(b"<?s ?")
"""Place of the byte in a slot that says whether its step is visible."""

CLOSED, COMMITTED = b"_", b">"
"""What that byte is before and after."""

_OPEN = b"<?s ?" + CLOSED
_END = b"<?s?>\n"
_SMALLEST = 128

_HEAD = b'<?xml version="1.0"?>\n<VTKFile type="Collection" version="1.0" byte_order="LittleEndian">\n'
_DAMAGED = b"<?vtkseries damaged "
_TAIL = b"</Collection>\n</VTKFile>\n"
_LOG = re.compile(rb"<!-- vtkseries log run=(\S{1,64}) first=(\d{1,9}) at=(\d{1,12}) slot=(\d{1,9}) room=(\d{1,9}) -->")
_COUNT = re.compile(r"(\d{1,6}) files")
_END_CHECK = re.compile(rb"[ \t\r\n]*/><!--([0-9]{1,19})(?: ([0-9a-f]{8}))?-->")
_DEPTH = 2  # VTKFile, Collection, DataSet
_CHECK = re.compile(r"(\d{1,19})(?: ([0-9a-f]{8}))?")
_WHITE = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a series, as a ``.pvd`` names it.

    Parameters
    ----------
    timestep : str
        The time, in the text that a reader gets: ``repr(float)`` is exact.
    file : str
        Path from the collection's directory, with ``/``.
    part : int
        Number of the block at that time.
    name : str
        The block's name; empty for none.
    size : int or None
        Bytes of the file, kept in a comment, so that a restart can check it.
    crc : int or None
        CRC32 of the file, likewise; only beside a size.
    group : str
        For information only.
    """

    timestep: str
    file: str
    part: int = 0
    name: str = ""
    size: int | None = None
    crc: int | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class LogHeader:
    """Where the slots of a log are.

    Parameters
    ----------
    token : str
        Names the run that appends.
    first : int
        Steps before the first slot: those that were there when the log was laid out.
    at : int
        Offset of the first slot, a multiple of :data:`SECTOR`.
    slot : int
        Bytes of a slot.
    room : int
        Number of slots.
    """

    token: str
    first: int
    at: int
    slot: int
    room: int

    def position(self, number: int) -> int:
        """Give the offset in the file of the slot of step `number`."""
        return self.at + (number - self.first) * self.slot

    @property
    def capacity(self) -> int:
        """The number of steps, from the series' beginning, that fit."""
        return self.first + self.room

    @classmethod
    def parse(cls, head: bytes) -> LogHeader | None:
        """Find the header in a file's first bytes; None for a collection that is no log."""
        found = _LOG.search(head[:SECTOR])
        if found is None:
            return None
        token, *numbers = found.groups()
        return cls(token.decode("ascii", "replace"), *map(int, numbers))

    def render(self) -> bytes:
        """Give the comment that holds this header."""
        numbers = f"first={self.first} at={self.at} slot={self.slot} room={self.room}"
        return f"<!-- vtkseries log run={self.token} {numbers} -->\n".encode("ascii")


def record(entries: Iterable[Entry], *, sectors: bool = False) -> bytes:
    """Give the elements of one step; with `sectors` as a slot has them, whole in each sector of a disk."""
    elements = [_element(entry).encode() for entry in entries]
    plain = b"".join(elements)
    if not sectors or len(plain) + len(_OPEN) + len(_END) <= SECTOR:
        return plain
    placed = f"<!--{len(elements)} files-->".encode()
    for element in elements:
        free = -(len(_OPEN) + len(placed)) % SECTOR
        placed += (b" " * free if len(element) > free else b"") + element
    return placed


def _element(entry: Entry) -> str:
    name = f" name={quoteattr(entry.name, _WHITE)}" if entry.name else ""
    crc = "" if entry.crc is None else f" {entry.crc:08x}"
    check = "" if entry.size is None else f"<!--{entry.size}{crc}-->"
    time, file, group = (quoteattr(text, _WHITE) for text in (entry.timestep, entry.file, entry.group))
    return f'<DataSet timestep={time} group={group} part="{entry.part}"{name} file={file}/>{check}'


def collection(steps: Iterable[Sequence[Entry]], damaged: Iterable[Entry] = ()) -> bytes:
    """Give a whole finished ``.pvd``, one line a step.

    What is known of `damaged` files is kept out of readers' sight (see :func:`parse_damaged`), so that they are still
    known to be damaged when the index is made anew.

    Examples
    --------
    >>> print(collection([[Entry("0.5", "run/run_000000.vtr")]]).decode().splitlines()[3])
    <DataSet timestep="0.5" group="" part="0" file="run/run_000000.vtr"/>
    """
    lines = [record(step) + b"\n" for step in steps] + [_DAMAGED + record([item]) + b"?>\n" for item in damaged]
    return b"".join([_HEAD, b"<Collection>\n", *lines, _TAIL])


def parse_damaged(content: bytes) -> list[Entry]:
    """Read back what a collection knows of damaged files."""
    found: list[Entry] = []
    for text in re.findall(re.escape(_DAMAGED) + rb"(.*?)\?>", content):
        with contextlib.suppress(FormatError):
            found += [entry for step in parse(_HEAD + b"<Collection>" + text + _TAIL) for entry in step]
    return found


def log(
    token: str, records: Sequence[bytes], *, room: int, longest: int, smallest: int = _SMALLEST
) -> tuple[LogHeader, bytes]:
    """Give a whole ``.pvd`` that has steps already and slots for more.

    Parameters
    ----------
    token : str
        Names the run that appends.
    records : sequence of bytes
        The steps so far, each as :func:`record` or :func:`records` gives it.
    room : int
        Number of slots.
    longest : int
        Bytes of the longest record (see :func:`record`) that a slot has to hold.
    smallest : int
        Bytes of a slot at least.
    """
    size = smallest
    while size < longest + len(_OPEN) + len(_END):
        size = size * 2 if size < SECTOR else size + SECTOR
    body = b"<Collection>\n" + b"".join([item + b"\n" for item in records])
    at = 0
    while True:  # the header's own length depends on the digits of `at`
        numbers = LogHeader(token, len(records), at, size, room)
        head = _HEAD + numbers.render() + body
        needed = -(-(len(head) + 1) // SECTOR) * SECTOR
        if needed == at:
            break
        at = needed
    slots = (_OPEN + b" " * (size - len(_OPEN) - len(_END)) + _END) * room
    return numbers, head + b" " * (at - len(head) - 1) + b"\n" + slots + _TAIL


def records(content: bytes, header: LogHeader) -> list[bytes]:
    """Give the records of a log's visible steps as they stand, which is much faster than to read them."""
    found = content[: header.at].partition(b"<Collection>\n")[2].splitlines()[: header.first]
    for number in range(header.first, header.capacity):
        at = header.position(number)
        if content[at + MARK : at + MARK + 1] != COMMITTED:
            break
        found.append(content[at + len(_OPEN) : at + header.slot - len(_END)].rstrip(b" "))
    return found


def slot(header: LogHeader, content: bytes) -> bytes | None:
    """Give the bytes that go behind a slot's mark, up to the next slot; None where the record is too long."""
    room = header.slot - len(_OPEN) - len(_END)
    return None if len(content) > room else content.ljust(room) + _END


class _Reader:
    def __init__(self) -> None:
        self.steps: list[list[Entry]] = []
        self.announced: dict[int, int] = {}
        self.walk = Walk(self, MAX_ODD)
        self.walk.comment = self._comment
        self._inside = False
        self._fresh = False

    def take(self, block: bytes) -> bool:
        """Read the elements of a text; False where expat has to look at them."""
        if not self._inside or self.walk.depth != _DEPTH or not self.walk.settled:
            return False
        found = read_plain(block, utf8=self.walk.utf8)
        if found is None or not {"timestep", "file"} <= found.columns.keys():
            return False
        nothing: list[Any] = [None] * len(found.ends)
        try:
            rows = [
                (stamp.decode(), file.decode(), int(part or 0), (name or b"").decode(), (group or b"").decode())
                for stamp, file, part, name, group in zip(
                    *(found.columns.get(key, nothing) for key in ("timestep", "file", "part", "name", "group")),
                    strict=True,
                )
            ]
        except (AttributeError, ValueError):
            return False
        for (stamp, file, part, name, group), end in zip(rows, found.ends, strict=True):
            check = _END_CHECK.match(end)
            size = None if check is None else int(check[1])
            crc = None if check is None or check[2] is None else int(check[2], 16)
            self._add(Entry(stamp, file, part, name, size, crc, group))
            self._fresh = check is None
            if b" files-->" in end:
                for text in re.findall(rb"<!--([0-9]+ files)-->", end):
                    self._comment(text.decode())
        return True

    def _add(self, entry: Entry) -> None:
        if self.steps and self.steps[-1][0].timestep == entry.timestep:
            self.steps[-1].append(entry)
        else:
            self.steps.append([entry])

    def start(self, _walk: Walk, depth: int, tag: str, attributes: dict[str, str]) -> None:
        if depth == 0 and (tag != "VTKFile" or attributes.get("type") != "Collection"):
            raise FormatError(f"<{tag}> of type {attributes.get('type')!r} is not a collection")
        if depth == 1:
            self._inside = tag == "Collection"
        if depth != _DEPTH or not self._inside or tag != "DataSet":
            return
        try:
            part = int(attributes.get("part") or 0)
            name, group = attributes.get("name", ""), attributes.get("group", "")
            self._add(Entry(attributes["timestep"], attributes["file"], part, name, group=group))
        except (KeyError, ValueError) as error:
            raise FormatError(f"a <DataSet> without a usable {error}") from error
        self._fresh = True

    def end(self, walk: Walk, depth: int, tag: str) -> None:
        """Do nothing: an entry is whole when it begins."""

    def _comment(self, text: str) -> None:
        count = _COUNT.fullmatch(text)
        if count is not None:
            self.announced[len(self.steps)] = int(count[1])
        check = _CHECK.fullmatch(text)
        if check is None or not self._fresh:
            return
        last = self.steps[-1][-1]
        crc = None if check[2] is None else int(check[2], 16)
        self.steps[-1][-1] = replace(last, size=int(check[1]), crc=crc)
        self._fresh = False


def parse(content: bytes) -> list[list[Entry]]:
    """Read a collection or a log; entries of one time are one step.

    Raises
    ------
    FormatError
        The text is not well-formed, or not a collection.
    """
    return _read(content).steps


def incomplete(content: bytes) -> dict[str, str]:
    """Give the steps of which a power cut left some entries only: by their time, how many there are.

    Raises
    ------
    FormatError
        As :func:`parse`.
    """
    if b" files-->" not in content:
        return {}
    reader = _read(content)
    return {
        step[0].timestep: f"{len(step)} of its {reader.announced[number]} files are listed"
        for number, step in enumerate(reader.steps)
        if len(step) < reader.announced.get(number, 0)
    }


def _read(content: bytes) -> _Reader:
    reader = _Reader()
    if reader.walk.run(sifted([content], reader.take)):
        raise FormatError("a collection with appended data")
    return reader


def salvage(content: bytes) -> list[list[Entry]]:
    """Read what can be read of a log that a power cut tore: whole records only, in order.

    Raises
    ------
    FormatError
        Not even its header is there.
    """
    header = LogHeader.parse(content)
    if header is None:
        raise FormatError("the header of the log is gone")
    records = content[: header.at].partition(b"<Collection>\n")[2].splitlines()
    records += [content[at : at + header.slot] for at in range(header.at, len(content), header.slot)]
    steps: list[list[Entry]] = []
    for text in records:
        alone = _HEAD + b"<Collection>" + text.replace(_TAIL, b"") + _TAIL
        with contextlib.suppress(FormatError):
            steps += [] if incomplete(alone) else parse(alone)
    return steps
