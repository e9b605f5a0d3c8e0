"""What reading back needs, beside the values: dims, attributes, encodings, and the coordinates that are not drawn."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from vtkseries.cf.fields import metadata_names, undrawable
from vtkseries.cf.roles import SPACE, Roles
from vtkseries.cf.times import Times
from vtkseries.metadata import VERSION, dumps, from_nodes, pack
from vtkseries.plan.beside import BesidePlan, packed_rows, plan_beside
from vtkseries.plan.group import STEP_FIELDS, Field, Group, Grouping
from vtkseries.plan.meshmemory import MeshMemory
from vtkseries.plan.model import FieldPlan
from vtkseries.timecodes import time_code
from vtkseries.values import conversions

__all__ = ["ALONE", "INSIDE", "Memory", "remember"]

_SMALL = 4 * 1024
INSIDE = 1024
"""Bytes of a coordinate up to which each step's file tells it; larger ones are in a file beside the steps."""

ALONE = 64 * 1024
"""The same where the step's file is the only one."""

_MOST_COMPONENTS = 9
EXACT_TIME = "vtkseries_time"
"""Field data with a step's own time, where the collection's number does not tell it exactly."""


@dataclass
class Memory:
    """What is to be written for reading back.

    Attributes
    ----------
    content : dict
        Of the JSON.
    fields : list of FieldPlan
        Variables along time that each step's file has its own value of.
    sources : dict
        The variables that those come from.
    left_out : list of str
        What cannot be kept, why, and the remedy.
    beside : list of BesidePlan
        Files beside the steps, with what is too large to be told in each of them.
    """

    content: dict[str, Any] = field(default_factory=dict)
    fields: list[FieldPlan] = field(default_factory=list)
    sources: dict[str, xr.Variable] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    beside: list[BesidePlan] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The JSON."""
        return dumps(self.content)

    @property
    def standing(self) -> str:
        """The JSON of a file that stands for all steps: what it tells of them is the same however many there are."""
        time = self.content["time"]
        steady = [item for item in self.content["variables"] if time not in item.get("dims", ())]
        names = [item["name"] for item in steady]
        beside = {key: name for key, name in self.content.get("beside", {}).items() if key == "static"}
        content = {
            **self.content,
            "dims": [pair for pair in self.content["dims"] if pair[0] != time],
            "time": None,
            "coords": [name for name in self.content["coords"] if name in names],
            "variables": steady,
            "beside": beside,
        }
        return dumps(content if beside else {key: value for key, value in content.items() if key != "beside"})


@dataclass(frozen=True)
class _Task:
    ds: xr.Dataset
    grouping: Grouping
    roles: Roles
    times: Times
    parts: Hashable | None
    fill: float | None
    memory: Memory
    inside: int
    beside: str | None
    linked: Mapping[Hashable, str]
    kept: dict[str, xr.Variable] = field(default_factory=dict)
    rows: dict[str, xr.Variable] = field(default_factory=dict)


def remember(
    ds: xr.Dataset,
    grouping: Grouping,
    roles: Roles,
    times: Times,
    *,
    parts: Hashable | None,
    fill: float | None,
    asked: bool,
    beside: str | None = None,
    inside: int = INSIDE,
    linked: Mapping[Hashable, str] | None = None,
    mesh: MeshMemory | None = None,
) -> Memory:
    """Say how each variable that is written is found again; coordinates with more than one dim join the fields.

    Parameters
    ----------
    ds : Dataset
    grouping : Grouping
        Its groups are given the coordinates that are too large to be told in each file, where they fit the grid.
    roles : Roles
    times : Times
    parts : hashable or None
        The dim whose values are parts of their own.
    fill : float or None
        What stands for missing values.
    asked : bool
        Only what was named is written: nothing that describes other variables is kept.
    beside : str or None
        What the names of files beside the steps begin with; None where there can be none.
    inside : int
        Bytes of a coordinate up to which the JSON has its values.
    linked : mapping of name to str, optional
        What the series leads to in another file, each by its name in the series.
    mesh : MeshMemory, optional
        What is written as points and cells rather than as groups.
    """
    memory = Memory()
    task = _Task(ds, grouping, roles, times, parts, fill, memory, inside, beside, linked or {})
    drawn = _drawn(task) if mesh is None else mesh.drawn
    written = [name for name in ds.variables if name in drawn or name in grouping.field_data]
    dims = {dim for name in written for dim in ds.variables[name].dims}
    others = [name for name in ds.coords if name not in drawn and (not asked or set(ds.variables[name].dims) <= dims)]
    if not asked:
        # What only describes others, and what no grid can hold, such as texts, is kept though it is not drawn.
        unwritten = [name for name in ds.data_vars if name not in drawn and name not in grouping.field_data]
        described = metadata_names(ds) if unwritten else ()
        others += [name for name in unwritten if name in described or _is_text(ds.variables[name])]
    if mesh is not None:
        others += [name for name in mesh.kept if name not in drawn and name not in others]
    entries: dict[Hashable, dict[str, Any]] = {name: {"at": drawn[name]} for name in written if name in drawn}
    for name in written:
        if name not in drawn:
            suffixes = [suffix for suffix, _, _ in conversions(ds.variables[name].dtype)]
            entries[name] = {"field": [f"{name}{suffix}" for suffix in suffixes]}
    for name in others:
        place = {"linked": task.linked[name]} if name in task.linked else _place(task, name)
        if place is not None:
            entries[name] = place
    kept = {name: entries[name] for name in ds.variables if name in entries}
    files = _files(task, kept)
    dims |= {dim for name in kept for dim in ds.variables[name].dims}
    memory.content = {
        "version": VERSION,
        "attrs": _attributes(ds.attrs),
        "encoding": _attributes(_lasting(ds.encoding)),
        "dims": [[pack(dim), size] for dim, size in ds.sizes.items() if dim in dims],
        "time": None if times.dim is None else pack(times.dim),
        "parts": len(grouping.groups) if mesh is None else mesh.parts,
        "coords": [pack(name) for name in ds.coords if name in kept],
        "fill": pack(fill),
        "variables": [_entry(ds.variables[name], name, place) for name, place in kept.items()],
        **({"beside": files} if files else {}),
        **({} if mesh is None else {"mesh": mesh.layout}),
    }
    return memory


def _files(task: _Task, kept: dict[Hashable, dict[str, Any]]) -> dict[str, str]:
    """Plan the files beside the steps: one for what all runs of a series share, one for the steps of this run."""
    files = {}
    stamps = {"TimeValue": xr.Variable(("step",), np.array(task.times.values, "f8"))}
    for key, variables in (("static", task.kept), ("steps", task.rows)):
        if not variables:
            continue
        if task.beside is None:
            for name in [name for name, place in kept.items() if key in place]:
                del kept[name]
                _lose(task, name, f"has {task.ds[name].nbytes} bytes and no grid of its own")
            continue
        plan = plan_beside(task.beside, variables if key == "static" else stamps | variables)
        task.memory.beside.append(plan)
        task.memory.sources |= {f"{plan.name}:{name}": v for name, v in (stamps | variables).items()}
        files[key] = plan.name
    return files


def _entry(variable: xr.Variable, name: Hashable, place: Mapping[str, Any]) -> dict[str, Any]:
    content = {
        "dims": [pack(dim) for dim in variable.dims],
        "dtype": variable.dtype.str,
        "attrs": _attributes(variable.attrs),
        "encoding": _attributes(_lasting(variable.encoding)),
    }
    return {"name": pack(name), **{key: value for key, value in content.items() if value}, **place}


def _lasting(encoding: Mapping[Any, Any]) -> dict[Any, Any]:
    """Leave out what tells of the file that the Dataset came from."""
    return {k: v for k, v in encoding.items() if k not in ("source", "preferred_chunks", "original_shape", "filters")}


def _attributes(attrs: Mapping[Any, Any]) -> list[list[Any]]:
    packed = []
    for key, value in attrs.items():
        try:
            packed.append([pack(key), pack(value)])
        except TypeError:
            packed.append([str(key), str(value)])
    return packed


def _drawn(task: _Task) -> dict[Hashable, dict[str, Any]]:
    """Give where in the files each variable is that is drawn; large coordinates are added to the fields."""
    ds, groups = task.ds, list(task.grouping.groups.values())
    found: dict[Hashable, dict[str, Any]] = {}
    by_text = {str(name): name for name in ds.variables}
    for number, group in enumerate(groups):
        for item in group.fields:
            for index, key in enumerate(() if item.made else item.keys):
                name = by_text[key.removesuffix(f"@{group.label}") if group.label else key]
                _add_member(found, name, number, group, item, index)
    for name in ds.coords:
        if name not in found and name not in {*ds.dims, *task.linked} and _is_large(ds.variables[name], task):
            fitting = _fitting(ds.variables[name], task)
            if fitting is not None:
                group = groups[fitting]
                named = {dim: role for role, dim in task.roles.of(ds.variables[name], name).items()}
                cells = any(axis.cells for axis in group.axes.values())
                item = Field(str(name), (ds.variables[name],), (str(name),), named, cells)
                group.fields.append(item)
                _add_member(found, name, fitting, group, item, 0)
    return found


def _add_member(
    found: dict[Hashable, dict[str, Any]], name: Hashable, number: int, group: Group, item: Field, index: int
) -> None:
    variable = item.variables[index]
    dtype = np.result_type(*(v.dtype for v in item.variables)) if len(item.variables) > 1 else variable.dtype
    suffixes = [suffix for suffix, _, _ in conversions(dtype)]
    place = found.setdefault(
        name,
        {
            "cells": item.cells,
            "roles": [[pack(dim), item.roles[dim]] for dim in variable.dims],
            "flips": [role for role in SPACE if group.axes[role].flipped and role in item.roles.values()],
            "closed": [role for role in SPACE if group.axes[role].closed],
            "members": [],
        },
    )
    place["members"].append([number, [f"{item.name}{suffix}" for suffix in suffixes], index])


def _is_text(variable: xr.Variable) -> bool:
    return variable.dtype.kind in "OSU"


def _is_large(variable: xr.Variable, task: _Task) -> bool:
    if undrawable(variable, "coordinate") is not None:
        return False
    along_time = task.times.dim in variable.dims
    return variable.ndim > 1 and (variable.nbytes > _SMALL or along_time)


def _fitting(variable: xr.Variable, task: _Task) -> int | None:
    """Give the number of the group whose grid has just the dims of a variable."""
    spatial = {dim for dim in variable.dims if dim != task.times.dim}
    for number, group in enumerate(task.grouping.groups.values()):
        dims = {group.axes[role].dim for role in SPACE} - {None}
        if not group.label and spatial == dims and all(_length(group, dim) == variable.sizes[dim] for dim in dims):
            roles = {dim: role for role, dim in task.roles.of(variable, "").items()}
            if all(group.axes[roles.get(dim, "x")].dim == dim for dim in dims) and set(variable.dims) <= set(roles):
                return number
    return None


def _length(group: Group, dim: Hashable | None) -> int:
    axis = next(axis for axis in group.axes.values() if axis.dim == dim)
    if axis.closed:
        return len(axis.nodes) - 1
    return len(axis.nodes) - 1 if axis.cells and len(axis.nodes) > 1 else len(axis.nodes)


def _place(task: _Task, name: Hashable) -> dict[str, Any] | None:
    """Say where a variable that is not drawn is kept; None if it cannot be."""
    variable = task.ds.variables[name]
    if name == task.times.name and variable.dims in ((task.times.dim,), ()) and task.times.dim is not None:
        return _time_place(task, variable)
    for number, group in enumerate(task.grouping.groups.values()):
        for role in SPACE:
            axis = group.axes[role]
            named = axis.name == name and variable.dims == (axis.dim,)
            edges = axis.cells and variable.ndim == 1 and _bounds(task, axis.name) == name
            if group.kind == "vtr" and (named or edges) and len(axis.nodes) == variable.size:
                made = from_nodes(axis.nodes, variable.dtype, axis.factor, flipped=axis.flipped)
                if made.tobytes() == np.ascontiguousarray(variable.values).tobytes():
                    return {"axis": [number, role, axis.factor, axis.flipped]}
    if task.times.dim in variable.dims:
        return _along_time(task, name, variable)
    key = f"{name} {len(task.kept)}"
    try:
        if variable.dtype.kind == "O":
            variable = packed_rows(xr.Variable(("row", *variable.dims), variable.values[np.newaxis]))
        if variable.nbytes > task.inside:
            task.kept[key] = variable
            return {"static": key}
        return {"data": pack(np.asarray(task.ds[name].values))}
    except TypeError:
        return _lose(task, name, f"holds objects ({variable.dtype})")


def _bounds(task: _Task, name: Hashable) -> Any:
    """Give the variable that an axis names as its cells' edges."""
    return task.ds.variables[name].attrs.get("bounds") if name in task.ds.variables else None


