"""Virtual datasets: what an array of a grid takes from which part of which dataset, stage by stage.

A stage is one virtual dataset. Stages stack: files are joined, then each descending axis is turned, then components
are put side by side. A stack of small stages has as many maps as the axes have rows together; one dataset that does
all at once would have as many as their product, and HDF5 walks all maps of a dataset at every read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Map", "Ref", "Stage", "flipped", "joined", "repeated", "side_by_side"]

HERE = "."
"""What HDF5 calls the file that a virtual dataset itself is in."""


@dataclass(frozen=True)
class Ref:
    """A dataset that is there, or will be.

    Attributes
    ----------
    file : str
        Relative to the link, or ``"."``.
    name : str
        Its path in the file.
    shape : tuple of int
    """

    file: str
    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Map:
    """Equal boxes, in number and order of values, of a virtual dataset and of a source."""

    start: tuple[int, ...]
    count: tuple[int, ...]
    source: Ref
    source_start: tuple[int, ...]
    source_count: tuple[int, ...]


@dataclass(frozen=True)
class Stage:
    """A virtual dataset to be made.

    Attributes
    ----------
    shape : tuple of int
    maps : tuple of Map
    """

    shape: tuple[int, ...]
    maps: tuple[Map, ...]


def _box(shape: tuple[int, ...], **fixed: tuple[int, int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Give start and count of the whole of `shape`, but for axes given as ``a3=(start, count)``."""
    start, count = [0] * len(shape), list(shape)
    for axis, (first, many) in fixed.items():
        start[int(axis[1:])], count[int(axis[1:])] = first, many
    return tuple(start), tuple(count)


def joined(sources: Sequence[tuple[Ref, int]], time_axis: int | None, kept: Sequence[int], steps: int) -> Stage:
    """Put the steps of several files behind each other, time first, without axes of size 1.

    Parameters
    ----------
    sources : sequence of (Ref, int)
        A file's dataset, and the steps that it stands for; its time axis may be shorter, the rest stays empty.
    time_axis : int or None
        Which axis of the sources is time; None where each is one step.
    kept : sequence of int
        The other axes of the sources that the array has, in order.
    steps : int
        All steps; the array of a single step has no time axis.
    """
    space = tuple(sources[0][0].shape[axis] for axis in kept)
    shape = (steps, *space) if steps > 1 else space
    maps = []
    at = 0
    for source, many in sources:
        there = 1 if time_axis is None else min(many, source.shape[time_axis])
        whole = time_axis in (None, 0)
        cuts = [(0, there)] if whole and there else [(k, 1) for k in range(there)]
        for first, count in cuts:
            fixed = {} if time_axis is None else {f"a{time_axis}": (first, count)}
            box = _box(source.shape, **fixed)
            target = _box(shape, a0=(at + first, count)) if steps > 1 else _box(shape)
            maps.append(Map(*target, source, *box))
        at += many
    return Stage(shape, tuple(maps))


def repeated(source: Ref, steps: int) -> Stage:
    """Give every step the same values."""
    shape = (steps, *source.shape)
    box = _box(source.shape)
    return Stage(shape, tuple(Map(*_box(shape, a0=(k, 1)), source, *box) for k in range(steps)))


def flipped(source: Ref, axis: int, *, turn: bool = True) -> Stage:
    """Turn an axis round, one map a row of it; or, without `turn`, only cut it into such rows.

    Cutting has a use: reads then go plane by plane, and each plane's chunks stay in HDF5's small cache while its rows
    are turned.
    """
    size = source.shape[axis]
    rows = [
        (_box(source.shape, **{f"a{axis}": (row, 1)}), _box(source.shape, **{f"a{axis}": (other, 1)}))
        for row in range(size)
        for other in [size - 1 - row if turn else row]
    ]
    return Stage(source.shape, tuple(Map(*target, source, *box) for target, box in rows))


def side_by_side(components: Sequence[tuple[Ref, int | None]]) -> Stage:
    """Put components side by side along a new last axis.

    Parameters
    ----------
    components : sequence of (Ref, int or None)
        A component's values; or those of several along an axis that is cut, as (Ref, axis).
    """
    first, axis = components[0]
    if axis is not None:
        space = tuple(n for i, n in enumerate(first.shape) if i != axis)
        refs = [(first, axis, k) for k in range(first.shape[axis])] + [(r, None, 0) for r, _ in components[1:]]
    else:
        space = first.shape
        refs = [(ref, None, 0) for ref, _ in components]
    shape = (*space, len(refs))
    last = f"a{len(space)}"
    maps = []
    for number, (ref, cut, index) in enumerate(refs):
        box = _box(ref.shape, **({} if cut is None else {f"a{cut}": (index, 1)}))
        maps.append(Map(*_box(shape, **{last: (number, 1)}), ref, *box))
    return Stage(shape, tuple(maps))


def missing_value(dtype: np.dtype) -> float | int:
    """Give what stands where a source is gone: NaN, or the largest integer."""
    return float("nan") if dtype.kind == "f" else int(np.iinfo(dtype).max)
