"""How many values the arrays of points and cells have, as their pieces' attributes say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vtkseries.errors import FormatError
from vtkseries.xmlformat.layout import DataArray
from vtkseries.xmlformat.markup import whole

__all__ = ["CELL_SECTIONS", "MESHES", "UNKNOWN", "cell_count", "mesh_tuples"]

CELL_SECTIONS = {"UnstructuredGrid": ("Cells",), "PolyData": ("Verts", "Lines", "Polys", "Strips")}
"""Where cells are, in the order in which VTK counts them."""

MESHES = tuple(CELL_SECTIONS)
"""The kinds that are no grids."""

UNKNOWN = -1
"""Of an array whose length only its own byte count tells."""

_MOST = 2**59
"""So that bytes of all of one's arrays can be counted."""


def mesh_tuples(kind: str, tag: str, attributes: Mapping[str, str], arrays: Sequence[DataArray]) -> list[int] | None:
    """Give the tuples of each array of a section; :data:`UNKNOWN` where nothing tells; None of other sections.

    Raises
    ------
    FormatError
        A count is no number of points or cells.
    """
    if tag in ("PointData", "Points"):
        return [_count(attributes, "NumberOfPoints")] * len(arrays)
    if tag == "CellData":
        return [cell_count(kind, attributes)] * len(arrays)
    if tag not in CELL_SECTIONS[kind]:
        return None
    own = _count(attributes, f"NumberOf{tag}")
    return [own if array.name in ("offsets", "types") else UNKNOWN for array in arrays]


def cell_count(kind: str, attributes: Mapping[str, str]) -> int:
    """Give the cells of a piece."""
    return sum(_count(attributes, f"NumberOf{tag}") for tag in CELL_SECTIONS[kind])


def _count(attributes: Mapping[str, str], name: str) -> int:
    found = whole(attributes.get(name) or "0", name)
    if not 0 <= found <= _MOST:
        raise FormatError(f"{name} is {found}")
    return found