def _lose(task: _Task, name: Hashable, fact: str) -> dict[str, Any] | None:
    task.memory.left_out.append(
        f"coordinate {str(name)!r} {fact}, so that it is not kept for reading back; "
        f"ds.reset_coords({str(name)!r}) makes it a field, ds.drop_vars({str(name)!r}) leaves it out quietly"
    )
    return None


def _time_place(task: _Task, variable: xr.Variable) -> dict[str, Any] | None:
    raw = np.atleast_1d(variable.values)
    times = task.times
    code = time_code(raw, np.array(times.values), times.units, times.calendar)
    if code is not None:
        return {"times": code}
    if raw.dtype.kind == "O":  # dates between those that the collection's numbers tell
        return _rows(task, times.name, variable)
    exact = xr.Variable(variable.dims, raw.view("i8") if raw.dtype.kind in "mM" else raw)
    _plan_field(task, EXACT_TIME, exact)
    return {"times": {"dtype": raw.dtype.str, "field": EXACT_TIME}}


def _plan_field(task: _Task, name: str, variable: xr.Variable) -> None:
    ((_, conversion, _),) = conversions(variable.dtype)
    task.memory.sources[f"field:{name}"] = variable
    task.memory.fields.append(FieldPlan(name, f"field:{name}", task.times.dim in variable.dims, conversion, 1))


