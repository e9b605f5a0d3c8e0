"""A Dataset from files of any writer: dims and names are the grid's own."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from xarray.core import indexing

from vtkseries.engine.lazy import FieldArray, GridArray, Member, find_field
from vtkseries.engine.restore import Restoration
from vtkseries.engine.texts import TextArray
from vtkseries.engine.tilted import Places
from vtkseries.engine.values import array_dtype, check_arrays, read_axis, read_field, read_strings
from vtkseries.errors import FormatError, VtkSeriesWarning
from vtkseries.xmlformat.markup import real

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vtkseries.engine.gridfile import GridFile
    from vtkseries.engine.series import Series
    from vtkseries.xmlformat.layout import DataArray

__all__ = [
    "BOOKKEEPING",
    "attrs_of",
    "field_of",
    "fields_of",
    "foreign_dataset",
    "free_name",
    "image_axes",
    "lazy",
    "leave_out_texts",
    "preferred_chunks",
    "text_field",
    "time_of",
]

_DIMS = ("z", "y", "x")
_TIME_FIELDS = ("TimeValue", "time_units", "time_calendar")
_OWN_FIELDS = ("vtkseries", "vtkseries_group", "vtkseries_tree", "vtkseries_stands", "vtkseries_time")
BOOKKEEPING = (*_TIME_FIELDS, *_OWN_FIELDS)
"""Field data that are no variables."""
_CHUNK = 128 * 1024 * 1024
_FREE = 1_000_000
"""Points along an axis of an image up to which it has coordinates in memory whatever its data."""


def foreign_dataset(series: Series, grids: Sequence[GridFile]) -> xr.Dataset:
    """Give what a series of any writer holds.

    Points are on the dims ``z, y, x``, cells on ``z_cell, y_cell, x_cell``; components on ``component`` where there
    are three, else on ``component_<n>``. With several parts, those after the first have the part's name or number
    behind the names of their dims, and behind a variable's name that an earlier part has.

    Parameters
    ----------
    series : Series
    grids : sequence of GridFile
        The first step's file of each part.
    """
    variables: dict[str, xr.Variable] = {}
    coordinates: dict[str, Any] = {}
    for number, grid in enumerate(grids):
        tail = f"_{series.parts[number].name or series.parts[number].number}" if number else ""
        coordinates |= _coordinates(series, number, grid, tail)
        for tag in ("PointData", "CellData"):
            for array in grid.arrays(tag):
                if array.type == "String" and (array.components > 1 or grid.parallel or len(grid.sources) != 1):
                    leave_out_texts(grid, array.name)
                    continue
                name = free_name(array.name, tail, tag, {**variables, **coordinates})
                variables[name] = _variable(series, number, grid, tag, array, tail)
    teller = next((number for number, grid in enumerate(grids) if find_field(grid, "TimeValue") is not None), 0)
    for array in fields_of(grids[teller]):
        if array.name not in BOOKKEEPING:
            name = free_name(array.name, "", "FieldData", {**variables, **coordinates})
            found = field_of(series, teller, grids[teller], array, name)
            if found is not None:
                variables[name] = found
    coordinates |= time_of(series, grids[teller])
    counted = {name: found for name, found in coordinates.items() if not isinstance(found, xr.Variable)}
    ds = xr.Dataset(variables, {name: found for name, found in coordinates.items() if name not in counted})
    for name, index in counted.items():
        ds = ds.assign_coords(xr.Coordinates.from_xindex(index))
        ds[name].attrs["axis"] = name[0].upper()
        edges = name.replace("_cell", "", 1)
        if edges != name and ds.sizes[edges] == ds.sizes[name] + 1:
            ds[name].attrs["bounds"] = edges
    return ds


def lazy(array: Any) -> Any:
    """Wrap a lazy array as xarray's own backends do."""
    return indexing.LazilyIndexedArray(array)


