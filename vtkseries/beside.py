"""Write the files beside the steps (see :mod:`vtkseries.plan.beside`)."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from vtkseries.plan.beside import SUFFIX, slabs
from vtkseries.storage.stepfile import StepFile, write_at
from vtkseries.xmlformat.layout import FOOTER, PREFIX, render

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from vtkseries.plan.beside import BesidePlan
    from vtkseries.plan.model import SeriesPlan

__all__ = ["is_beside", "write_beside"]


def write_beside(plan: SeriesPlan, sources: Mapping[str, xr.Variable], token: str) -> None:
    """Write the files beside a plan's steps that are not there yet.

    A name tells a content, so that they may be written before the index changes, and more than once.

    Raises
    ------
    OSError
        The disk is full or broken; no file has its final name that is not whole.
    """
    for item in plan.beside:
        file = StepFile(plan.folder / item.name, token)
        if file.final.exists() and file.final.stat().st_size == item.size:
            continue
        try:
            fd = file.open_for_blocks()
            try:
                _write(fd, item, sources)
            finally:
                os.close(fd)
            file.publish(durable=plan.durable)
        except BaseException:
            file.discard()
            raise


def _write(fd: int, item: BesidePlan, sources: Mapping[str, xr.Variable]) -> None:
    write_at(fd, 0, render(item.document, item.room))
    for (name, position), array in zip(item.arrays, item.document.field_data, strict=True):
        write_at(fd, position - PREFIX, array.nbytes.to_bytes(PREFIX, "little"))
        at = position
        for slab in slabs(sources[f"{item.name}:{name}"]):
            write_at(fd, at, slab)
            at += len(slab)
    write_at(fd, item.size - len(FOOTER), FOOTER)


def is_beside(name: str, stem: str) -> bool:
    """Say whether a file has a name that :func:`write_beside` gives."""
    return re.fullmatch(rf"{re.escape(stem)}_[0-9a-f]{{12}}{re.escape(SUFFIX)}", name) is not None
