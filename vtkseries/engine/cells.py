"""The cells of a file of any writer: their points, where each ends, and VTK's types."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from vtkseries.engine.gridfile import Source
from vtkseries.engine.lazy import outer
from vtkseries.engine.meshfile import lengths, read_flat
from vtkseries.errors import FormatError
from vtkseries.xmlformat.counts import CELL_SECTIONS

if TYPE_CHECKING:
    from vtkseries.engine.gridfile import GridFile
    from vtkseries.engine.series import Series

    Array = np.ndarray[Any, Any]

__all__ = ["CELL_DTYPES", "CellsArray", "all_cells", "node_total"]

CELL_DTYPES: dict[str, np.dtype[Any]] = {
    "connectivity": np.dtype("i8"),
    "offsets": np.dtype("i8"),
    "types": np.dtype("u1"),
}
_FEW = {"Verts": {1: 1}, "Lines": {2: 3}, "Polys": {3: 5, 4: 9}, "Strips": {}}
_MANY = {"Verts": 2, "Lines": 4, "Polys": 7, "Strips": 6}


def node_total(grid: GridFile) -> int:
    """Give how many points all cells of a file name together."""
    return sum(sum(lengths(grid, tag, "connectivity")) for tag in _sections(grid))


def _sections(grid: GridFile) -> list[str]:
    """Name the sections of a file that have cells."""
    found = []
    for tag in CELL_SECTIONS[grid.kind]:
        counts = [dict(piece.attributes).get(f"NumberOf{tag}", "0") for piece in grid.header.document.pieces]
        if any(int(count or 0) for count in counts):
            found.append(tag)
    return found


@lru_cache(maxsize=1)
def all_cells(grid: GridFile) -> dict[str, Array]:
    """Give connectivity, offsets and types of all cells, held against each other.

    Raises
    ------
    FormatError
        Offsets do not rise to the number of the cells' points, or a point is not there.
    """
    nodes, ends, types, last = [np.empty(0, "i8")], [np.empty(0, "i8")], [np.empty(0, "u1")], 0
    for source in grid.sources:
        first, stop = source.box[:2]
        box = (0, stop - first, 0, 0, 0, 0)
        piece = replace(grid, whole=box, sources=(Source(box, source.piece),))
        for tag in _sections(grid):
            own, sizes = _flat(piece, tag)
            nodes.append(own + first)
            ends.append(np.cumsum(sizes) + last)
            last += len(own)
            types.append(_types(piece, tag, sizes))
    return {"connectivity": np.concatenate(nodes), "offsets": np.concatenate(ends), "types": np.concatenate(types)}


def _flat(grid: GridFile, tag: str) -> tuple[Array, Array]:
    nodes = read_flat(grid, tag, "connectivity")[:, 0].astype(np.int64, copy=False)
    ends = read_flat(grid, tag, "offsets")[:, 0].astype(np.int64, copy=False)
    sizes = np.diff(ends, prepend=0)
    if (len(sizes) and int(sizes.min()) < 0) or (int(ends[-1]) if len(ends) else 0) != len(nodes):
        raise FormatError(f"{grid.path}: the offsets of its {tag} do not rise to the {len(nodes)} points of its cells")
    if len(nodes) and not 0 <= int(nodes.min()) <= int(nodes.max()) < grid.points[2]:
        raise FormatError(
            f"{grid.path}: its {tag} name the points {nodes.min()} to {nodes.max()}, of which it has {grid.points[2]}"
        )
    return nodes, sizes


def _types(grid: GridFile, tag: str, sizes: Array) -> Array:
    if tag == "Cells":
        return read_flat(grid, tag, "types")[:, 0].astype(np.uint8)
    found = np.full(len(sizes), _MANY[tag], np.uint8)
    for size, kind in _FEW[tag].items():
        found[sizes == size] = kind
    return found


class CellsArray(BackendArray):
    """Connectivity, offsets or types of the cells of each step.

    Parameters
    ----------
    series : Series
    part : int
        Of the series.
    what : {"connectivity", "offsets", "types"}
    counts : tuple of int
        Values of each step.
    ragged : bool
        The steps lie one after the other along the only dim; else they all have as many, and a dim of their own.
    """

    def __init__(self, series: Series, part: int, what: str, counts: tuple[int, ...], *, ragged: bool) -> None:
        self.series = series
        self.part = part
        self.what = what
        self.counts = counts
        self.ragged = ragged
        single = series.times is None
        self.shape = counts if single else (sum(counts),) if ragged else (len(counts), counts[0])
        self.dtype = CELL_DTYPES[what]

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> Array:
        if len(self.shape) == 1:
            found = np.concatenate([self._step(step) for step in range(len(self.counts))])
            return np.asarray(found[key[0]])
        steps = np.atleast_1d(np.arange(self.shape[0])[key[0]])
        rows = (
            np.stack([self._step(int(step)) for step in steps])
            if len(steps)
            else np.empty((0, self.shape[1]), self.dtype)
        )
        index = 0 if isinstance(key[0], int | np.integer) else slice(None)
        return np.asarray(rows[outer((index, key[1]), rows.shape)])

    def _step(self, step: int) -> Array:
        grid = self.series.grid(step, self.part)
        values = all_cells(grid)[self.what]
        if len(values) != self.counts[step]:
            raise FormatError(f"{grid.path}: it has {len(values)} values of {self.what}, not {self.counts[step]}")
        return values
