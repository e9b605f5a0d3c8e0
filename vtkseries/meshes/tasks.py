"""A series of meshes as dask tasks: the steps of a chunk are made by one, and listed in order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import dask
import numpy as np
import xarray as xr
from dask.delayed import Delayed

from vtkseries.beside import write_beside
from vtkseries.errors import SeriesError
from vtkseries.meshes.steps import Selection
from vtkseries.meshes.write import Builder, MeshSeries, list_step, make_step, write_meshes
from vtkseries.run import Run, begin, discard, finish, late, start
from vtkseries.serial import locked
from vtkseries.storage.recover import stale_temporaries
from vtkseries.storage.stepfile import StepFile, new_token

__all__ = ["execute"]


def execute(series: MeshSeries, *, compute: bool = True) -> Path | Delayed:
    """Write a planned series of meshes.

    Parameters
    ----------
    series : MeshSeries
    compute : bool
        Write now and give the path; otherwise give one Delayed of it, and nothing is written until it is computed.
    """
    if compute:
        return write_meshes(series)
    if any(v.chunks is not None for v in (*series.sources.values(), *series.beside.values())):
        return _Series(series)
    return _task(write_meshes, _node(series))


class _Series(Delayed):  # type: ignore[misc]  # dask has no types
    """A series to be written; each time that it is computed is a run of its own."""

    __slots__ = ("_series",)

    def __init__(self, series: MeshSeries) -> None:
        super().__init__(f"vtkseries-{new_token()}", None)
        self._series = series

    @property
    def dask(self) -> Any:
        """The tasks of a new run."""
        return _graph(start(self._series.plan, locked=False), self._series, self.key).dask

    def compute(self, **options: Any) -> Path:
        """Write the series and give its path, alone as its writer."""
        plan, run = self._series.plan, None
        try:
            with locked(plan):
                run = start(plan)
                try:
                    path: Path = _graph(run, self._series).compute(**options)
                finally:
                    # Tries that failed or came twice leave what they were writing, and nobody else may write now.
                    for leftover in stale_temporaries(plan.path, ""):
                        leftover.unlink(missing_ok=True)
        except BaseException as error:
            if run is not None:
                discard(run)
            error.add_note(f"while writing {plan.path}")
            raise
        return path


@dataclass(frozen=True)
class _Shared:
    """What all tasks of a run have in common."""

    run: Run
    build: Builder
    selection: Selection
    beside: tuple[str, ...]


def _graph(run: Run, series: MeshSeries, key: str | None = None) -> Delayed:
    """Make the steps of each chunk, list them one after the other, and give the path, under `key`."""
    name, plan = f"vtkseries-{run.token}", run.plan
    shared = _node(_Shared(run, series.build, series.selection, tuple(item.source for item in plan.fields)))
    nodes = _Nodes(series)
    files = {
        n: nodes.at(n, v, None)
        for n, v in series.beside.items()
        if any(n.startswith(f"{i.name}:") for i in plan.beside)
    }
    before = _task(_beside_task, shared, files)
    for first, stop in itertools.pairwise(_cuts(series, plan.steps)):
        values = {name: nodes.at(name, variable, (first, stop)) for name, variable in series.sources.items()}
        fields = {i.source: nodes.at(i.source, series.beside[i.source], (first, stop)) for i in plan.fields}
        made = _task(_make_task, shared, first, stop, list(values), list(values.values()), list(fields.values()))
        before = _task(_list_task, shared, made, before)
    return _task(_finish_task, shared, before, key=key or name)


def _task(function: Callable[..., Any], *arguments: Any, key: str | None = None) -> Delayed:
    made = dask.delayed(function, pure=False)
    return made(*arguments) if key is None else made(*arguments, dask_key_name=key)


def _node(value: Any) -> Delayed:
    """Give a value that tasks share, which dask is not to look into."""
    return dask.delayed(value, traverse=False)


class _Nodes:
    """The variables as tasks need them: their dims, and what gives their values."""

    def __init__(self, series: MeshSeries) -> None:
        self._selection = series.selection
        self._steady: dict[Hashable, tuple[tuple[Hashable, ...], Any]] = {}

    def at(
        self, key: Hashable, variable: xr.Variable, steps: tuple[int, int] | None
    ) -> tuple[tuple[Hashable, ...], Any]:
        """Give what a variable is at some steps; what stays is one node for all of them."""
        selection = self._selection
        if steps is None or not selection.moves(variable):
            if key not in self._steady:
                self._steady[key] = (variable.dims, _lazy(variable))
            return self._steady[key]
        if selection.members is not None:
            part = selection.of(variable, steps[0])
        else:
            part = variable.isel({selection.time: slice(*steps)})
        return part.dims, _lazy(part)


def _lazy(variable: xr.Variable) -> Delayed:
    if variable.chunks is not None:
        return _task(np.asarray, variable.data)
    return _task(_values, _node(variable))


def _values(variable: xr.Variable) -> np.ndarray[Any, Any]:
    return np.asarray(variable.values)


def _cuts(series: MeshSeries, steps: int) -> list[int]:
    """Give where the steps that one task makes begin, and where they end: those of a chunk."""
    selection = series.selection
    starts = {0, steps}
    if selection.members is not None:
        return list(range(steps + 1))
    for variable in series.sources.values():
        if variable.chunks is not None and selection.time in variable.dims:
            starts |= set(itertools.accumulate(variable.chunksizes[selection.time]))
    return sorted(starts) if len(starts) > 2 or steps == 1 else list(range(steps + 1))  # noqa: PLR2004  # one chunk


def _beside_task(shared: _Shared, given: Mapping[str, tuple[tuple[Hashable, ...], Any]]) -> None:
    run = shared.run
    write_beside(run.plan, {name: xr.Variable(dims, values) for name, (dims, values) in given.items()}, run.token)


def _make_task(
    shared: _Shared, first: int, stop: int, keys: list[Hashable], values: list[Any], fields: list[Any]
) -> list[tuple[int, list[StepFile]]]:
    """Make some steps under their temporary names; another try at the same time writes the same bytes."""
    run = shared.run
    variables = {key: xr.Variable(dims, array) for key, (dims, array) in zip(keys, values, strict=True)}
    members = shared.selection.members is not None
    made = []
    for step in range(first, stop):
        at = variables.__getitem__ if members else partial(_at, variables, shared.selection, step, first)
        told = {
            item.source: array[step - first] if item.has_time else array
            for item, (_, array) in zip(run.plan.fields, fields, strict=True)
        }
        files = [StepFile(run.plan.file(part, step), run.token) for part in run.plan.parts]
        try:
            make_step(run.plan, shared.build, step, files, at, told)
        except Exception as error:
            error.add_note(f"while writing step {step} of {run.plan.path}")
            raise
        if any(late(run, part, step) for part in run.plan.parts):
            for file in files:
                file.discard()
        made.append((step, files))
    return made


def _at(
    variables: Mapping[Hashable, xr.Variable], selection: Selection, step: int, first: int, key: Hashable
) -> xr.Variable:
    return selection.of(variables[key], step, first)


def _list_task(shared: _Shared, made: list[tuple[int, list[StepFile]]], _: Any) -> None:
    try:
        index = begin(shared.run)
        try:
            for step, files in made:
                list_step(shared.run, index, step, files)
        finally:
            if index is not None:
                index.release()
    except SeriesError:  # refused, as another writer has the series: nothing of this run is wanted any more
        for _, files in made:
            for file in files:
                file.discard()
        raise


def _finish_task(shared: _Shared, _: Any) -> Path:
    index = begin(shared.run)
    try:
        return finish(shared.run, index)
    finally:
        if index is not None:
            index.release()
