"""Chunks for what has none of its own: those of what is written beside it."""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from vtkseries.plan.model import Clock, PartPlan

__all__ = ["part_chunks", "time_chunks"]


def time_chunks(clock: Clock, sources: Mapping[str, xr.Variable]) -> tuple[int, ...]:
    """Give the chunks along time of the most finely chunked variable."""
    dim = clock.times.dim
    found = [
        variable.chunksizes[dim]
        for variable in sources.values()
        if variable.chunks is not None and dim in variable.dims and variable.sizes[dim] == clock.files
    ]
    return max(found, key=len, default=(1,) * clock.files)


def part_chunks(part: PartPlan, sources: Mapping[str, xr.Variable]) -> dict[str, tuple[int, ...]]:
    """Give the chunks along z and y of the part's most finely chunked variable, so that points are made as it is."""
    found: dict[str, tuple[int, ...]] = {}
    for array in part.arrays:
        for component in array.sources:
            for role, sizes in zip(component.roles, sources[component.source].chunks or (), strict=False):
                fits = role in ("z", "y") and sum(sizes) == array.shape[("z", "y").index(role)]
                if fits and len(sizes) > len(found.get(role, ())):
                    found[role] = sizes
    return found
