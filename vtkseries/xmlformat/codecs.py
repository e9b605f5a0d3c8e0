"""Compression blocks: their size, their table, and the three codecs that VTK reads.

A compressed array is a table, ``[number of blocks][block size][last size][compressed size of each block]`` in the
file's header type, and then the blocks' streams. All sizes depend on the data alone, so that the bytes of a file do
not depend on the machine or the scheduler.
"""

from __future__ import annotations

import lzma
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import lz4.block
import numpy as np
from isal import isal_zlib

from vtkseries.errors import FormatError, SeriesError
from vtkseries.xmlformat.decoding import LZ4_MOST, WHOLE, damage, exactly, lz4_function, piecewise

if TYPE_CHECKING:
    from collections.abc import Iterable

    Buffer = bytes | bytearray | memoryview

__all__ = ["CODECS", "BlockTable", "Codec", "block_size", "codec", "decoder", "parse_table", "render_table"]

# glibc gives memory of a block's size back to the system at each free and faults it in again at the next use, which
# costs more than lz4 itself; having freed something larger once, it keeps such memory.
bytes(1 << 24)

SMALLEST, LARGEST = 32 * 1024, 256 * 1024
"""Bounds of a block that we write, in bytes, not compressed."""

TABLE_HEAD = 3
"""Words of a table before the blocks' compressed sizes."""

_MOST = 2**62
_TINY, _MOST_TINY = 64, 2**20


