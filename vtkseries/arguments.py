"""What a verb hands on: its keyword arguments, listed once, in its signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["handed_on"]


def handed_on(given: Mapping[str, Any], *kept: str) -> dict[str, Any]:
    """Give the keyword arguments of a verb out of its ``locals()``, but for those that it keeps to itself.

    Examples
    --------
    >>> def verb(path, *, x=None, compute=True):
    ...     return handed_on(locals(), "compute")
    >>> verb("run.pvd", x="lon")
    {'x': 'lon'}
    """
    return {name: value for name, value in given.items() if name not in ("self", "path", *kept)}
