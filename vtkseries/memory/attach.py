"""The data that a document describes, given to a VTK object."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vtkseries.memory.sharing import KEPT, name_components, note, string_array, to_vtk
from vtkseries.xmlformat.dtypes import TO_NUMPY

if TYPE_CHECKING:
    import xarray as xr

    from vtkseries.plan.beside import BesidePlan
    from vtkseries.xmlformat.layout import DataArray, Document

__all__ = ["attach", "keep", "kept_beside"]

Array = npt.NDArray[Any]


def attach(
    grid: Any, document: Document, values: Iterable[Array], described: Sequence[DataArray], *, copy: bool = False
) -> str:
    """Give a VTK object its data at points and in cells, and its field data; what the field data tell is noted.

    Parameters
    ----------
    grid : vtkDataSet
    document : Document
        Of the file that would hold the same.
    values : iterable of ndarray, shape (tuples, components)
        Of its arrays at points and in cells, in order.
    described : sequence of DataArray
        The field data.
    copy : bool
        Share no memory with the values.

    Returns
    -------
    str
        What the field data tell of the Dataset.
    """
    arrays = iter(values)
    fields = [_field(item) for item in described]
    told: str = next(field.GetValue(0) for field in fields if field.GetName() == "vtkseries")
    for section in document.pieces[0].sections:
        if section.tag not in ("PointData", "CellData"):
            continue
        data = grid.GetPointData() if section.tag == "PointData" else grid.GetCellData()
        for item in section.arrays:
            array = to_vtk(item.name, next(arrays), copy=copy)
            name_components(array, item.component_names, item.units)
            note(array, told)
            data.AddArray(array)
        for role, name in section.attributes:
            getattr(data, f"SetActive{role}")(name)
    for array in fields:
        grid.GetFieldData().AddArray(array)
    return told


def _field(described: DataArray) -> Any:
    if described.type == "String":
        codes = bytes(int(code) for code in (described.text or "").split())
        array = string_array(described.name, [text.decode() for text in codes.split(b"\0")[:-1]])
    else:
        dtype = TO_NUMPY[described.type]
        if described.encoding == "binary":
            values = np.frombuffer(base64.b64decode(described.text or "")[8:], dtype.newbyteorder("<")).astype(dtype)
        else:
            values = np.array((described.text or "").split(), dtype)
        array = to_vtk(described.name, values.reshape(-1, described.components), copy=True)
        name_components(array, described.component_names, described.units)
    return array


def kept_beside(plans: Iterable[BesidePlan], sources: Mapping[str, xr.Variable]) -> dict[str, Array]:
    """Give, by its key, what a file would have beside it for reading back."""
    keys = [(plan.name, array.name) for plan in plans for array in plan.document.field_data]
    return {key: sources[f"{name}:{key}"].values for name, key in keys}


def keep(grid: Any, kept: Mapping[str, Array], *, copy: bool = False) -> None:
    """Give a VTK object what is only for reading back, as further field data."""
    for key, values in kept.items():
        grid.GetFieldData().AddArray(to_vtk(f"{KEPT}{key}", _plain(values), copy=copy))


def _plain(values: Array) -> Array:
    """Give one value a tuple; those of no type of VTK's as bytes."""
    flat = np.ascontiguousarray(values).reshape(-1)
    plain = flat.dtype.isnative and flat.dtype in TO_NUMPY.values()
    return (flat if plain else flat.view(np.uint8)).reshape(-1, 1)
