"""Build the plan of a series."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path

import xarray as xr

from vtkseries.cf.fields import choose, find_vectors, metadata_names
from vtkseries.cf.roles import ROLES, SPACE, Roles, find_roles
from vtkseries.cf.times import Times, read_times
from vtkseries.errors import SeriesError
from vtkseries.grids.geometry import extent_of
from vtkseries.plan.centred import centre_vectors
from vtkseries.plan.encoding import Encoding, read_encoding
from vtkseries.plan.fielddata import STANDS, constant_fields
from vtkseries.plan.geometry import part_kind
from vtkseries.plan.globe import read_radius
from vtkseries.plan.group import Group, astray, group_fields
from vtkseries.plan.model import Clock, FieldPlan, PartPlan, SeriesPlan, WholePlan
from vtkseries.plan.parts import Storage, attribute_text, plan_part, refuse_twins, static_notices
from vtkseries.plan.pieces import Pieces, check_pieces, cut_group
from vtkseries.plan.placement import Options
from vtkseries.plan.remember import ALONE, INSIDE, Memory, remember
from vtkseries.plan.target import check_names, choose_grid, part_names, read_target
from vtkseries.plan.turned import turned
from vtkseries.values import conversions
from vtkseries.xmlformat.codecs import codec

__all__ = ["Prepared", "check_options", "detect", "field_plans", "make_plan", "refuse_overwriting_itself"]


@dataclass(frozen=True)
class Prepared:
    """A plan, and the variables that it names: these stay as lazy as they came."""

    plan: SeriesPlan
    sources: dict[str, xr.Variable]


def detect(ds: xr.Dataset, named: Mapping[str, Hashable | None] | None = None) -> dict[str, str]:
    """Give what was found to be the axes x, y, z and time, by role."""
    names = choose(ds, None)[0] or list(ds.data_vars) or list(ds.coords)
    roles = find_roles(ds, named or {}, names)
    found = roles.summary([ds.variables[name] for name in names])
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
    encoding: Encoding | None = None,
    pieces: Pieces = False,
    grid: str | None = None,
    sphere: bool = False,
    radius: float | None = None,
    stagger: Mapping[Hashable, str] | None = None,
    inside: int | None = None,
    once: bool = True,
    apart: bool | None = None,
) -> Prepared:
    """Plan the files of a Dataset; the arguments are those of ``ds.vtk.to_vtr``.

    The `grid` is ``"vtr"``, ``"vti"``, ``"vts"``, or ``"auto"`` for the cheapest exact one; by default the one that the
    path's suffix names, and ``"vtr"`` for a ``.pvd``.

    Coordinates are read, data are not, and nothing is written. Those that no grid holds are told in each step's file up
    to `inside` bytes, and in a file beside the steps from there on; with more than 64 KiB there is no such file, unless
    `apart` says so. Parts without a time dim have one file for all steps where `once` says so.

    Raises
    ------
    SeriesError
        Anything that cannot be written as asked.
    """
    grid = choose_grid(path, grid)
    target = read_target(path, mode, suffixes=(".pvd",) if grid == "auto" else (".pvd", f".{grid}"))
    check_options(ds, parts, location, missing, z_scale)
    if time_units is not None and not (isinstance(time_units, str) and time_units.strip()):
        message = f"time_units={time_units!r} must be text, such as 'hours since 2000-01-01' or 'days'"
        raise SeriesError(message)
    check_pieces(ds, pieces, target.suffix, grid)
    globe = _globe(grid, radius, sphere=sphere)
    method = codec(compression, compression_level)
    names, asked = choose(ds, variables)
    named = {"x": x, "y": y, "z": z, "time": time}
    centred = centre_vectors(ds, vectors, named, names, stagger)
    found = (*find_vectors(ds, centred.rest, names, parts), *centred.vectors)
    names = list(dict.fromkeys([*names, *(part for vector in found for part in vector.variables)]))
    taken = {vector.dim for vector in found} | {parts}
    roles = find_roles(centred.ds, named, names, curvilinear=grid in ("vts", "auto"), others=taken)
    grouping = group_fields(
        centred.ds, names, found, roles, Options(parts, location, float(z_scale), asked, grid, globe)
    )
    precision = read_encoding(encoding, [*names, *(vector.name for vector in found)])
    times = _times(ds, roles, time, time_units)
    refuse_overwriting_itself(ds, target)
    fill = None if isinstance(missing, str) or math.isnan(missing) else float(missing)
    sources: dict[str, xr.Variable] = {}
    fields = field_plans(ds, grouping.field_data, times, sources)
    groups = list(grouping.groups.values())
    for group in groups:
        group.kind = part_kind(group, grid)
        group.fields.extend(turned(group, times.dim))
    memory = remember(
        ds,
        grouping,
        roles,
        times,
        parts=parts,
        fill=fill,
        asked=asked,
        beside=target.stem if apart or inside is None or inside <= ALONE else None,
        inside=inside if inside is not None else ALONE if len(times.values) == 1 and mode != "a" else INSIDE,
    )
    sources.update(memory.sources)
    fields = (*fields, *memory.fields)
    refuse_twins([item.name for item in fields])
    clocks = _clocks(groups, Clock(times, fields, constant_fields(times, memory.text)), memory, once=once)
    labels = part_names(groups)
    storage = Storage(fill, method, precision, blank=missing == "blank")
    built: list[PartPlan] = []
    wholes: list[WholePlan] = []
    for group, label, clock in zip(groups, labels, clocks, strict=True):
        cut = [group] if pieces is False else cut_group(group, pieces)
        planned = tuple(
            plan_part(
                piece,
                label if pieces is False else f"{label}_p{number:03d}".lstrip("_"),
                clock,
                times.dim,
                sources,
                storage,
            )
            for number, piece in enumerate(cut)
        )
        built += planned
        if pieces is not False:
            extent = extent_of([len(group.axes[role].nodes) for role in SPACE])
            wholes.append(WholePlan(label, planned, " ".join(map(str, extent))))
    notices = dict.fromkeys(n for group in groups for n in group.placement.notices)
    kept = [] if asked else _described(ds)
    plan = SeriesPlan(
        path=target,
        mode=mode,
        parts=tuple(built),
        fields=fields,
        times=times,
        constants=constant_fields(times, memory.text),
        notices=(
            *notices,
            *grouping.notices,
            *astray(groups),
            *centred.notices,
            *static_notices(built, len(times.values)),
            *kept,
        ),
        left_out=(*grouping.left_out, *memory.left_out),
        durable=durable,
        compression=method,
        wholes=tuple(wholes),
        beside=tuple(memory.beside),
    )
    if plan.single and (plan.steps > 1 or len(built) > 1):
        what = f"{plan.steps} time steps" if plan.steps > 1 else f"{len(built)} grids ({', '.join(labels)})"
        message = (
            f"{target.name!r} holds exactly one step of one grid, but there are {what}; write a .pvd, or select one"
        )
        raise SeriesError(message)
    check_names(plan)
    return Prepared(plan, sources)


def _clocks(groups: list[Group], told: Clock, memory: Memory, *, once: bool) -> list[Clock]:
    """Say of each grid when it has new files: where nothing on it changes, its one file stands for all steps."""
    dim = told.times.dim
    if not once or dim is None:
        return [told] * len(groups)
    # One of them at least tells of the steps.
    changing = [number for number, group in enumerate(groups) if group.changes(dim)] or [0]
    found = []
    for number in range(len(groups)):
        if number in changing:
            found.append(told)
            continue
        first = Times(told.times.values[:1])
        fields = tuple(item for item in told.fields if not item.has_time)
        found.append(Clock(first, fields, (*constant_fields(first, memory.standing), STANDS), (0,), dated=False))
    return found


def _described(ds: xr.Dataset) -> list[str]:
    metadata = metadata_names(ds)
    names = [str(name) for name in ds.data_vars if name in metadata]
    return [f"{name!r} describes other variables: used, and drawn only where variables= names it" for name in names]


def _refuse_unknown_sizes(ds: xr.Dataset) -> None:
    for name, variable in ds.variables.items():
        if any(math.isnan(size) for size in variable.shape):
            message = (
                f"variable {name!r} has dask blocks of unknown size, as indexing with a mask leaves them; "
                "call compute_chunk_sizes() on its dask array, and make the Dataset of the result"
            )
            raise SeriesError(message)


def check_options(ds: xr.Dataset, parts: Hashable | None, location: str, missing: str | float, z_scale: float) -> None:
    """Refuse options that mean nothing.

    Raises
    ------
    SeriesError
        Says what can be chosen.
    """
    _refuse_unknown_sizes(ds)
    if location not in ("auto", "point", "cell"):
        message = f"location={location!r}: choose 'auto', 'point' or 'cell'"
        raise SeriesError(message)
    if isinstance(missing, str) and missing not in ("nan", "blank"):
        message = f"missing={missing!r}: choose 'nan', 'blank' (ParaView draws holes) or a number"
        raise SeriesError(message)
    if not isinstance(missing, str | Real) or isinstance(missing, bool):
        message = f"missing={missing!r}: choose 'nan', 'blank' (ParaView draws holes) or a number"
        raise SeriesError(message)
    if not isinstance(z_scale, Real) or not math.isfinite(z_scale) or z_scale == 0:
        message = f"z_scale={z_scale!r} must be a number other than 0; 50 exaggerates heights, -1 turns them over"
        raise SeriesError(message)
    if parts is not None and (not isinstance(parts, Hashable) or parts not in ds.dims):
        message = f"parts={parts!r}: there is no such dim; this Dataset has {', '.join(map(str, ds.dims))}"
        raise SeriesError(message)


def _globe(grid: str, radius: float | None, *, sphere: bool) -> float | None:
    """Give the radius of the globe, or None for a plane."""
    found = read_radius(radius, sphere=sphere)
    if found is not None and grid in ("vtr", "vti"):
        asked = "sphere=True" if sphere else f"radius={radius!r} is that of a globe, and so is sphere=True"
        message = f"{asked}: the points of a globe lie on no lines, as a .{grid} needs; use to_vts or to_pvd"
        raise SeriesError(message)
    return found


def refuse_overwriting_itself(ds: xr.Dataset, target: Path) -> None:
    """Refuse a target that the Dataset is read from.

    Raises
    ------
    SeriesError
        It is.
    """
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


def field_plans(
    ds: xr.Dataset, names: Sequence[Hashable], times: Times, sources: dict[str, xr.Variable]
) -> tuple[FieldPlan, ...]:
    """Plan variables without a spatial axis as field data, and add them to the sources."""
    plans = []
    for name in names:
        variable = ds.variables[name]
        sources[f"field:{name}"] = variable
        has_time = times.dim in variable.dims
        units = variable.attrs.get("units")
        plans += [
            FieldPlan(f"{name}{suffix}", f"field:{name}", has_time, conversion, 1, own or attribute_text(units))
            for suffix, conversion, own in conversions(variable.dtype)
        ]
    refuse_twins([plan.name for plan in plans])
    return tuple(plans)
