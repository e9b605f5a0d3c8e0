"""Arrays that tell ParaView what not to draw: ``vtkGhostType``, from where data and coordinates are missing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr

from vtkseries.cf.lazy import derive, wrapped
from vtkseries.cf.missing import HIDDEN_CELL, HIDDEN_POINT, can_miss, cells_touching, missing
from vtkseries.cf.roles import SPACE, by_role
from vtkseries.grids.geometry import Geometry
from vtkseries.plan.group import Field, Group
from vtkseries.plan.model import ArrayPlan, Component
from vtkseries.values import Conversion
from vtkseries.xmlformat.layout import DataArray

__all__ = ["GHOSTS", "ghost_arrays"]

GHOSTS = "vtkGhostType"

Planned = list[tuple[ArrayPlan, DataArray]]


def ghost_arrays(
    group: Group, geometry: Geometry, time_dim: object, sources: dict[str, xr.Variable], *, label: str, blank: bool
) -> tuple[Planned, Planned]:
    """Plan the ghost arrays of a part: of its points, and of its cells.

    A point is hidden where one of the fields on the points, or its own place, is missing; a cell is hidden where its
    own values are missing, one of its points is hidden, or it is turned over.

    Parameters
    ----------
    group : Group
    geometry : Geometry
    time_dim : hashable or None
    sources : dict
        Takes the masks, which are computed from the data block by block.
    label : str
        The part's name, for the masks' keys.
    blank : bool
        Whether missing data are to be hidden, and not only points without a place.
    """
    points = _mask([item for item in group.fields if not item.cells and blank], group, time_dim)
    cells = _mask([item for item in group.fields if item.cells and blank], group, time_dim)
    lost = group.placement.lost
    if lost is not None and any(axis.cells for axis in group.axes.values()):
        cells = lost if cells is None else derive(_either, [cells, lost], "?")
    elif lost is not None:
        points = lost if points is None else derive(_either, [points, lost], "?")
    sizes = dict(zip(("z", "y", "x"), geometry.points, strict=True))
    if points is not None:
        around = cells_touching(points, sizes)
        cells = around if cells is None else derive(_either, [cells, around], "?")
    turned = group.placement.turned
    if turned is not None:
        cells = turned if cells is None else derive(_either, [cells, turned], "?")
    flips = tuple(role for role in SPACE if group.axes[role].flipped)
    result: tuple[Planned, Planned] = ([], [])
    for planned, mask, kind, shape, value in (
        (result[0], points, "points", geometry.points, HIDDEN_POINT),
        (result[1], cells, "cells", geometry.cells, HIDDEN_CELL),
    ):
        if mask is None:
            continue
        key = f"ghosts:{label}:{kind}"
        sources[key] = derive(_Marked(value), [mask], "u1")
        part = Component(key, tuple(map(str, mask.dims)), flips, Conversion("uint8"))
        planned.append(
            (
                ArrayPlan(GHOSTS, "uint8", shape, 1, (part,)),
                DataArray(GHOSTS, "UInt8", nbytes=math.prod(shape)),
            )
        )
    return result


def _mask(fields: list[Field], group: Group, time_dim: object) -> xr.Variable | None:
    """Give where one of some fields is missing, with dims named by role."""
    variables = []
    for item in fields:
        if item.made:
            continue  # what averaging leaves open at the edges is no hole in the model's own fields
        roles = {**item.roles, **({} if time_dim is None else {time_dim: "time"})}
        for variable in item.variables:
            if not can_miss(variable):
                continue
            placed = by_role(variable, roles)
            parts = [placed.isel(c=n) for n in range(placed.sizes["c"])] if "c" in placed.dims else [placed]
            closed = group.axes["x"].closed
            variables += [wrapped(part, "x") if closed else part for part in parts]
    return missing(variables) if variables else None


def _either(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.asarray(first | second)


@dataclass(frozen=True)
class _Marked:
    value: int

    def __call__(self, mask: np.ndarray) -> np.ndarray:
        return np.asarray(mask.astype("u1") * np.uint8(self.value))
