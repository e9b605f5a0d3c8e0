"""Steps of variables that are lazy, each chunk of which is computed once."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import xarray as xr

__all__ = ["Steps"]


class Steps:
    """Gives variables at one time step after the other, and holds no more than the chunk that each step is in.

    Parameters
    ----------
    time : hashable or None
        The dim of the steps.
    """

    def __init__(self, time: Hashable | None) -> None:
        self._time = time
        self._held: dict[int, tuple[int, xr.Variable]] = {}

    def at(self, variable: xr.Variable, step: int) -> xr.Variable:
        """Give a variable at a step; whole where it has no steps."""
        first = 0
        if variable.chunks is not None:
            first = self._first(variable, step)
            held = self._held.get(id(variable))
            if held is None or held[0] != first:
                self._held.pop(id(variable), None)  # before its successor needs memory
                held = (first, self._chunk(variable, first).compute())
                self._held[id(variable)] = held
            variable = held[1]
        return variable.isel({self._time: step - first}) if self._time in variable.dims else variable

    def _first(self, variable: xr.Variable, step: int) -> int:
        """Give the first step of the chunk that a step is in."""
        sizes = variable.chunksizes.get(self._time, ()) if self._time is not None else ()
        starts = np.cumsum((0, *sizes))
        return int(starts[np.searchsorted(starts, step, "right") - 1]) if sizes else 0

    def _chunk(self, variable: xr.Variable, first: int) -> xr.Variable:
        if self._time is None or self._time not in variable.dims:
            return variable
        starts = np.cumsum((0, *variable.chunksizes[self._time]))
        last = int(starts[np.searchsorted(starts, first, "right")])
        return variable.isel({self._time: slice(first, last)})
