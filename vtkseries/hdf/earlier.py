"""What a ``.vtkhdf`` holds so far, so that what is added to it can be held against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from vtkseries.errors import FormatError, SeriesError
from vtkseries.hdf.chunks import HdfArray
from vtkseries.hdf.layout import Frame, blocks_of
from vtkseries.hdf.patch import chunk_entries, find_dims
from vtkseries.hdf.skeleton import LIBVER, starts
from vtkseries.plan.group import STEP_FIELDS
from vtkseries.storage.stepfile import write_at

__all__ = ["Earlier", "read_earlier", "resize", "units_so_far"]


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
    grids : mapping
        By block's name, its type and its coordinates.
    units : str or None
        Of its time.
    fields : mapping of name to ndarray
        Numbers of each step, or of all.
    dates : tuple of str
    """

    path: Path
    steps: int
    room: int
    times: tuple[float, ...]
    shapes: dict[str, tuple[Any, ...]]
    grids: dict[str, tuple[str, tuple[np.ndarray, ...]]]
    units: str | None
    fields: dict[str, np.ndarray]
    dates: tuple[str, ...]

    def check(self, frames: Sequence[Frame], arrays: Sequence[HdfArray]) -> None:
        """Refuse steps with other grids, other arrays or other units of time.

        Raises
        ------
        SeriesError
            Names what differs.
        """
        found = self._difference(frames, arrays)
        if found:
            message = f"{self.path}: the series so far does not fit: {found}; write another with mode='w'"
            raise SeriesError(message)
        units = frames[0].times.units
        if self.units != units:
            message = f"{self.path} has its time in {self.units!r}, and the new step in {units!r}"
            raise SeriesError(f"{message}; give time_units={self.units!r}")

    def _difference(self, frames: Sequence[Frame], arrays: Sequence[HdfArray]) -> str:
        if list(self.grids) != [frame.block for frame in frames]:
            here, there = (", ".join(names) or "one" for names in (self.grids, [frame.block for frame in frames]))
            return f"its grids are {here}, and those of the new step {there}"
        for frame in frames:
            kind = self.grids[frame.block][0]
            if kind != frame.type:
                return f"it has {kind}, and the new step {frame.type}"
        new = {array.path: (array.shape, np.dtype(array.dtype), array.chunk, array.level) for array in arrays}
        for path in dict.fromkeys([*self.shapes, *new]):
            if self.shapes.get(path) != new.get(path):
                here, there = (_told(kinds.get(path)) for kinds in (self.shapes, new))
                return f"{path.rpartition('/')[2]!r} is {here} in it, and {there} in the new step"
        for name in sorted(set(self.fields).symmetric_difference(frames[0].fields) - STEP_FIELDS):
            here, there = ("there", "absent") if name in self.fields else ("absent", "there")
            return f"field data {name!r} is {here} in it, and {there} in the new step"
        for frame in frames:
            nodes = self.grids[frame.block][1]
            if len(nodes) != len(frame.geometry) or not all(map(np.array_equal, nodes, frame.geometry)):
                return "the grid's coordinates are others"
        return ""

    def before(self, time: float) -> int:
        """Give the number of steps before a time; those from there on are written anew."""
        return sum(t < time for t in self.times)

    def extended(self, frames: Sequence[Frame], steps: int, room: int) -> list[Frame]:
        """Give the frames of the first `steps` steps, those of `frames`, and of room for more."""
        frame = frames[0]
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
        whole_time = replace(times, values=values, dates=dates)
        return [replace(item, times=whole_time, fields=fields) for item in frames]

    def chunks(self, step: int, arrays: Sequence[HdfArray]) -> Iterator[tuple[HdfArray, bytes | None]]:
        """Give the chunks of a step as they are stored; None for one that is that of the step before."""
        import h5py  # noqa: PLC0415 (only VTKHDF needs it)

        with h5py.File(self.path, "r", locking=False) as file:
            for array in arrays:
                dataset = file[array.path]
                for place in starts(array):
                    at = place if self.steps == 1 else (step, *place)
                    where = [dataset.id.get_chunk_info_by_coord((s, *place)) for s in (step - 1, step) if step]
                    shared = len({info.byte_offset for info in where}) < len(where)
                    yield array, None if shared else dataset.id.read_direct_chunk(at)[1]


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


def units_so_far(path: Path, mode: str) -> str | None:
    """Give the units of time of a series that is to be continued, where there is one."""
    return read_earlier(path).units if mode == "a" and path.exists() else None


def _read(path: Path, file: Any) -> Earlier:
    root = file["VTKHDF"]
    steps = int(root["Steps"].attrs["NSteps"])
    blocks = blocks_of(root)
    shapes: dict[str, tuple[Any, ...]] = {}
    room = 1 if steps == 1 else steps
    with path.open("rb") as raw:
        for group in (f"{block}/{kind}".lstrip("/") for block in blocks for kind in ("PointData", "CellData")):
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
    grids = {block: _grid(root[block] if block else root) for block in blocks}
    times = tuple(root["Steps/Values"][()].tolist())
    return Earlier(path, steps, room, times, shapes, grids, units, fields, tuple(texts.get("date", ())))


def _grid(group: Any) -> tuple[str, tuple[np.ndarray, ...]]:
    """Give the type of a grid, and what places its points."""
    kind = group.attrs["Type"].decode()
    if kind == "ImageData":
        return kind, tuple(group.attrs[name] for name in ("WholeExtent", "Origin", "Spacing"))
    names = ("Points",) if kind == "StructuredGrid" else ("XCoordinates", "YCoordinates", "ZCoordinates")
    return kind, tuple(group[name][()] for name in names)


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
