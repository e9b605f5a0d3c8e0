"""A plan carried out as dask tasks, or step by step where nothing is chunked; the only module that imports dask."""

from __future__ import annotations

import bisect
import itertools
import os
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import dask
import dask.array as da
import numpy as np
from dask.array.core import unify_chunks
from dask.base import tokenize
from dask.delayed import Delayed
from dask.highlevelgraph import HighLevelGraph
from dask.layers import ArraySliceDep
from dask.utils import ensure_dict
from xarray import Variable

from vtkseries.beside import write_beside
from vtkseries.blocks import write_block
from vtkseries.culprits import named
from vtkseries.errors import SeriesError
from vtkseries.plan.chunking import part_chunks, time_chunks
from vtkseries.plan.model import ArrayPlan, Component, SeriesPlan
from vtkseries.run import Run, begin, commit, discard, finish, hidden, open_block, start
from vtkseries.serial import locked, write_locked
from vtkseries.staging import Slots, slots_of, stage_block, staged
from vtkseries.storage.recover import stale_temporaries
from vtkseries.storage.stepfile import StepFile, new_token
from vtkseries.xmlformat.codecs import Codec

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import xarray as xr

    from vtkseries.plan.build import Prepared

__all__ = ["execute", "progress_bar"]

_AXES = ("time", "z", "y", "x")

_MOST_STEPS, _MOST_BYTES = 64, 1 << 22
"""Of steps that one task commits, since a task costs more than the commit of a small step."""


def execute(prepared: Prepared, *, compute: bool = True) -> Path | Delayed:
    """Write a planned series.

    Parameters
    ----------
    prepared : Prepared
    compute : bool
        Write now and give the path; otherwise give one Delayed of it, and nothing is written until it is computed.
    """
    chunked = any(variable.chunks is not None for variable in prepared.sources.values())
    if not compute:
        if not chunked:
            return dask.delayed(write_locked, pure=False)(prepared.plan, prepared.sources)
        return _Series(prepared)
    if not chunked:
        return write_locked(prepared.plan, prepared.sources)
    return _compute(prepared)


def _compute(prepared: Prepared, **options: Any) -> Path:
    run = None
    try:
        with locked(prepared.plan):
            run = start(prepared.plan)
            write_beside(run.plan, prepared.sources, run.token)
            path: Path = _graph(run, prepared.sources).compute(**options)
            # Workers that died in a write leave what they were writing, and nobody else may write now.
            for leftover in stale_temporaries(path, ""):
                leftover.unlink(missing_ok=True)
    except BaseException as error:
        if run is not None:
            discard(run)  # now that the lock is gone, tasks that still run make no files any more
            error.add_note(f"while writing {prepared.plan.path}")
        raise
    return path


class _Series(Delayed):  # type: ignore[misc]  # dask has no types
    """A series to be written; each time that it is computed is a run of its own."""

    __slots__ = ("_prepared",)

    def __init__(self, prepared: Prepared) -> None:
        super().__init__(f"vtkseries-{new_token()}", None)
        self._prepared = prepared

    @property
    def dask(self) -> HighLevelGraph:
        """The tasks of a new run."""
        run = start(self._prepared.plan, locked=False)
        return _graph(run, self._prepared.sources, self.key, beside=True).dask

    def compute(self, **options: Any) -> Path:
        """Write the series and give its path, alone as its writer."""
        return _compute(self._prepared, **options)


def progress_bar(stream: TextIO) -> AbstractContextManager[Any]:
    """Show on a stream how far the tasks that this process runs have come."""
    from dask.diagnostics import ProgressBar  # noqa: PLC0415 (only for those who watch)

    bar: AbstractContextManager[Any] = ProgressBar(out=stream)
    return bar


