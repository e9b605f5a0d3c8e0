"""Values of an array: the box that is asked for, and no more than it touches."""

from __future__ import annotations

from bisect import bisect_right
from contextlib import ExitStack
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from vtkseries.engine.ascii import check_count, count_numbers, read_ascii
from vtkseries.engine.extents import cell_shape
from vtkseries.engine.stored import Values, locate, reading
from vtkseries.errors import FormatError
from vtkseries.hdf.read import HdfGrid
from vtkseries.xmlformat.counts import UNKNOWN
from vtkseries.xmlformat.dtypes import TO_NUMPY
from vtkseries.xmlformat.parse import box_shape, word_dtype

if TYPE_CHECKING:
    from vtkseries.engine.gridfile import GridFile, Source
    from vtkseries.storage.read import OpenFile
    from vtkseries.xmlformat.layout import DataArray

    Array = np.ndarray[Any, Any]
    Indices = tuple[Array, Array, Array]

__all__ = ["array_dtype", "check_arrays", "read_array", "read_axis", "read_field", "read_strings"]

_SPAN = 8 * 1024 * 1024
_NARROW, _FEW = 4, 2
_MAX_TEXT = 16 * 1024 * 1024


def array_dtype(array: DataArray) -> np.dtype:
    """Give the dtype of an array's values in memory; bits become bytes."""
    return TO_NUMPY.get(array.type, np.dtype("u1"))


def check_arrays(grid: GridFile) -> None:
    """Hold every array of a file against the file's size.

    Raises
    ------
    FormatError
        One does not fit.
    """
    if grid.parallel or isinstance(grid, HdfGrid):
        return
    document = grid.header.document
    arrays = [("FieldData", array) for array in document.field_data]
    for source in grid.sources:
        arrays += [
            (section.tag, array) for section in document.pieces[source.piece].sections for array in section.arrays
        ]
    places = []
    with grid.open() as file:
        for tag, array in arrays:
            if array.encoding == "ascii":
                strings = array.type == "String" or array.nbytes == UNKNOWN or tag == "FieldData" or array.type == "Bit"
                values = array.nbytes // array_dtype(array).itemsize
                check_count(file, array, (array.tuples or 0) * array.components if strings else values)
            else:
                told = tag != "FieldData" or (array.tuples is not None and array.offset is not None)
                told = told and array.type != "String" and array.nbytes != UNKNOWN
                stored = locate(grid, file, array, array.nbytes if told else None)
                if (array.tuples or 0) * array.components > max(stored.size, 0) and tag == "FieldData":
                    raise FormatError(f"{grid.path}: field {array.name[:200]!r} has {stored.size} bytes")
                if array.offset is not None and stored.place is not None and stored.size:
                    places.append((*stored.place, array))
        _check_neighbours(grid, file, places)


def _check_neighbours(grid: GridFile, file: OpenFile, places: list[tuple[int, int, DataArray]]) -> None:
    """Hold each raw array against where the next one begins: a wrong ``header_type`` shifts all values, in silence."""
    start = grid.header.start or 0
    offsets = sorted({start + (array.offset or 0) for _, _, array in places})
    rooms = []
    for _, end, array in places:
        at = bisect_right(offsets, start + (array.offset or 0))
        room = (offsets[at] if at < len(offsets) else grid.end) - end
        if room < 0:
            raise FormatError(f"{grid.path}: array {array.name[:200]!r} reaches into the next one by {-room} bytes")
        rooms.append(room)
    word = word_dtype(grid.header.document).itemsize
    if word != _NARROW or grid.header.document.compressor or len(places) < _FEW or min(rooms) < _NARROW:
        return
    # Counts of 8 bytes would look so: no array ends where the next begins, and all have four zeros first.
    if all(file.read(begin, _NARROW) == bytes(_NARROW) for begin, _, _ in places):
        raise FormatError(f"{grid.path}: its byte counts are UInt64, where header_type says UInt32")


