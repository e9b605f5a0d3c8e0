# ruff: noqa: N802, N803  # PyEVTK's names and arguments
"""Points, lines and unstructured grids, from arrays: all are ``.vtu``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vtkseries.errors import SeriesError
from vtkseries.evtk.cells import VtkLine, VtkPolyLine, VtkVertex
from vtkseries.evtk.topology import check_cells, whole
from vtkseries.evtk.unstructured import cell_types_of, count, index_type, write_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vtkseries.evtk.arrays import Data
    from vtkseries.evtk.output import PathLike

__all__ = ["linesToVTK", "pointsToVTK", "polyLinesToVTK", "unstructuredGridToVTK"]


def pointsToVTK(
    path: PathLike,
    x: Any,
    y: Any,
    z: Any,
    data: Data | None = None,
    fieldData: Data | None = None,
    *,
    comments: Sequence[str] | None = None,
    compression: str | bool | None = None,
    compression_level: int | None = None,
) -> str:
    """Write points, each a cell of its own.

    Parameters
    ----------
    path : path-like
        Without the extension.
    x, y, z : array-like, shape (n,)
        Coordinates; any common shape is taken, x fastest.
    data : mapping, optional
        Arrays of one value a point; a tuple of three is a vector.
    fieldData : mapping, optional
        Arrays, numbers or texts that belong to the whole grid.
    comments : sequence of str, optional
        Kept as the field data array ``comments``.
    compression : {None, "zlib", "lz4", "lzma", True}
        True is zlib.
    compression_level : int, optional
        The method's own.

    Returns
    -------
    str
        The file's absolute path.

    Raises
    ------
    SeriesError
        An array has a wrong shape, or a dtype that VTK has not; no file is made.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     x = np.arange(5.0)
    ...     pointsToVTK(f"{directory}/drops", x, x, x, {"mass": x**2})[-9:]
    'drops.vtu'
    """
    n = count(x)
    offsets = np.arange(1, n + 1, dtype=index_type(n))
    cells = (np.arange(n, dtype=index_type(n)), offsets, cell_types_of(VtkVertex, n))
    options = (fieldData, comments, compression, compression_level)
    return write_cells(path, (x, y, z), cells, (None, data, "data"), options)


def linesToVTK(
    path: PathLike,
    x: Any,
    y: Any,
    z: Any,
    cellData: Data | None = None,
    pointData: Data | None = None,
    fieldData: Data | None = None,
    *,
    comments: Sequence[str] | None = None,
    compression: str | bool | None = None,
    compression_level: int | None = None,
) -> str:
    """Write line segments, each from one point to the next of a pair.

    Parameters
    ----------
    path : path-like
        Without the extension.
    x, y, z : array-like, shape (2 n,)
        Coordinates of the segments' ends.
    cellData : mapping, optional
        Arrays of one value a segment.
    pointData : mapping, optional
        Arrays of one value a point.
    fieldData, comments, compression, compression_level
        As for :func:`pointsToVTK`.

    Returns
    -------
    str
        The file's absolute path.

    Raises
    ------
    SeriesError
        An array has a wrong shape, or a dtype that VTK has not; no file is made.
    """
    n = count(x)
    if n % 2:
        raise SeriesError(f"linesToVTK: coordinate 'x' has {n} values; expected an even number, two points a line")
    cells = (
        np.arange(n, dtype=index_type(n)),
        np.arange(2, n + 1, 2, dtype=index_type(n)),
        cell_types_of(VtkLine, n // 2),
    )
    options = (fieldData, comments, compression, compression_level)
    return write_cells(path, (x, y, z), cells, (cellData, pointData, "pointData"), options)


def polyLinesToVTK(
    path: PathLike,
    x: Any,
    y: Any,
    z: Any,
    pointsPerLine: Any,
    cellData: Data | None = None,
    pointData: Data | None = None,
    fieldData: Data | None = None,
    *,
    comments: Sequence[str] | None = None,
    compression: str | bool | None = None,
    compression_level: int | None = None,
) -> str:
    """Write lines of several points each.

    Parameters
    ----------
    path : path-like
        Without the extension.
    x, y, z : array-like, shape (n,)
        Coordinates of the points, one line after the other.
    pointsPerLine : array-like of int, shape (lines,)
        How many points each line has; n in all.
    cellData : mapping, optional
        Arrays of one value a line.
    pointData : mapping, optional
        Arrays of one value a point.
    fieldData, comments, compression, compression_level
        As for :func:`pointsToVTK`.

    Returns
    -------
    str
        The file's absolute path.

    Raises
    ------
    SeriesError
        An array has a wrong shape, or a dtype that VTK has not; no file is made.
    """
    n = count(x)
    counts = whole("pointsPerLine", pointsPerLine)
    if (counts < 1).any() or int(counts.sum()) != n:
        raise SeriesError(
            f"polyLinesToVTK: pointsPerLine sums to {int(counts.sum())}; expected positive numbers that sum to the "
            f"{n} points of x, y and z"
        )
    cells = (
        np.arange(n, dtype=index_type(n)),
        np.cumsum(counts, dtype=index_type(n)),
        cell_types_of(VtkPolyLine, counts.size),
    )
    options = (fieldData, comments, compression, compression_level)
    return write_cells(path, (x, y, z), cells, (cellData, pointData, "pointData"), options)


def unstructuredGridToVTK(
    path: PathLike,
    x: Any,
    y: Any,
    z: Any,
    connectivity: Any,
    offsets: Any,
    cell_types: Any,
    cellData: Data | None = None,
    pointData: Data | None = None,
    fieldData: Data | None = None,
    *,
    comments: Sequence[str] | None = None,
    compression: str | bool | None = None,
    compression_level: int | None = None,
) -> str:
    """Write cells of any kind.

    Parameters
    ----------
    path : path-like
        Without the extension.
    x, y, z : array-like, shape (n,)
        Coordinates of the points.
    connectivity : array-like of int
        The points of each cell, one cell after the other, counted from 0.
    offsets : array-like of int, shape (cells,)
        Where each cell ends in `connectivity`.
    cell_types : array-like of int, shape (cells,)
        VTK's number of each cell's kind, for example ``VtkTriangle.tid``.
    cellData : mapping, optional
        Arrays of one value a cell.
    pointData : mapping, optional
        Arrays of one value a point.
    fieldData, comments, compression, compression_level
        As for :func:`pointsToVTK`.

    Returns
    -------
    str
        The file's absolute path.

    Raises
    ------
    SeriesError
        `connectivity` names points that are not there, `offsets` does not rise to its end, a cell's kind has another
        number of points, an array has a wrong shape or dtype; no file is made.
    """
    cells = check_cells(count(x), connectivity, offsets, cell_types)
    options = (fieldData, comments, compression, compression_level)
    return write_cells(path, (x, y, z), cells, (cellData, pointData, "pointData"), options)
