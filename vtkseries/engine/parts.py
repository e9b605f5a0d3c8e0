"""A Dataset from the parts of a series, be they grids or meshes, of vtkseries or of other writers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import xarray as xr

from vtkseries.engine.foreign import BOOKKEEPING, field_of, fields_of, foreign_dataset, free_name, text_field, time_of
from vtkseries.engine.foreign_mesh import foreign_mesh
from vtkseries.engine.meshfile import is_mesh
from vtkseries.engine.own import own_dataset
from vtkseries.metadata import loads, unpack
from vtkseries.storage.guard import naming

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vtkseries.engine.gridfile import GridFile
    from vtkseries.engine.series import Series

__all__ = ["read_parts"]


def read_parts(series: Series, grids: Sequence[GridFile]) -> tuple[xr.Dataset, bool]:
    """Give what a series holds, and whether vtkseries wrote it.

    Parameters
    ----------
    series : Series
    grids : sequence of GridFile
        The first step's file of each part.

    Raises
    ------
    FormatError
        Files are damaged, or do not fit each other.
    """
    meshes = [number for number, grid in enumerate(grids) if is_mesh(grid)]
    others = [number for number in range(len(grids)) if number not in meshes]
    if not meshes:
        return _grids(series, grids)
    written, own_time = False, "time"
    if len(meshes) == len(grids):
        own = None if any(grid.parallel for grid in grids) else own_dataset(series, grids)
        if own is not None:
            return own, True
        ds = xr.Dataset(*_told(series, grids[0]))
    else:
        rest = replace(series, parts=tuple(series.parts[number] for number in others))
        ds, written = _grids(rest, [grids[number] for number in others])
        own_time = _time_of(grids[others[0]]) if written else "time"
    for number in meshes:
        tail = f"_{series.parts[number].name or series.parts[number].number}" if number else ""
        with naming(grids[number].path):
            data, coordinates = foreign_mesh(series, number, grids[number], tail, dict.fromkeys(map(str, ds.variables)))
        if series.times is not None and own_time != "time":
            data, coordinates = (_renamed(some, own_time) for some in (data, coordinates))
        ds = ds.assign(data).assign_coords({n: v for n, v in coordinates.items() if n not in ds.variables})
    return ds, written


def _grids(series: Series, grids: Sequence[GridFile]) -> tuple[xr.Dataset, bool]:
    own = own_dataset(series, grids)
    if own is not None:
        return own, True
    with naming(grids[0].path):
        return foreign_dataset(series, grids), False


def _told(series: Series, grid: GridFile) -> tuple[dict[str, xr.Variable], dict[str, xr.Variable]]:
    """Give field data and time of a series without grids."""
    variables: dict[str, xr.Variable] = {}
    for array in fields_of(grid):
        if array.name not in BOOKKEEPING:
            name = free_name(array.name, "", "FieldData", variables)
            found = field_of(series, 0, grid, array, name)
            if found is not None:
                variables[name] = found
    return variables, time_of(series, grid)


def _time_of(grid: GridFile) -> Any:
    """Give the dim of the steps that a grid of vtkseries tells of."""
    return unpack(loads(text_field(grid, "vtkseries") or "{}").get("time"))


def _renamed(variables: dict[str, xr.Variable], time: Any) -> dict[str, xr.Variable]:
    """Give variables with the Dataset's own dim of the steps, or without it where the Dataset has one step."""
    found = {}
    for name, variable in variables.items():
        if "time" in variable.dims and time is None:
            found[name] = variable.isel(time=0)
        else:
            found[name] = variable.copy(deep=False)
            found[name].dims = tuple(time if dim == "time" else dim for dim in variable.dims)
    return found
