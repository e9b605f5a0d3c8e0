"""A VTK XML file with appended data, described and rendered.

A :class:`Document` says what a file holds. :func:`place` gives every appended array its offset, :func:`render` gives
the bytes up to the first appended one, and :data:`FOOTER` those after the last.

Sources of the format facts: VTK's "XML file formats" chapter, and experiments on VTK 9.7 and ParaView 5.11.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from xml.sax.saxutils import quoteattr

__all__ = [
    "ALIGNMENT",
    "FOOTER",
    "PREFIX",
    "DataArray",
    "Document",
    "Piece",
    "Section",
    "appended_order",
    "header_room",
    "place",
    "relocate",
    "render",
]

ALIGNMENT = 64
"""Appended values start at multiples of this many bytes, so that a memory map or SIMD reads them aligned."""

PREFIX = 8
"""Bytes of the UInt64 byte count before an uncompressed array's values."""

FOOTER = b"\n</AppendedData>\n</VTKFile>\n"

_APPENDED = b'<AppendedData encoding="raw">'
_INTRO = _APPENDED + b"\n _"

# VTK reads files in 4096-byte buffers. Where one ends 2 to 8 bytes after "<AppendedData", expat >= 2.6 learns in time
# that binary data follow, and the file opens in every ParaView; elsewhere it gives "not well-formed".
_BUFFER = 4096
_OPENING = 4078

_GEOMETRY = ("Coordinates", "Points", "Verts", "Lines", "Strips", "Polys", "Cells")


