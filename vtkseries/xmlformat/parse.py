"""A VTK XML file's bytes into a :class:`~vtkseries.xmlformat.layout.Document`: the inverse of ``layout.render``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, Any

from vtkseries.errors import FormatError
from vtkseries.xmlformat.codecs import decoder
from vtkseries.xmlformat.counts import MESHES, UNKNOWN, mesh_tuples
from vtkseries.xmlformat.dtypes import TO_NUMPY
from vtkseries.xmlformat.layout import DataArray, Document, Piece, Section
from vtkseries.xmlformat.markup import Walk, whole, wholes

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

__all__ = ["Header", "box_shape", "parse", "word_dtype"]

Box = tuple[int, int, int, int, int, int]

MAX_ELEMENTS = 400_000
MAX_ARRAYS = 32_768
MAX_PIECES = 32_768
MAX_COMPONENTS = 4096
MAX_BYTES = 2**62
"""No array's size, in values or bytes, may go beyond this: every product stays within int64."""

_MAX_NAMES = 16 * 1024 * 1024  # characters of attributes kept from one file
_FORMATS = ("ascii", "binary", "appended")
_PARALLEL = ("PPointData", "PCellData", "PCoordinates", "PPoints", "PFieldData")
_STRUCTURED = ("ImageData", "RectilinearGrid", "StructuredGrid")
_GRID, _PART, _SECTION, _ARRAY = 1, 2, 3, 4  # depths of the elements below VTKFile


@dataclass(frozen=True, slots=True)
class Header:
    """What a file's markup says.

    Parameters
    ----------
    document : Document
        With `nbytes` of each array as the extents say it.
    start : int or None
        Where the byte after the appended block's ``_`` is; None where the file has none.
    encoding : {"raw", "base64"}
        How the appended block is encoded.
    """

    document: Document
    start: int | None
    encoding: str


def parse(chunks: bytes | Iterable[bytes]) -> Header:
    """Give what a file's markup says, up to its appended data.

    Parameters
    ----------
    chunks : bytes or iterable of bytes
        The file from its beginning. No more chunks are taken than needed.

    Raises
    ------
    FormatError
        The markup is not that of a VTK file, or says what cannot be.

    Examples
    --------
    >>> from vtkseries.xmlformat.layout import Document, render
    >>> document = Document("ImageData", (("WholeExtent", "0 1 0 1 0 1"),), ())
    >>> parse(render(document)).document == document
    True
    """
    builder = _Builder()
    found = Walk(builder, MAX_ELEMENTS).run([chunks] if isinstance(chunks, bytes) else chunks)
    document = builder.document()
    encoding, start = found or ("raw", None)
    if encoding not in ("raw", "base64"):
        raise FormatError(f"its appended data are {encoding[:40]!r}, neither raw nor base64")
    if start is None and builder.appended is not None:
        raise FormatError(f"array {builder.appended!r} is in appended data that the file does not have")
    return Header(document, start, encoding)


def word_dtype(document: Document) -> np.dtype:
    """Give the dtype of a file's byte counts and compression tables."""
    return TO_NUMPY[document.header_type].newbyteorder("<" if document.byte_order == "LittleEndian" else ">")


def box_shape(box: Box) -> tuple[int, int, int]:
    """Give the number of points along z, y and x of an extent."""
    return tuple(box[2 * axis + 1] - box[2 * axis] + 1 for axis in (2, 1, 0))  # type: ignore[return-value]


def extent(text: str, what: str) -> Box:
    """Give an extent of six integers; no axis has less than no point, and all points can be counted.

    Raises
    ------
    FormatError
        It is no extent.
    """
    box: Any = wholes(text, 6, what)
    shape = [box[2 * axis + 1] - box[2 * axis] + 1 for axis in range(3)]
    if min(shape) < 0 or prod(max(n, 1) for n in shape) > MAX_BYTES:
        raise FormatError(f"{what} {text[:80]!r} is no extent")
    return box  # type: ignore[no-any-return]


@dataclass(slots=True)
class _OpenPiece:
    attributes: dict[str, str]
    sections: list[Section] = field(default_factory=list)


