"""The corners of cells whose centres lie on no lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import xarray as xr

from vtkseries.cf.attributes import attribute, bounds_of
from vtkseries.cf.curvilinear import LARGEST, Coordinate
from vtkseries.cf.lazy import derive, settle
from vtkseries.cf.longitudes import ROUND, degrees, is_latitude, unwrap
from vtkseries.cf.missing import filled
from vtkseries.cf.neighbours import around
from vtkseries.cf.roles import SPACE
from vtkseries.errors import SeriesError
from vtkseries.grids.sphere import Direction

__all__ = ["corners", "round_poles"]

_POLE = 90.0
_SAME = 1e-3
_WIDE = 60.0  # degrees of longitude between neighbours, which only those round a pole are apart
_QUAD = 4

# Where the vertices of a cell stand, as (along the first dim, along the second): each way round, from each start.
_RING = ((0, 0), (0, 1), (1, 1), (1, 0))
Order = tuple[tuple[int, int], ...]
_ORDERS: list[Order] = [tuple(_RING[(start + way * n) % 4] for n in range(4)) for way in (1, -1) for start in range(4)]


def corners(ds: xr.Dataset, coordinate: Coordinate, beside: Coordinate | None) -> tuple[xr.Variable, str | None]:
    """Give the corners of the cells around a coordinate's centres, and what the plan is to say about them.

    They come from CF bounds with four vertices a cell; without bounds they are half-way between the centres, and as
    far beyond the outermost, along the dims along which the coordinate has not the edges of its cells already.

    Parameters
    ----------
    ds : Dataset
    coordinate : Coordinate
    beside : Coordinate or None
        The other one of the plane, whose vertices go round a cell the same way.

    Raises
    ------
    SeriesError
        Vertices of neighbouring cells that differ.
    """
    variable, name = coordinate.variable, coordinate.name
    vertices = _vertices(ds, coordinate)
    if vertices is not None:
        other = None if beside is None else _vertices(ds, beside)
        order = _order(vertices.values, None if other is None else other.values)
        _refuse_apart(ds, coordinate, vertices, order)
        return filled(xr.Variable(vertices.dims[:-1], _join(vertices.values, order), variable.attrs)), None
    result = variable
    for role in variable.dims:
        if role in SPACE and role not in coordinate.edges:
            result = around(result, role)
    if "time" not in variable.dims:
        result = settle(result)
    if coordinate.role == "y" and is_latitude(variable, name):
        result = derive(_WithinPoles(), [result], steady="time" not in variable.dims)
    notice: str | None = f"{name}: no bounds with four vertices a cell: corners were put half-way between the centres"
    if coordinate.role == "z":
        notice = None if coordinate.edges else f"{name}: cells' edges were put half-way between the heights"
    return xr.Variable(result.dims, result._data, variable.attrs), notice  # noqa: SLF001 (nothing is to be read)


def round_poles(ds: xr.Dataset, found: Mapping[str, Coordinate]) -> dict[str, Coordinate]:
    """Give longitudes and latitudes the corners of their cells where half-way means nothing in degrees: at a pole.

    There, corners are half-way on the globe.
    """
    lon, lat = found.get("x"), found.get("y")
    if lon is None or lat is None or lon.variable.dims != lat.variable.dims or set(lon.variable.dims) != {"y", "x"}:
        return dict(found)
    if any(c.edges or bounds_of(ds.variables[c.name]) in ds.variables for c in (lon, lat)) or 1 in lon.variable.shape:
        return dict(found)
    east, north = (
        filled(degrees(c.variable), plane=True, period=period).transpose("y", "x")
        for c, period in ((lon, ROUND), (lat, None))
    )
    east = unwrap(xr.Variable(("y", "x"), np.asarray(east.values, "f8")))[0]
    regular = np.ptp(east.values, 0).max() < _SAME > np.ptp(north.values, 1).max()
    wide = _spread(east.values) > _WIDE
    if regular or not wide.any():
        return dict(found)
    half = [around(around(angle, "y"), "x").values for angle in (east, north)]
    x, y, z = (
        around(around(xr.Variable(("y", "x"), Direction(role)(east.values, north.values)), "y"), "x").values
        for role in SPACE
    )
    wide = _spread(east.values) > _WIDE
    own = (
        np.where(wide, np.rad2deg(np.arctan2(y, x)), half[0]),
        np.where(wide, np.rad2deg(np.arctan2(z, np.hypot(x, y))), np.clip(half[1], -_POLE, _POLE)),
    )
    return {
        **found,
        **{
            c.role: replace(c, corners=xr.Variable(("y", "x"), values, {"units": "degrees"}))
            for c, values in zip((lon, lat), own, strict=True)
        },
    }


def _spread(lon: np.ndarray) -> np.ndarray:
    """Give how many degrees of longitude the centres around each corner span."""
    padded = np.pad(lon, 1, mode="edge")
    four = [padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]]
    return np.asarray(np.max(four, axis=0) - np.min(four, axis=0))


def _vertices(ds: xr.Dataset, coordinate: Coordinate) -> xr.Variable | None:
    """Give the four vertices of each cell, with dims by role in the order of a file and the vertices last."""
    variable, own = coordinate.variable, ds.variables[coordinate.name].dims
    bounds = attribute(variable, "bounds")
    if bounds is None or bounds not in ds.variables or variable.ndim != len(_RING[0]):
        return None
    given = ds.variables[bounds]
    given = given.transpose(*own, ...) if set(own) <= set(given.dims) else given
    if given.shape != (*variable.shape, _QUAD):
        return None
    values = np.asarray(given.values, "f8")
    values = np.where(np.abs(values) < LARGEST, values, np.nan)
    ordered = [role for role in reversed(SPACE) if role in variable.dims]
    return xr.Variable((*variable.dims, "vertex"), values).transpose(*ordered, "vertex")


def _order(vertices: np.ndarray, beside: np.ndarray | None) -> Order:
    """Give the order of the vertices in which neighbours match up best; of several, one that fits another coordinate.

    A single row of cells matches either way round, and so does a coordinate that is the same along a row.
    """
    counts = [_apart(vertices, order)[0] for order in _ORDERS]
    best = [order for order, count in zip(_ORDERS, counts, strict=True) if count == min(counts)]
    if len(best) == 1 or beside is None or beside.shape != vertices.shape:
        return best[0]
    return min(best, key=lambda order: _apart(beside, order)[0])


def _join(vertices: np.ndarray, order: Order) -> np.ndarray:
    """Give the (ny + 1, nx + 1) corners of (ny, nx) cells whose vertices match up."""
    ny, nx = vertices.shape[:2]
    result = np.full((ny + 1, nx + 1), np.nan)
    for number, (y, x) in enumerate(order):
        # A cell without vertices of its own has those of its neighbours.
        corner, own = result[y : y + ny, x : x + nx], vertices[..., number]
        np.copyto(corner, own, where=~np.isnan(own))
    return result


def _refuse_apart(ds: xr.Dataset, coordinate: Coordinate, vertices: xr.Variable, order: Order) -> None:
    count, (dj, di), (j, i) = _apart(vertices.values, order)
    if not count:
        return
    dims = dict(zip(coordinate.variable.dims, ds.variables[coordinate.name].dims, strict=True))
    rows, columns = (dims[role] for role in vertices.dims[:-1])
    message = (
        f"bounds {attribute(coordinate.variable, 'bounds')!r}: {count} neighbouring cells do not share their vertices, "
        f"the first at {rows}={j}, {columns}={i} and {rows}={j + dj}, {columns}={i + di}: "
        f"{vertices.values[j, i].tolist()} and {vertices.values[j + dj, i + di].tolist()}; use location='point'"
    )
    raise SeriesError(message)


def _apart(vertices: np.ndarray, order: Order) -> tuple[int, tuple[int, int], tuple[int, int]]:
    """Count the neighbours that differ with vertices in this order: how many, the step between them, and the first."""
    at = {place: vertices[..., number] for number, place in enumerate(order)}
    size = np.abs(at[1, 1] - at[0, 0]) + np.abs(at[1, 0] - at[0, 1])
    size = np.where(size > ROUND / 2, np.abs(size - ROUND), size)
    tolerance = 1e-4 * float(np.nanmedian(size)) + 1e-12
    along_x = _differ(at[0, 1][:, :-1], at[0, 0][:, 1:], tolerance) | _differ(
        at[1, 1][:, :-1], at[1, 0][:, 1:], tolerance
    )
    along_y = _differ(at[1, 0][:-1], at[0, 0][1:], tolerance) | _differ(at[1, 1][:-1], at[0, 1][1:], tolerance)
    found, step = (along_x, (0, 1)) if along_x.any() else (along_y, (1, 0))
    first = tuple(int(n) for n in np.argwhere(found)[0]) if found.any() else (0, 0)
    return int(along_x.sum() + along_y.sum()), step, (first[0], first[1])


def _differ(first: np.ndarray, second: np.ndarray, tolerance: float) -> np.ndarray:
    away = np.abs(first - second)
    return np.asarray(np.minimum(away, np.abs(away - ROUND)) > tolerance)


class _WithinPoles:
    """Latitudes that end at the poles."""

    def __call__(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(np.clip(values, -_POLE, _POLE))
