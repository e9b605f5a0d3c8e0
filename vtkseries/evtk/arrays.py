"""What callers pass, as arrays of a file: checked, in the file's order, not copied."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vtkseries.errors import SeriesError
from vtkseries.evtk.given import as_mapping, given
from vtkseries.grids.sections import Sections, active, check_names
from vtkseries.xmlformat import codecs
from vtkseries.xmlformat.dtypes import storage_dtype, vtk_type
from vtkseries.xmlformat.layout import DataArray

if TYPE_CHECKING:
    from vtkseries.xmlformat.codecs import Codec

__all__ = ["Arrays", "Data", "Place", "field_data"]

Array = npt.NDArray[Any]
Data = Mapping[str, Any]

_TENSORS = (2, 3, 4, 6, 9)
_AXES = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where arrays of one kind lie.

    Parameters
    ----------
    what : str
        ``pointData`` and so on, for errors.
    shape : tuple of int
        (nx, ny, nz) of a grid, or the shape of the points' coordinates.
    dims : tuple of str
        Names of these axes, by which a DataArray is transposed.
    grid : bool
        A grid's arrays must have its shape; points' arrays only their number.
    """

    what: str
    shape: tuple[int, ...]
    dims: tuple[str, ...] = ()
    grid: bool = True

    @property
    def size(self) -> int:
        """Number of points or cells."""
        return int(np.prod(self.shape, dtype=np.int64))

    def fit(self, name: str, array: Any) -> tuple[Any, ...]:
        """Give the components of an array in the file's order: [z, y, x] or flat.

        Raises
        ------
        SeriesError
            Its shape is another one.
        """
        array = self._by_name(given(f"{self.what}: array {name!r}", array))
        shape = tuple(array.shape)
        if array.ndim == 1 and array.size == self.size:
            return (array,)
        if shape == self.shape:
            return (array.T,)
        if self.grid and array.ndim == len(self.shape) - 1 and array.size == self.size:
            for axis, length in enumerate(self.shape):
                if length == 1 and shape == self.shape[:axis] + self.shape[axis + 1 :]:
                    return (array[_inserted(axis)].T,)
        if shape[:-1] in {self.shape, (self.size,)} and shape[-1] in _TENSORS:
            return tuple(array[..., number].T for number in range(shape[-1]))
        if not self.grid and array.ndim == _AXES and len(self.shape) == 1 and array.size == self.size:
            return (array.T,)  # PyEVTK takes it, x fastest
        raise SeriesError(self._refusal(name, shape))

    def _by_name(self, array: Any) -> Any:
        dims = getattr(array, "dims", None)
        if dims is None:
            return array
        for names in (self.dims, ("x", "y", "z")):
            if len(names) == len(dims) and set(names) == set(dims):
                array = array.transpose(*names)
                break
            if names and len(names) == len(dims) - 1 and set(names) < set(dims):
                array = array.transpose(*names, ...)
                break
        return array.data

    def _refusal(self, name: str, shape: tuple[int, ...]) -> str:
        expected = f"{self.shape} in the order (x, y, z)" if self.grid else f"{self.shape}, one value a {self._one}"
        text = f"{self.what}: array {name!r} has the shape {shape}; expected {expected}"
        if self.grid and shape == self.shape[::-1]:
            return f"{text}; its axes are in the order (z, y, x): pass its transpose, .T"
        return text

    @property
    def _one(self) -> str:
        return "cell" if "cell" in self.what.lower() else "point"


def _inserted(axis: int) -> tuple[Any, ...]:
    return (*(slice(None),) * axis, None, ...)


class Arrays(Sections):
    """Sections of a file, from what callers pass."""

    def data(self, tag: str, data: Data | None, place: Place) -> None:
        """Add ``PointData`` or ``CellData``: scalars, and vectors as tuples of arrays or a trailing axis."""
        fitted = [(name, _components(name, content, place)) for name, content in _named(as_mapping(place.what, data))]
        self.add(tag, fitted, active(fitted))


def _named(data: Data) -> Iterator[tuple[str, Any]]:
    """Give arrays by name; numbers for names are written as they read."""
    for name, content in data.items():
        yield str(name) if isinstance(name, int | np.integer) else name, content


