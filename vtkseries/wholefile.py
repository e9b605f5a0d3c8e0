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


def complete(file: StepFile, part: PartPlan, document: Document) -> None:
    """Write all but the blocks: header, geometry, byte counts and the closing tags.

    Raises
    ------
    FileNotFoundError
        No block was written, or the file has its final name.
    """
    fd = os.open(file.temporary, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        head = bytearray(render(document, part.room))
        for position, values in part.constants:
            count = values.nbytes.to_bytes(PREFIX, "little")
            if position - len(head) < 1 << 12:
                head += bytes(position - len(head)) + count + values.tobytes()
            else:
                write_at(fd, position, count)
                write_at(fd, position + PREFIX, values)
        write_at(fd, 0, head)
        for array in part.arrays:
            write_at(fd, array.position - PREFIX, array.nbytes.to_bytes(PREFIX, "little"))
        write_at(fd, part.size - len(part.footer), part.footer)
    finally:
        os.close(fd)


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
