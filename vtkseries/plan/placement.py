"""The grid that a field's dims ask for: its axes, and where these are no lines the coordinates of each point."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

import xarray as xr

from vtkseries.cf.coordinates import Axis, attribute, find_axis, scalar_axis
from vtkseries.cf.curvilinear import AmbiguousError, Coordinate, find_coordinates, section
from vtkseries.cf.roles import SPACE, Roles
from vtkseries.cf.vertical import parametric
from vtkseries.plan.points import Globe, place_points

__all__ = ["Options", "Placement", "place_field"]


@dataclass(frozen=True)
class Options:
    """What the caller asked for.

    Attributes
    ----------
    grid : str
        ``"vtr"``, ``"vti"``, ``"vts"``, or ``"auto"`` for the cheapest exact one.
    radius : float or None
        Of the globe on which longitudes and latitudes are put; None for a plane.
    linked : bool
        The files stay as they are, so that nothing can be selected or divided.
    """

    parts: Hashable | None
    location: str
    z_scale: float
    asked: bool
    grid: str = "vtr"
    radius: float | None = None
    linked: bool = False


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
    lost : Variable or None
        Where a coordinate is missing, with dims named by role.
    globe : Globe or None
        Longitudes and latitudes, where they were put on a globe.
    turned : Variable or None
        Cells that are turned over, with dims named by role.
    """

    axes: dict[str, Axis]
    points: tuple[xr.Variable, ...] = ()
    key: tuple[Hashable, ...] = ()
    notices: tuple[str, ...] = ()
    lost: xr.Variable | None = None
    globe: Globe | None = None
    turned: xr.Variable | None = None


Found = tuple[dict[str, Coordinate], list[str]]
"""Coordinates of several dims by role, and what the plan is to say of others."""


def place_field(
    ds: xr.Dataset,
    field: Hashable,
    dims: Mapping[str, Hashable],
    roles: Roles,
    options: Options,
    cache: dict[Hashable, Placement],
    searched: dict[Hashable, Found],
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
    searched : dict
        Coordinates of several dims that were found before: thousands of fields may have the same.

    Raises
    ------
    SeriesError
        Coordinates that are ambiguous, or cannot place a grid.
    """
    spatial = {role: dim for role, dim in dims.items() if role in SPACE}
    # A field without time may lie at coordinates that move with the others' steps.
    steps = {role: dim for dim, role in roles.dims.items() if role == "time"}
    curved = options.grid in ("vts", "auto")
    prefer = options.grid == "vts" or options.radius is not None
    everywhere = {**steps, **dims}
    asked = (tuple(everywhere.items()), attribute(ds.variables[field], "coordinates"))
    if asked not in searched:
        searched[asked] = (
            _found(ds, field, everywhere, roles, options) if curved else ({}, _unused(ds, field, everywhere, roles))
        )
    found, notices = dict(searched[asked][0]), list(searched[asked][1])
    cells, ties = _cells(ds, spatial, roles, options, found)
    key = (
        cells,
        *((role, dim, found[role].name if role in found else None) for role, dim in spatial.items()),
    )
    if key not in cache:
        if curved and "z" not in found:
            heights, notice = parametric(ds, everywhere, roles, cells=cells and "z" in spatial, edges=ties.get("z"))
            found |= {} if heights is None else {"z": heights}
            notices += [notice] if notice else []
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
        placed = (
            _curvilinear(ds, lines, found, options, cells=cells)
            if found or prefer
            else Placement(lines, key=tuple(lines[role].key for role in SPACE), notices=_notices(lines))
        )
        cache[key] = replace(placed, notices=(*placed.notices, *notices))
    return cache[key]


def _found(ds: xr.Dataset, field: Hashable, dims: Mapping[str, Hashable], roles: Roles, options: Options) -> Found:
    """Give the coordinates of several dims that place a field, and what the plan is to say of others."""
    globe = options.radius is not None
    try:
        found = find_coordinates(ds, field, dims, roles, prefer=options.grid == "vts" or globe, globe=globe)
        return found, _line(found, dims)
    except AmbiguousError as error:
        if globe or options.grid != "vts":
            raise
        # The dims' own coordinates do, where there are any.
        return find_coordinates(ds, field, dims, roles, prefer=False), [f"{error}; the dims' own were taken"]


def _line(found: Mapping[str, Coordinate], dims: Mapping[str, Hashable]) -> list[str]:
    """Say of x and y along one dim that their points are joined."""
    if "z" in dims or not _is_section(found):
        return []
    x, y = (str(found[role].name) for role in ("x", "y"))
    return [f"{x!r} and {y!r} lie along one dim: a line through its points; to_vtp writes points alone"]


def _is_section(found: Mapping[str, Coordinate]) -> bool:
    return {"x", "y"} <= set(found) and all(found[role].variable.ndim == 1 for role in ("x", "y"))


def _unused(ds: xr.Dataset, field: Hashable, dims: Mapping[str, Hashable], roles: Roles) -> list[str]:
    """Tell of coordinates of several dims where a grid of lines counts positions in their stead."""
    try:
        several = any(ds.variables[name].ndim > 1 for name in ds.coords)
        found = find_coordinates(ds, field, dims, roles, prefer=False) if several else section(ds, dims, roles)
    except AmbiguousError:
        return []
    names = " and ".join(f"{str(found[role].name)!r}" for role in ("x", "y") if role in found)
    how = "lie along one dim" if _is_section(found) else "have several dims"
    return [f"{names} {how}, so positions were counted; to_vts and to_pvd use them"] if names else []


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
    surrounded = {role for coordinate in found.values() for role in coordinate.edges}
    tied = {role: ties[role] is not None or role in surrounded for role in spatial}
    cells = any(tied.values()) and all(tied[role] for role, dim in spatial.items() if ds.sizes[dim] > 1)
    return cells, ties if cells else dict.fromkeys(ties)


def _curvilinear(
    ds: xr.Dataset, lines: dict[str, Axis], found: Mapping[str, Coordinate], options: Options, *, cells: bool
) -> Placement:
    placed = place_points(ds, lines, found, cells=cells, z_scale=options.z_scale, radius=options.radius)
    names = tuple((axis.dim, axis.name, len(axis.nodes)) for axis in (placed.axes[role] for role in SPACE))
    key = ("points", cells, *names)
    return Placement(placed.axes, placed.variables, key, placed.notices, placed.lost, placed.globe, placed.turned)


def _tied_edges(ds: xr.Dataset, role: str, dim: Hashable, roles: Roles) -> Hashable | None:
    """Give the coordinate with one value more that the caller or CF bounds tie to a dim."""
    named = roles.named.get(role)
    if named is not None and named in ds.variables:
        edges = ds.variables[named]
        if edges.ndim == 1 and edges.dims[0] != dim and edges.size == ds.sizes[dim] + 1:
            return named
    coordinate = roles.coordinates[dim]
    bounds = None if coordinate is None else attribute(ds.variables[coordinate], "bounds")
    if bounds is not None and bounds in ds.variables and ds.variables[bounds].shape == (ds.sizes[dim] + 1,):
        return coordinate
    return None


def _scalar_coordinate(ds: xr.Dataset, role: str, roles: Roles) -> Hashable | None:
    named = roles.named.get(role)
    if named is not None:
        return named if named in ds.variables and ds[named].ndim == 0 else None
    return roles.scalars.get(role)
