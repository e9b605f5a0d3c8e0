"""Missing values, of data and of the coordinates that place them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from vtkseries.cf.curvilinear import LARGEST
from vtkseries.cf.lazy import KEPT, derive, touching

__all__ = ["can_miss", "cells_touching", "fill_values", "filled", "lost", "missing", "without_fills"]

HIDDEN_POINT = 2
HIDDEN_CELL = 32


def fill_values(variable: xr.Variable) -> tuple[float, ...]:
    """Give the numbers that stand for missing values, where decoding has not turned them into NaN."""
    found: list[float] = []
    for key in ("_FillValue", "missing_value"):
        value = variable.attrs.get(key)
        if value is None and variable.dtype.kind in "iu":
            value = variable.encoding.get(key)
        if value is not None:
            found += [float(v) for v in np.ravel(value) if np.isreal(v)]
    return tuple(v for v in dict.fromkeys(found) if np.isfinite(v))


def can_miss(variable: xr.Variable) -> bool:
    """Tell whether values can be missing at all."""
    return variable.dtype.kind in "fcmM" or (variable.dtype.kind in "iu" and bool(fill_values(variable)))


def missing(variables: Sequence[xr.Variable]) -> xr.Variable:
    """Give where one of the variables is missing, as a boolean evaluated block by block."""
    function = _AnyMissing(tuple(fill_values(variable) for variable in variables))
    return derive(function, variables, "?")


def cells_touching(mask: xr.Variable, sizes: dict[str, int]) -> xr.Variable:
    """Give where cells have a corner that a mask of points names; `sizes` are the points along each role."""
    return touching(mask, [dim for dim in mask.dims if dim != "time" and sizes[str(dim)] > 1])


def without_fills(variable: xr.Variable) -> xr.Variable:
    """Give a floating-point variable with NaN in place of the numbers that its attributes call missing."""
    fills = fill_values(variable) if variable.dtype.kind == "f" else ()
    if not fills:
        return variable
    result = derive(_Decoded(fills), [variable], variable.dtype)
    result.attrs, result.encoding = variable.attrs, variable.encoding
    return result


def lost(variable: xr.Variable) -> xr.Variable | None:
    """Give where a coordinate is missing; None where it is known to be missing nowhere."""
    if variable.dtype.kind != "f" or (_present(variable) and _complete(variable.values, fill_values(variable))):
        return None
    mask = derive(_Lost(fill_values(variable)), [variable], "?")
    if _readable(variable):
        mask = xr.Variable(mask.dims, mask.values)
        return mask if mask.values.any() else None
    return mask if _sampled(mask).any() else None


def filled(variable: xr.Variable, *, plane: bool = False, period: float | None = None) -> xr.Variable:
    """Put finite numbers where a coordinate is missing, so that no point is at infinity.

    They are those of the nearest point along x, else y, else z; for coordinates too large to be looked at whole, the
    mean of the level.

    Parameters
    ----------
    variable : Variable
    plane : bool
        Whether it is one of a plane, whose points go on as they began: from one that is known to the next, and a step
        beyond the outermost. So the cells beside missing ones have the corners that they would have.
    period : float, optional
        After which a coordinate of a plane begins again.
    """
    fills = fill_values(variable)
    if variable.dtype.kind != "f" or (_present(variable) and _complete(variable.values, fills)):
        return variable
    if _readable(variable):
        gone = _Lost(fills)(variable.values)
        if not gone.any():
            return variable
        values = np.where(gone, np.nan, variable.values)
        if plane:
            values = _going_on(values, [variable.dims.index(role) for role in "xy" if role in variable.dims], period)
        for role in ("x", "y", "z", "time"):
            if role in variable.dims and np.isnan(values).any():
                values = _nearest(values, variable.dims.index(role))
        return xr.Variable(variable.dims, np.nan_to_num(values), variable.attrs, variable.encoding)
    levels = _levels(variable, fills)
    result = derive(_Levelled(fills), [variable, levels], variable.dtype)
    result.attrs, result.encoding = variable.attrs, variable.encoding
    return result.transpose(*variable.dims)


def _present(variable: xr.Variable) -> bool:
    return variable.chunks is None and bool(variable._in_memory)  # noqa: SLF001 (xarray has no public word for it)


def _readable(variable: xr.Variable) -> bool:
    return ("time" not in variable.dims or _present(variable)) and variable.size * variable.dtype.itemsize <= KEPT


def _sampled(variable: xr.Variable) -> np.ndarray:
    """Give values of the first step at up to 24 places along y and x."""
    index: dict[Any, Any] = {}
    for dim, size in variable.sizes.items():
        if dim == "time":
            index[dim] = slice(0, 1)
        elif dim != "z":
            index[dim] = slice(None, None, max(1, size // 24))
    return np.asarray(variable.isel(index).values)


def _levels(variable: xr.Variable, fills: tuple[float, ...]) -> xr.Variable:
    """Give a plausible value for each level, from a sample of the first step."""
    if "z" not in variable.dims:
        sample = _sampled(variable)
        good = sample[~_Lost(fills)(sample)]
        return xr.Variable((), good.mean() if good.size else 0.0)
    ordered = variable.transpose("z", ...)
    sample = _sampled(ordered).reshape(variable.sizes["z"], -1)
    good = np.where(_Lost(fills)(sample), np.nan, sample)
    count = np.sum(~np.isnan(good), axis=1)
    means = np.where(count > 0, np.nansum(good, axis=1) / np.maximum(count, 1), np.nan)
    return xr.Variable(("z",), np.nan_to_num(_nearest(means, 0)))


def _nearest(values: np.ndarray, axis: int) -> np.ndarray:
    """Fill NaN with the nearest value along one axis."""
    moved = np.moveaxis(values, axis, -1)
    size = moved.shape[-1]
    places, before, after = _neighbours(moved)
    use_after = (before < 0) | ((after < size) & (after - places < places - before))
    chosen = np.where(use_after, after, before)
    return np.moveaxis(_take(moved, chosen), -1, axis)


def _going_on(values: np.ndarray, axes: Sequence[int], period: float | None) -> np.ndarray:
    """Fill NaN along that axis on which a value is nearest; what has none on any stays."""
    found, least = values, np.full(values.shape, np.inf)
    for axis in axes:
        straight, away = _straight(values, axis, period)
        found, least = np.where(away < least, straight, found), np.minimum(away, least)
    return found


def _straight(values: np.ndarray, axis: int, period: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Fill NaN between two values with those of the line between them, and beyond the outermost a step further.

    Also give how far away the nearest value is: infinity where there is none.
    """
    moved = np.moveaxis(values, axis, -1)
    size = moved.shape[-1]
    places, before, after = _neighbours(moved)
    between = (before >= 0) & (after < size)
    start = np.where(before >= 0, before, after)
    # Beyond the outermost, the step is that between the two last that are known.
    stop = np.where(between, after, np.where(before >= 0, before - 1, after + 1))
    first, other = _take(moved, start), np.where((stop >= 0) & (stop < size), _take(moved, stop), np.nan)
    rise = np.nan_to_num(other - first)
    rise -= 0.0 if period is None else np.round(rise / period) * period
    share = np.where(between, (places - before) / np.maximum(after - before, 1), -1.0)
    result = np.where(np.isnan(moved), first + rise * share, moved)
    away = np.minimum(np.where(before >= 0, places - before, np.inf), np.where(after < size, after - places, np.inf))
    return np.moveaxis(result, -1, axis), np.moveaxis(away, -1, axis)


