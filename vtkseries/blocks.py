"""Blocks of variables as a file's array has them: by name to z, y, x, converted, components side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vtkseries.plan.model import ArrayPlan, Component, to_target
from vtkseries.storage.regions import write_region

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BlockValues", "write_block"]


@dataclass(frozen=True)
class BlockValues:
    """The values of one block of an array at one time step.

    Attributes
    ----------
    array : ArrayPlan
    count : tuple of int
        The block's points along z, y and x.
    parts : sequence of (Component, ndarray)
        Views of shape (z, y, x, c), of size 1 where a component does not have an axis.
    """

    array: ArrayPlan
    count: tuple[int, int, int]
    parts: Sequence[tuple[Component, np.ndarray]]

    def whole(self) -> np.ndarray | None:
        """Give the values without copying, where they are as the file has them; otherwise None."""
        if len(self.parts) != 1:
            return None
        component, view = self.parts[0]
        if view.shape != (*self.count, self.array.components):
            return None
        values = component.conversion.view(view)
        return values if values is not None and values.flags.c_contiguous else None

    def fill(self, buffer: np.ndarray, planes: slice) -> None:
        """Put the values of some planes into a buffer of shape (planes, y, x, components)."""
        filled = 0
        for component, view in self.parts:
            part = view if view.shape[0] == 1 else view[planes]
            width = view.shape[3]
            component.conversion.put(part, buffer[..., component.first : component.first + width])
            filled = max(filled, component.first + width)
        if filled < self.array.components:
            buffer[..., filled:] = 0


def write_block(
    fd: int,
    array: ArrayPlan,
    start: tuple[int, int, int],
    count: tuple[int, int, int],
    blocks: Sequence[np.ndarray],
    step: int | None,
) -> None:
    """Write one block of an array, of one time step, to its place.

    Parameters
    ----------
    fd : int
        The step's file.
    array : ArrayPlan
    start, count : tuple of int
        Where the block lies in the array, along z, y and x.
    blocks : sequence of ndarray
        One a component, with the dims of its variable.
    step : int or None
        Which of the blocks' time steps; None where they have no time dim.
    """
    parts = []
    for component, block in zip(array.sources, blocks, strict=True):
        view = to_target(block, component)
        parts.append((component, view[step if step is not None and "time" in component.roles else 0]))
    values = BlockValues(array, count, parts)
    write_region(fd, array.position, array.shape, start, count, np.dtype(array.dtype), array.components, values)
