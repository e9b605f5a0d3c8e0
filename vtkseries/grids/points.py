"""Points and lines: the document of a ``.vtp``."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vtkseries.grids.sections import Sections
from vtkseries.xmlformat.layout import DataArray, Document, Piece

__all__ = ["polydata"]

Array = npt.NDArray[Any]


def polydata(
    points: tuple[Any, ...],
    lines: tuple[Array, Array] | None,
    sections: Sections,
    field_data: tuple[DataArray, ...],
    compressor: str | None = None,
) -> Document:
    """Describe points, each a vertex of its own, or lines through them.

    Parameters
    ----------
    points : tuple of three ndarrays, shape (n,)
        Their x, y and z.
    lines : tuple of two ndarrays, optional
        Connectivity and offsets; the points are drawn as they are without them.
    sections : Sections
        With the data; takes the geometry.
    field_data : tuple of DataArray
    compressor : str, optional
    """
    n = len(points[0])
    sections.add("Points", [("Points", points)])
    alone = (np.arange(n, dtype="i8"), np.arange(1, n + 1, dtype="i8"))
    cells = {"Verts": alone if lines is None else None, "Lines": lines}
    counts = {tag: 0 if cell is None else len(cell[1]) for tag, cell in cells.items()}
    for tag, cell in cells.items():
        if cell is not None:
            sections.add(tag, [("connectivity", (cell[0],)), ("offsets", (cell[1],))])
    attributes = {"NumberOfPoints": n, **{f"NumberOf{tag}": count for tag, count in counts.items()}}
    attributes |= {"NumberOfStrips": 0, "NumberOfPolys": 0}
    piece = Piece(tuple((key, str(value)) for key, value in attributes.items()), tuple(sections.sections))
    return Document("PolyData", (), (piece,), field_data, compressor)
