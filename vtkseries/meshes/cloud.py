"""The points of a step, with their data, and the lines through them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.meshes.globe import Globe
from vtkseries.meshes.model import Mesh, Named
from vtkseries.meshes.places import as_floats
from vtkseries.meshes.steps import At, Selection

__all__ = ["Cloud", "Layout"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Layout:
    """How points lie in the arrays.

    Attributes
    ----------
    points : tuple of hashable
        The dims that run over points; none where there is a single one. Those of `stamps` come first.
    time : hashable or None
        The dim of the steps.
    stamps : hashable or None
        The variable that gives the time of each step or, without a dim of steps, of each point.
    owner : Variable or None
        The line of each point, as a trajectory; None where points are drawn alone.
    instances : mapping
        The dims over lines, and their sizes; none where lines are told by what they are called.
    """

    points: tuple[Hashable, ...]
    time: Hashable | None = None
    stamps: Hashable | None = None
    owner: xr.Variable | None = None
    instances: Mapping[Hashable, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Cloud:
    """What makes the points of each step from the variables at it.

    Attributes
    ----------
    layout : Layout
    sizes : dict
        Of the dims over points.
    selection : Selection
    places : mapping
        By role, the variables of x, y and z.
    drawn : tuple of Named
    factor : float
        Of z.
    index : str or None
        The name of the array that tells which points of the Dataset those of a step are; None where all are there.
    blank : bool
        Whether missing values are hidden.
    globe : Globe or None
    around : float
        Of longitudes on a plane, which may jump, the whole circle; else 0.
    """

    layout: Layout
    sizes: dict[Hashable, int]
    selection: Selection
    places: Mapping[str, Hashable]
    drawn: tuple[Named, ...]
    factor: float
    index: str | None
    blank: bool = False
    globe: Globe | None = None
    around: float = 0.0

    def step(self, step: int, at: At) -> list[Mesh]:
        """Give the mesh of a step; points without a place are not there."""
        members = None if self.selection.members is None else self.selection.members[step]
        sizes = self._sizes(members)
        size = math.prod(sizes.values())
        axes = [_line(at(self.places[role]), sizes) if role in self.places else None for role in "xyz"]
        x, y, z = (np.zeros(size) if axis is None else as_floats(axis) for axis in axes)
        z = z * z.dtype.type(self.factor) if self.factor != 1 else z
        chosen = np.flatnonzero(np.isfinite(x) & np.isfinite(y) & np.isfinite(z))
        owner = None
        if self.layout.owner is not None:
            owner = _line(self.layout.owner, sizes)
            chosen = chosen[np.argsort(owner[chosen], kind="stable")]
        whole = chosen.size == size and (owner is None or bool((chosen[1:] > chosen[:-1]).all()))
        take: Any = slice(None) if whole else chosen
        places, directions = (x[take], y[take], z[take]), None
        if self.globe is not None:
            directions = self.globe.directions(*places[:2])
            places = self.globe.place(directions, places[2])
        mesh = Mesh(places)
        groups = np.empty(0, "i8")
        if owner is not None:
            own = owner[chosen]
            begins = own[1:] != own[:-1]
            if self.around:  # or a line would be drawn right across the map
                begins |= np.abs(np.diff(places[0])) > self.around / 2
            starts = np.append(0, np.flatnonzero(begins) + 1)[: own.size]
            groups = own[starts]
            mesh.lines = (np.arange(chosen.size), np.append(starts[1:], chosen.size)[: len(groups)])
        for item in self.drawn:
            self._add(mesh, item, [at(key) for key in item.keys], sizes, take, groups, directions)
        if self.index is not None:
            rest = 1 if members is None or not len(members) else size // len(members)
            numbers = chosen if members is None else members[chosen // rest] * rest + chosen % rest
            count = math.prod(self.sizes.values())
            mesh.point.append((self.index, (numbers.astype("i4" if count <= np.iinfo("i4").max else "i8"),)))
        return [mesh]

    def fields(self) -> list[tuple[str, Sequence[Named | str], Sequence[Named]]]:
        """Give the kind of the one part's files, and its fields on points and on lines."""
        lines = [item for item in self.drawn if self._on_lines(item)]
        points: list[Named | str] = [item for item in self.drawn if item not in lines]
        return [("PolyData", [*points, *([] if self.index is None else [self.index])], lines)]

    def _on_lines(self, item: Named) -> bool:
        own = item.dims - {self.layout.time}
        return self.layout.owner is not None and bool(own) and own <= set(self.layout.instances)

    def _sizes(self, members: Array | None) -> dict[Hashable, int]:
        """Give the dims over the points of a step: those with times of their own lie along the first of theirs."""
        if members is None:
            return self.sizes
        stamped = self.selection.sizes
        rest = {dim: size for dim, size in self.sizes.items() if dim not in stamped}
        return {next(iter(stamped)): len(members), **rest}

    def _add(
        self,
        mesh: Mesh,
        item: Named,
        variables: list[xr.Variable],
        sizes: dict[Hashable, int],
        take: Any,
        groups: Array,
        directions: tuple[Array, Array, Array] | None,
    ) -> None:
        parts = [part for variable in variables for part in _split(variable, item.inner)]
        if self._on_lines(item):
            values = [_line(part, self.layout.instances)[groups] for part in parts]
            mesh.add(item, values, cells=True, blank=self.blank)
        else:
            flat = [_line(part, sizes)[take] for part in parts]
            if item.turned and self.globe is not None and directions is not None:
                flat = self.globe.turn(flat, directions)
            mesh.add(item, flat, blank=self.blank)


def _line(variable: xr.Variable, sizes: Mapping[Hashable, int]) -> Array:
    """Give one value a point, or a line, from a variable along some of their dims."""
    whole = variable.set_dims(dict(sizes))  # type: ignore[no-untyped-call]
    return np.asarray(whole.transpose(*sizes).values).reshape(-1)


def _split(variable: xr.Variable, inner: Hashable | None) -> list[xr.Variable]:
    if inner is None or inner not in variable.dims:
        return [variable]
    return [variable.isel({inner: number}) for number in range(variable.sizes[inner])]
