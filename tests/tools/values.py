"""The values of one array in a VTK XML file, decoded from scratch in every encoding that VTK has."""

from __future__ import annotations

import base64
import binascii
import lzma
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import lz4.block
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tools.markup import Element, Markup

__all__ = ["TYPES", "Appended", "Region", "decode", "tuples_of"]

TYPES = {
    **{f"{sign}Int{8 * size}": f"{code}{size}" for sign, code in (("", "i"), ("U", "u")) for size in (1, 2, 4, 8)},
    "Float32": "f4",
    "Float64": "f8",
    "String": "u1",
}
_INTEGER = re.compile(r"[+-]?[0-9]+")
_REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|nan|NaN")


@dataclass(frozen=True)
class Region:
    """The bytes that an appended array takes in the file, its byte count or block table included."""

    name: str
    start: int
    values: int
    end: int


@dataclass(frozen=True)
class Appended:
    """What decoding needs to know of a file."""

    markup: Markup
    order: str
    word: int
    compressor: str | None
    base64: bool

    @classmethod
    def of(cls, markup: Markup) -> Appended:
        file = markup.root.attributes
        order = {"LittleEndian": "<", "BigEndian": ">"}.get(file.get("byte_order", ""))
        assert order, f"byte_order is {file.get('byte_order')!r}"
        word = {"UInt64": 8, "UInt32": 4}.get(file.get("header_type", "UInt32"))
        assert word, f"header_type is {file.get('header_type')!r}"
        encodings = [e.attributes.get("encoding", "") for e in markup.root.named("AppendedData")]
        assert encodings in ([], ["raw"], ["base64"]), f"AppendedData's encoding is {encodings}"
        return cls(markup, order, word, file.get("compressor"), encodings == ["base64"])


def tuples_of(element: Element) -> int:
    """Give ``NumberOfTuples``, which field data must state."""
    stated = element.attributes.get("NumberOfTuples", "")
    assert _INTEGER.fullmatch(stated), f"NumberOfTuples is {stated!r}"
    return int(stated)


def decode(element: Element, file: Appended, tuples: int | None) -> tuple[npt.NDArray[Any], Region | None]:
    """Decode an array and check that it holds `tuples` tuples (None: whatever it holds).

    Returns
    -------
    ndarray
        Of shape (tuples,) or (tuples, components); for strings their bytes.
    Region or None
        Where it stands in the appended block.
    """
    attributes = element.attributes
    kind = attributes.get("type", "")
    assert kind in TYPES, f"type {kind!r} is none of VTK's"
    components = int(attributes.get("NumberOfComponents", "1"))
    assert components >= 1, f"NumberOfComponents is {components}"
    dtype = np.dtype(file.order + TYPES[kind])
    expected = None if kind == "String" or tuples is None else tuples * components * dtype.itemsize
    region: Region | None = None
    encoding = attributes.get("format")
    if encoding == "ascii":
        values = _ascii(element.text, kind, dtype)
    elif encoding == "binary":
        values = np.frombuffer(_inline(element.text, file, expected), dtype)
    else:
        assert encoding == "appended", f"format is {encoding!r}"
        content, region = _appended(attributes, file, expected)
        assert len(content) % dtype.itemsize == 0, f"{len(content)} bytes are no whole number of {kind}"
        values = np.frombuffer(content, dtype)
    if kind == "String":
        assert values.size == 0 or values[-1] == 0, "the last string has no NUL"
        assert tuples is None or np.count_nonzero(values == 0) == tuples, f"there are not {tuples} strings"
        values.tobytes().decode()
        return values, region
    assert tuples is None or values.size == tuples * components, (
        f"{values.size} values stand where {tuples} tuples of {components} belong"
    )
    return values.reshape(-1, components) if components > 1 else values, region


def _ascii(text: str, kind: str, dtype: np.dtype) -> npt.NDArray[Any]:
    words = text.split()
    pattern = _REAL if kind.startswith("Float") else _INTEGER
    for word in words:
        assert pattern.fullmatch(word), f"ascii {word!r} is not what VTK reads as {kind}"
    numbers = [float(word) if kind.startswith("Float") else int(word) for word in words]
    return np.array(numbers, dtype)


def _inline(text: str, file: Appended, expected: int | None) -> bytes:
    packed = "".join(text.split())
    try:
        content, used = _base64(packed.encode(), file, expected)
    except (binascii.Error, ValueError) as error:
        message = f"not base64: {error}"
        raise AssertionError(message) from error
    assert used == len(packed), f"{len(packed) - used} characters follow the inline data"
    return content


