"""Arrays of any strides as a file has them, tile by tile.

A tile of an array is brought into the file's order in a small buffer, so that no array is ever copied as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vtkseries.storage.strips import depth, rearrange

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Tiles", "Values"]

Array = npt.NDArray[Any]

_STRETCH = 1 << 21
"""Bytes of a tile of an array that is not transposed: they stay in the cache until they are written."""

_AXES = 3


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one array of a file.

    Parameters
    ----------
    components : tuple of array-like
        One for each component, all of one shape, the last axis varying fastest in the file: [z, y, x] or flat. Strides
        are free, and what is lazy is computed when its turn comes.
    dtype : dtype
        What is stored.
    """

    components: tuple[Any, ...]
    dtype: np.dtype[Any]

    @property
    def nbytes(self) -> int:
        """Bytes of the values in the file, not compressed."""
        return int(np.prod(self.components[0].shape, dtype=np.int64)) * len(self.components) * self.dtype.itemsize


class Tiles:
    """One array of a file, cut into tiles.

    Parameters
    ----------
    source : Values
        Computed here where it is lazy.
    most : int
        Bytes of a tile; fewer where the source has the file's order, and longer stretches bring nothing.
    """

    def __init__(self, source: Values, most: int) -> None:
        self.dtype = source.dtype
        arrays = _in_file_order(source)
        self.whole: Array | None = None
        """The values without a copy, where they are in memory as the file has them."""
        if len(arrays) == 1 and arrays[0].ndim == 1 and arrays[0].flags.c_contiguous and arrays[0].dtype == self.dtype:
            self.whole = arrays[0]
        self.shape = (1,) * (_AXES - arrays[0].ndim) + arrays[0].shape
        self.item = self.dtype.itemsize * len(arrays)
        self._arrays = [array.reshape(self.shape) for array in arrays] if arrays[0].ndim < _AXES else arrays
        self._most = most

    def across(self) -> Iterator[tuple[slice, ...]]:
        """Cut into tiles that are fast to gather: of few planes where the source's memory runs across them."""
        planes, rows, columns = self.shape
        most = max(1, self._most // self.item)
        turned = depth(self._arrays[0])
        if turned is None:
            most = max(1, min(self._most, _STRETCH) // self.item)
        whole = most // (rows * columns)
        # Whole planes are one stretch of the file, which a system takes faster than many, if they are not too few.
        fitting = turned if turned is None or whole < turned // 4 else min(whole, turned // 2)
        deep = _even(planes, fitting or max(1, whole))
        height = _even(rows, most // (deep * columns))
        width = columns if deep * columns <= most else _even(columns, most // deep)
        return self._cut(deep, height, width)

    def along(self) -> Iterator[tuple[slice, ...]]:
        """Cut into tiles that follow one another in the file."""
        planes, rows, columns = self.shape
        most = max(1, self._most // self.item)
        deep = max(1, most // (rows * columns))
        height = rows if deep > 1 or rows * columns <= most else max(1, most // columns)
        width = columns if height > 1 or columns <= most else most
        return self._cut(min(deep, planes), height, width)

    def shares(self) -> Iterator[tuple[slice, ...]]:
        """Cut into tiles that are fast to bring to their places in memory, each by a thread."""
        planes, rows, columns = self.shape
        if depth(self._arrays[0]) is None:
            return self.along()
        most = max(1, self._most // self.item)
        deep = _even(planes, most // columns)
        return self._cut(deep, _even(rows, most // (deep * columns)), columns)

    def _cut(self, *size: int) -> Iterator[tuple[slice, ...]]:
        ranges = (range(0, n, step) for n, step in zip(self.shape, size, strict=True))
        for start in product(*ranges):
            yield tuple(slice(a, min(a + step, n)) for a, step, n in zip(start, size, self.shape, strict=True))

    def nbytes(self, where: tuple[slice, ...]) -> int:
        """Give the bytes of a tile."""
        return int(np.prod([part.stop - part.start for part in where])) * self.item

    def gather(self, where: tuple[slice, ...], buffer: npt.NDArray[np.uint8]) -> Array:
        """Bring a tile of each component into a buffer, interleaved."""
        shape = [part.stop - part.start for part in where]
        tile: Array = buffer[: self.nbytes(where)].view(self.dtype).reshape(*shape, len(self._arrays))
        self.put(where, tile)
        return tile

    def put(self, where: tuple[slice, ...], tile: Array) -> None:
        """Bring a tile of each component to its place, interleaved."""
        rearrange([(_put, array[where], tile[..., number]) for number, array in enumerate(self._arrays)])

    def runs(self, where: tuple[slice, ...], tile: Array) -> Iterator[tuple[int, Array]]:
        """Cut a tile into the stretches that are contiguous in the file, each with its offset from the first value."""
        planes, rows, columns = tile.shape[:_AXES]
        _, ny, nx = self.shape
        first = ((where[0].start * ny + where[1].start) * nx + where[2].start) * self.item
        if columns < nx:
            for a, b in product(range(planes), range(rows)):
                yield first + (a * ny + b) * nx * self.item, tile[a, b]
        elif rows < ny:
            for a in range(planes):
                yield first + a * ny * nx * self.item, tile[a]
        else:
            yield first, tile


def _put(values: Array, place: Array) -> None:
    np.copyto(place, values, casting="same_kind")


def _even(length: int, most: int) -> int:
    """Give the size of parts of an axis that are about as long as each other."""
    return -(-length // -(-length // max(1, min(length, most))))


def _in_file_order(source: Values) -> list[Array]:
    """Give the components as arrays; flat where their memory has the file's order already."""
    arrays = [np.asarray(component) for component in source.components]
    if all(array.flags.c_contiguous for array in arrays):
        arrays = [array.reshape(-1) for array in arrays]
    elif arrays[0].ndim > _AXES:
        arrays = [array.reshape((-1, *array.shape[-2:])) for array in arrays]
    swapped = source.dtype.newbyteorder("<")
    return [a.view(np.uint8) if a.dtype == np.bool_ and swapped.itemsize == 1 else a for a in arrays]
