"""The last step of every function: one grid and its arrays to one file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from vtkseries.errors import SeriesError
from vtkseries.storage.leftovers import remove_leftovers
from vtkseries.storage.links import followed
from vtkseries.storage.onefile import write_file
from vtkseries.xmlformat.codecs import Codec, codec
from vtkseries.xmlformat.layout import Document, Piece

if TYPE_CHECKING:
    from vtkseries.evtk.arrays import Arrays
    from vtkseries.xmlformat.layout import DataArray

__all__ = ["PathLike", "choose", "save", "target"]

PathLike = str | os.PathLike[str]

_LONGEST_NAME = 255

_SUFFIXES = {
    "ImageData": ".vti",
    "RectilinearGrid": ".vtr",
    "StructuredGrid": ".vts",
    "UnstructuredGrid": ".vtu",
}


def target(path: PathLike, suffix: str) -> tuple[str, Path]:
    """Give the file's whole name, and the file that is written where that is a link.

    PyEVTK appends the extension, always. What killed calls left beside the file is removed.

    Raises
    ------
    SeriesError
        The directory is not there, the name is too long, or a directory's.
    """
    final = Path(os.path.abspath(os.fspath(path) + suffix))  # noqa: PTH100  # as PyEVTK gives it
    beyond = len(os.fsencode(final.name)) - _LONGEST_NAME
    if beyond > 0:
        raise SeriesError(f"{final} has a name that is too long by {beyond} bytes; take a shorter one")
    if not os.path.isdir(final.parent):  # noqa: PTH112  # False also where a directory's name is too long
        raise SeriesError(f"{final}: there is no directory {final.parent}; make it first")
    if final.is_dir():
        raise SeriesError(f"{final} is a directory; take another name")
    written = followed(final)
    remove_leftovers(written)
    return str(final), written


def choose(compression: str | bool | None, level: int | None) -> Codec | None:  # noqa: FBT001  # True is zlib
    """Give the codec that the caller asks for.

    Raises
    ------
    SeriesError
        VTK has no such compression.
    """
    name = {True: "zlib", False: None}[compression] if isinstance(compression, bool) else compression
    return codec(name, level)


def save(
    path: PathLike,
    kind: str,
    attributes: tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]],
    arrays: Arrays,
    *,
    field: tuple[DataArray, ...],
    method: Codec | None,
) -> str:
    """Write a file of one piece.

    Parameters
    ----------
    path : path-like
        Without the extension.
    kind : str
        VTK's name of the grid type.
    attributes : pair of tuples of pairs
        Those of the grid and those of its piece.
    arrays : Arrays
        Geometry and data.
    field : tuple of DataArray
        Inline field data.
    method : Codec or None
        Compresses the arrays.

    Returns
    -------
    str
        The file's absolute path.
    """
    document = Document(
        kind,
        attributes[0],
        (Piece(attributes[1], tuple(arrays.sections)),),
        field,
        compressor=None if method is None else method.compressor,
    )
    name, final = target(path, _SUFFIXES[kind])
    write_file(final, document, arrays.values, method)
    return name
