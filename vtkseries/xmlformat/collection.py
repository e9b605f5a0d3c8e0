"""The indexes of a series, parsed: a ``.pvd`` collection and a ``.series`` file."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from vtkseries.errors import FormatError
from vtkseries.xmlformat.markup import Walk, real
from vtkseries.xmlformat.plain import MAX_ODD, read_plain, sifted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vtkseries.xmlformat.plain import Elements

__all__ = [
    "MAX_FILE_SERIES",
    "MAX_INDEX",
    "Entry",
    "Label",
    "Listing",
    "Names",
    "parse_collection",
    "parse_file_series",
]

MAX_INDEX = 256 * 1024 * 1024
"""Bytes of an index, padding included."""

MAX_FILE_SERIES = 16 * 1024 * 1024
MAX_ENTRIES = 520_000
MAX_MARKS = 450_000
MAX_PARTS = 4096
MAX_NAMES = 24 * 1024 * 1024
"""Bytes of all entries' paths together."""

MAX_TIMES = 16 * 1024 * 1024
"""Bytes of all entries' times together, as they are written."""

MAX_REST = 96 * 1024 * 1024
"""Bytes that are no entries: a log of 500,000 steps may have 64 MB of free slots."""

_DEPTH = 2  # VTKFile, Collection, DataSet
_NO_NAME = re.compile("[\0\ud800-\udfff]")
_EXPONENTS = re.compile(rb"[^eE]*(?:[eE][+-]?[0-9]{1,5}(?![0-9])[^eE]*)*")


class Label(NamedTuple):
    """What tells a block of a collection from the others of its time.

    Parameters
    ----------
    part : str
        The number, after the name of the group where there is one.
    name : str
        Empty where there is none; that of the first entry.
    """

    part: str
    name: str


class Entry(NamedTuple):
    """One file of a collection.

    Parameters
    ----------
    time : float
        What ParaView shows as its time.
    part : str
        The number of its block, after the name of its group where it has one.
    name : str
        The name of its block.
    file : str
        Its path from the collection's directory, as it is written there: not to be opened unchecked.
    """

    time: float
    part: str
    name: str
    file: str


class Names(Sequence[str]):
    """Texts that take little more than their bytes.

    Parameters
    ----------
    content : bytes or bytearray
        Of all texts, in UTF-8.
    begins, ends : ndarray of int
        Of each text in it.

    Examples
    --------
    >>> names = Names.of(["a.vtr", "é.vtr"])
    >>> names[-1], len(names.take([1, 1, 0]))
    ('é.vtr', 3)
    """

    __slots__ = ("begins", "content", "ends")

    def __init__(self, content: bytes | bytearray, begins: np.ndarray, ends: np.ndarray) -> None:
        self.content = content
        self.begins = begins
        self.ends = ends

    @classmethod
    def of(cls, texts: Iterable[str]) -> Names:
        """Hold some texts."""
        found = [text.encode() for text in texts]
        ends = np.cumsum([len(text) for text in found], dtype=np.uint32)
        return cls(b"".join(found), np.concatenate([[0], ends[:-1]]).astype(np.uint32), ends)

    def take(self, places: np.ndarray | Sequence[int]) -> Names:
        """Give those at some places."""
        return Names(self.content, self.begins[places], self.ends[places])

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Names: ...
    def __getitem__(self, index: int | slice) -> str | Names:
        if isinstance(index, slice):
            return Names(self.content, self.begins[index], self.ends[index])
        return self.content[self.begins[index] : self.ends[index]].decode()

    def __len__(self) -> int:
        return len(self.ends)

    def __iter__(self) -> Iterator[str]:
        return (text.decode() for text in self._texts())

    def changes(self) -> np.ndarray:
        """Tell of each text but the first whether it is another than the one before."""
        return np.fromiter((one != other for one, other in pairwise(self._texts())), bool, max(len(self) - 1, 0))

    def _texts(self) -> Iterator[bytes]:
        places = zip(self.begins.tolist(), self.ends.tolist(), strict=True)
        return (bytes(self.content[begin:end]) for begin, end in places)


