"""A solver's particles: the file of one step, beside that of the grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vtkseries.errors import SeriesError
from vtkseries.grids.points import polydata
from vtkseries.grids.sections import Sections, active
from vtkseries.plan.fielddata import step_fields
from vtkseries.plan.model import Clock
from vtkseries.storage.index import Entry
from vtkseries.storage.onefile import write_file
from vtkseries.storage.stepfile import checksum
from vtkseries.writer.resume import Held, differences

if TYPE_CHECKING:
    from pathlib import Path

    from vtkseries.plan.model import SeriesPlan

__all__ = ["CLOUD", "Cloud", "read_cloud"]

CLOUD = "points"
"""The name of the part."""

_AXES = 3
_COMPONENTS = (2, 3, 4, 6, 9)


@dataclass(frozen=True)
class Cloud:
    """The points of a step, checked.

    Attributes
    ----------
    points : tuple of three ndarrays, shape (n,)
    data : list of (name, components)
    held : Held
        What a file of it has, whatever the values.
    """

    points: tuple[np.ndarray, ...]
    data: list[tuple[str, tuple[np.ndarray, ...]]]
    held: Held

    @staticmethod
    def relative(plan: SeriesPlan) -> str:
        """Give the path of the step's file from the collection's directory."""
        return f"{plan.path.stem}/{plan.path.stem}_{CLOUD}_{plan.first:06d}.vtp"

    def write(self, plan: SeriesPlan, token: str, number: int) -> tuple[Path, Entry]:
        """Write the file under its final name, and give its entry.

        Parameters
        ----------
        plan : SeriesPlan
            Of one step: the time, and where the series is.
        token : str
            Of the run.
        number : int
            Of the part.

        Raises
        ------
        OSError
            Nothing stays behind.
        """
        sections = Sections()
        sections.add("PointData", self.data, active(self.data))
        fields = step_fields(Clock(plan.times, (), plan.constants), 0, {})
        method = plan.compression
        document = polydata(self.points, None, sections, fields, None if method is None else method.compressor)
        name = self.relative(plan)
        path = plan.path.parent / name
        write_file(path, document, sections.values, method, durable=plan.durable, token=token)
        size, crc = checksum(path)
        return path, Entry(repr(plan.times.values[0]), name, number, CLOUD, size, crc)


def read_cloud(points: Any, data: Mapping[str, Any] | None, *, alone: bool, before: Held | None = None) -> Cloud | None:
    """Check a step's points; their number is free.

    Parameters
    ----------
    points : sequence of three array-like, or None
    data : mapping or None
    alone : bool
        No other ranks have points.
    before : Held, optional
        What the file of the step before has.

    Raises
    ------
    SeriesError
        Coordinates or data are of different lengths, of no numbers, or others than in the step before.
    """
    if points is None:
        if data is not None:
            raise SeriesError("points_data needs points=(x, y, z), where the particles are")
        return None
    if not alone:
        raise SeriesError("points= with comm= is not possible; gather the particles, and write a series of their own")
    axes = [np.asarray(axis) for axis in points] if isinstance(points, Sequence) else []
    if len(axes) != _AXES:
        raise SeriesError("points must be three arrays, as in points=(x, y, z): their coordinates")
    n = axes[0].shape if axes[0].ndim == 1 else (axes[0].size,)
    for name, axis in zip("xyz", axes, strict=True):
        if axis.ndim != 1 or axis.shape != n or axis.dtype.kind not in "iuf":
            raise SeriesError(f"points: {name} is {axis.dtype} of shape {axis.shape}; expected real numbers, shape {n}")
    found = [(name, _components(name, values, n)) for name, values in (data or {}).items()]
    sections = Sections()
    sections.add("points_data", found)  # refuses names and dtypes before anything is written
    kind = np.result_type(*axes)
    stored = kind if kind in (np.dtype("f4"), np.dtype("f8")) else np.dtype("f8")
    held = Held.of_points("PolyData", sections.sections[0].arrays)
    other = "" if before is None else differences(before, held)
    if other:
        raise SeriesError(
            f"the points do not fit those of the step before: {other}; their number may change, their arrays may not"
        )
    return Cloud(tuple(axis.astype(stored, copy=False) for axis in axes), found, held)


def _components(name: str, values: Any, n: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    parts = [np.asarray(part) for part in values] if isinstance(values, tuple) else [np.asarray(values)]
    if len(parts) == 1 and parts[0].ndim == 2 and parts[0].shape[1] in _COMPONENTS:  # noqa: PLR2004  # points, components
        parts = list(parts[0].T)
    for part in parts:
        if part.shape != n:
            raise SeriesError(f"points_data[{name!r}] has shape {part.shape}; expected {n}, one value a point")
    if len(parts) == 2:  # noqa: PLR2004  # two components get a zero third
        parts.append(np.zeros_like(parts[0]))
    return tuple(parts)