class _Builder:
    """Collects a document while a walk goes over its elements."""

    def __init__(self) -> None:
        self.appended: str | None = None
        self._file: dict[str, str] = {}
        self._grid: dict[str, str] | None = None
        self._field_data: list[DataArray] = []
        self._pieces: list[Piece] = []
        self._parallel: list[Section] = []
        self._piece: _OpenPiece | None = None
        self._section: tuple[str, dict[str, str]] | None = None
        self._section_depth = 0
        self._arrays: list[DataArray] = []
        self._attributes: dict[str, str] | None = None
        self._content: tuple[str | None, tuple[int, int] | None] | None = None
        self._in_units = False
        self._units: str | None = None
        self._count = 0
        self._characters = 0

    def document(self) -> Document:
        """Give what was collected."""
        if self._grid is None:
            raise FormatError(f"it has no {self._file.get('type', 'grid')[:40]} element")
        file = self._file
        return Document(
            file["type"],
            tuple(self._grid.items()),
            tuple(self._pieces),
            tuple(self._field_data),
            file.get("compressor") or None,
            file.get("byte_order", "LittleEndian"),
            file.get("header_type", "UInt32"),
            tuple(self._parallel),
        )

    def start(self, walk: Walk, depth: int, tag: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        if self._attributes is not None:
            self._child(walk, tag, attributes)
        elif depth == 0:
            self._root(tag, attributes)
        elif depth == _GRID and tag == self._file["type"]:
            if self._grid is not None:
                raise FormatError(f"it has two {tag} elements")
            self._grid = self._kept(attributes)
        elif depth == _PART and self._grid is not None and tag == "Piece":
            if len(self._pieces) >= MAX_PIECES:
                raise FormatError(f"it has more than {MAX_PIECES} pieces")
            self._piece = _OpenPiece(self._kept(attributes))
        elif self._section is not None and depth == self._section_depth + 1 and tag in _ARRAY_TAGS:
            self._attributes = self._kept(attributes)
            self._content, self._units = None, None
            walk.keep_text()
        elif self._section is None and self._opens_section(depth, tag):
            self._section, self._section_depth, self._arrays = (tag, self._kept(attributes)), depth, []

    def end(self, walk: Walk, depth: int, tag: str) -> None:
        """End an element."""
        if self._attributes is not None and depth == self._section_depth + 1:
            content = self._content or walk.take_text()
            self._arrays.append(self._array(self._attributes, content))
            self._attributes = None
        elif self._attributes is not None and self._in_units and depth == self._section_depth + 2:
            self._units, _ = walk.take_text()
            self._in_units = False
        elif self._section is not None and depth == self._section_depth:
            self._end_section()
        elif self._piece is not None and depth == _PART and tag == "Piece":
            self._pieces.append(Piece(tuple(self._piece.attributes.items()), tuple(self._piece.sections)))
            self._piece = None

    def _root(self, tag: str, attributes: dict[str, str]) -> None:
        if tag != "VTKFile" or "type" not in attributes:
            raise FormatError(f"it is no VTK XML file: it begins with the element {tag[:40]!r}")
        if attributes.get("byte_order", "LittleEndian") not in ("LittleEndian", "BigEndian"):
            raise FormatError(f"byte_order is {attributes['byte_order'][:40]!r}")
        if attributes.get("header_type", "UInt32") not in ("UInt32", "UInt64"):
            raise FormatError(f"header_type is {attributes['header_type'][:40]!r}, neither UInt32 nor UInt64")
        if attributes.get("compressor"):
            decoder(attributes["compressor"])
        self._file = self._kept(attributes)

    def _child(self, walk: Walk, tag: str, attributes: dict[str, str]) -> None:
        """Begin an element inside an array: its values have ended."""
        if self._content is None:
            self._content = walk.take_text()
        if tag == "InformationKey" and attributes.get("name") == "UNITS_LABEL":
            self._in_units = True
            walk.keep_text()

    def _opens_section(self, depth: int, tag: str) -> bool:
        if depth == _SECTION and self._piece is not None:
            return True
        return depth == _PART and self._grid is not None and (tag == "FieldData" or tag in _PARALLEL)

    def _end_section(self) -> None:
        tag, attributes = self._section or ("", {})
        self._section = None
        arrays = tuple(self._arrays)
        names = [array.name for array in arrays if array.name]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise FormatError(f"{tag[:40]} has two arrays named {twice[:200]!r}")
        if self._piece is not None:
            if self._file["type"] in _STRUCTURED:
                box = extent(self._piece.attributes.get("Extent", ""), "the Extent of a piece")
                arrays = _sized(self._arrays, _grid_tuples(self._arrays, tag, box_shape(box)))
            elif self._file["type"] in MESHES:
                arrays = _sized(self._arrays, mesh_tuples(self._file["type"], tag, self._piece.attributes, arrays))
            self._piece.sections.append(Section(tag, arrays, tuple(attributes.items())))
        elif tag == "FieldData":
            self._field_data += arrays
        else:
            self._parallel.append(Section(tag, arrays, tuple(attributes.items())))

    def _kept(self, attributes: dict[str, str]) -> dict[str, str]:
        self._characters += sum(len(name) + len(value) for name, value in attributes.items())
        if self._characters > _MAX_NAMES:
            raise FormatError("its names and attributes are too long")
        return attributes

    def _array(self, attributes: dict[str, str], content: tuple[str | None, tuple[int, int] | None]) -> DataArray:
        self._count += 1
        if self._count > MAX_ARRAYS:
            raise FormatError(f"it has more than {MAX_ARRAYS} arrays")
        name = attributes.get("Name", "")
        what = f"array {name[:200]!r}"
        kind = attributes.get("type", "")
        if kind not in TO_NUMPY and kind not in ("String", "Bit"):
            raise FormatError(f"{what} has the type {kind[:40]!r}, which VTK does not have")
        components = whole(attributes.get("NumberOfComponents") or "1", f"NumberOfComponents of {what}")
        if not 0 < components <= MAX_COMPONENTS:
            raise FormatError(f"{what} has {components} components")
        tuples = attributes.get("NumberOfTuples")
        count = None if tuples is None else whole(tuples, f"NumberOfTuples of {what}")
        if count is not None and not 0 <= count * components <= MAX_BYTES // 8:
            raise FormatError(f"{what} has {count} tuples")
        encoding = attributes.get("format", "ascii")
        if encoding == "append":  # uvw writes this, and VTK goes by the offset
            encoding = "appended"
        if encoding not in _FORMATS:
            raise FormatError(f"{what} has the format {encoding[:40]!r}, not one of {', '.join(_FORMATS)}")
        offset = None
        if encoding == "appended":
            offset = whole(attributes.get("offset", ""), f"offset of {what}")
            if offset < 0:
                raise FormatError(f"offset of {what} is {offset}")
            self.appended, content = name, (None, None)
        names = tuple(attributes.get(f"ComponentName{i}", "") for i in range(components))
        text, span = content
        return DataArray(
            name,
            kind,
            components,
            names if any(names) else (),
            self._units,
            0 if count is None or offset is None else _nbytes(kind, count * components),
            count,
            text,
            encoding,
            offset,
            span,
        )


_ARRAY_TAGS = ("DataArray", "Array", "PDataArray", "PArray")


def _nbytes(kind: str, values: int) -> int:
    if kind in TO_NUMPY:
        return values * TO_NUMPY[kind].itemsize
    return -(-values // 8) if kind == "Bit" else 0


def _grid_tuples(arrays: list[DataArray], tag: str, shape: tuple[int, int, int]) -> list[int] | None:
    """Give the tuples of a section's arrays that its piece's extent asks for."""
    if tag == "Coordinates":
        return [*reversed(shape), *([0] * len(arrays))][: len(arrays)]
    if tag in ("PointData", "Points"):
        return [prod(shape)] * len(arrays)
    if tag == "CellData":
        return [prod(max(n - 1, 1) for n in shape) if min(shape) else 0] * len(arrays)
    return None


def _sized(arrays: list[DataArray], tuples: list[int] | None) -> tuple[DataArray, ...]:
    """Give arrays the sizes that so many tuples have."""
    if tuples is None:
        return tuple(arrays)
    for array, count in zip(arrays, tuples, strict=True):
        if count * array.components > MAX_BYTES // 8:
            raise FormatError(f"array {array.name[:200]!r} has {count} tuples of {array.components}")
    return tuple(
        replace(array, nbytes=UNKNOWN if count == UNKNOWN else _nbytes(array.type, count * array.components))
        for array, count in zip(arrays, tuples, strict=True)
    )
