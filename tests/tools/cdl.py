"""NetCDF files from headers as ``ncdump -h`` prints them, with values that differ at every point."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import netCDF4
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["write"]

_TYPES = {"double": "f8", "float": "f4", "int": "i4", "short": "i2", "byte": "i1", "char": "S1", "int64": "i8"}
_SUFFIXES = {"f": "f4", "s": "i2", "b": "i1", "d": "f8", "l": "i8"}


def write(path: Path, header: str, values: Mapping[str, Any]) -> Path:
    """Write a file of a header.

    Parameters
    ----------
    path : Path
    header : str
        Its dimensions and variables; statements end in ``;``.
    values : mapping
        Of variables: arrays, in which NaN becomes the variable's fill value, or text for char variables. The others get
        numbers that no other variable has.
    """
    head, _, body = header.partition("variables:")
    with netCDF4.Dataset(path, "w") as file:
        for name, text in re.findall(r"(\w+)\s*=\s*(\d+|UNLIMITED ; // \(\d+)", head):
            size = int(re.findall(r"\d+", text)[-1])
            file.createDimension(name, None if text.startswith("UNLIMITED") else size)
            if text.startswith("UNLIMITED"):
                file.setncattr_string("_unlimited_" + name, str(size))
        sizes = {name: len(d) or int(file.getncattr("_unlimited_" + name)) for name, d in file.dimensions.items()}
        for name in [name for name in file.ncattrs() if name.startswith("_unlimited_")]:
            file.delncattr(name)
        attributes: dict[str, dict[str, Any]] = {}
        declared: dict[str, tuple[str, tuple[str, ...]]] = {}
        for kind, name, dims in re.findall(
            rf"^\s*({'|'.join(_TYPES)})\s+(\w+)\s*(?:\(([^)]*)\))?\s*;", body, re.MULTILINE
        ):
            declared[name] = _TYPES[kind], tuple(dim.strip() for dim in dims.split(",") if dim.strip())
        for name, key, value in re.findall(r'^\s*(\w*):(\w+)\s*=\s*("[^"]*"|[^;"]+?)\s*;', body, re.MULTILINE):
            attributes.setdefault(name, {})[key] = _value(value)
        for number, (name, (kind, dims)) in enumerate(declared.items()):
            own = attributes.get(name, {})
            variable = file.createVariable(name, kind, dims, fill_value=own.pop("_FillValue", None))
            variable.setncatts(own)
            variable.set_auto_maskandscale(False)
            shape = tuple(sizes[dim] for dim in dims)
            if name in values or kind != "S1":
                variable[...] = _content(values.get(name), variable, shape, number)
        file.setncatts(attributes.get("", {}))
    return path


def _content(given: Any, variable: Any, shape: tuple[int, ...], number: int) -> Any:
    if given is None:
        own = np.arange(np.prod(shape, dtype=int)).reshape(shape)
        return own if variable.dtype.kind in "iu" else own / 2 + 1000 * number
    if variable.dtype.kind == "S":
        return np.array([list(text.ljust(shape[-1])) for text in np.atleast_1d(given)], "S1").reshape(shape)
    array = np.broadcast_to(np.asarray(given), shape)
    fill = getattr(variable, "_FillValue", None)
    return array if fill is None or array.dtype.kind != "f" else np.where(np.isnan(array), fill, array)


def _value(text: str) -> Any:
    if text.startswith('"'):
        return text.strip('"')
    found = []
    for item in (part.strip() for part in text.split(",")):
        kind = _SUFFIXES.get(item[-1].lower())
        number = float(item.rstrip("fsbdlFSBDL"))
        found.append(np.array(number, kind or ("f8" if re.search("[.eE]", item) else "i4")))
    return np.array(found) if len(found) > 1 else found[0]
