"""Fields into parts: the variables that share a grid, and the grid that they share."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

import xarray as xr

from vtkseries.cf.attributes import unstacking
from vtkseries.cf.coordinates import Axis
from vtkseries.cf.curvilinear import AmbiguousError
from vtkseries.cf.fields import Vector, undrawable
from vtkseries.cf.meaning import cf_roles
from vtkseries.cf.roles import CF, SPACE, Roles, places_along
from vtkseries.errors import SeriesError
from vtkseries.plan.placement import Found, Options, Placement, place_field

__all__ = ["GROUP", "STEP_FIELDS", "TREE", "Field", "Group", "Grouping", "Options", "astray", "group_fields"]

GROUP = "vtkseries_group"
"""Field data with the path of a file's group in its tree."""

_MOST_COMPONENTS = 9
"""Values along a dim up to which they may be components of a vector or tensor."""

TREE = "vtkseries_tree"
"""Field data of one part, with the paths of all groups and what those have that draw nothing."""

STEP_FIELDS = frozenset(
    {"TimeValue", "date", "time_units", "time_calendar", "vtkseries", "vtkseries_time", "vtkseries_stands", GROUP, TREE}
)
"""Field data that tell of a step and its file, not of variables."""


@dataclass(frozen=True)
class Field:
    """A scalar or vector field of one part: the variables that fill it and how their dims are named."""

    name: str
    variables: tuple[xr.Variable, ...]
    keys: tuple[str, ...]
    roles: dict[Hashable, str]
    cells: bool = False
    labels: tuple[str, ...] = ()
    made: bool = False  # computed from variables that are written as well: nothing to read back


@dataclass
class Group:
    """A grid, or a piece of it with its extent in the whole, and the fields on it."""

    placement: Placement
    label: str = ""
    kind: str = "vtr"  # of its files: "vtr", "vti" or "vts"
    fields: list[Field] = field(default_factory=list)
    extent: tuple[int, int, int, int, int, int] | None = None

    @property
    def axes(self) -> dict[str, Axis]:
        """Its axes by role."""
        return self.placement.axes

    @property
    def tag(self) -> str:
        """What the keys of a piece's variables end in; empty for a whole grid."""
        return "" if self.extent is None else "#" + "_".join(map(str, self.extent))

    def changes(self, time_dim: Hashable) -> bool:
        """Tell whether a field on it or its geometry is along time."""
        placed = (*self.placement.points, self.placement.lost, self.placement.turned)
        moves = any(variable is not None and "time" in variable.dims for variable in placed)
        return moves or any(
            dim == time_dim or item.roles.get(dim) == "time"
            for item in self.fields
            for variable in item.variables
            for dim in variable.dims
        )

    @property
    def dims(self) -> tuple[str, ...]:
        """The dims of its fields, in the order z, y, x."""
        return tuple(str(self.axes[role].dim) for role in reversed(SPACE) if self.axes[role].dim is not None)


@dataclass
class Grouping:
    """All that a Dataset's variables came to."""

    groups: dict[Hashable, Group] = field(default_factory=dict)
    field_data: list[Hashable] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def take_field_data(self, item: Vector) -> None:
        """Take a variable without a spatial axis, or the components of a vector without one."""
        self.field_data.extend(item.variables)
        if len(item.variables) > 1:
            parts = " and ".join(repr(str(part)) for part in item.variables)
            self.notices.append(f"vector {item.name!r}: {parts} have no spatial axis: field data, each on its own")


def group_fields(
    ds: xr.Dataset, names: list[Hashable], vectors: tuple[Vector, ...], roles: Roles, options: Options
) -> Grouping:
    """Put every variable to the grid that its dims ask for.

    Raises
    ------
    SeriesError
        A variable that was asked for by name and cannot be drawn, or nothing to draw at all.
    """
    result = Grouping()
    placed: dict[Hashable, Placement] = {}
    searched: dict[Hashable, Found] = {}
    in_vectors = {part for vector in vectors for part in vector.variables}
    items = [
        *(Vector(str(name), (name,)) for name in names if name not in in_vectors),
        *vectors,
    ]
    order = {name: i for i, name in enumerate(names)}
    items.sort(key=lambda item: order.get(item.variables[0], -1))
    for item in items:
        fault = _fault(ds, item, roles, options)
        if fault is not None:
            asked = options.asked or (not item.found and (len(item.variables) > 1 or item.dim is not None))
            _leave_out(item, fault, result, asked=asked)
            continue
        found = roles.of(ds.variables[item.variables[0]], item.variables[0])
        dims = {role: dim for role, dim in found.items() if options.parts is None or dim != options.parts}
        if not any(role in dims for role in SPACE):
            taken = [name for name in item.variables if str(name) in STEP_FIELDS]
            if taken:
                remedy = f"rename it, ds.rename({taken[0]!r}=...)"
                _leave_out(
                    item, ("has the name of what each file says of its own step", remedy), result, asked=options.asked
                )
            else:
                result.take_field_data(item)
            continue
        for label, variables in _instances(ds, item, options.parts):
            try:
                grid = place_field(ds, item.variables[0], dims, roles, options, placed, searched)
            except AmbiguousError as error:
                if options.asked:
                    raise
                result.left_out.append(str(error))
                break
            key = (label, *grid.key)
            group = result.groups.setdefault(key, Group(grid, label))
            keys = tuple(f"{part}@{label}" if label else str(part) for part in item.variables)
            named = {dim: role for role, dim in dims.items()}
            if item.dim is not None:
                named[item.dim] = "c"
            cells = any(axis.cells for axis in grid.axes.values())
            group.fields.append(Field(item.name, variables, keys, named, cells, item.labels, item.made))
    if not result.groups:
        raise _nothing(ds, result, roles)
    return result


