"""One step of a mesh, and the arrays of a Dataset on it."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.cf.fields import Vector, find_vectors
from vtkseries.cf.missing import HIDDEN_CELL, HIDDEN_POINT, fill_values
from vtkseries.errors import SeriesError
from vtkseries.grids.points import polydata
from vtkseries.grids.sections import Sections, active
from vtkseries.grids.unstructured import unstructured
from vtkseries.plan.encoding import check_precision
from vtkseries.plan.ghosts import GHOSTS
from vtkseries.plan.parts import attribute_text, refuse_twins
from vtkseries.storage.tiles import Values
from vtkseries.values import Conversion, Precision, conversions
from vtkseries.xmlformat.codecs import Codec
from vtkseries.xmlformat.layout import DataArray, Document

__all__ = ["Mesh", "Named", "named_fields", "refuse_clashes", "stray_dims"]

Array = npt.NDArray[Any]

_COMPONENTS = (2, 3, 6, 9)


@dataclass(frozen=True)
class Named:
    """A scalar or vector field: its name and the variables of its components.

    Attributes
    ----------
    name : str
    keys : tuple of hashable
        Of the variables: one a component; or one that has the dim `inner`, along which components lie.
    dims : frozenset
        Theirs, but that of components.
    inner : hashable or None
    labels : tuple of str
        Names of the components.
    arrays : tuple of (suffix, Conversion, units)
        What is stored: one array, or a real and an imaginary one.
    precision : tuple of Precision
        Of each component's variable.
    fills : tuple of numbers
        What stands for missing values of integers.
    turned : bool
        It is a vector (east, north, up), to be turned with the globe that it is on.
    """

    name: str
    keys: tuple[Hashable, ...]
    dims: frozenset[Hashable]
    inner: Hashable | None = None
    labels: tuple[str, ...] = ()
    arrays: tuple[tuple[str, Conversion, str | None], ...] = ()
    precision: tuple[Precision, ...] = ()
    fills: tuple[float, ...] = ()
    turned: bool = False

    def __str__(self) -> str:
        """Name it, and what it is made of, as messages do."""
        parts = " and ".join(repr(str(key)) for key in self.keys)
        return f"variable {self.name!r}" if len(self.keys) == 1 else f"vector {self.name!r} of {parts}"

    @property
    def suffixes(self) -> list[str]:
        """What the arrays' names end in."""
        return [suffix for suffix, _, _ in self.arrays]


def named_fields(
    ds: xr.Dataset,
    names: Sequence[Hashable],
    vectors: Mapping[str, Sequence[Hashable] | str] | None,
    precision: Mapping[str, Precision],
    fill: float | None,
) -> list[Named]:
    """Join variables to vectors where the caller, or CF, says so; the others are fields of their own.

    Raises
    ------
    SeriesError
        A vector's variable, or its dim, is not there; or a precision does not suit a dtype.
    """
    found = find_vectors(ds, vectors, names)
    used = {name for vector in found for name in vector.variables}
    wanted = [*(Vector(str(name), (name,)) for name in names if name not in used), *found]
    return [_named(ds, vector, precision, fill) for vector in wanted]


def stray_dims(ds: xr.Dataset, item: Named, dims: Collection[Hashable], whose: str, *, layers: bool = False) -> str:
    """Say of which dims of a field there is nothing to draw, and what helps."""
    name = item.keys[0]
    found = [dim for dim in ds[name].dims if dim in dims] or [*dims]
    listed = " and ".join(map(repr, found))
    what = f"has the dim {listed}, which is" if len(found) == 1 else f"has the dims {listed}, which are"
    chosen = ", ".join(f"{dim}=0" for dim in found)
    joined = len(found) == len(item.keys) == 1 and ds.sizes[found[0]] in _COMPONENTS and not layers
    joined &= ds[name].dtype.kind == "f"
    vector = f", or take it for a vector's, as with vectors={{{str(name)!r}: {str(found[0])!r}}}" if joined else ""
    return f"{what} none of {whose}; select one value with ds.isel({chosen}){vector}"


