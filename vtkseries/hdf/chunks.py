"""Chunks of HDF5 datasets: their shape, and their bytes as the shuffle and deflate filters leave them."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from isal import isal_zlib

__all__ = ["HdfArray", "encode_chunk", "step_chunks"]

_CHUNK = 1 << 21
"""Bytes of a chunk at most, before compression: VTK reads whole steps, so that it need not be small."""

_FASTEST_OF_ZLIB = 4


@dataclass(frozen=True)
class HdfArray:
    """An array of every step, as VTKHDF stores it.

    Attributes
    ----------
    name : str
    cells : bool
    dtype : str
    shape : tuple of int
        Of one step, without axes of one point, with the components last where there are several.
    level : int or None
        Of deflate; None to store values as they are.
    block : str
        The grid that it lies on, where the file has several.
    """

    name: str
    cells: bool
    dtype: str
    shape: tuple[int, ...]
    level: int | None = 1
    block: str = ""

    @property
    def path(self) -> str:
        """Its place in the file."""
        grid = f"VTKHDF/{self.block}/" if self.block else "VTKHDF/"
        return f"{grid}{'CellData' if self.cells else 'PointData'}/{self.name.replace('/', '_')}"

    @property
    def chunk(self) -> tuple[int, ...]:
        """The shape of a chunk of one step: as many of the outermost planes, or rows, as fit."""
        chunk = list(self.shape)
        rest = math.prod(chunk) * np.dtype(self.dtype).itemsize
        for axis, size in enumerate(self.shape):
            if rest <= _CHUNK:
                break
            inner = rest // size
            most = max(1, _CHUNK // inner)
            # A divisor leaves no chunk that is partly empty; one that is much smaller would make many chunks.
            even = next((n for n in range(most, most // 2, -1) if size % n == 0), most)
            chunk[axis] = even
            rest = inner * even
        return tuple(chunk)

    @property
    def count(self) -> int:
        """The chunks of one step."""
        return math.prod(-(-n // c) for n, c in zip(self.shape, self.chunk, strict=True))


def encode_chunk(values: np.ndarray, level: int | None) -> bytes:
    """Give a chunk's bytes: the bytes of equal weight together, then deflate in zlib's format.

    Examples
    --------
    >>> list(zlib.decompress(encode_chunk(np.array([1, 2], "<u2"), 1)))
    [1, 2, 0, 0]
    """
    if level is None:
        return values.tobytes()
    width = values.dtype.itemsize
    shuffled = np.ascontiguousarray(values.reshape(-1).view("u1").reshape(-1, width).T)
    data = memoryview(shuffled.reshape(-1))  # type: ignore[arg-type]
    return bytes(isal_zlib.compress(data, level)) if 0 < level < _FASTEST_OF_ZLIB else zlib.compress(data, level)


def step_chunks(array: HdfArray, values: np.ndarray, workers: Executor, batch: int) -> Iterator[bytes]:
    """Give the chunks of one step of an array in order, of which a few at a time are in memory."""
    places = list(np.ndindex(*(-(-n // c) for n, c in zip(array.shape, array.chunk, strict=True))))
    for first in range(0, len(places), batch):
        yield from workers.map(lambda place: _encoded(array, values, place), places[first : first + batch])


def _encoded(array: HdfArray, values: np.ndarray, place: Sequence[int]) -> bytes:
    index = tuple(slice(p * c, (p + 1) * c) for p, c in zip(place, array.chunk, strict=True))
    part = values[index]
    if part.shape != array.chunk:
        whole = np.zeros(array.chunk, values.dtype)
        whole[tuple(slice(n) for n in part.shape)] = part
        part = whole
    return encode_chunk(np.ascontiguousarray(part), array.level)
