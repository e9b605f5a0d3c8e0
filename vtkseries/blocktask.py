"""Where the blocks of one array go, and the task that writes one: small values that every task can carry."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from vtkseries.blocks import write_block
from vtkseries.hidden import HiddenFiles, own_name
from vtkseries.plan.model import ArrayPlan, PartPlan
from vtkseries.run import Run, open_block
from vtkseries.staging import Slots, stage_block
from vtkseries.storage.stepfile import StepFile
from vtkseries.xmlformat.codecs import Codec

__all__ = ["AXES", "Target", "write_task"]

AXES = ("time", "z", "y", "x")


@lru_cache(maxsize=256)
def _step_file(folder: Path, name: str, token: str) -> StepFile:
    """Give a step's file, whose paths take as long to make as a small block takes to be written."""
    return StepFile(folder / name, token)


@dataclass(frozen=True)
class Target:
    """Where the blocks of one array go: small, since every task carries it."""

    array: ArrayPlan
    folder: Path
    prefix: str | None
    suffix: str
    log: Path
    before: tuple[int, int]
    token: str
    first: int
    listed: int
    locked: bool
    method: Codec | None = None
    slots: Slots | None = None
    again: bool = False

    @classmethod
    def of(cls, run: Run, part: PartPlan, array: ArrayPlan, slots: Slots | None) -> Target:
        """Give the target of an array of a part."""
        plan = run.plan
        return cls(
            array,
            plan.folder,
            None if plan.single else Path(plan.named(part, 0)).name.removesuffix(f"{0:06d}{part.suffix}"),
            part.suffix,
            plan.path,
            run.before,
            run.token,
            plan.first,
            run.first,
            run.locked,
            plan.compression,
            slots,
            again=not plan.clock(part).dated and bool(run.kept),
        )

    def file(self, step: int) -> StepFile:
        """Give the file of a step of the plan."""
        if self.prefix is None:
            return _step_file(self.log.parent, self.log.name, self.token)
        return _step_file(self.folder, f"{self.prefix}{self.first + step:06d}{self.suffix}", self.token)

    def put(
        self,
        step: int,
        at: tuple[int, int, int],
        count: tuple[int, int, int],
        values: Sequence[np.ndarray],
        number: int,
    ) -> None:
        """Write a block, of so many points, of a step; nothing where the step or the run has ended.

        Parameters
        ----------
        step : int
            Of the plan.
        at, count : tuple of int
            Where the block lies in the array, along z, y and x.
        values : sequence of ndarray
            One a component.
        number : int
            Which of the values' time steps.
        """
        file, listed = self.file(step), self.listed + step

        def opened(one: StepFile) -> int | None:
            return open_block(one, file.final, self.log, self.before, listed, locked=self.locked, again=self.again)

        if self.method is not None and self.slots is not None:
            with HiddenFiles(file, opened) as files:
                stage_block(files, self.array, at, count, values, number, slots=self.slots, method=self.method)
            return
        fd = opened(file)
        if fd is not None:
            try:
                write_block(fd, self.array, at, count, values, number)
            finally:
                os.close(fd)

    def note(self, steps: Sequence[int]) -> str:
        """Give what is said of a task that works for some steps."""
        one = len(steps) == 1
        told = f"step {steps[0]}" if one else f"steps {steps[0]} to {steps[-1]}"
        return f"{self.array.name!r} of {told}, to {self.file(steps[0]).final}{'' if one else ' and on'}"


def write_task(
    blocks: Sequence[tuple[Sequence[int], tuple[slice, ...]]],
    *values: np.ndarray,
    target: Target,
    index: tuple[str, ...],
) -> str:
    """Write some blocks, each of which may span several files, and give the name of the hidden files' owner.

    Parameters
    ----------
    blocks : sequence of (steps, place)
        Where each block's files begin, and its files and points, along the roles of the index.
    *values : ndarray
        Of each block in turn, one a component.
    target : Target
    index : tuple of str
        Roles, the time first.
    """
    many = len(target.array.sources)
    for number, (steps, place) in enumerate(blocks):
        at = dict(zip(index, place, strict=True))
        _write(steps, at, values[number * many : (number + 1) * many], target)
    return own_name()


def _write(steps: Sequence[int], place: Mapping[str, slice], values: Sequence[np.ndarray], target: Target) -> None:
    array = target.array
    start, count = [], []
    for role, size in zip(AXES[1:], array.shape, strict=True):
        cut = place.get(role, slice(0, size))
        flipped = any(role in c.flips and role in c.roles for c in array.sources)
        start.append(size - cut.stop if flipped else cut.start)
        count.append(cut.stop - cut.start)
    for number, step in enumerate(steps):
        try:
            target.put(step, (start[0], start[1], start[2]), (count[0], count[1], count[2]), values, number)
        except Exception as error:
            error.add_note(f"while writing {array.name!r} of step {step} to {target.file(step).final}")
            raise