def read_array(grid: GridFile, tag: str, name: str, indices: Indices, out: Array | None = None) -> Array:
    """Give the values of a point or cell array at the crossings of rising indices.

    Parameters
    ----------
    grid : GridFile
    tag : {"PointData", "CellData", "Points"}
    name : str
        Of an array in it.
    indices : three arrays of int
        Along z, y and x, from 0, each rising.
    out : ndarray, optional
        Where the values may be read to; they are not there if another array is returned.

    Returns
    -------
    ndarray, shape (len(z), len(y), len(x), components)
        In native byte order.
    """
    if isinstance(grid, HdfGrid):
        return grid.read_array(tag, name, indices)
    return _from_pieces(grid, tag, name, indices, out)


def _from_pieces(grid: GridFile, tag: str, name: str, indices: Indices, out: Array | None) -> Array:
    with ExitStack() as stack:
        parts: list[tuple[tuple[Indices, Indices], _Reader | None, GridFile]] = []
        file = None if grid.parallel else stack.enter_context(grid.open())
        for source in grid.sources:
            taken = _within(grid, tag, source, indices)
            if taken is None:
                continue
            if file is None:
                parts.append((taken, None, grid.other(source)))
            else:
                parts.append((taken, _reader(grid, file, tag, source, name), grid))
        if len(parts) == 1 and all(len(p) == len(i) for p, i in zip(parts[0][0][0], indices, strict=True)):
            return _part(parts[0], tag, name, out)
        found: Array | None = None
        for part in parts:
            values = _part(part, tag, name)
            if found is None:
                found = np.empty((*map(len, indices), values.shape[-1]), values.dtype)
            if found.dtype != values.dtype or found.shape[-1] != values.shape[-1]:
                raise FormatError(f"{grid.path}: array {name[:200]!r} differs from piece to piece")
            found[np.ix_(*part[0][0])] = values
    if found is None:
        described = next((a for a in grid.arrays(tag) if a.name == name), None)
        if described is None:
            raise _missing(grid, tag, name)
        return np.empty((*map(len, indices), described.components), array_dtype(described))
    return found


def read_axis(grid: GridFile, axis: int) -> Array:
    """Give the coordinates of a rectilinear grid along one axis: 0 is x, 1 y, 2 z."""
    if isinstance(grid, HdfGrid):
        return grid.read_axis(axis)
    length = grid.points[2 - axis]
    values: Array | None = None
    missing = np.ones(length, bool)
    for source in grid.sources:
        first, last = (source.box[2 * axis + i] - grid.whole[2 * axis] for i in (0, 1))
        if not missing[first : last + 1].any():
            continue
        owner = grid.other(source) if grid.parallel else grid
        if grid.parallel:
            ghosts = source.box[2 * axis] - source.held[2 * axis] if source.held else 0
            part = read_axis(owner, axis)[ghosts : ghosts + last - first + 1]
        else:
            with grid.open() as file:
                section = grid.section("Coordinates", source.piece)
                if section is None:
                    raise FormatError(f"{grid.path}: piece {source.piece} has no Coordinates")
                part = _whole(grid, file, section.arrays[axis], last - first + 1)
        if values is None:
            values = np.empty(length, part.dtype)
        values[first : last + 1] = part
        missing[first : last + 1] = False
    return np.empty(length) if values is None else values


def read_field(grid: GridFile, array: DataArray) -> Array:
    """Give the values of a field-data array, shape (tuples, components)."""
    if isinstance(grid, HdfGrid):
        return grid.read_field(array.name)
    grid = grid.holder
    with grid.open() as file:
        count = None if array.tuples is None else array.tuples * array.components
        values = _whole(grid, file, array, count)
    if values.size % array.components:
        raise FormatError(f"{grid.path}: field {array.name[:200]!r} has {values.size} values")
    return values.reshape(-1, array.components)


