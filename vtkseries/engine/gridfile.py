"""One grid file, opened and checked: what it holds and where."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from vtkseries.engine.extents import cell_shape, check_tiling, without_ghosts
from vtkseries.errors import FormatError
from vtkseries.storage.guard import Identity, check_reference, identify, naming, resolve
from vtkseries.storage.read import OpenFile
from vtkseries.xmlformat.counts import MESHES, cell_count
from vtkseries.xmlformat.markup import whole as whole_number
from vtkseries.xmlformat.parse import Header, box_shape, extent, parse

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from vtkseries.xmlformat.layout import DataArray, Document, Section
    from vtkseries.xmlformat.parse import Box

__all__ = ["GRIDS", "GridFile", "Source", "open_grid"]

GRIDS = ("ImageData", "RectilinearGrid", "StructuredGrid")
"""The kinds of grid that can be opened as arrays."""

MAX_GHOSTS = 1_000_000
_TAIL = 4096
_NOWHERE = (0, -1, 0, 0, 0, 0)
_CLOSING = re.compile(rb"(</AppendedData\s*+>\s*+</VTKFile\s*+>\s*+)\Z")
_SECTIONS = ("PointData", "CellData", "Coordinates", "Points")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the arrays of one piece are: in piece number `piece` of this file, or in another file.

    The other file may hold more than the piece's own box: ghosts, which its neighbours own.
    """

    box: Box
    piece: int
    reference: str | None = None
    held: Box | None = None


@dataclass(frozen=True, slots=True)
class GridFile:
    """A checked grid file.

    Parameters
    ----------
    path : str
    identity : Identity
        Of the file that was checked.
    header : Header
    end : int
        Where the appended data end, or the file's size.
    kind : str
        One of :data:`GRIDS`, or of :data:`MESHES`, whose points lie along x.
    whole : Box
    sources : tuple of Source
        Of the pieces that have points.
    follow_outside : bool
    """

    path: str
    identity: Identity
    header: Header
    end: int
    kind: str
    whole: Box
    sources: tuple[Source, ...]
    follow_outside: bool = False

    @property
    def points(self) -> tuple[int, int, int]:
        """Points along z, y and x."""
        return box_shape(self.whole)

    @property
    def cells(self) -> tuple[int, int, int]:
        """Cells along z, y and x."""
        return cell_shape(self.points)

    @property
    def parallel(self) -> bool:
        """Whether the arrays are in other files."""
        return self.header.document.type != self.kind

    @property
    def holder(self) -> GridFile:
        """The file that has the field data: this one, or that of the last piece."""
        if self.parallel and not self.header.document.field_data and self.sources:
            return self.other(self.sources[-1])
        return self

    def attribute(self, name: str) -> str | None:
        """Give an attribute of the grid's element."""
        return dict(self.header.document.attributes).get(name)

    def section(self, tag: str, piece: int | None = None) -> Section | None:
        """Give the arrays of a piece, by default of the first that has points."""
        document = self.header.document
        if self.parallel:
            return next((s for s in document.sections if s.tag == f"P{tag}"), None)
        if piece is None:
            piece = self.sources[0].piece if self.sources else 0
        if piece >= len(document.pieces):
            return None
        return next((s for s in document.pieces[piece].sections if s.tag == tag), None)

    def arrays(self, tag: str) -> tuple[DataArray, ...]:
        """Give the descriptions of the arrays in a section."""
        section = self.section(tag)
        return () if section is None else section.arrays

    def open(self) -> AbstractContextManager[OpenFile]:
        """Open the file for reading its arrays.

        Raises
        ------
        FormatError
            It is not the file that was checked.
        """
        return OpenFile(self.path, self.identity)

    def other(self, source: Source) -> GridFile:
        """Open the file of a piece that is not in this one."""
        with naming(self.path):
            path = resolve(os.path.dirname(self.path), source.reference or "", follow_outside=self.follow_outside)  # noqa: PTH120
            piece = open_grid(path, follow_outside=self.follow_outside, box=source.held or source.box)
            if piece.parallel or piece.kind != self.kind:
                raise FormatError(f"its piece {path} is {piece.header.document.type}")
        return piece


def open_grid(path: str, *, follow_outside: bool = False, box: Box | None = None) -> GridFile:
    """Open a grid file and check its markup, extents and end; what was checked is kept for the next call.

    Parameters
    ----------
    path : str
    follow_outside : bool
        Whether the files of pieces may be outside the file's directory.
    box : Box, optional
        The extent that the file must fill as a piece of a larger grid; its own whole extent by default.

    Raises
    ------
    FormatError
        It is damaged, hostile, or of a kind that cannot be opened as arrays.
    OSError
        It cannot be read.
    """
    return _checked(path, identify(path), follow_outside, box)


@lru_cache(maxsize=16)
def _checked(path: str, identity: Identity, follow_outside: bool, box: Box | None) -> GridFile:  # noqa: FBT001 (a cache's key)
    with naming(path), OpenFile(path, identity) as file:
        header = parse(file.chunks())
        end = file.size if header.start is None else _appended_end(file, header.start)
        kind, whole, sources = _extents(header, box, follow_outside=follow_outside)
        grid = GridFile(path, identity, header, end, kind, whole, sources, follow_outside)
        _check_sections(grid)
        return grid


