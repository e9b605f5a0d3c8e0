"""A Dataset as it was when vtkseries wrote it, from the files and what they say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from vtkseries.engine.foreign import image_axes, lazy, preferred_chunks, text_field
from vtkseries.engine.groups import dated, stands
from vtkseries.engine.kept import StaticArray, StepsArray, described, static_place
from vtkseries.engine.lazy import FieldArray, GridArray, Member, find_field
from vtkseries.engine.linked import LinkedArray
from vtkseries.engine.meshfile import is_mesh
from vtkseries.engine.own_mesh import mesh_drawn
from vtkseries.engine.restore import Restoration
from vtkseries.engine.task import Task, check_member
from vtkseries.engine.values import array_dtype, read_array, read_axis, read_field
from vtkseries.errors import FormatError
from vtkseries.hdf.read import HdfGrid
from vtkseries.metadata import VERSION, dtype_of, from_nodes, loads, unpack
from vtkseries.storage.guard import naming
from vtkseries.timecodes import restore_times

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from vtkseries.engine.gridfile import GridFile
    from vtkseries.engine.series import Series

__all__ = ["own_dataset", "undrawn_dataset"]

_DAMAGE = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, RecursionError)
_ROLES = ("time", "part", "z", "y", "x", "c")


def own_dataset(series: Series, grids: Sequence[GridFile]) -> xr.Dataset | None:
    """Give the Dataset that vtkseries wrote; None for files of other writers.

    Parameters
    ----------
    series : Series
    grids : sequence of GridFile
        The first step's file of each part.

    Raises
    ------
    FormatError
        What the files say about the Dataset does not fit what they hold.
    """
    found = _teller(grids)
    if found is None:
        return None
    teller, content = found
    with naming(grids[teller].path):
        if content.get("version") != VERSION:
            return None
        try:
            return _restore(series, grids, content, teller)
        except _DAMAGE as error:
            if isinstance(error, FormatError):
                raise
            raise FormatError(f"its vtkseries metadata is damaged: {error!r}") from error


def undrawn_dataset(series: Series, grid: GridFile, content: Any) -> xr.Dataset:
    """Give the Dataset of a group that draws nothing, as a file of another group tells it.

    Raises
    ------
    FormatError
        What the file says about it cannot be.
    """
    with naming(grid.path):
        try:
            return _restore(series, [grid], content, 0)
        except _DAMAGE as error:
            if isinstance(error, FormatError):
                raise
            raise FormatError(f"its vtkseries metadata is damaged: {error!r}") from error


def _teller(grids: Sequence[GridFile]) -> tuple[int, dict[str, Any]] | None:
    """Give the first part whose files tell of their steps, or the first where all stand, and what it says."""
    found = None
    for number, grid in enumerate(grids):
        text = text_field(grid, "vtkseries")
        if text is None:
            return None
        with naming(grid.path):
            content = loads(text)
        if not stands(grid) or dated(grid):
            return number, content
        found = found or (number, content)
    return found


def _changed(series: Series, grids: Sequence[GridFile]) -> frozenset[int]:
    """Give the parts without a time dim that have other values from some step on all the same."""
    return frozenset(
        number
        for number, (grid, own) in enumerate(zip(grids, series.parts, strict=True))
        if stands(grid) and not dated(grid) and own.files.changes().any()
    )


def _restore(series: Series, grids: Sequence[GridFile], content: dict[str, Any], teller: int) -> xr.Dataset:
    time = unpack(content["time"])
    sizes = {unpack(dim): int(size) for dim, size in content["dims"]}
    if time is not None:
        sizes[time] = series.steps
    numbers = _parts(series, grids, content)
    task = Task(
        series,
        dict(zip(numbers, grids, strict=True)),
        {number: position for position, number in enumerate(numbers)},
        content,
        sizes,
        time,
        teller,
        frozenset() if time is None else _changed(series, grids),
    )
    names = {unpack(name) for name in content["coords"]}
    variables: dict[Hashable, xr.Variable] = {}
    for entry in content["variables"]:
        variable = _variable(task, entry)
        if variable is not None:
            variables[unpack(entry["name"])] = variable
    # All in one mapping: so they keep their order, and with it that of the dims.
    ds = xr.Dataset(variables, attrs=_mapping(content["attrs"]))
    ds = ds.set_coords([name for name in variables if name in names])
    ds.encoding = _mapping(content["encoding"])
    return ds


def _mapping(items: Any) -> dict[Any, Any]:
    return {unpack(key): unpack(value) for key, value in items}


def _parts(series: Series, grids: Sequence[GridFile], content: dict[str, Any]) -> list[int]:
    """Give the number that each file's part had when it was written."""
    count = int(content["parts"])
    if "mesh" in content and not all(is_mesh(grid) for grid in grids):
        raise FormatError("its vtkseries metadata tells of points and cells, and it is a grid")
    if len(grids) == count:
        return list(range(count))
    if series.times is not None:
        return [int(part.number) for part in series.parts]
    # One step of a series with several parts: those are told apart by their arrays.
    own = {a.name for tag in ("PointData", "CellData") for a in grids[0].arrays(tag)}
    wanted: dict[int, set[str]] = {}
    for entry in content["variables"]:
        place = entry.get("at", {})
        members = [(place["part"], place["arrays"], 0)] if "part" in place and "arrays" in place else ()
        for number, arrays, _ in place.get("members", members):
            wanted.setdefault(number, set()).update(arrays)
    return [next((number for number in sorted(wanted) if wanted[number] == own), 0)]


