"""One step of a mesh, and the arrays of a Dataset on it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.errors import SeriesError
from vtkseries.grids.points import polydata
from vtkseries.grids.sections import Sections, active
from vtkseries.grids.unstructured import unstructured
from vtkseries.storage.tiles import Values
from vtkseries.values import conversions
from vtkseries.xmlformat.codecs import Codec
from vtkseries.xmlformat.layout import DataArray, Document
from vtkseries.xmlformat.text import for_xml

__all__ = ["Mesh", "Named", "named_fields"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Named:
    """A scalar or vector field: its name and the variables of its components.

    Attributes
    ----------
    name : str
    variables : tuple of Variable
        One a component; or one that has the dim `inner`, along which components lie.
    inner : hashable or None
    units : str or None
    """

    name: str
    variables: tuple[xr.Variable, ...]
    inner: Hashable | None = None
    units: str | None = None

    @property
    def dims(self) -> set[Hashable]:
        """The dims but that of components."""
        return {dim for variable in self.variables for dim in variable.dims} - {self.inner}


def named_fields(
    ds: xr.Dataset, names: Sequence[Hashable], vectors: Mapping[str, Sequence[Hashable] | str] | None
) -> list[Named]:
    """Join variables to vectors where the caller says so; the others are fields of their own.

    Raises
    ------
    SeriesError
        A vector's variable, or its dim, is not there.
    """
    found, used = [], set()
    for name, parts in (vectors or {}).items():
        members = [name] if isinstance(parts, str) else list(parts)
        missing = [part for part in members if part not in ds.variables]
        if missing or (isinstance(parts, str) and parts not in ds[name].dims):
            raise SeriesError(f"vectors={{{name!r}: {parts!r}}}: {missing[0] if missing else parts!r} is not there")
        variables = tuple(ds[part].variable for part in members)
        found.append(Named(str(name), variables, parts if isinstance(parts, str) else None, _units(variables[0])))
        used |= set(members)
    return [*(Named(str(n), (ds[n].variable,), None, _units(ds[n].variable)) for n in names if n not in used), *found]


def _units(variable: xr.Variable) -> str | None:
    units = variable.attrs.get("units")
    return for_xml(units) if isinstance(units, str) and units else None


@dataclass
class Mesh:
    """One part of one step.

    Attributes
    ----------
    points : tuple of three ndarrays
        x, y and z.
    lines : tuple of two ndarrays or None
        Connectivity and offsets of lines through the points.
    cells : tuple of three ndarrays or None
        Connectivity, offsets and types of an unstructured mesh.
    point, cell : list of (name, components)
        The data; components are flat arrays.
    units : dict
        By name.
    """

    points: tuple[Array, Array, Array]
    lines: tuple[Array, Array] | None = None
    cells: tuple[Array, Array, Array] | None = None
    point: list[tuple[str, tuple[Array, ...]]] = field(default_factory=list)
    cell: list[tuple[str, tuple[Array, ...]]] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)

    def document(self, fields: tuple[DataArray, ...], method: Codec | None) -> tuple[Document, list[Values]]:
        """Describe its file, with the values of each array."""
        sections = Sections()
        sections.add("PointData", self.point, active(self.point), self.units)
        sections.add("CellData", self.cell, active(self.cell), self.units)
        compressor = None if method is None else method.compressor
        if self.cells is None:
            return polydata(self.points, self.lines, sections, fields, compressor), sections.values
        return unstructured(self.points, self.cells, sections, fields, compressor), sections.values

    def add(self, item: Named, components: tuple[Array, ...], *, cells: bool = False) -> None:
        """Add a field's values."""
        stored = []
        for component in components:
            if component.dtype.kind in "mM":
                stored.append(conversions(component.dtype)[0][1].apply(component))
            else:
                stored.append(component)
        if len(stored) == 2:  # noqa: PLR2004  # two components get a zero third
            stored.append(np.zeros_like(stored[0]))
        (self.cell if cells else self.point).append((item.name, tuple(stored)))
        units = conversions(components[0].dtype)[0][2] if components[0].dtype.kind in "mM" else item.units
        if units:
            self.units[item.name] = units