def _appended_end(file: OpenFile, start: int) -> int:
    """Give the place of the closing tag: without it the file is torn."""
    tail_start = max(start, file.size - _TAIL)
    tail = file.read(tail_start, file.size - tail_start)
    match = _CLOSING.search(tail)
    if match is None:
        raise FormatError("it is cut short: the closing tags of its appended data are missing")
    return tail_start + match.start()


def _extents(header: Header, box: Box | None, *, follow_outside: bool) -> tuple[str, Box, tuple[Source, ...]]:
    document = header.document
    if document.type in MESHES:
        return document.type, *mesh_pieces(document)
    if document.type.removeprefix("P") in MESHES:
        return document.type.removeprefix("P"), _NOWHERE, _mesh_files(document, follow_outside=follow_outside)
    kind = document.type.removeprefix("P")
    if kind not in GRIDS:
        known = ", ".join((*GRIDS, *MESHES))
        raise FormatError(f"it holds {document.type[:40]!r}; those that can be opened are {known}")
    parallel = document.type != kind
    attributes = dict(document.attributes)
    # A piece's file tells the extent of the whole grid or its own.
    whole = box or extent(attributes.get("WholeExtent", ""), "WholeExtent")
    sources = []
    for number, piece in enumerate(document.pieces):
        own = dict(piece.attributes)
        place = extent(own.get("Extent", ""), f"the Extent of piece {number}")
        reference = own.get("Source") if parallel else None
        if parallel:
            if reference is None:
                raise FormatError(f"piece {number} names no file")
            check_reference(reference, follow_outside=follow_outside)
        if min(box_shape(place)):
            sources.append(Source(place, number, reference))
    tag = "PCellData" if parallel else "CellData"
    sections = [*document.sections, *(s for p in document.pieces for s in p.sections)]
    cells = any(s.tag == tag and s.arrays for s in sections)
    ghosts = _ghost_level(attributes.get("GhostLevel")) if parallel else 0
    if ghosts:
        cut = [replace(s, box=without_ghosts(whole, s.box, ghosts), held=s.box) for s in sources]
        # A level may be told of pieces that have no ghosts, and ghosts that end with the whole cannot be told apart.
        with contextlib.suppress(FormatError):
            check_tiling(whole, [s.box for s in cut], cells=cells)
            return kind, whole, tuple(cut)
    check_tiling(whole, [s.box for s in sources], cells=cells, ghosts=ghosts > 0)
    return kind, whole, tuple(sources)


def _mesh_files(document: Document, *, follow_outside: bool) -> tuple[Source, ...]:
    """Give the files of a parallel mesh's pieces, of which only they tell how much they have."""
    sources = []
    for number, piece in enumerate(document.pieces):
        reference = dict(piece.attributes).get("Source")
        if reference is None:
            raise FormatError(f"piece {number} names no file")
        check_reference(reference, follow_outside=follow_outside)
        sources.append(Source(_NOWHERE, number, reference))
    return tuple(sources)


def mesh_pieces(document: Document) -> tuple[Box, tuple[Source, ...]]:
    """Give the points of all pieces as an extent along x, and where in it each piece is.

    Raises
    ------
    FormatError
        A piece has cells of points that it has not.
    """
    sources, end = [], 0
    for number, piece in enumerate(document.pieces):
        attributes = dict(piece.attributes)
        count, cells = (
            whole_number(attributes.get("NumberOfPoints") or "0", "NumberOfPoints"),
            cell_count(document.type, attributes),
        )
        if cells and not count:
            raise FormatError(f"piece {number} has {cells} cells and no points")
        if count:
            sources.append(Source((end, end + count - 1, 0, 0, 0, 0), number))
        end += count
    return (0, end - 1, 0, 0, 0, 0), tuple(sources)


def _ghost_level(text: str | None) -> int:
    """Give how many layers of ghosts the pieces of a parallel file have."""
    level = whole_number(text or "0", "GhostLevel")
    if not 0 <= level <= MAX_GHOSTS:
        raise FormatError(f"GhostLevel is {level}")
    return level


def _check_sections(grid: GridFile) -> None:
    """Hold the pieces against one another: the same arrays in each, and coordinates as many as there are axes."""
    if not grid.parallel:
        for tag in _SECTIONS:
            lists = {
                tuple((a.name, a.type, a.components) for a in (section.arrays if section else ()))
                for section in (grid.section(tag, source.piece) for source in grid.sources)
            }
            if len(lists) > 1:
                raise FormatError(f"its pieces do not have the same arrays in {tag}")
    for tag in ("PointData", "CellData"):
        if any(not array.name for array in grid.arrays(tag)):
            raise FormatError(f"an array in {tag} has no name")
    if grid.sources and grid.kind == "RectilinearGrid":
        found = grid.arrays("Coordinates")
        if len(found) != 3 or any(a.components != 1 or a.type in ("String", "Bit") for a in found):  # noqa: PLR2004 (x, y, z)
            raise FormatError("its Coordinates are not three arrays of one number a point")
    if grid.sources and (grid.kind == "StructuredGrid" or grid.kind in MESHES):
        found = grid.arrays("Points")
        if len(found) != 1 or found[0].components != 3 or found[0].type in ("String", "Bit"):  # noqa: PLR2004 (x, y, z)
            raise FormatError("its Points are not one array of three numbers a point")
