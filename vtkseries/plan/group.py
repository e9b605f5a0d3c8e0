"""Fields into parts: the variables that share a grid, and the grid that they share."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

import xarray as xr

from vtkseries.cf.coordinates import Axis, attribute, find_axis, scalar_axis
from vtkseries.cf.fields import Vector, undrawable
from vtkseries.cf.roles import SPACE, Roles
from vtkseries.errors import SeriesError

__all__ = ["Field", "Group", "Grouping", "group_fields"]


@dataclass(frozen=True)
class Field:
    """A scalar or vector field of one part: the variables that fill it and how their dims are named."""

    name: str
    variables: tuple[xr.Variable, ...]
    keys: tuple[str, ...]
    roles: dict[Hashable, str]
    cells: bool = False
    labels: tuple[str, ...] = ()


@dataclass
class Group:
    """A grid and the fields on it."""

    axes: dict[str, Axis]
    label: str = ""
    fields: list[Field] = field(default_factory=list)

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


@dataclass(frozen=True)
class Options:
    """What the caller asked for."""

    parts: Hashable | None
    location: str
    z_scale: float
    asked: bool


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
    axes: dict[Hashable, Axis] = {}
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
            asked = options.asked or len(item.variables) > 1 or item.dim is not None
            _leave_out(item, fault, result, asked=asked)
            continue
        dims = roles.of(ds[item.variables[0]].variable, item.variables[0])
        if not any(role in dims for role in SPACE):
            result.field_data.extend(item.variables)
            continue
        for label, variables in _instances(ds, item, options.parts):
            grid = _grid(ds, dims, roles, options, axes)
            key = (label, *(grid[role].key for role in SPACE))
            group = result.groups.setdefault(key, Group(grid, label))
            keys = tuple(f"{part}@{label}" if label else str(part) for part in item.variables)
            named = {dim: role for role, dim in dims.items()}
            if item.dim is not None:
                named[item.dim] = "c"
            cells = any(axis.cells for axis in grid.values())
            group.fields.append(Field(item.name, variables, keys, named, cells, item.labels))
    if not result.groups:
        raise _nothing(ds, result, roles)
    return result


def _fault(ds: xr.Dataset, item: Vector, roles: Roles, options: Options) -> tuple[str, str] | None:
    for name in item.variables:
        variable = ds[name].variable
        fault = undrawable(variable, name)
        if fault is not None:
            return fault
        dims = set(roles.of(variable, name).values()) | {item.dim, options.parts}
        extra = [dim for dim in variable.dims if dim not in dims]
        if extra:
            dim = extra[0]
            return (
                f"has the dim {dim!r} ({ds.sizes[dim]} values), which fits no axis",
                (
                    f"give each value a part with parts={str(dim)!r}, select one with ds.isel({dim}=0), "
                    f"or name its axis, as with x={str(dim)!r}"
                ),
            )
    return None


def _leave_out(item: Vector, fault: tuple[str, str], result: Grouping, *, asked: bool) -> None:
    text = f"variable {item.name!r} {fault[0]}; {fault[1]}"
    if asked:
        raise SeriesError(text)
    result.left_out.append(text)


def _nothing(ds: xr.Dataset, result: Grouping, roles: Roles) -> SeriesError:
    if result.left_out:
        return SeriesError("no variable can be drawn: " + "; ".join(result.left_out))
    if not ds.data_vars:
        return SeriesError("the Dataset has no variables to draw; add one, or name a coordinate with variables=")
    found = ", ".join(f"{role}: {dim!r}" for dim, role in roles.dims.items()) or "none"
    return SeriesError(
        f"no variable has a spatial axis (axes found: {found}); "
        f"name the axes, as with x={str(next(iter(ds.dims), 'x'))!r}"
    )


def _instances(ds: xr.Dataset, item: Vector, parts: Hashable | None) -> Iterator[tuple[str, tuple[xr.Variable, ...]]]:
    variables = tuple(ds[name].variable for name in item.variables)
    if parts is None or parts not in variables[0].dims:
        yield "", variables
        return
    labels = ds[parts].values if parts in ds.coords else range(ds.sizes[parts])
    for index, label in enumerate(labels):
        yield f"{parts}_{label}", tuple(variable.isel({parts: index}) for variable in variables)


def _grid(
    ds: xr.Dataset, dims: Mapping[str, Hashable], roles: Roles, options: Options, cache: dict[Hashable, Axis]
) -> dict[str, Axis]:
    spatial = {role: dim for role, dim in dims.items() if role in SPACE}
    ties = {role: _tied_edges(ds, role, dim, roles) for role, dim in spatial.items()}
    if options.location == "auto":
        cells = all(ties[role] is not None for role, dim in spatial.items() if ds.sizes[dim] > 1 or ties[role])
        cells = cells and any(ties.values())
    else:
        cells = options.location == "cell"
    axes = {}
    for role in SPACE:
        dim = spatial.get(role)
        tie = ties.get(role) if cells else None
        key = (role, dim, cells)
        if key not in cache:
            cache[key] = (
                scalar_axis(ds, role, _scalar_coordinate(ds, role, roles), options.z_scale)
                if dim is None
                else find_axis(ds, role, dim, tie or roles.coordinates[dim], cells=cells, z_scale=options.z_scale)
            )
        axes[role] = cache[key]
    return axes


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
