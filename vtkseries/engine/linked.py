"""Coordinates that a link leads to in a netCDF file, read when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from vtkseries.engine.lazy import outer
from vtkseries.errors import FormatError

if TYPE_CHECKING:
    from vtkseries.hdf.read import HdfGrid

__all__ = ["LinkedArray"]


class LinkedArray(BackendArray):
    """A variable of the source of a link.

    Parameters
    ----------
    grid : HdfGrid
        Of the link.
    name : str
        In the link.
    shape : tuple of int
    dtype : dtype
    """

    def __init__(self, grid: HdfGrid, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.grid = grid
        self.name = name
        self.shape = shape
        self.dtype = dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> np.ndarray[Any, Any]:
        values = self.grid.read_linked(self.name)
        if values.shape != self.shape:
            raise FormatError(f"{self.grid.path}: its coordinate {self.name[:200]!r} has the shape {values.shape}")
        return np.asarray(values[outer(key, self.shape)]).astype(self.dtype, copy=False)
