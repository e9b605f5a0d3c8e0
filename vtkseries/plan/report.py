"""A plan in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vtkseries.plan.model import PartPlan, SeriesPlan

__all__ = ["report"]


def report(plan: SeriesPlan) -> str:
    """Give the text that a plan shows: files, arrays, dtypes, bytes, and what was flipped, guessed or left out."""
    files = (
        sum(plan.clock(part).files for part in plan.parts)
        + sum(plan.clock(whole).files for whole in plan.wholes)
        + len(plan.beside)
    )
    size = f"{format_bytes(plan.nbytes)} ({plan.nbytes:,} bytes{_compression(plan)})"
    counts = f"{plan.steps} {_plural('step', plan.steps)}, {files} {_plural('file', files)}"
    lines = [
        f"<SeriesPlan {plan.path}>",
        f"{counts}, {size}" if all(map(_extent, plan.parts)) else counts,
        f"time: {_time(plan)}",
    ]
    for whole in plan.wholes:
        count = len(whole.pieces)
        pieces = f"{count} {_plural('piece', count)}, of which the first is"
        lines.append(f"grid {whole.name!r} in {pieces}" if whole.name else f"grid in {pieces}")
        lines += _part(plan, whole.pieces[0])
    for part in () if plan.wholes else plan.parts:
        lines += _part(plan, part)
    told = dict.fromkeys(f"{f.name} {f.conversion.dtype}" for clock in plan.clocks for f in clock.fields)
    if told:
        lines.append("field data: " + ", ".join(told))
    for item in plan.beside:
        names = ", ".join(name.rpartition(" ")[0] for name, _ in item.arrays if name != "TimeValue")
        lines.append(f"for reading back: {plan.folder / item.name}, {format_bytes(item.size)}: {names}")
    lines += [f"note: {notice}" for notice in plan.notices]
    lines += [f"left out: {reason}" for reason in plan.left_out]
    return "\n".join(lines)


def format_bytes(count: int) -> str:
    """Give a byte count in the largest decimal unit that it fills."""
    value, units = float(count), iter(("B", "kB", "MB", "GB", "TB", "PB"))
    unit = next(units)
    while value >= 1000 and unit != "PB":  # noqa: PLR2004 (SI's step)
        value, unit = value / 1000, next(units)
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"


def _plural(word: str, count: int) -> str:
    return word if count == 1 else word + "s"


def _compression(plan: SeriesPlan) -> str:
    method = plan.compression
    return "" if method is None else f" before compression with {method.name}, level {method.level}"


def _time(plan: SeriesPlan) -> str:
    times = plan.times
    first, last = times.values[0], times.values[-1]
    shown = f"{first!r}" if plan.steps == 1 else f"{first!r} to {last!r}"
    if times.units:
        shown += f" {times.units}"
    if times.calendar:
        shown += f" ({times.calendar})"
    if times.dates:
        shown += f", {times.dates[0]}" + (f" to {times.dates[-1]}" if plan.steps > 1 else "")
    return shown


def _extent(part: PartPlan) -> str:
    """Give the extent of a grid; a mesh has none, and as many points and bytes as each step gives it."""
    return dict(part.document.attributes).get("WholeExtent", "")


def _part(plan: SeriesPlan, part: PartPlan) -> list[str]:
    name = f"part {part.name!r}" if part.name else "grid"
    first = plan.file(part, 0)
    last = plan.file(part, plan.steps - 1)
    files = plan.clock(part).files
    each = "a step" if files == plan.steps else "once" if files == 1 else f"in each of {files} files"
    places = f"  {first}" + (f" … {last.name}" if files > 1 else "")
    extent = _extent(part).split()
    if not extent:
        return [f"part {part.name!r}: a mesh" if part.name else "a mesh", places]
    nodes = " x ".join(str(int(extent[i + 1]) - int(extent[i]) + 1) for i in (0, 2, 4))
    lines = [
        (
            f"{name} ({', '.join(part.dims)}): {part.document.type}, {nodes} points (x, y, z), "
            f"{format_bytes(part.size)} {each}"
        ),
        places,
    ]
    for section in part.document.pieces[0].sections:
        for array in section.arrays:
            names = ", ".join(filter(None, array.component_names))
            vector = f" x {array.components}" + (f" ({names})" if names else "") if array.components > 1 else ""
            units = f" [{array.units}]" if array.units else ""
            lines.append(f"  {section.tag} {array.name}: {array.type}{vector}{units}, {format_bytes(array.nbytes)}")
    return lines
