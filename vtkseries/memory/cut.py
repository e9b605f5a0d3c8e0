"""Coordinates that a grid does not hold, of the part of it that a filter left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from vtkseries.memory.back import GridView

__all__ = ["Cut"]

Array = npt.NDArray[Any]

_ROLES = ("x", "y", "z")


class Cut:
    """Which part of its dims a grid has, by its extent, which is believed where a coordinate bears it out.

    Parameters
    ----------
    view : GridView
    before : mapping
        The sizes of the dims in the Dataset.
    roles : mapping
        Of those dims that run along an axis of the grid: the axis, and whether values lie in cells.
    flips : set of str
        The axes along which the Dataset runs the other way.
    """

    def __init__(
        self,
        view: GridView,
        before: Mapping[Hashable, int],
        roles: Mapping[Hashable, tuple[str, bool]],
        flips: set[str],
    ) -> None:
        self._view = view
        self._slices: dict[Hashable, slice] = {}
        self.roles = roles
        self._flips = flips
        self._known: set[Hashable] = set()
        for dim, (role, cells) in roles.items():
            axis = _ROLES.index(role)
            first, size = view.extent[2 * axis], (view.cells if cells else view.points)[2 - axis]
            if dim not in before or first < 0 or first + size > before[dim]:
                continue
            start = before[dim] - first - size if role in flips else first
            self._slices[dim] = slice(start, start + size)

    def of(self, values: Array, dims: tuple[Hashable, ...]) -> Array | None:
        """Give the part of a coordinate; None where it is not sure."""
        own = [dim for dim in dims if dim in self.roles]
        if not own or any(dim not in self._slices for dim in own):
            return None
        part = values[tuple(self._slices.get(dim, slice(None)) for dim in dims)]
        if self._borne_out(part, dims):
            self._known |= set(own)
        return part if self._known >= set(own) else None

    def _borne_out(self, part: Array, dims: tuple[Hashable, ...]) -> bool:
        """Tell whether the points, or the middles of cells, have these values, or their negatives, as x, y or z."""
        axes = [self.roles[dim] for dim in dims if dim in self.roles]
        middles = any(cells for _, cells in axes)
        if len(axes) < len(dims) or part.dtype.kind not in "iuf" or (middles and len(axes) > 1):
            return False
        order = [role for role, _ in axes]
        values = part.transpose([order.index(role) for role in ("z", "y", "x") if role in order]).astype("f8")
        turned = tuple(slice(None, None, -1 if role in self._flips else 1) for role in ("z", "y", "x") if role in order)
        for places in self._candidates(order):
            found = ((places[1:] + places[:-1]) / 2 if middles else places)[turned]
            # Of another factor nobody could tell whether every second point was taken.
            if any(np.allclose(found, sign * values, rtol=1e-9, atol=0) for sign in (1, -1)):
                return True
        return False

    def _candidates(self, order: list[str]) -> list[Array]:
        """Give what the grid has along some axes: its nodes, or its points' places."""
        if len(order) == 1:
            nodes = self._view.nodes(order[0])
            return [] if nodes is None else [nodes]
        if self._view.kind != "vtkStructuredGrid":
            return []
        places = self._view.places()
        index = tuple(slice(None) if role in order else 0 for role in ("z", "y", "x"))
        return [places[..., component][index] for component in range(3)]
