"""The times of several groups as those of one series."""

from __future__ import annotations

import re
from collections.abc import Mapping

from vtkseries.cf.times import Times
from vtkseries.errors import SeriesError

__all__ = ["one_unit", "union"]

_GREGORIAN = ("standard", "gregorian", "proleptic_gregorian")
_REFORM = "1582-10-15"
"""From here on these calendars agree."""

_ALIASES = {"365_day": "noleap", "366_day": "all_leap"}
_REMEDY = "give them one kind, or write each group with to_dataset().vtk.to_pvd"


def one_unit(groups: Mapping[str, Times], asked: str | None) -> str | None:
    """Give the units in which the times of all groups are told.

    Parameters
    ----------
    groups : mapping of name to Times
    asked : str or None
        What the caller asked for.

    Raises
    ------
    SeriesError
        Dates and numbers, or dates of calendars that differ; it names the groups.
    """
    moving = {name: times for name, times in groups.items() if times.dim is not None}
    if not moving:
        return asked
    (first, times), *others = moving.items()
    for name, other in others:
        if _kind(other) != _kind(times):
            message = (
                f"groups {first!r} ({_kind(times)}: {len(times.values)} steps from {_start(times)}) and {name!r} "
                f"({_kind(other)}: {len(other.values)} from {_start(other)}) have times of different kinds; {_REMEDY}"
            )
            raise SeriesError(message)
    units = asked or times.units
    calendars = {name: item.calendar for name, item in moving.items()}
    if len(set(calendars.values()) - {None}) > 1 and _kind(times).endswith("Gregorian"):
        early = next((name for name, item in moving.items() if min(item.dates, default="") < _REFORM), None)
        if early is not None or (asked and _since(asked) < _REFORM):
            what = f"group {early!r} has dates" if early is not None else f"time_units={asked!r} counts from"
            told = ", ".join(f"{name!r}: {calendar}" for name, calendar in calendars.items())
            message = f"{what} before {_REFORM}, where the groups' calendars differ ({told}); {_REMEDY}"
            raise SeriesError(message)
        if _since(units) < _REFORM:
            units = f"{str(units).split(maxsplit=1)[0]} since 1970-01-01"
    return units


def union(groups: Mapping[str, Times]) -> tuple[Times, dict[str, tuple[int, ...] | None]]:
    """Give the times of all groups together, and each group's steps among them.

    Groups without a time dim begin with the first step; None stands for all steps.
    """
    moving = [times for times in groups.values() if times.dim is not None]
    if not moving:
        return next(iter(groups.values())), dict.fromkeys(groups)
    dates = {value: date for times in reversed(moving) for value, date in zip(times.values, times.dates, strict=False)}
    values = tuple(sorted({value for times in moving for value in times.values}))
    place = {value: number for number, value in enumerate(values)}
    first = moving[0]
    whole = Times(values, first.units, first.calendar, tuple(dates[v] for v in values) if dates else (), first.dim)
    steps = {
        name: (0,)
        if times.dim is None
        else None
        if times.values == values
        else tuple(place[value] for value in times.values)
        for name, times in groups.items()
    }
    return whole, steps


def _kind(times: Times) -> str:
    if times.calendar is None:
        return "lengths of time" if times.units else "plain numbers"
    calendar = "Gregorian" if times.calendar in _GREGORIAN else _ALIASES.get(times.calendar, times.calendar)
    return f"dates, {calendar}"


def _start(times: Times) -> str:
    return times.dates[0] if times.dates else repr(times.values[0])


def _since(units: str | None) -> str:
    """Give the date that units count from, as ISO has it."""
    found = re.search(r"since\s+(\d+)-(\d+)-(\d+)", str(units))
    return (
        _REFORM
        if found is None
        else "-".join(f"{int(part):0{width}d}" for part, width in zip(found.groups(), (4, 2, 2), strict=True))
    )
