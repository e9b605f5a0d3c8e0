"""The heights of a mesh's levels: the same everywhere, or of every point, also as they move in time."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.cf.attributes import attribute
from vtkseries.cf.coordinates import find_axis, upward
from vtkseries.cf.formulas import evaluate, is_known
from vtkseries.cf.layers import formula_terms
from vtkseries.cf.meaning import cf_roles
from vtkseries.errors import SeriesError
from vtkseries.meshes.steps import At
from vtkseries.meshes.topology import Cells, Topology

__all__ = ["Found", "Heights", "find_heights", "is_vertical"]

Array = npt.NDArray[Any]

_NAMES = r"z_?cor\w*|z_?coord\w*|z_?lev\w*|\w*(layer|interface)_z|z_?(rho|w)|depth_?(lay|lev)\w*"
_PRESSURES = (
    "atmosphere_ln_pressure_coordinate",
    "atmosphere_sigma_coordinate",
    "atmosphere_hybrid_sigma_pressure_coordinate",
)
_DIMS = ("lay", "lev", "depth", "height", "z", "sigma", "interface")


class Heights(Protocol):
    """What gives the heights of levels."""

    @property
    def keys(self) -> tuple[Hashable, ...]:
        """The variables that it needs at a step."""

    def of(self, at: At, topology: Topology) -> Array:
        """Give heights along levels and, where they differ, points; in the order of the data."""


@dataclass(frozen=True)
class Found:
    """Where the levels of fields along a dim are.

    Attributes
    ----------
    heights : Heights
    levels : int
        How many.
    over : hashable
        The dim that has a value a level: that of the fields, or one that has one value more.
    flipped : bool or None
        Whether the data run downwards; None where the first step tells it.
    used : frozenset
        Variables that only say where levels are.
    """

    heights: Heights
    levels: int
    over: Hashable
    flipped: bool | None
    used: frozenset[Hashable] = frozenset()


@dataclass(frozen=True)
class Fixed:
    """Levels that are the same for all points."""

    levels: Array
    keys: tuple[Hashable, ...] = ()

    def of(self, at: At, topology: Topology) -> Array:
        """Give them."""
        del at, topology
        return self.levels


@dataclass(frozen=True)
class Given:
    """Heights that a variable has for every point (or face) and level.

    Attributes
    ----------
    keys : tuple of hashable
        The variable.
    dim : hashable
        Of the levels.
    factor : float
    between : bool
        The levels are half-way between them.
    """

    keys: tuple[Hashable, ...]
    dim: Hashable
    factor: float
    between: bool

    def of(self, at: At, topology: Topology) -> Array:
        """Give the heights along levels and points."""
        variable = _at_nodes(at(self.keys[0]), topology)
        rest = [dim for dim in variable.dims if dim != self.dim]
        values = np.asarray(variable.transpose(self.dim, *rest).values, "f8") * self.factor
        return _between(values) if self.between else values


@dataclass(frozen=True)
class Computed:
    """Heights by one of CF's formulas.

    Attributes
    ----------
    kind : str
        The standard name of the coordinate.
    terms : tuple of str
    keys : tuple of hashable
        The variable of each term.
    dim : hashable
        Of the levels.
    factor : float
    between : bool
        The levels are half-way between them.
    edges : bool
        They are those of the levels between layers.
    """

    kind: str
    terms: tuple[str, ...]
    keys: tuple[Hashable, ...]
    dim: Hashable
    factor: float
    between: bool
    edges: bool

    def of(self, at: At, topology: Topology) -> Array:
        """Give the heights along levels and points."""
        names = {self.dim: "z", topology.node: "x"}
        terms = {}
        for term, key in zip(self.terms, self.keys, strict=True):
            variable = _at_nodes(at(key), topology)
            terms[term] = xr.Variable([names[dim] for dim in variable.dims], variable.values)
        found = evaluate(self.kind, terms, edges=self.edges)
        values = np.asarray(found.transpose("z", ...).values) * self.factor
        return _between(values) if self.between else values


def find_heights(
    ds: xr.Dataset,
    topology: Topology,
    dim: Hashable,
    z: Hashable | None,
    time: Hashable | None,
    *,
    cells: bool,
    z_scale: float,
) -> Found | None:
    """Find the levels of fields along a dim; None where they have no height.

    Parameters
    ----------
    ds : Dataset
    topology : Topology
    dim : hashable
        Along which the fields have a value a level or, with `cells`, one between two.
    z : hashable or None
        What the caller names: the dim, or the heights.
    time : hashable or None
        The dim of the steps.
    cells : bool
    z_scale : float

    Raises
    ------
    SeriesError
        The heights that the caller names do not fit; or coordinates that are not sorted.
    """
    flat = {topology.node, *topology.cells, time}
    chosen = [z] if z in ds.variables and (ds[z].ndim > 1 or formula_of(ds, z) is not None) else []
    candidates = chosen if z in ds.variables else [*_candidates(ds, time)]
    wanted = ds.sizes[dim]
    for extra in (1, 0) if cells else (0,):
        for name in candidates:
            vertical = [d for d in ds[name].dims if d not in flat]
            if len(vertical) != 1 or ds.sizes[vertical[0]] != wanted + extra or (not extra and vertical[0] != dim):
                continue
            at_edges = bool(extra)
            heights = _heights(
                ds, topology, name, vertical[0], flat, z_scale, between=cells and not at_edges, edges=at_edges
            )
            if heights is not None and wanted + extra > 1:
                used = frozenset([name]) if isinstance(heights, Given) and name == z else frozenset()
                return Found(heights, wanted + 1 if cells else wanted, vertical[0], None, used)
    if chosen:
        raise SeriesError(f"z={z!r} has the dims {ds[z].dims}; heights lie along {dim!r}, and on nodes or faces")
    name = z if z in ds.variables else dim if dim in ds.variables and ds[dim].dims == (dim,) else None
    name = name if name is not None else next((n for n, c in ds.coords.items() if c.dims == (dim,)), None)
    axis = find_axis(ds, "z", dim, name, cells=cells, z_scale=z_scale)
    if len(axis.nodes) < 2:  # noqa: PLR2004  # no height to fill
        return None
    levels = axis.nodes[::-1] if axis.flipped else axis.nodes
    return Found(Fixed(levels), len(levels), dim, axis.flipped)


def _heights(
    ds: xr.Dataset,
    topology: Topology,
    name: Hashable,
    dim: Hashable,
    flat: set[Hashable | None],
    z_scale: float,
    *,
    between: bool,
    edges: bool,
) -> Heights | None:
    formula = formula_of(ds, name)
    if formula is None:
        if not set(ds[name].dims) & {topology.node, *topology.cells}:
            return None
        return Given((name,), dim, upward(ds[name].variable, z_scale)[0], between)
    kind, terms = formula
    if any(set(ds[term].dims) - {*flat, dim} for term in terms.values()):
        return None
    factor = -z_scale if kind in _PRESSURES else z_scale
    return Computed(kind, tuple(terms), tuple(terms.values()), dim, factor, between, edges)


def formula_of(ds: xr.Dataset, name: Hashable) -> tuple[str, dict[str, str]] | None:
    """Give the formula of a vertical coordinate, and its variables by term; None where it has none that is known."""
    kind, terms = attribute(ds[name].variable, "standard_name") or "", formula_terms(ds[name].variable)
    return (kind, terms) if terms and is_known(kind) and all(term in ds.variables for term in terms.values()) else None


def _candidates(ds: xr.Dataset, time: Hashable | None) -> Iterator[Hashable]:
    """Give the variables that could be heights: those with a formula, and those that differ from point to point."""
    told = {name for name, (role, _) in cf_roles(ds).items() if role == "z"}
    for name, variable in ds.variables.items():
        named = name in told or "positive" in variable.attrs or re.fullmatch(_NAMES, str(name), re.IGNORECASE)
        several = len(set(variable.dims) - {time}) > 1 and variable.dtype.kind in "iuf"
        if formula_of(ds, name) is not None or (several and named):
            yield name


def is_vertical(ds: xr.Dataset, dim: Hashable) -> bool:
    """Tell whether a dim runs upwards or downwards, by its coordinates or its name."""
    along = [v for v in ds.variables.values() if v.dims == (dim,)]
    told = any("positive" in v.attrs or v.attrs.get("axis") == "Z" or "formula_terms" in v.attrs for v in along)
    return told or any(word in str(dim).lower() for word in _DIMS)


def _at_nodes(variable: xr.Variable, topology: Topology) -> xr.Variable:
    """Give what lies on faces at the points: the mean of those around each."""
    for dim, cells in topology.cells.items():
        if dim in variable.dims:
            rest = [other for other in variable.dims if other != dim]
            values = np.asarray(variable.transpose(*rest, dim).values, "f8")
            flat = values.reshape(-1, values.shape[-1])
            means = np.stack([_mean(row, cells, topology.points[0].size) for row in flat])
            return xr.Variable((*rest, topology.node), means.reshape(*values.shape[:-1], -1))
    return variable


def _mean(row: Array, cells: Cells, count: int) -> Array:
    each = np.repeat(row, cells.sizes)
    there = np.isfinite(each)
    sums = np.bincount(cells.nodes[there], each[there], count)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums / np.bincount(cells.nodes[there], minlength=count))


def _between(centres: Array) -> Array:
    middle = (centres[1:] + centres[:-1]) / 2
    first, last = 2 * centres[:1] - middle[:1], 2 * centres[-1:] - middle[-1:]
    return np.concatenate([first, middle, last])
