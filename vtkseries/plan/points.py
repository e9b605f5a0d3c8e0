"""The points of a curvilinear grid: coordinates made complete, continuous and right-handed, and put on a globe."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from vtkseries.cf.coordinates import Axis, attribute, upward
from vtkseries.cf.corners import corners, round_poles
from vtkseries.cf.curvilinear import Coordinate
from vtkseries.cf.lazy import derive, settle, touching, wrapped
from vtkseries.cf.longitudes import ROUND, degrees, is_longitude, step_over_seam, unwrap
from vtkseries.cf.missing import filled, lost
from vtkseries.cf.neighbours import inside
from vtkseries.cf.orientation import flips, overturned
from vtkseries.cf.roles import SPACE
from vtkseries.errors import SeriesError
from vtkseries.grids.sphere import Direction, Outward, cosine, sine
from vtkseries.plan.globe import refuse_below_the_centre, refuse_other_than_degrees

__all__ = ["Globe", "Points", "place_points"]


@dataclass(frozen=True)
class Globe:
    """What turns vectors on a sphere, and its points, with dims named by role.

    Attributes
    ----------
    angles : tuple of Variables
        Sine and cosine of longitude and of latitude.
    points : Variable
        x, y and z side by side, along the last dim, as a file has them.
    """

    angles: tuple[xr.Variable, ...]
    points: xr.Variable


@dataclass(frozen=True)
class Points:
    """The points of a curvilinear grid.

    Attributes
    ----------
    axes : dict
        Role to Axis.
    variables : tuple of three Variables
        x, y and z, with dims named by role, as the fields are stored.
    lost : Variable or None
        Where a coordinate is missing: the point, or the cell, was put beside its neighbours, and is to be hidden.
    globe : Globe or None
    notices : tuple of str
    turned : Variable or None
        Cells, along y and x, that are turned over since their points' neighbours by index are none on the ground.
    """

    axes: dict[str, Axis]
    variables: tuple[xr.Variable, ...]
    lost: xr.Variable | None = None
    globe: Globe | None = None
    notices: tuple[str, ...] = ()
    turned: xr.Variable | None = None


def place_points(
    ds: xr.Dataset,
    lines: Mapping[str, Axis],
    found: Mapping[str, Coordinate],
    *,
    cells: bool,
    z_scale: float,
    radius: float | None,
) -> Points:
    """Place the points of a curvilinear grid.

    Parameters
    ----------
    ds : Dataset
    lines : mapping of role to Axis
        With counted nodes where `found` has a coordinate.
    found : mapping of role to Coordinate
        The coordinates of several dims.
    cells : bool
        Whether values lie in cells, and the points are their corners.
    z_scale : float
    radius : float or None
        Of the globe; None for a plane.

    Raises
    ------
    SeriesError
        Cells that do not match up, or coordinates that are no longitudes and latitudes where a globe needs them.
    """
    axes = dict(lines)
    notices: list[str] = []
    found = round_poles(ds, found) if cells and radius is not None else found
    variables: dict[str, xr.Variable] = {}
    masks: list[xr.Variable] = []
    for role in SPACE:
        if role in found:
            axes[role], variables[role], mask = _several(ds, axes[role], found, z_scale, notices, cells=cells)
            masks += [] if mask is None else [mask]
        else:
            variables[role] = _along(axes[role])
            notices += axes[role].notices
    if radius is not None:
        for role in ("x", "y"):
            _refuse_other_than_degrees(ds, role, axes[role])
            variables[role] = degrees(
                variables[role] if role in found else _with_units(ds, variables[role], axes[role])
            )
        _refuse_wide_cells(variables["x"], axes["x"])
        if not cells:
            axes["x"], variables, masks = _close(axes["x"], variables, masks, notices)
    axes = {role: _counted(axes[role], variables) for role in SPACE}
    sizes = {role: len(axes[role].nodes) for role in SPACE}
    given = {role: axes[role].flipped for role in SPACE if role not in found}
    ordered = tuple(variables[role] for role in SPACE)
    for role, flipped in flips(ordered, sizes, given).items():
        if flipped and not axes[role].flipped:
            notices.append(
                f"axis {role} ({axes[role].dim}): flipped together with its data, so that no cell is inverted"
            )
        axes[role] = replace(axes[role], flipped=flipped)
    globe, surface = None, ordered[:2]
    if radius is not None:
        _refuse_below_the_centre(ordered[2], axes["z"], radius)
        globe, surface, ordered = _around(radius, *ordered)
    turned = _turned_over(surface, axes, notices) if {"x", "y"} <= set(found) else None
    hidden = None if not masks else masks[0] if len(masks) == 1 else derive(_either, masks, "?")
    if hidden is not None:
        notices.append("coordinates are missing at some points, which were put beside their neighbours and are hidden")
    return Points(axes, ordered, hidden, globe, tuple(notices), turned)


def _several(
    ds: xr.Dataset,
    line: Axis,
    found: Mapping[str, Coordinate],
    z_scale: float,
    notices: list[str],
    *,
    cells: bool,
) -> tuple[Axis, xr.Variable, xr.Variable | None]:
    """Give a coordinate of several dims as it is drawn, and where it is missing."""
    role, coordinate = line.role, found[line.role]
    name, beside = coordinate.name, found.get({"x": "y", "y": "x"}.get(role, ""))
    if coordinate.averaged:
        along = ", ".join(coordinate.averaged)
        notices.append(f"axis {role} ({name}): averaged along {along}, to points half a cell away")
    if "time" not in coordinate.variable.dims:
        coordinate = replace(coordinate, variable=settle(coordinate.variable))
    mask = lost(coordinate.variable)
    if mask is not None and isinstance(mask._data, np.ndarray) and mask._data.all():  # noqa: SLF001 (not to compute it)
        raise SeriesError(f"coordinate {str(name)!r} is missing everywhere; name another, as with {role}=...")
    turns = role == "x" and is_longitude(ds.variables[name], name)
    variable, jumped = coordinate.whole, False
    if variable is None:
        variable = filled(coordinate.variable, plane=role != "z", period=ROUND if turns else None)
    if coordinate.edges and mask is not None:
        mask = touching(mask, sorted(coordinate.edges))
    if turns:
        # Before corners are put half-way, and again where these come from bounds.
        variable, jumped = unwrap(variable)
    variable = _nodes(ds, coordinate, beside, variable, notices, cells=cells)
    if turns:
        variable, again = unwrap(variable) if cells else (variable, False)
        jumped = jumped or again
        notices += [f"axis x ({name}): longitudes that jump at the date line were unwrapped"] if jumped else []
    factor, notice = upward(variable, z_scale, name) if role == "z" else (1.0, None)
    notices += [f"axis z ({name}): {notice}"] if notice else []
    if factor != 1:
        variable = derive(_Scaled(factor), [variable], steady="time" not in variable.dims)
    return replace(line, name=name, factor=factor, notices=()), variable, mask


def _nodes(
    ds: xr.Dataset,
    coordinate: Coordinate,
    beside: Coordinate | None,
    variable: xr.Variable,
    notices: list[str],
    *,
    cells: bool,
) -> xr.Variable:
    """Give the points themselves, or the corners of the cells around them."""
    role, name = coordinate.role, coordinate.name
    if coordinate.corners is not None:
        notices.append(f"{name}: no bounds with four vertices a cell: corners were put half-way on the globe")
        return coordinate.corners
    if not cells:
        for edge in sorted(coordinate.edges):
            variable = inside(variable, edge)
            notices.append(f"axis {role} ({name}): averaged along {edge}, from the edges of cells to their middles")
    elif not coordinate.edges.issuperset(set(variable.dims) & set(SPACE)):
        variable, notice = corners(ds, replace(coordinate, variable=variable), beside)
        notices += [notice] if notice else []
    return variable


def _counted(axis: Axis, variables: Mapping[str, xr.Variable]) -> Axis:
    """Give an axis as many nodes as the points have: two round a single cell, where a coordinate tells its edges."""
    count = max((v.sizes[axis.role] for v in variables.values() if axis.role in v.dims), default=1)
    return axis if count == len(axis.nodes) else replace(axis, nodes=np.arange(count, dtype="f8"))


def _close(
    axis: Axis, variables: dict[str, xr.Variable], masks: list[xr.Variable], notices: list[str]
) -> tuple[Axis, dict[str, xr.Variable], list[xr.Variable]]:
    """Repeat the first column after the last where longitudes go round."""
    step = step_over_seam(variables["x"])
    if axis.dim is None or step is None:
        return axis, variables, masks
    notices.append(f"axis x ({axis.dim}): the first column is repeated, so that the globe has no gap")
    closed = {role: wrapped(variable, "x") for role, variable in variables.items()}
    closed["x"] = wrapped(variables["x"], "x", shift=step)
    axis = replace(axis, nodes=np.append(axis.nodes, axis.nodes[-1] + 1), closed=True)
    return axis, closed, [wrapped(mask, "x") for mask in masks]


def _around(
    radius: float, lon: xr.Variable, lat: xr.Variable, height: xr.Variable
) -> tuple[Globe, tuple[xr.Variable, ...], tuple[xr.Variable, ...]]:
    """Put points on a globe: sines and cosines are taken once where longitudes and latitudes are the same all along."""
    steady = "time" not in (*lon.dims, *lat.dims)
    angles = tuple(derive(part, [angle], steady=steady) for angle in (lon, lat) for part in (sine, cosine))
    surface = tuple(derive(Direction(role), [lon, lat], steady=steady) for role in SPACE)
    fixed = steady and "time" not in height.dims
    points = derive(Outward(radius), [*surface, height], components=len(SPACE))
    apart = tuple(derive(Outward(radius), [one, height], steady=fixed) for one in surface)
    return Globe(angles, points), surface, apart


def _turned_over(surface: tuple[xr.Variable, ...], axes: Mapping[str, Axis], notices: list[str]) -> xr.Variable | None:
    turned = overturned(surface)
    if turned is not None:
        row, column = (int(n) for n in np.argwhere(turned.values)[0])
        x, y = axes["x"], axes["y"]
        notices.append(
            f"{int(turned.values.sum())} of {turned.size} cells are turned over and hidden, since {x.name!r} and "
            f"{y.name!r} of neighbours cross there, the first at {y.dim}={row}, {x.dim}={column}"
        )
    return turned


def _along(axis: Axis) -> xr.Variable:
    """Give the nodes of an axis in the order of its data."""
    if axis.dim is None:
        return xr.Variable((), axis.nodes[0])
    return xr.Variable((axis.role,), axis.nodes[::-1] if axis.flipped else axis.nodes)


def _with_units(ds: xr.Dataset, nodes: xr.Variable, axis: Axis) -> xr.Variable:
    units = None if axis.name is None else attribute(ds.variables[axis.name], "units")
    return xr.Variable(nodes.dims, nodes.values, {"units": units or "degrees"})


def _refuse_other_than_degrees(ds: xr.Dataset, role: str, axis: Axis) -> None:
    name: Hashable | None = axis.name
    kind = "longitudes" if role == "x" else "latitudes"
    if name is None:
        if axis.dim is None:
            return
        message = f"sphere=True needs {kind}, and dim {axis.dim!r} has none; name them, as with {role}='{kind[:3]}'"
        raise SeriesError(message)
    refuse_other_than_degrees(ds.variables[name], role, name)


def _refuse_wide_cells(lon: xr.Variable, axis: Axis) -> None:
    """Refuse cells that are wider than half the globe: they would be drawn inside out."""
    if lon.dims != ("x",):
        return
    wide = np.flatnonzero(np.abs(np.diff(lon.values)) >= 180)  # noqa: PLR2004 (degrees)
    if wide.size:
        at = int(wide[0])
        message = (
            f"sphere=True: longitudes {str(axis.name)!r} go from {lon.values[at]} to {lon.values[at + 1]} at positions "
            f"{at} and {at + 1}, more than half round the globe; roll them, as with ds.roll({axis.dim}={-at - 1}, "
            "roll_coords=True)"
        )
        raise SeriesError(message)


def _refuse_below_the_centre(height: xr.Variable, axis: Axis, radius: float) -> None:
    """Refuse a globe through whose centre points go; of heights that move, those of the first step are looked at."""
    first = height.isel(time=0) if "time" in height.dims else height
    lowest = float(
        np.nanmin(first.isel({dim: slice(None, None, max(1, n // 24)) for dim, n in first.sizes.items()}).values)
    )
    refuse_below_the_centre(lowest, axis.name, radius)


def _either(*masks: np.ndarray) -> np.ndarray:
    result = masks[0]
    for mask in masks[1:]:
        result = result | mask
    return result


@dataclass(frozen=True)
class _Scaled:
    """A multiple; a class so that it can be sent to other processes."""

    factor: float

    def __call__(self, values: np.ndarray) -> np.ndarray:
        return values * self.factor + 0.0  # no negative zeros
