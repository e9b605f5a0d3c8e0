"""Blocks of an array into their place in a file."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Protocol

import numpy as np

from vtkseries.storage.stepfile import write_at, write_rows

__all__ = ["Filler", "threads", "write_region"]

_SLAB = 1 << 22
"""Bytes that are put together at a time where values must be moved: about a core's share of the cache."""


class Filler(Protocol):
    """Gives the values of planes z of a block."""

    def whole(self) -> np.ndarray | None:
        """Give all values, C-contiguous, shape (z, y, x, c), where they are already there as the file has them."""

    def fill(self, buffer: np.ndarray, planes: slice, rows: slice, *, again: bool = False) -> None:
        """Put rows of planes into a buffer of shape (planes, y, x, c), which with `again` has other planes already."""

    @property
    def depth(self) -> int | None:
        """How many planes should be moved at a time, where memory runs across them."""


def write_region(
    fd: int,
    position: int,
    shape: tuple[int, int, int],
    start: tuple[int, int, int],
    count: tuple[int, int, int],
    dtype: np.dtype,
    components: int,
    values: Filler,
    *,
    parallel: bool = False,
) -> None:
    """Write a block to the part of an array that it covers, in runs as long as the file's order allows.

    Parameters
    ----------
    fd : int
    position : int
        Where the array's values begin in the file.
    shape, start, count : tuple of int
        Of the array, and of the block in it, along z, y and x.
    dtype : dtype
    components : int
        Values a point.
    values : Filler
    parallel : bool
        Move values in threads, where there are many: for callers that are no thread among others themselves.
    """
    whole = values.whole()
    if whole is not None:
        _write_planes(fd, position, shape, start, whole)
        return
    row = count[2] * components * dtype.itemsize
    planes, rows = _tile(count, row, values.depth)
    local = threading.local()

    def move(first: tuple[int, int]) -> None:
        z, y = first
        again = hasattr(local, "buffer") and rows == count[1]
        if not hasattr(local, "buffer"):
            local.buffer = np.empty((planes, rows, count[2], components), dtype)
        height = min(rows, count[1] - y)
        part = local.buffer[: min(planes, count[0] - z)]
        if height < rows:
            part = part.reshape(-1)[: len(part) * height * count[2] * components].reshape(-1, height, *part.shape[2:])
        values.fill(part, slice(z, z + len(part)), slice(y, y + height), again=again)
        _write_planes(fd, position, shape, (start[0] + z, start[1] + y, start[2]), part)

    cuts = list(product(range(0, count[0], planes), range(0, count[1], rows)))
    if parallel and len(cuts) > 1:
        with ThreadPoolExecutor(threads(), "vtkseries-write") as pool:
            list(pool.map(move, cuts))
    else:
        for first in cuts:
            move(first)


def _tile(count: tuple[int, int, int], row: int, depth: int | None) -> tuple[int, int]:
    """Give planes and rows that are moved at a time."""
    if depth is not None:
        planes = min(count[0], depth)
        return planes, min(count[1], max(1, _SLAB // max(1, planes * row)))
    plane = max(1, count[1] * row)
    # At least 16 planes, as far as memory is no matter, since few long writes are faster than many short ones.
    return min(count[0], max(1, _SLAB // plane, min(16, 4 * _SLAB // plane))), count[1]


def threads() -> int:
    """Give the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _write_planes(
    fd: int, position: int, shape: tuple[int, int, int], start: tuple[int, int, int], block: np.ndarray
) -> None:
    """Write a block in the stretches that lie together in the file: all at once, plane by plane, or row by row."""
    _, ny, nx = shape
    z, y, x = start
    bz, by, bx = block.shape[:3]
    point = block.itemsize * block.shape[3]
    first = position + ((z * ny + y) * nx + x) * point
    if bx == nx and by == ny:
        write_at(fd, first, block)
    elif bx == nx:
        for k in range(bz):
            write_at(fd, first + k * ny * nx * point, block[k])
    else:
        for k in range(bz):
            write_rows(fd, first + k * ny * nx * point, nx * point, block[k], bx * point)
