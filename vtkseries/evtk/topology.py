"""Cells as VTK's XML files hold them, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vtkseries.errors import SeriesError
from vtkseries.evtk.cells import CELL_TYPES, NODES
from vtkseries.evtk.given import given

__all__ = ["check_cells", "whole"]

Array = npt.NDArray[Any]

_LARGEST_TYPE = 81
_POLYHEDRON = 42
_LARGEST = 2.0**53


def whole(name: str, values: Any) -> Array:
    """Give whole numbers as an array that VTK takes for indices.

    Raises
    ------
    SeriesError
        There are others among them, or more than one axis.
    """
    array = np.asarray(given(name, values))
    if array.ndim != 1:
        raise SeriesError(f"{name} has the shape {array.shape}; expected (n,)")
    if array.dtype.kind in "fu" and array.size and (array > _LARGEST).any():
        raise SeriesError(f"{name} reaches {array.max()}; expected whole numbers below 2**53")
    if array.dtype.kind == "f" and np.isfinite(array).all() and (array == np.trunc(array)).all():
        array = array.astype(np.int64)
    if array.dtype.kind not in "iu" and array.size:
        raise SeriesError(f"{name} has the dtype {array.dtype}; expected whole numbers")
    return array if array.dtype in (np.dtype("i4"), np.dtype("i8")) else array.astype(np.int64)


def check_cells(npoints: int, connectivity: Any, offsets: Any, types: Any) -> tuple[Array, Array, Array]:
    """Give connectivity, offsets and types of cells that are sound: readers crash on others.

    Raises
    ------
    SeriesError
        A point is not there, the offsets do not rise to the end, or a cell's kind has another number of points.
    """
    nodes, ends, kinds = (
        whole(name, array)
        for name, array in (("connectivity", connectivity), ("offsets", offsets), ("cell_types", types))
    )
    if ends.size != kinds.size:
        raise SeriesError(f"offsets has the shape {ends.shape}; expected that of cell_types, {kinds.shape}")
    if nodes.size and not 0 <= int(nodes.min()) <= int(nodes.max()) < npoints:
        raise SeriesError(
            f"connectivity reaches from {nodes.min()} to {nodes.max()}; expected numbers of the {npoints} points, "
            f"0 to {npoints - 1}"
        )
    lengths = np.diff(ends, prepend=0)
    if (lengths < 0).any():
        at = int(np.argmax(lengths < 0))
        raise SeriesError(f"offsets does not rise: number {at} is {ends[at]}, after {ends[at - 1] if at else 0}")
    if (int(ends[-1]) if ends.size else 0) != nodes.size:
        raise SeriesError(
            f"offsets ends at {ends[-1] if ends.size else 0}; expected {nodes.size}, the size of connectivity"
        )
    if kinds.size and not 0 <= int(kinds.min()) <= int(kinds.max()) <= _LARGEST_TYPE:
        raise SeriesError(f"cell_types reaches from {kinds.min()} to {kinds.max()}; expected VTK's cell types")
    if (kinds == _POLYHEDRON).any():
        raise SeriesError("cell_types has polyhedra (42), whose faces these arguments cannot hold")
    for tid in np.unique(kinds).tolist():
        wrong = np.flatnonzero((kinds == tid) & (lengths != NODES.get(tid, lengths)))
        if wrong.size:
            at, name = int(wrong[0]), CELL_TYPES[tid].name
            raise SeriesError(f"offsets gives cell {at} {lengths[at]} points; expected {NODES[tid]}, as a {name} has")
    return nodes, ends, kinds.astype(np.uint8)
