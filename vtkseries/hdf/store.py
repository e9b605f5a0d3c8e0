"""A series in one HDF5 file, written step by step; killing its writer at any point loses no finished step."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from vtkseries.hdf.chunks import HdfArray, step_chunks
from vtkseries.hdf.earlier import read_earlier, resize
from vtkseries.hdf.layout import Frame
from vtkseries.hdf.patch import check_format, end_of_file, write_switch
from vtkseries.hdf.skeleton import Places, empty_chunk, find_places, make_skeleton, make_static
from vtkseries.storage.stepfile import StepFile, new_token, write_at

__all__ = ["Store", "clear_leftovers", "create", "reopen"]

_BATCH = 16
"""Chunks that are encoded at a time."""


@dataclass
class Store:
    """An open series; see :func:`create` and :func:`reopen`.

    The first step of a series is a file of its own, without a time axis, as VTK wants it; with the second the file
    that has room for all takes its place.

    The chunks of an array that is the same in every step are stored once, and each step's entries are pointed at them.
    Arrays that should be and are not, in steps that are added, are in `changed`.
    """

    file: StepFile
    frames: tuple[Frame, ...]
    arrays: tuple[HdfArray, ...]
    places: Places | None
    fd: int = -1
    end: int = 0
    steps: int = 0
    durable: bool = False
    published: bool = False
    dropped: int = 0
    changed: dict[str, None] = field(default_factory=dict)
    _first: dict[HdfArray, list[bytes]] = field(default_factory=dict)
    _done: dict[str, int] = field(default_factory=dict)
    _written: set[str] = field(default_factory=set)
    _workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(os.cpu_count() or 1))

    @property
    def room(self) -> int:
        """Steps that it can hold."""
        return self.frames[0].steps

    def put(self, array: HdfArray, values: np.ndarray, *, steady: bool = False) -> None:
        """Write the values of the next step of one array; they are seen from :meth:`commit` on.

        Those of an array that should be `steady` are held against the step before, and stored only where they differ.
        """
        chunks = step_chunks(array, values.reshape(array.shape), self._workers, _BATCH)
        for data in chunks:
            if self.steps == 0:
                self._first.setdefault(array, []).append(data)
            if not (steady and self.steps and self._stands(array, data)):
                self.append(array, data)
        if steady:
            self._written.add(array.path)

    def repeat(self, array: HdfArray) -> bool:
        """Give the next step the values of the step before; False where this run has not put any."""
        if array.path not in self._written:
            return False
        for _ in range(array.count if self.places is not None else 0):
            self.append_again(array)
        return True

    def append_again(self, array: HdfArray) -> None:
        """Point the next chunk of the next step at that of the step before."""
        if self.places is not None:
            chunks, number = self.places.chunks[array.path], self._next(array)
            chunks.point(self.fd, number, *chunks.place(self.fd, number - array.count))

    def _stands(self, array: HdfArray, data: bytes) -> bool:
        """Take the chunk of the step before where it is the same."""
        if self.places is None:
            return False
        number = self.steps * array.count + self._done.get(array.path, 0) % array.count
        address, size = self.places.chunks[array.path].place(self.fd, number - array.count)
        if size != len(data) or os.pread(self.fd, size, address) != data:
            self.changed[array.name] = None
            return False
        self.append_again(array)
        return True

    def append(self, array: HdfArray, data: bytes) -> None:
        """Write the next chunk of the next step of an array."""
        if self.places is None:
            return
        self.places.chunks[array.path].point(self.fd, self._next(array), self._append(data), len(data))

    def _next(self, array: HdfArray) -> int:
        """Give the number of the next chunk of the next step."""
        done = self._done.get(array.path, 0)
        self._done[array.path] = done + 1
        return self.steps * array.count + done % array.count

    def commit(self, numbers: Mapping[str, float], time: float) -> None:
        """Make the next step seen."""
        if self.places is not None:
            for path, value in {**numbers, "VTKHDF/Steps/Values": time, "VTKHDF/FieldData/TimeValue": time}.items():
                if path in self.places.values:
                    offset, dtype = self.places.values[path]
                    at = offset + self.steps * dtype.itemsize
                    write_at(self.fd, at, np.asarray(value, dtype).tobytes())
            end_of_file(self.fd, self.end)
            if self.durable:
                os.fdatasync(self.fd)
            write_switch(self.fd, self.places.switch, self.steps + 1)
            if self.durable:
                os.fdatasync(self.fd)
        self.steps += 1
        if self.steps == 1 and not self.published:
            self._publish_first(numbers, time)
        elif not self.published:
            self.file.publish(durable=self.durable)
            self.published = True

    def _append(self, data: bytes) -> int:
        at = self.end
        write_at(self.fd, at, data)
        self.end += len(data)
        return at

    def _publish_first(self, numbers: Mapping[str, float], time: float) -> None:
        frame = self.frames[0]
        times = replace(frame.times, values=(time,))
        fields = {name: values[:1] for name, values in frame.fields.items()}
        for path, value in numbers.items():
            name = path.rpartition("/")[2]
            fields[name] = np.array([value], fields[name].dtype)
        alone = StepFile(self.file.final, new_token())
        try:
            os.close(alone.open_exclusive())
            make_static(
                alone.temporary, [replace(item, times=times, fields=fields) for item in self.frames], self._first
            )
            alone.publish(durable=self.durable)
        except BaseException:
            alone.discard()
            raise
        self._first = {}

    def close(self) -> None:
        """Cut the arrays to the steps that there are, and let go of the file."""
        self._workers.shutdown()
        if self.fd >= 0:
            try:
                if self.published and self.steps < self.room:
                    resize(self.file.final, self.fd, self.arrays, self.steps)
            finally:
                os.close(self.fd)
                self.fd = -1
        if not self.published:
            self.file.discard()


def create(
    target: Path,
    frames: Sequence[Frame],
    arrays: Sequence[HdfArray],
    *,
    durable: bool = False,
    token: str | None = None,
) -> Store:
    """Make room for a series; the frames' times are those of the steps to come, as far as they are known.

    Nothing is under the final name before the first step is committed.
    """
    file = StepFile(target, token or new_token())
    store = Store(file, tuple(frames), tuple(arrays), None, durable=durable)
    if store.room == 1:
        return store
    try:
        os.close(file.open_exclusive())
        make_skeleton(file.temporary, frames, arrays)
        store.fd = os.open(file.temporary, os.O_RDWR)
        store.end = os.fstat(store.fd).st_size
        store.places = find_places(file.temporary, store.fd, arrays, fresh=True)
        for array in arrays:
            data = empty_chunk(array)
            at = store._append(data)  # noqa: SLF001 (its own module)
            for number in range(store.room * array.count):
                store.places.chunks[array.path].point(store.fd, number, at, len(data))
        end_of_file(store.fd, store.end)
        write_switch(store.fd, store.places.switch, 0)
    except BaseException:
        if store.fd >= 0:
            os.close(store.fd)
        file.discard()
        raise
    return store


def reopen(
    target: Path,
    frames: Sequence[Frame],
    arrays: Sequence[HdfArray],
    *,
    durable: bool = False,
    token: str | None = None,
) -> Store:
    """Open a series to continue it with the steps of `frames`.

    Where it has no room, it is copied, chunk by chunk as they are, into a file with room for twice as many steps,
    which takes its place with the first new step.

    Raises
    ------
    SeriesError
        The series so far has other grids or other arrays.
    FormatError
        It is none that vtkseries wrote.
    """
    earlier = read_earlier(target)
    earlier.check(frames, arrays)
    steps = earlier.before(frames[0].times.values[0])
    total = steps + frames[0].steps
    # A file with a time axis must not be left with one step or none, which VTK does not open.
    if earlier.room >= total and earlier.steps > 1 and steps > 1:
        fd = os.open(target, os.O_RDWR)
        try:
            check_format(fd, target)
            end = os.fstat(fd).st_size
            resize(target, fd, arrays, earlier.room)
            places = find_places(target, fd, arrays, fresh=False)
            if steps < earlier.steps:
                write_switch(fd, places.switch, steps)
        except BaseException:
            os.close(fd)
            raise
        whole = earlier.extended(frames, steps, earlier.room)
        file = StepFile(target, token or new_token())
        dropped = earlier.steps - steps
        return Store(file, tuple(whole), tuple(arrays), places, fd, end, steps, durable, True, dropped)
    whole = earlier.extended(frames, steps, max(total, 2 * steps))
    store = create(target, whole, arrays, durable=durable, token=token)
    store.dropped = earlier.steps - steps
    try:
        for step in range(steps):
            for array, data in earlier.chunks(step, arrays):
                if data is None:
                    store.append_again(array)
                else:
                    store.append(array, data)
            store.steps += 1
        if steps and store.places is not None:
            end_of_file(store.fd, store.end)
            write_switch(store.fd, store.places.switch, steps)
    except BaseException:
        store.close()
        raise
    return store


def clear_leftovers(target: Path) -> None:
    """Remove what a killed writer of this series left; to be called under the series' lock."""
    own = re.compile(rf"\.{re.escape(target.name)}\.\d+\.[0-9a-f]{{8}}\.tmp")
    for item in target.parent.iterdir():
        if own.fullmatch(item.name):
            item.unlink(missing_ok=True)