@dataclass(frozen=True, slots=True)
class DataArray:
    """One array of a file.

    Parameters
    ----------
    name : str
        Any text that XML 1.0 can hold; escaped when rendered.
    type : str
        VTK's type name, ``"Float32"`` and so on, or ``"String"``.
    components : int
        Values of one tuple.
    component_names : tuple of str
        Shown by ParaView in place of X, Y, Z; as many as `components`, or none.
    units : str or None
        Kept as VTK's ``UNITS_LABEL`` information key.
    nbytes : int
        Bytes of the values as they are in memory, not compressed.
    tuples : int or None
        ``NumberOfTuples``, which field data must have.
    text : str or None
        Inline content (ascii, or base64 where `encoding` is ``"binary"``); None for an appended array.
    encoding : {"appended", "ascii", "binary"}
        VTK's ``format`` attribute.
    offset : int or None
        Bytes from the one after ``_`` to the array's byte count (or compression table).
    span : (int, int) or None
        Where inline content starts and ends in the file that it was parsed from.
    """

    name: str
    type: str
    components: int = 1
    component_names: tuple[str, ...] = ()
    units: str | None = None
    nbytes: int = 0
    tuples: int | None = None
    text: str | None = None
    encoding: str = "appended"
    offset: int | None = None
    span: tuple[int, int] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Section:
    """A group of arrays in a piece: ``PointData``, ``CellData``, ``Coordinates``, ``Points`` and so on."""

    tag: str
    arrays: tuple[DataArray, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a grid that has its own arrays."""

    attributes: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole file: its grid type, the grid's attributes, field data and pieces.

    The `sections` are those of a parallel file, ``PPointData`` and so on, which say what its pieces' files hold.
    """

    type: str
    attributes: tuple[tuple[str, str], ...]
    pieces: tuple[Piece, ...]
    field_data: tuple[DataArray, ...] = ()
    compressor: str | None = None
    byte_order: str = "LittleEndian"
    header_type: str = "UInt64"
    sections: tuple[Section, ...] = ()


def place(document: Document) -> tuple[Document, int]:
    """Give every appended array the offset that it has in an uncompressed file.

    Coordinates come first, since VTK takes unreadable ones in silence; then the arrays in the document's order, each
    with its values on a multiple of :data:`ALIGNMENT` bytes in the file. Those of unstructured grids follow one another
    without gaps, as meshio wants them.

    Returns
    -------
    Document
        The same document, with offsets.
    int
        Bytes of the appended block, from the one after ``_`` to the end of the last array.
    """
    first = (_OPENING + len(_INTRO)) % ALIGNMENT
    alignment = 1 if document.type == "UnstructuredGrid" else ALIGNMENT
    offsets: dict[tuple[int, int, int], int] = {}
    end = 0
    for key in appended_order(document):
        piece, section, array = key
        offset = end + -(first + end + PREFIX) % alignment
        offsets[key] = offset
        end = offset + PREFIX + document.pieces[piece].sections[section].arrays[array].nbytes
    return relocate(document, offsets), end


def appended_order(document: Document) -> list[tuple[int, int, int]]:
    """Give the appended arrays in the order in which a file has them, as (piece, section, array) numbers."""
    return [
        (piece, section, array)
        for geometry in (True, False)
        for piece in range(len(document.pieces))
        for section, content in enumerate(document.pieces[piece].sections)
        if (content.tag in _GEOMETRY) is geometry
        for array, item in enumerate(content.arrays)
        if item.encoding == "appended"
    ]


def relocate(document: Document, offsets: dict[tuple[int, int, int], int]) -> Document:
    """Give arrays, named by their (piece, section, array) numbers, new offsets."""
    pieces = tuple(
        replace(
            piece,
            sections=tuple(
                replace(
                    section,
                    arrays=tuple(
                        replace(array, offset=offsets.get((p, s, a), array.offset))
                        for a, array in enumerate(section.arrays)
                    ),
                )
                for s, section in enumerate(piece.sections)
            ),
        )
        for p, piece in enumerate(document.pieces)
    )
    return replace(document, pieces=pieces)


def header_room(document: Document) -> int:
    """Give the least room that :func:`render` needs for this document, in bytes."""
    return _opening(len(_head(document))) + len(_INTRO)


def render(document: Document, room: int | None = None) -> bytes:
    """Give the file's bytes up to and including the ``_`` that opens the appended block.

    Parameters
    ----------
    document : Document
        With the offsets that :func:`place` gives.
    room : int, optional
        The length wanted: a value that :func:`header_room` gave for this document or a longer one. Steps of one series
        that share it have their data at the same place.

    Returns
    -------
    bytes
        Padded with blanks, so that the file opens in every ParaView (see the note on buffers in this module).
    """
    head = _head(document)
    if not any(a.encoding == "appended" for a in _arrays(document)):
        return head
    at = _opening(len(head)) if room is None else room - len(_INTRO)
    if at < len(head) or at % _BUFFER != _OPENING:
        message = f"a header of {len(head)} bytes does not fit into {room}"
        raise ValueError(message)
    return head + b" " * (at - len(head) - 1) + b"\n" + _INTRO if at > len(head) else head + _INTRO


def _opening(length: int) -> int:
    return length + (_OPENING - length) % _BUFFER


def _arrays(document: Document) -> list[DataArray]:
    return [*document.field_data, *(a for p in document.pieces for s in p.sections for a in s.arrays)]


def _head(document: Document) -> bytes:
    compressor = (("compressor", document.compressor),) if document.compressor else ()
    file_attributes = (
        ("type", document.type),
        ("version", "1.0"),
        ("byte_order", document.byte_order),
        ("header_type", document.header_type),
        *compressor,
    )
    parts = ['<?xml version="1.0"?>\n', _tag("VTKFile", file_attributes), _tag(document.type, document.attributes)]
    if document.field_data:
        parts += ["<FieldData>\n", *map(_data_array, document.field_data), "</FieldData>\n"]
    parts += [*map(_piece, document.pieces), f"</{document.type}>\n"]
    return "".join(parts).encode()


@lru_cache(maxsize=256)
def _piece(piece: Piece) -> str:
    """Render a piece, which the steps of an uncompressed series have in common."""
    parts = [_tag("Piece", piece.attributes)]
    for section in piece.sections:
        parts += [_tag(section.tag, section.attributes), *map(_data_array, section.arrays), f"</{section.tag}>\n"]
    return "".join([*parts, "</Piece>\n"])


def _data_array(array: DataArray) -> str:
    tag = "Array" if array.type == "String" else "DataArray"
    attributes = [("type", array.type), ("Name", array.name)]
    if array.components != 1:
        attributes.append(("NumberOfComponents", str(array.components)))
    attributes += [(f"ComponentName{i}", name) for i, name in enumerate(array.component_names)]
    if array.tuples is not None:
        attributes.append(("NumberOfTuples", str(array.tuples)))
    attributes.append(("format", array.encoding))
    if array.encoding == "appended":
        attributes.append(("offset", str(array.offset)))
    content = array.text or ""
    if array.units is not None:
        label = array.units.translate(_TEXT)
        content += f'<InformationKey name="UNITS_LABEL" location="vtkDataArray">{label}</InformationKey>'
    opening = _tag(tag, attributes, end="")
    return f"{opening}{content}</{tag}>\n" if content else opening[:-1] + "/>\n"


_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_WHITE = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def _tag(tag: str, attributes: tuple[tuple[str, str], ...] | list[tuple[str, str]], end: str = "\n") -> str:
    return f"<{tag}{''.join(_attribute(*pair) for pair in attributes)}>{end}"


@lru_cache(maxsize=4096)
def _attribute(name: str, value: str) -> str:
    """Escape an attribute; the steps of a series have nearly all of theirs in common."""
    return f" {name}={quoteattr(value, _WHITE)}"
