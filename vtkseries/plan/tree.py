"""The plan of a tree of Datasets: each group's grids become named parts of one series."""

from __future__ import annotations

import re
from collections.abc import Container, Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import xarray as xr

from vtkseries.cf.times import Times
from vtkseries.errors import SeriesError
from vtkseries.plan.build import Prepared, make_plan
from vtkseries.plan.fielddata import STANDS, text_array, widest_fields
from vtkseries.plan.group import GROUP, TREE
from vtkseries.plan.model import Clock, PartPlan
from vtkseries.plan.remember import Memory
from vtkseries.plan.target import check_names
from vtkseries.plan.undrawn import remember_tree
from vtkseries.plan.union import one_unit, union
from vtkseries.xmlformat.layout import header_room

__all__ = ["make_tree_plan"]


def make_tree_plan(tree: xr.DataTree, path: str | Path, *, time_units: str | None = None, **options: Any) -> Prepared:
    """Plan the files of a tree; the options are those of :func:`vtkseries.plan.build.make_plan`.

    The series has the times of all groups. A group has files at its own times only, and each stands until the next one;
    one without a time dim stands for all. Names of axes, variables and so on go to the groups that have them.

    Raises
    ------
    SeriesError
        Anything that cannot be written as asked; groups with times of different kinds; nothing to draw in any group.
    """
    used: set[tuple[str, Hashable]] = set()
    left_out: list[str] = []
    nodes: dict[str, xr.DataTree] = {}
    planned: dict[str, Prepared] = {}
    for node in (node for node in tree.subtree if node.data_vars):
        own = _own(node.to_dataset(), options, used)
        if options.get("variables") is not None and not own["variables"]:
            continue
        name = _name(node.path.strip("/") or tree.name or "root", planned)
        try:
            planned[name] = _plan_group(node, path, time_units, own)
            nodes[name] = node
        except SeriesError as error:
            if "no variable" not in str(error):
                raise
            left_out.append(f"group {node.path!r}: {error}")
    _refuse_unused(options, used)
    if not planned:
        message = "; ".join(left_out) or "no group of the tree has variables"
        raise SeriesError(message)
    units = one_unit({name: item.plan.times for name, item in planned.items()}, time_units)
    for name, node in nodes.items():
        times = planned[name].plan.times
        if times.dim is not None and times.units != units:
            planned[name] = _plan_group(node, path, units, _own(node.to_dataset(), options, used))
    paths = {name: node.path for name, node in nodes.items()}
    asked = options.get("variables") is not None
    told, memories = remember_tree(tree, list(paths.values()), Path(path).stem, asked=asked)
    for memory in memories:
        left_out += memory.left_out
    return _with_beside(_together(planned, paths, left_out, told), memories)


def _plan_group(node: xr.DataTree, path: str | Path, units: str | None, own: Mapping[str, Any]) -> Prepared:
    try:
        return make_plan(node.to_dataset(), path, time_units=units, **own)
    except SeriesError as error:
        error.add_note(f"in group {node.path!r}")
        raise


def _with_beside(prepared: Prepared, memories: Sequence[Memory]) -> Prepared:
    """Give a plan with the files beside the steps of groups that draw nothing."""
    beside = {item.name: item for item in (*prepared.plan.beside, *(item for m in memories for item in m.beside))}
    sources = prepared.sources | {key: variable for m in memories for key, variable in m.sources.items()}
    return Prepared(replace(prepared.plan, beside=tuple(beside.values())), sources)


def _together(planned: Mapping[str, Prepared], paths: Mapping[str, str], left_out: list[str], told: str) -> Prepared:
    """Put the plans of groups together to one of all their times; the first part's files say what was `told` of all."""
    times, steps = union({name: item.plan.times for name, item in planned.items()})
    parts: list[PartPlan] = []
    sources: dict[str, xr.Variable] = {}
    notices: list[str] = []
    for name, (plan, variables) in ((name, (p.plan, p.sources)) for name, p in planned.items()):
        beside = tuple(f"{item.name}:" for item in plan.beside)
        sources |= {k if beside and k.startswith(beside) else f"{name}/{k}": v for k, v in variables.items()}
        for part in plan.parts:
            clock = _clock(plan.clock(part), steps[name], times, paths[name])
            clock = replace(clock, fields=tuple(replace(item, source=f"{name}/{item.source}") for item in clock.fields))
            if told and not parts:
                clock = replace(clock, constants=(*clock.constants, text_array(TREE, told)))
            named = replace(part, name=f"{name}_{part.name}" if part.name else name, clock=clock)
            widest = replace(named.document, field_data=widest_fields(clock))
            parts.append(_with_sources(_with_room(named, header_room(widest)), name))
        notices += [f"{name}: {text}" for text in (*plan.notices, *_stands(steps[name], len(times.values)))]
    first = next(iter(planned.values())).plan
    plan = replace(
        first,
        parts=tuple(parts),
        fields=(),
        times=times,
        constants=(),
        beside=tuple({item.name: item for p in planned.values() for item in p.plan.beside}.values()),
        notices=tuple(notices),
        left_out=(*left_out, *(f"group {name!r}: {text}" for name, p in planned.items() for text in p.plan.left_out)),
    )
    check_names(plan)
    return Prepared(plan, sources)


def _clock(own: Clock, steps: tuple[int, ...] | None, times: Times, path: str) -> Clock:
    """Say when a part of a group has new files among the steps of all."""
    constants = (*own.constants, text_array(GROUP, path))
    if own.steps is not None:
        return replace(own, constants=constants)
    if steps is None:
        same = own.times if own.times.values == times.values else times
        return replace(own, times=same, constants=constants)
    return replace(own, steps=steps, dated=own.times.dim is not None, constants=(*constants, STANDS))


def _stands(steps: tuple[int, ...] | None, count: int) -> list[str]:
    if steps is None:
        return []
    return [f"has new files at {len(steps)} of {count} steps, each of which stands until the next"]


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
