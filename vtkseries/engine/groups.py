"""The groups of a tree, each as a series of its own: with its parts, and at its own times only."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vtkseries.engine.foreign import text_field
from vtkseries.engine.lazy import find_field
from vtkseries.engine.series import Part, Series
from vtkseries.engine.values import read_field
from vtkseries.errors import FormatError, VtkSeriesWarning
from vtkseries.metadata import VERSION, loads, unpack
from vtkseries.storage.guard import naming

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vtkseries.engine.gridfile import GridFile

__all__ = ["dated", "group_of", "groups_of", "stands", "tree_of"]

_PATH = re.compile(r"[/\\\x00-\x1f]")
_ABSOLUTE = re.compile(r"/|(?:/[^/]{1,4096}){1,32}")
_NUMBER = re.compile(r"_(\d{6,})\.p?vt[irs]$")


def stands(grid: GridFile) -> bool:
    """Tell whether a file says that it stands at other steps than its own."""
    return find_field(grid, "vtkseries_stands") is not None


def dated(grid: GridFile) -> bool:
    """Tell whether a file says its time."""
    stamp = find_field(grid, "TimeValue")
    return stamp is not None and stamp.type != "String"


def groups_of(series: Series, grids: Sequence[GridFile]) -> dict[str, list[int]]:
    """Give the groups of a tree by their paths, each with the places of its parts.

    The parts of another writer's series are a group each; of one part alone, or of a Dataset, there are no groups.
    """
    found: dict[str, list[int]] = {}
    for number, grid in enumerate(grids if series.times is not None else ()):
        path = text_field(grid, "vtkseries_group")
        if path is not None:
            found.setdefault(path, []).append(number)
    if found or len(grids) == 1 or not isinstance(series, Series):
        return found
    if any(text_field(grid, "vtkseries") is not None for grid in grids):
        return {}
    for number, part in enumerate(series.parts):
        name = _PATH.sub("_", part.name or part.number).strip(".") or str(number)
        found[f"/{name}" if f"/{name}" not in found else f"/{name}_{number}"] = [number]
    return found


def tree_of(grids: Sequence[GridFile]) -> tuple[list[str], dict[str, tuple[GridFile, Any, dict[Any, str]]]]:
    """Give the paths of all groups of a tree in their order, and what is told of those that draw nothing.

    Of each such group: the file that tells of it, what it says, and which of its coordinates are another group's.

    Raises
    ------
    FormatError
        What a file says of the tree cannot be.
    """
    grid, text = next(((g, t) for g in grids if (t := text_field(g, "vtkseries_tree")) is not None), (None, ""))
    if grid is None:
        return [], {}
    with naming(grid.path):
        content = loads(text)
        try:
            if content["version"] != VERSION:
                return [], {}
            paths = [str(path) for path in content["paths"]]
            undrawn = {
                str(path): (grid, dict(own), {unpack(name): str(owner) for name, owner in shared})
                for path, own, shared in content["undrawn"]
            }
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"its vtkseries metadata is damaged: {error!r}") from error
        if any(not _ABSOLUTE.fullmatch(path) for path in (*paths, *undrawn)):
            raise FormatError("its vtkseries metadata has a group without a path")
        return paths, undrawn


def group_of(series: Series, grids: Sequence[GridFile], places: Sequence[int]) -> Series:
    """Give the series of one group.

    Parameters
    ----------
    series : Series
        Of the whole tree.
    grids : sequence of GridFile
        The first step's file of each part.
    places : sequence of int
        Of the group's parts.
    """
    parts = [series.parts[place] for place in places]
    if text_field(grids[places[0]], "vtkseries_group") is None:
        return replace(series, parts=tuple(parts))
    moving = [part.files for part, place in zip(parts, places, strict=True) if dated(grids[place])]
    for part in () if moving else parts:
        if part.files.changes().any():
            group = text_field(grids[places[0]], "vtkseries_group")
            text = f"{series.path}: group {group!r} has no time dim, and other values in {part.files[-1]}"
            warnings.warn(f"{text}; those of the first, {part.files[0]}, are given", VtkSeriesWarning, stacklevel=4)
    changed = np.zeros(series.steps, bool)
    changed[0] = True
    for files in moving:
        changed[1:] |= files.changes()
    begin = np.flatnonzero(changed)
    telling = next((place for place in places if dated(grids[place])), places[0])
    times = np.array([_time(series, telling, step) for step in begin.tolist()])
    kept = tuple(Part(str(n), part.name, part.files.take(begin)) for n, part in enumerate(parts))
    return replace(series, times=times, parts=kept)


def _time(series: Series, place: int, step: int) -> float:
    """Give the time of a file that begins at a step, which is not the step's where it stands before or after."""
    assert series.times is not None  # noqa: S101  # a tree is a collection
    numbers = [_number(part.files[step]) for part in series.parts]
    if step and numbers[place] == max(numbers) >= 0:
        return float(series.times[step])
    grid = series.grid(step, place)
    if not dated(grid):
        return float(series.times[step])
    values = read_field(grid, find_field(grid, "TimeValue"))
    if values.size != 1:
        raise FormatError(f"{grid.path}: its TimeValue has {values.size} values")
    return float(values.reshape(-1)[0])


def _number(file: str) -> int:
    found = _NUMBER.search(file)
    return -1 if found is None else int(found[1])
