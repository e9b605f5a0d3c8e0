"""Points and cells that a ``.pvtu`` or ``.pvtp`` puts together from the files of its pieces, without their ghosts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from vtkseries.engine.cells import CELL_DTYPES, all_cells
from vtkseries.engine.lazy import outer
from vtkseries.engine.meshfile import cell_total, point_total, read_flat
from vtkseries.engine.values import check_arrays
from vtkseries.errors import FormatError

if TYPE_CHECKING:
    from vtkseries.engine.gridfile import GridFile
    from vtkseries.engine.series import Series

    Array = np.ndarray[Any, Any]

__all__ = ["PiecesArray", "cells_of", "count_cells", "count_points", "files_of"]

_GHOSTS = "vtkGhostType"
_DUPLICATE = 1


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """Which points and cells of a piece are its own, and its cells with these points' numbers."""

    points: Array
    cells: Array
    found: dict[str, Array]


def files_of(grid: GridFile) -> list[GridFile]:
    """Give the files that have the points and cells: the file itself, or those of its pieces.

    Raises
    ------
    FormatError
        A piece is damaged, or there twice.
    """
    if not grid.parallel:
        return [grid]
    found = [grid.other(source) for source in grid.sources]
    paths = [piece.path for piece in found]
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise FormatError(f"{grid.path}: two of its pieces are {twice}")
    return found


def count_points(grid: GridFile) -> int:
    """Give the number of points."""
    return (
        sum(len(piece.points) for piece in _kept(grid)) if _has_ghosts(grid) else sum(map(point_total, files_of(grid)))
    )


def count_cells(grid: GridFile) -> int:
    """Give the number of cells."""
    return sum(len(piece.cells) for piece in _kept(grid)) if _has_ghosts(grid) else sum(map(cell_total, files_of(grid)))


def cells_of(grid: GridFile) -> dict[str, Array]:
    """Give connectivity, offsets and types of all cells, held against each other.

    Raises
    ------
    FormatError
        Offsets do not rise to the number of the cells' points, or a point is not there.
    """
    if not grid.parallel:
        return all_cells(grid)
    parts: dict[str, list[Array]] = {name: [np.empty(0, dtype)] for name, dtype in CELL_DTYPES.items()}
    points = nodes = 0
    for piece in _kept(grid):
        parts["connectivity"].append(piece.found["connectivity"] + points)
        parts["offsets"].append(piece.found["offsets"] + nodes)
        parts["types"].append(piece.found["types"])
        points, nodes = points + len(piece.points), nodes + len(piece.found["connectivity"])
    return {name: np.concatenate(part) for name, part in parts.items()}


def _has_ghosts(grid: GridFile) -> bool:
    told = (array.name for tag in ("PointData", "CellData") for array in grid.arrays(tag))
    return grid.parallel and _GHOSTS in told


@lru_cache(maxsize=2)
def _kept(grid: GridFile) -> list[_Kept]:
    """Give what each piece owns: its cells that are no copies, and their points with those that are none."""
    found = []
    for piece in files_of(grid):
        check_arrays(piece)
        cells = all_cells(piece)
        nodes, sizes = cells["connectivity"], np.diff(cells["offsets"], prepend=0)
        own_cells = ~_copies(grid, piece, "CellData", len(sizes))
        own = ~_copies(grid, piece, "PointData", point_total(piece))
        nodes = nodes[np.repeat(own_cells, sizes)]
        own[nodes] = True  # a cell of its own may have points that others own
        at = {
            "connectivity": (np.cumsum(own) - 1)[nodes],
            "offsets": np.cumsum(sizes[own_cells]),
            "types": cells["types"][own_cells],
        }
        found.append(_Kept(np.flatnonzero(own), np.flatnonzero(own_cells), at))
    return found


def _copies(grid: GridFile, piece: GridFile, tag: str, count: int) -> Array:
    if not count or all(array.name != _GHOSTS for array in grid.arrays(tag)):
        return np.zeros(count, bool)
    values = read_flat(piece, tag, _GHOSTS)
    if values.shape != (count, 1) or values.dtype != np.dtype("u1"):
        raise FormatError(f"{piece.path}: its {_GHOSTS} of {tag} is {values.dtype} of the shape {values.shape}")
    return np.asarray(values[:, 0] & _DUPLICATE != 0)


class PiecesArray(BackendArray):
    """Values of the points or cells that files of pieces have together, step by step.

    Parameters
    ----------
    series : Series
    part : int
        Of the series.
    tag : {"PointData", "CellData", "Points", "Cells"}
    name : str
        Of the array; of cells, ``"connectivity"``, ``"offsets"`` or ``"types"``.
    counts : tuple of int
        Values of each step.
    components : tuple of int
        ``(first, number)``; a number of 0 is one without a dim of its own.
    dtype : dtype
    ragged : bool
        The steps lie one after the other along the first dim; else they have a dim of their own.
    """

    def __init__(
        self,
        series: Series,
        part: int,
        tag: str,
        name: str,
        counts: tuple[int, ...],
        components: tuple[int, int],
        dtype: np.dtype,
        *,
        ragged: bool,
    ) -> None:
        self.series, self.part, self.tag, self.name = series, part, tag, name
        self.counts, self.components, self.dtype = counts, components, dtype
        self.flat = ragged or series.times is None
        shape = (sum(counts),) if self.flat else (len(counts), counts[0])
        self.shape = (*shape, *components[1:]) if components[1] else shape

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> Array:
        if self.flat:
            found = np.concatenate([self._step(step) for step in range(len(self.counts))])
            return np.asarray(found[outer(key, found.shape)])
        steps = np.atleast_1d(np.arange(self.shape[0])[key[0]]).tolist()
        rows = np.empty((len(steps), *self.shape[1:]), self.dtype)
        for row, step in zip(rows, steps, strict=True):
            row[...] = self._step(step)
        index = 0 if isinstance(key[0], int | np.integer) else slice(None)
        return np.asarray(rows[outer((index, *key[1:]), rows.shape)])

    def _step(self, step: int) -> Array:
        grid = self.series.grid(step, self.part)
        first, count = self.components
        values = cells_of(grid)[self.name][:, None] if self.tag == "Cells" else self._values(grid)
        if len(values) != self.counts[step]:
            raise FormatError(f"{grid.path}: it has {len(values)} values of {self.name}, not {self.counts[step]}")
        if values.shape[1] < first + count or np.promote_types(values.dtype, self.dtype) != self.dtype:
            raise FormatError(f"{grid.path}: {self.name[:200]!r} is {values.dtype} of {values.shape[1]} components")
        return values[:, first : first + count] if count else values[:, first]

    def _values(self, grid: GridFile) -> Array:
        """Give the values of all pieces that are no copies."""
        kept = _kept(grid) if _has_ghosts(grid) else None
        parts = []
        for number, piece in enumerate(files_of(grid)):
            if point_total(piece):
                wanted = None if kept is None else kept[number].cells if self.tag == "CellData" else kept[number].points
                array = next(
                    (a.name for a in piece.arrays(self.tag) if self.tag == "Points" or a.name == self.name), ""
                )
                parts.append(read_flat(piece, self.tag, array or self.name, wanted))
        if len({part.shape[1] for part in parts}) > 1 or len({part.dtype for part in parts}) > 1:
            raise FormatError(f"{grid.path}: array {self.name[:200]!r} differs from piece to piece")
        return np.concatenate(parts) if parts else np.empty((0, max(sum(self.components), 1)), self.dtype)
