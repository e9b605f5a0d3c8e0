"""The plan of one part: its grid's geometry, its arrays, and where each begins in the files."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from vtkseries.cf.lazy import KEPT, LAST, wrapped
from vtkseries.cf.missing import without_fills
from vtkseries.cf.roles import SPACE
from vtkseries.errors import SeriesError
from vtkseries.grids.geometry import Geometry
from vtkseries.plan.encoding import check_precision
from vtkseries.plan.fielddata import widest_fields
from vtkseries.plan.geometry import part_geometry
from vtkseries.plan.ghosts import GHOSTS, ghost_arrays
from vtkseries.plan.group import Field, Group
from vtkseries.plan.model import ArrayPlan, Clock, Component, PartPlan
from vtkseries.plan.report import format_bytes
from vtkseries.values import Conversion, Precision, conversions
from vtkseries.xmlformat.codecs import Codec
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
from vtkseries.xmlformat.text import for_xml

__all__ = ["Storage", "attribute_text", "plan_part", "refuse_twins", "static_notices"]

_SENT = 1 << 23
"""Bytes of points that dask's workers are sent as they are; more are put together from coordinates by each task."""


@dataclass(frozen=True)
class Storage:
    """How parts are stored.

    Attributes
    ----------
    fill : float or None
        What stands for missing values.
    method : Codec or None
        How arrays are compressed.
    precision : mapping
        What is kept of single variables or vectors.
    blank : bool
        Whether ParaView is told to hide missing values.
    """

    fill: float | None = None
    method: Codec | None = None
    precision: Mapping[str, Precision] = field(default_factory=dict)
    blank: bool = False


def plan_part(
    group: Group,
    label: str,
    clock: Clock,
    time_dim: Hashable | None,
    sources: dict[str, xr.Variable],
    storage: Storage,
) -> PartPlan:
    """Plan the files of one part.

    Parameters
    ----------
    group : Group
    label : str
        The part's name.
    clock : Clock
        When it has new files, and what each of them says of itself.
    time_dim : hashable or None
    sources : dict
        Takes the variables that the part's arrays name.
    storage : Storage

    Raises
    ------
    SeriesError
        A grid that cannot hold the part exactly, or two arrays of one name.
    """
    geometry = part_geometry(group)
    if group.extent is not None:
        geometry = replace(geometry, extent=group.extent)
    planned = [_arrays(item, group, geometry, time_dim, sources, storage) for item in group.fields]
    point = [entry for item, entries in zip(group.fields, planned, strict=True) if not item.cells for entry in entries]
    cell = [entry for item, entries in zip(group.fields, planned, strict=True) if item.cells for entry in entries]
    ghosts = ghost_arrays(group, geometry, time_dim, sources, label=label, blank=storage.blank)
    point += ghosts[0]
    cell += ghosts[1]
    refuse_twins([array.name for array, _ in point])
    refuse_twins([array.name for array, _ in cell])
    document = _document(geometry, [a for _, a in point], [a for _, a in cell])
    method = storage.method
    document, end = place(replace(document, compressor=method.compressor if method else None))
    widest = document
    if method is not None:
        # The offsets are known last: room for those of streams twice as long as their data.
        widest = relocate(document, dict.fromkeys(appended_order(document), 2 * end + 4096))
    room = header_room(replace(widest, field_data=widest_fields(clock)))
    sections = document.pieces[0].sections
    offsets = [room + int(a.offset or 0) for section in sections[:2] for a in section.arrays]
    geometry_offsets = [room + int(a.offset or 0) for section in sections[2:] for a in section.arrays]
    arrays = [array for array, _ in (*point, *cell)]
    if geometry.planned:
        arrays.append(_points(group, geometry, f"{label}:", sources))
        offsets += geometry_offsets
    return PartPlan(
        name=label,
        document=document,
        constants=tuple(zip(geometry_offsets, geometry.values, strict=False)),
        arrays=tuple(replace(array, position=at + PREFIX) for array, at in zip(arrays, offsets, strict=True)),
        room=room,
        size=room + end + len(FOOTER),
        suffix=geometry.suffix,
        dims=group.dims,
        clock=None if clock.steps is None else clock,
    )


