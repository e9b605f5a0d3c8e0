"""The points of faces and edges, as UGRID has them, from the cells of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from vtkseries.engine.lazy import outer
from vtkseries.engine.meshfile import cell_total, read_flat
from vtkseries.errors import FormatError
from vtkseries.storage.guard import naming

if TYPE_CHECKING:
    from vtkseries.engine.gridfile import GridFile
    from vtkseries.engine.series import Series

    Array = np.ndarray[Any, Any]

__all__ = ["PADDED", "FacesArray", "connectivity", "flat_cells", "padded", "too_wide"]

PADDED = 64
"""Places to each point of a face that a matrix of faces may have: others of many cells would ask for any memory."""


def too_wide(cells: int, width: int, nodes: int) -> bool:
    """Tell whether a matrix of cells and their points is nearly empty."""
    return cells * width > PADDED * nodes + 4096


def padded(nodes: Array, sizes: Array, width: int, fill: Any, dtype: np.dtype) -> Array:
    """Give a row for each cell: its points, and the fill value after them."""
    found = np.full((len(sizes), width), fill, dtype)
    found[np.arange(width) < sizes[:, None]] = nodes
    return found


def connectivity(
    nodes: Array, sizes: Array, levels: int, count: int, code: dict[str, Any], dtype: np.dtype[Any]
) -> Array:
    """Give a connectivity variable again.

    Parameters
    ----------
    nodes, sizes : ndarray
        The points of all cells, and how many each has.
    levels : int
        Of prisms between which the faces are; 0 where these are the cells.
    count : int
        Points of a level.
    code : dict
        Width, first number, fill value, and whether cells are along the last dim.
    dtype : dtype

    Raises
    ------
    FormatError
        The cells are none that the code describes.
    """
    if levels:
        cells = len(sizes) // (levels - 1)
        sizes = sizes[:cells]
        layer = nodes[: int(sizes.sum())]
        within = np.arange(len(layer)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        nodes = layer[within < np.repeat(sizes // 2, sizes)]
        sizes = sizes // 2
    width, fill = int(code["width"]), code["fill"]
    if too_wide(len(sizes), width, len(nodes)) or (len(sizes) and int(sizes.max()) > width):
        raise FormatError(f"its {len(sizes)} cells are no matrix of {width} columns")
    if len(nodes) and int(nodes.max()) >= count:
        raise FormatError(f"its cells name the point {nodes.max()} of {count}")
    try:
        value = np.nan if fill == "nan" else np.array(0 if fill is None else fill, dtype)[()]
        found = padded(nodes + int(code["start"]), sizes, width, value, dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"the fill value {fill!r} of its cells is none of {dtype}") from error
    return found.T if code["across"] else found


class FacesArray(BackendArray):
    """A connectivity variable.

    Parameters
    ----------
    series : Series
    part : int
        Of the series.
    levels : int
        Of prisms between which the faces are; 0 where these are the cells.
    nodes : int
        Points of a level.
    code : dict
        Width, first number, fill value, and whether cells are along the last dim.
    shape : tuple of int
    dtype : dtype
    """

    def __init__(
        self,
        series: Series,
        part: int,
        levels: int,
        nodes: int,
        code: dict[str, Any],
        shape: tuple[int, ...],
        dtype: np.dtype,
    ) -> None:
        self.series = series
        self.part = part
        self.levels = levels
        self.nodes = nodes
        self.shape = shape
        self.dtype = dtype
        grid = series.grid(0, part)
        try:
            self.width, self.start = int(code["width"]), int(code["start"])
            self.fill, self.across = code["fill"], bool(code["across"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise FormatError(f"{grid.path}: what it says of its faces lacks {error}") from error
        cells, width = shape[::-1] if self.across else shape
        layers = max(levels - 1, 1)
        if cell_total(grid) != cells * layers or width != self.width or dtype.kind not in "iuf":
            raise FormatError(f"{grid.path}: it has {cell_total(grid)} cells, not {cells} in {layers} layers")
        if too_wide(cells, width, grid.end):
            raise FormatError(f"{grid.path}: {cells} cells of {width} points are more than it can hold")

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> Array:
        grid = self.series.grid(0, self.part)
        nodes, sizes = flat_cells(grid)
        with naming(grid.path):
            code = {"width": self.width, "start": self.start, "fill": self.fill, "across": self.across}
            found = connectivity(nodes, sizes, self.levels, self.nodes, code, self.dtype)
        return np.asarray(found[outer(key, found.shape)])


def flat_cells(grid: GridFile) -> tuple[Array, Array]:
    """Give the points of all cells of an unstructured mesh, and how many each has, held against each other.

    Raises
    ------
    FormatError
        Offsets do not rise to the number of the cells' points, or a point is not there.
    """
    nodes = read_flat(grid, "Cells", "connectivity")[:, 0].astype(np.int64, copy=False)
    ends = read_flat(grid, "Cells", "offsets")[:, 0].astype(np.int64, copy=False)
    sizes = np.diff(ends, prepend=0)
    if len(grid.sources) > 1:
        raise FormatError(f"{grid.path}: its cells are in {len(grid.sources)} pieces")
    if (len(sizes) and int(sizes.min()) < 0) or (int(ends[-1]) if len(ends) else 0) != len(nodes):
        raise FormatError(f"{grid.path}: its offsets do not rise to the {len(nodes)} points of its cells")
    if len(nodes) and not 0 <= int(nodes.min()) <= int(nodes.max()) < grid.points[2]:
        raise FormatError(f"{grid.path}: its cells name the points {nodes.min()} to {nodes.max()} of {grid.points[2]}")
    return nodes, sizes
