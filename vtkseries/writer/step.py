"""One step's files: written under temporary names, summed, and given their final ones."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from vtkseries.plan.fielddata import step_fields
from vtkseries.run import complete
from vtkseries.serial import step_values, write_array
from vtkseries.storage.index import Entry
from vtkseries.storage.stepfile import StepFile, checksum

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import xarray as xr

    from vtkseries.plan.model import PartPlan, SeriesPlan

__all__ = ["write_step"]


def write_step(plan: SeriesPlan, sources: Mapping[str, xr.Variable], token: str) -> tuple[list[Path], list[Entry]]:
    """Write the files of a plan of one step.

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
    files = [StepFile(plan.file(part, 0), token) for part in plan.parts]
    try:
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


def _write(file: StepFile, part: PartPlan, plan: SeriesPlan, sources: Mapping[str, xr.Variable]) -> tuple[int, int]:
    file.discard()  # of an attempt that was interrupted
    fd = file.open_exclusive()
    try:
        for array in part.arrays:
            write_array(fd, array, sources, 0)
    finally:
        os.close(fd)
    fields = step_fields(plan, 0, step_values(plan, sources, 0))
    complete(file, part, replace(part.document, field_data=fields))
    return checksum(file.temporary)
