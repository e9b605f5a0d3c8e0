"""The indexes of a series, parsed: a ``.pvd`` collection and a ``.series`` file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from vtkseries.errors import FormatError
from vtkseries.xmlformat.markup import Walk, real

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MAX_FILE_SERIES", "MAX_INDEX", "Entry", "parse_collection", "parse_file_series"]

MAX_INDEX = 256 * 1024 * 1024
"""Bytes of an index, padding included."""

MAX_FILE_SERIES = 32 * 1024 * 1024
MAX_ENTRIES = 1_000_000


class Entry(NamedTuple):
    """One file of a collection.

    Parameters
    ----------
    time : float
        What ParaView shows as its time.
    part : str
        The number of its block, after the name of its group where it has one.
    name : str
        The name of its block; empty where it has none.
    file : str
        Its path from the collection's directory, as it is written there: not to be opened unchecked.
    """

    time: float
    part: str
    name: str
    file: str


def parse_collection(data: bytes | Iterable[bytes]) -> list[Entry]:
    """Give the entries of a ``.pvd``, in the file's order.

    Text between the tags is passed over, as every reader does: a record that is staged but not committed does not
    count.

    Raises
    ------
    FormatError
        It is no well-formed collection, or a time is not a finite number.

    Examples
    --------
    >>> parse_collection(
    ...     b'<VTKFile type="Collection"><Collection><DataSet timestep="0.5" file="a.vtr"/></Collection></VTKFile>'
    ... )
    [Entry(time=0.5, part='0', name='', file='a.vtr')]
    """
    handler = _Collection()
    if Walk([data] if isinstance(data, bytes) else data, handler, MAX_ENTRIES + 2).run():
        raise FormatError("it is a collection with appended data")
    return handler.entries


class _Collection:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._inside = False

    def start(self, _walk: Walk, depth: int, tag: str, attributes: dict[str, str]) -> None:
        if depth == 0 and (tag != "VTKFile" or attributes.get("type") != "Collection"):
            raise FormatError(f"it is no VTK collection but {tag[:40]!r} of type {attributes.get('type', '')[:40]!r}")
        if depth == 1:
            self._inside = tag == "Collection"
        if depth == 2 and self._inside and tag == "DataSet":  # noqa: PLR2004 (VTKFile, Collection, DataSet)
            file = attributes.get("file")
            if not file:
                raise FormatError(f"entry {len(self.entries)} names no file")
            time = real(attributes.get("timestep", "0"), f"the timestep of {file[:200]!r}")
            part, group = attributes.get("part", "0"), attributes.get("group", "")
            self.entries.append(Entry(time, f"{group}_{part}" if group else part, attributes.get("name", ""), file))

    def end(self, walk: Walk, depth: int, tag: str) -> None:
        """Do nothing: an entry is whole when it begins."""


def parse_file_series(data: bytes) -> list[Entry]:
    """Give the entries of a ``.series`` file (JSON), in the file's order.

    Raises
    ------
    FormatError
        It is no such JSON, or a time is not a finite number.

    Examples
    --------
    >>> parse_file_series(b'{"file-series-version": "1.0", "files": [{"name": "a.vtr", "time": 2}]}')
    [Entry(time=2.0, part='0', name='', file='a.vtr')]
    """
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > MAX_ENTRIES // 2:  # a list of a byte takes 56
        raise FormatError("it is a file series with too many entries")
    try:
        content = json.loads(data, parse_int=float, parse_constant=float)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"it is not a JSON file series: {error}") from error
    files = content.get("files") if isinstance(content, dict) else None
    if not isinstance(files, list):
        raise FormatError("it is no file series: 'files' is not a list")
    return [_file_series_entry(item, number) for number, item in enumerate(files)]


def _file_series_entry(item: object, number: int) -> Entry:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not item["name"]:
        raise FormatError(f"entry {number} names no file")
    time = item.get("time", float(number))
    if not isinstance(time, float) or not abs(time) < float("inf"):
        raise FormatError(f"the time of {item['name'][:200]!r} is not a finite number")
    return Entry(time, "0", "", item["name"])
