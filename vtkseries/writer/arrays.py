"""A solver's grid and NumPy arrays as a plan: which file they make and where each value goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from vtkseries.errors import SeriesError
from vtkseries.grids.rectilinear import rectilinear
from vtkseries.plan.encoding import check_precision, read_encoding
from vtkseries.plan.fielddata import widest_fields
from vtkseries.plan.model import ArrayPlan, Clock, Component, PartPlan
from vtkseries.values import conversions
from vtkseries.xmlformat.dtypes import vtk_type
from vtkseries.xmlformat.layout import (
    FOOTER,
    PREFIX,
    DataArray,
    Document,
    Piece,
    Section,
    appended_order,
    header_room,
    place,
    relocate,
)
from vtkseries.xmlformat.text import fits_xml

if TYPE_CHECKING:
    from vtkseries.cf.times import Times
    from vtkseries.grids.geometry import Geometry
    from vtkseries.plan.encoding import Encoding
    from vtkseries.values import Precision
    from vtkseries.xmlformat.codecs import Codec

__all__ = ["Arrays", "Grid", "part_plan", "read_arrays"]

_AXES = ("z", "y", "x")
_TRAILING = (2, 3, 4, 6, 9)
_VECTOR = 3
_MOST = 9


@dataclass(frozen=True)
class Grid:
    """The axes of a grid, as the caller has them and as they are written.

    Attributes
    ----------
    nodes : three ndarrays of float64, shapes (nx,), (ny,), (nz,)
        Increasing.
    flips : tuple of str
        The axes that the caller has decreasing.
    order : str
        ``"zyx"`` or ``"xyz"``, the order of the axes in the caller's arrays.
    """

    nodes: tuple[np.ndarray, np.ndarray, np.ndarray]
    flips: tuple[str, ...]
    order: str

    @classmethod
    def read(cls, x: Any, y: Any, z: Any, order: str) -> Grid:
        """Check the caller's coordinates.

        Raises
        ------
        SeriesError
            They are no one-dimensional, strictly monotonic, finite numbers.
        """
        if order not in ("zyx", "xyz"):
            raise SeriesError(f"order={order!r}: choose 'zyx' (arrays are [z, y, x], as C has them) or 'xyz'")
        nodes, flips = [], []
        for name, values in (("x", x), ("y", y), ("z", z)):
            axis, flipped = _axis(name, values)
            nodes.append(axis)
            if flipped:
                flips.append(name)
        return cls((nodes[0], nodes[1], nodes[2]), tuple(flips), order)

    def within(self, extent: Sequence[int]) -> Grid:
        """Give the part of the grid from the first to the last point of each axis, both included."""
        parts = [axis[extent[2 * i] : extent[2 * i + 1] + 1] for i, axis in enumerate(self.nodes)]
        return Grid((parts[0], parts[1], parts[2]), self.flips, self.order)

    def shape(self, *, cells: bool) -> tuple[int, int, int]:
        """Give the points, or cells, along z, y and x."""
        nx, ny, nz = (max(len(axis) - cells, 1) for axis in self.nodes)
        return nz, ny, nx


def _axis(name: str, values: Any) -> tuple[np.ndarray, bool]:
    if values is None:
        return np.zeros(1), False
    raw = np.asarray(values)
    if raw.ndim > 1 or raw.dtype.kind not in "iuf" or not raw.size:
        raise SeriesError(
            f"{name} must be the coordinates of the grid's points along this axis, one-dimensional numbers; "
            f"it is {raw.dtype} of shape {raw.shape}"
        )
    axis = np.atleast_1d(raw).astype("f8")
    if not np.isfinite(axis).all():
        raise SeriesError(f"{name} is {axis[~np.isfinite(axis)][0]} at position {int((~np.isfinite(axis)).argmax())}")
    steps = np.diff(axis)
    if (steps < 0).all() and steps.size:
        return axis[::-1], True
    if not (steps > 0).all():
        at = int((~(steps > 0)).argmax())
        raise SeriesError(
            f"{name} must increase, or decrease, from point to point, but is {axis[at]} at position {at} and "
            f"{axis[at + 1]} at {at + 1}; sort it, and the data with it"
        )
    return axis, False


@dataclass(frozen=True)
class Arrays:
    """What a call of ``write`` has: plans of its arrays, and the values by the plans' sources."""

    point: tuple[tuple[ArrayPlan, DataArray], ...]
    cell: tuple[tuple[ArrayPlan, DataArray], ...]
    sources: dict[str, xr.Variable]


