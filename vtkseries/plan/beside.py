"""What reading back needs and no step's file holds: files beside the steps, written once, that ParaView never opens.

Such a file is VTK XML without a grid, whose arrays are its field data. Its name tells its content, so that writing it
again changes nothing, and neither two runs nor two series can mix theirs up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from vtkseries.metadata import dumps, pack
from vtkseries.xmlformat.dtypes import TO_NUMPY, vtk_type
from vtkseries.xmlformat.layout import ALIGNMENT, FOOTER, PREFIX, DataArray, Document, header_room

__all__ = ["SUFFIX", "BesidePlan", "packed_rows", "plan_beside", "slabs"]

SUFFIX = ".coords"
_EXTENDED = (63, 10)  # digits and bytes of x86's long double
_SLAB = 1 << 25
"""Bytes of a variable that are read at a time."""


@dataclass(frozen=True)
class BesidePlan:
    """A file beside the steps.

    Attributes
    ----------
    name : str
        In the directory of the steps: ``<series>_<hash of the content>.coords``.
    document : Document
        With offsets.
    arrays : tuple of (source, position)
        The variables, and where in the file their values begin.
    room, size : int
        Bytes up to and including the ``_`` of the appended block, and of the whole file.
    """

    name: str
    document: Document
    arrays: tuple[tuple[str, int], ...]
    room: int
    size: int


def plan_beside(stem: str, variables: Mapping[str, xr.Variable]) -> BesidePlan:
    """Plan a file with some variables, each under its key; their values are read once, for the name.

    Parameters
    ----------
    stem : str
        Of the series.
    variables : mapping
        Of dtypes whose items have bytes of their own: all but objects.
    """
    content = hashlib.blake2b(digest_size=6)
    first = header_room(_document([DataArray("x", "UInt8", tuples=0, offset=0)])) % ALIGNMENT
    arrays, end = [], 0
    for key, variable in variables.items():
        nbytes = variable.size * variable.dtype.itemsize
        content.update(f"{key} {nbytes}\n".encode())
        for slab in slabs(variable):
            content.update(slab.data)
        offset = end + -(first + end + PREFIX) % ALIGNMENT
        end = offset + PREFIX + nbytes
        kind, itemsize = _stored(variable.dtype)
        arrays.append(DataArray(key, kind, tuples=nbytes // itemsize, nbytes=nbytes, offset=offset))
    document = _document(arrays)
    room = header_room(document)
    return BesidePlan(
        f"{stem}_{content.hexdigest()}{SUFFIX}",
        document,
        tuple((array.name, room + int(array.offset or 0) + PREFIX) for array in arrays),
        room,
        room + end + len(FOOTER),
    )


def slabs(variable: xr.Variable) -> Iterator[np.ndarray[Any, np.dtype[np.uint8]]]:
    """Give a variable's bytes in C order, a stretch of its first dim at a time where it is large."""
    nbytes = variable.size * variable.dtype.itemsize
    if not nbytes:
        return
    rows = variable.shape[0] if variable.ndim else 1
    many = rows if variable._in_memory else max(1, int(rows * _SLAB // nbytes))  # noqa: SLF001 (xarray has no public word for it)
    for start in range(0, rows, many):
        part = variable[start : start + many] if variable.ndim else variable
        yield _bytes(np.ascontiguousarray(part.values))


def _bytes(values: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Give values as bytes; of numbers with 80 bits, the others are not left as they happen to be."""
    if values.dtype.char in "gG" and np.finfo(values.dtype).nmant == _EXTENDED[0]:
        numbers = values.reshape(-1).copy().view("u1").reshape(-1, np.dtype("g").itemsize)
        numbers[:, _EXTENDED[1] :] = 0
        return numbers.reshape(-1)
    return values.reshape(-1).view("u1")


def packed_rows(variable: xr.Variable) -> xr.Variable:
    """Give texts, dates of other calendars or other objects as JSON: one text for each index of the first dim.

    Raises
    ------
    TypeError
        There is no JSON for them.
    """
    texts = [dumps({"row": pack(np.asarray(row))}).encode() for row in variable.values]
    width = max(map(len, texts), default=1)
    rows = np.array([text.ljust(width) for text in texts], f"S{width}")
    return xr.Variable(variable.dims[:1], rows)


def _stored(dtype: np.dtype) -> tuple[str, int]:
    """Give VTK's type of values, that of bytes where it has none, and the size of one."""
    if dtype.isnative and dtype in TO_NUMPY.values():
        return vtk_type(dtype), dtype.itemsize
    return "UInt8", 1


def _document(arrays: list[DataArray]) -> Document:
    return Document("ImageData", (("WholeExtent", "0 -1 0 -1 0 -1"),), (), tuple(replace(a) for a in arrays))
