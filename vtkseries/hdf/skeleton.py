"""A VTKHDF file that has everything but the steps: an entry for each chunk that there will be."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from vtkseries.hdf.chunks import HdfArray, encode_chunk
from vtkseries.hdf.layout import Frame, write_frames
from vtkseries.hdf.patch import Chunks, Switch, check_format, chunk_entries, find_switch

__all__ = ["LIBVER", "Places", "disk_errors", "empty_chunk", "find_places", "make_skeleton", "make_static", "starts"]

LIBVER = ("earliest", "v108")
"""The oldest format of files, without checksums; see :mod:`vtkseries.hdf.patch`."""

_MARK = 0x5EED_0FF5E7_5EED


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Raise what the disk reports as an OSError; HDF5 tells of a full disk in the text of another error."""
    try:
        yield
    except (RuntimeError, OSError) as error:
        found = re.search(r"errno = (\d+)", str(error))
        if found is None:
            raise
        number = int(found[1])
        raise OSError(number, os.strerror(number), str(path)) from error


@dataclass(frozen=True)
class Places:
    """Where a skeleton keeps what a step changes.

    Attributes
    ----------
    switch : Switch
        The number of steps.
    chunks : mapping of path to Chunks
    values : mapping of path to (offset, dtype)
        Datasets with one number a step.
    """

    switch: Switch
    chunks: Mapping[str, Chunks]
    values: Mapping[str, tuple[int, np.dtype]] = field(default_factory=dict)


def make_skeleton(path: Path, frames: Sequence[Frame], arrays: Sequence[HdfArray]) -> None:
    """Make the file; the frames' steps are those that there is room for."""
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    with disk_errors(path), h5py.File(path, "w", libver=LIBVER) as file:
        write_frames(file, frames)
        for array in arrays:
            dataset = _make(file, array, frames[0].steps)
            for step in range(frames[0].steps):
                for place in starts(array):
                    dataset.id.write_direct_chunk((step, *place), b"\0")
        file["VTKHDF/Steps"].attrs["NSteps"] = np.int64(_MARK)


def find_places(path: Path, fd: int, arrays: Sequence[HdfArray], *, fresh: bool) -> Places:
    """Find what a step changes, in a fresh skeleton or in a series so far.

    Raises
    ------
    FormatError
        The file is none that vtkseries made.
    """
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    check_format(fd, path)
    with h5py.File(path, "r", locking=False) as file:
        steps = file["VTKHDF/Steps"]
        mark = _MARK if fresh else int(steps.attrs["NSteps"])
        switch = find_switch(fd, steps, mark, [steps["Values"]])
        chunks = {array.path: chunk_entries(fd, file[array.path]) for array in arrays}
        numbers = {f"VTKHDF/FieldData/{name}": item for name, item in file["VTKHDF/FieldData"].items()}
        numbers["VTKHDF/Steps/Values"] = steps["Values"]
        values = {
            name: (item.id.get_offset(), item.dtype)
            for name, item in numbers.items()
            if item.dtype.kind in "iuf" and item.id.get_offset() is not None
        }
    return Places(switch, chunks, values)


def make_static(path: Path, frames: Sequence[Frame], arrays: Mapping[HdfArray, Sequence[bytes]]) -> None:
    """Make a file of one step, which VTK wants without a time axis; of encoded chunks."""
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    times = frames[0].times
    first = replace(times, values=times.values[:1], dates=times.dates[:1])
    fields = {name: values[:1] for name, values in frames[0].fields.items()}
    with disk_errors(path), h5py.File(path, "w", libver=LIBVER) as file:
        write_frames(file, [replace(frame, times=first, fields=fields) for frame in frames])
        for array, chunks in arrays.items():
            dataset = _make(file, array, 1)
            for place, data in zip(starts(array), chunks, strict=True):
                dataset.id.write_direct_chunk(place, data)


def _make(file: Any, array: HdfArray, steps: int) -> Any:
    lead = () if steps == 1 else (steps,)
    filters = {} if array.level is None else {"shuffle": True, "compression": "gzip", "compression_opts": array.level}
    return file.create_dataset(
        array.path,
        shape=(*lead, *array.shape),
        dtype=array.dtype,
        chunks=((1,) if lead else ()) + array.chunk,
        **filters,
    )


def starts(array: HdfArray) -> list[tuple[int, ...]]:
    """Give where the chunks of a step begin, in order."""
    grid = [-(-n // c) for n, c in zip(array.shape, array.chunk, strict=True)]
    return [tuple(p * c for p, c in zip(place, array.chunk, strict=True)) for place in np.ndindex(*grid)]


def empty_chunk(array: HdfArray) -> bytes:
    """Give the chunk that all steps to come share."""
    fill = np.nan if np.dtype(array.dtype).kind == "f" else 0
    return encode_chunk(np.full(math.prod(array.chunk), fill, array.dtype), array.level)
