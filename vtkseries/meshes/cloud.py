"""The points of a step, with their data, and the lines through them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

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
        The dims that run over points: one, or trajectory and observation.
    time : hashable or None
        The dim of the steps.
    stamps : hashable or None
        The variable that gives each point's own time.
    owner : Variable or None
        The trajectory of each point; None where points are drawn alone.
    instances : hashable or None
        The dim over trajectories.
    """

    points: tuple[Hashable, ...]
    time: Hashable | None = None
    stamps: Hashable | None = None
    owner: xr.Variable | None = None
    instances: Hashable | None = None


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
    fields : tuple of Named
    factor : float
        Of z.
    index : str or None
        The name of the array that tells which points of the Dataset those of a step are; None where all are there.
    blank : bool
        Whether missing values are hidden.
    """

    layout: Layout
    sizes: dict[Hashable, int]
    selection: Selection
    places: Mapping[str, Hashable]
    fields: tuple[Named, ...]
    factor: float
    index: str | None
    blank: bool = False

    def step(self, step: int, at: At) -> list[Mesh]:
        """Give the mesh of a step; points without a place are not there."""
        members = None if self.selection.members is None else self.selection.members[step]
        sizes = dict(self.sizes) if members is None else dict.fromkeys(self.sizes, len(members))
        size = int(np.prod(list(sizes.values()), dtype=np.int64))
        axes = [
            _line(at(self.places[role]), self.layout.points, sizes) if role in self.places else None for role in "xyz"
        ]
        x, y, z = (np.zeros(size) if axis is None else as_floats(axis) for axis in axes)
        z = z * z.dtype.type(self.factor) if self.factor != 1 else z
        chosen = np.flatnonzero(np.isfinite(x) & np.isfinite(y) & np.isfinite(z))
        owner = None
        if self.layout.owner is not None:
            owner = _line(self.layout.owner, self.layout.points, sizes)
            chosen = chosen[np.argsort(owner[chosen], kind="stable")]
        take: Any = slice(None) if chosen.size == size and owner is None else chosen
        mesh = Mesh((x[take], y[take], z[take]))
        groups = np.empty(0, "i8")
        if owner is not None:
            groups, starts = np.unique(owner[chosen], return_index=True)
            mesh.lines = (np.arange(chosen.size), np.append(starts[1:], chosen.size)[: len(groups)])
        for item in self.fields:
            self._add(mesh, item, [at(key) for key in item.keys], sizes, take, groups)
        if self.index is not None:
            numbers = chosen if members is None else members[chosen]
            count = int(np.prod(list(self.sizes.values()), dtype=np.int64))
            mesh.point.append((self.index, (numbers.astype("i4" if count <= np.iinfo("i4").max else "i8"),)))
        return [mesh]

    def _add(
        self,
        mesh: Mesh,
        item: Named,
        variables: list[xr.Variable],
        sizes: dict[Hashable, int],
        take: Any,
        groups: Array,
    ) -> None:
        parts = [part for variable in variables for part in _split(variable, item.inner)]
        on_lines = item.dims - {self.layout.time} == {self.layout.instances}
        if on_lines and mesh.lines is not None:
            mesh.add(item, [np.asarray(part.values)[groups] for part in parts], cells=True, blank=self.blank)
        elif not on_lines or len(self.layout.points) > 1:
            mesh.add(item, [_line(part, self.layout.points, sizes)[take] for part in parts], blank=self.blank)


def _line(variable: xr.Variable, dims: tuple[Hashable, ...], sizes: Mapping[Hashable, int]) -> Array:
    """Give one value a point."""
    whole = variable.set_dims(dict(sizes))  # type: ignore[no-untyped-call]
    return np.asarray(whole.transpose(*dims).values).reshape(-1)


def _split(variable: xr.Variable, inner: Hashable | None) -> list[xr.Variable]:
    if inner is None or inner not in variable.dims:
        return [variable]
    return [variable.isel({inner: number}) for number in range(variable.sizes[inner])]
