"""What a link will hold: grids, and arrays as stacks of virtual datasets over the sources."""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

from vtkseries.cf.roles import SPACE
from vtkseries.errors import SeriesError
from vtkseries.hdf.fit import Raw
from vtkseries.hdf.layout import OWN, array_shape
from vtkseries.hdf.maps import HERE, Ref, Stage, flipped, joined, repeated, side_by_side
from vtkseries.hdf.sources import Files
from vtkseries.plan.group import Field, Group

__all__ = ["Linked", "Stages", "UnfitError", "link_field", "relative"]

_SPACE_ORDER = ("z", "y", "x")
_LARGE_CHUNK = 1 << 20
"""HDF5's default chunk cache: a compressed chunk beyond it is inflated anew for every row that is turned."""

_BOTHERSOME = 8
"""Inflations of a chunk, a frame, from which on the caller is told."""


class UnfitError(SeriesError):
    """A variable that cannot be linked, with the reason and the remedy."""

    def __init__(self, name: Hashable, fact: str, remedy: str) -> None:
        super().__init__(f"variable {str(name)!r} {fact}; {remedy}")


@dataclass(frozen=True)
class Linked:
    """An array of the grid.

    Attributes
    ----------
    name : str
    cells : bool
    ref : Ref
        What it is: a dataset of a source, or a stage.
    """

    name: str
    cells: bool
    ref: Ref


@dataclass
class Stages:
    """The virtual datasets that are to be made, in order, with the dtype of each."""

    made: list[tuple[Ref, Stage | None, np.dtype]] = field(default_factory=list)

    def add(self, stage: Stage, dtype: np.dtype) -> Ref:
        """Plan a virtual dataset."""
        return self._add(stage.shape, stage, dtype)

    def zeros(self, shape: tuple[int, ...], dtype: np.dtype) -> Ref:
        """Plan a dataset of zeros that takes no room."""
        return self._add(shape, None, dtype)

    def _add(self, shape: tuple[int, ...], stage: Stage | None, dtype: np.dtype) -> Ref:
        ref = Ref(HERE, f"/{OWN}/stage_{len(self.made)}", shape)
        self.made.append((ref, stage, dtype))
        return ref


def relative(source: Path, target: Path) -> str:
    """Give the path of a source as HDF5 finds it from the link, wherever the two are moved together."""
    real = source.parent.resolve() / source.name
    try:
        found = os.path.relpath(real, target.parent.resolve())
    except ValueError:  # another drive of Windows
        found = str(real)
    return Path(found).as_posix()


def link_field(
    item: Field, group: Group, ds: xr.Dataset, files: Files, places: Sequence[str], stages: Stages, notices: list[str]
) -> Linked:
    """Plan the array of one field.

    Raises
    ------
    UnfitError
        Its dims are not in an order that VTK can take as it is.
    """
    dtypes = [files.raws[0][key].dtype.newbyteorder("=") for key in item.keys]
    dtype = np.result_type(*dtypes)
    parts = [_component(key, item, group, ds, files, places, stages, notices) for key in item.keys]
    steps = len(files.times.values)
    inner = parts[0][1]
    count = parts[0][0].shape[inner] if inner is not None else len(parts)
    points = [len(group.axes[role].nodes) for role in SPACE]
    if len(parts) > 1 or inner is not None:
        components: list[tuple[Ref, int | None]] = list(parts)
        if count == 2:  # noqa: PLR2004 (two components get a zero third)
            ref, axis = parts[0]
            shape = tuple(n for i, n in enumerate(ref.shape) if i != axis)
            components.append((stages.zeros(shape, dtype), None))
            count = 3
        final = stages.add(side_by_side(components), dtype)
    else:
        final = parts[0][0]
    expected = array_shape(points, steps, cells=item.cells, components=count)
    if final.shape and (*final.shape, 1) == expected:
        # A single point a step.
        final = stages.add(side_by_side([(final, None)]), dtype)
    if final.shape != expected:
        fact = f"has the shape {final.shape} where the grid asks for {expected}"
        raise UnfitError(item.name, fact, "write it with ds.vtk.to_vtr")
    return Linked(item.name, item.cells, final)