class Listing:
    """What an index lists, in its order, in few bytes.

    Attributes
    ----------
    labels : list of Label
        Those of all blocks, in the order in which they were first listed.
    """

    def __init__(self) -> None:
        self.labels: list[Label] = []
        self._numbers: dict[str, int] = {}
        self._known: dict[Any, int] = {}
        self._written = 0
        self._times, self._blocks, self._ends = array("d"), array("I"), array("I")
        self._content = bytearray()

    @property
    def times(self) -> np.ndarray:
        """Of each entry."""
        return np.frombuffer(self._times, np.float64)

    @property
    def blocks(self) -> np.ndarray:
        """The number of each entry's label."""
        return np.frombuffer(self._blocks, np.uint32)

    @property
    def files(self) -> Names:
        """Of each entry."""
        ends = np.frombuffer(self._ends, np.uint32)
        begins = np.empty_like(ends)
        begins[:1], begins[1:] = 0, ends[:-1] + np.uint32(1)
        return Names(self._content, begins, ends)

    def __len__(self) -> int:
        return len(self._times)

    def __iter__(self) -> Iterator[Entry]:
        """Give the entries one by one."""
        for time, block, file in zip(self._times, self._blocks, self.files, strict=True):
            yield Entry(time, *self.labels[block], file)

    def add(self, time: float, label: Label, file: str) -> None:
        """Add an entry."""
        self._blocks.append(self._number(*label))
        self._times.append(time)
        self._content += file.encode() + b"\0"
        self._ends.append(len(self._content) - 1)
        self._check()

    def add_plain(self, found: Elements) -> bool:
        """Add many; False, and nothing added, where one of them is not fit to be."""
        count = len(found.ends)
        files, stamps = found.columns.get("file", [b""]), found.columns.get("timestep", [b"0"] * count)
        self._written += sum(map(len, filter(None, stamps)))
        if self._written > MAX_TIMES:
            raise FormatError(f"the times of its files have more than {MAX_TIMES} bytes together")
        times = None if None in stamps or not all(files) else _reals(stamps)
        if times is None:
            return False
        self._extend(times, self._blocks_of(found.columns, count), files)
        return True

    def _blocks_of(self, columns: dict[str, list[bytes]], count: int) -> np.ndarray:
        """Give the number of each element's label."""
        nothing: list[Any] = [None] * count
        keys = list(zip(columns.get("group", nothing), columns.get("part", nothing), strict=True))
        try:
            return np.fromiter(map(self._known.__getitem__, keys), np.uint32, count)
        except KeyError:
            self._learn(keys, columns.get("name", nothing))
        return np.fromiter(map(self._known.__getitem__, keys), np.uint32, count)

    def _learn(self, keys: list[Any], names: list[Any]) -> None:
        """Note the number of the label that each group and part have, with the name of the first such element."""
        if len(self._known) > MAX_PARTS:  # many ways to write one label
            self._known.clear()
        firsts = dict(zip(reversed(keys), reversed(names), strict=True))
        for group, part in dict.fromkeys(keys):
            text = "0" if part is None else part.decode()
            text = f"{group.decode()}_{text}" if group else text
            name = firsts[group, part]
            self._known[group, part] = self._number(text, name.decode() if name else "")

    def _number(self, part: str, name: str) -> int:
        number = self._numbers.setdefault(part, len(self.labels))
        if number == len(self.labels):
            if number >= MAX_PARTS:
                raise FormatError(f"it has more than {MAX_PARTS} parts")
            self.labels.append(Label(part, name))
        return number

    def _extend(self, times: np.ndarray, blocks: np.ndarray, files: Sequence[bytes]) -> None:
        content = b"\0".join([*files, b""])  # which no name has in it
        ends = np.flatnonzero(np.frombuffer(content, np.uint8) == 0).astype(np.uint32) + np.uint32(len(self._content))
        self._content += content
        self._times.frombytes(times.tobytes())
        self._blocks.frombytes(blocks.tobytes())
        self._ends.frombytes(ends.tobytes())
        self._check()

    def _check(self) -> None:
        if len(self) > MAX_ENTRIES:
            raise FormatError(f"it lists more than {MAX_ENTRIES} files")
        if len(self._content) > MAX_NAMES:
            raise FormatError(f"the names of its files have more than {MAX_NAMES} bytes together")


