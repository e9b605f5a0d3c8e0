"""Cells of any kind: the document of a ``.vtu``."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from vtkseries.grids.sections import Sections
from vtkseries.xmlformat.layout import DataArray, Document, Piece

__all__ = ["unstructured"]

Array = npt.NDArray[Any]


def unstructured(
    points: tuple[Any, ...],
    cells: tuple[Array, Array, Array],
    sections: Sections,
    field_data: tuple[DataArray, ...],
    compressor: str | None = None,
) -> Document:
    """Describe a mesh.

    Parameters
    ----------
    points : tuple of three ndarrays, shape (n,)
        Their x, y and z.
    cells : tuple of three ndarrays
        Connectivity, offsets and VTK's types.
    sections : Sections
        With the data; takes the geometry.
    field_data : tuple of DataArray
    compressor : str, optional
    """
    sections.add("Points", [("Points", points)])
    names = ("connectivity", "offsets", "types")
    sections.add("Cells", [(name, (array,)) for name, array in zip(names, cells, strict=True)])
    counts = (("NumberOfPoints", str(len(points[0]))), ("NumberOfCells", str(len(cells[1]))))
    return Document("UnstructuredGrid", (), (Piece(counts, tuple(sections.sections)),), field_data, compressor)
