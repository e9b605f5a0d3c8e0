"""Structured grids: every point has its own place."""

from __future__ import annotations

import math
from collections.abc import Sequence

from vtkseries.grids.geometry import Geometry, extent_of
from vtkseries.xmlformat.layout import DataArray, Section

__all__ = ["structured"]


def structured(points: Sequence[int]) -> Geometry:
    """Describe a curvilinear grid with so many points along x, y and z; its ``Points`` are planned like a field."""
    array = DataArray("Points", "Float64", components=3, nbytes=24 * math.prod(points))
    return Geometry(
        type="StructuredGrid",
        suffix=".vts",
        extent=extent_of(points),
        section=Section("Points", (array,)),
    )
