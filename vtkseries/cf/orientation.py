"""Which way round a grid's indices run, so that no cell is turned inside out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

__all__ = ["flips", "overturned"]

_SPACE = ("x", "y", "z")
_PLANE = ("x", "y")

_FEW = 0.05
"""The share of cells up to which those that are turned over are exceptions."""

_MOST = 1 << 24
"""Points of a surface that are looked at one by one."""

_SAMPLES = 24
"""Cells along each axis that are looked at."""


def flips(points: Sequence[xr.Variable], sizes: Mapping[str, int], given: Mapping[str, bool]) -> dict[str, bool]:
    """Find the index axes that must run the other way for a right-handed grid: one flip turns a left-handed one.

    Parameters
    ----------
    points : three Variables
        x, y and z, with dims named by role; only the first time step is looked at.
    sizes : mapping of role to int
        Points along each.
    given : mapping of role to bool
        The axes whose nodes lie on a line, and whether these are flipped already.

    Returns
    -------
    dict
        By role: whether it is flipped.
    """
    roles = [role for role in _SPACE if sizes[role] > 1]
    slopes = _slopes(points, sizes, roles)
    turned = {role: given.get(role, False) for role in _SPACE}
    if "z" in roles and "z" not in given:
        turned["z"] = _typical(slopes["z"][2]) < 0
    plane = [role for role in _PLANE if role in roles]
    free = [role for role in plane if role not in given]
    if len(plane) == len(_PLANE) and free:
        area = _typical(slopes["x"][0] * slopes["y"][1] - slopes["x"][1] * slopes["y"][0])
        area *= np.prod([-1 if turned[role] else 1 for role in plane])
        if area < 0:
            descending = [r for r in ("y", "x") if r in free and _typical(slopes[r]["xy".index(r)]) < 0]
            role = (descending or free[::-1])[0]
            turned[role] = not turned[role]
    elif free:
        role = free[0]
        turned[role] = _typical(slopes[role]["xy".index(role)]) < 0
    if len(roles) == len(_SPACE) and len(given) < len(roles):
        matrix = np.stack([np.stack(slopes[role], -1) for role in roles], -1)
        volume = _typical(np.linalg.det(np.nan_to_num(matrix)))
        volume *= np.prod([-1 if turned[role] else 1 for role in roles])
        if volume < 0:
            role = next(role for role in ("z", "y", "x") if role not in given)
            turned[role] = not turned[role]
    return turned


def overturned(places: Sequence[xr.Variable]) -> xr.Variable | None:
    """Find cells between the points of a surface that are turned over against most others, with dims y and x.

    The grids of some ocean models are cut and sewn together again, so that neighbours by index are none on the ground.

    Parameters
    ----------
    places : two or three Variables
        x and y on a plane; or x, y and z of the directions in which the points lie on a globe.

    Returns
    -------
    Variable of bool or None
        None where no cell is, or where most are not alike.
    """
    shape = tuple(max(place.sizes.get(dim, 1) for place in places) for dim in ("y", "x"))
    beyond = any(set(place.dims) - {"y", "x"} for place in places)
    if beyond or min(shape) < 2 or shape[0] * shape[1] > _MOST:  # noqa: PLR2004 (a cell has two points each way)
        return None
    whole = np.zeros((*shape, 3))
    for index, place in enumerate(places):
        present = [dim for dim in ("y", "x") if dim in place.dims]
        values = np.asarray(place.transpose(*present).values, "f8")
        whole[..., index] = values[tuple(slice(None) if dim in present else None for dim in ("y", "x"))]
    a, b, c, d = whole[:-1, :-1], whole[:-1, 1:], whole[1:, 1:], whole[1:, :-1]
    normal = np.cross(c - a, d - b)
    area = normal[..., 2] if len(places) < len(_SPACE) else (normal * (a + b + c + d)).sum(axis=-1)
    area *= np.sign(np.median(area))
    found = area < -1e-9 * np.median(area)
    return xr.Variable(("y", "x"), found) if 0 < found.sum() <= _FEW * found.size else None


def _slopes(
    points: Sequence[xr.Variable], sizes: Mapping[str, int], roles: Sequence[str]
) -> dict[str, tuple[np.ndarray, ...]]:
    """Give, a role, the steps of x, y and z along its index at sampled cells."""
    base = {role: np.unique(np.linspace(0, max(sizes[role] - 2, 0), _SAMPLES).astype(int)) for role in sizes}
    shape = tuple(len(base[role]) for role in ("z", "y", "x"))
    here = [_sample(variable, base, shape) for variable in points]
    result = {}
    for role in roles:
        beyond = [
            _sample(variable, {**base, role: base[role] + 1}, shape) if role in variable.dims else at
            for variable, at in zip(points, here, strict=True)
        ]
        result[role] = tuple(after - before for after, before in zip(beyond, here, strict=True))
    return result


def _sample(variable: xr.Variable, where: Mapping[str, np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    index = {str(dim): 0 if dim == "time" else where[str(dim)] for dim in variable.dims}
    part = variable.isel(index)
    order = [role for role in ("z", "y", "x") if role in part.dims]
    values = np.asarray(part.transpose(*order).values, "f8")
    spread = values[tuple(slice(None) if role in order else None for role in ("z", "y", "x"))]
    return np.broadcast_to(spread, shape)


def _typical(values: np.ndarray) -> float:
    """Give the sign that most values have."""
    return float(np.nansum(np.sign(values)))
