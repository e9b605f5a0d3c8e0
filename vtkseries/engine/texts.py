"""Texts at the points or in the cells of files of other writers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from vtkseries.engine.lazy import FieldArray
from vtkseries.engine.restore import Restoration
from vtkseries.engine.values import read_strings
from vtkseries.errors import FormatError

if TYPE_CHECKING:
    from vtkseries.engine.series import Series

__all__ = ["TextArray"]


class TextArray(FieldArray):
    """Texts at the points or in the cells of every step, in files of one piece.

    Parameters
    ----------
    series : Series
    part : int
    name : str
    tag : {"PointData", "CellData"}
    roles : tuple of str
        Of each dim: ``"time"``, ``"z"``, ``"y"`` or ``"x"``.
    shape : tuple of int
        Of the variable.
    """

    def __init__(
        self, series: Series, part: int, name: str, tag: str, roles: tuple[str, ...], shape: tuple[int, ...]
    ) -> None:
        texts = np.dtype(object)
        super().__init__(series, part, (name,), roles, shape, Restoration(texts, texts))
        self.tag = tag

    def _read(self, key: tuple[Any, ...]) -> Any:
        steps = [0]
        if "time" in self.roles:
            at = self.roles.index("time")
            steps = np.atleast_1d(np.arange(self.shape[at])[key[at]]).tolist()
        inner = tuple(size for role, size in zip(self.roles, self.shape, strict=True) if role != "time")
        for step in steps[:1]:
            self._step(step, inner)  # has as many texts as the extent says, before memory is taken for them
        return super()._read(key)

    def _step(self, step: int, inner: tuple[int, ...]) -> Any:
        grid, (name,) = self.series.grid(step, self.part), self.arrays
        array = next((a for a in grid.arrays(self.tag) if a.name == name and a.type == "String"), None)
        if array is None or len(grid.sources) != 1 or grid.parallel:
            raise FormatError(f"{grid.path}: {self.tag} has no array {name[:200]!r} of texts in one piece")
        texts = read_strings(grid, array)
        if len(texts) != math.prod(inner):
            raise FormatError(f"{grid.path}: array {name[:200]!r} has {len(texts)} texts, not {math.prod(inner)}")
        return np.array(texts, object).reshape(inner)
