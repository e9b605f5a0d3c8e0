"""Coordinates of several dims: which ones place the points of a field."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from vtkseries.cf.attributes import attribute
from vtkseries.cf.lazy import KEPT
from vtkseries.cf.longitudes import is_longitude, unwrap
from vtkseries.cf.neighbours import on_grid, shifted
from vtkseries.cf.roles import CF, SPACE, Roles, by_role
from vtkseries.errors import SeriesError

__all__ = ["LARGEST", "AmbiguousError", "Coordinate", "counts", "find_coordinates", "section"]

LARGEST = 1e15
"""No coordinate is this large: fill values that were not decoded are."""

# Names of two-dimensional coordinates in the output of common models, matched whole and without regard to case.
_NAMES = {
    "x": r"(.*_)?s?lon(gitudes?|_\w+)?|nav_lon\w*|[tuvqf]lon(g|gitude)?|geolon(_\w+)?|glam[tuvf]|xlong(_[uvm])?|clon|"
    r"x(c|g|q|h|_\w+)?|easting",
    "y": r"(.*_)?s?lat(itudes?|_\w+)?|nav_lat\w*|[tuvqf]lat(itude)?|geolat(_\w+)?|gphi[tuvf]|xlat(_[uvm])?|clat|"
    r"y(c|g|q|h|_\w+)?|northing",
}


class AmbiguousError(SeriesError):
    """Several coordinates could place a variable."""


@dataclass(frozen=True)
class Coordinate:
    """A coordinate of several dims.

    Attributes
    ----------
    role : str
    name : hashable
    variable : Variable
        Its dims are named by role.
    edges : frozenset of str
        The roles along which it has one node more than the field has values.
    whole : Variable or None
        The same with plausible values where it is missing; None where these are to be found.
    averaged : tuple of str
        The roles along which it was brought to the field's points from others half a cell away.
    corners : Variable or None
        Of the cells around it, where they were found together with those of another.
    """

    role: str
    name: Hashable
    variable: xr.Variable
    edges: frozenset[str] = frozenset()
    whole: xr.Variable | None = None
    averaged: tuple[str, ...] = ()
    corners: xr.Variable | None = None


def find_coordinates(
    ds: xr.Dataset, field: Hashable, dims: Mapping[str, Hashable], roles: Roles, *, prefer: bool, globe: bool = False
) -> dict[str, Coordinate]:
    """Find the coordinates of several dims that place a field's points.

    Parameters
    ----------
    ds : Dataset
    field : hashable
        The field's name.
    dims : mapping of role to dim
        The field's own, with that of the time.
    roles : Roles
    prefer : bool
        Take them also where each dim has a coordinate of its own, as long as the caller named none.
    globe : bool
        Only longitudes and latitudes will do.

    Raises
    ------
    SeriesError
        Several that could be meant.
    """
    found: dict[str, Coordinate] = {}
    named = {role: name for role, name in roles.named.items() if name in ds.variables and ds[name].ndim > 1}
    for role, name in named.items():
        coordinate = _fit(ds, role, name, dims, roles)
        if coordinate is not None:
            found[role] = coordinate
    # Fields on other points than those of the named coordinate have their own, or take its averages.
    free = [role for role in SPACE if role not in found and (role not in roles.named or role in named)]
    if not named:
        found.update(_around(ds, dims, free, roles.cf) or ({} if globe else _triple(ds, dims, free)))
        free = [role for role in free if role not in found]
    found.update(section(ds, dims, roles) if not found.keys() & {"x", "y"} else {})
    if "x" in dims and "y" in dims and ("x" in free or "y" in free):
        wanted = [role for role in free if role != "z"]
        lines = not prefer and not named and not all(_counts(ds, dims[role], roles) for role in wanted)
        if not lines:
            found.update(_detect(ds, field, wanted, dims, found, roles.cf, globe=globe))
    if "z" in free and "z" in dims and "z" not in named:
        found.update(_detect(ds, field, ["z"], dims, found, roles.cf))
    for role, name in named.items():
        coordinate = None if role in found or role not in dims else _beside(ds, role, name, dims, roles)
        if coordinate is not None:
            found[role] = coordinate
    return {role: _steady(coordinate) for role, coordinate in found.items()}


def counts(variable: xr.Variable) -> bool:
    """Tell whether a one-dimensional coordinate only counts: whole numbers one after the other, without a meaning."""
    if attribute(variable, "standard_name") or (attribute(variable, "units") or "1") not in ("1", ""):
        return False
    if variable.dtype.kind not in "iuf" or variable.size == 0:
        return False
    return bool(np.all(np.diff(variable.values.astype("f8")) == 1))


def _counts(ds: xr.Dataset, dim: Hashable, roles: Roles) -> bool:
    name = roles.coordinates[dim]
    return name is None or (roles.evidence[dim] >= CF and counts(ds.variables[name]))


def _fit(ds: xr.Dataset, role: str, name: Hashable, dims: Mapping[str, Hashable], roles: Roles) -> Coordinate | None:
    """Give a named coordinate where its dims are the field's, or some of them one longer; None elsewhere."""
    variable = ds.variables[name]
    own = {dim: r for r, dim in dims.items()}
    if all(dim in own for dim in variable.dims):
        return Coordinate(role, name, by_role(variable, own))
    claimed = {dim: own.get(dim) or roles.dims.get(dim) or _longer(ds, dim, dims) for dim in variable.dims}
    if None in claimed.values() or len(set(claimed.values())) < len(claimed):
        spatial = [r for r in ("time", "z", "y", "x") if r in dims]
        claimed = dict(zip(reversed(variable.dims), reversed(spatial), strict=False))
    more = {
        str(r): ds.sizes[dim] - ds.sizes[dims[r]] for dim, r in claimed.items() if r and r in dims and dim not in own
    }
    longer = {r for r, count in more.items() if count == 1}
    fitting = len(claimed) == variable.ndim and all(dim in own or r in longer for dim, r in claimed.items())
    if not fitting or "time" in longer:
        return None
    return Coordinate(role, name, by_role(variable, {d: r for d, r in claimed.items() if r}), frozenset(longer))


