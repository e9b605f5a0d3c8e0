"""One whole file from a document and arrays in memory, streamed tile by tile, in several threads where it is large."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

from vtkseries.storage.mapped import mapped
from vtkseries.storage.newfile import write_new
from vtkseries.storage.parallel import in_order
from vtkseries.storage.regions import threads
from vtkseries.storage.stepfile import write_all_at, write_at
from vtkseries.storage.tiles import Tiles, Values
from vtkseries.xmlformat import codecs
from vtkseries.xmlformat.layout import FOOTER, PREFIX, Document, header_room, place, relocate, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from vtkseries.storage.stepfile import StepFile
    from vtkseries.xmlformat.codecs import Codec

__all__ = ["write_file", "write_temporary"]

_LEAST, _MOST = 1 << 20, 1 << 24
"""Bytes of a tile: enough for long stretches of the file, few beside the array."""

_SHARE = 1 << 22
"""Bytes that a thread puts in their places at a time where the file is memory."""

_SERIAL = 1 << 22
"""Bytes of an array below which threads cost more than they bring."""

_THREADS = 4
"""Threads that move values; more only wait for each other, since a system writes to a file one call at a time."""

_BATCH = 1 << 21
"""Bytes that a thread compresses at a time."""

_WORD = np.dtype("<u8")


def write_file(
    path: Path,
    document: Document,
    values: Sequence[Values],
    method: Codec | None = None,
    *,
    durable: bool = False,
    token: str | None = None,
) -> None:
    """Write a file that appears under its name when it is whole, or not at all.

    Parameters
    ----------
    path : Path
        Replaced where it exists.
    document : Document
        What the file holds; its arrays have no offsets yet.
    values : sequence of Values
        One for each appended array, in the document's order.
    method : Codec, optional
        Compresses every appended array; the document names its compressor.
    durable : bool
        Survive a power cut.
    token : str, optional
        Of the run, for the temporary file's name.

    Raises
    ------
    OSError
        The directory is missing, the disk is full, or the like; what was under the name is still there.
    """
    write_new(path, lambda fd: _write(fd, document, values, method), token, durable=durable)


def write_temporary(file: StepFile, document: Document, values: Sequence[Values], method: Codec | None = None) -> None:
    """Write a whole file under its temporary name; the arguments are those of :func:`write_file`.

    Where another attempt has made it, both write the same bytes.

    Raises
    ------
    OSError
        The directory is missing, the disk is full, or the like; nothing stays behind.
    """
    fd = file.open_for_blocks()
    try:
        try:
            _write(fd, document, values, method)
        finally:
            os.close(fd)
    except BaseException:
        file.discard()
        raise


def _write(fd: int, document: Document, values: Sequence[Values], method: Codec | None) -> None:
    if method is None:
        _write_raw(fd, document, values)
    else:
        _write_compressed(fd, document, values, method)


def _write_raw(fd: int, document: Document, values: Sequence[Values]) -> None:
    placed, size = place(document)
    head = render(placed)
    write_at(fd, 0, head)
    foot = FOOTER if values else b"</VTKFile>\n"
    with _Movers(fd, len(head) + size + len(foot)) as movers:
        for (_, offset), source in zip(_appended(placed), values, strict=True):
            at = len(head) + offset
            write_at(fd, at, np.array([source.nbytes], _WORD))
            movers.move(at + PREFIX, source)
    write_at(fd, len(head) + size, foot)


def _write_compressed(fd: int, document: Document, values: Sequence[Values], method: Codec) -> None:
    placed, size = place(document)
    # Room for the longest offsets that could come: a stream may be a little longer than its block.
    offsets = {key: 2 * size + (1 << 20) for key, _ in _appended(placed)}
    room = header_room(relocate(document, offsets)) if offsets else 0
    end = 0
    for number in sorted(range(len(values)), key=lambda n: _appended(placed)[n][1]):
        key, _ = _appended(placed)[number]
        offsets[key] = end
        end += _compress(fd, room + end, values[number], method)
    head = render(relocate(document, offsets), room if offsets else None)
    write_at(fd, 0, head)
    write_at(fd, len(head) + end, FOOTER if values else b"</VTKFile>\n")


def _appended(document: Document) -> list[tuple[tuple[int, int, int], int]]:
    """Give key and offset of each appended array, in the document's order."""
    return [
        ((p, s, a), array.offset or 0)
        for p, piece in enumerate(document.pieces)
        for s, section in enumerate(piece.sections)
        for a, array in enumerate(section.arrays)
        if array.encoding == "appended"
    ]


