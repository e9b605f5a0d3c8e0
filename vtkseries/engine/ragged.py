"""Values of points or cells whose number changes from step to step, one step after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from vtkseries.engine.lazy import outer
from vtkseries.engine.meshfile import cell_total, point_total, read_flat
from vtkseries.errors import FormatError

if TYPE_CHECKING:
    from vtkseries.engine.series import Series

    Array = np.ndarray[Any, Any]

__all__ = ["RaggedArray"]


class RaggedArray(BackendArray):
    """An array of every step, as CF's contiguous ragged arrays have them.

    Parameters
    ----------
    series : Series
    part : int
        Of the series.
    tag : {"PointData", "CellData", "Points"}
    name : str
    counts : tuple of int
        Values of each step.
    components : tuple of int
        ``(first, number)``; a number of 0 is one without a dim of its own.
    dtype : dtype
    """

    def __init__(
        self,
        series: Series,
        part: int,
        tag: str,
        name: str,
        counts: tuple[int, ...],
        components: tuple[int, int],
        dtype: np.dtype,
    ) -> None:
        self.series = series
        self.part = part
        self.tag = tag
        self.name = name
        self.counts = counts
        self.components = components
        self.dtype = dtype
        self.shape = (sum(counts), *components[1:]) if components[1] else (sum(counts),)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> Array:
        wanted, back = np.unique(np.atleast_1d(np.arange(self.shape[0])[key[0]]), return_inverse=True)
        first, count = self.components
        found = np.empty((len(wanted), max(count, 1)), self.dtype)
        start = 0
        for step, size in enumerate(self.counts):
            here = slice(*np.searchsorted(wanted, (start, start + size)).tolist())
            if here.start < here.stop:
                found[here] = self._step(step, size, wanted[here] - start)[:, first : first + max(count, 1)]
            start += size
        found = found[back.reshape(-1)]
        index = 0 if isinstance(key[0], int | np.integer) else slice(None)
        if not count:
            return np.asarray(found[index, 0])
        return np.asarray(found[outer((index, key[1]), found.shape)])

    def _step(self, step: int, size: int, wanted: Array) -> Array:
        grid = self.series.grid(step, self.part)
        total = cell_total(grid) if self.tag == "CellData" else point_total(grid)
        if total != size:
            raise FormatError(f"{grid.path}: it has {total} values in {self.tag}, where it had {size}")
        values = read_flat(grid, self.tag, self.name, wanted)
        if values.shape[1] < sum(self.components) or np.promote_types(values.dtype, self.dtype) != self.dtype:
            raise FormatError(
                f"{grid.path}: array {self.name[:200]!r} is {values.dtype} of {values.shape[1]} components"
            )
        return values
