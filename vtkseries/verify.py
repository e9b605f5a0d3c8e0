"""Read every step of a series, and report what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vtkseries.engine.cells import all_cells
from vtkseries.engine.gridfile import open_grid
from vtkseries.engine.groups import stands
from vtkseries.engine.kept import beside_faults
from vtkseries.engine.meshfile import is_mesh, read_flat
from vtkseries.engine.values import read_array, read_axis
from vtkseries.errors import FormatError
from vtkseries.hdf.read import open_hdf
from vtkseries.storage.guard import identify, read_regular, resolve
from vtkseries.storage.index import entries
from vtkseries.storage.recover import checksum_step
from vtkseries.xmlformat import pvd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from vtkseries.engine.gridfile import GridFile
    from vtkseries.storage.index import Entry

__all__ = ["Verified", "read_grid", "step_time", "verify"]

_PLANES = 1 << 22
"""Values of an array that are read at a time."""


@dataclass
class Verified:
    """What :func:`verify` found.

    Attributes
    ----------
    path : Path
    steps, files, nbytes : int
        What was read.
    summed : int
        Files whose CRC32 the index has, and that have it.
    faults : list of str
        One line for each file that is wrong; empty when all is well.
    beside : set of str
        Files beside the steps that were read as well.
    """

    path: Path
    steps: int = 0
    files: int = 0
    nbytes: int = 0
    summed: int = 0
    faults: list[str] = field(default_factory=list)
    beside: set[str] = field(default_factory=set, repr=False)

    def __str__(self) -> str:
        """Give the report, a line for each fault and one in the end."""
        verdict = f"{len(self.faults)} wrong" if self.faults else "all whole"
        end = (
            f"{self.path}: {self.steps} steps, {self.files} files, {self.nbytes:,} bytes read, {verdict}; "
            f"{self.summed} checked by CRC32"
        )
        return "\n".join([*self.faults, end])


def verify(path: str | PathLike[str]) -> Verified:
    """Read all values of all steps of a series, or of a single grid, and hold them against its index.

    Parameters
    ----------
    path : path
        A ``.pvd``, or a single file.

    Returns
    -------
    Verified
        Print it for a report.

    Raises
    ------
    FormatError
        The index itself cannot be read, or the path is no regular file.
    OSError
        The disk cannot.
    """
    path = Path(path)
    report = Verified(path)
    identify(str(path))
    if path.suffix == ".vtkhdf":
        _verify_hdf(report, path)
        return report
    if path.suffix != ".pvd":
        report.steps = 1
        _read(report, path, first=True)
        return report
    steps = entries(path)
    read: dict[str, _Read | None] = {}
    report.faults += [f"step {time}: {text}" for time, text in pvd.incomplete(read_regular(path)).items()]
    last = -np.inf
    for step in steps:
        report.steps += 1
        time = float(step[0].timestep)
        if not time > last:
            report.faults.append(f"time {step[0].timestep} is not after the one before")
        last = time
        for entry in step:
            try:
                file = Path(resolve(str(path.parent), entry.file))
            except FormatError as error:
                report.faults.append(f"step {entry.timestep}: {error}")
                continue
            if entry.file not in read:  # which several steps may name
                read[entry.file] = _read(report, file, first=step is steps[0])
            found = read[entry.file]
            if found is not None:
                _hold_against(report, file, found, entry)
    return report


@dataclass(frozen=True)
class _Read:
    """What was found in a file, and whether the first step names it."""

    size: int
    crc: int
    time: float | None
    stands: bool
    first: bool


def _read(report: Verified, file: Path, *, first: bool) -> _Read | None:
    try:
        grid = read_grid(file)
        found = _Read(*checksum_step(file), step_time(grid), stands(grid), first)
    except FormatError as error:
        report.faults.append(str(error))
        return None
    except (FileNotFoundError, PermissionError) as error:
        report.faults.append(f"{error.filename}: {(error.strerror or '').lower()}")
        return None
    report.files += 1
    report.nbytes += found.size
    report.faults += beside_faults(grid, report.beside)
    return found


def _hold_against(report: Verified, file: Path, found: _Read, entry: Entry) -> None:
    """Compare a file with what the index says of it at one step."""
    if entry.size is not None and found.size != entry.size:
        report.faults.append(f"{file}: it has {found.size} bytes, and the index says {entry.size}")
    elif entry.crc is not None:
        report.summed += found.crc == entry.crc
        if found.crc != entry.crc:
            report.faults.append(f"{file}: its CRC32 is {found.crc:08x}, and the index says {entry.crc:08x}")
    time = float(entry.timestep)
    # The first file of a part stands before its time as well.
    fits = found.time is None or found.time == time or (found.stands and (found.time < time or found.first))
    if not fits:
        report.faults.append(f"{file}: its TimeValue is {found.time!r}, and the index says {time!r}")


def _verify_hdf(report: Verified, path: Path) -> None:
    """Read all values of all steps of a ``.vtkhdf``, through its links too."""
    try:
        series = open_hdf(str(path))
        for step in range(series.steps):
            for part in range(len(series.parts)):
                grid = series.grid(step, part)
                for tag in ("PointData", "CellData"):
                    for array in grid.arrays(tag):
                        values = grid.read_array(tag, array.name, [slice(None)] * 3)
                        report.nbytes += values.nbytes
            report.steps += 1
    except (FormatError, FileNotFoundError) as error:
        report.faults.append(str(error))
    report.files = 1


def read_grid(file: Path) -> GridFile:
    """Open a grid and read all its values.

    Raises
    ------
    FormatError
        It is damaged.
    OSError
        It cannot be read.
    """
    grid = open_grid(str(file))
    if is_mesh(grid):
        for tag in ("Points", "PointData", "CellData"):
            for array in grid.arrays(tag):
                if array.type != "String":
                    read_flat(grid, tag, array.name)
        all_cells(grid)
        return grid
    if grid.kind == "RectilinearGrid":
        for axis in range(3):
            _check_axis(read_axis(grid, axis), file, "xyz"[axis])
    for tag, shape in (("PointData", grid.points), ("CellData", grid.cells), ("Points", grid.points)):
        for array in grid.arrays(tag):
            planes = max(1, _PLANES // max(1, shape[1] * shape[2] * array.components))
            for first in range(0, shape[0], planes):
                rest: Sequence[np.ndarray] = [np.arange(n) for n in shape[1:]]
                read_array(grid, tag, array.name, (np.arange(first, min(first + planes, shape[0])), *rest))  # type: ignore[arg-type]  # three of them
    return grid


def _check_axis(values: np.ndarray, file: Path, name: str) -> None:
    steps = np.diff(values.astype("f8"))
    if not np.isfinite(values).all() or not ((steps > 0).all() or (steps < 0).all()):
        raise FormatError(f"{file}: its {name} coordinates are not finite and monotonic")


def step_time(grid: GridFile) -> float | None:
    """Give the time that a file says it has; a file of pieces may leave that to its last piece."""
    if grid.parallel:
        return step_time(grid.other(grid.sources[-1])) if grid.sources else None
    for array in grid.header.document.field_data:
        if array.name == "TimeValue" and array.text is not None:
            try:
                return float(array.text)
            except ValueError:
                return None
    return None