def astray(groups: list[Group]) -> list[str]:
    """Say which fields have no x or y where others have: they lie at 0, which may be far away."""
    lacking = {
        group.dims: [role for role in ("x", "y") if group.axes[role].dim is None and group.axes[role].name is None]
        for group in groups
    }
    if all(lacking.values()):
        return []
    return [
        f"{', '.join(item.name for item in group.fields)}: no {' and '.join(lacking[group.dims])}, so that they lie at "
        "0; variables= leaves them out"
        for group in groups
        if lacking[group.dims]
    ]


def _fault(ds: xr.Dataset, item: Vector, roles: Roles, options: Options) -> tuple[str, str] | None:
    for name in item.variables:
        variable = ds.variables[name]
        fault = undrawable(variable, name)
        if fault is not None:
            return fault
        found = roles.of(variable, name)
        dims = set(found.values()) | {item.dim, options.parts}
        extra = [dim for dim in variable.dims if dim not in dims]
        if extra:
            dim = next((dim for dim in extra if _unstructured(ds, dim)), extra[0])
            apart = unstacking(ds.variables[dim], dim) if dim in ds.variables else None
            first = "" if apart is None else f"take its levels apart with {apart}, "
            if _unstructured(ds, dim):
                return (
                    f"lies on an unstructured grid: dim {dim!r} ({ds.sizes[dim]} values) has both longitudes and "
                    "latitudes, or x and y"
                ), f"{first}write it with ds.vtk.to_vtu (its cells, by UGRID or bounds) or ds.vtk.to_vtp (its points)"
            free = "time" if dim in roles.spare else next((r for r in SPACE if r not in {*found, *roles.named}), None)
            own = f", or name its axis, as with {free}={str(dim)!r}" if free else ""
            if not own and ds.sizes[dim] <= _MOST_COMPONENTS and len(item.variables) == 1:
                own = f", or draw its components, with vectors={{{item.name!r}: {str(dim)!r}}}"
            fact = f"has the dim {dim!r} ({ds.sizes[dim]} values), which fits no axis"
            other = _usurper(dim, found, roles)
            if other is not None and free:
                fact += f", since the attributes of {str(other)!r} make that one {dim}"
                own = f", or name both axes, as with {free}={str(other)!r}, {dim}={str(dim)!r}"
            return fact, f"{first}{_divided(dim, options)}{own}"
    return None


def _usurper(dim: Hashable, found: Mapping[str, Hashable], roles: Roles) -> Hashable | None:
    """Give the dim whose attributes make it the axis that this one has the name of."""
    other = found.get(str(dim))
    return other if other is not None and roles.evidence[other] == CF else None


def _divided(dim: Hashable, options: Options) -> str:
    if options.linked:
        return f"write its values as parts, with ds.vtk.to_vtr and parts={str(dim)!r}"
    return f"give each value a part with parts={str(dim)!r}, select one with ds.isel({dim}=0)"


def _unstructured(ds: xr.Dataset, dim: Hashable) -> bool:
    """Tell whether two coordinates along one dim place points in a plane."""
    return {"x", "y"} <= places_along(ds, dim, cf_roles(ds))


def _leave_out(item: Vector, fault: tuple[str, str], result: Grouping, *, asked: bool) -> None:
    text = f"{item} {fault[0]}; {fault[1]}"
    if asked:
        raise SeriesError(text)
    result.left_out.append(text)


def _nothing(ds: xr.Dataset, result: Grouping, roles: Roles) -> SeriesError:
    if result.left_out:
        return SeriesError("no variable can be drawn: " + "; ".join(result.left_out))
    if not ds.data_vars:
        return SeriesError("the Dataset has no variables to draw; add one, or name a coordinate with variables=")
    found = ", ".join(f"{role}: {dim!r}" for dim, role in roles.dims.items()) or "none"
    free = next((dim for dim in ds.dims if roles.dims.get(dim) != "time"), None)
    remedy = (
        "there is no grid to draw, only values along time: plot these as lines"
        if free is None
        else f"name the axes, as with x={str(free)!r}"
    )
    return SeriesError(f"no variable has a spatial axis (axes found: {found}); {remedy}")


def _instances(ds: xr.Dataset, item: Vector, parts: Hashable | None) -> Iterator[tuple[str, tuple[xr.Variable, ...]]]:
    variables = tuple(ds.variables[name] for name in item.variables)
    if parts is None or parts not in variables[0].dims:
        yield "", variables
        return
    labels = [f"{parts}_{label}" for label in (ds[parts].values if parts in ds.coords else range(ds.sizes[parts]))]
    if len(set(labels)) < len(labels):
        labels = [f"{label}_{index}" for index, label in enumerate(labels)]
    for index, label in enumerate(labels):
        yield label, tuple(variable.isel({parts: index}) for variable in variables)