def read_arrays(
    grid: Grid,
    point_data: Mapping[str, Any] | None,
    cell_data: Mapping[str, Any] | None,
    encoding: Encoding | None = None,
) -> Arrays:
    """Check a step's arrays, and copy none.

    Raises
    ------
    SeriesError
        An array has neither the grid's shape nor a dtype that can be drawn, or two would have one name.
    """
    sources: dict[str, xr.Variable] = {}
    groups = []
    wanted = [name for data in (point_data, cell_data) if isinstance(data, Mapping) for name in data]
    precision = read_encoding(encoding, wanted)
    for where, data in (("point_data", point_data), ("cell_data", cell_data)):
        if data is not None and not isinstance(data, Mapping):
            raise SeriesError(f"{where} must be a mapping, as in {where}={{'p': p}}; it is {type(data).__name__}")
        planned = [
            item
            for name, values in (data or {}).items()
            for item in _plans(grid, where, name, values, sources, precision.get(name))
        ]
        names = [array.name for array, _ in planned]
        twins = sorted({name for name in names if names.count(name) > 1})
        if twins:
            raise SeriesError(f"{where}: two arrays would be called {twins[0]!r}; rename one")
        groups.append(tuple(planned))
    return Arrays(groups[0], groups[1], sources)


def _plans(
    grid: Grid,
    where: str,
    name: str,
    values: Any,
    sources: dict[str, xr.Variable],
    precision: Precision | None,
) -> list[tuple[ArrayPlan, DataArray]]:
    if not isinstance(name, str) or not name or not fits_xml(name):
        raise SeriesError(f"{where}: {name!r} cannot name an array; take printable text")
    shape = grid.shape(cells=where == "cell_data")
    parts = list(values) if isinstance(values, tuple | list) else [values]
    if not 1 <= len(parts) <= _MOST:
        raise SeriesError(f"{where}[{name!r}] has {len(parts)} components; 1 to {_MOST} can be drawn")
    keys, roles = [], []
    for number, part in enumerate(parts):
        array = np.asarray(part)
        roles.append(_roles(grid, shape, array, f"{where}[{name!r}]", lone=len(parts) == 1))
        keys.append(f"{where}:{name}:{number}")
        sources[keys[-1]] = xr.Variable(roles[-1], array)
    dtype = np.result_type(*(sources[key].dtype for key in keys))
    count = sources[keys[0]].sizes["c"] if "c" in roles[0] else len(keys)
    components = _VECTOR if count == 2 else count  # noqa: PLR2004  # two components get a zero third
    try:
        stored = conversions(dtype, None, precision)
    except TypeError as error:
        raise SeriesError(f"{where}[{name!r}] is {dtype}, which cannot be drawn; convert it to numbers") from error
    if precision is not None:
        check_precision(name, dtype, precision)
    planned = []
    for suffix, conversion, units in stored:
        used = tuple(
            Component(k, r, grid.flips, conversion, i) for i, (k, r) in enumerate(zip(keys, roles, strict=True))
        )
        array_plan = ArrayPlan(f"{name}{suffix}", conversion.dtype, shape, components, used)
        kind = vtk_type(np.dtype(conversion.dtype))
        planned.append((array_plan, DataArray(array_plan.name, kind, components, (), units, array_plan.nbytes)))
    return planned


