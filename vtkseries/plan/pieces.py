"""A grid cut into pieces that are files of their own, so that no one has to hold or write all of a step."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

import xarray as xr

from vtkseries.cf.coordinates import Axis
from vtkseries.cf.roles import SPACE
from vtkseries.errors import SeriesError
from vtkseries.plan.group import Field, Group

__all__ = ["check_pieces", "cut_group"]

Pieces = bool | Mapping[Hashable, int]


def check_pieces(ds: xr.Dataset, pieces: Pieces, suffix: str, grid: str) -> None:
    """Check what the caller asked for.

    Raises
    ------
    SeriesError
        Pieces of what is no series of rectilinear grids, or an unknown dim or size.
    """
    if pieces is False:
        return
    if grid != "vtr" or suffix != ".pvd":
        message = "pieces= writes one .vtr a block and a .pvtr a step: use to_vtr with a path that ends in .pvd"
        raise SeriesError(message)
    if pieces is True:
        return
    if not isinstance(pieces, Mapping):
        message = f"pieces={pieces!r}: give True for a piece a chunk, or the points a piece, as in pieces={{'z': 64}}"
        raise SeriesError(message)
    for dim, size in pieces.items():
        if dim not in ds.dims:
            message = f"pieces: there is no dim {dim!r}; choose of {', '.join(map(repr, ds.dims))}"
            raise SeriesError(message)
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            message = f"pieces={{{dim!r}: {size!r}}}: a piece has a whole number of points along it, 1 or more"
            raise SeriesError(message)


def cut_group(group: Group, pieces: Pieces) -> list[Group]:
    """Cut the grid of a part; neighbours share their plane of points.

    Parameters
    ----------
    group : Group
    pieces : True or mapping
        A piece for each chunk of the part's most finely chunked variable, or points a piece by dim.

    Returns
    -------
    list of Group
        Each with its own extent in the whole, x fastest.

    Raises
    ------
    SeriesError
        No variable is chunked along a spatial dim, so that there is nothing to cut by.
    """
    starts = _by_sizes(group, pieces) if isinstance(pieces, Mapping) else _by_chunks(group)
    cuts = {role: _stretches(starts.get(role, [0]), group.axes[role]) for role in SPACE}
    return [_piece(group, {"x": x, "y": y, "z": z}) for z, y, x in itertools.product(cuts["z"], cuts["y"], cuts["x"])]


def _by_chunks(group: Group) -> dict[str, list[int]]:
    best: dict[str, list[int]] = {}
    for item in group.fields:
        for variable in item.variables:
            found = {
                item.roles[dim]: [0, *itertools.accumulate(chunks)][:-1]
                for dim, chunks in variable.chunksizes.items()
                if item.roles.get(dim) in SPACE and len(chunks) > 1
            }
            if _count(found) > _count(best):
                best = found
    if not best:
        message = (
            "pieces=True makes a piece of each chunk, but nothing is chunked along x, y or z; "
            "chunk the Dataset, as with ds.chunk(z=64), or give sizes, as in pieces={'z': 64}"
        )
        raise SeriesError(message)
    return best


def _count(starts: Mapping[str, Sequence[int]]) -> int:
    total = 1
    for found in starts.values():
        total *= len(found)
    return total


def _by_sizes(group: Group, sizes: Mapping[Hashable, int]) -> dict[str, list[int]]:
    found = {}
    for item in group.fields:
        for dim, role in item.roles.items():
            if dim in sizes and role in SPACE:
                found[role] = list(range(0, len(group.axes[role].nodes), sizes[dim]))
    return found


def _stretches(starts: Sequence[int], axis: Axis) -> list[tuple[int, int]]:
    """Give the first and last node of each piece along an axis; the last block's piece has two nodes at least."""
    end = len(axis.nodes) - 1
    found = list(itertools.pairwise([0, *(start for start in starts[1:] if start < end), end]))
    return [(end - last, end - first) for first, last in reversed(found)] if axis.flipped else found


def _piece(group: Group, where: Mapping[str, tuple[int, int]]) -> Group:
    axes = {
        role: replace(axis, nodes=axis.nodes[where[role][0] : where[role][1] + 1]) for role, axis in group.axes.items()
    }
    (x, y, z) = (where[role] for role in SPACE)
    piece = replace(group, placement=replace(group.placement, axes=axes), extent=(*x, *y, *z))
    piece.fields = [_field(item, group, where, piece.tag) for item in group.fields]
    return piece


def _field(item: Field, group: Group, where: Mapping[str, tuple[int, int]], tag: str) -> Field:
    variables = []
    for variable in item.variables:
        index = {}
        for dim, size in zip(variable.dims, variable.shape, strict=True):
            role = item.roles.get(dim)
            if role in SPACE:
                axis = group.axes[role]
                first, last = where[role]
                # Cells lie between nodes, so that they have one less; the values of points on a shared plane go twice.
                stop = last + 1 if size == len(axis.nodes) else max(last, first + 1)
                index[dim] = slice(size - stop, size - first) if axis.flipped else slice(first, stop)
        variables.append(variable.isel(index))
    return replace(item, variables=tuple(variables), keys=tuple(f"{key}{tag}" for key in item.keys))
