"""What a series holds so far, so that what is added to it can be held against it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from vtkseries.errors import FormatError, SeriesError
from vtkseries.xmlformat.dtypes import TO_NUMPY
from vtkseries.xmlformat.layout import PREFIX
from vtkseries.xmlformat.parse import parse, word_dtype

if TYPE_CHECKING:
    from pathlib import Path

    from vtkseries.plan.model import PartPlan, SeriesPlan
    from vtkseries.storage.recover import Examined
    from vtkseries.xmlformat.layout import Document

__all__ = ["Earlier", "differences", "read_earlier"]

_CHUNK = 1 << 16


@dataclass(frozen=True)
class Earlier:
    """The last whole step of a series.

    Attributes
    ----------
    path : Path
        The ``.pvd``.
    parts : tuple of (Document, list of ndarray)
        What each of its files says, and its coordinates.
    units : str or None
        Of the time.
    """

    path: Path
    parts: tuple[tuple[Document, list[np.ndarray]], ...]
    units: str | None

    def check(self, plan: SeriesPlan) -> None:
        """Refuse a plan whose grid, arrays or units of time are others.

        Raises
        ------
        SeriesError
            Names what differs.
        """
        if len(self.parts) != len(plan.parts):
            raise SeriesError(f"{self.path} has {len(self.parts)} parts a step, and the new step {len(plan.parts)}")
        for (document, nodes), part in zip(self.parts, plan.parts, strict=True):
            found = differences(document, part.document) or _other_nodes(nodes, part)
            if found:
                raise SeriesError(f"{self.path}: the series so far does not fit: {found}; write another with mode='w'")
        if self.units != plan.times.units:
            raise SeriesError(
                f"{self.path} has its time in {self.units!r}, and the new step in {plan.times.units!r}; "
                f"give time_units={self.units!r}"
            )


def read_earlier(path: Path, steps: Examined) -> Earlier | None:
    """Read the headers and coordinates of a series' last whole step; None where it has none.

    Raises
    ------
    FormatError
        A file of that step is none that can be read.
    """
    if not steps.steps:
        return None
    parts = []
    units = None
    for entry in steps.steps[-1]:
        file = path.parent / entry.file
        try:
            document, nodes = _read(file)
        except FormatError as error:
            raise FormatError(f"{file}: {error}") from error
        parts.append((document, nodes))
        units = next((_text(a.text) for a in document.field_data if a.name == "time_units"), units)
    return Earlier(path, tuple(parts), units)


def _read(file: Path) -> tuple[Document, list[np.ndarray]]:
    with file.open("rb") as stream:
        header = parse(iter(partial(stream.read, _CHUNK), b""))
        nodes = []
        for section in header.document.pieces[0].sections if header.start is not None else ():
            for array in section.arrays if section.tag == "Coordinates" and not header.document.compressor else ():
                stream.seek((header.start or 0) + (array.offset or 0))
                size = int(np.frombuffer(stream.read(PREFIX), word_dtype(header.document))[0])
                nodes.append(np.frombuffer(stream.read(size), TO_NUMPY[array.type]))
    return header.document, nodes


def _text(codes: str | None) -> str | None:
    return bytes(int(code) for code in codes.split()).rstrip(b"\0").decode() if codes else None


def _other_nodes(nodes: list[np.ndarray], part: PartPlan) -> str:
    for name, old, (_, new) in zip("xyz", nodes, part.constants, strict=False):
        if not np.array_equal(old, new):
            return f"the grid's {name} coordinates are others"
    return ""


def differences(old: Document, new: Document) -> str:
    """Say how two files differ in what they hold, whatever the values and places; empty where they do not."""
    if old.type != new.type:
        return f"it has {old.type}, and the new step {new.type}"
    if old.attributes != new.attributes:
        extents = [dict(document.attributes).get("WholeExtent") for document in (old, new)]
        return f"its grid's extent is {extents[0]}, and the new step's {extents[1]}"
    for tag in ("PointData", "CellData", "Coordinates"):
        before, after = _kinds(old, tag), _kinds(new, tag)
        for name in dict.fromkeys([*before, *after]):
            if before.get(name) != after.get(name):
                was, now = before.get(name, "absent"), after.get(name, "absent")
                return f"{tag} {name!r} is {was}, and in the new step {now}"
        if list(before) != list(after):
            return f"its {tag} come in the order {', '.join(before)}, and the new step's {', '.join(after)}"
    return ""


def _kinds(document: Document, tag: str) -> dict[str, str]:
    arrays = [a for piece in document.pieces[:1] for s in piece.sections if s.tag == tag for a in s.arrays]
    return {a.name: a.type + (f" with {a.components} components" if a.components > 1 else "") for a in arrays}
