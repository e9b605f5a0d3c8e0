"""A solver to write steps of: a grid with unequal sides, and steps whose values differ at every point."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Solver"]

Array = Any


class Solver:
    """Fields on a grid of 5 x 4 x 3 points, as a solver has them at a step."""

    x = np.array([0.0, 1.0, 2.5, 3.0, 7.0])
    y = np.array([-1.0, 0.0, 0.5, 4.0])
    z = np.array([10.0, 20.0, 25.0])
    axes = (x, y, z)

    def pressure(self, step: int) -> Array:
        return (np.arange(60, dtype="f4") + 100 * step).reshape(3, 4, 5)

    def velocity(self, step: int) -> tuple[Array, Array, Array]:
        base = np.arange(60, dtype="f8").reshape(3, 4, 5) + 1000 * step
        return base, -base, 0.5 * base

    def flux(self, step: int) -> Array:
        return (np.arange(24, dtype="i4") + 50 * step).reshape(2, 3, 4)

    def point_data(self, step: int) -> dict[str, Any]:
        return {"p": self.pressure(step), "u": self.velocity(step)}

    def cell_data(self, step: int) -> dict[str, Any]:
        return {"flux": self.flux(step)}
