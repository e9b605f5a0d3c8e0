"""A file made whole: what it has beside the blocks of its arrays, or all of a compressed one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vtkseries.storage.stepfile import write_at
from vtkseries.streams import write_streams
from vtkseries.xmlformat.layout import PREFIX, render

if TYPE_CHECKING:
    from vtkseries.plan.model import PartPlan
    from vtkseries.storage.stepfile import StepFile
    from vtkseries.streams import StreamSource
    from vtkseries.xmlformat.codecs import Codec
    from vtkseries.xmlformat.layout import Document

__all__ = ["complete", "write_compressed"]

_GAP = 1 << 12
"""Bytes of padding that are written where that saves a system call."""


def complete(file: StepFile, part: PartPlan, document: Document, fd: int | None = None) -> None:
    """Write all but the blocks: header, geometry, byte counts and the closing tags.

    Parameters
    ----------
    file : StepFile
    part : PartPlan
    document : Document
    fd : int, optional
        The file, where it is open.

    Raises
    ------
    FileNotFoundError
        No block was written, or the file has its final name.
    """
    own = file.open() if fd is None else fd
    try:
        head = bytearray(render(document, part.room))
        counts = {array.position - PREFIX: array.nbytes.to_bytes(PREFIX, "little") for array in part.arrays}
        for position, values in part.constants:
            count = values.nbytes.to_bytes(PREFIX, "little")
            if position - len(head) < _GAP:
                head += bytes(position - len(head)) + count + values.tobytes()
            else:
                write_at(own, position, count)
                write_at(own, position + PREFIX, values)
        first = min(counts, default=0)
        if 0 <= first - len(head) < _GAP:  # with nothing but padding between
            head += bytes(first - len(head)) + counts.pop(first)
        write_at(own, 0, head)
        for position, count in counts.items():
            write_at(own, position, count)
        write_at(own, part.size - len(part.footer), part.footer)
    finally:
        if fd is None:
            os.close(own)


def write_compressed(file: StepFile, part: PartPlan, document: Document, method: Codec, source: StreamSource) -> None:
    """Write a whole compressed file."""
    fd = file.open_for_blocks()
    try:
        document, end = write_streams(fd, part, document, method, source)
        write_at(fd, 0, render(document, part.room))
        write_at(fd, end, part.footer)
        os.ftruncate(fd, end + len(part.footer))
    finally:
        os.close(fd)
