"""Steps of variables that are lazy, each chunk of which is computed once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
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
    dim : hashable or None
        The dim of points that have times of their own.
    members : tuple of ndarray or None
        Which of them each step has.
    """

    time: Hashable | None
    dim: Hashable | None = None
    members: tuple[npt.NDArray[np.int64], ...] | None = None

    def moves(self, variable: xr.Variable) -> bool:
        """Tell whether a variable's values differ from step to step."""
        return self.time in variable.dims or (self.members is not None and self.dim in variable.dims)

    def of(self, variable: xr.Variable, step: int, first: int = 0) -> xr.Variable:
        """Give a variable, of which the steps from `first` on are there, at a step."""
        if self.members is not None:
            return variable.isel({self.dim: self.members[step]}) if self.dim in variable.dims else variable
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
