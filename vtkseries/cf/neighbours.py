"""Values half a cell away, between neighbours: evaluated block by block."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import xarray as xr

from vtkseries.cf.lazy import derive, unloaded
from vtkseries.cf.roles import Roles, by_role

__all__ = ["around", "inside", "on_grid", "shifted"]


def around(variable: xr.Variable, dim: Hashable) -> xr.Variable:
    """Give the values half-way between neighbours along a dim, and as far beyond the outermost: one more.

    A single value says nothing of its surroundings: it holds all along.
    """
    size = variable.sizes[dim]
    if size == 1:
        return variable.isel({dim: 0})
    # Two neighbours and their weights for each of one value more: half and half, but beyond the ends.
    first = np.array([0, *range(size - 1), size - 1])
    second = np.array([1, *range(1, size), size - 2])
    weight = np.full(size + 1, 0.5)
    weight[[0, -1]] = 1.5
    order = variable.dims
    variable = unloaded(variable)
    result = derive(
        _Weighted(),
        [variable.isel({dim: first}), variable.isel({dim: second}), xr.Variable((dim,), weight)],
    )
    return result.transpose(*order)


def inside(variable: xr.Variable, dim: Hashable) -> xr.Variable:
    """Give the means of neighbours along a dim: one less."""
    variable = unloaded(variable)
    pair = [variable.isel({dim: slice(0, -1)}), variable.isel({dim: slice(1, None)})]
    if variable.chunks is not None:
        pair[1] = pair[1].chunk(dict(zip(pair[0].dims, pair[0].chunks or (), strict=True)))
    return derive(_mean, pair, np.result_type(variable.dtype, "f4"))


def on_grid(variable: xr.Variable, dims: Mapping[str, Hashable], roles: Roles) -> xr.Variable | None:
    """Name the dims of a variable by role where a field has all of these; None where it has not.

    Parameters
    ----------
    variable : Variable
        On the field's grid, or on one half a cell away with dims of its own.
    dims : mapping of role to dim
        The field's.
    roles : Roles
    """
    own = {dim: role for role, dim in dims.items()}
    claimed = {dim: own.get(dim) or roles.dims.get(dim) for dim in variable.dims}
    if any(role is None or role not in dims for role in claimed.values()) or len(set(claimed.values())) < len(claimed):
        return None
    return by_role(variable, {dim: str(role) for dim, role in claimed.items()})


def shifted(variable: xr.Variable, sizes: Mapping[str, int]) -> tuple[xr.Variable, tuple[str, ...]] | None:
    """Bring what lies half a cell away to a grid with so many values along each role; None where it does not.

    Parameters
    ----------
    variable : Variable
        With dims named by role.
    sizes : mapping of role to int

    Returns
    -------
    Variable
    tuple of str
        The roles along which it was averaged.
    """
    averaged = []
    for role, size in variable.sizes.items():
        more = size - sizes[str(role)]
        if abs(more) > (role != "time"):
            return None
        if more:
            variable = inside(variable, role) if more > 0 else around(variable, role)
            averaged.append(str(role))
    return variable, tuple(averaged)


def _mean(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.asarray((first + second) / 2)


class _Weighted:
    """A mean with weights that sum to one; a class so that it can be sent to other processes."""

    def __call__(self, first: np.ndarray, second: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return np.asarray(weight * first + (1 - weight) * second)