def _named(ds: xr.Dataset, vector: Vector, precision: Mapping[str, Precision], fill: float | None) -> Named:
    variables = [ds[name].variable for name in vector.variables]
    wanted = [
        precision.get(str(name)) or precision.get(vector.name, Precision())
        for name in (vector.variables if vector.dim is None else (vector.name,))
    ]
    dtype = np.result_type(*(variable.dtype for variable in variables)) if len(variables) > 1 else variables[0].dtype
    if len(wanted) > 1 and any(one.dtype for one in wanted):
        shared = np.result_type(*(one.dtype or v.dtype for one, v in zip(wanted, variables, strict=True)))
        wanted = [replace(one, dtype=shared.name) for one in wanted]
    for name, one in zip(vector.variables, wanted, strict=True):
        check_precision(name, dtype, one)
    dims = frozenset(dim for variable in variables for dim in variable.dims)
    # Of what cannot be drawn nobody asks how it is stored.
    arrays = conversions(dtype, fill, wanted[0]) if dtype.kind in "biufcmM" else []
    units = attribute_text(variables[0].attrs.get("units"))
    return Named(
        vector.name,
        vector.variables,
        dims - {vector.dim},
        vector.dim,
        vector.labels,
        tuple((suffix, conversion, own or units) for suffix, conversion, own in arrays),
        tuple(wanted),
        fill_values(variables[0]) if dtype.kind in "iu" else (),
    )


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
    labels : dict
        Names of components, by array.
    hidden : dict
        Where points, or cells (True), are not to be drawn.
    """

    points: tuple[Array, Array, Array]
    lines: tuple[Array, Array] | None = None
    cells: tuple[Array, Array, Array] | None = None
    point: list[tuple[str, tuple[Array, ...]]] = field(default_factory=list)
    cell: list[tuple[str, tuple[Array, ...]]] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    hidden: dict[bool, Array] = field(default_factory=dict)

    def document(self, fields: tuple[DataArray, ...], method: Codec | None) -> tuple[Document, list[Values]]:
        """Describe its file, with the values of each array."""
        sections = Sections()
        ghosts = self._ghosts()
        for tag, data, cells in (("PointData", self.point, False), ("CellData", self.cell, True)):
            sections.add(tag, [*data, *ghosts[cells]], active(data), self.units, self.labels)
        compressor = None if method is None else method.compressor
        if self.cells is None:
            return polydata(self.points, self.lines, sections, fields, compressor), sections.values
        return unstructured(self.points, self.cells, sections, fields, compressor), sections.values

    def add(self, item: Named, components: Iterable[Array], *, cells: bool = False, blank: bool = False) -> None:
        """Add a field's values; with `blank`, what is missing of them is hidden."""
        parts = tuple(components)
        target = self.cell if cells else self.point
        zero = [np.zeros_like(parts[0])] if len(parts) == 2 else []  # noqa: PLR2004  # two components get a zero third
        labels = (*item.labels, *([""] * len(zero))) if item.labels and len(parts) > 1 else ()
        if blank:
            self.hide(_missing(parts, item.fills), cells=cells)
        for suffix, conversion, units in item.arrays:
            name = f"{item.name}{suffix}"
            target.append((name, tuple(_stored([*parts, *zero], conversion, item.precision))))
            self.labels |= {name: labels} if labels else {}
            self.units |= {name: units} if units else {}

    def hide(self, mask: Array, *, cells: bool) -> None:
        """Keep ParaView from drawing some points or cells."""
        before = self.hidden.get(cells)
        self.hidden[cells] = mask if before is None else before | mask

    def _ghosts(self) -> dict[bool, list[tuple[str, tuple[Array, ...]]]]:
        """Give ``vtkGhostType``: a cell is hidden with one of its points."""
        found: dict[bool, list[tuple[str, tuple[Array, ...]]]] = {False: [], True: []}
        points, cells = self.hidden.get(False), self.hidden.get(True)
        if points is not None:
            found[False] = [(GHOSTS, (points * np.uint8(HIDDEN_POINT),))]
            around = self._touching(points)
            cells = around if cells is None else cells | around
        if cells is not None:
            found[True] = [(GHOSTS, (cells * np.uint8(HIDDEN_CELL),))]
        return found

    def _touching(self, points: Array) -> Array:
        found = self.lines if self.cells is None else self.cells[:2]
        if found is None:
            return points
        nodes, ends = found
        starts = np.append(0, ends[:-1]) if len(ends) else ends
        return np.add.reduceat(points[nodes], starts) > 0 if len(ends) else np.zeros(0, bool)


def _stored(parts: list[Array], conversion: Conversion, precision: tuple[Precision, ...]) -> Iterable[Array]:
    """Give components as they are stored, without a copy where only the width or the byte order changes."""
    for number, part in enumerate(parts):
        own = precision[min(number, len(precision) - 1)] if precision else Precision()
        asked = replace(conversion, digits=own.digits)
        yield part if asked.view(part) is None and _is_plain(asked, own, part) else asked.apply(part)


def _is_plain(conversion: Conversion, precision: Precision, part: Array) -> bool:
    plain = not conversion.part and conversion.fill is None and conversion.digits is None and precision.dtype is None
    return plain and part.dtype.kind in "iuf"


def _missing(parts: tuple[Array, ...], fills: tuple[float, ...]) -> Array:
    mask = np.zeros(parts[0].shape, bool)
    for part in parts:
        if part.dtype.kind in "fc":
            mask |= np.isnan(part)
        elif part.dtype.kind in "mM":
            mask |= np.isnat(part)
        for fill in fills if part.dtype.kind in "iu" else ():
            mask |= part == fill
    return mask


def refuse_clashes(items: Sequence[Named], also: Sequence[str] = ()) -> None:
    """Refuse two arrays of one name, which no reader tells apart.

    Raises
    ------
    SeriesError
        There are two, or one has a name that files need.
    """
    names = [f"{item.name}{suffix}" for item in items for suffix in item.suffixes]
    if GHOSTS in names:
        raise SeriesError(f"variable {GHOSTS!r}: VTK hides points and cells by an array of this name; rename it")
    refuse_twins([*names, *also])
