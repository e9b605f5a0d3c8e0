"""Where symbolic links lead."""

from __future__ import annotations

import os
from pathlib import Path

from vtkseries.errors import SeriesError

__all__ = ["followed"]


def followed(path: Path) -> Path:
    """Give the file that a link leads to, there or not yet, and any other path as it is.

    A file appears by a rename, which would put it in the place of the link; and two writers, of whom one knows the
    link only, must meet at one lock.

    Raises
    ------
    SeriesError
        The link leads back to itself.
    """
    if not path.is_symlink():
        return path
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        message = f"{str(path)!r} is a link that leads back to itself; remove it, or take another path"
        raise SeriesError(message)
    return target
