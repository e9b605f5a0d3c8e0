"""The file that puts the pieces of a grid together: ``.pvtr`` for rectilinear ones."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from vtkseries.xmlformat.layout import DataArray, Document

__all__ = ["render_parallel"]

_WHITE = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def render_parallel(document: Document, extent: str, pieces: Sequence[tuple[str, str]]) -> bytes:
    """Give the bytes of the file.

    Parameters
    ----------
    document : Document
        Any of the pieces: all have the same arrays in the same order.
    extent : str
        Of the whole grid, six integers.
    pieces : sequence of (str, str)
        Extent and file of each, the file relative to this one. Neighbours share their plane of points.
    """
    kind = f"P{document.type}"
    order = f'byte_order="{document.byte_order}" header_type="{document.header_type}"'
    lines = [
        '<?xml version="1.0"?>',
        f'<VTKFile type="{kind}" version="1.0" {order}>',
        f'<{kind} WholeExtent="{extent}" GhostLevel="0">',
    ]
    for section in document.pieces[0].sections:
        lines.append(f"<P{section.tag}{_attributes(section.attributes)}>")
        lines += [f"<PDataArray{_attributes(_describe(array))}/>" for array in section.arrays]
        lines.append(f"</P{section.tag}>")
    lines += [f"<Piece{_attributes([('Extent', where), ('Source', source)])}/>" for where, source in pieces]
    return "\n".join([*lines, f"</{kind}>", "</VTKFile>\n"]).encode()


def _describe(array: DataArray) -> list[tuple[str, str]]:
    attributes = [("type", array.type), ("Name", array.name)]
    if array.components != 1:
        attributes.append(("NumberOfComponents", str(array.components)))
    return attributes + [(f"ComponentName{i}", name) for i, name in enumerate(array.component_names)]


def _attributes(items: Sequence[tuple[str, str]]) -> str:
    return "".join(f" {name}={quoteattr(value, _WHITE)}" for name, value in items)
