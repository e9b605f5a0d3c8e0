"""Make a new index of a series from the steps that are on disk."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vtkseries.engine.gridfile import open_grid
from vtkseries.engine.groups import stands
from vtkseries.engine.values import check_arrays
from vtkseries.errors import FormatError, SeriesError
from vtkseries.storage.index import Entry
from vtkseries.storage.links import followed
from vtkseries.storage.lock import Lock
from vtkseries.storage.recover import checksum_step, examine_names, file_number, stale_temporaries
from vtkseries.storage.stepfile import new_token, write_whole
from vtkseries.verify import step_time
from vtkseries.xmlformat import pvd

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

__all__ = ["Repaired", "repair"]


@dataclass
class Repaired:
    """What :func:`repair` did.

    Attributes
    ----------
    path : Path
        The ``.pvd``.
    steps : int
        Steps that it lists now.
    left_out : list of str
        Files that it does not list, and why.
    removed : list of Path
        Temporary files of dead runs of ours.
    """

    path: Path
    steps: int = 0
    left_out: list[str] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)

    def __str__(self) -> str:
        """Give the report, a line for each file that is not listed and one in the end."""
        lines = [f"left out: {reason}" for reason in self.left_out]
        lines += [f"removed: {path}, the temporary file of a run that is over" for path in self.removed]
        return "\n".join([*lines, f"{self.path} lists {self.steps} whole steps"])


def repair(path: str | PathLike[str]) -> Repaired:
    """Rebuild the index of a series from its steps' files, each with the time that it says it has.

    Files that are damaged, or whose checksum is not that of the old index, are left out and stay where they are.

    Parameters
    ----------
    path : path
        The ``.pvd``, which need not exist; or the directory of the steps; or a directory with one series in it.

    Raises
    ------
    SeriesError
        There is no such series, or another process is writing it. Nothing has changed.
    OSError
        The disk is full or broken. The old index is as it was.
    """
    target = _target(Path(path))
    report = Repaired(target)
    with Lock(target):
        known = _known(target)
        parts = _part_names(target, known)
        found: dict[float, dict[int, Entry]] = {}
        standing: dict[int, _Standing] = {}
        for file in _step_files(target):
            name, number = _split(target, file)
            part, label = parts.setdefault(name, (len(parts), name))
            stands = standing.setdefault(part, _Standing())
            try:
                entry, time = _entry(target, file, known, stands)
            except FormatError as error:
                report.left_out.append(str(error))
                stands.broken.append(number)
                continue
            entry = replace(entry, part=part, name=label)
            stands.files.append((number, entry))
            if time is None:
                continue
            step = found.setdefault(time, {})
            if part in step:
                report.left_out.append(f"{step[part].file}: {file.name} has the same time and a higher number")
            step[part] = entry
        _fill(found, standing)
        steps = [[step[part] for part in sorted(step)] for _, step in sorted(found.items())]
        report.steps = len(steps)
        listed = {entry.file for step in steps for entry in step}
        damaged = [entry for file, entry in known.items() if file not in listed and (target.parent / file).exists()]
        write_whole(target, pvd.collection(steps, damaged), new_token(), durable=True)
        for stale in stale_temporaries(target):
            stale.unlink(missing_ok=True)
            report.removed.append(stale)
    return report


def _target(path: Path) -> Path:
    """Say which series is meant."""
    if not path.is_dir():
        path = followed(path)
        if path.suffix != ".pvd":
            raise SeriesError(
                f"{path} is neither a directory nor a .pvd; name the series or the directory of its steps"
            )
        if path.exists() and not path.is_file():
            raise SeriesError(f"{path} is no regular file; name the series or the directory of its steps")
        if not (path.parent / path.stem).is_dir():
            raise SeriesError(
                f"{path}: there is no directory {path.stem} with its steps beside it, so that nothing can be listed; "
                "check the name"
            )
        return path
    path = Path(os.path.abspath(path))  # noqa: PTH100  # links stay
    beside = path.with_name(f"{path.name}.pvd")
    if _steps_in(path, path.name) or beside.exists():
        return beside
    folders = [item for item in path.iterdir() if _steps_in(item, item.name)]
    inside = sorted({*path.glob("*.pvd"), *(item.with_name(f"{item.name}.pvd") for item in folders)})
    if len(inside) != 1:
        names = ", ".join(item.name for item in inside) or "none"
        raise SeriesError(f"{path} has not exactly one series in it but {names}; name its .pvd")
    return inside[0]


def _pattern(stem: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(stem)}_(?:(?P<part>.+)_)?(?P<number>\d{{6,}})\.(?:p?vt[irs]|vt[pu])")


def _steps_in(directory: Path, stem: str) -> list[Path]:
    """Find a series' steps; where there are files of pieces, these are the steps."""
    if not directory.is_dir():
        return []
    pattern = _pattern(stem)
    steps = [file for file in directory.iterdir() if pattern.fullmatch(file.name)]
    parallel = [file for file in steps if file.suffix.startswith(".p")]
    return sorted(parallel or steps)