def _roles(grid: Grid, shape: tuple[int, int, int], array: np.ndarray, what: str, *, lone: bool) -> tuple[str, ...]:
    """Say which axis each dim of an array is."""
    lengths = dict(zip(_AXES, shape, strict=True))
    full = tuple(grid.order)
    short = tuple(axis for axis in full if len(grid.nodes["xyz".index(axis)]) > 1)
    for roles in (full, short):
        if array.shape == tuple(lengths[axis] for axis in roles):
            return roles
        if lone and array.shape[:-1] == tuple(lengths[axis] for axis in roles) and array.shape[-1:] in _ENDS:
            return (*roles, "c")
    expected = tuple(lengths[axis] for axis in full)
    remedy = ""
    if array.shape == expected[::-1]:
        other = "xyz" if grid.order == "zyx" else "zyx"
        remedy = f"; for arrays of that order make the SeriesWriter with order={other!r}"
    raise SeriesError(f"{what} has shape {array.shape}, but the grid has {expected} along {', '.join(full)}{remedy}")


_ENDS = tuple((n,) for n in _TRAILING)


def part_plan(
    grid: Grid,
    arrays: Arrays,
    times: Times,
    constants: tuple[DataArray, ...],
    origin: Sequence[int] = (0, 0, 0),
    method: Codec | None = None,
) -> PartPlan:
    """Lay out the file of a step.

    Parameters
    ----------
    grid : Grid
        Of this file, which may be a piece of a larger one.
    arrays : Arrays
    times : Times
        Of one step, for the header's room.
    constants : tuple of DataArray
        Field data of every step.
    origin : sequence of three int
        The first point's number along x, y and z.
    method : Codec, optional
        Compresses the arrays.
    """
    geometry = rectilinear(grid.nodes)
    document = replace(_document(geometry, arrays, origin), compressor=method.compressor if method else None)
    document, end = place(document)
    widest = document
    if method is not None:
        # The offsets are known last: room for those of streams twice as long as their data.
        widest = relocate(document, dict.fromkeys(appended_order(document), 2 * end + 4096))
    room = header_room(replace(widest, field_data=widest_fields(Clock(times, (), constants))))
    sections = document.pieces[0].sections
    offsets = [room + int(a.offset or 0) for section in sections[:2] for a in section.arrays]
    places = [room + int(a.offset or 0) for section in sections[2:] for a in section.arrays]
    planned = [plan for plan, _ in (*arrays.point, *arrays.cell)]
    return PartPlan(
        name="",
        document=document,
        constants=tuple(zip(places, geometry.values, strict=True)),
        arrays=tuple(replace(a, position=at + PREFIX) for a, at in zip(planned, offsets, strict=True)),
        room=room,
        size=room + end + len(FOOTER),
        suffix=geometry.suffix,
        dims=_AXES,
    )


def _document(geometry: Geometry, arrays: Arrays, origin: Sequence[int]) -> Document:
    ends = geometry.extent[1::2]
    extent = " ".join(f"{first} {first + last}" for first, last in zip(origin, ends, strict=True))
    point, cell = ([data for _, data in group] for group in (arrays.point, arrays.cell))
    sections = [Section("PointData", tuple(point), _active(point)), Section("CellData", tuple(cell), _active(cell))]
    if geometry.section is not None:
        sections.append(geometry.section)
    whole = (("WholeExtent", extent), *geometry.attributes)
    return Document(geometry.type, whole, (Piece((("Extent", extent),), tuple(sections)),))


def _active(arrays: Sequence[DataArray]) -> tuple[tuple[str, str], ...]:
    """Name the arrays that ParaView colours by at first."""
    scalar = next((("Scalars", a.name) for a in arrays if a.components == 1), None)
    vector = next((("Vectors", a.name) for a in arrays if a.components == _VECTOR), None)
    return tuple(item for item in (scalar, vector) if item is not None)
