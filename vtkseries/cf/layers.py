"""The edges of a parametric vertical coordinate's layers: the terms of its formula there."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from vtkseries.cf.attributes import attribute, bounds_of
from vtkseries.cf.lazy import derive, unloaded
from vtkseries.errors import SeriesError

__all__ = ["Terms", "edge_terms", "formula_terms"]

_PAIR = 2


@dataclass(frozen=True)
class Terms:
    """What a formula takes.

    Attributes
    ----------
    name : hashable
        The coordinate, or the bounds, that names them.
    variables : dict
        By their names in the formula, in lower case; those along the levels have the levels' dim.
    """

    name: Hashable
    variables: dict[str, xr.Variable]


def formula_terms(variable: xr.Variable) -> dict[str, str]:
    """Give the names of the variables that a coordinate's ``formula_terms`` name, by their names in the formula."""
    found = re.findall(r"(\w+)\s*:\s*(\S+)", attribute(variable, "formula_terms") or "")
    return {key.lower(): value for key, value in found}


def edge_terms(ds: xr.Dataset, name: Hashable, given: Hashable | None) -> Terms | None:
    """Find the terms at the edges of a coordinate's layers: one value more along the levels.

    They come from the coordinate that the caller gave; from the CF bounds with ``formula_terms`` of their own, or whose
    terms have bounds; or from the coordinate of the same kind whose values lie between, as models name it beside
    that of the layers' middles.

    Parameters
    ----------
    ds : Dataset
    name : hashable
        The coordinate of the levels.
    given : hashable or None
        Another coordinate, of the edges.

    Raises
    ------
    SeriesError
        Bounds of neighbouring layers that differ.
    """
    level = ds.variables[name]
    (dim,) = level.dims
    bounds = bounds_of(level)
    for candidate in (given, bounds, _between(ds, name)):
        if candidate == name or candidate not in ds.variables:
            continue
        names = formula_terms(ds.variables[candidate])
        if not names and candidate == bounds:
            names = {key: attribute(ds.variables[term], "bounds") or term for key, term in _present(ds, level).items()}
        if names and all(term in ds.variables for term in names.values()):
            variables = _joined(ds, names, candidate, dim)
            if variables is not None:
                return Terms(candidate, variables)
    return None


def _present(ds: xr.Dataset, level: xr.Variable) -> dict[str, str]:
    return {key: term for key, term in formula_terms(level).items() if term in ds.variables}


def _between(ds: xr.Dataset, name: Hashable) -> Hashable | None:
    """Give the one other coordinate of the same kind that has a value on both sides of each level."""
    level = ds.variables[name]
    found = [
        other
        for other, variable in ds.variables.items()
        if variable.ndim == 1
        and variable.size == level.size + 1
        and formula_terms(variable).keys() == formula_terms(level).keys()
        and attribute(variable, "standard_name") == attribute(level, "standard_name")
        and _surrounds(variable.values, level.values)
    ]
    return found[0] if len(found) == 1 else None


def _surrounds(edges: np.ndarray, middles: np.ndarray) -> bool:
    low, high = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
    return bool(np.all((low <= middles) & (middles <= high) & (low < high)))


def _joined(
    ds: xr.Dataset, names: Mapping[str, str], candidate: Hashable, dim: Hashable
) -> dict[str, xr.Variable] | None:
    """Give the terms with one value more along the levels than these are; None where they are of another form."""
    edges = ds.variables[candidate]
    found = {key: ds.variables[term].to_base_variable() for key, term in names.items()}
    if edges.ndim == 1 and edges.size == ds.sizes[dim] + 1:
        own = edges.dims[0]
        if any(dim in variable.dims for variable in found.values()):
            return None
        return {key: _renamed(variable, own, dim) for key, variable in found.items()}
    pair = [other for other in edges.dims if other != dim]
    if edges.ndim != _PAIR or len(pair) != 1 or edges.sizes[pair[0]] != _PAIR:
        return None
    along = {key: variable for key, variable in found.items() if dim in variable.dims}
    if not along or any(pair[0] not in variable.dims for variable in along.values()):
        return None
    first, last = _order({names[key]: _pairs(v, dim, pair[0]) for key, v in along.items()}, candidate)
    return {
        key: _stacked(variable, dim, pair[0], first, last) if key in along else variable
        for key, variable in found.items()
    }


def _renamed(variable: xr.Variable, old: Hashable, new: Hashable) -> xr.Variable:
    result = variable.copy(deep=False)
    result.dims = tuple(new if dim == old else dim for dim in variable.dims)
    return result


def _pairs(variable: xr.Variable, dim: Hashable, pair: Hashable) -> np.ndarray:
    """Give the bounds of a term as (levels, 2): by CF it has no other dims, and where it does they are alike."""
    inner = variable.isel({other: 0 for other in variable.dims if other not in (dim, pair)})
    return np.asarray(inner.transpose(dim, pair).values, "f8")


def _order(pairs: Mapping[str, np.ndarray], bounds: Hashable) -> tuple[int, int]:
    """Tell which of each pair of bounds comes first along the levels.

    Raises
    ------
    SeriesError
        Neither does, so that the layers do not touch.
    """
    gaps = {order: _gaps(pairs, *order) for order in ((0, 1), (1, 0))}
    best = min(gaps, key=lambda order: len(gaps[order]))
    if gaps[best]:
        name, at, here, there = gaps[best][0]
        message = (
            f"bounds {bounds!r}: {name!r} ends layer {at} at {here} but begins layer {at + 1} at {there}; "
            "layers of a grid must touch: use location='point'"
        )
        raise SeriesError(message)
    return best


def _gaps(pairs: Mapping[str, np.ndarray], first: int, last: int) -> list[tuple[str, int, float, float]]:
    found = []
    for name, values in pairs.items():
        ends, begins = values[:-1, last], values[1:, first]
        width = np.abs(values[:, 1] - values[:, 0])
        allowed = 1e-4 * np.fmin(width[:-1], width[1:]) + 1e-6 * np.nanmax(np.abs(values), initial=0.0)
        # Where a term is missing on one side, the other one tells it.
        apart = np.flatnonzero(np.abs(ends - begins) > allowed)
        found += [(name, int(at), float(ends[at]), float(begins[at])) for at in apart]
    return found


def _stacked(variable: xr.Variable, dim: Hashable, pair: Hashable, first: int, last: int) -> xr.Variable:
    """Give n + 1 edges of n pairs of bounds: each from the layer after it, and where that has none from that before."""
    size = variable.sizes[dim]
    variable = unloaded(variable)
    after = variable.isel({pair: first}).isel({dim: [*range(size), size - 1]})
    before = variable.isel({pair: last}).isel({dim: [0, *range(size)]})
    ends = xr.Variable((dim,), np.arange(size + 1))
    return derive(_Either(size), [after, before, ends], "f8")


@dataclass(frozen=True)
class _Either:
    size: int

    def __call__(self, after: np.ndarray, before: np.ndarray, number: np.ndarray) -> np.ndarray:
        chosen = np.where(np.isnan(after) & (number > 0), before, after)
        return np.asarray(np.where(number == self.size, before, chosen))
