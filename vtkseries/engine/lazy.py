"""Lazy arrays over the steps of a series: what an index touches is read, when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from vtkseries.engine.values import read_array, read_field, read_strings
from vtkseries.errors import FormatError

if TYPE_CHECKING:
    from vtkseries.engine.restore import Restoration
    from vtkseries.engine.series import Series

    Array = np.ndarray[Any, Any]

__all__ = ["FieldArray", "GridArray", "Member", "find_field", "outer"]

_AXES = ("time", "part", "z", "y", "x", "c")
_MOST_INDICES = 1 << 20
"""Along one axis at a time, since each costs more than the value that it stands for."""


@dataclass(frozen=True, slots=True)
class Member:
    """Where one value of the dim ``part`` is stored, or the only one of a variable without that dim.

    Parameters
    ----------
    part : int
        Of the series.
    arrays : tuple of str
        Names in the file: one array, or the real and the imaginary part.
    first : int
        The component of it, or the first of several.
    """

    part: int
    arrays: tuple[str, ...]
    first: int = 0


class _SeriesArray(BackendArray):
    """What both kinds of lazy array have in common."""

    def __init__(self, series: Series, shape: tuple[int, ...], values: Restoration) -> None:
        self.series = series
        self.shape = shape
        self.values = values
        self.dtype = values.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> Array:
        raise AssertionError(key)


class GridArray(_SeriesArray):
    """A point or cell array of every step.

    Parameters
    ----------
    series : Series
    members : tuple of Member
    tag : {"PointData", "CellData", "Points"}
    grid_shape : tuple of int
        Values along z, y and x in each file.
    roles : tuple of str
        Of each dim, in order: ``"time"``, ``"part"``, ``"z"``, ``"y"``, ``"x"`` or ``"c"``.
    shape : tuple of int
        Of the variable.
    flips : tuple of str
        Roles that run against the file's order.
    values : Restoration
        What turns stored values to the variable's.
    """

    def __init__(
        self,
        series: Series,
        members: tuple[Member, ...],
        tag: str,
        grid_shape: tuple[int, int, int],
        roles: tuple[str, ...],
        shape: tuple[int, ...],
        flips: tuple[str, ...],
        values: Restoration,
    ) -> None:
        super().__init__(series, shape, values)
        self.members = members
        self.tag = tag
        self.grid_shape = grid_shape
        self.roles = roles
        self.flips = flips

    def _read(self, key: tuple[Any, ...]) -> Array:
        wanted = {role: np.zeros(1, np.int64) for role in _AXES}
        for role, size, index in zip(self.roles, self.shape, key, strict=True):
            chosen = _chosen(index, size)
            # A globe's arrays have one column more than the variable: the first one once more.
            stored = self.grid_shape[("z", "y", "x").index(role)] if role in ("z", "y", "x") else size
            wanted[role] = stored - 1 - chosen if role in self.flips else chosen
        out = np.empty(tuple(len(wanted[role]) for role in _AXES), self.dtype)
        longest = max(("z", "y", "x"), key=lambda role: len(wanted[role]))
        for first in range(0, len(wanted[longest]), _MOST_INDICES):
            cut = slice(first, first + _MOST_INDICES)
            some = out[(slice(None),) * _AXES.index(longest) + (cut,)]
            self._fill_steps(some, {**wanted, longest: wanted[longest][cut]})
        kept = [role for role, index in zip(self.roles, key, strict=True) if not isinstance(index, int | np.integer)]
        lost = [role for role in _AXES if role not in kept]
        turned = out.transpose([_AXES.index(role) for role in (*kept, *lost)])
        return turned.reshape(turned.shape[: len(kept)])

    def _fill_steps(self, out: Array, wanted: dict[str, Array]) -> None:
        ordered = {role: _rising(wanted[role]) for role in ("z", "y", "x")}
        indices = tuple(ordered[role][0] for role in ("z", "y", "x"))
        turn = tuple(ordered[role][1] for role in ("z", "y", "x"))
        for at_time, step in enumerate(wanted["time"].tolist()):
            for at_part, member in enumerate(wanted["part"].tolist()):
                self._fill(out[at_time, at_part], step, self.members[member], indices, turn, wanted["c"])

    def _fill(
        self, out: Array, step: int, member: Member, indices: Any, turn: tuple[Any, ...], components: Array
    ) -> None:
        grid = self.series.grid(step, member.part)
        found = grid.cells if self.tag == "CellData" else grid.points
        if found != self.grid_shape:
            raise FormatError(
                f"{grid.path}: its grid is {found} (z, y, x), where the first step's is {self.grid_shape}"
            )
        chosen = member.first + components
        straight = self.values.plain and all(isinstance(t, slice) and t == slice(None) for t in turn)
        straight = straight and np.array_equal(chosen, np.arange(len(chosen)))
        parts = []
        for name in member.arrays:
            stored = read_array(grid, self.tag, name, indices, out if straight else None)
            if stored is out:
                return
            if int(chosen.max(initial=0)) >= stored.shape[-1]:
                raise FormatError(f"{grid.path}: array {name[:200]!r} has {stored.shape[-1]} components")
            stored = stored[..., chosen[0] : chosen[-1] + 1] if _counts(chosen) else stored[..., chosen]
            parts.append(_turned(stored, turn))
        out[...] = self.values.restore(parts)


class FieldArray(_SeriesArray):
    """Field data of every step: numbers or strings that each file has of its own.

    Parameters
    ----------
    series : Series
    part : int
    arrays : tuple of str
        Names in the file: one array, the real and the imaginary part, or one for each value of the dim ``"item"``.
    roles : tuple of str
        Of each dim, in order: ``"time"``, ``"tuple"``, ``"c"`` or ``"item"``.
    shape : tuple of int
        Of the variable.
    values : Restoration
        What turns stored values to the variable's.
    """

    def __init__(
        self,
        series: Series,
        part: int,
        arrays: tuple[str, ...],
        roles: tuple[str, ...],
        shape: tuple[int, ...],
        values: Restoration,
    ) -> None:
        super().__init__(series, shape, values)
        self.part = part
        self.arrays = arrays
        self.roles = roles

    def _read(self, key: tuple[Any, ...]) -> Array:
        at = self.roles.index("time") if "time" in self.roles else None
        steps = np.zeros(1, np.int64) if at is None else np.atleast_1d(np.arange(self.shape[at])[key[at]])
        inner = tuple(size for role, size in zip(self.roles, self.shape, strict=True) if role != "time")
        rest = tuple(index for role, index in zip(self.roles, key, strict=True) if role != "time")
        found = np.empty((len(steps), *inner), self.dtype)
        for number, step in enumerate(steps.tolist()):
            found[number] = self._step(step, inner)
        found = found[(slice(None), *outer(rest, inner))]
        if at is None or isinstance(key[at], int | np.integer):
            return np.asarray(found[0], self.dtype)
        return np.moveaxis(found, 0, sum(not isinstance(index, int | np.integer) for index in key[:at]))

    def _step(self, step: int, inner: tuple[int, ...]) -> Any:
        grid = self.series.grid(step, self.part)
        parts = []
        for name in self.arrays:
            array = find_field(grid, name)
            if array is None:
                raise FormatError(f"{grid.path}: it has no field data {name[:200]!r}, as the first step has")
            if array.type == "String":
                parts.append(np.array(read_strings(grid, array), object))
            else:
                parts.append(read_field(grid, array))
        values = np.stack(parts) if "item" in self.roles else self.values.restore(parts)
        values = self.values.restore([values]) if "item" in self.roles else values
        if values.size != int(np.prod(inner)):
            raise FormatError(f"{grid.path}: field data {self.arrays[0][:200]!r} has {values.size} values")
        return values.reshape(inner)


def find_field(grid: Any, name: str) -> Any:
    """Give the description of an array of field data, also of one inside a piece, where PyEVTK puts it."""
    grid = getattr(grid, "holder", grid)
    document = grid.header.document
    for array in document.field_data:
        if array.name == name:
            return array
    section = grid.section("FieldData") if not grid.parallel else None
    return next((a for a in (section.arrays if section else ()) if a.name == name), None)


def _chosen(index: Any, size: int) -> Array:
    """Give the positions that one dim's index takes, in as few bytes as they need."""
    kind = np.int32 if size <= np.iinfo(np.int32).max else np.int64
    if isinstance(index, slice):
        return np.arange(*index.indices(size), dtype=kind)
    positions = np.atleast_1d(np.asarray(index)).astype(np.int64, copy=False)
    if ((positions < -size) | (positions >= size)).any():
        raise IndexError(f"{index} is outside a dim of {size}")
    return np.where(positions < 0, positions + size, positions)


def _rising(index: Array) -> tuple[Array, Any]:
    """Give an index in rising order without repeats, and what takes its result back to the order that was asked for."""
    step = np.diff(index)
    if (step > 0).all():
        return index, slice(None)
    if (step < 0).all():
        return index[::-1], slice(None, None, -1)
    return np.unique(index, return_inverse=True)


def _turned(stored: Array, turn: tuple[Any, ...]) -> Array:
    for axis, order in enumerate(turn):
        stored = stored[(*(slice(None),) * axis, order)]
    return stored


def _counts(index: Array) -> bool:
    return bool((np.diff(index) == 1).all())


def outer(index: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Give an outer index as NumPy takes it."""
    arrays = sum(isinstance(i, np.ndarray) for i in index)
    if arrays == 0 or (arrays == 1 and all(isinstance(i, np.ndarray | slice) for i in index)):
        return index  # a number beside an array would put the array's dim first
    full = [np.arange(n)[i] for i, n in zip(index, shape, strict=True)]
    taken = iter(np.ix_(*(f for f in full if f.ndim)))
    return tuple(next(taken) if f.ndim else f for f in full)
