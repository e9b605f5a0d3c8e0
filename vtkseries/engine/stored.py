"""Where the bytes of one array are in a file, in any of VTK's encodings, held against the file before they are read."""

from __future__ import annotations

import base64
import binascii
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from vtkseries.errors import FormatError
from vtkseries.xmlformat.codecs import TABLE_HEAD, BlockTable, decoder, parse_head, parse_table
from vtkseries.xmlformat.parse import word_dtype

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vtkseries.engine.gridfile import GridFile
    from vtkseries.storage.read import OpenFile
    from vtkseries.xmlformat.codecs import Codec
    from vtkseries.xmlformat.layout import DataArray

__all__ = ["Values", "content", "locate", "reading"]

_EDGE = 4096  # white space around inline content is not longer than this
_AT_ONCE = 3 * 1024 * 1024
_WHITE = b" \t\r\n"
_PAGE = 4096
_WORKERS = min(4, os.cpu_count() or 1)
_SHARED = 2 * 1024 * 1024
"""Bytes of values from which on blocks are decoded by several threads: the codecs let go of Python's lock."""


class Values(Protocol):
    """The bytes of an array's values."""

    @property
    def size(self) -> int:
        """Bytes of all values."""

    @property
    def gap(self) -> int:
        """Bytes between two runs that cost less to read than to skip."""

    @property
    def place(self) -> tuple[int, int] | None:
        """Where the values begin and end in the file; None where they are text."""

    def read_into(self, start: int, target: memoryview) -> None:
        """Fill `target` with the bytes from `start` on."""


class _Bytes(Protocol):
    """Stored bytes, counted from the array's first one."""

    @property
    def room(self) -> int: ...

    def read_into(self, start: int, target: memoryview) -> None: ...

    def read(self, start: int, length: int) -> bytes | bytearray: ...


@dataclass(frozen=True, slots=True)
class _Raw:
    file: OpenFile
    begin: int
    room: int

    def read_into(self, start: int, target: memoryview) -> None:
        self.file.read_into(self.begin + start, target)

    def read(self, start: int, length: int) -> bytes:
        return self.file.read(self.begin + start, length)


@dataclass(frozen=True, slots=True)
class _Base64:
    """One stream of base64 without white space, of which any part can be decoded."""

    file: OpenFile
    begin: int
    characters: int

    @property
    def room(self) -> int:
        return self.characters // 4 * 3

    def read_into(self, start: int, target: memoryview) -> None:
        done = 0
        while done < len(target):
            at = start + done
            count = min(len(target) - done, _AT_ONCE)
            first, last = at // 3, -(-(at + count) // 3)
            text = self.file.read(self.begin + 4 * first, 4 * (last - first))
            try:
                data = base64.b64decode(text, validate=True)
            except binascii.Error as error:
                raise FormatError(f"base64 at byte {self.begin + 4 * first} is damaged: {error}") from error
            data = data[at - 3 * first :][:count]
            if len(data) < count:
                raise FormatError(f"base64 at byte {self.begin + 4 * first} ends early")
            target[done : done + count] = data
            done += count

    def read(self, start: int, length: int) -> bytearray:
        data = bytearray(length)
        self.read_into(start, memoryview(data))
        return data


@dataclass(frozen=True, slots=True)
class _Plain:
    """Values as they are."""

    stored: _Bytes
    begin: int
    size: int

    @property
    def gap(self) -> int:
        return _PAGE

    @property
    def place(self) -> tuple[int, int] | None:
        if not isinstance(self.stored, _Raw):
            return None
        begin = self.stored.begin + self.begin
        return begin, begin + self.size

    def read_into(self, start: int, target: memoryview) -> None:
        self.stored.read_into(self.begin + start, target)


@dataclass(slots=True)
class _Blocked:
    """Values in compressed blocks, of which only those that are touched are decoded."""

    stored: _Bytes
    begin: int
    table: BlockTable
    codec: Codec
    size: int
    _last: tuple[int, bytes | bytearray] = field(default=(-1, b""))

    @property
    def gap(self) -> int:
        return self.table.block - 1  # a smaller gap never holds a whole block

    @property
    def place(self) -> tuple[int, int] | None:
        if not isinstance(self.stored, _Raw):
            return None
        begin = self.stored.begin + self.begin
        return begin, begin + int(self.table.starts[-1])

    def read_into(self, start: int, target: memoryview) -> None:
        if not len(target):
            return
        block, last = start // self.table.block, (start + len(target) - 1) // self.table.block
        if block == last:
            at = start - block * self.table.block
            target[:] = self._one(block)[at : at + len(target)]
            return
        workers = min(last - block + 1, _WORKERS) if len(target) >= _SHARED else 1
        with ThreadPoolExecutor(workers) if workers > 1 else nullcontext() as pool:
            while block <= last:
                end = min(
                    max(int(np.searchsorted(self.table.starts, self.table.starts[block] + _AT_ONCE)), block + 1),
                    last + 1,
                )
                self._put(range(block, end), start, target, pool)
                block = end

    def _put(self, blocks: range, start: int, target: memoryview, pool: ThreadPoolExecutor | None) -> None:
        """Read the streams of blocks at once, and put what they hold where it belongs."""
        starts = self.table.starts[blocks.start : blocks.stop + 1].tolist()
        streams = memoryview(self.stored.read(self.begin + starts[0], starts[-1] - starts[0]))

        def put(block: int) -> None:
            first, stop = (starts[block - blocks.start + i] - starts[0] for i in (0, 1))
            at, length = block * self.table.block - start, self.table.length(block)
            if at >= 0 and at + length <= len(target):
                with _numbered(block):
                    self.codec.decode_into(streams[first:stop], target[at : at + length])
                return
            data = self._decode(block, streams[first:stop])
            skipped = max(-at, 0)
            part = memoryview(data)[skipped : len(target) - at]
            target[at + skipped : at + skipped + len(part)] = part

        if pool is None:
            for block in blocks:
                put(block)
        else:
            for _ in pool.map(put, blocks):
                pass

    def _one(self, block: int) -> bytes | bytearray:
        """Decode one block; the last one is kept, since the next run may begin in it."""
        if self._last[0] != block:
            first, stop = self.table.starts[block : block + 2].tolist()
            self._last = block, self._decode(block, self.stored.read(self.begin + first, stop - first))
        return self._last[1]

    def _decode(self, block: int, stream: bytes | bytearray | memoryview) -> bytes | bytearray:
        with _numbered(block):
            return self.codec.decode(stream, self.table.length(block))


