"""PyEVTK's high-level functions: change one import and keep the script.

``from pyevtk.hl import gridToVTK`` becomes ``from vtkseries.evtk import gridToVTK``. Arguments, return values and
extensions are those of PyEVTK 1.7; ``rectilinearToVTK``, ``structuredToVTK`` and ``pointsToVTKAsTIN`` are those of its
other branch. Arrays are indexed [x, y, z]. A file appears under its name when it is whole.
"""

from typing import Any

from vtkseries.evtk.cells import (
    VtkHexahedron,
    VtkLine,
    VtkPixel,
    VtkPolygon,
    VtkPolyLine,
    VtkPolyVertex,
    VtkPyramid,
    VtkQuad,
    VtkQuadraticEdge,
    VtkQuadraticHexahedron,
    VtkQuadraticQuad,
    VtkQuadraticTetra,
    VtkQuadraticTriangle,
    VtkTetra,
    VtkTriangle,
    VtkTriangleStrip,
    VtkVertex,
    VtkVoxel,
    VtkWedge,
)
from vtkseries.evtk.group import VtkGroup
from vtkseries.evtk.meshes import linesToVTK, pointsToVTK, polyLinesToVTK, unstructuredGridToVTK
from vtkseries.evtk.parallel import writeParallelVTKGrid
from vtkseries.evtk.shapes import cylinderToVTK, pointsToVTKAsTIN
from vtkseries.evtk.structured import gridToVTK, imageToVTK, rectilinearToVTK, structuredToVTK

__all__ = [
    "VtkGroup",
    "VtkHexahedron",
    "VtkLine",
    "VtkPixel",
    "VtkPolyLine",
    "VtkPolyVertex",
    "VtkPolygon",
    "VtkPyramid",
    "VtkQuad",
    "VtkQuadraticEdge",
    "VtkQuadraticHexahedron",
    "VtkQuadraticQuad",
    "VtkQuadraticTetra",
    "VtkQuadraticTriangle",
    "VtkTetra",
    "VtkTriangle",
    "VtkTriangleStrip",
    "VtkVertex",
    "VtkVoxel",
    "VtkWedge",
    "cylinderToVTK",
    "gridToVTK",
    "imageToVTK",
    "linesToVTK",
    "pointsToVTK",
    "pointsToVTKAsTIN",
    "polyLinesToVTK",
    "rectilinearToVTK",
    "structuredToVTK",
    "unstructuredGridToVTK",
    "writeParallelVTKGrid",
]

_LOW_LEVEL = {
    "VtkFile",
    "VtkParallelFile",
    "VtkImageData",
    "VtkRectilinearGrid",
    "VtkStructuredGrid",
    "VtkUnstructuredGrid",
}


def __getattr__(name: str) -> Any:
    """Say what stands for the classes of PyEVTK's low-level module."""
    if name in _LOW_LEVEL:
        raise ImportError(
            f"{name} is of PyEVTK's low-level module, which is not here: functions like gridToVTK write whole files, "
            "and vtkseries.SeriesWriter step after step",
            name=__name__,
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
