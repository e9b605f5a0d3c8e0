"""Series of meshes: a file a step and part, each whole before it is listed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vtkseries.cf.times import Times
from vtkseries.errors import SeriesError, VtkSeriesWarning
from vtkseries.evtk.arrays import field_data
from vtkseries.meshes.model import Mesh
from vtkseries.storage.index import Entry
from vtkseries.storage.lock import Lock
from vtkseries.storage.onefile import write_file
from vtkseries.storage.recover import continue_series, start_series
from vtkseries.storage.stepfile import new_token
from vtkseries.xmlformat.codecs import Codec

__all__ = ["MeshSeries", "write_meshes"]


@dataclass(frozen=True)
class MeshSeries:
    """What is to be written.

    Attributes
    ----------
    path : Path
        The ``.pvd``, or the file of a single step.
    suffix : str
        ``".vtp"`` or ``".vtu"``.
    times : Times
    parts : tuple of str
        Names of the parts; a lone one has none.
    meshes : callable
        Gives the mesh of each part at a step, and the step's numbers by name.
    left_out : tuple of str
        What is not drawn, why, and the remedy.
    mode : str
    durable : bool
    method : Codec or None
    """

    path: Path
    suffix: str
    times: Times
    parts: tuple[str, ...]
    meshes: Callable[[int], tuple[list[Mesh], Mapping[str, Any]]]
    left_out: tuple[str, ...] = ()
    mode: str = "w"
    durable: bool = False
    method: Codec | None = None

    def relative(self, part: str, number: int) -> str:
        """Give a file's path from the directory of the ``.pvd``."""
        stem = self.path.stem
        return f"{stem}/{f'{stem}_{part}' if part else stem}_{number:06d}{self.suffix}"


def write_meshes(series: MeshSeries) -> Path:
    """Write a series of meshes, one step in memory at a time.

    Raises
    ------
    SeriesError
        A single file is asked for and there are several steps or parts; or another writer has the series.
    """
    steps = len(series.times.values)
    for text in series.left_out:
        warnings.warn(text, VtkSeriesWarning, stacklevel=4)
    if series.path.suffix != ".pvd":
        if steps > 1 or len(series.parts) > 1:
            what = f"{steps} time steps" if steps > 1 else f"{len(series.parts)} meshes ({', '.join(series.parts)})"
            raise SeriesError(f"{series.path.name!r} holds one step of one mesh, but there are {what}; write a .pvd")
        series.path.parent.mkdir(parents=True, exist_ok=True)
        _write_step(series, 0, [series.path], new_token())
        return series.path
    folder = series.path.parent / series.path.stem
    folder.mkdir(parents=True, exist_ok=True)
    with Lock(series.path):
        _write_series(series, steps)
    return series.path


def _write_series(series: MeshSeries, steps: int) -> None:
    token, first = new_token(), 0
    files = [series.relative(part, 0) for part in series.parts]
    if series.mode == "a":
        start = series.times.values[0]
        found = continue_series(series.path, start, token=token, files=files, durable=series.durable)
        index, first, number = found.index, found.number, found.file_number
        if found.dropped:
            text = f"{series.path}: steps from time {start!r} on ({found.dropped}) dropped, as the new ones begin there"
            warnings.warn(text, VtkSeriesWarning, stacklevel=6)
    else:
        index = start_series(series.path, token=token, room=steps, files=files, durable=series.durable)
        number = 0
    with index:
        for step in range(steps):
            names = [series.relative(part, number + step) for part in series.parts]
            paths = [series.path.parent / name for name in names]
            _write_step(series, step, paths, token)
            time = repr(series.times.values[step])
            entries = [
                Entry(time, name, position, part, size=path.stat().st_size)
                for position, (name, part, path) in enumerate(zip(names, series.parts, paths, strict=True))
            ]
            index.commit(first + step, entries)
        index.close()


def _write_step(series: MeshSeries, step: int, paths: list[Path], token: str) -> None:
    times = series.times
    meshes, numbers = series.meshes(step)
    told: dict[str, Any] = {"TimeValue": np.array([times.values[step]])}
    texts = {"date": times.dates[step] if times.dates else None, "time_units": times.units}
    texts["time_calendar"] = times.calendar
    told |= {name: np.array([text]) for name, text in texts.items() if text}
    fields = field_data({**told, **numbers}, series.method)
    for mesh, path in zip(meshes, paths, strict=True):
        document, values = mesh.document(fields, series.method)
        write_file(path, document, values, series.method, durable=series.durable, token=token)