@dataclass(frozen=True)
class _Target:
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

    def file(self, step: int) -> StepFile:
        if self.prefix is None:
            return StepFile(self.log, self.token)
        return StepFile(self.folder / f"{self.prefix}{self.first + step:06d}{self.suffix}", self.token)

    def open(self, step: int) -> int | None:
        file = self.file(step)
        own = file if self.method is None else hidden(file)
        return open_block(own, file.final, self.log, self.before, self.listed + step, locked=self.locked)

    @property
    def put(self) -> Callable[..., None]:
        """How a block is written."""
        if self.method is None or self.slots is None:
            return write_block
        return partial(stage_block, slots=self.slots, method=self.method)


def _graph(run: Run, sources: Mapping[str, xr.Variable], key: str | None = None, *, beside: bool = False) -> Delayed:
    plan = run.plan
    writes: list[da.Array] = []
    bounds: list[tuple[int, ...]] = []
    steps = time_chunks(plan, sources)
    for part in plan.parts:
        cuts = {"time": steps, **part_chunks(part, sources)}
        example = plan.file(part, 0)
        prefix = None if plan.single else example.name.removesuffix(f"{plan.first:06d}{part.suffix}")
        slots = slots_of(part) if plan.compression is not None else {}
        for array in part.arrays:
            target = _Target(
                array,
                example.parent,
                prefix,
                part.suffix,
                plan.path,
                run.before,
                run.token,
                plan.first,
                run.first,
                run.locked,
                plan.compression,
                slots.get(array.position),
            )
            blocks, chunks = _array_blocks(target, sources, cuts)
            writes.append(blocks)
            bounds.append(tuple(itertools.accumulate(chunks, initial=0)))
    fields = {item.source: _field_array(sources[item.source], has_time=item.has_time) for item in plan.fields}
    tasks = _named_tasks(plan, writes, bounds)
    first = _beside_task(run, sources) if beside and plan.beside else None
    return _chain(run, writes, bounds, tasks, fields, key or f"vtkseries-{run.token}", first)


def _beside_task(run: Run, sources: Mapping[str, xr.Variable]) -> Delayed:
    """Give the task that writes the files beside the steps, where tasks are all that runs."""
    wanted = {f"{item.name}:{name}" for item in run.plan.beside for name, _ in item.arrays}
    given = {name: (variable.dims, variable.data) for name, variable in sources.items() if name in wanted}
    return dask.delayed(_write_beside, pure=False)(run, given)


def _write_beside(run: Run, given: Mapping[str, tuple[tuple[Hashable, ...], Any]]) -> None:
    write_beside(run.plan, {name: Variable(dims, data) for name, (dims, data) in given.items()}, run.token)


def _named_tasks(plan: SeriesPlan, writes: list[da.Array], bounds: list[tuple[int, ...]]) -> dict[Hashable, Any]:
    """Give all tasks up to those that write blocks; their errors say for which step and file they ran."""
    tasks: dict[Hashable, Any] = {}
    for graph in {id(array.dask): array.dask for array in dask.optimize(*writes)}.values():
        tasks.update(ensure_dict(graph))
    notes = []
    arrays = [(part, array) for part in plan.parts for array in part.arrays]
    for (part, array), blocks, cuts in zip(arrays, writes, bounds, strict=True):
        for first, stop in itertools.pairwise(cuts):
            steps = f"step {first}" if stop == first + 1 else f"steps {first} to {stop - 1}"
            note = f"{array.name!r} of {steps}, to {plan.file(part, first)}{' and on' if stop > first + 1 else ''}"
            notes += [(key, note) for key in _keys(blocks, cuts, first)]
    return named(tasks, notes)