def preferred_chunks(dims: Sequence[Any], roles: Sequence[str], shape: Sequence[int], itemsize: int) -> dict[Any, int]:
    """Give chunks of one step, cut along z where one is larger than 128 MiB."""
    chunks = {dim: 1 if role in ("time", "part") else n for dim, role, n in zip(dims, roles, shape, strict=True)}
    for dim, role in zip(dims, roles, strict=True):
        nbytes = int(np.prod([float(n) for n in chunks.values()])) * itemsize
        if role == "z" and nbytes > _CHUNK:
            chunks[dim] = max(1, int(chunks[dim] * _CHUNK // nbytes))
    return chunks


def text_field(grid: GridFile, name: str) -> str | None:
    """Give a string of a file's field data."""
    array = find_field(grid, name)
    if array is None or array.type != "String":
        return None
    return next(iter(read_strings(grid, array)), None)


def free_name(name: str, tail: str, tag: str, taken: dict[str, Any]) -> str:
    """Give a name that no other variable has."""
    for candidate in (name, f"{name}{tail}", f"{name}_{tag.removesuffix('Data').lower()}{tail}"):
        if candidate not in taken:
            return candidate
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def leave_out_texts(grid: GridFile, name: str) -> None:
    """Warn that an array of texts is left out."""
    text = (
        f"{grid.path}: array {name[:200]!r} of texts left out: read it with VTK, whose grid vtkseries.from_grid takes"
    )
    warnings.warn(text, VtkSeriesWarning, stacklevel=5)


def _variable(series: Series, part: int, grid: GridFile, tag: str, array: DataArray, tail: str) -> xr.Variable:
    grid_shape = grid.points if tag == "PointData" else grid.cells
    names = _DIMS if tag == "PointData" else tuple(f"{dim}_cell" for dim in _DIMS)
    dims, roles, shape = [f"{name}{tail}" for name in names], [*_DIMS], [*grid_shape]
    if series.times is not None:
        dims, roles, shape = ["time", *dims], ["time", *roles], [series.steps, *shape]
    if array.type == "String":
        texts = TextArray(series, part, array.name, tag, tuple(roles), tuple(shape))
        return xr.Variable(dims, lazy(texts), encoding={"preferred_chunks": preferred_chunks(dims, roles, shape, 8)})
    if array.components > 1:
        dims.append("component" if array.components == 3 else f"component_{array.components}")  # noqa: PLR2004 (x, y, z)
        roles.append("c")
        shape.append(array.components)
    dtype = array_dtype(array)
    backend = GridArray(
        series,
        (Member(part, (array.name,)),),
        tag,
        grid_shape,
        tuple(roles),
        tuple(shape),
        (),
        Restoration(dtype, dtype),
    )
    chunks = preferred_chunks(dims, roles, shape, dtype.itemsize)
    return xr.Variable(dims, lazy(backend), attrs_of(array), {"preferred_chunks": chunks, "dtype": dtype})


def attrs_of(array: DataArray) -> dict[str, Any]:
    """Give the units and the names of components that an array has."""
    attrs: dict[str, Any] = {"units": array.units} if array.units else {}
    return attrs | ({"component_names": list(array.component_names)} if array.component_names else {})


def _coordinates(series: Series, part: int, grid: GridFile, tail: str) -> dict[str, Any]:
    if grid.kind == "StructuredGrid":
        return _curvilinear(series, part, grid, tail)
    if grid.kind == "ImageData":
        if max(grid.points) > _FREE and _stored(grid) < max(grid.points) * np.dtype("f8").itemsize:
            return _counted(grid, tail) or _tilted(grid, tail)
        axes = image_axes(grid)
        if axes is None:
            return _tilted(grid, tail)
    else:
        axes = [read_axis(grid, axis) for axis in range(3)]
    found = {}
    for name, nodes in zip("xyz", axes, strict=True):
        attrs = {"axis": name.upper()}
        found[f"{name}{tail}"] = xr.Variable(f"{name}{tail}", nodes, attrs)
        if grid.arrays("CellData"):
            middle = (nodes[1:] + nodes[:-1]) / 2 if len(nodes) > 1 else nodes
            edges = {"bounds": f"{name}{tail}"} if len(nodes) > 1 else {}
            found[f"{name}_cell{tail}"] = xr.Variable(f"{name}_cell{tail}", middle, attrs | edges)
    return found


def image_axes(grid: GridFile) -> list[np.ndarray[Any, Any]] | None:
    """Give the nodes along x, y and z; None where the image is tilted, or has a long axis and no data along it."""
    lines = _lines(grid)
    if lines is None or (max(grid.points) > _FREE and not _stored(grid)):
        return None  # a few words would otherwise ask for any memory
    return [
        origin + step * np.arange(grid.whole[2 * axis], grid.whole[2 * axis + 1] + 1, dtype="f8")
        for axis, (origin, step) in enumerate(lines)
    ]


def _lines(grid: GridFile) -> list[tuple[float, float]] | None:
    """Give origin and step of each axis; None where the image is tilted."""
    origin, spacing, direction = _image(grid)
    if not np.array_equal(direction, np.diag(np.diag(direction))):
        return None
    return list(zip(origin.tolist(), (np.diag(direction) * spacing).tolist(), strict=True))


def _stored(grid: GridFile) -> int:
    """Give the bytes of an image's arrays, as far as its files have been found to hold them."""
    if not grid.parallel:
        return sum(array.nbytes for tag in ("PointData", "CellData") for array in grid.arrays(tag))
    total = 0
    for source in grid.sources:
        try:
            piece = grid.other(source)
        except FileNotFoundError:
            return 0
        check_arrays(piece)
        total += _stored(piece)
    return total


def _counted(grid: GridFile, tail: str) -> dict[str, Any]:
    """Give axes whose nodes take more memory than the data: counted when they are asked for, where xarray can."""
    lines = _lines(grid)
    if lines is None or not _stored(grid) or not hasattr(xr.indexes, "RangeIndex"):
        return {}
    found = {}
    for axis, (name, (origin, step)) in enumerate(zip("xyz", lines, strict=True)):
        count, start = grid.points[2 - axis], origin + step * grid.whole[2 * axis]
        ends = [(f"{name}{tail}", start, count)]
        if grid.arrays("CellData"):
            ends.append((f"{name}_cell{tail}", start + step / 2 * (count > 1), max(count - 1, 1)))
        for dim, begin, number in ends:
            stop = begin + step * (number - 0.5)  # half a step short, so that rounding adds none
            if step == 0 or not np.isfinite(stop):
                return {}
            found[dim] = xr.indexes.RangeIndex.arange(begin, stop, step, dim=dim)
    return found


def _image(grid: GridFile) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    defaults = {"Origin": "0 0 0", "Spacing": "1 1 1", "Direction": "1 0 0 0 1 0 0 0 1"}
    found = []
    for name, default in defaults.items():
        words = (grid.attribute(name) or default).split()
        if len(words) != len(default.split()):
            raise FormatError(f"{grid.path}: {name} has {len(words)} numbers")
        found.append(np.array([real(word, name) for word in words]))
    return found[0], found[1], found[2].reshape(3, 3)


def _tilted(grid: GridFile, tail: str) -> dict[str, xr.Variable]:
    """Give the place of an image of which no axis has coordinates of its own, and those of its points."""
    origin, spacing, direction = _image(grid)
    attrs = {"Origin": origin.tolist(), "Spacing": spacing.tolist(), "Direction": direction.reshape(-1).tolist()}
    found = {f"image{tail}": xr.Variable((), 0, attrs)}
    if _stored(grid) or math.prod(grid.points) <= _FREE:
        first = (grid.whole[0], grid.whole[2], grid.whole[4])
        dims = tuple(f"{dim}{tail}" for dim in _DIMS)
        chunks = preferred_chunks(dims, _DIMS, grid.points, 8)
        for name, start, along in zip("XYZ", origin.tolist(), direction.tolist(), strict=True):
            places = lazy(Places(start, tuple(spacing.tolist()), tuple(along), first, grid.points))
            found[f"{name}{tail}"] = xr.Variable(dims, places, {"axis": name}, {"preferred_chunks": chunks})
    return found


def _curvilinear(series: Series, part: int, grid: GridFile, tail: str) -> dict[str, xr.Variable]:
    """Give the places of the points, as lazy as the data: they may move with time."""
    (points,) = grid.arrays("Points") if grid.sources else (None,)
    if points is None:
        return {}
    dtype = array_dtype(points)
    moving = series.times is not None
    dims = ["time", *_DIMS] if moving else [*_DIMS]
    dims = [dim if dim == "time" else f"{dim}{tail}" for dim in dims]
    roles = ("time", *_DIMS) if moving else _DIMS
    shape = (series.steps, *grid.points) if moving else grid.points
    found = {}
    for component, name in enumerate(("X", "Y", "Z")):
        member = Member(part, (points.name or "Points",), component)
        backend = GridArray(series, (member,), "Points", grid.points, roles, shape, (), Restoration(dtype, dtype))
        encoding = {"preferred_chunks": preferred_chunks(dims, roles, shape, dtype.itemsize)}
        found[f"{name}{tail}"] = xr.Variable(dims, lazy(backend), {"axis": name}, encoding)
    return found


def fields_of(grid: GridFile) -> tuple[DataArray, ...]:
    """Give the arrays of field data, also of those inside a piece, where PyEVTK puts them."""
    grid = getattr(grid, "holder", grid)
    return (*grid.header.document.field_data, *(() if grid.parallel else grid.arrays("FieldData")))


def field_of(series: Series, part: int, grid: GridFile, array: DataArray, name: str) -> xr.Variable | None:
    """Give an array of the field data of each step; None for one without a name."""
    strings = array.type == "String"
    if not array.name:
        return None
    if array.tuples is None:
        count = len(read_strings(grid, array)) if strings else len(read_field(grid, array))
    else:
        count = array.tuples
    dtype = np.dtype(object) if strings else array_dtype(array)
    dims, roles, shape = [], [], []
    if series.times is not None:
        dims, roles, shape = ["time"], ["time"], [series.steps]
    if count != 1:
        dims, roles, shape = [*dims, f"{name}_tuple"], [*roles, "tuple"], [*shape, count]
    if array.components > 1:
        dims, roles, shape = [*dims, f"{name}_component"], [*roles, "c"], [*shape, array.components]
    backend = FieldArray(series, part, (array.name,), tuple(roles), tuple(shape), Restoration(dtype, dtype))
    return xr.Variable(dims, lazy(backend), attrs_of(array), {"preferred_chunks": dict(zip(dims, shape, strict=True))})


def time_of(series: Series, grid: GridFile) -> dict[str, xr.Variable]:
    """Give the time coordinate."""
    attrs = {}
    for key, name in (("units", "time_units"), ("calendar", "time_calendar")):
        text = text_field(grid, name)
        if text:
            attrs[key] = text
    if series.times is not None:
        return {"time": xr.Variable("time", np.array(series.times), attrs)}
    stamp = find_field(grid, "TimeValue")
    if stamp is None or stamp.type == "String":
        return {}
    values = read_field(grid, stamp)
    return {"time": xr.Variable((), values[0, 0], attrs)} if values.size == 1 else {}