def _around(
    ds: xr.Dataset, dims: Mapping[str, Hashable], free: list[str], cf: Mapping[Hashable, tuple[str, bool]]
) -> dict[str, Coordinate]:
    """Give the coordinates of the points around cells, which reading calls by the names of the points' dims."""
    points = {dim: re.sub("_cell", "", str(dim), count=1) for role, dim in dims.items() if role in SPACE}
    known = all(re.match("[xyz]_cell", str(dim)) and dim not in ds.coords for dim in points)
    if len(points) < len(SPACE) or not known or not all(point in ds.dims for point in points.values()):
        return {}
    own = {point: role for role, dim in dims.items() for point in (points.get(dim, dim),)}
    edges = {role for point, role in own.items() if role in SPACE and ds.sizes[point] == ds.sizes[dims[role]] + 1}
    if any(ds.sizes[point] > 1 and own[point] not in edges for point in points.values()):
        return {}
    found: dict[str, Coordinate] = {}
    for name, coordinate in ds.coords.items():
        role = _role(name, cf)
        if role in free and set(points.values()) <= set(coordinate.dims) <= set(own):
            found.setdefault(role, Coordinate(role, name, by_role(coordinate.variable, own), frozenset(edges)))
    return found if len(found) == len(SPACE) else {}


def _triple(ds: xr.Dataset, dims: Mapping[str, Hashable], free: list[str]) -> dict[str, Coordinate]:
    """Give coordinates called x, y and z that share their dims: together they place points, whatever else is known."""
    own = {dim: role for role, dim in dims.items()}
    spatial = {dim for dim, role in own.items() if role in SPACE}
    for names in ("xyz", "XYZ"):
        if all(name in ds.coords and name not in ds.dims for name in names) and set(SPACE) <= set(free):
            shared = set(ds.variables[names[0]].dims)
            fitting = len(spatial) > 1 and spatial <= shared <= set(own)
            if fitting and all(set(ds.variables[name].dims) == shared for name in names):
                return {
                    role: Coordinate(role, name, by_role(ds.variables[name], own))
                    for role, name in zip(SPACE, names, strict=True)
                }
    return {}


def section(ds: xr.Dataset, dims: Mapping[str, Hashable], roles: Roles) -> dict[str, Coordinate]:
    """Give x and y along the one dim of a line across the plane, as a ship's or a section of a model takes it."""
    along = [role for role in ("x", "y") if role in dims]
    if len(along) != 1:
        return {}
    dim = dims[along[0]]
    names = {role: [roles.named[role]] for role in ("x", "y") if _lies_along(ds, roles.named.get(role), dim)}
    if len(names) < len(SPACE) - 1:
        if "x" in roles.named or "y" in roles.named or not _counts(ds, dim, roles):
            return {}
        along_it = [name for name in ds.coords if name != dim and _lies_along(ds, name, dim)]
        names = {role: [name for name in along_it if _role(name, roles.cf) == role] for role in ("x", "y")}
    if any(len(found) != 1 for found in names.values()):
        return {}
    own = {dim: along[0]}
    return {role: Coordinate(role, found[0], by_role(ds[found[0]].variable, own)) for role, found in names.items()}


def _lies_along(ds: xr.Dataset, name: Hashable | None, dim: Hashable) -> bool:
    variable = ds.variables.get(name)
    return variable is not None and variable.dims == (dim,) and variable.dtype.kind in "iuf"


def _beside(ds: xr.Dataset, role: str, name: Hashable, dims: Mapping[str, Hashable], roles: Roles) -> Coordinate | None:
    """Give the averages of a named coordinate at a field's points, half a cell away; None where these are elsewhere."""
    placed = on_grid(ds.variables[name], dims, roles)
    if placed is not None and role == "x" and is_longitude(ds.variables[name], name):
        placed = unwrap(placed)[0]
    moved = None if placed is None else shifted(placed, {r: ds.sizes[dim] for r, dim in dims.items()})
    return None if moved is None else Coordinate(role, name, moved[0], averaged=moved[1])