def _neighbours(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give each place along the last axis, and the next ones before and after that have a value, themselves included.

    There is none before where it is -1, and none after where it is the size or more.
    """
    size = values.shape[-1]
    places = np.broadcast_to(np.arange(size), values.shape)
    good = ~np.isnan(values)
    before = np.maximum.accumulate(np.where(good, places, -1), axis=-1)
    after = np.minimum.accumulate(np.where(good, places, 2 * size)[..., ::-1], axis=-1)[..., ::-1]
    return places, before, after


def _take(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    return np.take_along_axis(values, np.clip(places, 0, values.shape[-1] - 1), axis=-1)


@dataclass(frozen=True)
class _AnyMissing:
    fills: tuple[tuple[float, ...], ...]

    def __call__(self, *blocks: np.ndarray) -> np.ndarray:
        result: Any = False
        for block, fills in zip(blocks, self.fills, strict=True):
            gone = (
                np.isnat(block) if block.dtype.kind in "mM" else np.isnan(block) if block.dtype.kind in "fc" else False
            )
            for value in fills:
                gone = gone | (block == _as(value, block.dtype))
            result = result | gone
        return np.asarray(result)


@dataclass(frozen=True)
class _Decoded:
    fills: tuple[float, ...]

    def __call__(self, block: np.ndarray) -> np.ndarray:
        gone = np.isin(block, [_as(value, block.dtype) for value in self.fills])
        return np.asarray(np.where(gone, block.dtype.type(np.nan), block))


@dataclass(frozen=True)
class _Lost:
    fills: tuple[float, ...]

    def __call__(self, block: np.ndarray) -> np.ndarray:
        if _complete(block, self.fills):
            return np.zeros(block.shape, bool)
        gone = np.asarray(~(np.abs(block) < LARGEST))
        for value in self.fills:
            gone |= block == _as(value, block.dtype)
        return gone


@dataclass(frozen=True)
class _Levelled:
    fills: tuple[float, ...]

    def __call__(self, block: np.ndarray, levels: np.ndarray) -> np.ndarray:
        if _complete(block, self.fills):
            return block
        return np.asarray(np.where(_Lost(self.fills)(block), levels, block))


def _complete(block: np.ndarray, fills: tuple[float, ...]) -> bool:
    """Tell whether nothing is missing, without the arrays that it takes to say where."""
    if not block.size or any(abs(value) < LARGEST for value in fills):
        return not block.size
    return bool(block.min() > -LARGEST and block.max() < LARGEST)


def _as(value: float, dtype: np.dtype) -> Any:
    return np.array(value).astype(dtype)[()]
