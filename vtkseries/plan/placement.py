"""The grid that a field's dims ask for: its axes, and where these are no lines the coordinates of each point."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from vtkseries.cf.coordinates import Axis, attribute, find_axis, scalar_axis, upward
from vtkseries.cf.corners import corners
from vtkseries.cf.curvilinear import Coordinate, find_coordinates
from vtkseries.cf.lazy import derive
from vtkseries.cf.orientation import flips
from vtkseries.cf.roles import SPACE, Roles

__all__ = ["Options", "Placement", "place_field"]


@dataclass(frozen=True)
class Options:
    """What the caller asked for.

    Attributes
    ----------
    grid : str
        ``"vtr"``, ``"vti"``, ``"vts"``, or ``"auto"`` for the cheapest exact one.
    """

    parts: Hashable | None
    location: str
    z_scale: float
    asked: bool
    grid: str = "vtr"


@dataclass(frozen=True)
class Placement:
    """Where the points of a grid are.

    Attributes
    ----------
    axes : dict
        Role to Axis; the nodes of an axis whose points lie on no line are counted.
    points : tuple of three Variables
        x, y and z of each point, as the fields are stored, with dims named by role; empty where axes tell all.
    key : tuple
        Equal for fields on the same grid.
    notices : tuple of str
    """

    axes: dict[str, Axis]
    points: tuple[xr.Variable, ...] = ()
    key: tuple[Hashable, ...] = ()
    notices: tuple[str, ...] = ()


def place_field(
    ds: xr.Dataset,
    field: Hashable,
    dims: Mapping[str, Hashable],
    roles: Roles,
    options: Options,
    cache: dict[Hashable, Placement],
) -> Placement:
    """Give the grid of a field.

    Parameters
    ----------
    ds : Dataset
    field : hashable
    dims : mapping of role to dim
        The field's.
    roles : Roles
    options : Options
    cache : dict
        Grids that were placed before: they are not read again.

    Raises
    ------
    SeriesError
        Coordinates that are ambiguous, or cannot place a grid.
    """
    spatial = {role: dim for role, dim in dims.items() if role in SPACE}
    found = {}
    if options.grid in ("vts", "auto"):
        found = find_coordinates(ds, field, dims, roles, prefer=options.grid == "vts")
    cells, ties = _cells(ds, spatial, roles, options, found)
    key = (
        cells,
        *((role, dim, found[role].name if role in found else None) for role, dim in spatial.items()),
    )
    if key not in cache:
        lines = {
            role: scalar_axis(ds, role, _scalar_coordinate(ds, role, roles), options.z_scale)
            if dim is None
            else find_axis(
                ds,
                role,
                dim,
                None if role in found else ties[role] or roles.coordinates[dim],
                cells=cells,
                z_scale=options.z_scale,
            )
            for role, dim in ((role, spatial.get(role)) for role in SPACE)
        }
        curved = bool(found) or options.grid == "vts"
        cache[key] = (
            _curvilinear(ds, lines, found, options, cells=cells)
            if curved
            else Placement(lines, key=tuple(lines[role].key for role in SPACE), notices=_notices(lines))
        )
    return cache[key]


def _notices(axes: Mapping[str, Axis]) -> tuple[str, ...]:
    return tuple(notice for axis in axes.values() for notice in axis.notices)


def _cells(
    ds: xr.Dataset,
    spatial: Mapping[str, Hashable],
    roles: Roles,
    options: Options,
    found: Mapping[str, Coordinate],
) -> tuple[bool, dict[str, Hashable | None]]:
    """Tell whether values lie in cells, and give the edges that the caller or CF bounds tie to each dim."""
    ties = {role: _tied_edges(ds, role, dim, roles) for role, dim in spatial.items()}
    if options.location != "auto":
        return options.location == "cell", ties if options.location == "cell" else dict.fromkeys(ties)
    surrounded = {role for c in found.values() if c.edges for role in c.variable.dims}
    tied = {role: ties[role] is not None or role in surrounded for role in spatial}
    cells = any(tied.values()) and all(tied[role] for role, dim in spatial.items() if ds.sizes[dim] > 1)
    return cells, ties if cells else dict.fromkeys(ties)


def _curvilinear(
    ds: xr.Dataset, lines: dict[str, Axis], found: Mapping[str, Coordinate], options: Options, *, cells: bool
) -> Placement:
    sizes = {role: len(lines[role].nodes) for role in SPACE}
    points: list[xr.Variable] = []
    notices: list[str] = []
    axes = dict(lines)
    for role in SPACE:
        if role not in found:
            points.append(_along(lines[role]))
            notices += lines[role].notices
            continue
        coordinate = found[role]
        variable = corners(ds, coordinate) if cells and not coordinate.edges else coordinate.variable
        factor, notice = upward(variable, options.z_scale) if role == "z" else (1.0, None)
        if notice:
            notices.append(f"axis z ({coordinate.name}): {notice}")
        if factor != 1:
            variable = derive(_Scaled(factor), [variable], steady="time" not in variable.dims)
        points.append(variable)
        axes[role] = replace(lines[role], name=coordinate.name, factor=factor)
    given = {role: axes[role].flipped for role in SPACE if role not in found}
    for role, flipped in flips(points, sizes, given).items():
        if flipped and not axes[role].flipped:
            notices.append(
                f"axis {role} ({axes[role].dim}): flipped together with its data, so that no cell is inverted"
            )
        axes[role] = replace(axes[role], flipped=flipped)
    names = tuple((axes[role].dim, axes[role].name, sizes[role]) for role in SPACE)
    return Placement(axes, tuple(points), ("points", cells, *names), tuple(notices))


@dataclass(frozen=True)
class _Scaled:
    """A multiple; a class so that it can be sent to other processes."""

    factor: float

    def __call__(self, values: np.ndarray) -> np.ndarray:
        return values * self.factor + 0.0  # no negative zeros


def _along(axis: Axis) -> xr.Variable:
    """Give the nodes of an axis in the order of its data."""
    if axis.dim is None:
        return xr.Variable((), axis.nodes[0])
    return xr.Variable((axis.role,), axis.nodes[::-1] if axis.flipped else axis.nodes)


def _tied_edges(ds: xr.Dataset, role: str, dim: Hashable, roles: Roles) -> Hashable | None:
    """Give the coordinate with one value more that the caller or CF bounds tie to a dim."""
    named = roles.named.get(role)
    if named is not None and named in ds.variables:
        edges = ds[named].variable
        if edges.ndim == 1 and edges.dims[0] != dim and edges.size == ds.sizes[dim] + 1:
            return named
    coordinate = roles.coordinates[dim]
    bounds = None if coordinate is None else attribute(ds[coordinate].variable, "bounds")
    if bounds is not None and bounds in ds.variables and ds[bounds].shape == (ds.sizes[dim] + 1,):
        return coordinate
    return None


def _scalar_coordinate(ds: xr.Dataset, role: str, roles: Roles) -> Hashable | None:
    named = roles.named.get(role)
    if named is not None:
        return named if named in ds.variables and ds[named].ndim == 0 else None
    return roles.scalars.get(role)