def _along_time(task: _Task, name: Hashable, variable: xr.Variable) -> dict[str, Any] | None:
    """Keep a small value of each step in the step's own file."""
    inner = [size for dim, size in variable.sizes.items() if dim != task.times.dim]
    count = int(np.prod(inner, dtype=int))
    if variable.dtype.kind not in "biufmM" or count > _MOST_COMPONENTS:
        return _rows(task, name, variable)
    ordered = variable.transpose(task.times.dim, ...)
    values = ordered.values.reshape(variable.sizes[task.times.dim], count)
    if values.dtype.kind in "mM":
        values = values.view("i8")
    indexed = inner or str(name) in STEP_FIELDS
    names = [f"{name}[{i}]" for i in range(count)] if indexed else [str(name)]
    for index, own in enumerate(names):
        _plan_field(task, own, xr.Variable((task.times.dim,), values[:, index]))
    return {"field": names}


def _rows(task: _Task, name: Hashable, variable: xr.Variable) -> dict[str, Any] | None:
    """Keep what each step has of its own and its file has no numbers for."""
    key = f"{name} {len(task.rows)}"
    rows = variable.transpose(task.times.dim, ...)
    try:
        rows = packed_rows(rows) if rows.dtype.kind == "O" else rows
        # Several steps of one run are told together; steps that come one at a time each tell their own.
        if rows.nbytes <= (task.inside if len(rows) == 1 or task.beside is None else 0):
            return {"data": pack(np.asarray(variable.values))}
    except TypeError:
        return _lose(task, name, f"holds objects ({variable.dtype})")
    task.rows[key] = rows
    return {"steps": key}