def read_strings(grid: GridFile, array: DataArray) -> list[str]:
    """Give the strings of a String array.

    Raises
    ------
    FormatError
        They are not UTF-8, or fewer than the file says.
    """
    if isinstance(grid, HdfGrid):
        return grid.read_strings(array.name)
    grid = grid.holder
    with grid.open() as file:
        if array.encoding == "ascii":
            size = count_numbers(file, array)
            codes = read_ascii(file, array, size, np.dtype("i2"))
            if codes.size and not -128 <= codes.min() <= codes.max() <= 255:  # noqa: PLR2004 (VTK writes signed bytes)
                raise FormatError(f"{grid.path}: field {array.name[:200]!r} has codes that are no bytes")
            data = codes.astype(np.uint8).tobytes()
        else:
            stored = locate(grid, file, array, None)
            if stored.size > _MAX_TEXT:
                raise FormatError(f"{grid.path}: field {array.name[:200]!r} has {stored.size} bytes of text")
            buffer = bytearray(stored.size)
            with reading(grid.path, array):
                stored.read_into(0, memoryview(buffer))
            data = bytes(buffer)
    try:
        texts = [text.decode() for text in data.split(b"\0")]
    except UnicodeDecodeError as error:
        raise FormatError(f"{grid.path}: field {array.name[:200]!r} is not UTF-8: {error}") from error
    count = len(texts) - 1 if array.tuples is None else array.tuples
    if len(texts) < count:
        raise FormatError(f"{grid.path}: field {array.name[:200]!r} has {len(texts)} strings, not {count}")
    return texts[:count]


def _within(grid: GridFile, tag: str, source: Source, indices: Indices) -> tuple[Indices, Indices] | None:
    """Give where in the answer, and where in the piece, the indices that a piece has lie; None where it has none."""
    shape = box_shape(source.box)
    if tag == "CellData":
        shape = cell_shape(shape)
    positions, inside = [], []
    for axis, wanted in zip((2, 1, 0), indices, strict=True):
        local = wanted - (source.box[2 * axis] - grid.whole[2 * axis])
        here = np.flatnonzero((local >= 0) & (local < shape[2 - axis]))
        if not len(here):
            return None
        positions.append(here)
        ghosts = source.box[2 * axis] - source.held[2 * axis] if source.held else 0
        inside.append(local[here] + ghosts)
    return tuple(positions), tuple(inside)  # type: ignore[return-value]


_Reader = tuple[Any, "DataArray", tuple[int, int, int]]


def _reader(grid: GridFile, file: OpenFile, tag: str, source: Source, name: str) -> _Reader:
    section = grid.section(tag, source.piece)
    array = next((a for a in section.arrays if a.name == name or tag == "Points"), None) if section else None
    if array is None or array.type == "String":
        raise _missing(grid, tag, name)
    points = box_shape(source.box)
    shape = points if tag != "CellData" else cell_shape(points)
    if array.encoding == "ascii" or array.type == "Bit":
        return _whole(grid, file, array, prod(shape) * array.components), array, shape
    return locate(grid, file, array, array.nbytes), array, shape


def _part(
    part: tuple[tuple[Indices, Indices], _Reader | None, GridFile], tag: str, name: str, out: Array | None = None
) -> Array:
    (_, inside), reader, owner = part
    if reader is None:
        return read_array(owner, tag, name, inside, out)
    values, array, shape = reader
    if isinstance(values, np.ndarray):
        whole: Array = values.reshape(*shape, array.components)[np.ix_(*inside)]
        return whole
    with reading(owner.path, array):
        return _take(values, _in_file(owner, array_dtype(array)), (*shape, array.components), inside, out)


def _missing(grid: GridFile, tag: str, name: str) -> FormatError:
    return FormatError(f"{grid.path}: {tag} has no array {name[:200]!r} of numbers")


