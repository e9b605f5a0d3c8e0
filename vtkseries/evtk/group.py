# ruff: noqa: N802  # PyEVTK's names
"""The ``.pvd`` that names the files of a series, on disk after each of them."""

from __future__ import annotations

import math
import os
import warnings

from vtkseries.errors import SeriesError, VtkSeriesWarning
from vtkseries.evtk.output import PathLike, target
from vtkseries.storage.index import Entry, Index
from vtkseries.storage.newfile import naming
from vtkseries.storage.stepfile import new_token

__all__ = ["VtkGroup"]


class VtkGroup:
    """A series of files; the collection is whole on disk from the beginning and after each file.

    Parameters
    ----------
    filepath : path-like
        Without the extension ``.pvd``.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from vtkseries.evtk import imageToVTK
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     group = VtkGroup(f"{directory}/wave")
    ...     for step in range(3):
    ...         file = imageToVTK(f"{directory}/wave_{step}", pointData={"height": np.full((4, 3, 2), step)})
    ...         group.addFile(file, sim_time=0.5 * step)
    ...     group.save()
    """

    def __init__(self, filepath: PathLike) -> None:
        _, self._path = target(filepath, ".pvd")
        self._times: dict[float, set[int]] = {}
        self._count = 0
        self._saved = False
        self._token = new_token()
        with naming(self._path):
            Index.create(self._path, token=self._token).release()

    def addFile(
        self, filepath: PathLike, sim_time: float, group: str = "", part: int | str = "0", name: str = ""
    ) -> None:
        """Name one more file.

        Parameters
        ----------
        filepath : path-like
            The file, from the current directory.
        sim_time : float
            Its time.
        group : str
            For information only.
        part : int
            Number of the block at that time. Where that number is taken, the next free one is, since readers show
            one file a part.
        name : str
            The block's name.

        Raises
        ------
        SeriesError
            The time is no finite number, the part no whole one, or the group is saved.
        """
        if self._saved:
            raise SeriesError(f"{self._path} is saved; begin another VtkGroup")
        time, block = _time(sim_time), _part(part)
        taken = self._times.setdefault(time, set())
        while block in taken:
            block += 1
        if block != _part(part):
            text = f"time {time!r} has a part {part} already: {filepath} becomes part {block}; name it with part="
            warnings.warn(text, VtkSeriesWarning, stacklevel=2)
        if not os.path.exists(filepath):  # noqa: PTH110  # False also for a name that is too long
            text = f"{self._path} lists {filepath}, which is not there; write the file before it is added"
            warnings.warn(text, VtkSeriesWarning, stacklevel=2)
        file = os.path.relpath(filepath, self._path.parent).replace(os.sep, "/")
        entry = Entry(repr(time), file, block, str(name), group=str(group))
        with naming(self._path), Index.attach(self._path, self._token) as index:
            index.commit(self._count, [entry])
        self._count += 1
        taken.add(block)

    def save(self) -> None:
        """End the series; the file is whole already."""
        if not self._saved:
            with naming(self._path), Index.attach(self._path, self._token) as index:
                index.close()
            self._saved = True


def _time(value: float) -> float:
    try:
        time = float(value)
    except (TypeError, ValueError) as error:
        raise SeriesError(f"sim_time={value!r} is no number") from error
    if not math.isfinite(time):
        raise SeriesError(f"sim_time={value!r}: readers need a finite number")
    return time


def _part(value: int | str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise SeriesError(f"part={value!r} is no whole number") from error
