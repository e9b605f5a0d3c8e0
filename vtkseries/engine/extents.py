"""Extents of pieces: whether they make up a whole, and where they lie in it."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from vtkseries.errors import FormatError
from vtkseries.xmlformat.parse import box_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vtkseries.xmlformat.parse import Box

__all__ = ["cell_shape", "check_tiling", "without_ghosts"]

_MOST_TILES = 2**22
_MOST_GHOSTS = 64
"""Times that pieces with ghosts may hold the whole: those of one cell with a layer all around hold it 27 times."""


def cell_shape(points: tuple[int, int, int]) -> tuple[int, int, int]:
    """Give the cells of a grid with so many points; an axis with one point counts as one cell, with none as none."""
    nz, ny, nx = (max(n - 1, 1) for n in points)
    return (nz, ny, nx) if min(points) else (0, 0, 0)


def check_tiling(whole: Box, pieces: Sequence[Box], *, cells: bool, ghosts: bool = False) -> None:
    """Refuse pieces that leave holes or overlap.

    Pieces share the planes of points where they touch, or, where there are no cell data, leave one cell between them.

    Parameters
    ----------
    whole : Box
    pieces : sequence of Box
        Those that have points.
    cells : bool
        Whether there are cell data.
    ghosts : bool
        Whether pieces may overlap, since they hold copies of what others own.

    Raises
    ------
    FormatError
        A piece lies outside, two overlap, or a part of the whole has none.
    """
    for piece in pieces:
        if any(piece[2 * a] < whole[2 * a] or piece[2 * a + 1] > whole[2 * a + 1] for a in range(3)):
            raise FormatError(f"the piece {_text(piece)} lies outside the whole extent {_text(whole)}")
    if list(pieces) == [whole]:
        return
    if not min(box_shape(whole)):
        if pieces:
            raise FormatError(f"there are pieces of the empty extent {_text(whole)}")
        return
    fault = _fault(*_as_cells(whole, pieces), ghosts=ghosts)
    if fault and not cells:
        fault = _fault(*_as_points(whole, pieces), ghosts=ghosts) and fault
    if fault:
        raise FormatError(f"the pieces of {_text(whole)} {fault}")


def without_ghosts(whole: Box, piece: Box, level: int) -> Box:
    """Give what a piece owns: without the layers that it has of its neighbours, where it does not end the whole.

    Examples
    --------
    >>> without_ghosts((0, 8, 0, 5, 0, 0), (1, 8, 0, 3, 0, 0), 1)
    (2, 8, 0, 2, 0, 0)
    """
    cut = [
        piece[end] if piece[end] == whole[end] else piece[end] + (level if end % 2 == 0 else -level) for end in range(6)
    ]
    # What is cut away wholly is one plane of points, which holds no cells.
    return tuple(cut[end] if end % 2 == 0 else max(cut[end], cut[end - 1]) for end in range(6))  # type: ignore[return-value]


def _text(box: Box) -> str:
    return repr(" ".join(map(str, box)))


Spans = list[tuple[tuple[int, int], ...]]


def _as_cells(whole: Box, pieces: Sequence[Box]) -> tuple[Spans, tuple[int, ...]]:
    """Give half-open spans of cells; an axis on which the whole is flat has one layer."""
    flat = [whole[2 * a] == whole[2 * a + 1] for a in range(3)]
    spans = [
        tuple((0, 1) if flat[a] else (b[2 * a] - whole[2 * a], b[2 * a + 1] - whole[2 * a]) for a in range(3))
        for b in pieces
    ]
    return spans, tuple(1 if flat[a] else whole[2 * a + 1] - whole[2 * a] for a in range(3))


def _as_points(whole: Box, pieces: Sequence[Box]) -> tuple[Spans, tuple[int, ...]]:
    spans = [tuple((b[2 * a] - whole[2 * a], b[2 * a + 1] - whole[2 * a] + 1) for a in range(3)) for b in pieces]
    return spans, tuple(whole[2 * a + 1] - whole[2 * a] + 1 for a in range(3))


def _fault(spans: Spans, shape: tuple[int, ...], *, ghosts: bool) -> str | None:
    """Say what is wrong with boxes that should make up a whole of this shape."""
    volume = sum(prod(stop - start for start, stop in box) for box in spans)
    if volume < prod(shape):
        return "leave holes"
    if volume > prod(shape) * (_MOST_GHOSTS if ghosts else 1):
        return "overlap"
    # Of the right size together, they make up the whole if no two overlap: fill the tiles between all their borders.
    borders = [sorted({edge for box in (*spans, [(0, n) for n in shape]) for edge in box[a]}) for a in range(3)]
    counts = [max(len(b) - 1, 0) for b in borders]
    if prod(counts) > _MOST_TILES:
        return "are cut too irregularly to be read"
    numbers = [{edge: i for i, edge in enumerate(b)} for b in borders]
    filled = np.zeros(counts, bool)
    for box in spans:
        tiles = filled[tuple(slice(numbers[a][start], numbers[a][stop]) for a, (start, stop) in enumerate(box))]
        if tiles.any() and not ghosts:
            return "overlap"
        tiles[...] = True
    return None if filled.all() else "leave holes"
