"""Staggered grids: components of vectors averaged to the centres of cells, where the caller asks for the vector."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from vtkseries.cf.lazy import derive, unloaded
from vtkseries.cf.roles import Roles
from vtkseries.errors import SeriesError

__all__ = ["Centring", "centre", "find_centrings", "needs_centring"]


@dataclass(frozen=True)
class Centring:
    """How a component comes to the centres along one axis.

    Attributes
    ----------
    role : str
    dim : hashable
        The component's own dim.
    centres : hashable
        The dim of the centres.
    before : int or None
        How many values the component has before the first centre: 1 where it begins at the left edge of the first
        cell, 0 where it begins at its right edge; None where it lies at the centres already.
    """

    role: str
    dim: Hashable
    centres: Hashable
    before: int | None


def needs_centring(ds: xr.Dataset, parts: Sequence[Hashable]) -> bool:
    """Tell whether the components of a vector have different dims."""
    dims = [dict(ds[part].sizes) for part in parts if part in ds.variables]
    return len(dims) == len(parts) and any(other != dims[0] for other in dims[1:])


def find_centrings(
    ds: xr.Dataset, name: str, parts: Sequence[Hashable], roles: Roles, stagger: Mapping[Hashable, str]
) -> dict[Hashable, tuple[Centring, ...]]:
    """Find out how each component of a vector comes to the centres.

    Parameters
    ----------
    ds : Dataset
    name : str
        The vector's.
    parts : sequence of names
    roles : Roles
    stagger : mapping of component to role
        What the caller says; else SGRID's or Comodo's attributes do.

    Raises
    ------
    SeriesError
        Nothing says how the components lie, or what is said does not fit.
    """
    claimed = {part: _claimed(ds, part, roles) for part in parts}
    shifts = _sgrid(ds) | _comodo(ds)
    shifted = {
        (part, role)
        for part in parts
        for role, dim in claimed[part].items()
        if stagger.get(part) == role or (part not in stagger and dim in shifts)
    }
    result: dict[Hashable, list[Centring]] = {part: [] for part in parts}
    for role in ("x", "y", "z"):
        members = [part for part in parts if role in claimed[part]]
        dims = {claimed[part][role] for part in members}
        if len(members) not in (0, len(parts)):
            raise _unequal(ds, name, parts)
        if len(dims) <= 1 and not any((part, role) in shifted for part in members):
            continue
        plain = [claimed[part][role] for part in members if (part, role) not in shifted]
        known = [
            shifts[claimed[part][role]][0]
            for part in members
            if (part, role) in shifted
            if claimed[part][role] in shifts
        ]
        if not plain and not known:
            raise _unequal(ds, name, parts)
        target = known[0] if known else _target(ds, role, plain[0], dims, roles)
        for part in members:
            dim = claimed[part][role]
            extra = ds.sizes[dim] - ds.sizes[target]
            if abs(extra) > ((part, role) in shifted):
                raise _unequal(ds, name, parts)
            if (part, role) in shifted:
                # One longer: from the first left edge. One shorter: between centres. As long: as the attributes say.
                before = 1 if extra == 1 else 0 if extra == -1 else shifts.get(dim, (None, 1))[1]
                result[part].append(Centring(role, dim, target, before))
            elif dim != target:
                result[part].append(Centring(role, dim, target, None))
    return {part: tuple(found) for part, found in result.items()}


def _target(ds: xr.Dataset, role: str, plain: Hashable, dims: set[Hashable], roles: Roles) -> Hashable:
    """Give the centres' dim along an axis: as long as that of a component that is not staggered, and most in use."""
    size = ds.sizes[plain]
    fitting = [dim for dim, has in roles.dims.items() if has == role and ds.sizes[dim] == size and dim not in dims]
    used = {dim: sum(dim in variable.dims for variable in ds.variables.values()) for dim in fitting}
    return max(fitting, key=lambda dim: used[dim]) if fitting else plain


def _unequal(ds: xr.Dataset, name: str, parts: Sequence[Hashable]) -> SeriesError:
    described = " and ".join(f"{part!r} has {dict(ds[part].sizes)}" for part in parts)
    guess = {str(part): role for part, role in zip(parts, ("x", "y", "z"), strict=False)}
    message = (
        f"vectors: the components of {name!r} must have the same dims, but {described}; say along which axis each is "
        f"staggered, as with stagger={guess!r}, or interpolate them to one grid first"
    )
    return SeriesError(message)


