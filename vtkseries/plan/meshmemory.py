"""What points and cells hold of a Dataset, for reading back."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["MeshMemory"]


@dataclass(frozen=True)
class MeshMemory:
    """What points and cells hold of a Dataset.

    Attributes
    ----------
    drawn : mapping
        By name, where in the files a variable is: what its entry has as ``"at"``.
    kept : collection of hashable
        What makes the mesh and is no array of the files, to be kept beside them.
    parts : int
        Of each step.
    layout : dict
        What the entries share: how points lie in the arrays.
    """

    drawn: Mapping[Hashable, dict[str, Any]]
    kept: Collection[Hashable]
    parts: int
    layout: dict[str, Any]
