"""Values from one order of memory to another, so much at a time as stays in a processor's caches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Move", "depth", "rearrange"]

Array = npt.NDArray[Any]
Put = Callable[[Array, Array], None]
Move = tuple[Put, Array, Array]
"""A function, the values that it takes, and where it puts them: both along z, y, x, and perhaps components."""

_STRETCH = 1 << 20
"""Bytes that are put in their places at a time where memory has their order already."""

_TURNED = 1 << 17
"""The least bytes of a component that are put in their places at a time where it has not."""

_PLACES = 512
"""Places from which lines are then taken in turn: as many as a first cache holds lines."""

_RUN = 1 << 12
"""Bytes that are taken from one place, line by line: the longer, the sooner the processor sees what comes next."""

_LINES = 256
"""Bytes that are taken from one place where lines push each other out of a cache, or where a buffer must be short."""

_COLUMNS = 512
"""Values of a row that are put in their places at a time."""

_CACHE = 1 << 16
"""Bytes after which addresses fall on the same places of a second cache again, each of which holds eight lines."""

_AXES = 3
_X = 2

_Held = dict[tuple[np.dtype[Any], int, tuple[int, ...]], Array]


def rearrange(moves: Sequence[Move]) -> None:
    """Put values in their places, strip by strip, so that what belongs together is written while it is in the cache.

    Of memory in another order, whole cache lines are taken from as many places as a cache holds. Where these are powers
    of two apart it holds few of them, so that they are first copied to one place.

    Parameters
    ----------
    moves : sequence of Move
        Places of one shape; values have it too, or size 1 along an axis.
    """
    shape = moves[0][2].shape
    item = sum(_item(target) for _, _, target in moves)
    turned = [source for _, source, _ in moves if _fast(source) not in (None, _X)]
    size = _turned(shape, turned[0]) if turned else _straight(shape, item)
    held: _Held = {}
    steps = [(put, source, target, _Near(source, held) if _collides(source) else None) for put, source, target in moves]
    for strip in _cut(shape, size):
        for put, source, target, near in steps:
            part = source[tuple(slice(None) if n == 1 else s for n, s in zip(source.shape, strip, strict=False))]
            put(part if near is None else near.fetch(part), target[strip])


def depth(source: Array) -> int | None:
    """Give how many planes should be moved at a time, where memory runs across them; None where it does not."""
    return max(1, _LINES // source.itemsize) if _fast(source) == 0 else None


def _fast(source: Array) -> int | None:
    """Give which of z, y, x memory runs along; None where one value fills a row, which is in no order."""
    if source.shape[_X] == 1:
        return None
    steps = [(abs(source.strides[axis]), -axis) for axis in range(_AXES) if source.shape[axis] > 1]
    moving = [step for step in steps if step[0]]
    return -min(moving)[1] if moving else None


def _collides(source: Array) -> bool:
    """Tell whether the lines of memory that hold the values of a row push each other out of a cache."""
    step = abs(source.strides[_X])
    return _fast(source) not in (None, _X) and source.shape[_X] * min(step & -step, _CACHE) > 4 * _CACHE


def _item(array: Array) -> int:
    """Give the bytes of a point."""
    return prod(array.shape[_AXES:]) * array.itemsize


def _straight(shape: tuple[int, ...], item: int) -> tuple[int, int, int]:
    rows = _STRETCH // max(1, shape[_X] * item)
    planes = rows // max(1, shape[1])
    return (max(1, planes), max(1, rows), shape[_X] if rows else _STRETCH // item)


def _turned(shape: tuple[int, ...], source: Array) -> tuple[int, int, int]:
    fast = _fast(source) or 0
    run = _LINES if _collides(source) else _RUN
    along, columns = min(shape[fast], max(1, run // source.itemsize)), min(shape[_X], _COLUMNS)
    others = max(1, _PLACES // columns, _TURNED // max(1, along * columns * source.itemsize))
    return (along, others, columns) if fast == 0 else (others, along, columns)


def _cut(shape: tuple[int, ...], size: tuple[int, int, int]) -> Iterator[tuple[slice, ...]]:
    ranges = (range(0, n, max(1, step)) for n, step in zip(shape, size, strict=False))
    for start in product(*ranges):
        yield tuple(slice(a, a + step) for a, step in zip(start, size, strict=True))


class _Near:
    """Copies of parts of an array as they lie, but with rows an odd number of values apart."""

    def __init__(self, source: Array, held: _Held) -> None:
        self._order = sorted(range(source.ndim), key=lambda axis: -abs(source.strides[axis]))
        self._cut = self._order.index(_X) + 1
        self._back = sorted(range(source.ndim), key=self._order.__getitem__)
        self._held = held

    def fetch(self, part: Array) -> Array:
        lying = part.transpose(self._order)
        key = (lying.dtype, self._cut, lying.shape)
        held = self._held.get(key)
        if held is None:
            self._held[key] = held = self._room(lying)
        np.copyto(held, lying)
        return held.transpose(self._back)

    def _room(self, lying: Array) -> Array:
        inner = prod(lying.shape[self._cut :])
        rows = np.empty((prod(lying.shape[: self._cut]), inner + 1 + inner % 2), lying.dtype)
        return rows[:, :inner].reshape(lying.shape)
