"""The plan of a series: which files, which arrays, at which offset. Small, immutable and picklable."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vtkseries.cf.times import Times
from vtkseries.plan.beside import BesidePlan
from vtkseries.values import Conversion
from vtkseries.xmlformat.codecs import Codec, block_size
from vtkseries.xmlformat.layout import FOOTER, DataArray, Document

__all__ = ["ArrayPlan", "Component", "FieldPlan", "PartPlan", "SeriesPlan", "to_target"]

_TARGET = ("z", "y", "x", "c")


@dataclass(frozen=True)
class Component:
    """The variable that fills one component, or several, of an array.

    Attributes
    ----------
    source : str
        The variable's key in the table of sources.
    roles : tuple of str
        The role of each of its dims, in its own order: ``"time"``, ``"z"``, ``"y"``, ``"x"`` or ``"c"`` (components).
    flips : tuple of str
        The roles along which it runs against the grid.
    conversion : Conversion
    first : int
        The component that it fills, or the first of those along its ``"c"`` dim.
    """

    source: str
    roles: tuple[str, ...]
    flips: tuple[str, ...]
    conversion: Conversion
    first: int = 0


@dataclass(frozen=True)
class ArrayPlan:
    """One point or cell array of every step of a part.

    Attributes
    ----------
    name : str
    dtype : str
        NumPy name of the storage dtype.
    shape : tuple of int
        ``(nz, ny, nx)``.
    components : int
        Values a point; those that no :class:`Component` fills are zero.
    sources : tuple of Component
    position : int
        Where its values begin in the file, in bytes; its byte count stands before.
    """

    name: str
    dtype: str
    shape: tuple[int, int, int]
    components: int
    sources: tuple[Component, ...]
    position: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes of its values in one step."""
        return int(np.prod(self.shape, dtype=object)) * self.components * np.dtype(self.dtype).itemsize

    @property
    def block(self) -> int:
        """Bytes of a compression block, which depend on the array alone."""
        itemsize = np.dtype(self.dtype).itemsize
        return block_size(self.shape[1] * self.shape[2] * self.components * itemsize, itemsize)


@dataclass(frozen=True)
class FieldPlan:
    """A variable without a spatial axis: field data of each step."""

    name: str
    source: str
    has_time: bool
    conversion: Conversion
    tuples: int
    units: str | None = None


@dataclass(frozen=True)
class PartPlan:
    """One grid of the series: the files of its steps share their layout.

    Attributes
    ----------
    name : str
        Empty where the series has one part only.
    document : Document
        What a step's file holds, with offsets, but for the step's own field data.
    constants : tuple of (position, array)
        Geometry that is the same in every step, with its byte count's place.
    arrays : tuple of ArrayPlan
    room : int
        Bytes of the header, up to and including the ``_`` of the appended block.
    size : int
        Bytes of a whole file; with compression, what it would have without.
    suffix : str
        ``".vtr"`` and so on.
    dims : tuple of str
        The dims of its grid, for the reader of the plan.
    """

    name: str
    document: Document
    constants: tuple[tuple[int, np.ndarray], ...]
    arrays: tuple[ArrayPlan, ...]
    room: int
    size: int
    suffix: str
    dims: tuple[str, ...] = ()

    @property
    def footer(self) -> bytes:
        """The bytes after the last array."""
        return FOOTER


@dataclass(frozen=True)
class WholePlan:
    """A grid whose pieces are parts: each step has a file that names them.

    Attributes
    ----------
    name : str
        Empty where the series has one grid only.
    pieces : tuple of PartPlan
        Shared with the plan's parts.
    extent : str
        Of the whole grid.
    """

    name: str
    pieces: tuple[PartPlan, ...]
    extent: str
    suffix: str = ".pvtr"


@dataclass(frozen=True)
class SeriesPlan:
    """What is going to be written; show it to see files, arrays, dtypes, bytes, and what was flipped or guessed.

    Attributes
    ----------
    path : Path
        The ``.pvd``, or the single file.
    mode : str
        ``"w"``, ``"x"`` or ``"a"``.
    parts : tuple of PartPlan
    fields : tuple of FieldPlan
    times : Times
    constants : tuple of DataArray
        Field data that every step has.
    notices : tuple of str
        What was flipped, negated or guessed.
    left_out : tuple of str
        What is not drawn, why, and the remedy.
    durable : bool
        Whether files reach the disk before they are listed.
    compression : Codec or None
        How the arrays are compressed, all of a file in the same way.
    wholes : tuple of WholePlan
        The grids, where the parts are their pieces.
    beside : tuple of BesidePlan
        Files beside the steps, which only reading back opens.
    """

    path: Path
    mode: str
    parts: tuple[PartPlan, ...]
    fields: tuple[FieldPlan, ...]
    times: Times
    constants: tuple[DataArray, ...] = ()
    notices: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    durable: bool = False
    compression: Codec | None = None
    wholes: tuple[WholePlan, ...] = ()
    beside: tuple[BesidePlan, ...] = ()
    first: int = field(default=0)

    @property
    def steps(self) -> int:
        """The number of time steps."""
        return len(self.times.values)

    @property
    def single(self) -> bool:
        """Whether the target is one file rather than a collection."""
        return self.path.suffix != ".pvd"

    def file(self, part: PartPlan | WholePlan, step: int) -> Path:
        """Give the final path of one step of one part."""
        if self.single:
            return self.path
        return self.path.parent / self.relative(part, step)

    def relative(self, part: PartPlan | WholePlan, step: int) -> str:
        """Give that path relative to the collection, with forward slashes."""
        stem = self.path.stem
        infix = f"{stem}_{part.name}" if part.name else stem
        return f"{stem}/{infix}_{self.first + step:06d}{part.suffix}"

    @property
    def folder(self) -> Path:
        """The directory of the steps' files."""
        return self.path.parent if self.single else self.path.parent / self.path.stem

    @property
    def nbytes(self) -> int:
        """Bytes of all files."""
        return sum(part.size for part in self.parts) * self.steps + sum(item.size for item in self.beside)

    def __repr__(self) -> str:
        from vtkseries.plan.report import report  # noqa: PLC0415 (the report is only needed where a plan is shown)

        return report(self)


def to_target(block: np.ndarray, component: Component) -> np.ndarray:
    """Turn a block of a variable, without copying, to (time, z, y, x, c), with size 1 for axes that it has not."""
    present = component.roles
    order = [present.index(role) for role in ("time", *_TARGET) if role in present]
    block = block.transpose(order)
    index: list[slice | None] = []
    for role in ("time", *_TARGET):
        if role not in present:
            index.append(None)
        else:
            index.append(slice(None, None, -1) if role in component.flips else slice(None))
    return block[tuple(index)]
