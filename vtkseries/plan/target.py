"""Where a series goes."""

from __future__ import annotations

import os
import re
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

from vtkseries.errors import SeriesError, VtkSeriesWarning
from vtkseries.plan.group import Group
from vtkseries.plan.model import SeriesPlan
from vtkseries.storage.links import followed
from vtkseries.xmlformat.text import fits_xml

__all__ = ["check_length", "check_names", "choose_grid", "part_names", "read_target"]

_LONGEST_NAME = 255
_LONGEST_PART = 96
_TEMPORARY = len("..blocks-01234567.4194304.01234567.tmp")
"""Bytes that a temporary file's name has beside the final one's."""

GRIDS = ("vtr", "vti", "vts", "auto")


def choose_grid(path: str | Path, grid: str | None) -> str:
    """Give the kind of grid: the one asked for, or the one that the path's suffix names.

    Raises
    ------
    SeriesError
        An unknown kind.
    """
    if grid is None:
        suffix = Path(path).suffix[1:]
        return suffix if suffix in GRIDS else GRIDS[0]
    if grid not in GRIDS:
        message = f"grid={grid!r}: choose 'vtr', 'vti', 'vts', or 'auto' for the cheapest exact one"
        raise SeriesError(message)
    return grid


def read_target(path: str | Path, mode: str, suffixes: Sequence[str]) -> Path:
    """Check the target of a series.

    Raises
    ------
    SeriesError
        An unknown suffix or mode, a place that cannot be written to, or ``mode="x"`` where something is.
    """
    choices = " or ".join(suffixes)
    # XML cannot hold control characters, nor what is no Unicode; and no file system can hold a zero.
    if not Path(path).name or not fits_xml(str(path)) or "\\" in Path(path).name:
        message = (
            f"path {str(path)!r} is no name for a series; "
            f"take one in Unicode, without backslashes, that ends in {choices}"
        )
        raise SeriesError(message)
    _refuse_address(str(path))
    # A worker, or a Delayed that is computed later, may have another working directory.
    named = Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 (only links to files are followed)
    if mode == "x" and os.path.lexists(named):
        message = f"{str(named)!r} exists and mode='x' does not replace it; take another path, or mode='w'"
        raise SeriesError(message)
    if any(_length(name) > _LONGEST_NAME for name in named.parts):
        message = f"path {str(path)!r} has a name of more than {_LONGEST_NAME} bytes; take a shorter one"
        raise SeriesError(message)
    target = followed(named)
    if target.suffix not in suffixes:
        given = path if target == named else target
        message = f"path {str(given)!r} must end in {choices}, as in {target.with_suffix(suffixes[0]).name!r}"
        raise SeriesError(message)
    if mode not in ("w", "x", "a"):
        message = f"mode={mode!r}: choose 'w' (replace), 'x' (refuse an existing series) or 'a' (continue it)"
        raise SeriesError(message)
    if mode == "a" and target.suffix != ".pvd":
        message = f"mode='a' continues a series, and {target.name!r} is one file; write a .pvd"
        raise SeriesError(message)
    folders = [target.parent] if target.suffix != ".pvd" else [target.parent, target.parent / target.stem]
    for folder in folders:
        _refuse_unwritable(folder)
    _refuse_other_than_files(target)
    if target.suffix == ".pvd" and target.parent != Path(os.path.realpath(named.parent)):
        text = f"{str(named)!r} is a link to {str(target)!r}, beside which the steps go: open that one, not the link"
        warnings.warn(text, VtkSeriesWarning, stacklevel=5)
    return target


def _length(name: str) -> int:
    return len(os.fsencode(name))


def _refuse_other_than_files(target: Path) -> None:
    if target.exists() and not target.is_file() and not target.is_dir():
        message = f"{str(target)!r} is a device or a pipe; take another path"
        raise SeriesError(message)
    if target.is_dir():
        message = f"{str(target)!r} is a directory; name a file in it, as in {str(target / 'run.pvd')!r}"
        raise SeriesError(message)


def _refuse_address(path: str) -> None:
    # A Path has lost one of the two slashes.
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", path):
        message = f"path {path!r} is an address, and series are written to disks; write it to one, then copy it"
        raise SeriesError(message)


def check_names(plan: SeriesPlan) -> None:
    """Refuse names that are too long for a file system.

    Raises
    ------
    SeriesError
        It says how long one may be.
    """
    check_length(plan.path, max((plan.file(part, plan.steps - 1).name for part in plan.parts), key=_length))


def check_length(path: Path, file: str) -> None:
    """Refuse a path of which a file beside it gets a name that is too long, a temporary one included.

    Raises
    ------
    SeriesError
        It says how long one may be.
    """
    beyond = _length(file) + _TEMPORARY - _LONGEST_NAME
    if beyond > 0:
        message = (
            f"{path.name!r} is too long by {beyond} bytes: its files have longer names while they are written, "
            f"of {_LONGEST_NAME} bytes at most; take a shorter one"
        )
        raise SeriesError(message)


def _refuse_unwritable(folder: Path) -> None:
    existing = next((p for p in (folder, *folder.parents) if os.path.lexists(p)), Path())
    if not existing.is_dir():
        message = f"{str(existing)!r} is no directory, so {str(folder)!r} cannot be made; take another path"
        raise SeriesError(message)
    try:
        # Trying is the only answer that holds for every user and file system; the file never has a name on Linux.
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        message = (
            f"directory {str(existing)!r} is not writable ({error.strerror}); "
            "change its permissions or take another path"
        )
        raise SeriesError(message) from error


def part_names(groups: Sequence[Group]) -> list[str]:
    """Name the parts of a series by their dims; a lone part has no name.

    Names are unique and safe in a file name.
    """
    if len(groups) == 1 and not groups[0].label:
        return [""]
    grids = {group.dims for group in groups}
    names: list[str] = []
    for group in groups:
        words = [group.label] if group.label else []
        if not words or len(grids) > 1:
            words += ["_".join(group.dims)]
        name = re.sub(r"[^\w.+-]", "_", "_".join(words)) or "part"
        name = name.encode()[:_LONGEST_PART].decode(errors="ignore")
        if name in names:
            name += "_cells" if any(item.cells for item in group.fields) else "_points"
        stem, number = name, 2
        while name in names:
            name, number = f"{stem}_{number}", number + 1
        names.append(name)
    return names
