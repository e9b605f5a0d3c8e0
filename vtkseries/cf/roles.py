"""Which dim of a Dataset is x, y, z or time."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import xarray as xr

from vtkseries.cf.layers import formula_terms
from vtkseries.cf.meaning import cf_roles
from vtkseries.errors import SeriesError

__all__ = ["CF", "ROLES", "SPACE", "Roles", "by_role", "find_roles", "places_along"]

SPACE = ("x", "y", "z")
ROLES = (*SPACE, "time")

# Names of dims in the output of common models, matched whole and without regard to case.
_NAMES = {
    "x": r"x|[xi]_.+|x\d+|x[tuvwfhqcgb](_ocean)?|s?lon\w*|longitudes?|nav_lon\w*|rlon\w*|grid_longitude\w*|"
    r"projection_x_coordinate\w*|west_east(_stag)?|n[ix]\d*|nlon\w*|i|xi_\w+|easting",
    "y": r"y|[yj]_.+|y\d+|y[tuvwfhqcgb](_ocean)?|s?lat\w*|latitudes?|nav_lat\w*|rlat\w*|grid_latitude\w*|"
    r"projection_y_coordinate\w*|south_north(_stag)?|n[jy]\d*|nlat\w*|j|eta_\w+|northing",
    "z": r"z|[zk]_.+|z\d+|z[tuvwfhqcgblis](_\w+)?|s[tw]_ocean|[im]?lev\w*|levels?|plev\w*|pressure\w*|"
    r"isobaric\w*|height\w*|alt|altitude\w*|depth\w*|bottom_top(_stag)?|s_(rho|w)|sigma\w*|model_level\w*|nz\d*|nlev\w*|k|elevation|"
    r"nav_lev|soil_layers(_stag)?",
    "time": r"time\d*|times|t|time_counter|time_instant|ocean_time|xtime|valid_time|datetime|date",
}

# Dims of bounds, vertices and characters, which are no axes even when nothing else is known of them.
_NEVER_AXES = (
    r"n?_?(bnds?|bounds?|v|vert(ex|ices)?|corners?|tuple|char)_?\d*|axis_nbounds|two|four|str(ing|len)\w*|d2|"
    r".+_(tuple|component)"  # of field data, as reading names them
)

# Strength of the evidence for a role: lower is stronger.
_CALLER, CF, _NAME, _DTYPE, _ORDER = range(5)


@dataclass(frozen=True)
class Roles:
    """The role of each dim, and the coordinate that gives its positions.

    Attributes
    ----------
    dims : dict
        Dim to role: ``"x"``, ``"y"``, ``"z"`` or ``"time"``.
    coordinates : dict
        Dim to the name of its one-dimensional coordinate, or None where positions are counted.
    evidence : dict
        Dim to how strong the ground for its role is; lower is stronger.
    named : dict
        Role to what the caller named for it.
    scalars : dict
        Role to a scalar coordinate that tells where fields without that axis lie.
    spare : set
        Dims of other times than the one that makes the steps.
    cf : dict
        What :func:`cf_roles` gives of the Dataset.
    """

    dims: dict[Hashable, str] = field(default_factory=dict)
    coordinates: dict[Hashable, Hashable | None] = field(default_factory=dict)
    evidence: dict[Hashable, int] = field(default_factory=dict)
    named: dict[str, Hashable] = field(default_factory=dict)
    scalars: dict[str, Hashable] = field(default_factory=dict)
    spare: set[Hashable] = field(default_factory=set)
    cf: dict[Hashable, tuple[str, bool]] = field(default_factory=dict)

    def of(self, variable: xr.Variable, name: Hashable) -> dict[str, Hashable]:
        """Give the dims of one variable by role.

        Raises
        ------
        SeriesError
            Two of its dims claim the same role on equal grounds.
        """
        found: dict[str, Hashable] = {}
        for dim in variable.dims:
            role = self.dims.get(dim)
            if role is None:
                continue
            other = found.get(role)
            if other is not None and self.evidence[other] == self.evidence[dim]:
                taken = {self.dims[d] for d in variable.dims if d in self.dims}
                raise _ambiguous(name, role, (other, dim), taken)
            if other is None or self.evidence[dim] < self.evidence[other]:
                found[role] = dim
        return found

    def summary(self, variables: Iterable[xr.Variable]) -> dict[str, str]:
        """Give one coordinate (or dim) name a role: the one that most variables have."""
        count: dict[Hashable, int] = dict.fromkeys(self.dims, 0)
        for variable in variables:
            for dim in variable.dims:
                if dim in count:
                    count[dim] += 1
        result = {}
        for role in ROLES:
            dims = [dim for dim, has in self.dims.items() if has == role]
            if role in self.named:
                result[role] = str(self.named[role])
            elif dims:
                best = min(dims, key=lambda dim: (self.evidence[dim], -count[dim]))
                name = self.coordinates[best]
                result[role] = str(best if name is None else name)
        return result


def find_roles(
    ds: xr.Dataset,
    named: Mapping[str, Hashable | None],
    fields: Iterable[Hashable],
    *,
    curvilinear: bool = False,
    others: Collection[Hashable] = (),
) -> Roles:
    """Find the axes of a Dataset.

    Parameters
    ----------
    ds : Dataset
    named : mapping of role to name
        What the caller said: a dim, or a coordinate along one.
    fields : iterable of names
        Variables that are to be drawn; their dims are what is looked at.
    curvilinear : bool
        Whether the caller may name coordinates of several dims.
    others : collection of dims
        Dims that the caller said are no axes: those of components and of parts.

    Raises
    ------
    SeriesError
        A name that is not there, or several coordinates that could place one dim.
    """
    roles = Roles()
    fields = list(fields)
    dims = list(dict.fromkeys(dim for name in fields for dim in ds.variables[name].dims))
    for role, name in named.items():
        if name is not None:
            _take_named(ds, roles, role, name, curvilinear=curvilinear)
    cf = cf_roles(ds)
    roles.cf.update(cf)
    for dim in dims:
        if dim not in roles.dims and dim not in others:
            _take_detected(ds, roles, dim, cf)
    _one_time(roles, {name: ds.variables[name].dims for name in fields})
    for name in sorted(fields, key=lambda name: -ds.variables[name].ndim):
        _take_order(ds, roles, name, others)
    if curvilinear:
        _take_places(ds, roles, cf, others)
    for name, coordinate in ds.coords.items():
        if coordinate.ndim == 0:
            scalar = cf[name][0] if name in cf else _role_of_name(name)
            if scalar == "time" or (scalar is not None and coordinate.dtype.kind in "iuf"):
                roles.scalars.setdefault(scalar, name)
    return roles


def by_role(variable: xr.Variable, roles: Mapping[Hashable, str]) -> xr.Variable:
    """Name the dims of a variable by their roles, without touching its values."""
    renamed = variable.to_base_variable().copy(deep=False)
    renamed.dims = tuple(roles[dim] for dim in variable.dims)
    return renamed


def _ambiguous(name: Hashable, role: str, dims: tuple[Hashable, Hashable], taken: Collection[str]) -> SeriesError:
    first, last = map(str, dims)
    free = next((r for r in SPACE if r not in taken), None)
    if free is None:
        choices = f"{role}={first!r} or {role}={last!r}, and select one value of the other, as with ds.isel({last}=0)"
    else:
        choices = f"{role}={first!r}, {free}={last!r} or {role}={last!r}, {free}={first!r}"
    return SeriesError(
        f"variable {name!r}: both {first!r} and {last!r} could be the {role} axis; say which, with {choices}"
    )


def _set(roles: Roles, dim: Hashable, role: str, coordinate: Hashable | None, evidence: int) -> None:
    roles.dims[dim] = role
    roles.coordinates[dim] = coordinate
    roles.evidence[dim] = evidence


def _take_named(ds: xr.Dataset, roles: Roles, role: str, name: Hashable, *, curvilinear: bool) -> None:
    if not isinstance(name, Hashable):
        message = f"{role}={name!r}: give one name, of a dim or coordinate"
        raise SeriesError(message)
    if name in ds.variables:
        variable = ds.variables[name]
        if variable.ndim == 0 or (variable.ndim > 1 and curvilinear and role != "time"):
            roles.named[role] = name
            return
        if variable.ndim > 1:
            message = (
                f"{role}={name!r} has dims {variable.dims}, but a rectilinear axis has one; "
                "write curvilinear coordinates with to_vts"
            )
            raise SeriesError(message)
        dim = variable.dims[0]
        coordinate: Hashable | None = name
    elif name in ds.dims:
        dim, coordinate = name, None
    else:
        known = ", ".join(repr(str(n)) for n in dict.fromkeys([*ds.dims, *ds.coords]))
        message = f"{role}={name!r}: there is no such dim or coordinate; this Dataset has {known}"
        raise SeriesError(message)
    if dim in roles.dims:
        if curvilinear and {role, roles.dims[dim]} == {"x", "y"} and name != dim:
            roles.named[role] = name
            return
        message = (
            f"{role}={name!r} and {roles.dims[dim]}={str(roles.named[roles.dims[dim]])!r} are both along {dim!r}; "
            "write points along one dim with ds.vtk.to_vtp"
        )
        raise SeriesError(message)
    roles.named[role] = name
    _set(roles, dim, role, coordinate, _CALLER)


def places_along(ds: xr.Dataset, dim: Hashable, cf: Mapping[Hashable, tuple[str, bool]]) -> set[str]:
    """Give the roles of the coordinates along a dim beside its own: with both x and y its points lie on no line."""
    beside = [name for name in _along(ds, dim) if name != dim]
    return {role for name in beside if (role := cf[name][0] if name in cf else _role_of_name(name)) is not None}


def _along(ds: xr.Dataset, dim: Hashable) -> list[Hashable]:
    """Give the one-dimensional coordinates along a dim, the index coordinate first."""
    names = [name for name, c in ds.coords.items() if c.dims == (dim,) and c.dtype.kind in "biufmMO"]
    return sorted(names, key=lambda name: name != dim)


def _take_detected(ds: xr.Dataset, roles: Roles, dim: Hashable, cf: Mapping[Hashable, tuple[str, bool]]) -> None:
    along = _along(ds, dim)
    index = dim if dim in along else None
    if index in cf:
        role = cf[index][0]
        _set(roles, dim, role, _with_dates(ds, index, along) if role == "time" else index, CF)
        return
    known = [name for name in along if name in cf]
    spatial = {cf[name][0] for name in known}
    if _role_of_name(dim) is None or index is None:
        # An index without meaning of its own gives way to the coordinates beside it.
        index = None
    if index is None and len(spatial) == 1:
        marked = [name for name in known if cf[name][1]]
        best = marked or known
        if len(best) == 1:
            _set(roles, dim, cf[best[0]][0], best[0], CF)
            return
        role = spatial.pop()
        choices = " or ".join(f"{role}={str(name)!r}" for name in best)
        message = f"dim {dim!r}: {', '.join(map(repr, best))} could all give its positions; say which, with {choices}"
        raise SeriesError(message)
    coordinate = along[0] if dim in along or len(along) == 1 else None
    scattered = {"x", "y"} <= places_along(ds, dim, cf)
    for name in [dim] if scattered else dict.fromkeys([dim, *along]):
        role_or_none = _role_of_name(name)
        if role_or_none is not None:
            # A time of text or the like is no count of steps: reading it says so.
            told = dim if coordinate is None and role_or_none == "time" and dim in ds.coords else coordinate
            _set(roles, dim, role_or_none, told, _NAME)
            return
    if coordinate is not None and _is_time(ds.variables[coordinate]):
        _set(roles, dim, "time", coordinate, _DTYPE)


def _with_dates(ds: xr.Dataset, index: Hashable, along: list[Hashable]) -> Hashable:
    """Give the one coordinate that has dates where the index only counts, as some ocean models' does."""
    variable = ds.variables[index]
    dated = [name for name in along if name != index and _is_time(ds.variables[name])]
    counts = not _is_time(variable) and " since " not in str(variable.attrs.get("units", ""))
    return dated[0] if counts and len(dated) == 1 else index


