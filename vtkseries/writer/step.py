"""One step's files: written under temporary names, summed, and given their final ones."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from vtkseries.beside import write_beside
from vtkseries.plan.fielddata import step_fields
from vtkseries.serial import MemoryStreams, step_values, write_array
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
    plan: SeriesPlan, sources: Mapping[str, xr.Variable], token: str, rank: int | None = None
) -> tuple[list[Path], list[Entry]]:
    """Write the files of a plan of one step.

    Parameters
    ----------
    plan : SeriesPlan
    sources : mapping
        Variables by the names that the plan has for them.
    token : str
        The run's.
    rank : int, optional
        Of the process whose piece this is.

    Returns
    -------
    list of Path
        Their final names, under which they are.
    list of Entry
        For the index, with sizes and checksums.

    Raises
    ------
    OSError
        No temporary file stays behind. Of several parts, some may have got their names; nothing lists them.
    """
    files = [StepFile(_ranked(plan.file(part, 0), rank), token) for part in plan.parts]
    try:
        write_beside(plan, sources, token)
        checks = [_write(file, part, plan, sources) for file, part in zip(files, plan.parts, strict=True)]
        for file in files:
            file.publish(durable=plan.durable)
    except BaseException as error:
        for file in files:
            file.discard()
        error.add_note(f"while writing step {plan.times.values[0]!r} of {plan.path}")
        raise
    time = repr(plan.times.values[0])
    entries = [
        Entry(time, plan.relative(part, 0), number, part.name, size, crc)
        for number, (part, (size, crc)) in enumerate(zip(plan.parts, checks, strict=True))
    ]
    return [file.final for file in files], entries


def _ranked(path: Path, rank: int | None) -> Path:
    return path if rank is None else path.with_name(f"{path.stem}_r{rank}{path.suffix}")


def _write(file: StepFile, part: PartPlan, plan: SeriesPlan, sources: Mapping[str, xr.Variable]) -> tuple[int, int]:
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
    return checksum(file.temporary)
