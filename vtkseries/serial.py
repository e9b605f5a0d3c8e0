"""A plan carried out step by step, in this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from vtkseries.beside import write_beside
from vtkseries.blocks import BlockBytes, block_values, write_block
from vtkseries.cf.lazy import computed
from vtkseries.hidden import HiddenFiles, own_name
from vtkseries.plan.model import ArrayPlan, Component, PartPlan, SeriesPlan
from vtkseries.run import Run, begin, commit, discard, finish, start
from vtkseries.staging import StagedStreams, slots_of, stage_block, staged
from vtkseries.storage.lock import Lock
from vtkseries.storage.regions import threads
from vtkseries.storage.stepfile import StepFile
from vtkseries.streams import encode_blocks
from vtkseries.xmlformat.codecs import Codec

__all__ = ["MemoryStreams", "locked", "step_values", "write_array", "write_locked"]

_SLAB = 1 << 26
"""Bytes read at a time from a variable that is neither in memory nor chunked by dask."""

_MADE = 1 << 23
"""Bytes made at a time by each thread where reading only computes."""

_AXES = ("z", "y", "x")


def locked(plan: SeriesPlan) -> Lock:
    """Give the lock on a plan's series, to be held while it is written."""
    plan.path.parent.mkdir(parents=True, exist_ok=True)
    return Lock(plan.path)


def write_locked(plan: SeriesPlan, sources: Mapping[str, xr.Variable]) -> Path:
    """Write a planned series as its only writer, and give its path.

    Raises
    ------
    SeriesError
        Another writer has it.
    """
    with locked(plan):
        return _write(start(plan), sources)


def _write(run: Run, sources: Mapping[str, xr.Variable]) -> Path:
    plan = run.plan
    index, step = None, 0
    try:
        write_beside(plan, sources, run.token)
        index = begin(run) if run.plan.mode == "a" else None
        for step in range(plan.steps):
            streams = None if plan.compression is None else partial(_streams, run, sources, step)
            for part in plan.parts if streams is None else ():
                if not plan.clock(part).between(step, step + 1):
                    continue
                fd = run.file(part, step).open_for_blocks()
                try:
                    for array in part.arrays:
                        write_array(fd, array, sources, plan.clock(part).at(step))
                finally:
                    os.close(fd)
            index = index if index is not None else begin(run)
            commit(run, index, step, step_values(plan, sources, step), streams, [own_name()])
        return finish(run, index)
    except BaseException as error:
        discard(run)
        names = ", ".join(str(plan.file(part, step)) for part in plan.parts[:3])
        error.add_note(f"while writing step {step} of {plan.path}: {names}")
        raise
    finally:
        if index is not None:
            index.release()


def step_values(plan: SeriesPlan, sources: Mapping[str, xr.Variable], step: int) -> dict[str, np.ndarray]:
    """Give the values, by source, of the variables without a spatial axis, for the files that begin at a step."""
    return {
        item.source: np.asarray((sources[item.source][number] if item.has_time else sources[item.source]).values)
        for clock in plan.clocks
        for number in clock.between(step, step + 1)
        for item in clock.fields
    }


@contextmanager
def _streams(
    run: Run, sources: Mapping[str, xr.Variable], step: int, part: PartPlan
) -> Iterator[MemoryStreams | StagedStreams]:
    """Give the source of a part's streams: what is in memory as it is, what is lazy after it was read slab by slab."""
    method = run.plan.compression
    assert method is not None  # noqa: S101  # nothing is encoded otherwise
    number = run.plan.clock(part).at(step)
    if all(_in_memory(array, sources) for array in part.arrays):
        yield MemoryStreams(sources, number, method)
        return
    with HiddenFiles(run.file(part, step), StepFile.open_for_blocks) as files:
        slots = slots_of(part)
        for array in part.arrays:
            put = partial(stage_block, slots=slots[array.position], method=method, parallel=True)
            write_array(files, array, sources, number, put)
    with staged(run, part, step, [own_name()]) as streams:
        yield streams


@dataclass(frozen=True)
class MemoryStreams:
    """The streams of variables in memory."""

    sources: Mapping[str, xr.Variable]
    step: int
    method: Codec
    _data: dict[int, BlockBytes] = field(default_factory=dict, repr=False, compare=False)

    def streams(self, array: ArrayPlan, first: int, stop: int) -> list[bytes]:
        """Give the streams of some blocks."""
        data = self._data.get(array.position)
        if data is None:
            blocks = [self.sources[component.source].values for component in array.sources]
            data = self._data[array.position] = BlockBytes(block_values(array, array.shape, blocks, self.step))
        stretch = data.read(first * array.block, min(stop * array.block, array.nbytes))
        return encode_blocks(stretch, array.block, self.method)


def _in_memory(array: ArrayPlan, sources: Mapping[str, xr.Variable]) -> bool:
    return all(sources[component.source]._in_memory for component in array.sources)  # noqa: SLF001 (xarray has no public word for it)


def write_array(
    file: int | HiddenFiles,
    array: ArrayPlan,
    sources: Mapping[str, xr.Variable],
    step: int,
    put: Callable[..., None] | None = None,
) -> None:
    """Write all of one array of a step to its place, reading what is lazy slab by slab."""
    variables = [sources[component.source] for component in array.sources]
    if _in_memory(array, sources):
        blocks = [variable.values for variable in variables]
        (put or partial(write_block, parallel=True))(file, array, (0, 0, 0), array.shape, blocks, step)
        return
    axis, size = _longest_outer_axis(array, variables)
    together = put is None and all(map(computed, variables))
    planes = max(1, (_MADE if together else _SLAB) // max(1, array.nbytes // size))

    def move(first: int) -> None:
        many = min(planes, size - first)
        start_ = [0, 0, 0]
        count = list(array.shape)
        start_[axis], count[axis] = first, many
        blocks = [
            _read(variable, component, step, _AXES[axis], slice(first, first + many), size)
            for component, variable in zip(array.sources, variables, strict=True)
        ]
        one = put or partial(write_block, parallel=not together)
        one(file, array, (start_[0], start_[1], start_[2]), (count[0], count[1], count[2]), blocks, 0)

    if together:
        with ThreadPoolExecutor(threads(), "vtkseries-compute") as pool:
            list(pool.map(move, range(0, size, planes)))
        return
    for first in range(0, size, planes):
        move(first)


def _longest_outer_axis(array: ArrayPlan, variables: list[xr.Variable]) -> tuple[int, int]:
    """Give the axis of (z, y, x) that is cut, the outermost of the variable that is longer than 1, and its length."""
    roles = array.sources[0].roles
    order = [role for role in roles if role in _AXES]
    sizes = dict(zip(roles, variables[0].shape, strict=True))
    role = next((role for role in order if sizes[role] > 1), order[0] if order else "z")
    axis = _AXES.index(role)
    return axis, array.shape[axis]


def _read(variable: xr.Variable, component: Component, step: int, axis: str, where: slice, size: int) -> np.ndarray:
    index: list[slice] = []
    for role, length in zip(component.roles, variable.shape, strict=True):
        if role == "time":
            index.append(slice(step, step + 1))
        elif role == axis and length == size:
            flip = role in component.flips
            index.append(slice(size - where.stop, size - where.start) if flip else where)
        else:
            index.append(slice(None))
    return np.asarray(variable[tuple(index)].values)
