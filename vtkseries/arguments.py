"""What a verb hands on: its keyword arguments, listed once, in its signature."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from vtkseries.errors import SeriesError

__all__ = ["flag", "handed_on"]

_FLAGS = ("compute", "copy", "durable", "sphere")
_NAMES = ("x", "y", "z", "time", "mesh", "trajectory")
_WORDS = ("location", "mode", "compression_level", "grid", "time_units")


def flag(name: str, value: object) -> bool:
    """Give an argument that is true or false.

    Raises
    ------
    SeriesError
        It is anything else, such as the text ``"no"``, which Python takes for true.

    Examples
    --------
    >>> flag("durable", True)
    True
    """
    if not isinstance(value, bool | np.bool_):
        raise SeriesError(f"{name}={value!r}: choose True or False")
    return bool(value)


def handed_on(given: Mapping[str, Any], *kept: str) -> dict[str, Any]:
    """Give the keyword arguments of a verb out of its ``locals()``, but for those that it keeps to itself.

    Raises
    ------
    SeriesError
        One that is true or false is neither, or one that is a name or a word is several.

    Examples
    --------
    >>> def verb(path, *, x=None, compute=True):
    ...     return handed_on(locals(), "compute")
    >>> verb("run.pvd", x="lon")
    {'x': 'lon'}
    """
    for name in {*_NAMES, *_WORDS} & set(given):
        if not isinstance(given[name], Hashable):
            raise SeriesError(f"{name}={given[name]!r}: give one {'name' if name in _NAMES else 'value'}")
    read = {name: flag(name, given[name]) for name in _FLAGS if name in given}
    return {name: read.get(name, value) for name, value in given.items() if name not in ("self", "path", *kept)}
