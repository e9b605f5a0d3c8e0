"""One whole file from a document and arrays in memory, streamed tile by tile.

Arrays may have any strides: a tile of them is brought into the file's order in a small buffer while the tile before is
being written, so that no array is ever copied as a whole.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from vtkseries.storage.stepfile import StepFile, new_token, write_at
from vtkseries.xmlformat import codecs
from vtkseries.xmlformat.layout import FOOTER, PREFIX, Document, header_room, place, relocate, render

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from vtkseries.xmlformat.codecs import Codec

__all__ = ["Values", "write_file"]

Array = npt.NDArray[Any]

_TILE = 1 << 21
"""Bytes of a tile, the buffer of one system call."""

_CACHE = 1 << 17
"""Bytes that are brought into the file's order at a time: few enough for a processor's second cache."""

_LINE = 256
"""Bytes of consecutive source values that a tile of a transposed array takes: whole cache lines."""

_ROWS = 4
"""Rows of a transposed array that are taken at a time: their cache lines stay in the first cache for all planes."""

_WORD = np.dtype("<u8")
_AXES = 3


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one array of a file.

    Parameters
    ----------
    components : tuple of array-like
        One for each component, all of one shape, the last axis varying fastest in the file: [z, y, x] or flat. Strides
        are free, and what is lazy is computed when its turn comes.
    dtype : dtype
        What is stored.
    """

    components: tuple[Any, ...]
    dtype: np.dtype[Any]

    @property
    def nbytes(self) -> int:
        """Bytes of the values in the file, not compressed."""
        return int(np.prod(self.components[0].shape, dtype=np.int64)) * len(self.components) * self.dtype.itemsize


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
    file = StepFile(path, token or new_token())
    fd = file.open_exclusive()
    try:
        try:
            if method is None:
                _write_raw(fd, document, values)
            else:
                _write_compressed(fd, document, values, method)
        finally:
            os.close(fd)
        file.publish(durable=durable)
    except BaseException:
        file.discard()
        raise


def _write_raw(fd: int, document: Document, values: Sequence[Values]) -> None:
    placed, size = place(document)
    head = render(placed)
    write_at(fd, 0, head)
    with _Pipeline(fd, threaded=sum(source.nbytes for source in values) > _TILE) as pipeline:
        for (_, offset), source in zip(_appended(placed), values, strict=True):
            at = len(head) + offset
            write_at(fd, at, np.array([source.nbytes], _WORD))
            _stream(at + PREFIX, source, pipeline)
    if values:
        write_at(fd, len(head) + size, FOOTER)
    else:
        write_at(fd, len(head), b"</VTKFile>\n")


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


class _Pipeline:
    """Writes one buffer while the caller fills another one."""

    def __init__(self, fd: int, *, threaded: bool) -> None:
        self._fd = fd
        self._pool = ThreadPoolExecutor(1) if threaded else None
        self._pending: list[Future[None]] = []
        self._buffers = [np.empty(0, np.uint8), np.empty(0, np.uint8)]

    def buffer(self, nbytes: int) -> npt.NDArray[np.uint8]:
        """Give room that no pending write needs."""
        while len(self._pending) > 1:
            self._pending.pop(0).result()
        self._buffers.reverse()
        if self._buffers[0].nbytes < nbytes:
            self._buffers[0] = np.empty(nbytes, np.uint8)
        return self._buffers[0][:nbytes]

    def write(self, runs: list[tuple[int, Array]]) -> None:
        """Write arrays at positions, now or while the caller goes on."""
        if self._pool is None:
            self._write(runs)
        else:
            self._pending.append(self._pool.submit(self._write, runs))

    def _write(self, runs: list[tuple[int, Array]]) -> None:
        for position, run in runs:
            write_at(self._fd, position, run)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=kind is not None)
        if kind is None:
            for write in self._pending:
                write.result()


def _stream(at: int, source: Values, pipeline: _Pipeline) -> None:
    arrays = _in_file_order(source)
    if not arrays[0].size:
        return
    if len(arrays) == 1 and arrays[0].ndim == 1 and arrays[0].flags.c_contiguous and arrays[0].dtype == source.dtype:
        pipeline.write([(at, arrays[0])])
        return
    shape = _padded(arrays[0].shape)
    item = source.dtype.itemsize * len(arrays)
    arrays = [array.reshape(shape) if array.ndim < _AXES else array for array in arrays]
    size = _tile(arrays[0], item, source.dtype.itemsize)
    for start in product(*(range(0, n, step) for n, step in zip(shape, size, strict=True))):
        ranges = tuple(slice(a, a + step) for a, step in zip(start, size, strict=True))
        tile = _gather([array[ranges] for array in arrays], source.dtype, pipeline)
        pipeline.write(list(_runs(tile, shape, at + item * _flat(start, shape))))


def _flat(start: tuple[int, ...], shape: tuple[int, ...]) -> int:
    return (start[0] * shape[1] + start[1]) * shape[2] + start[2]