def _array_blocks(
    target: _Target, sources: Mapping[str, xr.Variable], cuts: Mapping[str, tuple[int, ...]]
) -> tuple[da.Array, tuple[int, ...]]:
    array = target.array
    operands: list[Any] = []
    for component in array.sources:
        data = _dask(sources[component.source], component, cuts)
        operands += [data, component.roles]
    present = {role for component in array.sources for role in component.roles} - {"c"}
    index = [role for role in _AXES if role in present or role == "time"]
    if "time" not in present:
        operands += [da.arange(sum(cuts["time"]), chunks=(cuts["time"],)), ("time",)]
    chunks, aligned = unify_chunks(*operands)
    many = len(array.sources)
    flat = [item for pair in zip(aligned[:many], operands[1 : 2 * many : 2], strict=True) for item in pair]
    blocks = da.blockwise(
        _write_task,
        tuple(index),
        ArraySliceDep(tuple(chunks[role] for role in index)),
        tuple(index),
        *flat,
        target=target,
        index=tuple(index),
        dtype="i1",
        adjust_chunks=dict.fromkeys(index, lambda _: 1),
        align_arrays=False,
        concatenate=True,
        meta=np.empty((0,) * len(index), "i1"),
        name=f"vtkseries-write-{tokenize(target)}",
    )
    return blocks, chunks["time"]


def _dask(variable: xr.Variable, component: Component, cuts: Mapping[str, tuple[int, ...]]) -> da.Array:
    data = variable.data if variable.chunks is not None else _blocks(variable, component, cuts)
    if "c" in component.roles:
        data = data.rechunk({component.roles.index("c"): -1})
    return data


def _blocks(variable: xr.Variable, component: Component, cuts: Mapping[str, tuple[int, ...]]) -> da.Array:
    """Cut what dask has not: values in memory into views, since dask would copy them and sum them for a name."""
    chunks = tuple(
        cuts[role] if sum(cuts.get(role, ())) == size else (size,)
        for role, size in zip(component.roles, variable.shape, strict=True)
    )
    if not variable._in_memory:  # noqa: SLF001 (xarray has no public word for it)
        return variable.chunk(dict(zip(variable.dims, chunks, strict=True))).data
    values, name = variable.values, f"vtkseries-values-{new_token()}"
    bounds = [tuple(itertools.accumulate(sizes, initial=0)) for sizes in chunks]
    blocks = {
        (name, *place): values[tuple(slice(at[i], at[i + 1]) for at, i in zip(bounds, place, strict=True))]
        for place in itertools.product(*(range(len(sizes)) for sizes in chunks))
    }
    return da.Array(blocks, name, chunks, dtype=values.dtype)


def _field_array(variable: xr.Variable, *, has_time: bool) -> da.Array | np.ndarray:
    if variable.chunks is None:
        return np.asarray(variable.values) if not has_time else da.from_array(variable.values, chunks=-1)
    return variable.data


def _write_task(place: tuple[slice, ...], *values: np.ndarray, target: _Target, index: tuple[str, ...]) -> np.ndarray:
    """Write one block, which may span several steps; gives nothing but a sign that it is done."""
    at = {role: (cut.start, cut.stop - cut.start) for role, cut in zip(index, place, strict=True)}
    array = target.array
    begin_at, count = [], []
    for role, size in zip(_AXES[1:], array.shape, strict=True):
        first, many = at.get(role, (0, size))
        flipped = any(role in c.flips and role in c.roles for c in array.sources)
        begin_at.append(size - first - many if flipped else first)
        count.append(many)
    first, many = at["time"]
    for step in range(many):
        file = target.file(first + step)
        try:
            fd = target.open(first + step)
            if fd is None:
                continue
            try:
                start_, count_ = (begin_at[0], begin_at[1], begin_at[2]), (count[0], count[1], count[2])
                target.put(fd, array, start_, count_, values, step)
            finally:
                os.close(fd)
        except Exception as error:
            error.add_note(f"while writing {array.name!r} of step {first + step} to {file.final}")
            raise
    return np.zeros((1,) * len(index), "i1")