def _points(group: Group, geometry: Geometry, prefix: str, sources: dict[str, xr.Variable]) -> ArrayPlan:
    """Plan the points of a curvilinear grid like a field of three components."""
    flips = tuple(role for role in SPACE if group.axes[role].flipped)
    conversion = conversions(np.dtype("f8"))[0][1]
    variables = group.placement.points
    key = f"points:{prefix}xyz"
    chunked = any(v.chunks is not None for v in (*variables, *(v for item in group.fields for v in item.variables)))
    steady = not any("time" in variable.dims for variable in variables)
    lazy = any(variable.chunks is not None for variable in variables)
    if steady and not lazy and 24 * math.prod(geometry.points) <= (_SENT if chunked else KEPT):
        # The same in every step: put together once, so that each file takes its bytes as they are.
        sources[key] = xr.Variable(("z", "y", "x", "c"), _together(variables, geometry.points, flips))
        one = Component(key, ("z", "y", "x", "c"), (), conversion)
        return ArrayPlan("Points", conversion.dtype, geometry.points, len(SPACE), (one,))
    if group.placement.globe is not None:
        sources[key] = group.placement.globe.points
        roles = tuple("c" if dim == LAST else str(dim) for dim in sources[key].dims)
        return ArrayPlan(
            "Points", conversion.dtype, geometry.points, len(SPACE), (Component(key, roles, flips, conversion),)
        )
    parts = []
    for index, variable in enumerate(variables):
        key = f"points:{prefix}{SPACE[index]}"
        sources[key] = variable
        parts.append(Component(key, tuple(map(str, variable.dims)), flips, conversion, index))
    # The coordinate with most dims first: its order of dims is the one in which blocks are read.
    parts.sort(key=lambda part: -len(part.roles))
    return ArrayPlan("Points", conversion.dtype, geometry.points, len(SPACE), tuple(parts))


def _together(variables: Sequence[xr.Variable], shape: tuple[int, int, int], flips: tuple[str, ...]) -> np.ndarray:
    """Give the points of a grid in the order of the file, of shape (z, y, x, 3)."""
    result = np.empty((*shape, len(variables)))
    axes = ("z", "y", "x")
    turn = tuple(slice(None, None, -1) if role in flips else slice(None) for role in axes)
    for index, variable in enumerate(variables):
        present = [role for role in axes if role in variable.dims]
        values = np.asarray(variable.transpose(*present).values)
        result[..., index] = values[tuple(slice(None) if role in present else None for role in axes)]
    return np.ascontiguousarray(result[turn])


def _document(geometry: Geometry, point: list[DataArray], cell: list[DataArray]) -> Document:
    extent = " ".join(map(str, geometry.extent))
    sections = [
        Section("PointData", tuple(point), _active(point)),
        Section("CellData", tuple(cell), _active(cell)),
    ]
    if geometry.section is not None:
        sections.append(geometry.section)
    return Document(
        geometry.type,
        (("WholeExtent", extent), *geometry.attributes),
        (Piece((("Extent", extent),), tuple(sections)),),
    )


def _active(arrays: list[DataArray]) -> tuple[tuple[str, str], ...]:
    """Name the arrays that ParaView colours by at first."""
    scalar = next((("Scalars", a.name) for a in arrays if a.components == 1 and a.name != GHOSTS), None)
    vector = next((("Vectors", a.name) for a in arrays if a.components == 3), None)  # noqa: PLR2004 (x, y, z)
    return tuple(item for item in (scalar, vector) if item is not None)