def _runs(tile: Array, shape: tuple[int, ...], first: int) -> Iterator[tuple[int, Array]]:
    """Cut a tile, whose first value belongs at `first`, into the stretches that are contiguous in the file."""
    planes, rows, columns = tile.shape[:_AXES]
    item = tile.shape[_AXES] * tile.itemsize
    if columns < shape[2]:
        for a, b in product(range(planes), range(rows)):
            yield first + (a * shape[1] + b) * shape[2] * item, tile[a, b]
    elif rows < shape[1]:
        for a in range(planes):
            yield first + a * shape[1] * shape[2] * item, tile[a]
    else:
        yield first, tile


def _gather(parts: list[Array], dtype: np.dtype[Any], pipeline: _Pipeline) -> Array:
    """Bring a tile of each component into one buffer, interleaved."""
    shape = (*parts[0].shape, len(parts))
    size = int(np.prod(shape)) * dtype.itemsize
    tile: Array = pipeline.buffer(size).view(dtype).reshape(shape)
    _fill(tile, parts)
    return tile


def _fill(tile: Array, parts: list[Array]) -> None:
    """Copy components into a tile, a cache's fill at a time."""
    planes, rows, columns = parts[0].shape
    strips: list[tuple[slice, ...]]
    if _is_transposed(parts[0]):
        strips = [(slice(None), slice(j, j + _ROWS), slice(None)) for j in range(0, rows, _ROWS)]
    else:
        size = tile.shape[-1] * tile.itemsize
        height = max(1, _CACHE // (columns * size))
        width = columns if height > 1 else max(1, _CACHE // size)
        strips = [
            (slice(k, k + 1), slice(j, j + height), slice(i, i + width))
            for k, j, i in product(range(planes), range(0, rows, height), range(0, columns, width))
        ]
    for strip in strips:
        for number, part in enumerate(parts):
            np.copyto(tile[..., number][strip], part[strip], casting="same_kind")


def _is_transposed(array: Array) -> bool:
    return array.shape[0] > 1 and abs(array.strides[0]) < abs(array.strides[2])


def _tile(array: Array, item: int, itemsize: int) -> tuple[int, ...]:
    """Choose how many planes, rows and columns a tile has."""
    planes, rows, columns = array.shape
    most = _TILE // item
    if _is_transposed(array):
        depth = min(planes, max(1, _LINE // itemsize))
    else:
        depth = min(planes, max(1, most // (rows * columns)))
    height = min(rows, max(1, most // (depth * columns)))
    width = columns if depth * columns <= most else max(1, most // depth)
    return depth, height, width


def _padded(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (1,) * (_AXES - len(shape)) + shape


def _in_file_order(source: Values) -> list[Array]:
    """Give the components as arrays; flat where their memory has the file's order already."""
    arrays = [np.asarray(component) for component in source.components]
    if all(array.flags.c_contiguous for array in arrays):
        arrays = [array.reshape(-1) for array in arrays]
    elif arrays[0].ndim > _AXES:
        arrays = [array.reshape((-1, *array.shape[-2:])) for array in arrays]
    swapped = source.dtype.newbyteorder("<")
    return [a.view(np.uint8) if a.dtype == np.bool_ and swapped.itemsize == 1 else a for a in arrays]


def _compress(fd: int, at: int, source: Values, method: Codec) -> int:
    """Write table and streams of one array; give their length, a multiple of 8 bytes."""
    shape = source.components[0].shape
    itemsize = source.dtype.itemsize
    plane = int(np.prod(shape[1:])) * itemsize * len(source.components) if len(shape) > 1 else source.nbytes
    block = codecs.block_size(plane, itemsize)
    blocks = -(-source.nbytes // block)
    table = (codecs.TABLE_HEAD + blocks) * PREFIX
    end, sizes, rest = table, list[int](), b""
    for piece in _pieces(source):
        rest += piece
        whole = len(rest) - len(rest) % block
        for start in range(0, whole, block):
            stream = method.encode(rest[start : start + block])
            write_at(fd, at + end, stream)
            sizes.append(len(stream))
            end += len(stream)
        rest = rest[whole:]
    if rest:
        stream = method.encode(rest)
        write_at(fd, at + end, stream)
        sizes.append(len(stream))
        end += len(stream)
    write_at(fd, at, codecs.render_table(source.nbytes, block, sizes, _WORD))
    return end


def _pieces(source: Values) -> Iterator[bytes]:
    """Give the values' bytes in the file's order, about a tile at a time."""
    arrays = _in_file_order(source)
    if not arrays[0].size:
        return
    shape = _padded(arrays[0].shape)
    item = source.dtype.itemsize * len(arrays)
    arrays = [array.reshape(shape) if array.ndim < _AXES else array for array in arrays]
    depth = max(1, _TILE // (shape[1] * shape[2] * item))
    height = shape[1] if depth > 1 else max(1, _TILE // (shape[2] * item))
    width = shape[2] if height > 1 else max(1, _TILE // item)
    for k, j, i in product(range(0, shape[0], depth), range(0, shape[1], height), range(0, shape[2], width)):
        parts = [array[k : k + depth, j : j + height, i : i + width] for array in arrays]
        tile = np.empty((*parts[0].shape, len(parts)), source.dtype)
        _fill(tile, parts)
        yield tile.tobytes()
