"""The parts of a UGRID mesh, step by step: its faces, its edges, and the layers between its levels."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.meshes.globe import Globe
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
    factor : float
        Of the points' own heights.
    globe : Globe or None
    """

    topology: Topology
    parts: tuple[UgridPart, ...]
    blank: bool = False
    factor: float = 1.0
    globe: Globe | None = None
    _made: dict[int, Mesh] = field(default_factory=dict, compare=False, repr=False)

    def step(self, step: int, at: At) -> list[Mesh]:
        """Give the meshes of a step."""
        del step
        return [self._mesh(number, part, at) for number, part in enumerate(self.parts)]

    def fields(self) -> list[tuple[str, Sequence[Named | str], Sequence[Named]]]:
        """Give each part's kind of file, and its fields on points and on cells."""
        found: list[tuple[str, Sequence[Named | str], Sequence[Named]]] = []
        for part in self.parts:
            at_points, in_cells = ([i for i in part.fields if (part.cells.dim in i.dims) == c] for c in (False, True))
            found.append(("UnstructuredGrid", at_points, in_cells))
        return found

    def geometry(self, number: int, at: At) -> Mesh:
        """Give a part's points and cells at a step."""
        return self._geometry(self.parts[number], at, None)

    def __getstate__(self) -> dict[str, Any]:
        return {**{key: value for key, value in self.__dict__.items() if key != "_directions"}, "_made": {}}

    def _mesh(self, number: int, part: UgridPart, at: At) -> Mesh:
        moves = part.layers is not None and part.layers.moves
        made = self._made.get(number)
        if made is None or moves:
            made = self._geometry(part, at, made)
            self._made[number] = made
        mesh = Mesh(made.points, cells=made.cells, hidden=dict(made.hidden))
        for item in part.fields:
            components = [values for key in item.keys for values in self._flat(at(key), item.inner, part.layers)]
            if item.turned and self.globe is not None:
                components = self._turned(components, part, cells=part.cells.dim in item.dims)
            mesh.add(item, components, cells=part.cells.dim in item.dims, blank=self.blank)
        return mesh

    def _geometry(self, part: UgridPart, at: At, before: Mesh | None) -> Mesh:
        x, y, z = (as_floats(axis) for axis in self.topology.points)
        if part.layers is None:
            z = z * z.dtype.type(self.factor) if self.factor != 1 else z
            mesh = Mesh(self._placed((x, y, z), 1), cells=part.cells.flat())
            if part.hidden is not None:
                mesh.hide(part.hidden, cells=True)
            return mesh
        levels = part.layers.heights.of(at, self.topology)
        levels = levels[::-1] if part.layers.flipped else levels
        count = len(levels)
        heights = np.ascontiguousarray(np.broadcast_to(levels.reshape(count, -1), (count, x.size)))
        there = np.isfinite(heights)
        flat = (heights if there.all() else _whole(heights, there)).reshape(-1)
        if before is None or self.globe is not None:
            points = self._placed((np.tile(x, count), np.tile(y, count), flat), count)
            mesh = Mesh(points, cells=part.cells.prisms(x.size, count) if before is None else before.cells)
        else:
            mesh = Mesh((*before.points[:2], flat), cells=before.cells)
        if not there.all():
            mesh.hide(~there.reshape(-1), cells=False)
        if part.hidden is not None:
            mesh.hide(np.tile(part.hidden, count - 1), cells=True)
        return mesh

    def _placed(self, points: tuple[Array, Array, Array], count: int) -> tuple[Array, Array, Array]:
        """Give the points of so many levels as they are, or on the globe."""
        if self.globe is None:
            return points
        x, y, z = (np.tile(axis, count) for axis in self._directions)
        return self.globe.place((x, y, z), points[2])

    @cached_property
    def _directions(self) -> tuple[Array, Array, Array]:
        assert self.globe is not None  # noqa: S101  # as is asked for
        return self.globe.directions(*self.topology.points[:2])

    def _turned(self, components: list[Array], part: UgridPart, *, cells: bool) -> list[Array]:
        """Turn the vectors of points, or of cells: there in the mean direction of their points."""
        assert self.globe is not None  # noqa: S101  # or nothing is turned
        found = self._directions
        if cells:
            owner = np.repeat(np.arange(part.cells.sizes.size), part.cells.sizes)
            x, y, z = (np.bincount(owner, axis[part.cells.nodes], part.cells.sizes.size) for axis in found)
            found = x, y, z
        x, y, z = (np.tile(axis, components[0].size // axis.size) for axis in found)
        return self.globe.turn(components, (x, y, z))

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
