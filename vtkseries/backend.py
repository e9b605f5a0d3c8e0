"""The xarray engine ``vtkseries``: ``xr.open_dataset("run.pvd", engine="vtkseries", chunks={})``."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import xarray as xr
from xarray.backends import BackendEntrypoint
from xarray.indexes import PandasIndex

from vtkseries.arguments import flag
from vtkseries.engine.foreign import foreign_dataset
from vtkseries.engine.gridfile import GridFile
from vtkseries.engine.groups import group_of, groups_of, tree_of
from vtkseries.engine.meshfile import is_mesh, mesh_size
from vtkseries.engine.own import own_dataset, undrawn_dataset
from vtkseries.engine.parts import read_parts
from vtkseries.engine.series import SUFFIXES, open_series
from vtkseries.engine.values import check_arrays
from vtkseries.errors import FormatError, SeriesError, VtkSeriesWarning
from vtkseries.storage.guard import naming

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vtkseries.engine.series import Series

__all__ = ["VtkSeriesBackend", "describe"]

_DECODING = (
    "mask_and_scale", "decode_times", "concat_characters", "decode_coords", "use_cftime", "decode_timedelta",
)  # fmt: skip


_SHOWN = ("PointData", "CellData", "Points", "Coordinates", "Cells", "Verts", "Lines", "Polys", "Strips")


class VtkSeriesBackend(BackendEntrypoint):
    """Opens ``.pvd`` series, grids (``.vtr``, ``.vti``, ``.vts``) and meshes (``.vtp``, ``.vtu``) of any writer.

    Files of pieces (``.pvtr``, ``.pvtu`` and so on) are opened as what they put together.

    Examples
    --------
    >>> import tempfile; from pathlib import Path
    >>> import numpy as np, xarray as xr, vtkseries
    >>> ds = xr.Dataset({"t": (("y", "x"), np.arange(6.0).reshape(2, 3))})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = ds.vtkseries.to_vtr(Path(folder) / "run.pvd")
    ...     xr.open_dataset(path, engine="vtkseries").load().identical(ds)
    True
    """

    description = "Open VTK XML grids (.vtr, .vti, .vts), meshes (.vtp, .vtu) and series of them (.pvd) lazily"
    url = "https://vtkseries.readthedocs.io"
    supports_groups: ClassVar[bool] = True

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        follow_outside: bool = False,
        group: str | None = None,
        mask_and_scale: bool | None = None,
        decode_times: Any = None,
        concat_characters: bool | None = None,
        decode_coords: Any = None,
        use_cftime: bool | None = None,
        decode_timedelta: Any = None,
    ) -> xr.Dataset:
        """Open a series or a file as a lazy Dataset.

        What vtkseries wrote comes back as it was; the decoding arguments are for files of other writers, and for what
        was written undecoded.

        Parameters
        ----------
        filename_or_obj : str or path
        drop_variables : str or iterable of str, optional
        follow_outside : bool
            Whether files outside the directory of the one that names them may be opened.
        group : str, optional
            Of a tree that vtkseries wrote, by its path: it comes back as it was, with its own times. By default all are
            put into one Dataset, on the times of all.
        mask_and_scale, decode_times, concat_characters, decode_coords, use_cftime, decode_timedelta
            As in :func:`xarray.open_dataset`.

        Raises
        ------
        FormatError
            A file is damaged, hostile, or of no kind that can be opened.
        """
        path = _path(filename_or_obj)
        series, grids = _opened(path, follow_outside=follow_outside)
        decoding = {
            "mask_and_scale": mask_and_scale,
            "decode_times": decode_times,
            "concat_characters": concat_characters,
            "decode_coords": decode_coords,
            "use_cftime": use_cftime,
            "decode_timedelta": decode_timedelta,
        }
        if group is None and any(map(is_mesh, grids)):
            return _finished(path, *read_parts(series, grids), drop_variables, decoding)
        if group is None:
            own = None if groups_of(series, grids) else own_dataset(series, grids)
            return _finished(path, _dataset(series, grids, own), own is not None, drop_variables, decoding)
        wanted = _absolute(group)
        found = _groups(path, series, grids, wanted, below=False)
        return _finished(path, *found[wanted], drop_variables, decoding)

    def open_groups_as_dict(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        follow_outside: bool = False,
        group: str | None = None,
        **decoding: Any,
    ) -> dict[str, xr.Dataset]:
        """Open the groups of a tree, or of the part of it below `group`, each as :meth:`open_dataset` does.

        The parts of another writer's series are groups of their names. What is neither is the one group ``"/"``.

        Raises
        ------
        FormatError
            A file is damaged, hostile, or of no kind that can be opened.
        SeriesError
            There is no such group.
        """
        path = _path(filename_or_obj)
        root = _absolute(group or "/").rstrip("/")
        found = _groups(path, *_opened(path, follow_outside=follow_outside), root or "/", below=True)
        return {
            name[len(root) :] or "/": _finished(path, ds, is_own, drop_variables, decoding)
            for name, (ds, is_own) in found.items()
        }

    def open_datatree(self, filename_or_obj: Any, **options: Any) -> xr.DataTree:
        """Open the groups of a tree as a tree; the arguments are those of :meth:`open_groups_as_dict`."""
        return xr.DataTree.from_dict(self.open_groups_as_dict(filename_or_obj, **options))

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Say whether a path's suffix is one of those that can be opened."""
        if not isinstance(filename_or_obj, str | os.PathLike):
            return False
        return Path(os.fspath(filename_or_obj)).suffix.lower() in SUFFIXES


