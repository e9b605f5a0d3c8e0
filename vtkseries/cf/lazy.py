"""Variables that are computed when a block of them is wanted, from the same block of others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

__all__ = ["KEPT", "LAST", "computed", "derive", "settle", "stored_order", "touching", "unloaded", "wrapped"]

KEPT = 1 << 27
"""Bytes up to which something that is the same in every step is computed once and kept in memory."""

LAST = "component of vtkseries"
"""The dim of what a function gives at each point: of a name that no Dataset has."""

_ORDER = ("time", "z", "y", "x")
"""The order of dims named by role in which files store them: blocks that are computed in it need no transposing."""

Function = Callable[..., Any]


class _Derived(BackendArray):
    """An array whose blocks are a function of the same blocks of variables."""

    def __init__(
        self,
        function: Function,
        variables: tuple[xr.Variable, ...],
        sizes: dict[Hashable, int],
        dtype: np.dtype,
        beyond: frozenset[Hashable] = frozenset(),
    ) -> None:
        self.function = function
        self.variables = variables
        self.sizes = sizes
        self.shape = tuple(sizes.values())
        self.dtype = dtype
        self.beyond = beyond  # dims along which a block depends on one value more

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._block)

    def _block(self, key: tuple[int | slice, ...]) -> np.ndarray:
        slices = [slice(k, k + 1) if isinstance(k, int | np.integer) else k for k in key]
        inner = {dim: s for dim, s in zip(self.sizes, slices, strict=True) if dim != LAST}
        blocks = []
        for variable in self.variables:
            part = variable.isel({dim: self._reach(dim, inner[dim]) for dim in variable.dims})
            present = [dim for dim in inner if dim in part.dims]
            values = np.asarray(part.transpose(*present).values)
            blocks.append(values[tuple(slice(None) if dim in present else None for dim in inner)])
        result = np.asarray(self.function(*blocks), self.dtype)
        shape = [len(range(*inner[dim].indices(size))) for dim, size in self.sizes.items() if dim in inner]
        result = np.broadcast_to(result, (*shape, *result.shape[len(shape) :]))
        last = (slice(None),) * len(inner)
        if LAST in self.sizes:
            result = result[(*last, slices[-1])]
        return result[tuple(0 if isinstance(k, int | np.integer) else slice(None) for k in key)]

    def _reach(self, dim: Hashable, where: slice) -> slice:
        if dim not in self.beyond:
            return where
        start, stop, _ = where.indices(self.sizes[dim])
        return slice(start, stop + 1)


def derive(
    function: Function,
    variables: Sequence[xr.Variable],
    dtype: Any = "f8",
    *,
    components: int | None = None,
    steady: bool = False,
) -> xr.Variable:
    """Give a function of variables, evaluated block by block.

    Parameters
    ----------
    function : callable
        Takes one block a variable, with size 1 along dims that it does not have; point by point.
    variables : sequence of Variable
        With the same size along the same dim.
    dtype : dtype
        Of the result.
    components : int, optional
        The function gives so many values a point, along a last axis: the result's last dim, :data:`LAST`.
    steady : bool
        Compute it now if it fits into :data:`KEPT` bytes and nothing is chunked.

    Returns
    -------
    Variable
        Chunked by dask where one of the variables is; the dims of several are in :func:`stored_order`.
    """
    found: dict[Hashable, int] = {}
    for variable in variables:
        found.update(variable.sizes)
    sizes = {dim: found[dim] for dim in (found if len(variables) == 1 else stored_order(found))}
    dtype = np.dtype(dtype)
    if any(variable.chunks is not None for variable in variables):
        chunked = [variable if _cheap(variable) else variable.chunk() for variable in variables]
        added = {} if components is None else {LAST: components}
        result: xr.Variable = xr.apply_ufunc(
            _typed,
            *chunked,
            kwargs={"function": function, "dtype": dtype, "order": tuple(list(found).index(dim) for dim in sizes)},
            dask="parallelized",
            output_dtypes=[dtype],
            output_core_dims=[list(added)],
            dask_gufunc_kwargs={"output_sizes": added},
        )
        return result.transpose(*sizes, *added)
    if components is not None:
        sizes[LAST] = components
    array = _Derived(function, tuple(variables), sizes, dtype)
    result = xr.Variable(tuple(sizes), indexing.LazilyIndexedArray(array))
    return settle(result) if steady else result


def touching(mask: xr.Variable, dims: Sequence[Hashable]) -> xr.Variable:
    """Give where neighbours along these dims, of which the result has one less, are marked: any corner of a cell.

    Each block reads one plane beyond its own.
    """
    if mask.chunks is not None:
        for dim in dims:
            first, second = mask.isel({dim: slice(0, -1)}), mask.isel({dim: slice(1, None)})
            mask = first | second.chunk(dict(zip(first.dims, first.chunks or (), strict=True)))
        return mask
    sizes = {dim: size - (dim in dims) for dim, size in mask.sizes.items()}
    function = _Touching(tuple(mask.dims.index(dim) for dim in dims))
    array = _Derived(function, (mask,), sizes, np.dtype("?"), frozenset(dims))
    return xr.Variable(tuple(sizes), indexing.LazilyIndexedArray(array))


@dataclass(frozen=True)
class _Touching:
    axes: tuple[int, ...]

    def __call__(self, mask: np.ndarray) -> np.ndarray:
        for axis in self.axes:
            moved = np.moveaxis(mask, axis, 0)
            mask = np.moveaxis(moved[:-1] | moved[1:], 0, axis)
        return mask


def wrapped(variable: xr.Variable, dim: Hashable, shift: float = 0.0) -> xr.Variable:
    """Give a variable with its first value along a dim again at the end, plus a shift: a ring that closes."""
    if dim not in variable.dims:
        return variable
    if variable.chunks is not None:
        once_more = variable.isel({dim: slice(0, 1)})
        result: xr.Variable = xr.Variable.concat([variable, once_more + shift if shift else once_more], dim)  # type: ignore[no-untyped-call]
        chunks = variable.chunksizes[dim]
        return result.chunk({dim: (*chunks[:-1], chunks[-1] + 1)})
    result = xr.Variable(
        variable.dims, indexing.LazilyIndexedArray(_Ring(variable, dim)), variable.attrs, variable.encoding
    )
    if shift:
        values = result.values
        values[tuple(-1 if d == dim else slice(None) for d in result.dims)] += shift
        result = xr.Variable(result.dims, values, variable.attrs, variable.encoding)
    return result


class _Ring(BackendArray):
    """A variable with its first value along a dim again at the end; its blocks lie in memory as the variable's do."""

    def __init__(self, variable: xr.Variable, dim: Hashable) -> None:
        self.variable = variable
        self.axis = variable.dims.index(dim)
        self.shape = tuple(size + (axis == self.axis) for axis, size in enumerate(variable.shape))
        self.dtype = variable.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._block)

    def _block(self, key: tuple[int | slice, ...]) -> np.ndarray:
        slices = [slice(k, k + 1) if isinstance(k, int | np.integer) else k for k in key]
        size = self.variable.shape[self.axis]
        wanted = range(size + 1)[slices[self.axis]]
        first, stop = min(wanted, default=0), max(wanted, default=-1) + 1
        parts = []
        for cut in (slice(first, min(stop, size)), *([slice(0, 1)] if stop > size else [])):
            slices[self.axis] = cut
            parts.append(np.asarray(self.variable[tuple(slices)].values))
        result = parts[0] if len(parts) == 1 else np.concatenate(parts, self.axis)
        if wanted.step != 1:
            result = result.take([index - first for index in wanted], self.axis)
        return result[tuple(0 if isinstance(k, int | np.integer) else slice(None) for k in key)]