def _components(name: str, content: Any, place: Place) -> tuple[Any, ...]:
    if not isinstance(content, tuple):
        return place.fit(name, content)
    parts = [place.fit(f"{name}[{number}]", part) for number, part in enumerate(content)]
    if len(parts) not in _TENSORS or any(len(part) != 1 for part in parts):
        raise SeriesError(
            f"{place.what}: {name!r} is a tuple of {len(parts)} arrays; expected three, each of shape {place.shape}"
        )
    flat = [part[0] for part in parts]
    _check_mixed(f"{place.what}: the components of {name!r}", flat)
    if any(part.ndim != flat[0].ndim for part in flat):
        flat = [part if part.ndim == 1 else part.reshape(-1) for part in flat]
    if len(flat) == 2:  # noqa: PLR2004  # a vector in a plane
        flat.append(np.broadcast_to(np.zeros((), flat[0].dtype), flat[0].shape))
    return tuple(flat)


def _check_mixed(label: str, parts: list[Any]) -> None:
    """Refuse components that no one dtype holds."""
    kinds = [part.dtype for part in parts]
    if len(set(kinds)) > 1 and any(kind.kind not in "biufc" for kind in kinds):
        raise SeriesError(f"{label} have the dtypes {', '.join(map(str, kinds))}; give all the same one")


def field_data(data: Data | None, method: Codec | None) -> tuple[DataArray, ...]:
    """Give a grid's field data, inline, where every reader finds it.

    Raises
    ------
    SeriesError
        An array has a dtype that VTK has not, or a name that no reader takes.
    """
    found = []
    for name, content in _named(as_mapping("fieldData", data)):
        parts = content if isinstance(content, tuple) else (content,)
        if not parts:
            raise SeriesError(f"fieldData: array {name!r} is an empty tuple; give its components")
        arrays = [np.asarray(given(f"fieldData: array {name!r}", part)) for part in parts]
        if len({array.shape for array in arrays}) > 1:
            raise SeriesError(f"fieldData: the components of {name!r} have different shapes")
        _check_mixed(f"fieldData: the components of {name!r}", arrays)
        array = np.stack([a.ravel("F") for a in arrays], -1) if len(arrays) > 1 else arrays[0]
        if array.ndim != 2:  # noqa: PLR2004  # values and their components
            array = array.ravel("F")
        if array.dtype.kind in "US":
            found.append(_texts(name, array))
            continue
        stored = storage_dtype(array.dtype)
        if stored is None:
            raise SeriesError(f"fieldData: array {name!r} has the dtype {array.dtype}; give numbers or strings")
        if array.dtype.kind == "c":
            found += [_numbers(f"{name}_real", array.real.astype(stored), method)]
            found += [_numbers(f"{name}_imag", array.imag.astype(stored), method)]
        else:
            found.append(_numbers(name, array.astype(stored), method))
    check_names("fieldData", [array.name for array in found])
    return tuple(found)


def _texts(name: str, array: Array) -> DataArray:
    texts = [t.decode("utf-8", "replace") if isinstance(t, bytes) else str(t) for t in array.ravel().tolist()]
    codes = b"".join(text.encode() + b"\0" for text in texts)
    return DataArray(name, "String", tuples=len(texts), text=" ".join(map(str, codes)), encoding="ascii")


def _numbers(name: str, array: Array, method: Codec | None) -> DataArray:
    components = array.shape[1] if array.ndim > 1 else 1
    kind = vtk_type(array.dtype)
    if _is_plain(array):
        text, encoding = " ".join(map(str, array.ravel())), "ascii"
    else:
        text, encoding = _base64(array.astype(array.dtype.newbyteorder("<")).tobytes(), method), "binary"
    return DataArray(name, kind, components, tuples=len(array), text=text, encoding=encoding)


def _is_plain(array: Array) -> bool:
    """Tell whether VTK reads the values from text as they are: not so for inf, nan and denormal numbers."""
    if array.dtype.kind != "f":
        return True
    tiny = (array != 0) & (np.abs(array) < np.finfo(array.dtype).tiny)
    return bool(np.isfinite(array).all()) and not tiny.any()


def _base64(content: bytes, method: Codec | None) -> str:
    word = np.dtype("<u8")
    if method is None:
        return base64.b64encode(np.array([len(content)], word).tobytes() + content).decode()
    block = codecs.block_size(len(content), 8)
    streams = [method.encode(content[at : at + block]) for at in range(0, len(content), block)]
    table = codecs.render_table(len(content), block, map(len, streams), word)
    return base64.b64encode(table).decode() + base64.b64encode(b"".join(streams)).decode()
