# ruff: noqa: N802  # PyEVTK's names
"""The ``.pvd`` that names the files of a series, on disk after each of them."""

from __future__ import annotations

import math
import os
import warnings
from pathlib import Path
from xml.sax.saxutils import quoteattr

from vtkseries.errors import SeriesError, VtkSeriesWarning
from vtkseries.evtk.output import PathLike, absolute
from vtkseries.storage.stepfile import new_token, write_whole

__all__ = ["VtkGroup"]

_HEAD = '<?xml version="1.0"?>\n<VTKFile type="Collection" version="1.0" byte_order="LittleEndian">\n<Collection>\n'
_TAIL = "</Collection>\n</VTKFile>\n"
_WHITE = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


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
        self._path = absolute(filepath, ".pvd")
        self._times: dict[float, set[int]] = {}
        self._entries: list[str] = []
        self._saved = False
        self._token = new_token()
        self._write()

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
        if not Path(filepath).exists():
            text = f"{self._path} lists {filepath}, which is not there; write the file before it is added"
            warnings.warn(text, VtkSeriesWarning, stacklevel=2)
        taken.add(block)
        file = os.path.relpath(filepath, self._path.parent).replace(os.sep, "/")
        pairs = {"timestep": repr(time), "group": group, "part": str(block), "file": file, "name": name}
        self._entries.append("".join(f" {key}={quoteattr(str(value), _WHITE)}" for key, value in pairs.items()))
        self._write()

    def save(self) -> None:
        """End the series; the file is whole already."""
        self._saved = True

    def _write(self) -> None:
        entries = "".join(f"<DataSet{entry}/>\n" for entry in self._entries)
        write_whole(self._path, f"{_HEAD}{entries}{_TAIL}".encode(), self._token)


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