def settle(variable: xr.Variable) -> xr.Variable:
    """Give a variable that is the same in every step with its values in memory, unless they are too many."""
    small = variable.size * variable.dtype.itemsize <= KEPT
    return xr.Variable(variable.dims, variable.values, variable.attrs) if small else variable


def unloaded(variable: xr.Variable) -> xr.Variable:
    """Give a variable whose indexing copies nothing until values are asked for."""
    if not _cheap(variable) or variable.chunks is not None:
        return variable
    array = indexing.LazilyIndexedArray(indexing.NumpyIndexingAdapter(variable.values))  # type: ignore[no-untyped-call]
    return xr.Variable(variable.dims, array, variable.attrs, variable.encoding)


def computed(variable: xr.Variable) -> bool:
    """Tell whether reading a part of a variable only computes, from what is in memory: threads may do it together."""
    data = variable._data  # noqa: SLF001 (xarray has no public word for it)
    while isinstance(data, indexing.LazilyIndexedArray):
        data = data.array
    if isinstance(data, _Derived | _Ring):
        return all(map(computed, data.variables if isinstance(data, _Derived) else (data.variable,)))
    return isinstance(data, np.ndarray | indexing.NumpyIndexingAdapter)


def _cheap(variable: xr.Variable) -> bool:
    return variable.chunks is not None or bool(variable._in_memory)  # noqa: SLF001 (xarray has no public word for it)


def stored_order(dims: Iterable[Hashable]) -> list[Hashable]:
    """Give dims in the order in which files store them, where they are named by role."""
    return sorted(dict.fromkeys(dims), key=lambda dim: _ORDER.index(dim) if dim in _ORDER else -1)


def _typed(*blocks: Any, function: Function, dtype: np.dtype, order: tuple[int, ...]) -> Any:
    """Call a function on blocks of one order of dims as if they had another: the order in which they are stored."""
    ndim = len(order)
    whole = [np.reshape(block, (1,) * (ndim - np.ndim(block)) + np.shape(block)).transpose(order) for block in blocks]
    result = np.asarray(function(*whole), dtype)
    back = np.argsort(order)
    return result.transpose(*back, *range(ndim, result.ndim))
