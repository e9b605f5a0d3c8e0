"""What every structured grid tells about itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vtkseries.xmlformat.layout import Section

__all__ = ["Geometry", "extent_of"]


@dataclass(frozen=True)
class Geometry:
    """A grid as its file describes it.

    Attributes
    ----------
    type : str
        VTK's name of the grid.
    suffix : str
        The files' suffix.
    extent : tuple of six int
        First and last point index in x, y and z.
    section : Section or None
        The arrays that place the points, without offsets.
    values : tuple of ndarray
        Their values, where they are the same in every step; empty where they are planned like fields.
    attributes : tuple of (str, str)
        Further attributes of the grid's element.
    """

    type: str
    suffix: str
    extent: tuple[int, int, int, int, int, int]
    section: Section | None = None
    values: tuple[np.ndarray, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()

    @property
    def planned(self) -> bool:
        """Whether its points are planned like a field, rather than given here."""
        return self.section is not None and not self.values

    @property
    def points(self) -> tuple[int, int, int]:
        """Points along z, y and x."""
        e = self.extent
        return (e[5] - e[4] + 1, e[3] - e[2] + 1, e[1] - e[0] + 1)

    @property
    def cells(self) -> tuple[int, int, int]:
        """Cells along z, y and x; an axis with one point counts as one cell."""
        nz, ny, nx = self.points
        return (max(nz - 1, 1), max(ny - 1, 1), max(nx - 1, 1))


def extent_of(points: Sequence[int]) -> tuple[int, int, int, int, int, int]:
    """Give the extent of a grid with so many points along x, y and z."""
    nx, ny, nz = points
    return (0, nx - 1, 0, ny - 1, 0, nz - 1)
