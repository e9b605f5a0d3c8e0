"""The groups of a tree, each as a series of its own: with its parts, and at its own times only."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from vtkseries.engine.foreign import text_field
from vtkseries.engine.lazy import find_field
from vtkseries.engine.series import Part
from vtkseries.engine.values import read_field
from vtkseries.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vtkseries.engine.gridfile import GridFile
    from vtkseries.engine.series import Series

__all__ = ["dated", "group_of", "groups_of", "stands"]

_NUMBER = re.compile(r"_(\d{6,})\.p?vt[irs]$")


def stands(grid: GridFile) -> bool:
    """Tell whether a file says that it stands at other steps than its own."""
    return find_field(grid, "vtkseries_stands") is not None


def dated(grid: GridFile) -> bool:
    """Tell whether a file says its time."""
    stamp = find_field(grid, "TimeValue")
    return stamp is not None and stamp.type != "String"


def groups_of(series: Series, grids: Sequence[GridFile]) -> dict[str, list[int]]:
    """Give the groups of a tree by their paths, each with the places of its parts; of what is no tree, nothing."""
    found: dict[str, list[int]] = {}
    for number, grid in enumerate(grids if series.times is not None else ()):
        path = text_field(grid, "vtkseries_group")
        if path is not None:
            found.setdefault(path, []).append(number)
    return found


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
    moving = [part.files for part, place in zip(parts, places, strict=True) if dated(grids[place])]
    begin = [0, *(n for n in range(1, series.steps) if any(files[n] != files[n - 1] for files in moving))]
    telling = next((place for place in places if dated(grids[place])), places[0])
    times = tuple(_time(series, telling, step) for step in begin)
    kept = tuple(Part(str(n), part.name, tuple(part.files[s] for s in begin)) for n, part in enumerate(parts))
    return replace(series, times=times, parts=kept)


def _time(series: Series, place: int, step: int) -> float:
    """Give the time of a file that begins at a step, which is not the step's where it stands before or after."""
    assert series.times is not None  # noqa: S101  # a tree is a collection
    numbers = [_number(part.files[step]) for part in series.parts]
    if step and numbers[place] == max(numbers) >= 0:
        return series.times[step]
    grid = series.grid(step, place)
    if not dated(grid):
        return series.times[step]
    values = read_field(grid, find_field(grid, "TimeValue"))
    if values.size != 1:
        raise FormatError(f"{grid.path}: its TimeValue has {values.size} values")
    return float(values.reshape(-1)[0])


def _number(file: str) -> int:
    found = _NUMBER.search(file)
    return -1 if found is None else int(found[1])