def _reals(texts: list[bytes]) -> np.ndarray | None:
    """Give the finite numbers that texts say; None where :func:`real` has to look at them."""
    joined = b",".join(texts)
    if joined.translate(None, b"0123456789.eE+-,") or not _EXPONENTS.fullmatch(joined):
        return None
    try:
        found = np.fromiter(map(float, texts), np.float64, len(texts))
    except ValueError:
        return None
    return found if np.isfinite(found).all() else None


def parse_collection(data: bytes | Iterable[bytes]) -> Listing:
    """Give the entries of a ``.pvd``, in the file's order.

    Text between the tags is passed over, as every reader does: a record that is staged but not committed does not
    count.

    Raises
    ------
    FormatError
        It is no well-formed collection, or a time is not a finite number.

    Examples
    --------
    >>> list(parse_collection(
    ...     b'<VTKFile type="Collection"><Collection><DataSet timestep="0.5" file="a.vtr"/></Collection></VTKFile>'
    ... ))
    [Entry(time=0.5, part='0', name='', file='a.vtr')]
    """
    handler = _Collection()
    handler.walk = walk = Walk(handler, MAX_ODD + _DEPTH)
    if walk.run(_bounded(sifted([data] if isinstance(data, bytes) else data, handler.take))):
        raise FormatError("it is a collection with appended data")
    return handler.listing


def _bounded(rest: Iterable[bytes]) -> Iterator[bytes]:
    left = MAX_REST
    for chunk in rest:
        left -= len(chunk)
        if left < 0:
            raise FormatError(f"more than {MAX_REST} bytes of it are no plain entries")
        yield chunk


class _Collection:
    def __init__(self) -> None:
        self.listing = Listing()
        self.walk: Walk
        self._inside = False

    def take(self, block: bytes) -> bool:
        """List the elements of a text; False where expat has to look at them."""
        if not self._inside or self.walk.depth != _DEPTH or not self.walk.settled:
            return False
        found = read_plain(block, utf8=self.walk.utf8)
        return found is not None and self.listing.add_plain(found)

    def start(self, _walk: Walk, depth: int, tag: str, attributes: dict[str, str]) -> None:
        if depth == 0 and (tag != "VTKFile" or attributes.get("type") != "Collection"):
            raise FormatError(f"it is no VTK collection but {tag[:40]!r} of type {attributes.get('type', '')[:40]!r}")
        if depth == 1:
            self._inside = tag == "Collection"
        if depth == _DEPTH and self._inside and tag == "DataSet":
            file = attributes.get("file")
            if not file:
                raise FormatError(f"entry {len(self.listing)} names no file")
            time = real(attributes.get("timestep", "0").strip(), f"the timestep of {file[:200]!r}")
            part, group = attributes.get("part", "0"), attributes.get("group", "")
            label = Label(f"{group}_{part}" if group else part, attributes.get("name", ""))
            self.listing.add(time, label, file)

    def end(self, walk: Walk, depth: int, tag: str) -> None:
        """Do nothing: an entry is whole when it begins."""


def parse_file_series(data: bytes) -> Listing:
    """Give the entries of a ``.series`` file (JSON), in the file's order.

    Raises
    ------
    FormatError
        It is no such JSON, or a time is not a finite number.

    Examples
    --------
    >>> list(parse_file_series(b'{"file-series-version": "1.0", "files": [{"name": "a.vtr", "time": 2}]}'))
    [Entry(time=2.0, part='0', name='', file='a.vtr')]
    """
    wide = not data.isascii() or b"\\u" in data  # four bytes a character, perhaps
    if len(data) > MAX_FILE_SERIES // (2 if wide else 1):
        raise FormatError(f"it has {len(data)} bytes, more than a file series has")
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > MAX_MARKS:  # a list of a byte takes 56
        raise FormatError("it is a file series with too many entries")
    try:
        content = json.loads(data, parse_int=float, parse_constant=float)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"it is not a JSON file series: {error}") from error
    files = content.get("files") if isinstance(content, dict) else None
    if not isinstance(files, list):
        raise FormatError("it is no file series: 'files' is not a list")
    listing, label = Listing(), Label("0", "")
    for number, item in enumerate(files):
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(name, str) or not name or _NO_NAME.search(name):
            raise FormatError(f"entry {number} names no file that a system has")
        time = item.get("time", float(number))
        if not isinstance(time, float) or not abs(time) < float("inf"):
            raise FormatError(f"the time of {name[:200]!r} is not a finite number")
        listing.add(time, label, name)
    return listing
