"""A planned series into one self-contained ``.vtkhdf``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path

import numpy as np
import xarray as xr

from vtkseries.blocks import block_values
from vtkseries.errors import SeriesError, VtkSeriesWarning
from vtkseries.hdf.chunks import HdfArray
from vtkseries.hdf.layout import Frame, block_names
from vtkseries.hdf.store import clear_leftovers, create, reopen
from vtkseries.plan.build import Prepared
from vtkseries.plan.model import ArrayPlan, PartPlan, SeriesPlan
from vtkseries.plan.target import check_length
from vtkseries.serial import step_values, write_array
from vtkseries.storage.links import followed
from vtkseries.storage.lock import Lock

__all__ = ["INSIDE", "check_target", "deflate_level", "require_h5py", "write_vtkhdf"]


INSIDE = 64 * 1024 * 1024
"""Bytes of a coordinate up to which the file tells it in its one description."""


def check_target(path: str | os.PathLike[str], mode: str) -> Path:
    """Check where the series goes.

    Raises
    ------
    SeriesError
        An unknown suffix or mode, or ``mode="x"`` where something is.
    """
    target = Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 (links are not followed)
    if target.suffix not in (".vtkhdf", ".hdf"):
        message = f"path {str(path)!r} must end in .vtkhdf, as in {target.with_suffix('.vtkhdf').name!r}"
        raise SeriesError(message)
    check_length(target, target.name)
    if mode == "x" and os.path.lexists(target):
        message = f"{str(target)!r} exists and mode='x' does not replace it; take another path, or mode='w'"
        raise SeriesError(message)
    if target.is_dir():
        message = f"{str(target)!r} is a directory; name a file in it, as in {str(target / 'run.vtkhdf')!r}"
        raise SeriesError(message)
    return followed(target)


def require_h5py() -> None:
    """Say what is missing where h5py is not installed."""
    try:
        import h5py  # noqa: F401, PLC0415 (only VTKHDF needs it)
    except ImportError as error:
        message = "VTKHDF needs h5py; install it, as with pip install 'vtkseries[link]'"
        raise ImportError(message) from error


def deflate_level(compression: str | None, level: int) -> int | None:
    """Give the level of deflate, None for no compression.

    Raises
    ------
    SeriesError
        Another compression or level.
    """
    if not isinstance(compression, str | None) or compression not in ("zlib", "none", None):
        message = f"compression={compression!r}: VTK's HDF5 reads 'zlib', or 'none'"
        raise SeriesError(message)
    if isinstance(level, bool) or not isinstance(level, Integral) or level not in range(10):
        message = f"compression_level={level!r}: choose 0 (store) to 9 (smallest)"
        raise SeriesError(message)
    return None if compression in (None, "none") else int(level)


@dataclass(frozen=True)
class _Part:
    """One grid, and its arrays as the file has them, each beside its plan."""

    frame: Frame
    arrays: tuple[tuple[ArrayPlan, HdfArray], ...]


def write_vtkhdf(
    prepared: Prepared,
    target: Path,
    *,
    mode: str = "w",
    level: int | None = 1,
    durable: bool = False,
    warn: bool = True,
) -> Path:
    """Write a planned series, step by step.

    Parameters
    ----------
    prepared : Prepared
        Planned for a ``.pvd``.
    target : Path
    mode : {"w", "x", "a"}
    level : int or None
        Of deflate; None to store values as they are.
    durable : bool
        Sync each step to the disk before the next one.
    warn : bool
        Say what is left out.

    Raises
    ------
    SeriesError
        Another writer has the series, or what is there does not fit.
    """
    plan, sources = prepared.plan, prepared.sources
    blocks = block_names([part.name for part in plan.parts])
    fields, varying = _fields(plan, sources)
    parts = [_part(plan, part, sources, level, block) for part, block in zip(plan.parts, blocks, strict=True)]
    frames = [replace(part.frame, fields=fields, varying=varying) for part in parts]
    for text in plan.left_out if warn else ():
        warnings.warn(text, VtkSeriesWarning, stacklevel=3)
    target.parent.mkdir(parents=True, exist_ok=True)
    with Lock(target):
        clear_leftovers(target)
        begin = reopen if mode == "a" and target.exists() else create
        arrays = [stored for part in parts for _, stored in part.arrays]
        store = begin(target, frames, arrays, durable=durable)
        try:
            if store.dropped:
                what = "1 step" if store.dropped == 1 else f"{store.dropped} steps"
                text = (
                    f"{target}: {what} from time {plan.times.values[0]!r} on dropped, as the series goes on from there"
                )
                warnings.warn(text, VtkSeriesWarning, stacklevel=3)
            for step, time in enumerate(plan.times.values):
                for array, stored in (pair for part in parts for pair in part.arrays):
                    steady = plan.times.dim is not None and not any("time" in item.roles for item in array.sources)
                    if not (steady and store.repeat(stored)):
                        store.put(stored, _values(array, sources, step), steady=steady)
                store.commit(_numbers(plan, sources, step), time)
        finally:
            store.close()
    if store.changed:
        names = ", ".join(map(repr, store.changed))
        text = (
            f"{target}: {names} have no time dim, and other values than in the series so far: VTK shows them from time "
            f"{plan.times.values[0]!r} on, reading back gives the first ones; give them a time dim"
        )
        warnings.warn(text, VtkSeriesWarning, stacklevel=3)
    return target


def _part(
    plan: SeriesPlan,
    part: PartPlan,
    sources: Mapping[str, xr.Variable],
    level: int | None,
    block: str,
) -> _Part:
    extent = [int(n) for n in dict(part.document.attributes)["WholeExtent"].split()]
    sizes = [extent[i + 1] - extent[i] + 1 for i in (0, 2, 4)]
    arrays = [array for array in part.arrays if array.name != "Points" or part.document.type != "StructuredGrid"]
    cells = {a.name for s in part.document.pieces[0].sections if s.tag == "CellData" for a in s.arrays}
    points = [array for array in part.arrays if array not in arrays]
    number = len({a.name for s in part.document.pieces[0].sections if s.tag == "PointData" for a in s.arrays})
    stored = []
    for position, array in enumerate(arrays):
        is_cell = array.name in cells and position >= number
        space = tuple(n for n, size in zip(array.shape, reversed(sizes), strict=True) if size > 1)
        shape = (space or (1,)) + ((array.components,) if array.components > 1 else ())
        stored.append((array, HdfArray(array.name, is_cell, array.dtype, shape, level, block)))
    placed = None
    for array in points:
        if any("time" in component.roles for component in array.sources):
            message = "the grid moves in time, and a .vtkhdf stores geometry once; use to_vts"
            raise SeriesError(message)
        placed = _values(array, sources, 0)
    text = next((a.text for a in plan.constants if a.name == "vtkseries"), None)
    description = "" if text is None else bytes(int(code) for code in text.split()).rstrip(b"\0").decode()
    frame = Frame(
        part.document.type,
        _nodes(part, sizes),
        plan.times,
        description=description,
        points=placed,
        block=block,
    )
    return _Part(frame, tuple(stored))


def _nodes(part: PartPlan, sizes: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if part.document.type == "RectilinearGrid":
        x, y, z = (values for _, values in part.constants)
        return x, y, z
    if part.document.type == "ImageData":
        about = dict(part.document.attributes)
        origin, spacing = ([float(n) for n in about[name].split()] for name in ("Origin", "Spacing"))
        x, y, z = (o + s * np.arange(n) for o, s, n in zip(origin, spacing, sizes, strict=True))
        return x, y, z
    return np.arange(sizes[0]), np.arange(sizes[1]), np.arange(sizes[2])


def _fields(plan: SeriesPlan, sources: Mapping[str, xr.Variable]) -> tuple[dict[str, np.ndarray], frozenset[str]]:
    """Give room for the numbers that each step has, and the numbers that all share."""
    fields = {}
    for item in plan.fields:
        name = item.name.replace("/", "_")
        if item.has_time:
            fields[name] = np.zeros(plan.steps, item.conversion.dtype)
        else:
            fields[name] = item.conversion.apply(np.atleast_1d(sources[item.source].values))
    return fields, frozenset(item.name.replace("/", "_") for item in plan.fields if item.has_time)


def _numbers(plan: SeriesPlan, sources: Mapping[str, xr.Variable], step: int) -> dict[str, float]:
    values = step_values(replace(plan, fields=tuple(f for f in plan.fields if f.has_time)), sources, step)
    return {
        f"VTKHDF/FieldData/{item.name.replace('/', '_')}": item.conversion.apply(np.atleast_1d(values[item.source]))[0]
        for item in plan.fields
        if item.has_time
    }


def _values(array: ArrayPlan, sources: Mapping[str, xr.Variable], step: int) -> np.ndarray:
    """Give the values of one step of an array, of shape (z, y, x, components); a view where nothing is to be done."""
    parts: list[np.ndarray] = []
    whole = np.empty((0,), array.dtype)

    def put(
        _: int,
        array: ArrayPlan,
        start: tuple[int, int, int],
        count: tuple[int, int, int],
        blocks: Sequence[np.ndarray],
        at: int | None,
    ) -> None:
        nonlocal whole
        values = block_values(array, count, blocks, at)
        ready = values.whole() if count == array.shape else None
        if ready is not None:
            whole = ready
            return
        if not parts:
            parts.append(np.empty((*array.shape, array.components), array.dtype))
        z, y, x = (slice(s, s + n) for s, n in zip(start, count, strict=True))
        values.fill(parts[0][z, y, x], slice(None))

    write_array(-1, array, sources, step, put)
    return parts[0] if parts else whole
