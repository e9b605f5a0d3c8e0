"""Where an HDF5 file keeps what changes when a step is added, so that it can be changed without HDF5.

HDF5 cannot be killed safely: it holds changed metadata in memory and writes them in no order that a reader could rely
on. So the library only makes the file, with an entry for every chunk that there will be, and closes it. From then on a
step is appended behind the end, its entries are pointed at it, and at last one small write inside one page makes it
visible. No structure ever grows, splits or moves.

The file is of the oldest format (superblock 0, version 1 B-trees and object headers), which has no checksums.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vtkseries.errors import FormatError
from vtkseries.storage.stepfile import write_at

__all__ = ["PAGE", "Chunks", "Switch", "chunk_entries", "end_of_file", "find_dims", "find_switch", "write_switch"]

PAGE = 4096
"""A write within one page is done whole or not at all when a process is killed."""

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_END = 40
"""Where a superblock of version 0 keeps the file's end."""

_NODE = struct.Struct("<4sBBHQQ")
_NOWHERE = (1 << 64) - 1
_HEADER = 1 << 12
"""Bytes of an object header that are searched at most."""


@dataclass(frozen=True)
class Chunks:
    """The chunks of a dataset in order: where the file keeps the size and the address of each.

    Attributes
    ----------
    entries : ndarray of int64, shape (chunks,)
        Where the entry of a chunk begins: its size, four bytes.
    key : int
        Bytes from there to the address, eight bytes.
    """

    entries: np.ndarray
    key: int

    def point(self, fd: int, number: int, address: int, size: int) -> None:
        """Point an entry at a chunk."""
        write_at(fd, int(self.entries[number]), size.to_bytes(4, "little"))
        write_at(fd, int(self.entries[number]) + self.key, address.to_bytes(8, "little"))

    def place(self, fd: int, number: int) -> tuple[int, int]:
        """Give the address and the size of a chunk that an entry is pointed at."""
        entry = int(self.entries[number])
        address = int.from_bytes(os.pread(fd, 8, entry + self.key), "little")
        return address, int.from_bytes(os.pread(fd, 4, entry), "little")


@dataclass(frozen=True)
class Switch:
    """Numbers, all in one page, that are changed together.

    Attributes
    ----------
    places : tuple of int
        Where each is in the file, eight bytes.
    """

    places: tuple[int, ...]


def write_switch(fd: int, switch: Switch, value: int) -> None:
    """Set all numbers of a switch in one write."""
    first, last = min(switch.places), max(switch.places) + 8
    page = bytearray(os.pread(fd, last - first, first))
    for place in switch.places:
        page[place - first : place - first + 8] = value.to_bytes(8, "little")
    write_at(fd, first, bytes(page))


def end_of_file(fd: int, end: int) -> None:
    """Tell HDF5 that the file ends at `end`, which it must have reached."""
    write_at(fd, _END, end.to_bytes(8, "little"))


def check_format(fd: int, path: object) -> None:
    """Refuse a file that is not of the format that this module knows.

    Raises
    ------
    FormatError
        Another superblock than version 0 with offsets and lengths of eight bytes.
    """
    head = os.pread(fd, 16, 0)
    if head[:9] != _SIGNATURE + b"\0" or head[13:15] != b"\x08\x08":
        message = f"{path}: it is HDF5 of another version than vtkseries writes; write the series anew with mode='w'"
        raise FormatError(message)


