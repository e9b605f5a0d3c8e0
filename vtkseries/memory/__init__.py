"""Datasets as VTK objects in memory, and back."""

from vtkseries.memory.grid import to_grid
from vtkseries.memory.own import from_grid

__all__ = ["from_grid", "to_grid"]