def _chain(
    run: Run,
    writes: list[da.Array],
    bounds: list[tuple[int, ...]],
    tasks: dict[Hashable, Any],
    fields: Mapping[str, Any],
    key: str,
    first_of_all: Delayed | None = None,
) -> Delayed:
    """Commit the steps in order, as soon as all their blocks are written; the `key` is that of the path."""
    plan = run.plan
    cuts = _together(sorted({0, plan.steps, *itertools.chain.from_iterable(bounds)}), plan)
    name = f"vtkseries-commit-{run.token}"
    dsk: dict[Hashable, Any] = {**tasks, f"{name}-run": run}
    lazy = {source: value for source, value in fields.items() if isinstance(value, da.Array)}
    fixed = {source: value for source, value in fields.items() if source not in lazy}
    pieces = {source: _delayed_fields(array, cuts, plan) for source, array in lazy.items()}
    before: Hashable = None if first_of_all is None else first_of_all.key
    for number, (first, stop) in enumerate(itertools.pairwise(cuts)):
        done = [block for array, cut in zip(writes, bounds, strict=True) for block in _keys(array, cut, first, stop)]
        values = [pieces[source][number].key for source in lazy]
        dsk[(name, number)] = (_commit_task, f"{name}-run", first, stop, fixed, list(lazy), values, before, done)
        before = (name, number)
    dsk[key] = (_finish_task, f"{name}-run", before)
    dependencies = [piece for group in pieces.values() for piece in group]
    dependencies += [] if first_of_all is None else [first_of_all]
    graph = HighLevelGraph.from_collections(name, dsk, dependencies=dependencies)
    return Delayed(key, graph, layer=name)


def _together(cuts: list[int], plan: SeriesPlan) -> list[int]:
    """Give where the steps that one task commits begin, and where they end: several where they are small."""
    size = sum(part.size for part in plan.parts)
    kept = cuts[:1]
    for cut, following in itertools.pairwise(cuts[1:]):
        if following - kept[-1] > _MOST_STEPS or (following - kept[-1]) * size > _MOST_BYTES:
            kept.append(cut)
    return [*kept, *cuts[-1:]]


def _keys(array: da.Array, cuts: tuple[int, ...], first: int, stop: int | None = None) -> Iterator[Hashable]:
    """Give the tasks that write blocks of some steps, by default of one."""
    begin_, end = bisect.bisect_right(cuts, first) - 1, bisect.bisect_left(cuts, stop or first + 1)
    ranges = [range(begin_, end), *(range(count) for count in array.numblocks[1:])]
    for place in itertools.product(*ranges):
        yield (array.name, *place)


def _delayed_fields(array: da.Array, cuts: list[int], plan: SeriesPlan) -> list[Delayed]:
    has_time = array.ndim == 1 and array.shape[0] == plan.steps
    result = []
    for first, stop in itertools.pairwise(cuts):
        piece = array[first:stop] if has_time else array
        result.append(dask.delayed(np.asarray, pure=False)(piece))
    return result


def _commit_task(
    run: Run, first: int, stop: int, fixed: dict[str, np.ndarray], names: list[str], values: list[Any], *_: Any
) -> int:
    try:
        index = begin(run)
    except SeriesError:
        discard(run)  # refused, as another writer has the series: nothing of this run is wanted any more
        raise
    try:
        for step in range(first, stop):
            given = dict(fixed)
            for item in run.plan.fields:
                if item.source in names:
                    value = np.asarray(values[names.index(item.source)])
                    given[item.source] = value[step - first] if item.has_time else value
            streams = None if run.plan.compression is None else partial(staged, run, step=step)
            try:
                commit(run, index, step, given, streams)
            except Exception as error:
                files = ", ".join(str(run.plan.file(part, step)) for part in run.plan.parts[:3])
                error.add_note(f"while completing step {step} of {run.plan.path}: {files}")
                raise
    finally:
        if index is not None:
            index.release()
    return stop


def _finish_task(run: Run, _: Any) -> Path:
    index = begin(run)
    try:
        return finish(run, index)
    finally:
        if index is not None:
            index.release()
