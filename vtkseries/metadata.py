"""What a Dataset knows beyond its values, as JSON, so that reading back gives the same Dataset.

JSON has no NaN, no tuples, no dtypes and no arrays: such values are objects with one telling key. Nothing that is read
is ever executed or unpickled.
"""

from __future__ import annotations

import base64
import json
import math
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from vtkseries.errors import FormatError

__all__ = ["VERSION", "dtype_of", "dumps", "from_nodes", "loads", "pack", "unpack"]

VERSION = 1
"""Of the JSON; a later one is read as a file of another writer."""

_DTYPE = re.compile(r"[<>|=]?([biufcSUV]\d{1,4}|[mM]8(\[\d{0,4}[A-Za-z]{1,2}\])?|O)")
_NO_CHARACTER = re.compile("[\ud800-\udfff\ufffe\uffff]")
_MOST = 2**26  # bytes of one array in JSON
_DIMS = 32


def dumps(content: dict[str, Any]) -> str:
    """Give the JSON text of packed content."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # What is no Unicode character has no UTF-8, but JSON has an escape for it.
    return _NO_CHARACTER.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def loads(text: str) -> dict[str, Any]:
    """Give packed content from its JSON text.

    Raises
    ------
    FormatError
        It is no JSON object.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"its vtkseries metadata is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise FormatError("its vtkseries metadata is no JSON object")
    return content


def pack(value: Any) -> Any:
    """Give a value as JSON can hold it.

    Raises
    ------
    TypeError
        It is neither a number, text, bytes, dtype, array, list, tuple, set or dict of such.

    Examples
    --------
    >>> pack({"a": (1, float("nan"))})
    {'d': [['a', {'t': [1, {'f': 'nan'}]}]]}
    >>> unpack(pack({"a": (1, 2.5)}))
    {'a': (1, 2.5)}
    """
    if value is None or type(value) in (bool, int, str):
        return value
    for kind, packed in _PACKERS.items():
        if isinstance(value, kind):
            return packed(value)
    message = f"no JSON for {type(value)}"
    raise TypeError(message)


def _pack_array(array: np.ndarray) -> dict[str, Any]:
    content: dict[str, Any] = {"a": _dtype_text(array.dtype), "s": list(array.shape)}
    if array.dtype.kind == "O":
        return content | {"o": [_pack_object(v) for v in array.reshape(-1).tolist()]}
    if array.dtype.kind == "U":
        return content | {"u": array.reshape(-1).tolist()}
    return content | {"z": base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()}


def _pack_object(value: Any) -> Any:
    if hasattr(value, "calendar") and hasattr(value, "has_year_zero"):
        fields = [value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond]
        return {"date": fields, "calendar": value.calendar, "zero": bool(value.has_year_zero)}
    return pack(value)


def _dtype_text(dtype: np.dtype) -> str:
    text = dtype.str
    if not _DTYPE.fullmatch(text):
        message = f"no JSON for {dtype}"
        raise TypeError(message)
    return text


def dtype_of(text: Any) -> np.dtype:
    """Give the dtype of a name in the metadata, if it is one of plain values.

    Raises
    ------
    FormatError
        It is not.
    """
    if not isinstance(text, str) or not _DTYPE.fullmatch(text):
        raise FormatError(f"its vtkseries metadata has the dtype {str(text)[:40]!r}")
    try:
        return np.dtype(text)
    except TypeError as error:
        raise FormatError(f"its vtkseries metadata has the dtype {text!r}: {error}") from error


def _pack_class(value: type) -> dict[str, str]:
    if _CLASSES.get(value.__name__) is not value:
        message = f"no JSON for {value}"
        raise TypeError(message)
    return {"c": value.__name__}


_CLASSES: dict[str, type] = {"str": str, "bytes": bytes, "int": int, "float": float, "bool": bool, "object": object}

_PACKERS: dict[type, Callable[[Any], Any]] = {
    np.ndarray: _pack_array,
    np.generic: lambda value: {"n": _pack_array(np.asarray(value))},
    np.dtype: lambda value: {"y": _dtype_text(value)},
    type: _pack_class,
    float: lambda value: float(value) if math.isfinite(value) else {"f": repr(float(value))},
    str: str,
    int: int,
    bytes: lambda value: {"b": base64.b64encode(value).decode()},
    dict: lambda value: {"d": [[pack(k), pack(v)] for k, v in value.items()]},
    list: lambda value: [pack(v) for v in value],
    tuple: lambda value: {"t": [pack(v) for v in value]},
    set: lambda value: {"s": [pack(v) for v in sorted(value, key=repr)]},
    frozenset: lambda value: {"s": [pack(v) for v in sorted(value, key=repr)]},
}

_UNPACKERS: dict[str, Callable[[Any], Any]] = {
    "f": float,
    "n": lambda content: _unpack_array(content)[()],
    "y": dtype_of,
    "c": lambda content: _CLASSES[content],
    "b": lambda content: base64.b64decode(content, validate=True),
    "d": lambda content: {unpack(k): unpack(v) for k, v in content},
    "t": lambda content: tuple(unpack(v) for v in content),
    "s": lambda content: {unpack(v) for v in content},
}


def unpack(value: Any) -> Any:
    """Give back what :func:`pack` was given.

    Raises
    ------
    FormatError
        Nothing packs to this.
    """
    if isinstance(value, list):
        return [unpack(v) for v in value]
    if not isinstance(value, dict):
        return value
    try:
        return _unpack_object(value)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"its vtkseries metadata is damaged: {error!r}") from error


def _unpack_object(value: dict[str, Any]) -> Any:
    if "a" in value:
        return _unpack_array(value)
    if "date" in value:
        import cftime  # noqa: PLC0415 (only for calendars that datetime64 does not have)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # calendars that always have a year 0 warn about being told so
            return cftime.datetime(*value["date"], calendar=str(value["calendar"]), has_year_zero=bool(value["zero"]))
    ((key, content),) = value.items()
    return _UNPACKERS[key](content)


def _unpack_array(value: dict[str, Any]) -> np.ndarray:
    dtype = dtype_of(value["a"])
    shape = tuple(value["s"])
    if not all(type(n) is int and 0 <= n <= _MOST for n in shape) or len(shape) > _DIMS:
        raise FormatError("its vtkseries metadata has an array of an impossible shape")
    if "o" in value or "u" in value:
        items = value["o"] if "o" in value else value["u"]
        if len(items) != math.prod(shape) or len(items) * max(dtype.itemsize, 1) > _MOST:
            raise FormatError("its vtkseries metadata has an array of another length")
        array = np.empty(len(items), dtype)
        array[:] = [unpack(v) for v in items] if "o" in value else items
        return array.reshape(shape)
    data = base64.b64decode(value["z"], validate=True)
    if len(data) != math.prod(shape) * dtype.itemsize or dtype.kind in "OV":
        raise FormatError("its vtkseries metadata has an array of another length")
    return np.frombuffer(bytearray(data), dtype).reshape(shape)


def from_nodes(nodes: np.ndarray, dtype: np.dtype, factor: float, *, flipped: bool) -> np.ndarray:
    """Give the coordinate from which the nodes of an axis were made."""
    values = nodes[::-1] if flipped else nodes
    with np.errstate(all="ignore"):
        return (values / factor).astype(dtype)
