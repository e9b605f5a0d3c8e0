"""Rectilinear grids: three axes of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vtkseries.grids.geometry import Geometry, extent_of
from vtkseries.xmlformat.layout import DataArray, Section

__all__ = ["rectilinear"]


def rectilinear(nodes: Sequence[np.ndarray]) -> Geometry:
    """Describe the grid whose axes x, y, z have these nodes.

    Parameters
    ----------
    nodes : three ndarrays of float64, shapes (nx,), (ny,), (nz,)
        Strictly increasing.
    """
    arrays = tuple(DataArray(name, "Float64", nbytes=n.nbytes) for name, n in zip("xyz", nodes, strict=True))
    return Geometry(
        type="RectilinearGrid",
        suffix=".vtr",
        extent=extent_of([len(n) for n in nodes]),
        section=Section("Coordinates", arrays),
        values=tuple(np.ascontiguousarray(n, "f8") for n in nodes),
    )