def chunk_entries(fd: int, dataset: Any) -> Chunks:
    """Find the entries of a dataset's chunks, all of which must have been allocated.

    Parameters
    ----------
    fd : int
        The file.
    dataset : h5py.Dataset
        Of the same file, flushed.
    """
    rank = len(dataset.shape)
    key = 8 + 8 * (rank + 1)
    grid = [-(-n // c) for n, c in zip(dataset.shape, dataset.chunks, strict=True)]
    count = int(np.prod(grid))
    node = _root(fd, dataset)
    while True:
        level, used, _, _, body = _read_node(fd, node, key)
        if level == 0:
            break
        node = int.from_bytes(body[key : key + 8], "little")
    places: list[np.ndarray] = []
    while node != _NOWHERE:
        level, used, _, right, _ = _read_node(fd, node, key)
        places.append(node + _NODE.size + np.arange(used, dtype="i8") * (key + 8))
        node = right
    entries = np.concatenate(places)
    if len(entries) < count:
        message = f"{dataset.file.filename}: {dataset.name} lacks chunks; write the series anew with mode='w'"
        raise FormatError(message)
    return Chunks(entries, key)


def _read_node(fd: int, at: int, key: int) -> tuple[int, int, int, int, bytes]:
    head = os.pread(fd, _NODE.size, at)
    signature, kind, level, used, left, right = _NODE.unpack(head)
    if signature != b"TREE" or kind != 1:
        message = "its chunk index is none that vtkseries writes"
        raise FormatError(message)
    return level, used, left, right, os.pread(fd, used * (key + 8) + key, at + _NODE.size)


def _root(fd: int, dataset: Any) -> int:
    """Find the address of the B-tree, in the data layout message of the object header."""
    header = _object_header(fd, dataset)
    sizes = b"".join(n.to_bytes(4, "little") for n in (*dataset.chunks, dataset.dtype.itemsize))
    # Layout message, version 3, chunked: rank + 1, address, the chunk's sizes.
    start = header.find(sizes)
    while start >= 0:
        if header[start - 11 : start - 8] == bytes([3, 2, len(dataset.shape) + 1]):
            return int.from_bytes(header[start - 8 : start], "little")
        start = header.find(sizes, start + 1)
    message = f"{dataset.file.filename}: {dataset.name} has no chunk index that vtkseries knows"
    raise FormatError(message)


def _object_header(fd: int, thing: Any) -> bytes:
    from h5py import h5o  # noqa: PLC0415 (only VTKHDF needs it)

    return os.pread(fd, _HEADER, h5o.get_info(thing.id).addr)


def find_dims(fd: int, dataset: Any) -> tuple[int, ...]:
    """Find where the file keeps the first dim of a dataset: its size, and its largest size where that is kept."""
    from h5py import h5o  # noqa: PLC0415 (only VTKHDF needs it)

    base = h5o.get_info(dataset.id).addr
    header = os.pread(fd, _HEADER, base)
    rank = len(dataset.shape)
    sizes = b"".join(n.to_bytes(8, "little") for n in dataset.shape)
    start = header.find(sizes)
    while start >= 0:
        # Dataspace message, version 1: version, rank, flags, five reserved bytes, sizes[, largest sizes].
        if header[start - 8 : start - 6] == bytes([1, rank]):
            found = [base + start]
            if header[start - 6] & 1:
                found.append(base + start + 8 * rank)
            return tuple(found)
        start = header.find(sizes, start + 1)
    message = f"{dataset.file.filename}: {dataset.name} keeps its shape where vtkseries does not know"
    raise FormatError(message)


def find_switch(fd: int, steps: Any, mark: int, datasets: Sequence[Any]) -> Switch:
    """Find the places of the number of steps: an attribute's, which now holds `mark`, and the lengths of datasets.

    Raises
    ------
    FormatError
        They are not all in one page.
    """
    from h5py import h5o  # noqa: PLC0415 (only VTKHDF needs it)

    base = h5o.get_info(steps.id).addr
    at = os.pread(fd, _HEADER, base).find(mark.to_bytes(8, "little"))
    places = [base + at, *(place for dataset in datasets for place in find_dims(fd, dataset))]
    if at < 0 or min(places) // PAGE != (max(places) + 7) // PAGE:
        message = f"{steps.file.filename}: its number of steps is kept where it cannot be changed safely"
        raise FormatError(message)
    return Switch(tuple(places))
