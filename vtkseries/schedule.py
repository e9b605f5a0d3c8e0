"""A plan carried out as dask tasks, or step by step where nothing is chunked; the only module that imports dask."""

from __future__ import annotations

import bisect
import itertools
import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import dask
import dask.array as da
import numpy as np
from dask._task_spec import Alias, DataNode, GraphNode, Task, TaskRef
from dask.array.core import unify_chunks
from dask.core import get_dependencies
from dask.delayed import Delayed
from dask.highlevelgraph import HighLevelGraph
from dask.utils import ensure_dict
from xarray import Variable

from vtkseries.beside import write_beside
from vtkseries.blocktask import AXES, Target, write_task
from vtkseries.culprits import name_culprits
from vtkseries.errors import SeriesError
from vtkseries.plan.chunking import part_chunks, time_chunks
from vtkseries.plan.model import Clock, Component, SeriesPlan
from vtkseries.run import Run, begin, commit, discard, finish, start
from vtkseries.serial import locked, write_locked
from vtkseries.staging import slots_of, staged
from vtkseries.storage.recover import stale_temporaries
from vtkseries.storage.stepfile import new_token

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import xarray as xr

    from vtkseries.plan.build import Prepared

__all__ = ["execute", "progress_bar"]

_MOST_STEPS, _MOST_BYTES = 64, 1 << 22
"""Of steps that one task commits, since a task costs more than the commit of a small step."""

_MOST_AT_HAND = 1 << 20
"""Bytes that one task writes where it has several blocks, since a task costs more than a small block."""


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


def _graph(run: Run, sources: Mapping[str, xr.Variable], key: str | None = None, *, beside: bool = False) -> Delayed:
    plan = run.plan
    writes: list[_Writes] = []
    for part in plan.parts:
        clock = plan.clock(part)
        cuts = {"time": time_chunks(clock, sources), **part_chunks(part, sources)}
        slots = slots_of(part) if plan.compression is not None else {}
        for array in part.arrays:
            target = Target.of(run, part, array, slots.get(array.position))
            writes.append(_array_writes(f"vtkseries-write-{run.token}-{len(writes)}", target, sources, cuts, clock))
    first = _beside_task(run, sources) if beside and plan.beside else None
    return _chain(run, writes, sources, key or f"vtkseries-{run.token}", first)


def _beside_task(run: Run, sources: Mapping[str, xr.Variable]) -> Delayed:
    """Give the task that writes the files beside the steps, where tasks are all that runs."""
    wanted = {f"{item.name}:{name}" for item in run.plan.beside for name, _ in item.arrays}
    given = {name: (variable.dims, variable.data) for name, variable in sources.items() if name in wanted}
    return dask.delayed(_write_beside, pure=False)(run, given)


def _write_beside(run: Run, given: Mapping[str, tuple[tuple[Hashable, ...], Any]]) -> None:
    write_beside(run.plan, {name: Variable(dims, data) for name, (dims, data) in given.items()}, run.token)


@dataclass(frozen=True)
class _Writes:
    """The blocks of one array, each of which a task writes.

    Attributes
    ----------
    name : str
        Of the tasks, each of which has its block's place behind it.
    target : Target
    chunks : mapping of role to tuple of int
        How the array is cut, the time first.
    operands : sequence of (dask array, roles)
        One a component; all of an array's chunks have the same borders.
    clock : Clock
        Says at which steps the files begin.
    """

    name: str
    target: Target
    chunks: Mapping[str, tuple[int, ...]]
    operands: Sequence[tuple[da.Array, tuple[str, ...]]]
    clock: Clock

    @property
    def begins(self) -> Iterator[int]:
        """The steps at which blocks begin."""
        sizes = self.chunks["time"]
        return (
            self.clock.step(stop - size) for size, stop in zip(sizes, itertools.accumulate(sizes), strict=True) if size
        )

    def blocks(self) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...], list[Hashable]]]:
        """Give each block's number and place along each role, the files first, and the tasks that make its values."""
        cuts = [
            [slice(*pair) for pair in itertools.pairwise(itertools.accumulate(sizes, initial=0))]
            for sizes in self.chunks.values()
        ]
        at = {role: axis for axis, role in enumerate(self.chunks)}
        axes = [
            (data.name, [at[role] if many > 1 else None for role, many in zip(roles, data.numblocks, strict=True)])
            for data, roles in self.operands
        ]
        for number in itertools.product(*(range(len(some)) for some in cuts)):
            keys: list[Hashable] = [
                (name, *(0 if axis is None else number[axis] for axis in order)) for name, order in axes
            ]
            yield number, tuple(some[i] for some, i in zip(cuts, number, strict=True)), keys


