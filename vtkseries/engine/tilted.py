"""The places of an image's points where its axes are tilted: computed where they are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from xarray.backends import BackendArray
from xarray.core import indexing

__all__ = ["Places"]

Array = npt.NDArray[Any]


class Places(BackendArray):
    """x, y or z of each point, of shape (z, y, x).

    Parameters
    ----------
    origin : float
        Of the point with the numbers 0.
    spacing : tuple of three floats
        From one point to the next along x, y and z of the grid.
    direction : tuple of three floats
        How far each of these goes along this coordinate.
    first : tuple of three ints
        The numbers of the first point.
    shape : tuple of three ints
        Points along z, y and x.
    """

    dtype = np.dtype("f8")

    def __init__(
        self,
        origin: float,
        spacing: tuple[float, float, float],
        direction: tuple[float, float, float],
        first: tuple[int, int, int],
        shape: tuple[int, int, int],
    ) -> None:
        self.origin = origin
        self.spacing = spacing
        self.direction = direction
        self.first = first
        self.shape = shape

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> Array:
        numbers = [first + np.arange(n)[k] for first, n, k in zip(self.first, self.shape[::-1], key[::-1], strict=True)]
        kept = [axis for axis in (2, 1, 0) if np.ndim(numbers[axis])]
        found: Any = 0.0
        for axis in range(3):
            along = [-1 if other == axis else 1 for other in kept] if np.ndim(numbers[axis]) else ()
            found = found + np.reshape(numbers[axis] * self.spacing[axis] * self.direction[axis], along)
        return np.asarray(found + self.origin)