class _Movers:
    """Bring arrays into the file's order: each thread a tile of its own, to the file as memory or to its own buffer."""

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self._size = size
        self._many = min(_THREADS, threads())
        self._pool: ThreadPoolExecutor | None = None
        self._local = threading.local()

    def move(self, at: int, source: Values) -> None:
        """Write one array; it is whole when this returns."""
        large = source.nbytes >= _SERIAL
        room = mapped(self._fd, at, at + source.nbytes, self._size) if large else None
        if room is None:
            self._write(at, source)
            return
        tiles = Tiles(source, _SHARE)
        target = room.view(source.dtype).reshape(*tiles.shape, -1)
        self._share(source, tiles.shares(), lambda where: tiles.put(where, target[where]))

    def _write(self, at: int, source: Values) -> None:
        if not source.nbytes:
            return
        # All threads' buffers together take no more than one component.
        most = source.nbytes // (self._many * len(source.components))
        tiles = Tiles(source, min(_MOST, max(_LEAST, most)))
        if tiles.whole is not None:
            write_at(self._fd, at, tiles.whole)
            return

        def one(where: tuple[slice, ...]) -> None:
            for offset, run in tiles.runs(where, tiles.gather(where, self._buffer(tiles.nbytes(where)))):
                write_at(self._fd, at + offset, run)

        self._share(source, tiles.across(), one)

    def _share(
        self, source: Values, parts: Iterator[tuple[slice, ...]], work: Callable[[tuple[slice, ...]], None]
    ) -> None:
        if source.nbytes < _SERIAL or self._many == 1:
            for where in parts:
                work(where)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._many, "vtkseries-write")
        for _ in self._pool.map(work, parts):
            pass

    def _buffer(self, nbytes: int) -> npt.NDArray[np.uint8]:
        buffer: npt.NDArray[np.uint8] | None = getattr(self._local, "buffer", None)
        if buffer is None or buffer.nbytes < nbytes:
            self._local.buffer = buffer = np.empty(nbytes, np.uint8)
        return buffer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _compress(fd: int, at: int, source: Values, method: Codec) -> int:
    """Write table and streams of one array; give their length, a multiple of 8 bytes."""
    shape = source.components[0].shape
    itemsize = source.dtype.itemsize
    plane = int(np.prod(shape[1:])) * itemsize * len(source.components) if len(shape) > 1 else source.nbytes
    block = codecs.block_size(plane, itemsize)
    end = (codecs.TABLE_HEAD + -(-source.nbytes // block)) * PREFIX
    sizes = list[int]()

    def encode(batch: memoryview) -> list[bytes]:
        return [method.encode(batch[start : start + block]) for start in range(0, len(batch), block)]

    batches = _batches(source, block)
    for streams in map(encode, batches) if source.nbytes < _SERIAL else in_order(encode, batches):
        end = write_all_at(fd, at + end, streams) - at
        sizes += map(len, streams)
    write_at(fd, at, codecs.render_table(source.nbytes, block, sizes, _WORD))
    return end


def _batches(source: Values, block: int) -> Iterator[memoryview]:
    """Give the values' bytes in the file's order, whole blocks at a time."""
    if not source.nbytes:
        return
    tiles, rest = Tiles(source, _BATCH), np.empty(0, np.uint8)
    if tiles.whole is not None:
        whole, step = memoryview(tiles.whole).cast("B"), -(-_BATCH // block) * block  # type: ignore[arg-type]
        yield from (whole[start : start + step] for start in range(0, len(whole), step))
        return
    for where in tiles.along():
        batch = np.empty(rest.nbytes + tiles.nbytes(where), np.uint8)
        batch[: rest.nbytes] = rest
        tiles.gather(where, batch[rest.nbytes :])
        cut = batch.nbytes - batch.nbytes % block
        yield memoryview(batch[:cut])  # type: ignore[arg-type]
        rest = batch[cut:]
    yield memoryview(rest)  # type: ignore[arg-type]