def _array_writes(
    name: str, target: Target, sources: Mapping[str, xr.Variable], cuts: Mapping[str, tuple[int, ...]], clock: Clock
) -> _Writes:
    components = target.array.sources
    flat: list[Any] = []
    for component in components:
        flat += [_dask(sources[component.source], component, cuts), component.roles]
    chunks, aligned = unify_chunks(*flat)
    chunks = {"time": cuts["time"]} | chunks
    order = [role for role in AXES if role in chunks]
    roles = (component.roles for component in components)
    return _Writes(name, target, {role: chunks[role] for role in order}, list(zip(aligned, roles, strict=True)), clock)


@dataclass
class _Batch:
    """What one task writes: a block, or several small ones whose values are there before it begins."""

    name: Hashable
    commit: int
    room: int
    blocks: list[tuple[Sequence[int], tuple[slice, ...]]] = field(default_factory=list)
    values: list[GraphNode | TaskRef] = field(default_factory=list)

    def task(self, write: Callable[..., str]) -> Task:
        """Give the task."""
        reads = any(value.data_producer for value in self.values if isinstance(value, GraphNode))
        return Task(self.name, write, tuple(self.blocks), *self.values, _data_producer=reads)


def _batches(writes: Sequence[_Writes], cuts: Sequence[int], graph: dict[Hashable, Any]) -> Iterator[list[_Batch]]:
    """Give what the tasks write that belong to each array; the steps from one cut to the next are committed together.

    A task whose values one block alone wants is taken out of the graph and made part of the task that writes it, so
    that they never travel. An error of what the graph holds says for which step and file it ran.
    """
    wanted = Counter(key for node in graph.values() for key in get_dependencies(graph, task=node))
    wanted.update(key for array in writes for _, _, keys in array.blocks() for key in keys)
    seen: set[Hashable] = set()
    for array in writes:
        found: list[_Batch] = []
        point = array.target.array.components * np.dtype(array.target.array.dtype).itemsize
        for number, place, keys in array.blocks():
            steps = array.clock.begins(place[0].start, place[0].stop)
            if not steps:  # as where a condition on the time holds nowhere in a chunk
                continue
            name_culprits(graph, keys, partial(array.target.note, steps), seen)
            there = all(isinstance(graph.get(key), DataNode) for key in keys)
            size = math.prod(cut.stop - cut.start for cut in place) * point if there else _MOST_AT_HAND + 1
            commit = bisect.bisect_right(cuts, steps[0]) - 1
            if not found or found[-1].commit != commit or found[-1].room < size:
                found.append(_Batch((array.name, *number), commit, _MOST_AT_HAND))
            batch = found[-1]
            batch.room -= size
            batch.blocks.append((steps, place))
            batch.values += [_taken(graph, key, wanted) for key in keys]
        yield found


def _taken(graph: dict[Hashable, Any], key: Hashable, wanted: Mapping[Hashable, int]) -> GraphNode | TaskRef:
    """Take a task out of a graph where nobody else wants it; otherwise give the reference to it."""
    node = graph.get(key)
    if wanted[key] != 1 or not isinstance(node, GraphNode):
        return TaskRef(key)
    del graph[key]
    return _taken(graph, node.target, wanted) if isinstance(node, Alias) else node


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