def _arrays(
    item: Field,
    group: Group,
    geometry: Geometry,
    time_dim: Hashable | None,
    sources: dict[str, xr.Variable],
    storage: Storage,
) -> list[tuple[ArrayPlan, DataArray]]:
    flips = tuple(role for role in SPACE if group.axes[role].flipped)
    dtype, precision = _stored(item, group, storage)
    first = item.variables[0]
    variables = [without_fills(v) if storage.blank or storage.fill is not None else v for v in item.variables]
    if group.axes["x"].closed and not item.made:
        variables = [wrapped(v, group.axes["x"].dim) for v in variables]
    sources.update(zip(item.keys, variables, strict=True))
    inner = next((first.sizes[dim] for dim, role in item.roles.items() if role == "c"), None)
    count = inner if inner is not None else len(item.variables)
    components = 3 if count == 2 else count  # noqa: PLR2004 (two components get a zero third)
    labels = (*item.labels, "") if item.labels and count != components else item.labels
    shape = geometry.cells if item.cells else geometry.points
    planned = []
    for suffix, conversion, own_units in conversions(dtype, storage.fill, precision[0]):
        _refuse_endless(item.name, conversion)
        parts = tuple(
            Component(
                key,
                tuple("time" if dim == time_dim else item.roles[dim] for dim in variable.dims),
                flips,
                replace(conversion, digits=precision[index].digits),
                index,
            )
            for index, (key, variable) in enumerate(zip(item.keys, item.variables, strict=True))
        )
        array = ArrayPlan(f"{item.name}{suffix}", conversion.dtype, shape, components, parts)
        units = own_units or attribute_text(first.attrs.get("units"))
        planned.append(
            (
                array,
                DataArray(
                    array.name,
                    vtk_type(np.dtype(conversion.dtype)),
                    components,
                    labels if components > 1 else (),
                    units,
                    array.nbytes,
                ),
            )
        )
    return planned


def _refuse_endless(name: str, conversion: Conversion) -> None:
    fill, dtype = conversion.fill, np.dtype(conversion.dtype)
    if fill is not None and dtype.kind == "f" and float(np.finfo(dtype).max) < abs(fill) < np.inf:
        message = f"missing={fill!r} is beyond the range of {name!r} ({dtype}); choose a smaller number"
        raise SeriesError(message)


def _stored(item: Field, group: Group, storage: Storage) -> tuple[np.dtype, tuple[Precision, ...]]:
    """Give the dtype that an array's variables share, and what is kept of each of them."""
    names = [key.removesuffix(group.tag).removesuffix(f"@{group.label}") for key in item.keys]
    wanted = [storage.precision.get(name) or storage.precision.get(item.name, Precision()) for name in names]
    dtype = np.result_type(*(variable.dtype for variable in item.variables))
    if len(wanted) > 1 and any(one.dtype for one in wanted):
        shared = np.result_type(*(one.dtype or v.dtype for one, v in zip(wanted, item.variables, strict=True)))
        wanted = [replace(one, dtype=shared.name) for one in wanted]
    for name, one in zip(names, wanted, strict=True):
        check_precision(name, dtype, one)
    return dtype, tuple(wanted)


def refuse_twins(names: list[str]) -> None:
    """Refuse two arrays of one name.

    Raises
    ------
    SeriesError
        There are two.
    """
    twins = [name for i, name in enumerate(names) if name in names[:i]]
    if twins:
        message = f"two arrays would be called {twins[0]!r}, which ParaView mixes up; rename one of the variables"
        raise SeriesError(message)


def attribute_text(value: object) -> str | None:
    """Give an attribute that is a text, and not empty, as XML can hold it."""
    return for_xml(value) if isinstance(value, str) and value else None


def static_notices(parts: Sequence[PartPlan], steps: int) -> list[str]:
    """Say which arrays are the same in every step: what else changes in their file has it repeat them."""
    found = []
    for part in parts if steps > 1 else ():
        steady = [array for array in part.arrays if not any("time" in item.roles for item in array.sources)]
        if steady:
            names = ", ".join(array.name for array in steady)
            label = f"part {part.name!r}: " if part.name else ""
            size = format_bytes(sum(array.nbytes for array in steady))
            once = part.clock is not None and not part.clock.dated
            how = f"written once ({size})" if once else f"repeated in each step's file ({size} a step)"
            found.append(f"{label}no time dim, {how}: {names}")
    return found
