"""What is needed to give back the variables of a Dataset that vtkseries wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vtkseries.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from vtkseries.engine.gridfile import GridFile
    from vtkseries.engine.lazy import Member
    from vtkseries.engine.series import Series
    from vtkseries.xmlformat.layout import DataArray

__all__ = ["Task", "check_member"]


@dataclass(frozen=True)
class Task:
    """One series, and what its files tell of the Dataset.

    Attributes
    ----------
    series : Series
    grids : dict
        The first step's file of each part, by the number that the part had when it was written.
    positions : dict
        Of these parts in the series.
    content : dict
        The metadata.
    sizes : dict
        Of the dims.
    time : hashable or None
        The dim of the steps.
    teller : int
        Which of the files tells of the steps.
    changed : frozenset of int
        The parts, by position, whose variables had no time dim when they were written and have others since.
    """

    series: Series
    grids: dict[int, GridFile]
    positions: dict[int, int]
    content: dict[str, Any]
    sizes: dict[Hashable, int]
    time: Hashable | None
    teller: int
    changed: frozenset[int] = frozenset()

    @property
    def telling(self) -> GridFile:
        """The first step's file of the part that tells of its steps."""
        return list(self.grids.values())[self.teller]


def check_member(grid: GridFile, tag: str, member: Member, count: int, dtype: np.dtype) -> DataArray:
    """Give the array of a member, after checking that it has the components that are asked for."""
    if len(member.arrays) != (2 if dtype.kind == "c" else 1) or dtype.kind not in "biufcmM":
        raise FormatError(f"its vtkseries metadata has {len(member.arrays)} arrays for {dtype}")
    arrays = {array.name: array for array in grid.arrays(tag) if array.type != "String"}
    for name in member.arrays:
        if name not in arrays:
            raise FormatError(f"it has no {tag} named {name[:200]!r}")
        if not 0 <= member.first <= arrays[name].components - count:
            raise FormatError(f"array {name[:200]!r} has {arrays[name].components} components")
    return arrays[member.arrays[0]]
