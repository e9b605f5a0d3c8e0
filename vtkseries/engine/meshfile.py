"""Points and cells of a file, seen as grids whose values lie along one axis or, in layers, along two."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from vtkseries.engine.ascii import count_numbers
from vtkseries.engine.gridfile import Source
from vtkseries.engine.stored import locate
from vtkseries.engine.values import array_dtype, check_arrays, read_array
from vtkseries.errors import FormatError
from vtkseries.xmlformat.counts import MESHES, UNKNOWN, cell_count
from vtkseries.xmlformat.layout import Section

if TYPE_CHECKING:
    from vtkseries.engine.gridfile import GridFile
    from vtkseries.engine.series import Series
    from vtkseries.xmlformat.layout import DataArray, Piece

    Array = np.ndarray[Any, Any]

__all__ = ["cell_total", "is_mesh", "lengths", "mesh_size", "mesh_view", "point_total", "read_flat", "shaped"]


def is_mesh(grid: Any) -> bool:
    """Tell whether a file holds points and cells rather than a grid."""
    return grid.kind in MESHES


def point_total(grid: GridFile) -> int:
    """Give the number of points in a file."""
    return grid.points[2]


def cell_total(grid: GridFile) -> int:
    """Give the number of cells in a file."""
    return sum(_cells(grid, source) for source in grid.sources)


def mesh_size(grid: GridFile) -> str:
    """Give the numbers of points and cells, for people to read."""
    files = [grid.other(source) for source in grid.sources] if grid.parallel else [grid]
    return f"{sum(map(point_total, files))} points, {sum(map(cell_total, files))} cells"


def _cells(grid: GridFile, source: Source) -> int:
    return cell_count(grid.kind, dict(grid.header.document.pieces[source.piece].attributes))


def lengths(grid: GridFile, tag: str, name: str) -> tuple[int, ...]:
    """Give how many values an array of cells has in each piece: as its section says or, where nothing does, its bytes.

    Raises
    ------
    FormatError
        There is no such array of whole numbers, or its bytes are no values.
    """
    return _lengths(grid, tag, name)


@lru_cache(maxsize=64)
def _lengths(grid: GridFile, tag: str, name: str) -> tuple[int, ...]:
    found = []
    for source in grid.sources:
        array = _integers(grid, tag, name, source)
        size = array_dtype(array).itemsize
        if array.nbytes != UNKNOWN:
            found.append(array.nbytes // size)
            continue
        with grid.open() as file:
            nbytes = (
                count_numbers(file, array) * size if array.encoding == "ascii" else locate(grid, file, array, None).size
            )
        if nbytes % size:
            raise FormatError(f"{grid.path}: array {name!r} of {tag} has {nbytes} bytes of {array.type}")
        found.append(nbytes // size)
    return tuple(found)


def _integers(grid: GridFile, tag: str, name: str, source: Source) -> DataArray:
    section = grid.section(tag, source.piece)
    array = next((a for a in section.arrays if a.name == name), None) if section else None
    if array is None or array.components != 1 or array.type in ("String", "Bit") or array_dtype(array).kind not in "iu":
        raise FormatError(f"{grid.path}: {tag} has no whole numbers {name!r}")
    return array


def shaped(grid: GridFile, tag: str, name: str = "", layers: int = 1) -> GridFile:
    """Give a file as a grid whose points (or cells) are the values of an array.

    Parameters
    ----------
    grid : GridFile
        With points and cells.
    tag : str
        ``"PointData"``, ``"Points"``, ``"CellData"``, or a section of cells.
    name : str
        Of the array, in a section of cells.
    layers : int
        Along y.

    Raises
    ------
    FormatError
        The values do not fill the layers.
    """
    cells = tag == "CellData"
    if tag in ("PointData", "Points"):
        counts = [source.box[1] - source.box[0] + 1 for source in grid.sources]
    elif cells:
        counts = [_cells(grid, source) for source in grid.sources]
    else:
        counts = list(lengths(grid, tag, name))
        grid = _measured(grid, tag, name, counts)
    total = sum(counts)
    if layers > 1 and (total % layers or len(counts) != 1):
        raise FormatError(f"{grid.path}: its {total} values in {len(counts)} pieces are not {layers} layers")
    width = total // layers
    # As cells they have one node more along each axis.
    edge = 1 if cells else 0
    sources = [
        Source((end - count, end - 1 + edge, 0, 0, 0, 0), source.piece)
        for source, count, end in zip(grid.sources, counts, accumulate(counts), strict=True)
        if count
    ]
    whole = (0, width - 1 + edge, 0, layers - 1 + (edge if layers > 1 else 0), 0, 0)
    if layers > 1:
        sources = [Source(whole, source.piece) for source in sources]
    return replace(grid, whole=whole, sources=tuple(sources))


def _measured(grid: GridFile, tag: str, name: str, counts: list[int]) -> GridFile:
    """Give a file whose array has the bytes that were found."""
    known = {source.piece: count for source, count in zip(grid.sources, counts, strict=True)}

    def piece(number: int, item: Piece) -> Piece:
        if number not in known:
            return item
        return replace(item, sections=tuple(section(number, s) for s in item.sections))

    def section(number: int, item: Section) -> Section:
        if item.tag != tag:
            return item
        sized = (
            replace(a, nbytes=known[number] * array_dtype(a).itemsize) if a.name == name else a for a in item.arrays
        )
        return replace(item, arrays=tuple(sized))

    document = grid.header.document
    pieces = tuple(piece(number, item) for number, item in enumerate(document.pieces))
    return replace(grid, header=replace(grid.header, document=replace(document, pieces=pieces)))


@dataclass(frozen=True, slots=True)
class _MeshView:
    """A series whose files are seen as :func:`shaped` gives them.

    Parameters
    ----------
    series : Series
    tag, layers
        As :func:`shaped` has them.
    """

    series: Series
    tag: str
    layers: int = 1

    def grid(self, step: int, part: int = 0) -> GridFile:
        """Open the file of one step."""
        return shaped(self.series.grid(step, part), self.tag, "", self.layers)


def mesh_view(series: Series, tag: str, layers: int = 1) -> Series:
    """Give a series of points and cells as one of grids, as far as lazy arrays ask."""
    return cast("Series", _MeshView(series, tag, layers))


@lru_cache(maxsize=16)
def _expect_sound(grid: GridFile) -> None:
    """Hold all arrays against the file before room is made for one."""
    check_arrays(grid)


def read_flat(grid: GridFile, tag: str, name: str, wanted: Array | None = None) -> Array:
    """Give values of an array of points or cells, shape (values, components), at rising positions or at all.

    Raises
    ------
    FormatError
        There is no such array, or it does not fit its file.
    """
    _expect_sound(grid)
    view = shaped(grid, tag, name)
    none = np.zeros(1, np.int64)
    count = view.cells[2] if tag == "CellData" else view.points[2]
    if not view.sources:
        count = 0
    positions = np.arange(count) if wanted is None else wanted
    if not len(positions):
        array = next((a for a in grid.arrays(tag) if a.name == name or tag == "Points"), None)
        if array is None:
            raise FormatError(f"{grid.path}: {tag} has no array {name[:200]!r} of numbers")
        return np.empty((0, array.components), array_dtype(array))
    found: Array = read_array(view, tag, name, (none, none, positions))[0, 0]
    return found