def _role_of_name(name: Hashable) -> str | None:
    for role, pattern in _NAMES.items():
        if re.fullmatch(pattern, str(name), re.IGNORECASE):
            return role
    return None


def _is_time(variable: xr.Variable) -> bool:
    if variable.dtype.kind in "mM":
        return True
    return variable.dtype.kind == "O" and variable.size > 0 and hasattr(variable.values.flat[0], "calendar")


def _one_time(roles: Roles, fields: Mapping[Hashable, tuple[Hashable, ...]]) -> None:
    """Keep one time axis: the one with the best evidence, or with the plainest name; others are extra dims."""
    times = [dim for dim, role in roles.dims.items() if role == "time"]
    if len(times) < 2:  # noqa: PLR2004 (nothing to choose)
        return
    best = min(times, key=lambda dim: (roles.evidence[dim], str(dim).lower() != "time", len(str(dim))))
    rivals = [dim for dim in times if roles.evidence[dim] == roles.evidence[best] and dim != best]
    for name, dims in fields.items():
        rival = next((dim for dim in rivals if {best, dim} <= set(dims) and str(best).lower() != "time"), None)
        if rival is not None:
            raise _ambiguous(name, "time", (best, rival), {roles.dims[d] for d in dims if d in roles.dims})
    for dim in times:
        if dim != best:
            roles.spare.add(dim)
            del roles.dims[dim], roles.coordinates[dim], roles.evidence[dim]