def _variable(task: Task, entry: dict[str, Any]) -> xr.Variable | None:
    dims = tuple(unpack(dim) for dim in entry.get("dims", ()))
    dtype = dtype_of(entry["dtype"])
    attrs, encoding = _mapping(entry.get("attrs", ())), _mapping(entry.get("encoding", ()))
    if len(set(dims)) < len(dims):
        raise FormatError(f"its vtkseries metadata has the dims {dims}")
    if _changes(task, entry):
        dims = (task.time, *dims)
    shape = tuple(task.sizes[dim] for dim in dims)
    data: Any
    if "at" in entry:
        found = (mesh_drawn if "mesh" in task.content else _drawn)(task, entry["at"], dims, dtype, shape)
        if found is None:
            return None
        data, chunks = found
        encoding["preferred_chunks"] = chunks
    elif "field" in entry:
        data = _field(task, entry["field"], dims, dtype, shape)
        encoding["preferred_chunks"] = dict(zip(dims, shape, strict=True))
    else:
        data = _beside(task, entry, dims, dtype, shape)
        if data is None:
            return None
    if data.shape != shape:
        raise FormatError(f"its variable {str(unpack(entry['name']))[:200]!r} has the shape {data.shape}, not {shape}")
    return xr.Variable(dims, data, attrs, encoding)


def _changes(task: Task, entry: dict[str, Any]) -> bool:
    """Tell whether a variable was written without the time dim that its part's files have come to need.

    Coordinates say where the values are, and stay as they are.
    """
    if not task.changed or "at" not in entry or entry["name"] in task.content["coords"]:
        return False
    if task.time in map(unpack, entry.get("dims", ())):
        return False
    return any(task.positions.get(int(number)) in task.changed for number, *_ in entry["at"]["members"])


def _linked(task: Task, name: Any, dtype: np.dtype, shape: tuple[int, ...]) -> Any:
    grid = task.telling
    if not isinstance(grid, HdfGrid) or dtype.kind not in "iuf":
        raise FormatError(f"its coordinate {str(name)[:200]!r} is linked, which only a .vtkhdf can")
    return lazy(LinkedArray(grid, str(name), shape, dtype))


def _beside(
    task: Task, entry: dict[str, Any], dims: tuple[Hashable, ...], dtype: np.dtype, shape: tuple[int, ...]
) -> Any:
    """Give a coordinate that no array of a grid has; None where it cannot be told."""
    if "axis" in entry:
        return _axis(task, entry["axis"], dtype)
    if "times" in entry:
        return _times(task, entry["times"])
    if "linked" in entry:
        return _linked(task, entry["linked"], dtype, shape)
    if "static" in entry:
        place = static_place(task.telling, task.content, entry)
        return None if place is None else lazy(StaticArray(*place, shape, dtype))
    data = unpack(entry["data"]) if "data" in entry else None
    if data is not None and (data.shape == shape or task.time not in dims):
        return data
    if data is None and "steps" not in entry:
        raise FormatError("its vtkseries metadata does not say where a variable is")
    shared = _shared_dtype(task, entry["name"], dtype)
    return (
        None
        if shared is None
        else lazy(StepsArray(task.series, task.teller, entry["name"], dims.index(task.time), shape, shared))
    )


def _axis(task: Task, place: Any, dtype: np.dtype) -> Any:
    number, role, factor, flipped = place
    if number not in task.grids:
        return None
    nodes = _nodes(task.grids[number], "xyz".index(role))
    return from_nodes(nodes, dtype, float(factor), flipped=bool(flipped))


def _shared_dtype(task: Task, name: Any, dtype: np.dtype) -> np.dtype | None:
    """Give the dtype of what each step tells: later runs of a series may have longer texts."""
    grid = task.series.grid(task.series.steps - 1, task.teller)
    last = described(grid, name)
    if last is None or isinstance(grid, HdfGrid):
        return None  # the series was continued without it; a .vtkhdf tells of its first run only
    own = dtype_of(last[1]["dtype"])
    return own if own == dtype else np.promote_types(own, dtype)


