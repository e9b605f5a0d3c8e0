"""What the field data of a VTK object tell of variables that are none of its arrays."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vtkseries.engine.kept import objects_of
from vtkseries.engine.restore import Restoration
from vtkseries.memory.sharing import KEPT, from_vtk
from vtkseries.metadata import dtype_of, unpack
from vtkseries.timecodes import restore_times

if TYPE_CHECKING:
    from vtkseries.memory.back import View

__all__ = ["BOOKKEEPING", "field_values", "fill_of", "kept_values", "mapping", "time_values"]

Array = npt.NDArray[Any]

BOOKKEEPING = {"TimeValue", "date", "time_units", "time_calendar", "vtkseries", "vtkseries_time"}
"""Field data that are no variables."""


def mapping(items: Any) -> dict[Any, Any]:
    """Give attributes, or an encoding."""
    return {unpack(key): unpack(value) for key, value in items}


def fill_of(content: Mapping[str, Any], dtype: np.dtype[Any]) -> float | None:
    """Give the number that stands for missing values of such a dtype."""
    fill = unpack(content.get("fill"))
    return None if fill is None or dtype.kind not in "fcmM" else float(fill)


def field_values(
    view: View, names: list[str], dims: tuple[Hashable, ...], dtype: np.dtype[Any], sizes: Mapping[Hashable, int]
) -> Array | None:
    """Give a variable that is field data; None where these are not there."""
    fields = view.fields()
    if not set(names) <= set(fields):
        return None
    values = [from_vtk(fields[name])[0, 0] for name in names]
    restoration = Restoration(dtype, values[0].dtype)
    shape = tuple(sizes[dim] for dim in dims)
    if len(names) == int(np.prod(shape)):
        return restoration.restore([np.array(values).reshape(shape)])
    return restoration.restore([np.array(value).reshape(shape) for value in values])


def kept_values(
    view: View, entry: Mapping[str, Any], dtype: np.dtype[Any], shape: tuple[int, ...], first: int
) -> Array | None:
    """Give a variable that is too large to be told; None where filters left it out.

    Parameters
    ----------
    view : View
    entry : mapping
        What is told of it.
    dtype : dtype
    shape : tuple of int
    first : int
        The number of the dim of time, which has one value, and with which the rows of what has one begin.
    """
    array = view.fields().get(f"{KEPT}{entry.get('static', entry.get('steps'))}")
    if array is None:
        return None
    values = from_vtk(array).reshape(-1)
    if dtype.kind == "O":
        return objects_of(bytearray(values.tobytes()), shape, "")
    if "steps" not in entry:
        return values.view(dtype).reshape(shape)
    return np.expand_dims(values.view(dtype).reshape(shape[:first] + shape[first + 1 :]), first)


def time_values(view: View, code: dict[str, Any]) -> Any:
    """Give the time of the step; None where it is not there."""
    if "data" in code:
        return unpack(code["data"])
    fields = view.fields()
    name = str(code.get("field", "TimeValue"))
    if name not in fields:
        return None
    dtype, value = dtype_of(code["dtype"]), from_vtk(fields[name])[:1, 0]
    if "field" in code:
        return value.view(dtype) if dtype.kind in "mM" else value.astype(dtype)
    return restore_times(value.astype("f8"), code)