def _step_files(target: Path) -> list[Path]:
    return sorted(_steps_in(target.parent / target.stem, target.stem), key=lambda file: _split(target, file)[::-1])


def _split(target: Path, file: Path) -> tuple[str, int]:
    found = _pattern(target.stem).fullmatch(file.name)
    assert found is not None  # noqa: S101  # only such files are looked for
    return found["part"] or "", int(found["number"])


def _known(target: Path) -> dict[str, Entry]:
    """Give what is legible of the old index, by file, and what it knows of damaged ones."""
    try:
        content = target.read_bytes()
        damaged = pvd.parse_damaged(content)
        found = [entry for step in [*examine_names(target), damaged] for entry in step]
        # A file that several steps name has its sum at one of them.
        return {entry.file: entry for entry in sorted(found, key=lambda entry: entry.crc is not None)}
    except (FormatError, FileNotFoundError):
        return {}


def _part_names(target: Path, known: Mapping[str, Entry]) -> dict[str, tuple[int, str]]:
    """Give the number and the name that the old index has for each part, as its files' names spell it."""
    names = {}
    for entry in known.values():
        found = _pattern(target.stem).fullmatch(Path(entry.file).name)
        if found is not None:
            names[found["part"] or ""] = (entry.part, entry.name)
    return names


@dataclass
class _Standing:
    """The files of a part in order, by number; and whether each stands until the next."""

    files: list[tuple[int, Entry]] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    stands: bool = False

    def at(self, number: int) -> Entry | None:
        """Give the file that stands at a step; None where it is one of those that are left out."""
        before = [file for file in self.files if file[0] <= number] or self.files[:1]
        if not self.stands or not before:
            return None
        since, entry = before[-1]
        lost = any(since < other <= number or number < other < since for other in self.broken)
        return None if lost else entry


def _fill(found: dict[float, dict[int, Entry]], standing: Mapping[int, _Standing]) -> None:
    """Add the files that begin at other steps, and say the sum of each once."""
    summed: set[str] = set()
    number = -1
    for time, step in sorted(found.items()):
        number = max(number, *(file_number(entry.file) for entry in step.values()))
        for part, files in standing.items():
            entry = step.get(part) or files.at(number)
            if entry is not None:
                step[part] = replace(entry, timestep=repr(time), crc=None if entry.file in summed else entry.crc)
                summed.add(entry.file)


def _entry(target: Path, file: Path, known: Mapping[str, Entry], standing: _Standing) -> tuple[Entry, float | None]:
    """Check one file and describe it, and say when it begins."""
    relative = f"{target.stem}/{file.name}"
    grid = open_grid(str(file))
    check_arrays(grid)
    for source in grid.sources if grid.parallel else ():
        try:
            check_arrays(grid.other(source))
        except FileNotFoundError as error:
            raise FormatError(f"{file}: its piece {source.reference} is missing") from error
    time = step_time(grid)
    if stands(grid):
        standing.stands = True
    elif time is None:
        raise FormatError(f"{file}: it does not say its time (TimeValue)")
    size, crc = checksum_step(file)
    before = known.get(relative)
    listed = before is not None and before.crc is not None and (stands(grid) or float(before.timestep) == time)
    if before is not None and listed and (size, crc) != (before.size, before.crc):
        raise FormatError(f"{file}: it does not have the size and CRC32 that the old index has for it")
    return Entry("" if time is None else repr(time), relative, size=size, crc=crc), time
