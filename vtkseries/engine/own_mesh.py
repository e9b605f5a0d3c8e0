"""Variables that vtkseries wrote as points and cells, as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vtkseries.engine.faces import FacesArray
from vtkseries.engine.foreign import lazy, preferred_chunks
from vtkseries.engine.lazy import GridArray, Member
from vtkseries.engine.meshfile import mesh_view, point_total, shaped
from vtkseries.engine.restore import Restoration
from vtkseries.engine.scatter import ScatterArray
from vtkseries.engine.task import Task, check_member
from vtkseries.engine.values import array_dtype
from vtkseries.errors import FormatError
from vtkseries.metadata import unpack

if TYPE_CHECKING:
    from collections.abc import Hashable

    from vtkseries.engine.series import Series

__all__ = ["mesh_drawn"]

Found = tuple[Any, dict[Any, int]]

_TAGS = ("PointData", "CellData", "Points")
_FREE, _SPARSE = 1 << 16, 1024
"""Points that metadata may tell of, whatever the files hold, and how many to each that they hold."""


def mesh_drawn(
    task: Task, at: dict[str, Any], dims: tuple[Hashable, ...], dtype: np.dtype, shape: tuple[int, ...]
) -> Found | None:
    """Give a variable that is in the files, lazily, and its chunks; None where its part is not there.

    Raises
    ------
    FormatError
        What the metadata say does not fit the files.
    """
    mesh = task.content["mesh"]
    if "points" in mesh:
        return _of_points(task, at, dims, dtype, shape)
    number = next(iter(task.positions)) if "node" in at else int(at["part"])
    if number not in task.positions:
        return None
    levels, nodes = int(mesh["layers"][number]), int(mesh["nodes"])
    if levels < 0 or levels == 1 or nodes < 0:
        raise FormatError(f"its vtkseries metadata has {levels} levels of {nodes} points")
    if "node" in at:
        component = int(at["node"])
        if len(dims) != 1 or shape != (nodes,) or not 0 <= component <= 2:  # noqa: PLR2004  # x, y, z
            raise FormatError(f"its vtkseries metadata has a place of points with the shape {shape}")
        layers = max(levels, 1)
        view = mesh_view(task.series, "Points", layers)
        found = shaped(task.grids[number], "Points", "", layers)
        member = Member(task.positions[number], (_points(task, number),), component)
        return _grid(task, view, found.points, "Points", member, (dims, ("x",), shape), (), dtype)
    if "cells" in at:
        if len(dims) != 2:  # noqa: PLR2004  # cells and their points
            raise FormatError(f"its vtkseries metadata has cells with the dims {dims}")
        array = FacesArray(task.series, task.positions[number], levels, nodes, dict(at["cells"]), shape, dtype)
        return lazy(array), dict(zip(dims, shape, strict=True))
    tag = str(at["tag"])
    roles_of = {unpack(dim): str(role) for dim, role in at["roles"]}
    roles = tuple("time" if dim == task.time else roles_of[dim] for dim in dims)
    if len(set(roles)) < len(roles) or not set(roles) <= {"time", "y", "x", "c"} or tag not in _TAGS:
        raise FormatError("its vtkseries metadata names the axes of a variable twice")
    layers = shape[roles.index("y")] if "y" in roles else 1
    view = mesh_view(task.series, tag, layers)
    found = shaped(task.grids[number], tag, "", layers)
    member = Member(task.positions[number], tuple(map(str, at["arrays"])), int(at["first"]))
    held = found.cells if tag == "CellData" else found.points
    if held != (1, layers, shape[roles.index("x")] if "x" in roles else 1):
        raise FormatError(f"its array {member.arrays[0][:200]!r} is {held}, not {shape} {roles}")
    flips = tuple(role for role in map(str, at["flips"]) if role in roles)
    return _grid(task, view, held, tag, member, (dims, roles, shape), flips, dtype)


def _points(task: Task, number: int) -> str:
    return next((array.name for array in task.grids[number].arrays("Points")), "") or "Points"


def _grid(
    task: Task,
    view: Series,
    held: tuple[int, int, int],
    tag: str,
    member: Member,
    variable: tuple[tuple[Hashable, ...], tuple[str, ...], tuple[int, ...]],
    flips: tuple[str, ...],
    dtype: np.dtype,
) -> Found:
    dims, roles, shape = variable
    count = shape[roles.index("c")] if "c" in roles else 1
    grid = next(task.grids[n] for n, position in task.positions.items() if position == member.part)
    array = check_member(grid, tag, member, count, dtype)
    values = Restoration(dtype, array_dtype(array), _fill(task, dtype))
    backend = GridArray(view, (member,), tag, held, roles, shape, flips, values)
    return lazy(backend), preferred_chunks(dims, roles, shape, dtype.itemsize)


def _fill(task: Task, dtype: np.dtype) -> float | None:
    fill = unpack(task.content.get("fill"))
    return None if fill is None or dtype.kind not in "fcmM" else float(fill)


def _of_points(
    task: Task, at: dict[str, Any], dims: tuple[Hashable, ...], dtype: np.dtype, shape: tuple[int, ...]
) -> Found | None:
    mesh = task.content["mesh"]
    sizes = {unpack(dim): int(size) for dim, size in mesh["points"]}
    inner = unpack(at.get("inner"))
    roles = tuple("time" if d == task.time else "c" if d == inner else f"p{[*sizes].index(d)}" for d in dims)
    wanted = {f"p{number}" for number in range(len(sizes))}
    if len(set(roles)) < len(roles) or set(roles) - {"time", "c"} != wanted or 0 in sizes.values():
        raise FormatError(f"its vtkseries metadata has a variable of points with the dims {dims}")
    if any(shape[roles.index(f"p{number}")] != size for number, size in enumerate(sizes.values())):
        raise FormatError(f"its vtkseries metadata has a variable of points with the shape {shape}")
    number = next(iter(task.positions))
    grid, position = task.grids[number], task.positions[number]
    tag, factor = str(at["tag"]), float(at.get("factor", 1.0))
    if tag not in ("PointData", "Points") or not np.isfinite(factor) or factor == 0:
        raise FormatError(f"its vtkseries metadata has points' values in {tag[:40]!r}, times {factor}")
    names = (_points(task, number),) if tag == "Points" else tuple(map(str, at["arrays"]))
    member = Member(position, names, int(at["first"]))
    total = int(np.prod(list(sizes.values()), dtype=object))
    index = mesh["index"]
    if index is None and point_total(grid) != total:
        raise FormatError(f"it has {point_total(grid)} points, and its metadata tell of {total}")
    if index is None and factor == 1 and len(sizes) <= 1:
        roles = tuple("x" if role == "p0" else role for role in roles)
        return _grid(task, mesh_view(task.series, tag), (1, 1, total), tag, member, (dims, roles, shape), (), dtype)
    _expect_dense(task, position, total)
    array = check_member(grid, tag, member, shape[roles.index("c")] if "c" in roles else 1, dtype)
    whole = index is None or dtype.kind not in "iub" or _whole(task, position, total, steps="time" in roles)
    values = Restoration(dtype if whole else np.dtype("f8"), array_dtype(array), _fill(task, dtype))
    backend = ScatterArray(
        task.series,
        member,
        tag,
        None if index is None else str(index),
        tuple(sizes.values()),
        roles,
        shape,
        values,
        factor,
    )
    chunks = {dim: 1 if role == "time" else n for dim, role, n in zip(dims, roles, shape, strict=True)}
    return lazy(backend), chunks


def _expect_dense(task: Task, position: int, total: int) -> None:
    """Refuse metadata that tell of points of which the files hold next to none: they would ask for any memory."""
    room = _FREE
    for step in range(task.series.steps):
        if total <= room:
            return
        room += _SPARSE * point_total(task.series.grid(step, position))
    if total > room:
        raise FormatError(f"its vtkseries metadata tell of {total} points, of which its files hold next to none")


def _whole(task: Task, position: int, total: int, *, steps: bool) -> bool:
    """Tell whether every point has a value, at every step or at one of them."""
    counts = (point_total(task.series.grid(step, position)) for step in range(task.series.steps))
    if steps:
        return all(count == total for count in counts)
    if task.content["mesh"]["apart"]:
        return sum(counts) == total
    return any(count == total for count in counts)
