"""Values at points of which each step has some: put where they were in the Dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from vtkseries.engine.lazy import outer
from vtkseries.engine.meshfile import read_flat
from vtkseries.errors import FormatError

if TYPE_CHECKING:
    from vtkseries.engine.lazy import Member
    from vtkseries.engine.restore import Restoration
    from vtkseries.engine.series import Series

    Array = np.ndarray[Any, Any]

__all__ = ["ScatterArray"]


class ScatterArray(BackendArray):
    """A variable over points, some of which are missing at a step; missing values stand for them.

    Parameters
    ----------
    series : Series
    member : Member
    tag : {"PointData", "Points"}
    index : str or None
        The array that tells which points a step has; None where it has all of them.
    sizes : tuple of int
        Of the dims over points, in the order of the points' numbers.
    roles : tuple of str
        Of each dim, in order: ``"time"``, ``"c"``, or ``"p0"`` and ``"p1"`` of points.
    shape : tuple of int
        Of the variable.
    values : Restoration
        What turns stored values to the variable's.
    factor : float
        By which the values were multiplied.
    """

    def __init__(
        self,
        series: Series,
        member: Member,
        tag: str,
        index: str | None,
        sizes: tuple[int, ...],
        roles: tuple[str, ...],
        shape: tuple[int, ...],
        values: Restoration,
        factor: float,
    ) -> None:
        self.series = series
        self.member = member
        self.tag = tag
        self.index = index
        self.sizes = sizes
        self.roles = roles
        self.shape = shape
        self.values = values
        self.factor = factor
        self.dtype = values.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> Array:
        at = self.roles.index("time") if "time" in self.roles else None
        count = self.shape[self.roles.index("c")] if "c" in self.roles else 1
        total = int(np.prod(self.sizes))
        if at is None:
            found = self._union(total, count)[None]
        else:
            steps = np.atleast_1d(np.arange(self.shape[at])[key[at]])
            found = np.empty((len(steps), total, count), self.dtype)
            for number, step in enumerate(steps.tolist()):
                self._expect_whole(self._put(step, found[number], np.zeros(total, bool)), step)
        found = found.reshape(len(found), *self.sizes, count)
        own = ["time", *(f"p{number}" for number in range(len(self.sizes))), "c"]
        kept = [role for role in own if role in self.roles]
        found = found[tuple(slice(None) if role in kept else 0 for role in own)]
        found = found.transpose([kept.index(role) for role in self.roles])
        rest = tuple(
            index if role != "time" else 0 if isinstance(index, int | np.integer) else slice(None)
            for role, index in zip(self.roles, key, strict=True)
        )
        return np.asarray(found[outer(rest, found.shape)])

    def _union(self, total: int, count: int) -> Array:
        """Give what does not change from the first steps that have all points among them."""
        found, seen = np.empty((total, count), self.dtype), np.zeros(total, bool)
        for step in range(self.series.steps):
            self._put(step, found, seen)
            if seen.all():
                break
        self._expect_whole(seen, self.series.steps - 1)
        return found

    def _expect_whole(self, seen: Array, step: int) -> None:
        if self.dtype.kind in "iub" and not seen.all():
            grid = self.series.grid(step, self.member.part)
            raise FormatError(f"{grid.path}: point {int(np.argmin(seen))} is not in it")

    def _put(self, step: int, found: Array, seen: Array) -> Array:
        """Put a step's values where nothing was seen before."""
        grid = self.series.grid(step, self.member.part)
        parts = []
        for name in self.member.arrays:
            stored = read_flat(grid, self.tag, name)
            last = self.member.first + found.shape[1]
            if last > stored.shape[1]:
                raise FormatError(f"{grid.path}: array {name[:200]!r} has {stored.shape[1]} components")
            stored = stored[:, self.member.first : last]
            parts.append(stored / stored.dtype.type(self.factor) if self.factor != 1 else stored)
        with np.errstate(invalid="ignore"):
            values = self.values.restore(parts)
        positions = self._positions(grid, len(seen), len(values))
        fresh = ~seen[positions]
        if not seen.any():
            found[...] = _missing(self.dtype)
        found[positions[fresh]] = values[fresh]
        seen[positions] = True
        return seen

    def _positions(self, grid: Any, total: int, count: int) -> Array:
        if self.index is None:
            if count != total:
                raise FormatError(f"{grid.path}: it has {count} points, and its metadata tell of {total}")
            return np.arange(total)
        positions = read_flat(grid, "PointData", self.index)
        if positions.dtype.kind not in "iu" or positions.shape != (count, 1):
            raise FormatError(f"{grid.path}: {self.index[:200]!r} are no numbers of its points")
        found: Array = positions[:, 0]
        if count and not 0 <= int(found.min()) <= int(found.max()) < total:
            raise FormatError(
                f"{grid.path}: {self.index[:200]!r} has numbers from {found.min()} to {found.max()} of {total} points"
            )
        return found


def _missing(dtype: np.dtype) -> Any:
    return np.array("NaT", dtype) if dtype.kind in "mM" else np.nan if dtype.kind in "fc" else 0