def _whole(grid: GridFile, file: OpenFile, array: DataArray, count: int | None) -> Array:
    """Give all values of an array."""
    dtype = array_dtype(array)
    if array.encoding == "ascii":
        return read_ascii(file, array, count_numbers(file, array) if count is None else count, dtype)
    bits = array.type == "Bit"
    nbytes = None if count is None else -(-count // 8) if bits else count * dtype.itemsize
    stored = locate(grid, file, array, nbytes)
    if stored.size % dtype.itemsize:
        raise FormatError(f"{grid.path}: array {array.name[:200]!r} has {stored.size} bytes of {dtype}")
    values = np.empty(stored.size // dtype.itemsize, _in_file(grid, dtype))
    with reading(grid.path, array):
        stored.read_into(0, _bytes(values))
    return np.unpackbits(values, count=count) if bits else values.astype(dtype, copy=False)


def _in_file(grid: GridFile, dtype: np.dtype) -> np.dtype:
    return dtype.newbyteorder("<" if grid.header.document.byte_order == "LittleEndian" else ">")


def _bytes(values: Any) -> memoryview:
    return memoryview(values.reshape(-1).view("u1"))


def _take(
    values: Values, dtype: np.dtype, shape: tuple[int, int, int, int], indices: Indices, target: Array | None
) -> Array:
    """Read the runs of bytes that the indices touch.

    Rows along x are the runs; where whole rows or slices are asked for, they join to longer ones.
    """
    _, ny, nx, components = shape
    zs, ys, xs = indices
    if not (len(zs) and len(ys) and len(xs)):
        return np.empty((len(zs), len(ys), len(xs), components), dtype.newbyteorder("="))
    item = components * dtype.itemsize
    x0, width = int(xs[0]), int(xs[-1]) + 1 - int(xs[0])
    if width == nx and _joined(ys):
        outer, stride, begin, length = zs, ny * nx * item, int(ys[0]) * nx * item, len(ys) * nx * item
        if len(ys) == ny and _joined(zs):
            outer, begin, length = zs[:1], 0, len(zs) * ny * nx * item
    else:
        outer = (zs[:, None] * ny + ys).reshape(-1)
        stride, begin, length = nx * item, x0 * item, width * item
    starts = outer.astype(np.int64) * stride + begin
    wanted = (len(zs), len(ys), width, components)
    if (
        target is not None
        and (target.shape, target.dtype) == (wanted, dtype)
        and target.flags.c_contiguous
        and len(xs) == width
    ):
        _read_runs(values, starts, target.reshape(-1).view("u1").reshape(len(starts), length))
        return target
    out = np.empty((len(starts), length), np.uint8)
    _read_runs(values, starts, out)
    found = out.reshape(-1).view(dtype).reshape(wanted)
    if len(xs) != width:
        found = found[:, :, xs - x0]
    if not found.dtype.isnative:
        found = found.byteswap(inplace=found.flags.writeable).view(found.dtype.newbyteorder())
    return found


def _joined(indices: Array) -> bool:
    return int(indices[-1]) - int(indices[0]) + 1 == len(indices)


def _read_runs(values: Values, starts: Array, out: Array) -> None:
    """Fill each row of `out` from its place, several at once where the bytes between them cost less than a read."""
    length = out.shape[1]
    step = np.diff(starts)
    adjacent = step == length
    breaks = np.flatnonzero(step - length > values.gap) + 1
    for first, stop in zip((0, *breaks.tolist()), (*breaks.tolist(), len(starts)), strict=True):
        if adjacent[first : stop - 1].all():
            values.read_into(int(starts[first]), _bytes(out[first:stop]))
            continue
        rows = max(1, int(_SPAN // max(int(step[first : stop - 1].max()), length)))
        for at in range(first, stop, rows):
            end = min(at + rows, stop)
            base = int(starts[at])
            span = np.empty(int(starts[end - 1]) + length - base, np.uint8)
            values.read_into(base, _bytes(span))
            for row in range(at, end):
                offset = int(starts[row]) - base
                out[row] = span[offset : offset + length]
