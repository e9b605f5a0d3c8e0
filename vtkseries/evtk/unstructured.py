"""The file that all functions for points, lines and cells share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vtkseries.errors import SeriesError
from vtkseries.evtk.arrays import Arrays, Data, Place, field_data
from vtkseries.evtk.given import given, real
from vtkseries.evtk.output import PathLike, choose, save
from vtkseries.evtk.structured import as_points, with_comments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vtkseries.evtk.cells import CellType

__all__ = ["cell_types_of", "count", "index_type", "write_cells"]

Array = npt.NDArray[Any]


def write_cells(
    path: PathLike,
    coordinates: tuple[Any, Any, Any],
    cells: tuple[Array, Array, Array],
    data: tuple[Data | None, Data | None, str],
    options: tuple[Data | None, Sequence[str] | None, str | bool | None, int | None],
) -> str:
    """Write points and cells.

    Parameters
    ----------
    path : path-like
        Without the extension.
    coordinates : tuple of three array-like
        Of the points; all of one shape.
    cells : tuple of three arrays
        Connectivity, offsets and types, checked.
    data : tuple
        Cell data, point data, and the name of the latter's argument, for errors.
    options : tuple
        Field data, comments, compression and its level.

    Returns
    -------
    str
        The file's absolute path.
    """
    cell_data, point_data, label = data
    field, comments, compression, level = options
    first = tuple(given("coordinate 'x'", coordinates[0]).shape)
    place = Place(label, first, tuple(getattr(coordinates[0], "dims", ())), grid=False)
    points = _points(coordinates, place)
    arrays, method = Arrays(), choose(compression, level)
    arrays.add("Points", [("points", as_points(points))], {})
    names = ("connectivity", "offsets", "types")
    arrays.add("Cells", [(name, (array,)) for name, array in zip(names, cells, strict=True)], {})
    arrays.data("PointData", point_data, place)
    arrays.data("CellData", cell_data, Place("cellData", (cells[1].size,), grid=False))
    piece = (("NumberOfPoints", str(place.size)), ("NumberOfCells", str(cells[1].size)))
    inline = field_data(with_comments(field, comments), method)
    return save(path, "UnstructuredGrid", ((), piece), arrays, field=inline, method=method)


def _points(coordinates: tuple[Any, Any, Any], place: Place) -> tuple[Any, ...]:
    found: list[Any] = []
    for name, axis in zip("xyz", coordinates, strict=True):
        array = real(f"coordinate {name!r}", axis)
        if tuple(array.shape) != place.shape:
            raise SeriesError(f"coordinate {name!r} has the shape {array.shape}; expected that of x, {place.shape}")
        found += place.fit(name, array)
    return tuple(found)


def count(x: Any) -> int:
    """Give the number of points that a coordinate has."""
    return int(np.prod(given("coordinate 'x'", x).shape, dtype=np.int64))


def index_type(largest: int) -> np.dtype[Any]:
    """Give the shorter integer that holds indices up to `largest`."""
    return np.dtype("i4") if largest <= np.iinfo("i4").max else np.dtype("i8")


def cell_types_of(kind: CellType, number: int) -> Array:
    """Give the types of cells that are all of one kind."""
    return np.full(number, kind.tid, np.uint8)