def _chain(
    run: Run,
    writes: Sequence[_Writes],
    sources: Mapping[str, xr.Variable],
    key: str,
    first_of_all: Delayed | None = None,
) -> Delayed:
    """Commit the steps in order, as soon as all their blocks are written; the `key` is that of the path."""
    plan = run.plan
    cuts = _together(sorted({0, plan.steps}.union(*(array.begins for array in writes))), plan)
    name = f"vtkseries-commit-{run.token}"
    operands = [data for array in writes for data, _ in array.operands]
    dsk: dict[Hashable, Any] = {f"{name}-run": DataNode(f"{name}-run", run)}
    for tasks in {id(data.dask): data.dask for data in dask.optimize(*operands)}.values():
        dsk.update(ensure_dict(tasks))
    done: list[list[TaskRef]] = [[] for _ in cuts]
    for array, batches in zip(writes, _batches(writes, cuts, dsk), strict=True):
        write = partial(write_task, target=array.target, index=tuple(array.chunks))
        for batch in batches:
            dsk[batch.name] = batch.task(write)
            done[batch.commit].append(TaskRef(batch.name))
    fixed, lazy = _fields(plan, sources, cuts)
    before = () if first_of_all is None else (TaskRef(first_of_all.key),)
    for number, (first, stop) in enumerate(itertools.pairwise(cuts)):
        values = [TaskRef(pieces[number].key) for pieces in lazy.values()]
        at = (name, number)
        about = (first, stop, fixed, tuple(lazy))
        dsk[at] = Task(at, _commit_task, TaskRef(f"{name}-run"), *about, *values, *before, *done[number])
        before = (TaskRef(at),)
    dsk[key] = Task(key, _finish_task, TaskRef(f"{name}-run"), *before)
    dependencies = [piece for pieces in lazy.values() for piece in pieces]
    dependencies += [] if first_of_all is None else [first_of_all]
    graph = HighLevelGraph.from_collections(name, dsk, dependencies=dependencies)
    return Delayed(key, graph, layer=name)


def _fields(
    plan: SeriesPlan, sources: Mapping[str, xr.Variable], cuts: list[int]
) -> tuple[dict[str, np.ndarray], dict[str, list[Delayed]]]:
    """Give the values of the variables without a spatial axis: at once, or for each task that commits."""
    fixed: dict[str, np.ndarray] = {}
    lazy: dict[str, list[Delayed]] = {}
    for clock, item in ((own, item) for own in plan.clocks for item in own.fields):
        value = _field_array(sources[item.source], has_time=item.has_time)
        if isinstance(value, da.Array):
            lazy[item.source] = _delayed_fields(value, cuts, clock if item.has_time else None)
        else:
            fixed[item.source] = value
    return fixed, lazy


def _together(cuts: list[int], plan: SeriesPlan) -> list[int]:
    """Give where the steps that one task commits begin, and where they end: several where they are small."""
    size = sum(part.size for part in plan.parts)
    kept = cuts[:1]
    for cut, following in itertools.pairwise(cuts[1:]):
        if following - kept[-1] > _MOST_STEPS or (following - kept[-1]) * size > _MOST_BYTES:
            kept.append(cut)
    return [*kept, *cuts[-1:]]


def _delayed_fields(array: da.Array, cuts: list[int], clock: Clock | None) -> list[Delayed]:
    result = []
    for first, stop in itertools.pairwise(cuts):
        files = range(0) if clock is None else clock.between(first, stop)
        piece = array if clock is None else array[files.start : files.stop]
        result.append(dask.delayed(np.asarray, pure=False)(piece))
    return result


def _commit_task(
    run: Run, first: int, stop: int, fixed: dict[str, np.ndarray], names: tuple[str, ...], *results: Any
) -> int:
    """Commit some steps; the results are the values of the names, and of what else had to be done before."""
    owners = sorted({owner for owner in results[len(names) :] if isinstance(owner, str)})
    try:
        index = begin(run)
    except SeriesError:
        discard(run)  # refused, as another writer has the series: nothing of this run is wanted any more
        raise
    try:
        for step in range(first, stop):
            given = dict(fixed)
            for clock in run.plan.clocks:
                for item in clock.fields if clock.between(step, step + 1) else ():
                    if item.source in names:
                        value = np.asarray(results[names.index(item.source)])
                        at = clock.at(step) - clock.between(first, stop).start
                        given[item.source] = value[at] if item.has_time else value
            streams = None if run.plan.compression is None else partial(staged, run, step=step, owners=owners)
            try:
                commit(run, index, step, given, streams, owners)
            except Exception as error:
                files = ", ".join(str(run.plan.file(part, step)) for part in run.plan.parts[:3])
                error.add_note(f"while completing step {step} of {run.plan.path}: {files}")
                raise
    finally:
        if index is not None:
            index.release()
    return stop


def _finish_task(run: Run, *_: Any) -> Path:
    index = begin(run)
    try:
        return finish(run, index)
    finally:
        if index is not None:
            index.release()
