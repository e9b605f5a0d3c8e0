"""Where the nodes of an axis are."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass

import cf_xarray  # noqa: F401 (registers the .cf accessor)
import numpy as np
import xarray as xr

from vtkseries.cf.attributes import PRESSURE_UNITS, attribute, bounds_of, unstacking
from vtkseries.cf.longitudes import is_latitude, is_longitude, unwrap
from vtkseries.errors import SeriesError

__all__ = ["Axis", "attribute", "find_axis", "scalar_axis", "upward"]

_DOWN_NAMES = {"depth", "depth_below_geoid", "depth_below_sea_floor", "air_pressure", "sea_water_pressure"}
_DEPTHS = r"depth[tuvw]?|gdep[tw]\w*|nav_lev"
_POLE = 90.0


@dataclass(frozen=True)
class Axis:
    """One spatial axis of a rectilinear grid.

    Attributes
    ----------
    role : str
        ``"x"``, ``"y"`` or ``"z"``.
    dim : hashable or None
        The dim of the fields that runs along it; None where they have none.
    name : hashable or None
        The coordinate that placed the nodes; None where positions were counted.
    nodes : ndarray of float64, shape (n,)
        Strictly increasing.
    cells : bool
        The fields have one value between two nodes, rather than one a node.
    flipped : bool
        Data run against the nodes and are turned with them.
    factor : float
        What the coordinate's values were multiplied by.
    notices : tuple of str
        What was flipped, negated or guessed.
    precision : float
        The relative precision in which the coordinate is stored.
    closed : bool
        The last node is the first again: fields have one value less, and are drawn with their first one repeated.
    """

    role: str
    dim: Hashable | None
    name: Hashable | None
    nodes: np.ndarray
    cells: bool = False
    flipped: bool = False
    factor: float = 1.0
    notices: tuple[str, ...] = ()
    precision: float = float(np.finfo("f8").eps)
    closed: bool = False

    @property
    def key(self) -> tuple[Hashable | None, bytes]:
        """Equal for axes with the same nodes of the same coordinate, whether fields lie on them or between them."""
        return (self.name if self.name is not None else self.dim, self.nodes.tobytes())


def upward(variable: xr.Variable | None, z_scale: float, name: Hashable = "") -> tuple[float, str | None]:
    """Give the factor that makes a vertical coordinate point up, and the notice of a coordinate that pointed down."""
    if variable is None:
        return z_scale, None
    positive = (attribute(variable, "positive") or "").lower()
    standard = attribute(variable, "standard_name") or ""
    units = (attribute(variable, "units") or "").lower()
    grounds = {
        f"standard_name {standard}": standard in _DOWN_NAMES,
        f"units {units}": units in PRESSURE_UNITS,
        f"called {name}": bool(re.fullmatch(_DEPTHS, str(name), re.IGNORECASE)) and not standard,
    }
    why = next((why for why, is_so in grounds.items() if is_so), None) if not positive else None
    if positive == "down":
        why = "positive: down"
    if why is None:
        return z_scale, None
    # A declared direction is taken at its word, but for depths that the whole ocean would have above its surface.
    if (standard.startswith("depth") or not positive) and _below_zero(variable):
        return z_scale, f"{why}, but none of its values is above 0: these are heights, and not negated"
    return -z_scale, f"negated, so that up is up ({why})"


def _below_zero(variable: xr.Variable) -> bool:
    """Tell whether depths count from 0 downwards already, as some ocean models' do; a sample of the first step is."""
    sample = {
        dim: slice(0, 1) if dim == "time" else slice(None, None, max(1, n // 24)) for dim, n in variable.sizes.items()
    }
    values = np.asarray(variable.isel(sample).values, "f8")
    known = values[np.isfinite(values)]
    return bool(known.size and known.max() <= 0 and known.min() < 0)


def find_axis(
    ds: xr.Dataset, role: str, dim: Hashable, name: Hashable | None, *, cells: bool = False, z_scale: float = 1.0
) -> Axis:
    """Place the nodes of one axis.

    Parameters
    ----------
    ds : Dataset
    role : str
    dim : hashable
        The dim of the fields.
    name : hashable or None
        The coordinate along it, or, with one value more, along a dim of its own (edges); None to count.
    cells : bool
        Whether the fields' values lie between nodes: edges then come from CF bounds, or half-way between centres.
    z_scale : float
        For a vertical axis: what its values are multiplied by.

    Raises
    ------
    SeriesError
        Coordinates that are missing, repeated, not sorted, or no numbers; bounds that leave gaps.
    """
    size = ds.sizes[dim]
    notices: list[str] = []
    if size == 0:
        message = f"dim {dim!r} is empty; select at least one value"
        raise SeriesError(message)
    variable = None if name is None else ds.variables[name]
    centres = _counted(ds, role, dim, notices) if variable is None else _numbers(variable, name)
    label = repr(str(dim if name is None else name))
    if variable is not None and role == "x" and is_longitude(variable, name):
        centres = _over_date_line(centres, label, notices)
    _refuse_disorder(centres, label)
    nodes = centres
    if cells and len(centres) == size:
        nodes, notice = _edges(ds, name, centres, label)
        nodes = _within_poles(nodes, centres, None if role != "y" else variable, name)
        if notice:
            notices.append(f"axis {role} ({label[1:-1]}): {notice}")
    factor = 1.0
    if role == "z":
        factor, notice = upward(variable, z_scale, name or "")
        if notice:
            notices.append(f"axis z ({label[1:-1]}): {notice}")
    if factor != 1:
        nodes = nodes * factor + 0.0  # no negative zeros
    flipped = len(nodes) > 1 and bool(nodes[1] < nodes[0])
    if flipped:
        nodes = nodes[::-1]
        if factor > 0:
            notices.append(f"axis {role} ({label[1:-1]}): descending, flipped together with its data")
    precision = _precision(variable)
    return Axis(role, dim, name, np.ascontiguousarray(nodes), cells, flipped, factor, tuple(notices), precision)


def scalar_axis(ds: xr.Dataset, role: str, name: Hashable | None, z_scale: float = 1.0) -> Axis:
    """Place the single node of an axis that the fields do not have: at a scalar coordinate's value, else at 0."""
    if name is None:
        return Axis(role, None, None, np.zeros(1))
    variable = ds.variables[name]
    value = _numbers(variable, name)
    factor = upward(variable, z_scale, name)[0] if role == "z" else 1.0
    return Axis(role, None, name, value * factor + 0.0, factor=factor)


def _precision(variable: xr.Variable | None) -> float:
    stored = None if variable is None else np.dtype(variable.encoding.get("dtype", variable.dtype))
    coarse = stored is not None and stored.kind == "f" and stored.itemsize < 8  # noqa: PLR2004 (float64)
    return float(np.finfo(stored if coarse else "f8").eps)


def _numbers(variable: xr.Variable, name: Hashable | None) -> np.ndarray:
    if variable.dtype.kind not in "biuf":
        apart = unstacking(variable, name)
        held = f"{variable.dtype}, not numbers" if apart is None else "several levels, not one axis"
        remedy = f"ds.drop_vars({str(name)!r}) to count positions" if apart is None else f"{apart} to have an axis each"
        message = f"coordinate {name!r} holds {held}; name another axis, or use {remedy}"
        raise SeriesError(message)
    values = np.atleast_1d(np.asarray(variable.values, "f8"))
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        message = (
            f"coordinate {name!r} is {values[bad[0]]} at position {bad[0]}; "
            f"select the valid part, as with ds.isel({variable.dims[0] if variable.dims else name}=...)"
        )
        raise SeriesError(message)
    return values


def _counted(ds: xr.Dataset, role: str, dim: Hashable, notices: list[str]) -> np.ndarray:
    if dim in ds.coords and ds.variables[dim].dtype.kind not in "biufmM":
        notices.append(
            f"axis {role} ({dim}): {ds.variables[dim].dtype} labels are no places, so positions were counted"
        )
    return np.arange(ds.sizes[dim], dtype="f8")


def _over_date_line(values: np.ndarray, label: str, notices: list[str]) -> np.ndarray:
    """Give longitudes that jump at the date line without the jump, where they are sorted then."""
    smooth, jumped = unwrap(xr.Variable(("x",), values))
    if _sorted(values) or not jumped or not _sorted(smooth.values):
        return values
    notices.append(f"axis x ({label[1:-1]}): longitudes that jump at the date line were unwrapped")
    return np.asarray(smooth.values)


def _within_poles(
    edges: np.ndarray, centres: np.ndarray, variable: xr.Variable | None, name: Hashable | None
) -> np.ndarray:
    """Give edges of latitudes of which none is beyond a pole, where the centres are not."""
    ends = variable is not None and is_latitude(variable, name) and np.abs(centres).max() <= _POLE
    return np.clip(edges, -_POLE, _POLE) if ends else edges


def _sorted(values: np.ndarray) -> bool:
    steps = np.diff(values)
    return bool(np.all(steps > 0) or np.all(steps < 0))


def _refuse_disorder(values: np.ndarray, label: str) -> None:
    step = np.diff(values)
    repeated = np.flatnonzero(step == 0)
    if repeated.size:
        at = int(repeated[0])
        message = (
            f"coordinate {label} repeats {values[at]} at positions {at} and {at + 1}; "
            f"drop one, as with ds.drop_duplicates({label})"
        )
        raise SeriesError(message)
    turns = np.flatnonzero(np.sign(step[1:]) != np.sign(step[:-1]))
    if turns.size:
        at = int(turns[0]) + 1
        message = (
            f"coordinate {label} goes up and down: {values[at - 1]}, {values[at]}, {values[at + 1]} "
            f"at positions {at - 1} to {at + 1}; sort it, as with ds.sortby({label})"
        )
        raise SeriesError(message)


def _edges(ds: xr.Dataset, name: Hashable | None, centres: np.ndarray, label: str) -> tuple[np.ndarray, str | None]:
    bounds_name = None if name is None else bounds_of(ds.variables[name])
    if bounds_name is not None and bounds_name in ds.variables:
        bounds = np.asarray(ds.variables[bounds_name].values, "f8")
        if bounds.shape == (len(centres), 2) and is_longitude(ds.variables[name], name):
            # As the centres were, so that none jumps at the date line.
            bounds += 360.0 * np.round((centres[:, None] - bounds) / 360.0)
        if bounds.shape == (len(centres) + 1,):
            return bounds, None
        if bounds.shape == (len(centres), 2):
            return _join(bounds, centres, label, bounds_name), None
    if len(centres) == 1:
        return centres, "one value without bounds: drawn flat"
    middle = (centres[1:] + centres[:-1]) / 2
    first = centres[:1] - (middle[:1] - centres[:1])
    last = centres[-1:] + (centres[-1:] - middle[-1:])
    return np.concatenate([first, middle, last]), "no bounds: cell edges were put half-way between the centres"


def _join(bounds: np.ndarray, centres: np.ndarray, label: str, name: str) -> np.ndarray:
    """Give the n + 1 edges of n cells whose bounds touch, whichever way round each pair is stored."""
    rising = len(centres) == 1 or centres[1] > centres[0]
    ordered = np.sort(bounds, axis=1) if rising else -np.sort(-bounds, axis=1)
    gap = np.abs(ordered[1:, 0] - ordered[:-1, 1])
    width = np.abs(ordered[:, 1] - ordered[:, 0])
    open_at = np.flatnonzero(gap > 1e-4 * np.minimum(width[1:], width[:-1]))
    if open_at.size:
        at = int(open_at[0])
        message = (
            f"bounds {name!r} of {label}: cell {at} ends at {ordered[at, 1]} but cell {at + 1} begins at "
            f"{ordered[at + 1, 0]}; cells of a rectilinear grid must touch: use location='point'"
        )
        raise SeriesError(message)
    edges = np.append(ordered[:, 0], ordered[-1, 1])
    _refuse_disorder(edges, repr(name))
    return edges
