"""Variables that are computed when a block of them is wanted, from the same block of others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

__all__ = ["KEPT", "derive", "settle", "unloaded"]

KEPT = 1 << 27
"""Bytes up to which something that is the same in every step is computed once and kept in memory."""

_LAST = "component"

Function = Callable[..., Any]


class _Derived(BackendArray):
    """An array whose blocks are a function of the same blocks of variables."""

    def __init__(
        self, function: Function, variables: tuple[xr.Variable, ...], sizes: dict[Hashable, int], dtype: np.dtype
    ) -> None:
        self.function = function
        self.variables = variables
        self.sizes = sizes
        self.shape = tuple(sizes.values())
        self.dtype = dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._block)

    def _block(self, key: tuple[int | slice, ...]) -> np.ndarray:
        slices = [slice(k, k + 1) if isinstance(k, int | np.integer) else k for k in key]
        inner = {dim: s for dim, s in zip(self.sizes, slices, strict=True) if dim != _LAST}
        blocks = []
        for variable in self.variables:
            part = variable.isel({dim: inner[dim] for dim in variable.dims})
            present = [dim for dim in inner if dim in part.dims]
            values = np.asarray(part.transpose(*present).values)
            blocks.append(values[tuple(slice(None) if dim in present else None for dim in inner)])
        result = np.asarray(self.function(*blocks), self.dtype)
        shape = [len(range(*inner[dim].indices(size))) for dim, size in self.sizes.items() if dim in inner]
        result = np.broadcast_to(result, (*shape, *result.shape[len(shape) :]))
        last = (slice(None),) * len(inner)
        if _LAST in self.sizes:
            result = result[(*last, slices[-1])]
        return result[tuple(0 if isinstance(k, int | np.integer) else slice(None) for k in key)]


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
        The function gives so many values a point, along a last axis: the result's last dim, ``"component"``.
    steady : bool
        Compute it now if it fits into :data:`KEPT` bytes and nothing is chunked.

    Returns
    -------
    Variable
        Chunked by dask where one of the variables is.
    """
    sizes: dict[Hashable, int] = {}
    for variable in variables:
        sizes.update(variable.sizes)
    dtype = np.dtype(dtype)
    if any(variable.chunks is not None for variable in variables):
        chunked = [variable if _cheap(variable) else variable.chunk() for variable in variables]
        added = {} if components is None else {_LAST: components}
        result: xr.Variable = xr.apply_ufunc(
            _typed,
            *chunked,
            kwargs={"function": function, "dtype": dtype},
            dask="parallelized",
            output_dtypes=[dtype],
            output_core_dims=[list(added)],
            dask_gufunc_kwargs={"output_sizes": added},
        )
        return result
    if components is not None:
        sizes[_LAST] = components
    array = _Derived(function, tuple(variables), sizes, dtype)
    result = xr.Variable(tuple(sizes), indexing.LazilyIndexedArray(array))
    return settle(result) if steady else result


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


def _cheap(variable: xr.Variable) -> bool:
    return variable.chunks is not None or bool(variable._in_memory)  # noqa: SLF001 (xarray has no public word for it)


def _typed(*blocks: Any, function: Function, dtype: np.dtype) -> Any:
    return np.asarray(function(*blocks), dtype)