def block_size(slice_bytes: int, itemsize: int) -> int:
    """Give the size of the blocks into which an array is cut.

    A block is at most one xy slice, within 32 to 256 KiB. A slice of more than that is cut evenly where its size
    allows, so that no block reaches into two slices.

    Parameters
    ----------
    slice_bytes : int
        Bytes of one xy slice, all components together.
    itemsize : int
        Bytes of one value, of which a block is a multiple.

    Examples
    --------
    >>> block_size(1000, 4), block_size(100_000, 4), block_size(2**20, 4)
    (32768, 100000, 262144)
    """
    if slice_bytes <= SMALLEST:
        return -(-SMALLEST // itemsize) * itemsize
    if slice_bytes <= LARGEST:
        return slice_bytes - slice_bytes % itemsize
    values = slice_bytes // itemsize
    fewest, most = -(-slice_bytes // LARGEST), slice_bytes // SMALLEST
    even = next((n for n in range(fewest, most + 1) if values % n == 0), None)
    return values // even * itemsize if even else LARGEST - LARGEST % itemsize


_LARGEST_TABLES = 9
"""isal's memory level of zlib's name."""

_FIRST = 4
"""Bytes that isal must have seen: before, it takes a hash from an address in memory, on which the bytes then depend.

(In ``igzip_icf_body_h1_gr_bt.asm``, ``.write_first_byte`` takes a register for data that holds the stream's address.)
"""


class Codec(Protocol):
    """One compression method at one level: an immutable value that workers are sent."""

    name: ClassVar[str]
    compressor: ClassVar[str]
    levels: ClassVar[range]
    ratio: ClassVar[int]

    @property
    def level(self) -> int:
        """The method's own compression level."""

    def encode(self, buffer: Buffer) -> bytes:
        """Give the stream of one block."""

    def decode(self, buffer: Buffer, size: int) -> bytes | bytearray:
        """Give the `size` bytes of one block.

        Raises
        ------
        FormatError
            The stream is damaged, or holds more or less than `size` bytes. No more than `size` bytes and the method's
            own window are ever allocated.
        """

    def decode_into(self, buffer: Buffer, target: memoryview) -> None:
        """Fill `target` with the bytes of one block, as :meth:`decode` gives them."""


@dataclass(frozen=True, slots=True)
class Zlib:
    """Deflate in zlib's format: level 0 stores, 1 to 3 are isal's (10 times faster), 4 to 9 zlib's."""

    level: int = 1
    name: ClassVar[str] = "zlib"
    compressor: ClassVar[str] = "vtkZLibDataCompressor"
    levels: ClassVar[range] = range(10)
    ratio: ClassVar[int] = 1032
    _FASTEST_OF_ZLIB: ClassVar[int] = 4

    def __post_init__(self) -> None:
        _check_level(self)

    def encode(self, buffer: Buffer) -> bytes:
        """Give the stream of one block."""
        if 0 < self.level < self._FASTEST_OF_ZLIB:
            # The largest tables are the fastest.
            stream = isal_zlib.compressobj(self.level, isal_zlib.DEFLATED, isal_zlib.MAX_WBITS, _LARGEST_TABLES)
            first = stream.compress(buffer[:_FIRST]), stream.flush(isal_zlib.Z_SYNC_FLUSH)
            return b"".join((*first, stream.compress(buffer[_FIRST:]), stream.flush()))
        return zlib.compress(buffer, self.level)

    def decode(self, buffer: Buffer, size: int) -> bytes | bytearray:
        """Give the `size` bytes of one block; see :meth:`Codec.decode`."""
        if size > WHOLE:
            return piecewise(isal_zlib.decompressobj(), buffer, size)
        stream = isal_zlib.decompressobj()
        with damage():
            data: bytes = stream.decompress(buffer, size + 1)
        return exactly(data, size, ended=stream.eof and not stream.unused_data)

    def decode_into(self, buffer: Buffer, target: memoryview) -> None:
        """Fill `target` with the bytes of one block."""
        target[:] = self.decode(buffer, len(target))


@dataclass(frozen=True, slots=True)
class Lz4:
    """LZ4 blocks without a size before them: levels 1 and 2 are the fast method, 3 to 12 the high compression one."""

    level: int = 1
    name: ClassVar[str] = "lz4"
    compressor: ClassVar[str] = "vtkLZ4DataCompressor"
    levels: ClassVar[range] = range(1, 13)
    ratio: ClassVar[int] = 256
    _FIRST_HIGH: ClassVar[int] = 3

    def __post_init__(self) -> None:
        _check_level(self)

    def encode(self, buffer: Buffer) -> bytes:
        """Give the stream of one block."""
        if self.level < self._FIRST_HIGH:
            return bytes(lz4.block.compress(buffer, store_size=False))
        return bytes(lz4.block.compress(buffer, "high_compression", compression=self.level, store_size=False))

    def decode(self, buffer: Buffer, size: int) -> bytes | bytearray:
        """Give the `size` bytes of one block; see :meth:`Codec.decode`."""
        with damage():
            data: bytes = lz4.block.decompress(buffer, uncompressed_size=size)
        return exactly(data, size, ended=True)

    def decode_into(self, buffer: Buffer, target: memoryview) -> None:
        """Fill `target` with the bytes of one block; they are not copied where the library lets itself be called."""
        function = lz4_function()
        if function is None or not len(buffer) or max(len(buffer), len(target)) > LZ4_MOST:
            target[:] = self.decode(buffer, len(target))
            return
        source, out = np.frombuffer(buffer, np.uint8), np.frombuffer(target, np.uint8)
        count = function(source.ctypes.data, out.ctypes.data, source.size, out.size)
        if count != out.size:
            what = "is damaged" if count < 0 else f"holds {count} bytes where {out.size} bytes belong"
            raise FormatError(f"a compressed block {what}")


@dataclass(frozen=True, slots=True)
class Lzma:
    """LZMA in the xz format: small and slow."""

    level: int = 6
    name: ClassVar[str] = "lzma"
    compressor: ClassVar[str] = "vtkLZMADataCompressor"
    levels: ClassVar[range] = range(10)
    ratio: ClassVar[int] = 8192
    # The decoder of level 9 asks for 65 MiB; it touches only as much of that window as a block is long.
    _MEMORY: ClassVar[int] = 72 * 1024 * 1024

    def __post_init__(self) -> None:
        _check_level(self)

    def encode(self, buffer: Buffer) -> bytes:
        """Give the stream of one block."""
        # A window as long as the block finds the same matches, and spares the levels' own one of up to 64 MiB.
        window = max(4096, 1 << (len(memoryview(buffer).cast("B")) - 1).bit_length())
        return lzma.compress(buffer, filters=[{"id": lzma.FILTER_LZMA2, "preset": self.level, "dict_size": window}])

    def decode(self, buffer: Buffer, size: int) -> bytes | bytearray:
        """Give the `size` bytes of one block; see :meth:`Codec.decode`."""
        if size > WHOLE:
            return piecewise(lzma.LZMADecompressor(lzma.FORMAT_XZ, self._MEMORY), buffer, size)
        stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, self._MEMORY)
        with damage():
            data = stream.decompress(buffer, size + 1)
        return exactly(data, size, ended=stream.eof and not stream.unused_data)

    def decode_into(self, buffer: Buffer, target: memoryview) -> None:
        """Fill `target` with the bytes of one block."""
        target[:] = self.decode(buffer, len(target))


CODECS: dict[str, type[Zlib | Lz4 | Lzma]] = {"zlib": Zlib, "lz4": Lz4, "lzma": Lzma}


def codec(name: str | None, level: int | None = None) -> Codec | None:
    """Give the codec of a name and level, or None where `name` is None or ``"none"``.

    Raises
    ------
    SeriesError
        There is no such codec, or it has no such level.

    Examples
    --------
    >>> codec("zlib", 5)
    Zlib(level=5)
    >>> codec("none") is None
    True
    """
    if name is None or (isinstance(name, str) and name == "none"):
        if level is not None:
            raise SeriesError(f"compression_level={level!r} needs a compression: one of {', '.join(CODECS)}")
        return None
    if not isinstance(name, str) or name not in CODECS:
        raise SeriesError(f"compression={name!r} is not one that VTK reads; choose one of none, {', '.join(CODECS)}")
    return CODECS[name]() if level is None else CODECS[name](int(level) if isinstance(level, np.integer) else level)


def decoder(compressor: str) -> Codec:
    """Give the codec that reads a file's ``compressor``.

    Raises
    ------
    FormatError
        VTK has no such compressor.
    """
    for kind in CODECS.values():
        if kind.compressor == compressor:
            return kind()
    raise FormatError(f"compressor {compressor!r} is not one of {', '.join(c.compressor for c in CODECS.values())}")


@dataclass(frozen=True, eq=False)
class BlockTable:
    """Where the blocks of one compressed array are.

    Parameters
    ----------
    size : int
        Bytes of the whole array, not compressed.
    block : int
        Bytes of every block but the last, not compressed.
    compressed : ndarray of int64, shape (blocks,)
        Bytes of each block's stream.
    """

    size: int
    block: int
    compressed: np.ndarray[Any, np.dtype[np.int64]] = field(repr=False)

    @cached_property
    def starts(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Where each stream begins, from the end of the table, and where the last one ends (blocks + 1 values)."""
        return np.concatenate(([0], np.cumsum(self.compressed)))

    def length(self, block: int) -> int:
        """Give the bytes that block number `block` has when decoded."""
        return min(self.block, self.size - block * self.block)


def render_table(size: int, block: int, compressed: Iterable[int], word: np.dtype) -> bytes:
    """Give the table of an array of `size` bytes that was cut into blocks of `block` bytes.

    Parameters
    ----------
    size, block : int
        Bytes, not compressed.
    compressed : iterable of int
        Bytes of each block's stream, one for every ``ceil(size / block)`` blocks.
    word : dtype
        The file's header type in its byte order.
    """
    streams = list(compressed)
    return np.array([len(streams), block, size % block, *streams], word).tobytes()


def parse_head(head: Buffer, size: int, word: np.dtype) -> tuple[int, int]:
    """Give the number and size of the blocks that a table's first three words promise for an array of `size` bytes.

    Raises
    ------
    FormatError
        The words disagree with `size`, which the grid's extent says.
    """
    count, block, last = (int(value) for value in np.frombuffer(head, word, TABLE_HEAD))
    if size == 0:
        if count:
            raise FormatError(f"{count} compressed blocks for an empty array")
        return 0, max(block, 1)
    if block < 1 or count != -(-size // block):
        raise FormatError(f"{count} blocks of {block} bytes cannot hold an array of {size} bytes")
    # VTK writes 0 when the last block is a whole one; some writers give its size.
    if last not in (size % block, size - (count - 1) * block):
        raise FormatError(f"the last block has {last} bytes, where an array of {size} bytes leaves {size % block}")
    return count, block


def parse_table(table: Buffer, size: int, word: np.dtype, room: int, method: Codec) -> BlockTable:
    """Give the table of an array of `size` bytes.

    Parameters
    ----------
    table : bytes-like
        All of the table's words.
    size : int
        Bytes that the array must have when decoded.
    word : dtype
        The file's header type in its byte order.
    room : int
        Bytes from the end of the table to the end of what may hold streams.
    method : Codec
        What the streams are encoded with.

    Raises
    ------
    FormatError
        The table disagrees with `size`, its streams reach past `room`, or a stream is too short to hold its block.
    """
    count, block = parse_head(table, size, word)
    if (TABLE_HEAD + count) * word.itemsize > len(table):
        raise FormatError(f"a table of {count} blocks reaches past the end of the data")
    if count > _MOST_TINY and block < _TINY:
        raise FormatError(f"{count} blocks of {block} bytes take more memory than what they hold")
    sizes = np.frombuffer(table, word, count, TABLE_HEAD * word.itemsize)
    largest = int(sizes.max()) if count else 0
    if largest * count > _MOST or int(sizes.sum(dtype=np.int64)) > room:
        raise FormatError(f"{count} compressed blocks reach past the end of the data")
    compressed = sizes.astype(np.int64)
    lengths = np.full(count, block, np.float64)  # block may be any 64-bit number here
    lengths[-1:] = size - max(count - 1, 0) * block
    bombs = np.flatnonzero(compressed.astype(np.float64) * method.ratio < lengths)
    if len(bombs):
        at = int(bombs[0])
        raise FormatError(
            f"block {at} has {compressed[at]} bytes, too few to hold {int(lengths[at])} with {method.name}"
        )
    return BlockTable(size, block, compressed)


def _check_level(method: Zlib | Lz4 | Lzma) -> None:
    if type(method.level) is not int or method.level not in method.levels:  # a bool is an int
        first, last = method.levels[0], method.levels[-1]
        raise SeriesError(
            f"compression_level={method.level!r} is not a level of {method.name}; choose one of {first} to {last}"
        )