@contextmanager
def _numbered(block: int) -> Iterator[None]:
    try:
        yield
    except FormatError as error:
        raise FormatError(f"block {block}: {error}") from error


def locate(grid: GridFile, file: OpenFile, array: DataArray, nbytes: int | None) -> Values:
    """Find an array's values, without reading them.

    Parameters
    ----------
    grid : GridFile
    file : OpenFile
    array : DataArray
        Appended or inline base64; not ascii.
    nbytes : int or None
        Bytes that the values must have; None to take the file's word, as strings need.

    Raises
    ------
    FormatError
        The file does not hold so many bytes there.
    """
    with reading(file.path, array):
        return _locate(grid, file, array, nbytes)


@contextmanager
def reading(path: str, array: DataArray) -> Iterator[None]:
    """Put the file's path, the array's name and its offset before the reason of an error."""
    try:
        yield
    except FormatError as error:
        where = f" at offset {array.offset}" if array.offset is not None else ""
        text = str(error).removeprefix(f"{path}: ").removeprefix(f"array {array.name[:200]!r}{where}: ")
        raise FormatError(f"{path}: array {array.name[:200]!r}{where}: {text}") from error


def _locate(grid: GridFile, file: OpenFile, array: DataArray, nbytes: int | None) -> Values:
    document = grid.header.document
    word = word_dtype(document)
    begin, end = _place(grid, file, array)
    encoded = array.encoding == "binary" or grid.header.encoding == "base64"
    if document.compressor is None:
        head: _Bytes = _Base64(file, begin, end - begin) if encoded else _Raw(file, begin, end - begin)
        size = int(np.frombuffer(_head(head, word.itemsize), word)[0])
        if nbytes is not None and size != nbytes:
            raise FormatError(f"it has {size} bytes where the extent asks for {nbytes}")
        pads = -word.itemsize % 3
        if size and encoded and file.read(begin + _characters(word.itemsize) - pads, pads) == b"=" * pads:
            # Byte count and values were encoded one after the other; both together may end with fewer pads there.
            begin += _characters(word.itemsize)
            head, skip = _Base64(file, begin, end - begin), 0
        else:
            skip = word.itemsize
        if size > head.room - skip:
            raise FormatError(f"its {size} bytes reach past the end of the data")
        return _Plain(head, skip, size)
    codec = decoder(document.compressor)
    stored: _Bytes = _Base64(file, begin, end - begin) if encoded else _Raw(file, begin, end - begin)
    first = _head(stored, TABLE_HEAD * word.itemsize)
    size = _claimed(first, word) if nbytes is None else nbytes
    count, _ = parse_head(first, size, word)
    length = (TABLE_HEAD + count) * word.itemsize
    if length > stored.room:
        raise FormatError(f"its table of {count} blocks reaches past the end of the data")
    table = stored.read(0, length)
    if encoded:
        begin += _characters(length)
        stored, skip = _Base64(file, begin, max(end - begin, 0)), 0
    else:
        skip = length
    return _Blocked(stored, skip, parse_table(table, size, word, stored.room - skip, codec), codec, size)


def _head(stored: _Bytes, length: int) -> bytes | bytearray:
    if stored.room < length:
        raise FormatError("it begins past the end of the data")
    return stored.read(0, length)


def _claimed(head: bytes | bytearray, word: np.dtype) -> int:
    count, block, last = (int(value) for value in np.frombuffer(head, word, TABLE_HEAD))
    return max(count * block if last == 0 else (count - 1) * block + last, 0)


def _place(grid: GridFile, file: OpenFile, array: DataArray) -> tuple[int, int]:
    """Give the array's first byte and where the data end that it may be in."""
    if array.offset is not None:
        if grid.header.start is None:
            raise FormatError("the file has no appended data")
        begin = grid.header.start + array.offset
        if begin > grid.end:
            raise FormatError("it begins past the end of the data")
        return begin, grid.end
    return content(file, array)


def content(file: OpenFile, array: DataArray) -> tuple[int, int]:
    """Give where inline content begins and ends, without the white space around it."""
    if array.span is None:
        return 0, 0
    begin, end = array.span
    head = file.read(begin, min(_EDGE, end - begin))
    begin += len(head) - len(head.lstrip(_WHITE))
    tail_begin = max(begin, end - _EDGE)
    tail = file.read(tail_begin, max(end - tail_begin, 0))
    return begin, max(tail_begin + len(tail.rstrip(_WHITE)), begin)


def _characters(length: int) -> int:
    return -(-length // 3) * 4
