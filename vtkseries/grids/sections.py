"""Sections of a file and their values, collected together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vtkseries.errors import SeriesError
from vtkseries.storage.tiles import Values
from vtkseries.xmlformat.dtypes import storage_dtype, vtk_type
from vtkseries.xmlformat.layout import DataArray, Section

__all__ = ["Sections", "active", "check_names"]

_FORBIDDEN = re.compile("[^\\t\\n\\r -\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_VECTOR = 3


@dataclass
class Sections:
    """Sections of a file and the values of their arrays, collected in the document's order."""

    sections: list[Section] = field(default_factory=list)
    values: list[Values] = field(default_factory=list)

    def add(
        self,
        tag: str,
        arrays: Sequence[tuple[str, tuple[Any, ...]]],
        attributes: Mapping[str, str] | None = None,
        units: Mapping[str, str] | None = None,
        labels: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """Add a section of arrays whose components have the file's order already.

        Parameters
        ----------
        tag : str
        arrays : sequence of (name, components)
            Components are array-like, of one shape; complex ones become two arrays.
        attributes : mapping, optional
            Of the section.
        units : mapping, optional
            By name.
        labels : mapping, optional
            Names of components, by name.

        Raises
        ------
        SeriesError
            VTK has no type for an array, or a name that no reader takes.
        """
        described, told = [], units or {}
        for name, components in arrays:
            dtype = np.result_type(*(component.dtype for component in components))
            stored = storage_dtype(dtype)
            if stored is None:
                raise SeriesError(
                    f"{tag}: array {name!r} has the dtype {dtype}, which VTK cannot draw; convert it to numbers"
                )
            parts = {name: components}
            if dtype.kind == "c":
                parts = {
                    f"{name}_real": tuple(c.real for c in components),
                    f"{name}_imag": tuple(map(_imag, components)),
                }
            for part, content in parts.items():
                source = Values(content, stored.newbyteorder("<"))
                named = (labels or {}).get(name, ())
                described.append(
                    DataArray(part, vtk_type(stored), len(content), named, units=told.get(name), nbytes=source.nbytes)
                )
                self.values.append(source)
        check_names(tag, [array.name for array in described])
        self.sections.append(Section(tag, tuple(described), tuple((attributes or {}).items())))


def _imag(component: Any) -> Any:
    return component.imag if component.dtype.kind == "c" else np.zeros(component.shape, component.dtype)


def check_names(where: str, names: Sequence[str]) -> None:
    """Refuse names that make a file unreadable, or that readers mix up.

    Raises
    ------
    SeriesError
        A name is no text, is empty, holds control characters, or stands twice.
    """
    for number, name in enumerate(names):
        if not isinstance(name, str) or not name or _FORBIDDEN.search(name):
            raise SeriesError(f"{where}: {name!r} is no name for an array; give a text without control characters")
        if name in names[:number]:
            raise SeriesError(f"{where}: two arrays would be called {name!r}; rename one of them")


def active(arrays: Sequence[tuple[str, tuple[Any, ...]]]) -> dict[str, str]:
    """Name the arrays that ParaView colours by at first."""
    attributes: dict[str, str] = {}
    for name, components in arrays:
        role = {1: "Scalars", _VECTOR: "Vectors"}.get(len(components))
        kind = np.result_type(*(component.dtype for component in components)).kind
        if role is not None:
            attributes.setdefault(role, f"{name}_real" if kind == "c" else name)
    return attributes
