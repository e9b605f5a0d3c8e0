"""A series: which file holds which step of which part."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from vtkseries.engine.gridfile import GridFile, open_grid
from vtkseries.errors import FormatError, VtkSeriesWarning
from vtkseries.hdf.read import open_hdf
from vtkseries.storage.guard import check_references, naming, resolve
from vtkseries.storage.read import OpenFile
from vtkseries.xmlformat.collection import MAX_FILE_SERIES, MAX_INDEX, Names, parse_collection, parse_file_series

if TYPE_CHECKING:
    from vtkseries.xmlformat.collection import Listing

__all__ = ["SUFFIXES", "Part", "Series", "open_series"]

_FILES = (".vtr", ".vti", ".vts", ".vtp", ".vtu")
SUFFIXES = (".pvd", ".series", *_FILES, ".pvtr", ".pvti", ".pvts", ".pvtp", ".pvtu", ".vtkhdf")


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One grid of a series: its number and name in the collection, and its file of each step."""

    number: str
    name: str
    files: Names


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The steps of a series, small enough to be sent to workers.

    Parameters
    ----------
    path : str
        The collection, or the single grid file.
    times : ndarray of float or None
        As the collection says; None for a single file.
    parts : tuple of Part
    follow_outside : bool
        Whether files outside the collection's directory may be opened.
    """

    path: str
    times: np.ndarray | None
    parts: tuple[Part, ...]
    follow_outside: bool = False

    @property
    def steps(self) -> int:
        """The number of steps; a single file is one."""
        return 1 if self.times is None else len(self.times)

    def grid(self, step: int, part: int = 0) -> GridFile:
        """Open the file of one step.

        Raises
        ------
        FormatError
            It is damaged, hostile, or outside the collection's directory.
        OSError
            It cannot be read.
        """
        if self.times is None:
            return open_grid(self.path, follow_outside=self.follow_outside)
        with naming(self.path):
            directory = os.path.dirname(self.path)  # noqa: PTH120 (once a step: Path takes ten times as long)
            path = resolve(directory, self.parts[part].files[step], follow_outside=self.follow_outside)
        return open_grid(path, follow_outside=self.follow_outside)


def open_series(path: str, *, follow_outside: bool = False) -> Series:
    """Read which files make up a series; only the index is opened.

    Parameters
    ----------
    path : str
        A collection, or one grid file.
    follow_outside : bool
        Whether the files that it names may be outside its directory.

    Raises
    ------
    FormatError
        It is damaged or hostile, or of no kind that can be opened.
    OSError
        It cannot be read.
    """
    path = os.path.abspath(path)  # noqa: PTH100 (links are not to be resolved: files are found beside the link)
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise FormatError(
            f"{path}: its suffix {suffix!r} is not one of {known}; what VTK or pyvista reads, vtkseries.from_grid takes"
        )
    if suffix == ".vtkhdf":
        return cast("Series", open_hdf(path, follow_outside=follow_outside))
    if suffix not in (".pvd", ".series"):
        return Series(path, None, (Part("0", "", Names.of([path])),), follow_outside)
    with naming(path), OpenFile(path) as file:
        limit = MAX_INDEX if suffix == ".pvd" else MAX_FILE_SERIES
        if file.size > limit:
            raise FormatError(f"it has {file.size} bytes, more than an index has ({limit})")
        # In chunks: expat takes minutes over an attribute of 64 MB before it could be refused.
        listing = parse_collection(file.chunks()) if suffix == ".pvd" else parse_file_series(file.read(0, file.size))
        check_references(listing.files, follow_outside=follow_outside)
        times, parts = _arrange(listing)
    return Series(path, times, parts, follow_outside)


def _arrange(listing: Listing) -> tuple[np.ndarray, tuple[Part, ...]]:
    """Give steps in the order of their times, and the files of each part; of equal times the first counts.

    A part that is not there at every time is left out with a warning.
    """
    if not len(listing):
        raise FormatError("it lists no files")
    labels, names = listing.labels, listing.files
    if len(labels) == 1 and (np.diff(listing.times) > 0).all():
        return listing.times.copy(), (Part(*labels[0], names),)
    times, steps = np.unique(listing.times, return_inverse=True)
    # One number for each time of each part, in which the first entry of a part at a time comes first.
    places = listing.blocks.astype(np.int64) * len(times) + steps
    del steps
    places, firsts = np.unique(places, return_index=True)
    known = np.bincount(places // len(times), minlength=len(labels))
    del places
    begins = np.cumsum(known) - known
    whole = [number for number in range(len(labels)) if known[number] == len(times)]
    if len(whole) < len(labels):
        lost = next(number for number in range(len(labels)) if known[number] < len(times))
        told = f"part {labels[lost].part[:40]!r} has a file at {known[lost]} of {len(times)} times"
        if not whole:
            raise FormatError(f"{told}, and no part has one at each")
        others = f", and so with {len(labels) - len(whole) - 1} more" if len(labels) - len(whole) > 1 else ""
        message = f"{told}{others}: left out; list its files in a .pvd of their own to open them"
        warnings.warn(message, VtkSeriesWarning, stacklevel=5)
    parts = (
        Part(*labels[number], names.take(firsts[begins[number] : begins[number] + len(times)])) for number in whole
    )
    return times, tuple(parts)
