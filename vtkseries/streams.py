"""The compressed arrays of a file: blocks encoded in parallel and written in order, so many at a time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np

from vtkseries.plan.model import ArrayPlan, PartPlan
from vtkseries.storage.parallel import in_order
from vtkseries.storage.stepfile import write_all_at, write_at
from vtkseries.xmlformat.codecs import TABLE_HEAD, Codec, block_size, render_table
from vtkseries.xmlformat.layout import Document, appended_order, relocate

__all__ = ["StreamSource", "encode_blocks", "segment", "write_streams"]

_WORD = np.dtype("<u8")
_LEAST, _MOST = 1 << 21, 1 << 23
_SERIAL = 1 << 20
"""Bytes of a file below which threads cost more than they bring."""


class StreamSource(Protocol):
    """Gives the compressed blocks of the arrays of one step."""

    def streams(self, array: ArrayPlan, first: int, stop: int) -> list[bytes]:
        """Give the streams of some blocks; called from several threads at a time."""


@dataclass(frozen=True)
class _Array:
    """An array in the order of the file: planned, or constant geometry."""

    nbytes: int
    block: int
    step: int
    plan: ArrayPlan | None = None
    values: np.ndarray | None = None

    @property
    def blocks(self) -> int:
        return -(-self.nbytes // self.block)


def segment(array: ArrayPlan) -> int:
    """Give how many blocks are put together and encoded at a time: whole planes where possible, 2 to 8 MiB."""
    plane = array.nbytes // max(array.shape[0], 1)
    # Few, so that streams are in the processor's cache when they are written. At least 16 planes where values must be
    # moved, as far as memory is no matter: transposing fewer reads each cache line more than once.
    together = _LEAST if _in_order_of_file(array) else min(max(_LEAST, 16 * plane), _MOST)
    blocks = max(1, together // array.block)
    whole = plane // array.block if plane % array.block == 0 else 1
    return blocks // whole * whole or blocks


def _in_order_of_file(array: ArrayPlan) -> bool:
    roles = [role for role in array.sources[0].roles if role != "time"]
    return len(array.sources) == 1 and roles == sorted(roles, key="zyxc".index)


def encode_blocks(data: memoryview, block: int, method: Codec) -> list[bytes]:
    """Give the streams of bytes that begin with a block."""
    return [method.encode(data[at : at + block]) for at in range(0, len(data), block)]


def write_streams(
    fd: int, part: PartPlan, document: Document, method: Codec, source: StreamSource
) -> tuple[Document, int]:
    """Write all arrays of a file, compressed, coordinates first.

    Parameters
    ----------
    fd : int
    part : PartPlan
    document : Document
        Without offsets.
    method : Codec
    source : StreamSource

    Returns
    -------
    Document
        With offsets.
    int
        Where the last stream ends in the file.
    """
    arrays = _all_arrays(part)
    jobs = [
        (array, at, min(at + array.step, array.blocks)) for array in arrays for at in range(0, array.blocks, array.step)
    ]

    def encode(job: tuple[_Array, int, int]) -> list[bytes]:
        array, first, stop = job
        if array.plan is not None:
            return source.streams(array.plan, first, stop)
        data = memoryview(array.values).cast("B")  # type: ignore[arg-type]
        return encode_blocks(data[first * array.block : stop * array.block], array.block, method)

    small = sum(array.nbytes for array in arrays) < _SERIAL
    encoded = map(encode, jobs) if small else in_order(encode, jobs)
    offsets, position = [], part.room
    for array in arrays:
        offsets.append(position - part.room)
        table = position
        position += (TABLE_HEAD + array.blocks) * _WORD.itemsize
        sizes: list[int] = []
        for streams in islice(encoded, -(-array.blocks // array.step)):
            position = write_all_at(fd, position, streams)
            sizes += map(len, streams)
        write_at(fd, table, render_table(array.nbytes, array.block, sizes, _WORD))
    return relocate(document, dict(zip(appended_order(document), offsets, strict=True))), position


def _all_arrays(part: PartPlan) -> list[_Array]:
    """Give the arrays in the order of their places in an uncompressed file, which is that of a compressed one."""
    found = []
    for position, values in part.constants:
        block = block_size(values.nbytes, values.itemsize)
        found.append((position, _Array(values.nbytes, block, max(1, _LEAST // block), values=values)))
    found += [(a.position, _Array(a.nbytes, a.block, segment(a), plan=a)) for a in part.arrays]
    return [array for _, array in sorted(found, key=lambda item: item[0])]
