"""Blocks of an array on their way into a compressed file, which cannot be placed before all of them are encoded.

A hidden file beside the step's holds them until the step is committed: a compression block that a dask block covers is
encoded there and then, and put into a slot of its own; the rest waits as raw values, at its place in an uncompressed
file. Whoever runs twice writes the same bytes to the same places.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vtkseries.blocks import BlockBytes, block_values, write_block
from vtkseries.plan.model import ArrayPlan, PartPlan
from vtkseries.run import Run
from vtkseries.storage.regions import threads
from vtkseries.storage.stepfile import write_at
from vtkseries.streams import segment
from vtkseries.xmlformat.codecs import Codec

__all__ = ["Slots", "StagedStreams", "slots_of", "stage_block", "staged"]

_COUNT = 8
"""Bytes before a stream that say how long it is; 0 where there is none."""


@dataclass(frozen=True)
class Slots:
    """Where the encoded blocks of one array wait."""

    position: int
    size: int

    def place(self, block: int) -> int:
        """Give where a block's slot begins in the hidden file."""
        return self.position + block * self.size


def slots_of(part: PartPlan) -> dict[int, Slots]:
    """Give the slots of each array, by the array's position, behind all raw values."""
    found = {}
    end = part.size
    for array in part.arrays:
        size = _COUNT + array.block + array.block // 64 + 1024
        found[array.position] = Slots(end, size)
        end += size * -(-array.nbytes // array.block)
    return found


def stage_block(
    fd: int,
    array: ArrayPlan,
    start: tuple[int, int, int],
    count: tuple[int, int, int],
    blocks: Sequence[np.ndarray],
    step: int | None,
    *,
    slots: Slots,
    method: Codec,
    parallel: bool = False,
) -> None:
    """Put one block of an array, of one time step, into the hidden file; the arguments are those of `write_block`."""
    stretch = _stretch(array, start, count)
    if stretch is None:
        write_block(fd, array, start, count, blocks, step)
        return
    begin, end = stretch
    first = -(-begin // array.block)
    stop = -(-end // array.block) if end == array.nbytes else end // array.block
    if stop <= first:
        write_block(fd, array, start, count, blocks, step)
        return
    values = BlockBytes(block_values(array, count, blocks, step))
    ends = min(stop * array.block, array.nbytes)
    write_at(fd, array.position + begin, values.read(0, first * array.block - begin))
    write_at(fd, array.position + ends, values.read(ends - begin, end - begin))
    cuts = [*range(first, stop, segment(array)), stop]

    def encode(some: tuple[int, int]) -> None:
        data = values.read(some[0] * array.block - begin, min(some[1] * array.block, ends) - begin)
        for number, at in enumerate(range(0, len(data), array.block), some[0]):
            piece = data[at : at + array.block]
            stream = method.encode(piece)
            if _COUNT + len(stream) > slots.size:
                write_at(fd, array.position + number * array.block, piece)
            else:
                write_at(fd, slots.place(number), len(stream).to_bytes(_COUNT, "little") + stream)

    if parallel:
        with ThreadPoolExecutor(threads(), "vtkseries-encode") as pool:
            list(pool.map(encode, pairwise(cuts)))
    else:
        for some in pairwise(cuts):
            encode(some)


def _stretch(array: ArrayPlan, start: tuple[int, int, int], count: tuple[int, int, int]) -> tuple[int, int] | None:
    """Give the bytes of an array that a block covers, from and to, or None when they do not lie together."""
    _, ny, nx = array.shape
    lines = count[0] * count[1] == 1
    if not lines and (count[2] != nx or (count[0] > 1 and count[1] != ny)):
        return None
    point = array.nbytes // max(1, int(np.prod(array.shape)))
    begin = ((start[0] * ny + start[1]) * nx + start[2]) * point
    return begin, begin + count[0] * count[1] * count[2] * point


@contextmanager
def staged(run: Run, part: PartPlan, step: int) -> Iterator[StagedStreams]:
    """Open what waits for the commit of a step.

    Raises
    ------
    FileNotFoundError
        The step is committed.
    """
    method = run.plan.compression
    assert method is not None  # noqa: S101  # nothing waits otherwise
    fd = os.open(run.hidden(part, step).temporary, os.O_RDONLY)
    try:
        yield StagedStreams(fd, slots_of(part), method)
    finally:
        os.close(fd)


@dataclass(frozen=True)
class StagedStreams:
    """The streams of one step from its hidden file, where what is still raw is encoded."""

    fd: int
    slots: dict[int, Slots]
    method: Codec

    def streams(self, array: ArrayPlan, first: int, stop: int) -> list[bytes]:
        """Give the streams of some blocks."""
        return [self._stream(array, block) for block in range(first, stop)]

    def _stream(self, array: ArrayPlan, block: int) -> bytes:
        at = self.slots[array.position].place(block)
        size = int.from_bytes(os.pread(self.fd, _COUNT, at), "little")
        if size:
            return _read(self.fd, at + _COUNT, size)
        begin = block * array.block
        return self.method.encode(_read(self.fd, array.position + begin, min(array.block, array.nbytes - begin)))


def _read(fd: int, position: int, size: int) -> bytes:
    data = os.pread(fd, size, position)
    while len(data) < size:
        more = os.pread(fd, size - len(data), position + len(data))
        if not more:
            message = f"a block of {size} bytes at {position} is cut short"
            raise OSError(message)
        data += more
    return data
