"""Whether a netCDF-4 variable's bytes are already what VTK wants; if not, why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from vtkseries.xmlformat.dtypes import storage_dtype

__all__ = [
    "Raw",
    "attribute_of",
    "attributes_of",
    "decoded",
    "fault_of",
    "fill_values",
    "look_for",
    "raw_variable",
    "stored_variable",
]

_VTK_FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32", 5: "nbit", 6: "scaleoffset"}
"""The filters that HDF5 always has, and so every ParaView."""

_WANTED = ("_FillValue", "missing_value", "scale_factor", "add_offset", "_Unsigned", "units", "calendar")

_LOOK = 1 << 22
"""Bytes of one plane that are looked at for missing values."""

_LARGE_CHUNK = 1 << 24
"""Bytes of a chunk from which on one plane is looked at instead of six, since each look inflates a chunk."""

_TO_VTR = "write it with ds.vtk.to_vtr"


@dataclass(frozen=True)
class Raw:
    """A variable as its file stores it.

    Attributes
    ----------
    path : str
        In the file.
    shape : tuple of int
    dtype : dtype
    chunks : tuple of int or None
    filters : tuple of str
        Names of those that VTK's HDF5 lacks.
    attrs : dict
    """

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype
    chunks: tuple[int, ...] | None
    filters: tuple[str, ...]
    attrs: Mapping[str, Any]

    @property
    def likeness(self) -> tuple[Any, ...]:
        """What must be the same in all files of a series."""
        return (self.dtype, self.filters, *(str(self.attrs.get(k)) for k in ("_FillValue", "scale_factor", "units")))


def attribute_of(value: Any) -> Any:
    """Give an attribute as netCDF means it: text as str, an array of one number as that number."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "SO":
            texts = [attribute_of(item) for item in value.tolist()]
            return texts[0] if len(texts) == 1 else texts
        return value.reshape(-1)[0] if value.size == 1 else value
    return value


def stored_variable(group: Any, name: str) -> Any:
    """Give a variable's dataset in an open HDF5 group; None where it has none of that name."""
    import h5py  # noqa: PLC0415 (only linking needs it)

    for stored in (name, f"_nc4_non_coord_{name}"):
        try:
            found = group[stored]
        except KeyError:
            continue
        if isinstance(found, h5py.Dataset):
            return found
    return None


def attributes_of(found: Any) -> dict[str, Any]:
    """Give those attributes of a dataset that tell what its values mean."""
    from h5py import h5a  # noqa: PLC0415 (only VTKHDF needs it)

    given = found.attrs
    return {key: attribute_of(given[key]) for key in _WANTED if h5a.exists(found.id, key.encode())}


def decoded(name: str, values: np.ndarray, attrs: Mapping[str, Any]) -> np.ndarray:
    """Give stored values as xarray decodes them."""
    variable = xr.Variable([f"d{i}" for i in range(values.ndim)], values, dict(attrs))
    found: np.ndarray = xr.conventions.decode_cf_variable(name, variable, decode_timedelta=False).values
    return found


def raw_variable(group: Any, name: str) -> Raw | None:
    """Describe a variable of an open HDF5 group; None where it has none of that name."""
    import h5py  # noqa: PLC0415 (only linking needs it)

    found = stored_variable(group, name)
    if found is None:
        return None
    plist = found.id.get_create_plist()
    used = [plist.get_filter(i) for i in range(plist.get_nfilters())]
    lacking = tuple(f"{f[3].decode() or 'unnamed'} ({f[0]})" for f in used if f[0] not in _VTK_FILTERS)
    attrs = attributes_of(found)
    dtype = found.dtype if h5py.check_enum_dtype(found.dtype) is None else np.dtype("O")
    return Raw(found.name, found.shape, dtype, found.chunks, lacking, attrs)


def fault_of(raw: Raw) -> tuple[str, str] | None:
    """Give the reason why a variable cannot be linked, whatever its dims and values, and the remedy."""
    scale, offset = raw.attrs.get("scale_factor", 1), raw.attrs.get("add_offset", 0)
    if not (np.all(scale == 1) and np.all(offset == 0)):
        return f"is packed ({raw.dtype} with scale_factor {scale} and add_offset {offset})", _TO_VTR
    if str(raw.attrs.get("_Unsigned", raw.dtype.kind == "u")).lower() != str(raw.dtype.kind == "u").lower():
        return f"is stored as {raw.dtype} but meant as the other signedness (_Unsigned)", _TO_VTR
    if raw.dtype.kind not in "iuf" or storage_dtype(raw.dtype) != raw.dtype.newbyteorder("="):
        return f"is stored as {raw.dtype}, which VTK does not read from HDF5", _TO_VTR
    if raw.filters:
        return (
            f"is compressed with {', '.join(raw.filters)}, which VTK's HDF5 lacks",
            f"{_TO_VTR}, or rewrite the file with deflate",
        )
    return None


def fill_values(raw: Raw) -> list[float]:
    """Give the numbers that stand for missing values; NaN is one in itself."""
    values = [raw.attrs[key] for key in ("_FillValue", "missing_value") if key in raw.attrs]
    numbers = [v for value in values if not isinstance(value, str) for v in np.atleast_1d(value).tolist()]
    return [n for n in dict.fromkeys(numbers) if n == n]  # noqa: PLR0124 (NaN differs from itself)


def look_for(dataset: Any, fills: list[float], time_axis: int | None) -> float | None:
    """Look for missing values in a few planes, of the first and the last step; the data may be of any size.

    Returns
    -------
    float or None
        The first that was found.
    """
    shape = dataset.shape
    if 0 in shape:
        return None
    large = dataset.chunks is not None and np.prod(dataset.chunks) * dataset.dtype.itemsize > _LARGE_CHUNK
    space = [axis for axis in range(len(shape)) if axis != time_axis]
    outer = next((axis for axis in space[:-2] if shape[axis] > 1), None)
    steps = [0] if time_axis is None or large else sorted({0, shape[time_axis] - 1})
    planes = [0] if outer is None or large else sorted({0, shape[outer] // 2, shape[outer] - 1})
    wanted = np.asarray(fills, "f8").astype(dataset.dtype)
    for step in steps:
        for plane in planes:
            index: list[Any] = [slice(None)] * len(shape)
            for axis in space[:-2]:
                index[axis] = 0
            if outer is not None:
                index[outer] = plane
            if time_axis is not None:
                index[time_axis] = step
            width = shape[space[-1]] * dataset.dtype.itemsize
            if len(space) > 1:
                rows = shape[space[-2]]
                many = min(rows, max(1, _LOOK // width))
                index[space[-2]] = slice((rows - many) // 2, (rows - many) // 2 + many)
            values = dataset[tuple(index)]
            for fill, number in zip(wanted, fills, strict=True):
                if (values == fill).any():
                    return number
    return None