def centre(ds: xr.Dataset, part: Hashable, centrings: Sequence[Centring]) -> xr.Variable:
    """Average a component to the centres; NaN where it has no value on one side."""
    variable = unloaded(ds.variables[part].to_base_variable())
    for item in centrings:
        if item.before is None:
            variable = variable.copy(deep=False)
            variable.dims = tuple(item.centres if dim == item.dim else dim for dim in variable.dims)
        else:
            variable = _average(variable, item, item.before, ds.sizes[item.centres])
    variable.attrs = dict(ds.variables[part].attrs)
    return variable


def _average(variable: xr.Variable, item: Centring, before: int, centres: int) -> xr.Variable:
    """Average along one axis: centre i lies between the values i - 1 + before and i + before of the component."""
    size = variable.sizes[item.dim]
    dtype = np.result_type(variable.dtype, "f4")
    left = np.clip(np.arange(centres) - 1 + before, 0, size - 1)
    right = np.clip(np.arange(centres) + before, 0, size - 1)
    sides = []
    for places in (left, right):
        # Slices where they do, since these copy nothing.
        whole = bool(np.all(np.diff(places) == 1))
        where = slice(int(places[0]), int(places[-1]) + 1) if whole else places
        part = variable.isel({item.dim: where})
        part = part.copy(deep=False)
        part.dims = tuple(item.centres if dim == item.dim else dim for dim in part.dims)
        sides.append(part)
    if sides[0].chunks is not None:
        sides[1] = sides[1].chunk(dict(zip(sides[0].dims, sides[0].chunks, strict=True)))
    valid = (np.arange(centres) - 1 + before >= 0) & (np.arange(centres) + before < size)
    known = xr.Variable((item.centres,), valid)
    return derive(_middle, [*sides, known], dtype).transpose(*sides[0].dims)


def _middle(first: np.ndarray, second: np.ndarray, known: np.ndarray) -> np.ndarray:
    return np.where(known, (first + second) / 2, np.nan)


def _claimed(ds: xr.Dataset, part: Hashable, roles: Roles) -> dict[str, Hashable]:
    return {role: dim for role, dim in roles.of(ds.variables[part], part).items() if role in ("x", "y", "z")}


def _sgrid(ds: xr.Dataset) -> dict[Hashable, tuple[Hashable, int]]:
    """Give SGRID's node dims: the dim of the faces (or layers) beside each, and the values before the first."""
    found: dict[Hashable, tuple[Hashable, int]] = {}
    for variable in ds.variables.values():
        if variable.attrs.get("cf_role") != "grid_topology":
            continue
        for key in ("face_dimensions", "volume_dimensions", "vertical_dimensions"):
            text = str(variable.attrs.get(key, ""))
            for faces, nodes, padding in re.findall(r"(\w+):\s*(\w+)\s*\(padding:\s*(\w+)\)", text):
                found[nodes] = (faces, 0 if padding in ("both", "low") else 1)
        # Dims of edges with names of their own: those told without padding lie at nodes.
        for key in ("edge1_dimensions", "edge2_dimensions"):
            text = str(variable.attrs.get(key, ""))
            for dim, nodes, padding in re.findall(r"(\w+):\s*(\w+)(\s*\(padding)?", text):
                if nodes in found and not padding and nodes != "padding":
                    found[dim] = found[nodes]
    return found


def _comodo(ds: xr.Dataset) -> dict[Hashable, tuple[Hashable, int]]:
    """Give the dims with ``c_grid_axis_shift``, each with the one of the same axis without it."""
    axes: dict[str, list[tuple[Hashable, float]]] = {}
    for coordinate in ds.variables.values():
        axis = coordinate.attrs.get("axis")
        if axis and coordinate.ndim == 1:
            shift = float(coordinate.attrs.get("c_grid_axis_shift", 0.0))
            axes.setdefault(str(axis), []).append((coordinate.dims[0], shift))
    found: dict[Hashable, tuple[Hashable, int]] = {}
    for members in axes.values():
        plain = [dim for dim, shift in members if shift == 0]
        for dim, shift in members:
            if shift and len(plain) == 1:
                found[dim] = (plain[0], 1 if shift < 0 else 0)
    return found
