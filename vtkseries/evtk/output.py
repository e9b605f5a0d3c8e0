"""The last step of every function: one grid and its arrays to one file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from vtkseries.errors import SeriesError
from vtkseries.storage.links import followed
from vtkseries.storage.onefile import write_file
from vtkseries.xmlformat.codecs import Codec, codec
from vtkseries.xmlformat.layout import Document, Piece

if TYPE_CHECKING:
    from vtkseries.evtk.arrays import Arrays
    from vtkseries.xmlformat.layout import DataArray

__all__ = ["PathLike", "absolute", "choose", "save"]

PathLike = str | os.PathLike[str]

_SUFFIXES = {
    "ImageData": ".vti",
    "RectilinearGrid": ".vtr",
    "StructuredGrid": ".vts",
    "UnstructuredGrid": ".vtu",
}


def absolute(path: PathLike, suffix: str) -> Path:
    """Give the file's whole name: PyEVTK appends the extension, always.

    Raises
    ------
    SeriesError
        The directory is not there.
    """
    final = Path(os.path.abspath(os.fspath(path) + suffix))  # noqa: PTH100  # as PyEVTK gives it
    if not final.parent.is_dir():
        raise SeriesError(f"{final}: there is no directory {final.parent}; make it first")
    return final


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
    final = absolute(path, _SUFFIXES[kind])
    write_file(followed(final), document, arrays.values, method)
    return str(final)
