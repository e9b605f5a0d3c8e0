"""A collection of fewer steps, of the same files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vtkseries.errors import SeriesError
from vtkseries.storage.index import entries
from vtkseries.storage.stepfile import new_token, write_whole
from vtkseries.xmlformat import pvd

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["thin"]


def thin(path: str | PathLike[str], every: int, target: str | PathLike[str] | None = None) -> Path:
    """Write a ``.pvd`` that lists every n-th step of a series, so that ParaView loads it sooner.

    Nothing is copied: it names the same files, from the same directory.

    Parameters
    ----------
    path : path
        The ``.pvd`` of a series, which may be growing.
    every : int
        2 for every second step, and so on; the first and the last step are always there.
    target : path, optional
        In the same directory; by default ``<name>_every_<n>.pvd``.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    SeriesError
        `every` is no positive whole number, or `target` is in another directory.
    FormatError
        The series' index cannot be read.

    Examples
    --------
    >>> import numpy as np, os, tempfile, vtkseries
    >>> folder = tempfile.TemporaryDirectory()
    >>> with vtkseries.SeriesWriter(f"{folder.name}/run.pvd", [0.0, 1.0]) as series:
    ...     for step in range(5):
    ...         _ = series.write(step, {"p": np.zeros(2)})
    >>> thin(f"{folder.name}/run.pvd", every=3).name
    'run_every_3.pvd'
    >>> folder.cleanup()
    """
    path = Path(path)
    if not isinstance(every, int) or every < 1:
        raise SeriesError(f"every={every!r} must be a whole number of 1 or more")
    place = path.with_name(f"{path.stem}_every_{every}.pvd") if target is None else Path(target)
    if place.suffix != ".pvd" or place.parent.resolve() != path.parent.resolve() or place.name == path.name:
        raise SeriesError(f"target={str(place)!r} must be another .pvd in the directory of {path}")
    steps = entries(path)
    chosen = steps[::every]
    if steps and chosen[-1] is not steps[-1]:
        chosen.append(steps[-1])
    write_whole(place, pvd.collection(chosen), new_token())
    return place
