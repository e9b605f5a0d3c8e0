"""One step's files: written under temporary names, summed, and given their final ones."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from vtkseries.beside import write_beside
from vtkseries.errors import FormatError
from vtkseries.plan.fielddata import step_fields
from vtkseries.serial import MemoryStreams, step_values, write_array
from vtkseries.standing import same_values
from vtkseries.storage.index import Entry
from vtkseries.storage.stepfile import StepFile, checksum, write_at
from vtkseries.streams import write_streams
from vtkseries.wholefile import complete
from vtkseries.xmlformat.layout import render

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import xarray as xr

    from vtkseries.plan.model import PartPlan, SeriesPlan

__all__ = ["write_step"]


def write_step(
    plan: SeriesPlan,
    sources: Mapping[str, xr.Variable],
    token: str,
    standing: Mapping[str, Entry],
    rank: int | None = None,
) -> tuple[list[Path], list[Entry]]:
    """Write the files of a plan of one step.

    Parameters
    ----------
    plan : SeriesPlan
    sources : mapping
        Variables by the names that the plan has for them.
    token : str
        The run's.
    standing : mapping of str to Entry
        The files of the step before, by part.
    rank : int, optional
        Of the process whose piece this is.

    Returns
    -------
    list of Path
        Their final names, under which they are; those that begin at this step come first.
    list of Entry
        For the index, with sizes and checksums.

    Raises
    ------
    OSError
        No temporary file stays behind. Of several parts, some may have got their names; nothing lists them.
    """
    files = [StepFile(_ranked(plan.file(part, 0), rank), token) for part in plan.parts]
    time = repr(plan.times.values[0])
    try:
        write_beside(plan, sources, token)
        entries = [_write(file, number, plan, sources, standing) for number, file in enumerate(files)]
        new = [number for number, entry in enumerate(entries) if entry.crc is not None]
        new.sort(key=lambda number: not plan.clock(plan.parts[number]).dated)
        # What stands first: a step of which `repair` finds the other files has what is to be seen with them.
        for number in reversed(new):
            files[number].publish(durable=plan.durable)
    except BaseException as error:
        for file in files:
            file.discard()
        error.add_note(f"while writing step {time} of {plan.path}")
        raise
    return [files[number].final for number in new], entries


def _ranked(path: Path, rank: int | None) -> Path:
    return path if rank is None else path.with_name(f"{path.stem}_r{rank}{path.suffix}")


def _write(
    file: StepFile,
    number: int,
    plan: SeriesPlan,
    sources: Mapping[str, xr.Variable],
    standing: Mapping[str, Entry],
) -> Entry:
    """Write the temporary file of a part, unless one that stands already has the same values; that one has no sum."""
    part, time = plan.parts[number], repr(plan.times.values[0])
    _fill(file, part, plan, sources)
    before = None if plan.clock(part).dated else standing.get(part.name)
    if before is not None and _same(file, part, plan.path.parent / before.file):
        file.discard()
        file.final.unlink(missing_ok=True)  # of a try at this step that failed when it had its name
        return Entry(time, before.file, number, part.name, before.size)
    return Entry(time, plan.relative(part, 0), number, part.name, *checksum(file.temporary))


def _same(file: StepFile, part: PartPlan, old: Path) -> bool:
    with contextlib.suppress(FileNotFoundError, FormatError):  # where it is gone or torn, a new one is
        return same_values(file.temporary, part.room, old)
    return False


def _fill(file: StepFile, part: PartPlan, plan: SeriesPlan, sources: Mapping[str, xr.Variable]) -> None:
    file.discard()  # of an attempt that was interrupted
    document = replace(part.document, field_data=step_fields(plan.clock(part), 0, step_values(plan, sources, 0)))
    fd = file.open_exclusive()
    try:
        if plan.compression is not None:
            needed = {component.source for array in part.arrays for component in array.sources}
            loaded = {key: variable.load() for key, variable in sources.items() if key in needed}
            document, end = write_streams(
                fd, part, document, plan.compression, MemoryStreams(loaded, 0, plan.compression)
            )
            write_at(fd, 0, render(document, part.room))
            write_at(fd, end, part.footer)
        else:
            for array in part.arrays:
                write_array(fd, array, sources, 0)
    finally:
        os.close(fd)
    if plan.compression is None:
        complete(file, part, document)
