"""Build the plan of a series."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from vtkseries.cf.fields import choose, find_vectors, metadata_names
from vtkseries.cf.roles import ROLES, SPACE, Roles, find_roles
from vtkseries.cf.times import Times, read_times
from vtkseries.errors import SeriesError
from vtkseries.grids.geometry import Geometry
from vtkseries.grids.rectilinear import rectilinear
from vtkseries.plan.fielddata import constant_fields, widest_fields
from vtkseries.plan.group import Field, Group, Grouping, Options, group_fields
from vtkseries.plan.model import ArrayPlan, Component, FieldPlan, PartPlan, SeriesPlan
from vtkseries.plan.remember import remember
from vtkseries.plan.target import part_names, read_target
from vtkseries.values import conversions
from vtkseries.xmlformat.codecs import Codec, codec
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

__all__ = ["Prepared", "detect", "make_plan"]


@dataclass(frozen=True)
class Prepared:
    """A plan, and the variables that it names: these stay as lazy as they came."""

    plan: SeriesPlan
    sources: dict[str, xr.Variable]


def detect(ds: xr.Dataset, named: Mapping[str, Hashable | None] | None = None) -> dict[str, str]:
    """Give what was found to be the axes x, y, z and time, by role."""
    names = choose(ds, None)[0] or list(ds.data_vars) or list(ds.coords)
    roles = find_roles(ds, named or {}, names)
    found = roles.summary([ds[name].variable for name in names])
    return {role: found[role] for role in ROLES if role in found}


def make_plan(
    ds: xr.Dataset,
    path: str | Path,
    *,
    x: Hashable | None = None,
    y: Hashable | None = None,
    z: Hashable | None = None,
    time: Hashable | None = None,
    variables: Sequence[Hashable] | None = None,
    vectors: Mapping[str, Sequence[Hashable] | str] | None = None,
    parts: Hashable | None = None,
    location: str = "auto",
    missing: str | float = "nan",
    z_scale: float = 1.0,
    time_units: str | None = None,
    mode: str = "w",
    durable: bool = False,
    compression: str | None = None,
    compression_level: int | None = None,
) -> Prepared:
    """Plan the files of a Dataset; the arguments are those of ``ds.vtk.to_vtr``.

    Coordinates are read, data are not, and nothing is written.

    Raises
    ------
    SeriesError
        Anything that cannot be written as asked.
    """
    target = read_target(path, mode, suffixes=(".pvd", ".vtr"))
    _check_options(ds, parts, location, missing, z_scale)
    method = codec(compression, compression_level)
    names, asked = choose(ds, variables)
    named = {"x": x, "y": y, "z": z, "time": time}
    found = find_vectors(ds, vectors, names)
    roles = find_roles(ds, named, dict.fromkeys([*names, *(part for vector in found for part in vector.variables)]))
    names = list(dict.fromkeys([*names, *(part for vector in found for part in vector.variables)]))
    grouping = group_fields(ds, names, found, roles, Options(parts, location, float(z_scale), asked))
    times = _times(ds, roles, time, time_units)
    _refuse_overwriting_itself(ds, target)
    fill = None if isinstance(missing, str) else float(missing)
    sources: dict[str, xr.Variable] = {}
    fields = _field_plans(ds, grouping, times, sources)
    memory = remember(ds, grouping, roles, times, parts=parts, fill=fill, asked=asked)
    sources.update(memory.sources)
    fields = (*fields, *memory.fields)
    _refuse_twins([item.name for item in fields])
    constants = constant_fields(times, memory.text)
    groups = list(grouping.groups.values())
    labels = part_names(groups)
    built = tuple(
        _part(group, label, (times, fields, constants), sources, fill, method)
        for group, label in zip(groups, labels, strict=True)
    )
    notices = dict.fromkeys(n for group in groups for axis in group.axes.values() for n in axis.notices)
    kept = [] if asked else [f"{str(n)!r} describes other variables: used, not drawn" for n in _described(ds)]
    plan = SeriesPlan(
        path=target,
        mode=mode,
        parts=built,
        fields=fields,
        times=times,
        constants=constants,
        notices=(*notices, *kept),
        left_out=(*grouping.left_out, *memory.left_out),
        durable=durable,
        compression=method,
    )
    if plan.single and (plan.steps > 1 or len(built) > 1):
        what = f"{plan.steps} time steps" if plan.steps > 1 else f"{len(built)} grids ({', '.join(labels)})"
        message = (
            f"{target.name!r} holds exactly one step of one grid, but there are {what}; write a .pvd, or select one"
        )
        raise SeriesError(message)
    return Prepared(plan, sources)


def _described(ds: xr.Dataset) -> list[Hashable]:
    metadata = metadata_names(ds)
    return [name for name in ds.data_vars if name in metadata]


def _check_options(ds: xr.Dataset, parts: Hashable | None, location: str, missing: str | float, z_scale: float) -> None:
    if location not in ("auto", "point", "cell"):
        message = f"location={location!r}: choose 'auto', 'point' or 'cell'"
        raise SeriesError(message)
    if isinstance(missing, str) and missing != "nan":
        message = f"missing={missing!r}: choose 'nan' or a number"
        raise SeriesError(message)
    if not math.isfinite(z_scale) or z_scale == 0:
        message = f"z_scale={z_scale!r} must be a number other than 0; 50 exaggerates heights, -1 turns them over"
        raise SeriesError(message)
    if parts is not None and parts not in ds.dims:
        message = f"parts={parts!r}: there is no such dim; this Dataset has {', '.join(map(str, ds.dims))}"
        raise SeriesError(message)


def _refuse_overwriting_itself(ds: xr.Dataset, target: Path) -> None:
    places = [ds.encoding.get("source"), *(v.encoding.get("source") for v in ds.variables.values())]
    for place_ in {p for p in places if isinstance(p, str)}:
        source = Path(place_)
        if source.resolve() == target.resolve() or source.resolve().parent == (target.parent / target.stem).resolve():
            message = f"{str(target)!r} is what this Dataset is read from; write to another path, or load it first"
            raise SeriesError(message)


def _times(ds: xr.Dataset, roles: Roles, time: Hashable | None, time_units: str | None) -> Times:
    dim = next((dim for dim, role in roles.dims.items() if role == "time"), None)
    if dim is not None:
        return read_times(ds, dim, roles.coordinates[dim], time_units)
    scalar = time if time is not None and time in ds.variables else roles.scalars.get("time")
    return read_times(ds, None, scalar, time_units)


def _field_plans(
    ds: xr.Dataset, grouping: Grouping, times: Times, sources: dict[str, xr.Variable]
) -> tuple[FieldPlan, ...]:
    plans = []
    for name in grouping.field_data:
        variable = ds[name].variable
        sources[f"field:{name}"] = variable
        has_time = times.dim in variable.dims
        units = variable.attrs.get("units")
        plans += [
            FieldPlan(f"{name}{suffix}", f"field:{name}", has_time, conversion, 1, own or _text(units))
            for suffix, conversion, own in conversions(variable.dtype)
        ]
    _refuse_twins([plan.name for plan in plans])
    return tuple(plans)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _part(
    group: Group,
    label: str,
    common: tuple[Times, tuple[FieldPlan, ...], tuple[DataArray, ...]],
    sources: dict[str, xr.Variable],
    fill: float | None,
    method: Codec | None,
) -> PartPlan:
    times, fields, constants = common
    geometry = rectilinear([group.axes[role].nodes for role in SPACE])
    planned = [_arrays(item, group, geometry, times.dim, sources, fill) for item in group.fields]
    point = [entry for item, entries in zip(group.fields, planned, strict=True) if not item.cells for entry in entries]
    cell = [entry for item, entries in zip(group.fields, planned, strict=True) if item.cells for entry in entries]
    _refuse_twins([array.name for array, _ in point])
    _refuse_twins([array.name for array, _ in cell])
    document = _document(geometry, [a for _, a in point], [a for _, a in cell])
    document, end = place(replace(document, compressor=method.compressor if method else None))
    widest = document
    if method is not None:
        # The offsets are known last: room for those of streams twice as long as their data.
        widest = relocate(document, dict.fromkeys(appended_order(document), 2 * end + 4096))
    room = header_room(replace(widest, field_data=(*widest_fields(times, fields), *constants)))
    sections = document.pieces[0].sections
    offsets = [room + int(a.offset or 0) for section in sections[:2] for a in section.arrays]
    geometry_offsets = [room + int(a.offset or 0) for section in sections[2:] for a in section.arrays]
    return PartPlan(
        name=label,
        document=document,
        constants=tuple(zip(geometry_offsets, geometry.values, strict=True)),
        arrays=tuple(
            replace(array, position=at + PREFIX) for (array, _), at in zip([*point, *cell], offsets, strict=True)
        ),
        room=room,
        size=room + end + len(FOOTER),
        suffix=geometry.suffix,
        dims=group.dims,
    )


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
    scalar = next((("Scalars", a.name) for a in arrays if a.components == 1), None)
    vector = next((("Vectors", a.name) for a in arrays if a.components == 3), None)  # noqa: PLR2004 (x, y, z)
    return tuple(item for item in (scalar, vector) if item is not None)


def _arrays(
    item: Field,
    group: Group,
    geometry: Geometry,
    time_dim: Hashable | None,
    sources: dict[str, xr.Variable],
    fill: float | None,
) -> list[tuple[ArrayPlan, DataArray]]:
    flips = tuple(role for role in SPACE if group.axes[role].flipped)
    dtype = np.result_type(*(variable.dtype for variable in item.variables)) if len(item.variables) > 1 else None
    first = item.variables[0]
    sources.update(zip(item.keys, item.variables, strict=True))
    inner = next((first.sizes[dim] for dim, role in item.roles.items() if role == "c"), None)
    count = inner if inner is not None else len(item.variables)
    components = 3 if count == 2 else count  # noqa: PLR2004 (two components get a zero third)
    labels = (*item.labels, "") if item.labels and count != components else item.labels
    shape = geometry.cells if item.cells else geometry.points
    planned = []
    for suffix, conversion, own_units in conversions(dtype if dtype is not None else first.dtype, fill):
        parts = tuple(
            Component(
                key,
                tuple("time" if dim == time_dim else item.roles[dim] for dim in variable.dims),
                flips,
                conversion,
                index,
            )
            for index, (key, variable) in enumerate(zip(item.keys, item.variables, strict=True))
        )
        array = ArrayPlan(f"{item.name}{suffix}", conversion.dtype, shape, components, parts)
        units = own_units or _text(first.attrs.get("units"))
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


def _refuse_twins(names: list[str]) -> None:
    twins = [name for i, name in enumerate(names) if name in names[:i]]
    if twins:
        message = f"two arrays would be called {twins[0]!r}, which ParaView mixes up; rename one of the variables"
        raise SeriesError(message)
