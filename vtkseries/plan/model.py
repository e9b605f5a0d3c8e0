"""The plan of a series: which files, which arrays, at which offset. Small, immutable and picklable."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from vtkseries.cf.times import Times
from vtkseries.plan.beside import BesidePlan
from vtkseries.values import Conversion
from vtkseries.xmlformat.codecs import Codec, block_size
from vtkseries.xmlformat.layout import FOOTER, DataArray, Document

__all__ = ["ArrayPlan", "Clock", "Component", "FieldPlan", "PartPlan", "SeriesPlan", "to_target"]

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
        return math.prod(self.shape) * self.components * np.dtype(self.dtype).itemsize

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
class Clock:
    """When parts have new files, each of which stands until the next one, and what these say of themselves.

    Attributes
    ----------
    times : Times
        One for each file.
    fields : tuple of FieldPlan
    constants : tuple of DataArray
        Field data that every file has.
    steps : tuple of int or None
        The series' steps at which a file begins; None where one begins at each.
    dated : bool
        Whether a file says its time; one that stands for all times does not.
    """

    times: Times
    fields: tuple[FieldPlan, ...] = ()
    constants: tuple[DataArray, ...] = ()
    steps: tuple[int, ...] | None = None
    dated: bool = True

    @property
    def files(self) -> int:
        """The number of files of a part."""
        return len(self.times.values)

    def at(self, step: int) -> int:
        """Give the number of the file that stands at a step; -1 before the first."""
        return step if self.steps is None else bisect.bisect_right(self.steps, step) - 1

    def step(self, number: int) -> int:
        """Give the step at which a file begins."""
        return number if self.steps is None else self.steps[number]

    def begins(self, first: int, stop: int) -> Sequence[int]:
        """Give the steps at which some files begin."""
        return range(first, stop) if self.steps is None else self.steps[first:stop]

    def between(self, first: int, stop: int) -> range:
        """Give the files that begin in a stretch of steps."""
        if self.steps is None:
            return range(first, stop)
        return range(bisect.bisect_left(self.steps, first), bisect.bisect_left(self.steps, stop))


@dataclass(frozen=True)
class PartPlan:
    """One grid of the series: its files share their layout.

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
    clock : Clock or None
        When it has new files; None where that is at each step of the series, as the plan says.
    """

    name: str
    document: Document
    constants: tuple[tuple[int, np.ndarray], ...]
    arrays: tuple[ArrayPlan, ...]
    room: int
    size: int
    suffix: str
    dims: tuple[str, ...] = ()
    clock: Clock | None = None

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

    @property
    def clock(self) -> Clock | None:
        """When it has new files."""
        return self.pieces[0].clock


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

    @property
    def items(self) -> Sequence[PartPlan | WholePlan]:
        """What the index lists."""
        return self.wholes or self.parts

    def clock(self, part: PartPlan | WholePlan) -> Clock:
        """Say when a part has new files."""
        return part.clock or self._each_step

    @cached_property
    def _each_step(self) -> Clock:
        return Clock(self.times, self.fields, self.constants)

    @cached_property
    def clocks(self) -> list[Clock]:
        """All that parts have."""
        found: list[Clock] = []
        for part in self.parts:
            clock = self.clock(part)
            found += [clock] if clock not in found else []
        return found

    def file(self, part: PartPlan | WholePlan, step: int) -> Path:
        """Give the final path of the file of a part that stands at a step."""
        if self.single:
            return self.path
        return self.path.parent / self.relative(part, step)

    def relative(self, part: PartPlan | WholePlan, step: int) -> str:
        """Give that path relative to the collection, with forward slashes."""
        if part.clock is not None:
            step = part.clock.step(max(part.clock.at(step), 0))
        return self.named(part, self.first + step)

    def named(self, part: PartPlan | WholePlan, number: int) -> str:
        """Give the path of the file that begins at a step, counted from the first of the whole series."""
        stem = self.path.stem
        infix = f"{stem}_{part.name}" if part.name else stem
        return f"{stem}/{infix}_{number:06d}{part.suffix}"

    def from_start(self) -> SeriesPlan:
        """Give the plan where no steps are before it: a part's first file stands from the first step on."""
        parts = tuple(
            part
            if part.clock is None or not part.clock.step(0)
            else replace(part, clock=replace(part.clock, steps=(0, *(part.clock.steps or ())[1:])))
            for part in self.parts
        )
        return replace(self, parts=parts)

    @property
    def folder(self) -> Path:
        """The directory of the steps' files."""
        return self.path.parent if self.single else self.path.parent / self.path.stem

    @property
    def nbytes(self) -> int:
        """Bytes of all files."""
        return sum(part.size * self.clock(part).files for part in self.parts) + sum(item.size for item in self.beside)

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