def _path(given: Any) -> str:
    """Give the path of a file of this machine."""
    if not isinstance(given, str | os.PathLike):
        raise TypeError(f"the engine 'vtkseries' opens paths, not {type(given).__name__}: write it to a file first")
    path = str(os.fspath(given))
    if re.match(r"[a-z][a-z0-9+.-]+:/", path, re.IGNORECASE):
        raise FormatError(f"{path}: only files of this machine are opened: fetch it first")
    return path


def _opened(path: str, *, follow_outside: bool) -> tuple[Series, list[GridFile]]:
    """Open a series, and the first step's file of each part."""
    series = open_series(path, follow_outside=flag("follow_outside", follow_outside))
    grids = [series.grid(0, part) for part in range(len(series.parts))]
    for grid in grids:
        check_arrays(grid)
    return series, grids


def _dataset(series: Series, grids: list[GridFile], own: xr.Dataset | None) -> xr.Dataset:
    if own is not None:
        return own
    with naming(grids[0].path):
        return foreign_dataset(series, grids)


def _groups(
    path: str, series: Series, grids: list[GridFile], root: str, *, below: bool
) -> dict[str, tuple[xr.Dataset, bool]]:
    """Give one group of a series, or also those below it: each, and whether vtkseries wrote it."""
    drawn = groups_of(series, grids)
    paths, undrawn = tree_of(grids) if drawn else ([], {})
    paths = [name for name in paths if name in drawn or name in undrawn] or list(drawn)
    paths += [name for name in drawn if name not in paths]
    if not drawn and root == "/":
        return {"/": read_parts(series, grids)}
    wanted = [name for name in paths if name == root or (below and name.startswith(root.rstrip("/") + "/"))]
    if not wanted:
        told = f"it has {', '.join(paths)}" if paths else "it is no tree"
        raise SeriesError(f"{path}: there is no group {root!r}; {told}")
    found: dict[str, tuple[xr.Dataset, bool]] = {}

    def opened(name: str) -> tuple[xr.Dataset, bool]:
        if name not in found:
            part = group_of(series, grids, drawn[name])
            first = [part.grid(0, number) for number in range(len(part.parts))]
            found[name] = read_parts(part, first)
        return found[name]

    result = {}
    for name in wanted:
        if name in drawn:
            result[name] = opened(name)
            continue
        teller, content, shared = undrawn[name]
        ds = undrawn_dataset(series, teller, content)
        owners = {coordinate: opened(owner)[0] for coordinate, owner in shared.items() if owner in drawn}
        there = {key: owner[key].variable for key, owner in owners.items() if key in owner.coords}
        try:
            ds = ds.assign_coords(there)
        except ValueError as error:
            raise FormatError(f"{teller.path}: group {name!r} does not fit those below it: {error}") from error
        result[name] = ds, True
    return result


