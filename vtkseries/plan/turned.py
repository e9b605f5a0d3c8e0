"""Vectors (east, north, up) turned to x, y, z where their grid is put on a globe."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from vtkseries.cf.lazy import LAST, derive, wrapped
from vtkseries.cf.roles import by_role
from vtkseries.grids.sphere import Turn
from vtkseries.plan.group import Field, Group

__all__ = ["turned"]

_EAST_NORTH_UP = 3


def turned(group: Group, time_dim: Hashable | None) -> list[Field]:
    """Replace the vectors of a group by turned ones; their components become fields of their own.

    Parameters
    ----------
    group : Group
        Its placement has a globe.
    time_dim : hashable or None

    Returns
    -------
    list of Field
        The turned vectors, to be added to the group's fields.
    """
    globe = group.placement.globe
    result: list[Field] = []
    for item in list(group.fields):
        if item.cells or not 2 <= len(item.variables) <= _EAST_NORTH_UP or globe is None:  # noqa: PLR2004 (east, north)
            continue
        roles = {**item.roles, **({} if time_dim is None else {time_dim: "time"})}
        placed = [by_role(variable, roles) for variable in item.variables]
        if group.axes["x"].closed:
            placed = [wrapped(variable, "x") for variable in placed]
        dtype = np.result_type(*(variable.dtype for variable in placed), "f4")
        vector = derive(Turn(len(placed)), [*placed, *globe.angles], dtype, components=_EAST_NORTH_UP)
        vector.attrs = dict(item.variables[0].attrs)
        own = {dim: str(dim) if dim != LAST else "c" for dim in vector.dims}
        key = f"turned:{group.label}:{item.name}"
        result.append(Field(item.name, (vector,), (key,), own, item.cells, ("x", "y", "z"), made=True))
        at = group.fields.index(item)
        group.fields[at : at + 1] = [
            Field(str(name), (variable,), (key,), item.roles, item.cells)
            for name, variable, key in zip(item.labels, item.variables, item.keys, strict=True)
        ]
    return result
