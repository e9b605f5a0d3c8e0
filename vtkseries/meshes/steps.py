"""Steps of variables that are lazy, each chunk of which is computed once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

__all__ = ["At", "Selection", "Steps"]

At = Callable[[Hashable], xr.Variable]
"""Gives, by its key, what a variable is at a step."""


@dataclass(frozen=True)
class Selection:
    """Which part of a variable belongs to a step.

    Attributes
    ----------
    time : hashable or None
        The dim of the steps.
    sizes : mapping
        The dims along which points have times of their own, and how long they are.
    members : tuple of ndarray or None
        Which of these points each step has, by their number in the order of `sizes`; they then lie along the first dim.
    """

    time: Hashable | None
    sizes: Mapping[Hashable, int] = field(default_factory=dict)
    members: tuple[npt.NDArray[np.int64], ...] | None = None

    def moves(self, variable: xr.Variable) -> bool:
        """Tell whether a variable's values differ from step to step."""
        own = self.members is not None and not set(self.sizes).isdisjoint(variable.dims)
        return self.time in variable.dims or own

    def of(self, variable: xr.Variable, step: int, first: int = 0) -> xr.Variable:
        """Give a variable, of which the steps from `first` on are there, at a step."""
        if self.members is not None:
            along = next(iter(self.sizes))
            places = np.unravel_index(self.members[step], tuple(self.sizes.values()))
            index = {dim: xr.Variable(along, at) for dim, at in zip(self.sizes, places, strict=True)}
            return variable.isel({dim: at for dim, at in index.items() if dim in variable.dims})
        return variable.isel({self.time: step - first}) if self.time in variable.dims else variable


class Steps:
    """Gives variables at one time step after the other, and holds no more than the chunk that each step is in.

    Parameters
    ----------
    sources : mapping
        The variables by key.
    selection : Selection
    """

    def __init__(self, sources: Mapping[Hashable, xr.Variable], selection: Selection) -> None:
        self._sources = sources
        self._selection = selection
        self._held: dict[Hashable, tuple[int, xr.Variable]] = {}

    def at(self, step: int) -> At:
        """Give what tells the variables at a step; what has no steps is whole."""

        def one(key: Hashable) -> xr.Variable:
            variable = self._sources[key]
            if variable.chunks is None or (self._selection.members is not None and self._selection.moves(variable)):
                return self._selection.of(variable, step)
            first = self._first(variable, step)
            held = self._held.get(key)
            if held is None or held[0] != first:
                self._held.pop(key, None)  # before its successor needs memory
                held = (first, self._chunk(variable, first).compute())
                self._held[key] = held
            return self._selection.of(held[1], step, first)

        return one

    def _first(self, variable: xr.Variable, step: int) -> int:
        """Give the first step of the chunk that a step is in."""
        starts = _starts(variable, self._selection.time)
        return int(starts[np.searchsorted(starts, step, "right") - 1]) if len(starts) > 1 else 0

    def _chunk(self, variable: xr.Variable, first: int) -> xr.Variable:
        time = self._selection.time
        if time is None or time not in variable.dims:
            return variable
        starts = _starts(variable, time)
        return variable.isel({time: slice(first, int(starts[np.searchsorted(starts, first, "right")]))})


def _starts(variable: xr.Variable, time: Hashable | None) -> Any:
    """Give where the chunks of a variable begin, and where the last one ends."""
    sizes = variable.chunksizes.get(time, ()) if time is not None else ()
    return np.cumsum((0, *sizes))