def _component(
    key: str,
    item: Field,
    group: Group,
    ds: xr.Dataset,
    files: Files,
    places: Sequence[str],
    stages: Stages,
    notices: list[str],
) -> tuple[Ref, int | None]:
    """Plan one variable; gives it with time first and its axes in order, and where its components lie."""
    variable = ds[key].variable
    order = [item.roles[dim] for dim in variable.dims]
    space = [role for role in order if role in SPACE]
    if space != [role for role in _SPACE_ORDER if role in space]:
        wanted = [str(dim) for role in _SPACE_ORDER for dim, r in item.roles.items() if r == role]
        fact = (
            f"has its dims in the order ({', '.join(map(str, variable.dims))}), and VTK wants {', '.join(wanted)} last"
        )
        raise UnfitError(key, fact, "write it with ds.vtk.to_vtr, which transposes it")
    kept = [i for i, r in enumerate(order) if r == "c" or (r in SPACE and len(group.axes[r].nodes) > 1)]
    raws = [found[key] for found in files.raws]
    steps = len(files.times.values)
    ref = _joined(raws, order, kept, files, places, stages)
    left = [order[i] for i in kept]
    has_time = steps > 1 and len(ref.shape) > len(left)
    axes = (["time"] if has_time else []) + left
    turned = [role for role in ("x", "y", "z") if role in axes and group.axes[role].flipped]
    dtype = raws[0].dtype.newbyteorder("=")
    for role in turned:
        if role != "z":
            ref = stages.add(flipped(ref, axes.index(role)), dtype)
    if "z" in axes and turned:
        ref = stages.add(flipped(ref, axes.index("z"), turn="z" in turned), dtype)
    if turned:
        _tell_cost(key, raws[0], order, turned, notices)
    if steps > 1 and not has_time:
        ref = stages.add(repeated(ref, steps), dtype)
        axes = ["time", *axes]
    return ref, axes.index("c") if "c" in axes else None


def _joined(
    raws: Sequence[Raw], order: Sequence[str], kept: Sequence[int], files: Files, places: Sequence[str], stages: Stages
) -> Ref:
    time_axis = order.index("time") if "time" in order else None
    refs = [Ref(place, raw.path, raw.shape) for place, raw in zip(places, raws, strict=True)]
    steps = len(files.times.values)
    dtype = raws[0].dtype.newbyteorder("=")
    if time_axis is None and files.time_dim is not None:
        # It does not change in time: the first file has it.
        if len(kept) == len(order):
            return refs[0]
        return stages.add(joined([(refs[0], 1)], None, kept, 1), dtype)
    as_it_is = list(range(len(order))) == ([0, *kept] if time_axis == 0 and steps > 1 else list(kept))
    if len(refs) == 1 and as_it_is and (time_axis is None or refs[0].shape[0] == steps or steps == 1):
        return refs[0]
    return stages.add(joined(list(zip(refs, files.counts, strict=True)), time_axis, kept, steps), dtype)


def _tell_cost(key: str, raw: Raw, order: Sequence[str], turned: Sequence[str], notices: list[str]) -> None:
    """Say where turning an axis makes HDF5 inflate a chunk many times a frame."""
    if raw.chunks is None or np.prod(raw.chunks) * raw.dtype.itemsize <= _LARGE_CHUNK:
        return
    rows = [length for role, length in zip(order, raw.chunks, strict=True) if role in turned or role == "z"]
    times = int(np.prod(rows))
    if times > _BOTHERSOME:
        notices.append(
            f"variable {key!r}: its axes {', '.join(turned)} are turned row by row, and its chunks {raw.chunks} are "
            f"larger than HDF5's cache, so that ParaView may inflate each some {times} times a frame; "
            "ds.vtk.to_vtr writes files that play faster"
        )