def _nodes(grid: GridFile, axis: int) -> np.ndarray[Any, Any]:
    if grid.kind == "RectilinearGrid":
        return read_axis(grid, axis)
    if grid.kind == "ImageData":
        axes = image_axes(grid)
        if axes is None:
            raise FormatError(f"{grid.path}: it is a tilted or empty image where axes are told of")
        return axes[axis]
    # A structured grid whose points along this axis have the same coordinate wherever the others are.
    z, y, x = (np.arange(n if i == 2 - axis else 1) for i, n in enumerate(grid.points))
    name = grid.arrays("Points")[0].name if grid.arrays("Points") else "Points"
    return read_array(grid, "Points", name, (z, y, x))[..., axis].reshape(-1)


def _drawn(
    task: Task, at: dict[str, Any], dims: tuple[Hashable, ...], dtype: np.dtype, shape: tuple[int, ...]
) -> tuple[Any, dict[Any, int]] | None:
    roles_of = {unpack(dim): str(role) for dim, role in at["roles"]}
    roles = tuple("time" if dim == task.time else roles_of.get(dim, "part") for dim in dims)
    if len(set(roles)) < len(roles) or not set(roles) <= set(_ROLES):
        raise FormatError("its vtkseries metadata names the axes of a variable twice")
    members = []
    for number, arrays, first in at["members"]:
        if int(number) in task.positions:
            members.append(Member(task.positions[int(number)], tuple(map(str, arrays)), int(first)))
    if not members or ("part" in roles and len(members) != shape[roles.index("part")]):
        return None
    tag = "CellData" if at["cells"] else "PointData"
    count = shape[roles.index("c")] if "c" in roles else 1
    for member in members:
        grid = next(task.grids[n] for n, position in task.positions.items() if position == member.part)
        grid_shape = grid.cells if at["cells"] else grid.points
        array = check_member(grid, tag, member, count, dtype)
        for axis, role in enumerate(("z", "y", "x")):
            once_more = role in at.get("closed", ())  # a globe's first column, again after the last
            if grid_shape[axis] != (shape[roles.index(role)] + once_more if role in roles else 1):
                raise FormatError(f"its array {array.name[:200]!r} is {grid_shape} (z, y, x), not {shape} {roles}")
    stored = array_dtype(array)
    fill = unpack(task.content.get("fill"))
    values = Restoration(dtype, stored, None if fill is None or dtype.kind not in "fcmM" else float(fill))
    flips = tuple(map(str, at["flips"]))
    backend = GridArray(task.series, tuple(members), tag, grid_shape, roles, shape, flips, values)
    return lazy(backend), preferred_chunks(dims, roles, shape, dtype.itemsize)


def _field(task: Task, names: list[str], dims: tuple[Hashable, ...], dtype: np.dtype, shape: tuple[int, ...]) -> Any:
    grid = task.telling
    inner = [dim for dim in dims if dim != task.time]
    wanted = int(np.prod([task.sizes[dim] for dim in inner])) if inner else 2 if dtype.kind == "c" else 1
    if len(names) != wanted or dtype.kind not in "biufcmM":
        raise FormatError(f"its vtkseries metadata has {len(names)} fields for {dtype} {shape}")
    arrays = [find_field(grid, str(name)) for name in names]
    if any(array is None or array.type == "String" for array in arrays):
        raise FormatError(f"it has no field data {str(names[0])[:200]!r}")
    # One array of field data for each value of the inner dims.
    roles = tuple("time" if dim == task.time else "item" if dim == inner[0] else "tuple" for dim in dims)
    values = Restoration(dtype, array_dtype(arrays[0]))
    return lazy(FieldArray(task.series, task.teller, tuple(map(str, names)), roles, shape, values))


def _times(task: Task, code: dict[str, Any]) -> Any:
    dtype = dtype_of(code["dtype"])
    if "data" in code:
        return unpack(code["data"])
    if "field" in code:
        values = [_own_field(task, step, str(code["field"])) for step in range(task.series.steps)]
        found = np.array(values)
        return found.view(dtype) if dtype.kind in "mM" else found.astype(dtype)
    times = task.series.times
    stamps = [float(_own_field(task, 0, "TimeValue"))] if times is None else times
    return restore_times(np.array(stamps, "f8"), code)


def _own_field(task: Task, step: int, name: str) -> Any:
    grid = task.series.grid(step, task.teller)
    array = find_field(grid, name)
    if array is None or array.type == "String":
        raise FormatError(f"{grid.path}: it has no field data {name!r}")
    return read_field(grid, array)[0, 0]