def _longer(ds: xr.Dataset, dim: Hashable, dims: Mapping[str, Hashable]) -> str | None:
    fitting = [role for role in SPACE if role in dims and ds.sizes[dim] == ds.sizes[dims[role]] + 1]
    return fitting[0] if len(fitting) == 1 else None


def _detect(
    ds: xr.Dataset,
    field: Hashable,
    wanted: list[str],
    dims: Mapping[str, Hashable],
    found: Mapping[str, Coordinate],
    cf: Mapping[Hashable, tuple[str, bool]],
    *,
    globe: bool = False,
) -> dict[str, Coordinate]:
    own = {dim: role for role, dim in dims.items()}
    listed = (attribute(ds.variables[field], "coordinates") or "").split()
    result: dict[str, Coordinate] = {}
    for role in wanted:
        needed = {dims["z"]} if role == "z" else {dims["y"], dims["x"]}
        fitting: list[Hashable] = [
            name
            for name, variable in ds.variables.items()
            if variable.ndim > 1
            and needed <= set(variable.dims) <= set(own)
            and variable.dtype.kind in "iuf"
            and (name in ds.coords or name in listed or _is_place(variable, name))
            and _role(name, cf) == role
            and not (globe and role != "z" and not _is_angle(variable))
            and not _empty(variable)
        ]
        chosen: list[Hashable] = [name for name in fitting if name in listed] or fitting
        if len(chosen) > 1:
            chosen = _distinct(ds, chosen)
        if len(chosen) > 1:
            chosen = _alike(ds, chosen, [*found.values(), *result.values()], own) or chosen
        if len(chosen) > 1:
            choices = " or ".join(f"{role}={str(name)!r}" for name in chosen)
            message = (
                f"variable {field!r}: {', '.join(map(repr, chosen))} could all be its {role}; say which: {choices}"
            )
            raise AmbiguousError(message)
        if chosen:
            result[role] = Coordinate(role, chosen[0], by_role(ds[chosen[0]].variable, own))
    pair = {"x", "y"} & set(wanted)
    return result if len(pair) < len(SPACE) - 1 or pair <= set(result) else {}


def _is_place(variable: xr.Variable, name: Hashable) -> bool:
    """Tell whether a data variable holds longitudes or latitudes, as files have them that list no coordinates."""
    angle = (attribute(variable, "units") or "degrees").lower().startswith("deg")
    return angle and bool(re.search("lon|lat|glam|gphi", str(name), re.IGNORECASE))


def _is_angle(variable: xr.Variable) -> bool:
    standard = attribute(variable, "standard_name") or ""
    units = (attribute(variable, "units") or "degrees").lower()
    return units.startswith(("deg", "rad")) and not standard.startswith(("grid_", "projection_"))


def _distinct(ds: xr.Dataset, names: list[Hashable]) -> list[Hashable]:
    """Keep one of the coordinates that say the same, the most precise."""
    kept: list[Hashable] = []
    for name in sorted(names, key=lambda name: -ds.variables[name].dtype.itemsize):
        values = ds[name].values.squeeze()
        others = (ds[other].values.squeeze() for other in kept)
        if not any(v.shape == values.shape and np.allclose(v, values, rtol=1e-5, equal_nan=True) for v in others):
            kept.append(name)
    return sorted(kept, key=names.index)


def _empty(variable: xr.Variable) -> bool:
    """Tell whether a coordinate is missing everywhere, as some files leave theirs."""
    if variable.size * variable.dtype.itemsize > KEPT:
        return False
    values = np.asarray(variable.values, "f8")
    return not np.any(np.abs(values) < LARGEST)


def _alike(
    ds: xr.Dataset, names: list[Hashable], found: list[Coordinate], own: Mapping[Hashable, str]
) -> list[Hashable]:
    """Keep the coordinates that are called like one that was found, as ULAT is like ULONG."""
    for other in found:
        stem = re.sub("lon(g|gitude)?|x", "", str(other.name), flags=re.IGNORECASE)
        alike = [n for n in names if re.sub("lat(itude)?|y", "", str(n), flags=re.IGNORECASE) == stem]
        same = [n for n in alike if {own[d] for d in ds.variables[n].dims} == set(other.variable.dims)]
        if len(same) == 1:
            return same
    return []


def _role(name: Hashable, cf: Mapping[Hashable, tuple[str, bool]]) -> str | None:
    if name in cf:
        return cf[name][0]
    return next((role for role, pattern in _NAMES.items() if re.fullmatch(pattern, str(name), re.IGNORECASE)), None)


def _steady(coordinate: Coordinate) -> Coordinate:
    """Drop the time dim of a coordinate that is the same in every step, as some models repeat it."""
    variable = coordinate.variable
    if "time" not in variable.dims or variable.size * variable.dtype.itemsize > KEPT or coordinate.role == "z":
        return coordinate
    values = variable.transpose("time", ...).values
    first = values[:1]
    if not np.all((values == first) | (np.isnan(values) & np.isnan(first))):
        return coordinate
    dims = tuple(dim for dim in variable.dims if dim != "time")
    steady = xr.Variable(dims, values[0], variable.attrs, variable.encoding)
    return replace(coordinate, variable=steady)