def _finished(
    path: str,
    ds: xr.Dataset,
    is_own: bool,  # noqa: FBT001 (of a pair)
    drop_variables: str | Iterable[str] | None,
    decoding: Mapping[str, Any],
) -> xr.Dataset:
    """Leave out and decode what is asked for, and say where it is from."""
    dropped = [drop_variables] if isinstance(drop_variables, str) else list(drop_variables or ())
    ds = ds.drop_vars(dropped, errors="ignore")
    asked = {name: value for name, value in decoding.items() if value is not None}
    if not is_own or any(asked.values()):
        # What vtkseries wrote comes back as it was: decoded if it was, and else only when asked for.
        defaults = dict.fromkeys(_DECODING, False) | {"use_cftime": None} if is_own else {}
        # xarray would count all of a range, which takes more memory than the data.
        counted = {name: index for name, index in ds.xindexes.items() if not isinstance(index, PandasIndex)}
        axes = xr.Coordinates({name: ds[name].variable for name in counted}, indexes=counted)
        ds = xr.decode_cf(ds.drop_vars(counted), **(defaults | asked)).assign_coords(axes)
    for encoding in (ds.encoding, *(variable.encoding for variable in ds.variables.values())):
        encoding["source"] = path
    return ds


def _absolute(group: str) -> str:
    return f"/{group.strip('/')}"


def _arrays(grid: GridFile, each: str) -> list[str]:
    """Give a line for each array of a step's file: what it is, and how it is stored."""
    found = [(tag, a) for tag in _SHOWN for a in grid.arrays(tag)]
    if isinstance(grid, GridFile):
        found += [("FieldData", a) for a in grid.holder.header.document.field_data]
    stored = isinstance(grid, GridFile) and not grid.parallel
    lines = []
    for tag, array in found:
        line = f"  {tag} {array.name}: {array.type}"
        line += f" x {array.components}" if array.components > 1 else ""
        line += f" [{array.units}]" if array.units else ""
        line += f", {array.nbytes:,} bytes{each}" if stored and array.nbytes > 0 else ""
        how = {"appended": f", appended {grid.header.encoding}", "binary": ", base64"} if stored else {}
        lines.append(line + how.get(array.encoding, ", ascii" if stored else ""))
    return lines


def describe(path: str | Path) -> str:
    """Give what the engine sees in a series or a file, for people to read.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    FormatError
        It is damaged, hostile, or of no kind that can be opened.
    """
    series = open_series(os.fspath(path))
    lines = [os.fspath(path)]
    if series.times is not None:
        steps = "1 step" if series.steps == 1 else f"{series.steps} steps"
        lines.append(f"{steps}, time {float(series.times[0])!r} to {float(series.times[-1])!r}")
    for number, part in enumerate(series.parts):
        grid = series.grid(0, number)
        check_arrays(grid)
        document = grid.header.document
        size = mesh_size(grid) if is_mesh(grid) else " x ".join(map(str, reversed(grid.points))) + " points"
        how = (document.compressor or "").removeprefix("vtk").removesuffix("DataCompressor").lower() or "not compressed"
        pieces = f", {len(grid.sources)} pieces" if len(grid.sources) > 1 else ""
        files = len(set(part.files)) or series.steps
        pieces += "" if files == series.steps else ", one file" if files == 1 else f", {files} files"
        label = f"part {part.number}{f' ({part.name})' if part.name else ''}: " if len(series.parts) > 1 else ""
        lines.append(f"{label}{document.type}, {size}, {how}, {document.byte_order}{pieces}")
        lines += _arrays(grid, " a step" if files == series.steps else " a file")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VtkSeriesWarning)  # said before
        ds = xr.open_dataset(path, engine="vtkseries")
    with ds:
        lines += ["as the engine gives it (sizes are those in memory, all steps together):", repr(ds)]
    return "\n".join(lines)
