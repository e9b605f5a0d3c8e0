"""Coordinates that no grid holds: in a file beside the steps, or in the steps' own descriptions of themselves."""

from __future__ import annotations

import hashlib
import os
import warnings
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from vtkseries.engine.foreign import text_field
from vtkseries.engine.gridfile import open_grid
from vtkseries.engine.lazy import find_field, outer
from vtkseries.engine.stored import locate, reading
from vtkseries.engine.values import check_arrays, read_field
from vtkseries.errors import FormatError, VtkSeriesWarning
from vtkseries.metadata import dtype_of, loads, unpack
from vtkseries.storage.guard import check_reference, naming, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vtkseries.engine.gridfile import GridFile
    from vtkseries.engine.series import Series
    from vtkseries.xmlformat.layout import DataArray

    Array = np.ndarray[Any, Any]

__all__ = ["StaticArray", "StepsArray", "beside_faults", "described", "objects_of", "static_place"]

_SPAN = 8 * 1024 * 1024
_JSON = 64 * 1024 * 1024
"""Bytes of texts and objects that one variable may have."""


def static_place(grid: GridFile, content: dict[str, Any], entry: dict[str, Any]) -> tuple[str, str, bool] | None:
    """Give the file beside the steps and the array in it that an entry names; None where the file is gone.

    Raises
    ------
    FormatError
        The file is outside the directory, damaged, or has no such array.
    """
    name = str(entry["static"])
    try:
        path = _beside(grid, content, "static")
        _array(_opened(path, follow_outside=grid.follow_outside), name)
    except FileNotFoundError as error:
        warnings.warn(
            f"{grid.path}: the coordinate {str(unpack(entry['name']))!r} is left out, since {error.filename!r}, which "
            "was written beside it, is gone; copy that file along with the others",
            VtkSeriesWarning,
            stacklevel=2,
        )
        return None
    return path, name, grid.follow_outside


