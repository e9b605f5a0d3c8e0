"""The plan of points or meshes that continue a series: in its units of time, with its arrays, on its mesh."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vtkseries.engine.faces import flat_cells
from vtkseries.engine.gridfile import GridFile
from vtkseries.engine.meshfile import cell_total, point_total, read_flat
from vtkseries.meshes.cloud import Cloud
from vtkseries.meshes.model import Mesh, Named
from vtkseries.meshes.parts import Parts
from vtkseries.meshes.steps import Steps
from vtkseries.meshes.write import MeshSeries
from vtkseries.writer.resume import Held, find_earlier
from vtkseries.xmlformat.dtypes import vtk_type
from vtkseries.xmlformat.layout import DataArray

__all__ = ["continued"]


def continued(
    plan: Callable[..., MeshSeries], path: Path, *, mode: str = "w", time_units: str | None = None, **options: Any
) -> MeshSeries:
    """Plan a series; with ``mode="a"``, what is there already is gone on with.

    Raises
    ------
    SeriesError
        What cannot be written as asked, or does not fit the series so far.
    FormatError
        The series so far is beyond reading.
    """
    earlier = find_earlier(path, mode, clouds=True)
    if earlier is not None and time_units is None:
        time_units = earlier.units
    series = plan(mode=mode, time_units=time_units, **options)
    if earlier is None:
        return series
    parts = [_held(series, *fields) for fields in series.build.fields()]
    earlier.check([(held, []) for held in parts], series.plan.times.units)
    earlier.check_fields({field.name for field in series.plan.fields}, series.plan.times.calendar)
    if isinstance(series.build, Parts):
        at = Steps(series.sources, series.selection).at(0)
        for number, (part, (grid, _)) in enumerate(zip(series.build.parts, earlier.parts, strict=True)):
            moves = part.layers is not None and part.layers.moves
            found = _other_mesh(grid, series.build.geometry(number, at), moves=moves)
            if found:
                raise earlier.misfit(found)
    return series


def _held(series: MeshSeries, kind: str, point: Sequence[Named | str], cell: Sequence[Named]) -> Held:
    return Held.of_points(
        kind,
        [array for item in point for array in _arrays(series, item)],
        [array for item in cell for array in _arrays(series, item)],
    )


def _arrays(series: MeshSeries, item: Named | str) -> list[DataArray]:
    """Describe the arrays of a field, or those that number the points."""
    if isinstance(item, str):
        count = math.prod(series.build.sizes.values()) if isinstance(series.build, Cloud) else 0
        return [DataArray(item, "Int32" if count <= np.iinfo("i4").max else "Int64")]
    count = len(item.keys) if item.inner is None else series.sources[item.keys[0]].sizes[item.inner]
    count = 3 if count == 2 else count  # noqa: PLR2004  # two components get a zero third
    return [
        DataArray(f"{item.name}{suffix}", vtk_type(np.dtype(conversion.dtype)), count)
        for suffix, conversion, _ in item.arrays
    ]


def _other_mesh(grid: GridFile, mesh: Mesh, *, moves: bool) -> str:
    """Say how a mesh differs from that of a file; empty where it does not. Levels that move are free."""
    assert mesh.cells is not None  # noqa: S101  # it is one of cells
    nodes, ends, _ = mesh.cells
    was, now = (point_total(grid), cell_total(grid)), (mesh.points[0].size, ends.size)
    for what, old, new in zip(("points", "cells"), was, now, strict=True):
        if old != new:
            return f"its mesh has {old} {what}, and the new step's {new}"
    old_nodes, sizes = flat_cells(grid)
    if not np.array_equal(np.cumsum(sizes), ends) or not np.array_equal(old_nodes, nodes):
        return "the cells of its mesh are others"
    places = read_flat(grid, "Points", grid.arrays("Points")[0].name)
    same = (np.array_equal(old, new) for old, new in zip(places.T, mesh.points, strict=True))
    return "" if moves or all(same) else "the points of its mesh are others"