def _take_places(
    ds: xr.Dataset, roles: Roles, cf: Mapping[Hashable, tuple[str, bool]], others: Collection[Hashable]
) -> None:
    """Find the axes of what only places fields, perhaps half a cell away: terms of formulas, and what was named."""
    told = {*roles.named.values(), *(n for v in ds.variables.values() for n in formula_terms(v).values())}
    names = [name for name, v in ds.variables.items() if name in told and v.ndim > 1]
    known = {*roles.dims, *others}
    dims = [dim for dim in dict.fromkeys(d for name in names for d in ds.variables[name].dims) if dim not in known]
    for dim in dims:
        with suppress(SeriesError):  # it is not drawn
            _take_detected(ds, roles, dim, cf)
    for name in sorted(names, key=lambda name: -ds.variables[name].ndim):
        _take_order(ds, roles, name, others)
    for dim in [dim for dim in dims if roles.dims.get(dim) == "time"]:
        del roles.dims[dim], roles.coordinates[dim], roles.evidence[dim]


def _take_order(ds: xr.Dataset, roles: Roles, name: Hashable, others: Collection[Hashable]) -> None:
    """Give the dims without coordinates of one variable the roles left over: x to the last, then y, z and time."""
    variable = ds.variables[name]
    taken = {roles.dims[dim] for dim in variable.dims if dim in roles.dims}
    free = [
        dim
        for dim in reversed(variable.dims)
        if dim not in roles.dims
        and dim not in others
        and not _along(ds, dim)
        and dim not in ds
        and not re.fullmatch(_NEVER_AXES, str(dim), re.IGNORECASE)
    ]
    left = [role for role in ROLES if role not in taken and (role != "time" or "time" not in roles.dims.values())]
    for dim, role in zip(free, left, strict=False):
        before = variable.dims[: variable.dims.index(dim)]
        if role == "time" and any(roles.dims.get(other) in SPACE for other in before):
            continue  # what varies faster than places is no time
        _set(roles, dim, role, None, _ORDER)