def described(grid: GridFile, name: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Give what a step's file says of the Dataset, and of one variable; None where it does not know it."""
    text = text_field(grid, "vtkseries")
    if text is None:
        return None
    with naming(grid.path):
        return _described(text, repr(name))


@lru_cache(maxsize=4)
def _described(text: str, name: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Look a variable up; the steps of one run have the same text."""
    content = loads(text)
    try:
        entry = next((entry for entry in content["variables"] if repr(entry["name"]) == name), None)
    except (KeyError, TypeError) as error:
        raise FormatError(f"its vtkseries metadata is damaged: {error!r}") from error
    return None if entry is None else (content, entry)


def _beside(grid: GridFile, content: dict[str, Any], kind: str) -> str:
    """Give the path of a file beside a step."""
    with naming(grid.path):
        found = content.get("beside")
        reference = found.get(kind) if isinstance(found, dict) else None
        if not isinstance(reference, str):
            raise FormatError(f"its vtkseries metadata names no file beside it for {kind!r} coordinates")
        check_reference(reference, follow_outside=grid.follow_outside)
        return resolve(os.path.dirname(grid.path), reference, follow_outside=grid.follow_outside)  # noqa: PTH120 (once a step)


def beside_faults(grid: GridFile, seen: set[str]) -> Iterator[str]:
    """Read the files beside a step that were not `seen`, and say what is wrong with them: a name tells the content."""
    for content in _contents(grid):
        found = content.get("beside")
        for kind in found if isinstance(found, dict) else ():
            try:
                path = _beside(grid, content, kind)
                if path in seen:
                    continue
                seen.add(path)
                if _digest(_opened(path, follow_outside=grid.follow_outside)) not in os.path.basename(path):  # noqa: PTH119 (a text)
                    yield f"{path}: its content is not the one that its name tells"
            except (FormatError, FileNotFoundError) as error:
                yield str(error)


def _contents(grid: GridFile) -> Iterator[dict[str, Any]]:
    """Give what a step's file says of its Dataset, and of the groups of a tree that draw nothing."""
    text, tree = text_field(grid, "vtkseries"), text_field(grid, "vtkseries_tree")
    yield {} if text is None else loads(text)
    for item in () if tree is None else loads(tree).get("undrawn", ()):
        if isinstance(item, list) and len(item) > 1 and isinstance(item[1], dict):
            yield item[1]


def _digest(grid: GridFile) -> str:
    digest = hashlib.blake2b(digest_size=6)
    for array in grid.header.document.field_data:
        digest.update(f"{array.name} {array.nbytes}\n".encode())
        for start in range(0, array.nbytes, _SPAN):
            digest.update(_read(grid, array.name, start, min(_SPAN, array.nbytes - start), array.nbytes))
    return digest.hexdigest()


def _opened(path: str, *, follow_outside: bool) -> GridFile:
    grid = open_grid(path, follow_outside=follow_outside)
    if grid.sources or grid.parallel:
        raise FormatError(f"{path}: it has a grid, where only coordinates belong")
    check_arrays(grid)
    return grid


def _array(grid: GridFile, name: str) -> DataArray:
    array = find_field(grid, name)
    if array is None or array.type in ("String", "Bit") or array.offset is None or array.tuples is None:
        raise FormatError(f"{grid.path}: it has no coordinate {name[:200]!r}")
    found: DataArray = array
    return found


def _read(grid: GridFile, name: str, start: int, length: int, wanted: int) -> bytearray:
    """Give some bytes of an array that has `wanted`."""
    array = _array(grid, name)
    if array.nbytes != wanted or start + length > wanted:
        raise FormatError(f"{grid.path}: coordinate {name[:200]!r} has {array.nbytes} bytes where {wanted} belong")
    with grid.open() as file:
        stored = locate(grid, file, array, wanted)
        data = bytearray(length)
        with reading(grid.path, array):
            stored.read_into(start, memoryview(data))
    return data


class StaticArray(BackendArray):
    """A coordinate that is the same in every step.

    Parameters
    ----------
    path : str
        The file beside the steps.
    name : str
        Of the array in it.
    follow_outside : bool
    shape : tuple of int
    dtype : dtype
    """

    def __init__(self, path: str, name: str, follow_outside: bool, shape: tuple[int, ...], dtype: np.dtype) -> None:  # noqa: FBT001 (from static_place)
        self.path = path
        self.name = name
        self.follow_outside = follow_outside
        self.shape = shape
        self.dtype = dtype
        size = _array(_opened(path, follow_outside=follow_outside), name).nbytes
        if dtype.kind == "O" and size > _JSON:
            raise FormatError(f"{path}: coordinate {name[:200]!r} has {size} bytes of text")
        if dtype.kind != "O" and size != prod(shape) * dtype.itemsize:
            raise FormatError(f"{path}: coordinate {name[:200]!r} has {size} bytes, not those of {shape} {dtype}")

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> Array:
        grid = _opened(self.path, follow_outside=self.follow_outside)
        if self.dtype.kind == "O":
            size = _array(grid, self.name).nbytes
            return np.asarray(
                objects_of(_read(grid, self.name, 0, size, size), self.shape, grid.path)[outer(key, self.shape)]
            )
        inner = prod(self.shape[1:]) * self.dtype.itemsize
        rows = np.atleast_1d(np.arange(self.shape[0])[key[0]]) if self.shape else np.zeros(1, np.int64)
        first, count = (int(rows.min()), int(rows.max()) + 1 - int(rows.min())) if len(rows) else (0, 0)
        total = prod(self.shape) * self.dtype.itemsize
        data = _read(grid, self.name, first * inner, count * inner, total)
        if not self.shape:
            return np.frombuffer(data, self.dtype).reshape(())
        values = np.frombuffer(data, self.dtype).reshape(count, *self.shape[1:])
        taken = rows - first
        index = int(taken[0]) if isinstance(key[0], int | np.integer) else taken
        return np.asarray(values[outer((index, *key[1:]), values.shape)])


class StepsArray(BackendArray):
    """A coordinate along time that each step tells of itself, or the run that wrote it tells beside it.

    Parameters
    ----------
    series : Series
    part : int
        Whose files tell of their steps.
    name : object
        Of the variable, as the metadata have it.
    axis : int
        Of the time.
    shape : tuple of int
    dtype : dtype
        In which those of all steps fit.
    """

    def __init__(
        self, series: Series, part: int, name: Any, axis: int, shape: tuple[int, ...], dtype: np.dtype
    ) -> None:
        self.series = series
        self.part = part
        self.name = name
        self.axis = axis
        self.shape = shape
        self.dtype = dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> Array:
        steps = np.atleast_1d(np.arange(self.shape[self.axis])[key[self.axis]])
        inner = (*self.shape[: self.axis], *self.shape[self.axis + 1 :])
        rest = (*key[: self.axis], *key[self.axis + 1 :])
        found = np.empty((len(steps), *inner), self.dtype)
        for number, step in enumerate(steps.tolist()):
            found[number, ...] = self._step(step, inner)  # an item, not an array of one object
        found = found[(slice(None), *outer(rest, inner))]
        if isinstance(key[self.axis], int | np.integer):
            return np.asarray(found[0:1].reshape(found.shape[1:]))
        return np.moveaxis(found, 0, sum(not isinstance(index, int | np.integer) for index in key[: self.axis]))

    def _step(self, step: int, inner: tuple[int, ...]) -> Any:
        grid = self.series.grid(step, self.part)
        told = described(grid, self.name)
        if told is None:
            raise FormatError(f"{grid.path}: it does not tell {str(unpack(self.name))[:200]!r}, as the first step does")
        content, entry = told
        dtype = dtype_of(entry["dtype"])
        if np.promote_types(dtype, self.dtype) != self.dtype:
            raise FormatError(
                f"{grid.path}: {str(unpack(self.name))[:200]!r} is {dtype}, and {self.dtype} in the others"
            )
        if "data" in entry:
            values = unpack(entry["data"])
            if values.shape != (*inner[: self.axis], 1, *inner[self.axis :]):
                raise FormatError(f"{grid.path}: {str(unpack(self.name))[:200]!r} has the shape {values.shape}")
            return values.reshape(inner)
        key = str(entry.get("steps"))
        beside = _opened(_beside(grid, content, "steps"), follow_outside=grid.follow_outside)
        times = _times(beside)
        row, rows = _row(grid, times, beside), len(times)
        if dtype.kind == "O":
            size = _array(beside, key).nbytes
            if size % rows or size > _JSON * rows:
                raise FormatError(f"{beside.path}: coordinate {key[:200]!r} has {size} bytes for {rows} steps")
            return objects_of(_read(beside, key, row * (size // rows), size // rows, size), inner, beside.path)
        width = prod(inner) * dtype.itemsize
        return np.frombuffer(_read(beside, key, row * width, width, rows * width), dtype).reshape(inner)


@lru_cache(maxsize=8)
def _times(beside: GridFile) -> Array:
    """Give the times of the steps that a file beside them tells of."""
    return np.asarray(read_field(beside, _array(beside, "TimeValue")), "f8").reshape(-1)


def _row(grid: GridFile, times: Array, beside: GridFile) -> int:
    stamp = find_field(grid, "TimeValue")
    values = np.zeros(0) if stamp is None or stamp.type == "String" else read_field(grid, stamp).reshape(-1)
    at = np.flatnonzero(times == values[0]) if values.size == 1 else values
    if len(at) != 1:
        raise FormatError(f"{beside.path}: it does not tell of the step in {grid.path}")
    return int(at[0])


def objects_of(data: bytearray, shape: tuple[int, ...], path: str) -> Array:
    """Give texts, dates of other calendars or other objects from their JSON."""
    with naming(path):
        try:
            values = unpack(loads(data.decode())["row"])
            found: Array = np.empty(prod(shape), object)
            found[:] = list(np.asarray(values).reshape(-1))
            return found.reshape(shape)
        except (UnicodeDecodeError, KeyError, ValueError, TypeError) as error:
            if isinstance(error, FormatError):
                raise
            raise FormatError(f"its JSON is damaged: {error!r}") from error
