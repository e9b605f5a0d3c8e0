"""Series of meshes: a file a step and part, each whole before it is listed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import xarray as xr

from vtkseries.beside import write_beside
from vtkseries.meshes.model import Mesh, Named
from vtkseries.meshes.steps import At, Selection, Steps
from vtkseries.plan.fielddata import step_fields
from vtkseries.plan.model import SeriesPlan
from vtkseries.run import Run, begin, discard, finish, start
from vtkseries.serial import locked, step_values
from vtkseries.storage.index import Entry, Index
from vtkseries.storage.onefile import write_temporary
from vtkseries.storage.recover import checksum_step
from vtkseries.storage.stepfile import StepFile

__all__ = ["Builder", "MeshSeries", "list_step", "make_step", "write_meshes"]


class Builder(Protocol):
    """What makes the meshes of a step, one for each part, from the variables at it."""

    def step(self, step: int, at: At) -> list[Mesh]:
        """Give the mesh of each part."""

    def fields(self) -> list[tuple[str, Sequence[Named | str], Sequence[Named]]]:
        """Give each part's kind of file, its fields on points (or the name of their numbers), and those on cells."""


@dataclass(frozen=True)
class MeshSeries:
    """What is to be written.

    Attributes
    ----------
    plan : SeriesPlan
        Where, with the field data of each step; its parts are no more than names.
    build : Builder
    sources : dict
        The variables that it needs, by key: as lazy as they came.
    beside : dict
        Those that the plan needs, for field data and for files beside the steps.
    selection : Selection
        What of them a step has.
    """

    plan: SeriesPlan
    build: Builder
    sources: dict[Hashable, xr.Variable]
    beside: dict[str, xr.Variable]
    selection: Selection


def write_meshes(series: MeshSeries) -> Path:
    """Write a series of meshes as its only writer, one step in memory at a time.

    Raises
    ------
    SeriesError
        Another writer has the series.
    """
    with locked(series.plan):
        return _write(start(series.plan), series)


def _write(run: Run, series: MeshSeries) -> Path:
    index, number = None, 0
    steps = Steps(series.sources, series.selection)
    try:
        write_beside(run.plan, series.beside, run.token)
        index = begin(run) if run.plan.mode == "a" else None
        for number in range(run.plan.steps):
            files = [StepFile(file, run.token) for file in _files(run.plan, number)]
            values = step_values(run.plan, series.beside, number)
            make_step(run.plan, series.build, number, files, steps.at(number), values)
            index = index if index is not None else begin(run)
            list_step(run, index, number, files)
        return finish(run, index)
    except BaseException as error:
        discard(run)
        error.add_note(f"while writing step {number} of {run.plan.path}")
        raise
    finally:
        if index is not None:
            index.release()


def _files(plan: SeriesPlan, step: int) -> list[Path]:
    return [plan.file(part, step) for part in plan.parts]


def make_step(
    plan: SeriesPlan, build: Builder, step: int, files: Sequence[StepFile], at: At, values: Mapping[str, np.ndarray]
) -> None:
    """Write a step's files under their temporary names.

    Raises
    ------
    OSError
        The disk is full or broken; none of them stays.
    """
    fields = step_fields(plan.clock(plan.parts[0]), step, values)
    try:
        for mesh, file in zip(build.step(step, at), files, strict=True):
            document, content = mesh.document(fields, plan.compression)
            write_temporary(file, document, content, plan.compression)
    except BaseException:
        for file in files:
            file.discard()
        raise


def list_step(run: Run, index: Index | None, step: int, files: Sequence[StepFile]) -> None:
    """Give a step's files their final names, and list them; nothing happens to a step that is listed."""
    number = run.first + step
    if index is not None and index.holds(number):
        for file in files:
            file.discard()
        return
    for file in files:
        file.publish(durable=run.plan.durable)
    if index is not None:
        index.commit(number, _entries(run.plan, step))


def _entries(plan: SeriesPlan, step: int) -> list[Entry]:
    """Describe a step for the index; with a checksum where the disk is waited for anyway."""
    stamp, found = repr(plan.times.values[step]), []
    for number, part in enumerate(plan.parts):
        file = plan.file(part, step)
        size, crc = checksum_step(file) if plan.durable else (file.stat().st_size, None)
        found.append(Entry(stamp, plan.relative(part, step), number, part.name, size, crc))
    return found
