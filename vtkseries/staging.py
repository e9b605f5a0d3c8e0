"""Blocks of an array on their way into a compressed file, which cannot be placed before all of them are encoded.

Hidden files beside the step's hold them until the step is committed: a compression block that a dask block covers is
encoded there and then, and put into a slot of its own in a file of the thread's own; the rest waits as raw values, at
its place in an uncompressed file. The commit takes the streams of those tries at the tasks whose results it was given.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vtkseries.blocks import BlockBytes, block_values, write_block
from vtkseries.hidden import HiddenFiles, raw_file, stream_file
from vtkseries.plan.model import ArrayPlan, PartPlan
from vtkseries.run import Run
from vtkseries.storage.regions import threads
from vtkseries.storage.stepfile import StepFile, write_at
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
    files: HiddenFiles,
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
    """Put one block of an array, of one time step, into hidden files; the arguments are those of `write_block`.

    A stream that is there already stays: another try at the same task in this thread made it, and it may be in use.
    """
    begin, end = _stretch(array, start, count) or (0, 0)
    first = -(-begin // array.block)
    stop = -(-end // array.block) if end == array.nbytes else end // array.block
    if stop <= first:
        raw = files.raw()
        if raw is not None:
            write_block(raw, array, start, count, blocks, step)
        return
    values = BlockBytes(block_values(array, count, blocks, step))
    ends = min(stop * array.block, array.nbytes)
    _keep(files, array, begin, values.read(0, first * array.block - begin))
    _keep(files, array, ends, values.read(ends - begin, end - begin))
    cuts = [*range(first, stop, segment(array)), stop]

    def encode(some: tuple[int, int]) -> None:
        data = values.read(some[0] * array.block - begin, min(some[1] * array.block, ends) - begin)
        for number, at in enumerate(range(0, len(data), array.block), some[0]):
            _encode(files, array, number, data[at : at + array.block], slots, method)

    if parallel:
        with ThreadPoolExecutor(threads(), "vtkseries-encode") as pool:
            list(pool.map(encode, pairwise(cuts)))
    else:
        for some in pairwise(cuts):
            encode(some)


def _keep(files: HiddenFiles, array: ArrayPlan, at: int, data: memoryview) -> None:
    """Let bytes of an array wait as they are."""
    raw = files.raw() if len(data) else None
    if raw is not None:
        write_at(raw, array.position + at, data)


def _encode(files: HiddenFiles, array: ArrayPlan, number: int, data: memoryview, slots: Slots, method: Codec) -> None:
    """Put the stream of a block into its slot, unless it has one."""
    fd, place = files.streams(), slots.place(number)
    if fd is None or _count(fd, place):
        return
    stream = method.encode(data)
    if _COUNT + len(stream) > slots.size:
        _keep(files, array, number * array.block, data)
    else:  # the count last, so that a stream which has one is whole
        write_at(fd, place + _COUNT, stream)
        write_at(fd, place, len(stream).to_bytes(_COUNT, "little"))


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
def staged(run: Run, part: PartPlan, step: int, owners: Iterable[str]) -> Iterator[StagedStreams]:
    """Open what waits for the commit of a step: what is raw, and the streams of some threads.

    Raises
    ------
    FileNotFoundError
        The step is committed.
    """
    method = run.plan.compression
    assert method is not None  # noqa: S101  # nothing waits otherwise
    file = run.file(part, step)
    with ExitStack() as stack:
        # In this order: a second try that has listed the step removes what is raw before the streams.
        found = [fd for owner in owners if (fd := _opened(stream_file(file, owner), stack)) is not None]
        raw = _opened(raw_file(file), stack)
        if raw is None and not found:
            raise FileNotFoundError(errno.ENOENT, "no block waits for the step", str(file.final))
        yield StagedStreams(raw, found, slots_of(part), method)


def _opened(file: StepFile, stack: ExitStack) -> int | None:
    try:
        fd = file.open()
    except FileNotFoundError:
        return None
    stack.callback(os.close, fd)
    return fd


@dataclass(frozen=True)
class StagedStreams:
    """The streams of one step from hidden files, where what is still raw is encoded."""

    raw: int | None
    files: Sequence[int]
    slots: dict[int, Slots]
    method: Codec

    def streams(self, array: ArrayPlan, first: int, stop: int) -> list[bytes]:
        """Give the streams of some blocks."""
        return [self._stream(array, block) for block in range(first, stop)]

    def _stream(self, array: ArrayPlan, block: int) -> bytes:
        at = self.slots[array.position].place(block)
        for fd in self.files:
            size = _count(fd, at)
            if size:
                return _read(fd, at + _COUNT, size)
        if self.raw is None:
            raise FileNotFoundError(errno.ENOENT, f"block {block} of {array.name!r} does not wait for the step")
        begin = block * array.block
        return self.method.encode(_read(self.raw, array.position + begin, min(array.block, array.nbytes - begin)))


def _count(fd: int, place: int) -> int:
    """Give the bytes of the stream in a slot, 0 where there is none."""
    return int.from_bytes(os.pread(fd, _COUNT, place), "little")


def _read(fd: int, position: int, size: int) -> bytes:
    data = os.pread(fd, size, position)
    while len(data) < size:
        more = os.pread(fd, size - len(data), position + len(data))
        if not more:
            message = f"a block of {size} bytes at {position} is cut short"
            raise OSError(message)
        data += more
    return data
