"""What a ``.vtkhdf`` holds so far, so that what is added to it can be held against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from vtkseries.errors import FormatError, SeriesError
from vtkseries.hdf.chunks import HdfArray
from vtkseries.hdf.layout import Frame
from vtkseries.hdf.patch import chunk_entries, find_dims
from vtkseries.hdf.skeleton import LIBVER, starts
from vtkseries.storage.stepfile import write_at

__all__ = ["Earlier", "read_earlier", "resize"]


@dataclass(frozen=True)
class Earlier:
    """A series so far.

    Attributes
    ----------
    path : Path
    steps, room : int
        Steps that it has, and that it can hold.
    times : tuple of float
    shapes : mapping
        By path, shape of a step's array, dtype, chunk and deflate level.
    nodes : tuple of ndarray
        The coordinates of its grid.
    units : str or None
        Of its time.
    fields : mapping of name to ndarray
        Numbers of each step, or of all.
    dates : tuple of str
    """

    path: Path
    type: str
    steps: int
    room: int
    times: tuple[float, ...]
    shapes: dict[str, tuple[Any, ...]]
    nodes: tuple[np.ndarray, ...]
    units: str | None
    fields: dict[str, np.ndarray]
    dates: tuple[str, ...]

    def check(self, frame: Frame, arrays: Sequence[HdfArray]) -> None:
        """Refuse steps with another grid, other arrays or other units of time.

        Raises
        ------
        SeriesError
            Names what differs.
        """
        found = self._difference(frame, arrays)
        if found:
            message = f"{self.path}: the series so far does not fit: {found}; write another with mode='w'"
            raise SeriesError(message)
        if self.units != frame.times.units:
            message = f"{self.path} has its time in {self.units!r}, and the new step in {frame.times.units!r}"
            raise SeriesError(f"{message}; give time_units={self.units!r}")

    def _difference(self, frame: Frame, arrays: Sequence[HdfArray]) -> str:
        if self.type != frame.type:
            return f"it has {self.type}, and the new step {frame.type}"
        new = {array.path: (array.shape, np.dtype(array.dtype), array.chunk, array.level) for array in arrays}
        for path in dict.fromkeys([*self.shapes, *new]):
            if self.shapes.get(path) != new.get(path):
                here, there = (_told(kinds.get(path)) for kinds in (self.shapes, new))
                return f"{path.rpartition('/')[2]!r} is {here} in it, and {there} in the new step"
        if len(self.nodes) != len(frame.geometry) or not all(
            np.array_equal(a, b) for a, b in zip(self.nodes, frame.geometry, strict=True)
        ):
            return "the grid's coordinates are others"
        return ""

    def before(self, time: float) -> int:
        """Give the number of steps before a time; those from there on are written anew."""
        return sum(t < time for t in self.times)

    def extended(self, frame: Frame, steps: int, room: int) -> Frame:
        """Give the frame of the first `steps` steps, those of `frame`, and of room for more."""
        spare = room - steps - frame.steps
        times = frame.times
        values = (*self.times[:steps], *times.values, *(float("nan"),) * spare)
        # VTK crashes on an empty string.
        known = self.dates[:steps] or (" ",) * steps
        dates = (*known, *times.dates, *(" ",) * spare) if times.dates else ()
        fields = dict(frame.fields)
        for name in frame.varying:
            whole = np.zeros(room, frame.fields[name].dtype)
            old = self.fields.get(name, whole[:0])[:steps]
            whole[: len(old)] = old
            fields[name] = whole
        return replace(frame, times=replace(times, values=values, dates=dates), fields=fields)

    def chunks(self, step: int, arrays: Sequence[HdfArray]) -> Iterator[tuple[HdfArray, bytes]]:
        """Give the chunks of a step as they are stored."""
        import h5py  # noqa: PLC0415 (only VTKHDF needs it)

        with h5py.File(self.path, "r", locking=False) as file:
            for array in arrays:
                dataset = file[array.path]
                for place in starts(array):
                    at = place if self.steps == 1 else (step, *place)
                    yield array, dataset.id.read_direct_chunk(at)[1]


def _told(kind: tuple[Any, ...] | None) -> str:
    if kind is None:
        return "missing"
    shape, dtype, _, level = kind
    return f"{dtype} of shape {shape}, {'not compressed' if level is None else f'deflate level {level}'}"


def read_earlier(path: Path) -> Earlier:
    """Read a series' description.

    Raises
    ------
    FormatError
        It is none that vtkseries wrote.
    """
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    try:
        with h5py.File(path, "r", locking=False, libver=LIBVER) as file:
            return _read(path, file)
    except (OSError, KeyError, AttributeError) as error:
        message = f"{path}: it is no series that vtkseries wrote ({error}); write another with mode='w'"
        raise FormatError(message) from error


def _read(path: Path, file: Any) -> Earlier:
    root = file["VTKHDF"]
    steps = int(root["Steps"].attrs["NSteps"])
    type_ = root.attrs["Type"].decode()
    shapes: dict[str, tuple[Any, ...]] = {}
    room = 1 if steps == 1 else steps
    with path.open("rb") as raw:
        for group in ("PointData", "CellData"):
            for name, item in root[group].items():
                lead = int(steps != 1)
                shapes[f"VTKHDF/{group}/{name}"] = (
                    item.shape[lead:],
                    item.dtype,
                    None if item.chunks is None else item.chunks[lead:],
                    item.compression_opts if item.compression else None,
                )
                if lead and item.chunks is not None:
                    entries = len(chunk_entries(raw.fileno(), item).entries)
                    room = entries // int(
                        np.prod([-(-n // c) for n, c in zip(item.shape[1:], item.chunks[1:], strict=True)])
                    )
    fields = {n: d[()] for n, d in root["FieldData"].items() if d.dtype.kind in "iuf"}
    texts = {n: d.asstr()[()] for n, d in root["FieldData"].items() if d.dtype.kind == "O"}
    units = texts["time_units"][0] if "time_units" in texts else None
    nodes = tuple(root[n][()] for n in _geometry(type_)) if type_ != "ImageData" else _image(root)
    times = tuple(root["Steps/Values"][()].tolist())
    return Earlier(path, type_, steps, room, times, shapes, nodes, units, fields, tuple(texts.get("date", ())))


def _geometry(type_: str) -> tuple[str, ...]:
    return ("Points",) if type_ == "StructuredGrid" else ("XCoordinates", "YCoordinates", "ZCoordinates")


def _image(root: Any) -> tuple[np.ndarray, ...]:
    return (root.attrs["WholeExtent"], root.attrs["Origin"], root.attrs["Spacing"])


def resize(path: Path, fd: int, arrays: Sequence[HdfArray], steps: int) -> None:
    """Say that the arrays, and the numbers of each step, have so many steps; whatever is stored stays."""
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    places: list[int] = []
    with h5py.File(path, "r", locking=False) as file:
        offsets = file.get("VTKHDF/Steps/FieldDataOffsets", {})
        varying = [f"VTKHDF/FieldData/{name}" for name, item in offsets.items() if item.shape[0] > 1 and item[1] == 1]
        for name in (*(array.path for array in arrays), *varying):
            places += find_dims(fd, file[name])
    for place in places:
        write_at(fd, place, steps.to_bytes(8, "little"))
