"""VTK's cell types under PyEVTK's names."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CELL_TYPES", "NODES", "CellType"]


@dataclass(frozen=True, slots=True)
class CellType:
    """A kind of cell.

    Parameters
    ----------
    tid : int
        VTK's number of it.
    name : str
        PyEVTK's name of it.
    nodes : int or None
        Points of one cell; None where that is free.
    """

    tid: int
    name: str
    nodes: int | None = None


VtkVertex = CellType(1, "Vertex", 1)
VtkPolyVertex = CellType(2, "PolyVertex")
VtkLine = CellType(3, "Line", 2)
VtkPolyLine = CellType(4, "PolyLine")
VtkTriangle = CellType(5, "Triangle", 3)
VtkTriangleStrip = CellType(6, "TriangleStrip")
VtkPolygon = CellType(7, "Polygon")
VtkPixel = CellType(8, "Pixel", 4)
VtkQuad = CellType(9, "Quad", 4)
VtkTetra = CellType(10, "Tetra", 4)
VtkVoxel = CellType(11, "Voxel", 8)
VtkHexahedron = CellType(12, "Hexahedron", 8)
VtkWedge = CellType(13, "Wedge", 6)
VtkPyramid = CellType(14, "Pyramid", 5)
VtkQuadraticEdge = CellType(21, "Quadratic_Edge", 3)
VtkQuadraticTriangle = CellType(22, "Quadratic_Triangle", 6)
VtkQuadraticQuad = CellType(23, "Quadratic_Quad", 8)
VtkQuadraticTetra = CellType(24, "Quadratic_Tetra", 10)
VtkQuadraticHexahedron = CellType(25, "Quadratic_Hexahedron", 20)

CELL_TYPES = {
    cell.tid: cell
    for cell in (
        VtkVertex,
        VtkPolyVertex,
        VtkLine,
        VtkPolyLine,
        VtkTriangle,
        VtkTriangleStrip,
        VtkPolygon,
        VtkPixel,
        VtkQuad,
        VtkTetra,
        VtkVoxel,
        VtkHexahedron,
        VtkWedge,
        VtkPyramid,
        VtkQuadraticEdge,
        VtkQuadraticTriangle,
        VtkQuadraticQuad,
        VtkQuadraticTetra,
        VtkQuadraticHexahedron,
    )
}
"""By VTK's number."""

NODES = {tid: cell.nodes for tid, cell in CELL_TYPES.items() if cell.nodes is not None}
"""Points of each kind of cell that has a fixed number of them, by VTK's number."""
