"""Streams of blocks decoded, with limits on what is allocated and one error for all damage."""

from __future__ import annotations

import ctypes
import lzma
import zlib
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import lz4.block
from isal import isal_zlib

from vtkseries.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

    Buffer = bytes | bytearray | memoryview

__all__ = ["LZ4_MOST", "WHOLE", "damage", "exactly", "lz4_function", "piecewise"]

# Any, since isal's type hints give its exception as an instance
_FAILURES: Any = (
    zlib.error,
    isal_zlib.error,
    lz4.block.LZ4BlockError,
    lzma.LZMAError,
    EOFError,
    OverflowError,
    ValueError,
)

WHOLE = 4 * 1024 * 1024
"""Bytes of a block up to which it is decoded at once; libraries take several times the memory of what they give."""

_STEP = 1024 * 1024

LZ4_MOST = 2**31 - 1


@cache
def lz4_function() -> Any:
    """Give liblz4's own decoder, which never writes beyond its target; None where Python's package hides it."""
    try:
        function = ctypes.CDLL(lz4.block._block.__file__).LZ4_decompress_safe  # noqa: SLF001 (the library inside it)
    except (AttributeError, OSError):
        return None
    function.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int)
    function.restype = ctypes.c_int
    return function


def piecewise(stream: Any, buffer: Buffer, size: int) -> bytearray:
    """Decode a large block a MiB at a time."""
    source, data = memoryview(buffer).cast("B"), bytearray(size)
    taken = at = 0
    rest: Any = b""
    with damage():
        while not stream.eof:
            if not rest and getattr(stream, "needs_input", True):
                rest, taken = source[taken : taken + _STEP], taken + _STEP
            part = stream.decompress(rest, min(_STEP, size - at) or 1)
            rest = getattr(stream, "unconsumed_tail", b"")
            if not part and not rest and taken >= len(source):
                break
            if at + len(part) > size:
                at = size + 1
                break
            data[at : at + len(part)] = part
            at += len(part)
    if at != size or not stream.eof or stream.unused_data or taken < len(source):
        what = "something else" if at >= size else f"{at} bytes"
        raise FormatError(f"a compressed block holds {what} where {size} bytes belong")
    return data


@contextmanager
def damage() -> Iterator[None]:
    """Give what the libraries raise for a damaged stream as one error."""
    try:
        yield
    except _FAILURES as error:
        raise FormatError(f"a compressed block is damaged: {error}") from error


def exactly(data: bytes, size: int, *, ended: bool) -> bytes:
    """Give what a block holds, if it has its size and the stream ended with it."""
    if len(data) != size or not ended:
        what = f"{len(data)} bytes" if len(data) < size else "something else"
        raise FormatError(f"a compressed block holds {what} where {size} bytes belong")
    return data
