"""The plan of a tree of Datasets: each group's grids become named parts of one series."""

from __future__ import annotations

import re
from collections.abc import Container, Hashable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import xarray as xr

from vtkseries.cf.times import Times
from vtkseries.errors import SeriesError
from vtkseries.plan.build import Prepared, make_plan
from vtkseries.plan.fielddata import constant_fields, widest_fields
from vtkseries.plan.model import FieldPlan, PartPlan
from vtkseries.plan.remember import EXACT_TIME
from vtkseries.xmlformat.layout import header_room

__all__ = ["make_tree_plan"]


def make_tree_plan(tree: xr.DataTree, path: str | Path, **options: Any) -> Prepared:
    """Plan the files of a tree; the options are those of :func:`vtkseries.plan.build.make_plan`.

    Groups without a time dim are the same in every step. The others must have the same times. Names of axes, variables
    and so on go to the groups that have them.

    Raises
    ------
    SeriesError
        Anything that cannot be written as asked; groups with different times; nothing to draw in any group.
    """
    planned: dict[str, Prepared] = {}
    used: set[tuple[str, Hashable]] = set()
    left_out: list[str] = []
    for node in tree.subtree:
        if not node.data_vars:
            continue
        name = _name(node.path.strip("/") or tree.name or "root", planned)
        ds = node.to_dataset()
        own = _own(ds, options, used)
        if options.get("variables") is not None and not own["variables"]:
            continue
        try:
            planned[name] = make_plan(ds, path, inside=0, **own)
        except SeriesError as error:
            if "no variable" not in str(error):
                error.add_note(f"in group {node.path!r}")
                raise
            left_out.append(f"group {node.path!r}: {error}")
    _refuse_unused(options, used)
    if not planned:
        message = "; ".join(left_out) or "no group of the tree has variables"
        raise SeriesError(message)
    times = _shared_times(planned)
    fields: list[FieldPlan] = []
    sources: dict[str, xr.Variable] = {}
    for name, prepared in planned.items():
        sources.update({f"{name}/{key}": variable for key, variable in prepared.sources.items()})
        fields += [
            replace(item, name=f"{name}/{item.name}", source=f"{name}/{item.source}")
            for item in prepared.plan.fields
            if item.name != EXACT_TIME
        ]
    constants = constant_fields(times, "")
    first = next(iter(planned.values())).plan
    parts = []
    for name, prepared in planned.items():
        for part in prepared.plan.parts:
            named = replace(part, name=f"{name}_{part.name}" if part.name else name)
            widest = replace(named.document, field_data=(*widest_fields(times, tuple(fields)), *constants))
            parts.append(_with_sources(_with_room(named, header_room(widest)), name))
    plan = replace(
        first,
        parts=tuple(parts),
        fields=tuple(fields),
        times=times,
        constants=constants,
        beside=(),  # nothing says what the tree was: its groups are read as parts
        notices=tuple(f"{name}: {text}" for name, p in planned.items() for text in p.plan.notices),
        left_out=(*left_out, *(f"group {name!r}: {text}" for name, p in planned.items() for text in p.plan.left_out)),
    )
    return Prepared(plan, sources)


def _name(text: str, taken: Container[str]) -> str:
    """Give a group's name, safe in a file name and no other group's."""
    stem = name = re.sub(r"[^\w.+-]", "_", text)
    number = 2
    while name in taken:
        name, number = f"{stem}_{number}", number + 1
    return name


def _own(ds: xr.Dataset, options: Mapping[str, Any], used: set[tuple[str, Hashable]]) -> dict[str, Any]:
    """Give the options for one group: what names something that only other groups have is left to these."""
    own = dict(options)
    for key in ("x", "y", "z", "time", "parts"):
        name = own.get(key)
        known = name is None or name in ds.dims or (key != "parts" and name in ds.variables)
        own[key] = name if known else None
        used |= {(key, name)} if known else set()
    for key in ("variables", "vectors", "stagger", "encoding"):
        wanted = own.get(key)
        if wanted is None:
            continue
        wanted = [wanted] if isinstance(wanted, str) else wanted
        kept = [name for name in wanted if _has(ds, key, name, wanted)]
        used |= {(key, name) for name in kept}
        own[key] = {name: wanted[name] for name in kept} if isinstance(wanted, Mapping) else kept
    return own


def _has(ds: xr.Dataset, key: str, name: Hashable, wanted: Any) -> bool:
    """Tell whether a group has all the variables that a choice, a vector, or an encoding needs."""
    if key != "vectors" or isinstance(wanted[name], str):
        return name in ds.variables or key == "encoding"
    return all(part in ds.variables for part in wanted[name])


def _refuse_unused(options: Mapping[str, Any], used: set[tuple[str, Hashable]]) -> None:
    """Refuse names that no group has."""
    for key in ("x", "y", "z", "time", "parts", "variables", "vectors", "stagger"):
        wanted = options.get(key)
        names = [wanted] if isinstance(wanted, str) or key in ("x", "y", "z", "time", "parts") else wanted or ()
        for name in names:
            if name is not None and (key, name) not in used:
                what = "all the components of it" if key == "vectors" else "it"
                message = f"{key}={name!r}: no group of the tree has {what}; check the name"
                raise SeriesError(message)


def _shared_times(planned: dict[str, Prepared]) -> Times:
    moving = {name: p.plan.times for name, p in planned.items() if p.plan.times.dim is not None}
    if not moving:
        return next(iter(planned.values())).plan.times
    (first, times), *others = moving.items()
    for name, other in others:
        if other.values != times.values or other.dim != times.dim:
            message = (
                f"groups {first!r} ({len(times.values)} steps from {times.values[0]!r}) and {name!r} "
                f"({len(other.values)} from {other.values[0]!r}) have different times; select common ones, or write "
                "each group with to_dataset().vtk.to_pvd"
            )
            raise SeriesError(message)
    return times


def _with_room(part: PartPlan, room: int) -> PartPlan:
    """Give a part whose header has at least so much room: all that follows moves along."""
    shift = max(0, room - part.room)
    return replace(
        part,
        room=part.room + shift,
        size=part.size + shift,
        constants=tuple((position + shift, values) for position, values in part.constants),
        arrays=tuple(replace(array, position=array.position + shift) for array in part.arrays),
    )


def _with_sources(part: PartPlan, group: str) -> PartPlan:
    arrays = tuple(
        replace(array, sources=tuple(replace(item, source=f"{group}/{item.source}") for item in array.sources))
        for array in part.arrays
    )
    return replace(part, arrays=arrays)