def _appended(attributes: dict[str, str], file: Appended, expected: int | None) -> tuple[bytes, Region]:
    offset = attributes.get("offset", "")
    assert re.fullmatch("[0-9]+", offset), f"offset is {offset!r}"
    assert file.markup.origin is not None, "the file has no AppendedData"
    data = file.markup.data
    start = file.markup.origin + int(offset)
    assert start + file.word <= len(data), f"offset {offset} is beyond the end of the file"
    if file.base64:
        content, used = _base64(data[start:], file, expected)
        return content, Region(attributes.get("Name", ""), start, start, start + used)
    if file.compressor:
        table, sizes = _table(data[start:], file, expected)
        content, used = _blocks(data[start + table :], sizes, file.compressor)
        return content, Region(attributes.get("Name", ""), start, start + table, start + table + used)
    count = int.from_bytes(data[start : start + file.word], _named(file.order))
    values = start + file.word
    assert expected is None or count == expected, f"the byte count is {count}, the extent asks for {expected}"
    assert values + count <= len(data), f"{count} bytes from {values} go beyond the end of the file ({len(data)})"
    return data[values : values + count], Region(attributes.get("Name", ""), start, values, values + count)


def _base64(text: bytes, file: Appended, expected: int | None) -> tuple[bytes, int]:
    def length(nbytes: int) -> int:
        return -(-nbytes // 3) * 4

    word = file.word
    if file.compressor:
        blocks = int.from_bytes(base64.b64decode(text[: length(word)])[:word], _named(file.order))
        table = length((3 + blocks) * word) if blocks else length(3 * word)
        size, sizes = _table(base64.b64decode(text[:table], validate=True), file, expected)
        assert size <= table
        packed = length(sum(packed for packed, _ in sizes))
        body = base64.b64decode(text[table : table + packed], validate=True)
        return _blocks(body, sizes, file.compressor)[0], table + packed
    count = int.from_bytes(base64.b64decode(text[: length(word)])[:word], _named(file.order))
    assert expected is None or count == expected, f"the byte count is {count}, the extent asks for {expected}"
    used = length(word + count)
    content = base64.b64decode(text[:used], validate=True)[word:]
    assert len(content) == count, f"{len(content)} bytes stand where {count} are announced"
    return content, used


def _table(data: bytes, file: Appended, expected: int | None) -> tuple[int, list[tuple[int, int]]]:
    """Read a block table: its length in bytes, and each block's packed and unpacked size."""

    def words(first: int, count: int) -> list[int]:
        piece = data[first * file.word : (first + count) * file.word]
        assert len(piece) == count * file.word, "the block table goes beyond the end of the file"
        return [int(word) for word in np.frombuffer(piece, f"{file.order}u{file.word}")]

    blocks, size, last = words(0, 3)
    assert blocks * file.word <= len(data), f"{blocks} blocks do not fit into the file"
    assert blocks == 0 or size > 0, "the block size is 0"
    assert last < size or (size, last) == (0, 0), f"the last block ({last}) is as long as a block ({size})"
    total = blocks * size - (size - last if last and blocks else 0)
    assert expected is None or total == expected, f"the blocks hold {total} bytes, the extent asks for {expected}"
    unpacked = [size] * blocks
    if blocks and last:
        unpacked[-1] = last
    return (3 + blocks) * file.word, list(zip(words(3, blocks), unpacked, strict=True))


def _blocks(data: bytes, sizes: list[tuple[int, int]], compressor: str) -> tuple[bytes, int]:
    content = []
    at = 0
    for number, (packed, unpacked) in enumerate(sizes):
        assert at + packed <= len(data), f"block {number} goes beyond the end of the file"
        block = _unpack(data[at : at + packed], unpacked, compressor)
        assert len(block) == unpacked, f"block {number} holds {len(block)} bytes, not {unpacked}"
        content.append(block)
        at += packed
    return b"".join(content), at


def _unpack(block: bytes, size: int, compressor: str) -> bytes:
    try:
        if compressor == "vtkZLibDataCompressor":
            stream = zlib.decompressobj()
            unpacked = stream.decompress(block, size + 1)
            assert stream.eof, "a zlib block does not end"
            assert not stream.unused_data, "something follows a zlib block"
            return unpacked
        if compressor == "vtkLZ4DataCompressor":
            return bytes(lz4.block.decompress(block, uncompressed_size=size))
        assert compressor == "vtkLZMADataCompressor", f"compressor {compressor!r} is none of VTK's"
        return lzma.decompress(block, format=lzma.FORMAT_XZ)
    except (zlib.error, lzma.LZMAError, lz4.block.LZ4BlockError) as error:
        message = f"a block does not decompress: {error}"
        raise AssertionError(message) from error


def _named(order: str) -> Any:
    return "little" if order == "<" else "big"
