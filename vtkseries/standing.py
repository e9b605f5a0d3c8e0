"""What the index says of a step: the files that begin there, and those of earlier steps that still stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vtkseries.plan.fielddata import STANDS
from vtkseries.plan.model import SeriesPlan, WholePlan
from vtkseries.storage.guard import identify
from vtkseries.storage.index import Entry
from vtkseries.storage.read import OpenFile
from vtkseries.storage.recover import checksum_step
from vtkseries.xmlformat.parallel import render_parallel
from vtkseries.xmlformat.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from vtkseries.plan.model import PartPlan

__all__ = ["entries", "pieces_of", "same_values", "standing_before", "together"]

_CHUNK = 1 << 22


def standing_before(kept: Sequence[Sequence[Entry]], item: PartPlan | WholePlan) -> Entry | None:
    """Give the file of a part that stands when a series is continued; None where there is none."""
    if not kept or item.clock is None:
        return None
    return next((entry for entry in kept[-1] if entry.name == item.name), None)


def pieces_of(item: PartPlan | WholePlan) -> Sequence[PartPlan]:
    """Give the parts that have files of their own."""
    return item.pieces if isinstance(item, WholePlan) else (item,)


def entries(
    plan: SeriesPlan,
    step: int,
    kept: Sequence[Sequence[Entry]],
    published: Callable[[Path], bool],
    *,
    written: bool = True,
) -> list[Entry]:
    """Describe the files that stand at a step.

    Parameters
    ----------
    plan : SeriesPlan
    step : int
    kept : sequence
        Steps of the series so far that stay.
    published : callable
        Whether a file of this run has its final name.
    written : bool
        Whether the files are there, so that they can be measured.
    """
    return [
        _entry(plan, item, number, step, standing_before(kept, item), published, written=written)
        for number, item in enumerate(plan.items)
    ]


def _entry(
    plan: SeriesPlan,
    item: PartPlan | WholePlan,
    number: int,
    step: int,
    before: Entry | None,
    published: Callable[[Path], bool],
    *,
    written: bool,
) -> Entry:
    stamp = repr(plan.times.values[step])
    clock = plan.clock(item)
    at = clock.at(step)
    # One without a date is not written again where it would be the same.
    if before is not None and (at < 0 or (not clock.dated and not published(plan.file(item, step)))):
        return Entry(stamp, before.file, number, item.name, before.size)
    file, name = plan.file(item, step), plan.relative(item, step)
    if written and plan.durable and clock.step(at) == step:
        # Which waits for the disk anyway, so that a sum of what was written costs little; once, where a file stands.
        return Entry(stamp, name, number, item.name, *checksum_step(file))
    if isinstance(item, WholePlan):
        return Entry(stamp, name, number, item.name, len(together(plan, item, step)))
    measured = written and plan.compression is not None
    return Entry(stamp, name, number, item.name, file.stat().st_size if measured else item.size)


def together(plan: SeriesPlan, whole: WholePlan, step: int) -> bytes:
    """Give the file that puts the pieces of a step together."""
    pieces = [(dict(p.document.attributes)["WholeExtent"], plan.file(p, step).name) for p in whole.pieces]
    return render_parallel(whole.pieces[0].document, whole.extent, pieces)


def same_values(new: Path, start: int, old: Path) -> bool:
    """Tell whether an old file stands and has the values of a new one of its layout, whatever they say of themselves.

    Parameters
    ----------
    new : Path
    start : int
        Where its values begin.
    old : Path
    """
    with OpenFile(str(old), identify(str(old))) as first, OpenFile(str(new), identify(str(new))) as second:
        header = parse(first.chunks())
        begin, told = header.start, {array.name for array in header.document.field_data}
        if begin is None or STANDS.name not in told or "TimeValue" in told or first.size - begin != second.size - start:
            return False
        return all(
            first.read(begin + at, min(_CHUNK, first.size - begin - at))
            == second.read(start + at, min(_CHUNK, second.size - start - at))
            for at in range(0, second.size - start, _CHUNK)
        )
