"""What killed calls left beside a target under temporary names."""

from __future__ import annotations

import contextlib
import os
import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

from vtkseries.errors import VtkSeriesWarning
from vtkseries.storage.lock import is_alive, try_lock
from vtkseries.storage.network import is_local
from vtkseries.storage.stepfile import StepFile

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["remove_leftovers"]

_TEMPORARY = re.compile(r"\.(?P<name>.+)\.(?P<pid>\d{1,10})\.[0-9a-f]{8}\.tmp", re.DOTALL)
_SAMPLE = "4194304.01234567"
_DIRECTORIES = 64


def remove_leftovers(target: Path) -> None:
    """Remove the temporary files of a target whose processes are gone; a warning names one of which nobody can tell.

    A directory is read once in the life of a process: for each of ten thousand files of a series that would take more
    than to write them.

    Parameters
    ----------
    target : Path
        In a directory that exists.
    """
    sample = _TEMPORARY.fullmatch(StepFile(target, _SAMPLE).temporary.name)
    names = _found(target.parent).pop(sample["name"], []) if sample else []
    for name, pid in names:
        left = target.with_name(name)
        if pid == os.getpid() or is_alive(pid) or not left.is_file():
            continue
        if not is_local(target):
            text = (
                f"{target}: {left} is left of process {pid}, which is gone, or runs on another host: "
                "this file system does not tell; delete it if nothing writes it"
            )
            warnings.warn(text, VtkSeriesWarning, stacklevel=5)
            continue
        with contextlib.suppress(OSError):
            _remove(left)


@lru_cache(maxsize=_DIRECTORIES)
def _found(directory: Path) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    with contextlib.suppress(OSError):
        for name in os.listdir(directory):  # noqa: PTH208  # names only
            if match := _TEMPORARY.fullmatch(name):
                found.setdefault(match["name"], []).append((name, int(match["pid"])))
    return found


def _remove(left: Path) -> None:
    fd = os.open(left, os.O_RDWR)
    try:
        if try_lock(fd):  # not where its process lives behind a wall, as in another container
            left.unlink()
    finally:
        os.close(fd)
