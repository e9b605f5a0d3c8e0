"""The parts of a UGRID mesh, step by step: its faces, its edges, and the layers between its levels."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.meshes.heights import Heights
from vtkseries.meshes.model import Mesh, Named
from vtkseries.meshes.places import as_floats
from vtkseries.meshes.steps import At
from vtkseries.meshes.topology import Cells, Topology

__all__ = ["Layers", "Parts", "UgridPart"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Layers:
    """The levels between which cells lie.

    Attributes
    ----------
    dims : frozenset
        Of fields between them, and at them.
    heights : Heights
    levels : int
    flipped : bool
        Data run downwards, and are turned.
    moves : bool
        The levels are others at each step.
    """

    dims: frozenset[Hashable]
    heights: Heights
    levels: int
    flipped: bool
    moves: bool


@dataclass(frozen=True)
class UgridPart:
    """The faces or edges of a mesh, as they are or drawn out between levels, and the fields on them."""

    cells: Cells
    layers: Layers | None
    fields: tuple[Named, ...]
    hidden: Array | None = None


@dataclass(frozen=True)
class Parts:
    """What makes the meshes of each step.

    Attributes
    ----------
    topology : Topology
    parts : tuple of UgridPart
    blank : bool
        Whether missing values are hidden.
    """

    topology: Topology
    parts: tuple[UgridPart, ...]
    blank: bool = False
    _made: dict[int, Mesh] = field(default_factory=dict, compare=False, repr=False)

    def step(self, step: int, at: At) -> list[Mesh]:
        """Give the meshes of a step."""
        del step
        return [self._mesh(number, part, at) for number, part in enumerate(self.parts)]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": {}}

    def _mesh(self, number: int, part: UgridPart, at: At) -> Mesh:
        moves = part.layers is not None and part.layers.moves
        made = self._made.get(number)
        if made is None or moves:
            made = self._geometry(part, at, made)
            self._made[number] = made
        mesh = Mesh(made.points, cells=made.cells, hidden=dict(made.hidden))
        for item in part.fields:
            components = [values for key in item.keys for values in self._flat(at(key), item.inner, part.layers)]
            mesh.add(item, components, cells=part.cells.dim in item.dims, blank=self.blank)
        return mesh

    def _geometry(self, part: UgridPart, at: At, before: Mesh | None) -> Mesh:
        x, y, z = (as_floats(axis) for axis in self.topology.points)
        if part.layers is None:
            mesh = Mesh((x, y, z), cells=part.cells.flat())
            if part.hidden is not None:
                mesh.hide(part.hidden, cells=True)
            return mesh
        levels = part.layers.heights.of(at, self.topology)
        levels = levels[::-1] if part.layers.flipped else levels
        count = len(levels)
        heights = np.ascontiguousarray(np.broadcast_to(levels.reshape(count, -1), (count, x.size)))
        there = np.isfinite(heights)
        if before is None:
            points = (np.tile(x, count), np.tile(y, count), heights.reshape(-1))
            mesh = Mesh(points, cells=part.cells.prisms(x.size, count))
        else:
            mesh = Mesh((*before.points[:2], heights.reshape(-1)), cells=before.cells)
        if not there.all():
            mesh.points = (*mesh.points[:2], _whole(heights, there).reshape(-1))
            mesh.hide(~there.reshape(-1), cells=False)
        if part.hidden is not None:
            mesh.hide(np.tile(part.hidden, count - 1), cells=True)
        return mesh

    def _flat(self, variable: xr.Variable, inner: Hashable | None, layers: Layers | None) -> list[Array]:
        across = [dim for dim in variable.dims if layers is not None and dim in layers.dims]
        if layers is not None and layers.flipped:
            variable = variable.isel(dict.fromkeys(across, slice(None, None, -1)))
        last = next(dim for dim in variable.dims if dim not in across and dim != inner)
        if inner is None or inner not in variable.dims:
            return [np.asarray(variable.transpose(*across, last).values).reshape(-1)]
        ordered = np.asarray(variable.transpose(inner, *across, last).values)
        return [part.reshape(-1) for part in ordered]


def _whole(heights: Array, there: Array) -> Array:
    """Put levels without a height, as below the ground, where the nearest one of the same point is."""
    count = len(heights)
    rows = np.arange(count)[:, None]
    below = np.maximum.accumulate(np.where(there, rows, -1), axis=0)
    above = np.minimum.accumulate(np.where(there, rows, count)[::-1], axis=0)[::-1]
    nearest = np.where(below >= 0, below, np.where(above < count, above, 0))
    found = np.take_along_axis(heights, nearest, axis=0)
    return np.where(np.isfinite(found), found, 0.0)
