"""Where a series goes."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from vtkseries.errors import SeriesError
from vtkseries.plan.group import Group

__all__ = ["choose_grid", "part_names", "read_target"]

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
    target = Path(path)
    choices = " or ".join(suffixes)
    if target.suffix not in suffixes:
        message = f"path {str(path)!r} must end in {choices}, as in {target.with_suffix(suffixes[0]).name!r}"
        raise SeriesError(message)
    if mode not in ("w", "x", "a"):
        message = f"mode={mode!r}: choose 'w' (replace), 'x' (refuse an existing series) or 'a' (continue it)"
        raise SeriesError(message)
    if mode == "a" and target.suffix != ".pvd":
        message = f"mode='a' continues a series, and {target.name!r} is one file; write a .pvd"
        raise SeriesError(message)
    if mode == "x" and os.path.lexists(target):
        message = f"{str(target)!r} exists and mode='x' does not replace it; take another path, or mode='w'"
        raise SeriesError(message)
    folders = [target.parent] if target.suffix != ".pvd" else [target.parent, target.parent / target.stem]
    for folder in folders:
        _refuse_unwritable(folder)
    if target.is_dir():
        message = f"{str(target)!r} is a directory; name a file in it, as in {str(target / 'run.pvd')!r}"
        raise SeriesError(message)
    return target


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
        if name in names:
            name += "_cells" if any(item.cells for item in group.fields) else "_points"
        stem, number = name, 2
        while name in names:
            name, number = f"{stem}_{number}", number + 1
        names.append(name)
    return names
