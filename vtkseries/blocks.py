"""Blocks of variables as a file's array has them: by name to z, y, x, converted, components side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vtkseries.plan.model import ArrayPlan, Component, to_target
from vtkseries.storage.regions import write_region
from vtkseries.storage.strips import Move, depth, rearrange

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BlockBytes", "BlockValues", "block_values", "write_block"]

_PLANE = 1 << 22
"""Bytes of a plane above which its rows are put together a few at a time."""


@dataclass(frozen=True)
class BlockValues:
    """The values of one block of an array at one time step.

    Attributes
    ----------
    array : ArrayPlan
    count : tuple of int
        The block's points along z, y and x.
    parts : sequence of (Component, ndarray)
        Views of shape (z, y, x, c), of size 1 where a component does not have an axis.
    """

    array: ArrayPlan
    count: tuple[int, int, int]
    parts: Sequence[tuple[Component, np.ndarray]]

    def whole(self) -> np.ndarray | None:
        """Give the values without copying, where they are as the file has them; otherwise None."""
        if len(self.parts) != 1:
            return None
        component, view = self.parts[0]
        if view.shape != (*self.count, self.array.components):
            return None
        values = component.conversion.view(view)
        return values if values is not None and values.flags.c_contiguous else None

    def fill(self, buffer: np.ndarray, planes: slice, rows: slice = slice(None), *, again: bool = False) -> None:
        """Put the values of some planes, and of some of their rows, into a buffer of shape (planes, y, x, c).

        With `again` the buffer has other planes' values, of which those that are the same in every plane stay.
        """
        moves, filled = list[Move](), 0
        for component, view in self.parts:
            width = view.shape[3]
            filled = max(filled, component.first + width)
            if again and view.shape[0] == 1:
                continue
            part = view if view.shape[0] == 1 else view[planes]
            part = part if part.shape[1] == 1 else part[:, rows]
            moves.append((component.conversion.put, part, buffer[..., component.first : component.first + width]))
        if moves:
            rearrange(moves)
        if filled < self.array.components and not again:
            buffer[..., filled:] = 0

    @property
    def depth(self) -> int | None:
        """How many planes should be moved at a time, where memory runs across them; None where it does not."""
        return next((many for _, view in self.parts if (many := depth(view)) is not None), None)


@dataclass(frozen=True)
class BlockBytes:
    """The bytes of a block in the file's order, any stretch of them."""

    values: BlockValues

    def read(self, start: int, stop: int) -> memoryview:
        """Give the bytes from `start` to `stop`, copied only where values must be moved."""
        whole = self._whole
        if whole is not None:
            return whole[start:stop]
        if stop <= start:
            return memoryview(b"")
        _, ny, nx = self.values.count
        row = nx * self.values.array.components * np.dtype(self.values.array.dtype).itemsize
        if ny * row <= _PLANE:
            return self._planes(start, stop, ny * row)
        first, last = start // (ny * row), (stop - 1) // (ny * row)
        if first == last:
            return self._rows(first, start - first * ny * row, stop - first * ny * row, row)
        parts = [self.read(max(start, k * ny * row), min(stop, (k + 1) * ny * row)) for k in range(first, last + 1)]
        return memoryview(b"".join(parts))

    @cached_property
    def _whole(self) -> memoryview | None:
        whole = self.values.whole()
        if whole is None:
            return None
        return memoryview(whole.reshape(-1).view("u1"))  # type: ignore[arg-type]

    def _planes(self, start: int, stop: int, plane: int) -> memoryview:
        first, last = start // plane, -(-stop // plane)
        _, ny, nx = self.values.count
        buffer = np.empty((last - first, ny, nx, self.values.array.components), self.values.array.dtype)
        self.values.fill(buffer, slice(first, last))
        return memoryview(buffer.reshape(-1).view("u1"))[start - first * plane : stop - first * plane]  # type: ignore[arg-type]

    def _rows(self, plane: int, start: int, stop: int, row: int) -> memoryview:
        first, last = start // row, -(-stop // row)
        nx = self.values.count[2]
        buffer = np.empty((1, last - first, nx, self.values.array.components), self.values.array.dtype)
        self.values.fill(buffer, slice(plane, plane + 1), slice(first, last))
        return memoryview(buffer.reshape(-1).view("u1"))[start - first * row : stop - first * row]  # type: ignore[arg-type]


def block_values(
    array: ArrayPlan, count: tuple[int, int, int], blocks: Sequence[np.ndarray], step: int | None
) -> BlockValues:
    """Give one block of an array at one time step, of the blocks of its variables (see :func:`write_block`)."""
    parts = []
    for component, block in zip(array.sources, blocks, strict=True):
        view = to_target(block, component)
        parts.append((component, view[step if step is not None and "time" in component.roles else 0]))
    return BlockValues(array, count, parts)


def write_block(
    fd: int,
    array: ArrayPlan,
    start: tuple[int, int, int],
    count: tuple[int, int, int],
    blocks: Sequence[np.ndarray],
    step: int | None,
    *,
    parallel: bool = False,
) -> None:
    """Write one block of an array, of one time step, to its place.

    Parameters
    ----------
    fd : int
        The step's file.
    array : ArrayPlan
    start, count : tuple of int
        Where the block lies in the array, along z, y and x.
    blocks : sequence of ndarray
        One a component, with the dims of its variable.
    step : int or None
        Which of the blocks' time steps; None where they have no time dim.
    parallel : bool
        Move values in threads.
    """
    if 0 in count:
        return  # of a block of which a mask has left nothing
    values = block_values(array, count, blocks, step)
    dtype = np.dtype(array.dtype)
    write_region(fd, array.position, array.shape, start, count, dtype, array.components, values, parallel=parallel)
