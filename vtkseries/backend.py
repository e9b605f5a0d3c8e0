"""The xarray engine ``vtkseries``: ``xr.open_dataset("run.pvd", engine="vtkseries", chunks={})``."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import xarray as xr
from xarray.backends import BackendEntrypoint

from vtkseries.engine.foreign import foreign_dataset
from vtkseries.engine.gridfile import GridFile
from vtkseries.engine.groups import group_of, groups_of
from vtkseries.engine.own import own_dataset
from vtkseries.engine.series import SUFFIXES, open_series
from vtkseries.engine.values import check_arrays
from vtkseries.errors import SeriesError, VtkSeriesWarning
from vtkseries.storage.guard import naming

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vtkseries.engine.series import Series

__all__ = ["VtkSeriesBackend", "describe"]


class VtkSeriesBackend(BackendEntrypoint):
    """Opens ``.pvd`` series and single ``.vtr``, ``.vti``, ``.vts`` grids, of vtkseries and of other writers.

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

    description = "Open VTK XML grids (.vtr, .vti, .vts) and series of them (.pvd) lazily"
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
        path = os.fspath(filename_or_obj)
        series, grids = _opened(path, follow_outside=follow_outside)
        groups = groups_of(series, grids)
        if group is not None:
            series, grids = _selected(series, grids, groups, group)
        own = None if groups and group is None else own_dataset(series, grids)
        if own is None:
            with naming(grids[0].path):
                ds = foreign_dataset(series, grids)
        else:
            ds = own
        dropped = [drop_variables] if isinstance(drop_variables, str) else list(drop_variables or ())
        ds = ds.drop_vars(dropped, errors="ignore")
        decoding = {
            "mask_and_scale": mask_and_scale,
            "decode_times": decode_times,
            "concat_characters": concat_characters,
            "decode_coords": decode_coords,
            "use_cftime": use_cftime,
            "decode_timedelta": decode_timedelta,
        }
        asked = {name: value for name, value in decoding.items() if value is not None}
        if own is None or asked:
            # What vtkseries wrote comes back as it was: decoded if it was, and else only when asked for.
            defaults = {} if own is None else dict.fromkeys(decoding, False)
            ds = xr.decode_cf(ds, **(defaults | asked))
        for encoding in (ds.encoding, *(variable.encoding for variable in ds.variables.values())):
            encoding["source"] = path
        return ds

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

        What is no tree is the one group ``"/"``.

        Raises
        ------
        FormatError
            A file is damaged, hostile, or of no kind that can be opened.
        SeriesError
            There is no such group.
        """
        options = {"drop_variables": drop_variables, "follow_outside": follow_outside, **decoding}
        path = os.fspath(filename_or_obj)
        paths = list(groups_of(*_opened(path, follow_outside=follow_outside)))
        if not paths:
            return {"/": self.open_dataset(path, group=group, **options)}
        root = _absolute(group or "/").rstrip("/")
        below = [name for name in paths if f"{name}/".startswith(f"{root}/")]
        if not below:
            raise _no_group(path, root, paths)
        return {name[len(root) :] or "/": self.open_dataset(path, group=name, **options) for name in below}

    def open_datatree(self, filename_or_obj: Any, **options: Any) -> xr.DataTree:
        """Open the groups of a tree as a tree; the arguments are those of :meth:`open_groups_as_dict`."""
        return xr.DataTree.from_dict(self.open_groups_as_dict(filename_or_obj, **options))

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Say whether a path's suffix is one of those that can be opened."""
        if not isinstance(filename_or_obj, str | os.PathLike):
            return False
        return Path(os.fspath(filename_or_obj)).suffix.lower() in SUFFIXES


def _opened(path: str, *, follow_outside: bool) -> tuple[Series, list[GridFile]]:
    """Open a series, and the first step's file of each part."""
    series = open_series(path, follow_outside=follow_outside)
    grids = [series.grid(0, part) for part in range(len(series.parts))]
    for grid in grids:
        check_arrays(grid)
    return series, grids


def _selected(
    series: Series, grids: list[GridFile], groups: Mapping[str, list[int]], group: str
) -> tuple[Series, list[GridFile]]:
    """Give the series of one group."""
    wanted = _absolute(group)
    if wanted not in groups:
        if not groups and wanted == "/":
            return series, grids
        raise _no_group(series.path, wanted, list(groups))
    own = group_of(series, grids, groups[wanted])
    return own, [own.grid(0, part) for part in range(len(own.parts))]


def _absolute(group: str) -> str:
    return f"/{group.strip('/')}"


def _no_group(path: str, group: str, groups: list[str]) -> SeriesError:
    told = f"it has {', '.join(groups)}" if groups else "it is no tree"
    return SeriesError(f"{path}: there is no group {group!r}; {told}")


def _arrays(grid: GridFile, each: str) -> list[str]:
    """Give a line for each array of a step's file: what it is, and how it is stored."""
    found = [(tag, a) for tag in ("PointData", "CellData", "Points", "Coordinates") for a in grid.arrays(tag)]
    if isinstance(grid, GridFile):
        found += [("FieldData", a) for a in grid.holder.header.document.field_data]
    stored = isinstance(grid, GridFile) and not grid.parallel
    lines = []
    for tag, array in found:
        line = f"  {tag} {array.name}: {array.type}"
        line += f" x {array.components}" if array.components > 1 else ""
        line += f" [{array.units}]" if array.units else ""
        line += f", {array.nbytes:,} bytes{each}" if stored and array.nbytes else ""
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
        nz, ny, nx = grid.points
        how = (document.compressor or "").removeprefix("vtk").removesuffix("DataCompressor").lower() or "not compressed"
        pieces = f", {len(grid.sources)} pieces" if len(grid.sources) > 1 else ""
        files = len(set(part.files)) or series.steps
        pieces += "" if files == series.steps else ", one file" if files == 1 else f", {files} files"
        label = f"part {part.number}{f' ({part.name})' if part.name else ''}: " if len(series.parts) > 1 else ""
        lines.append(f"{label}{document.type}, {nx} x {ny} x {nz} points, {how}, {document.byte_order}{pieces}")
        lines += _arrays(grid, " a step" if files == series.steps else " a file")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VtkSeriesWarning)  # said before
        ds = xr.open_dataset(path, engine="vtkseries")
    with ds:
        lines += ["as the engine gives it (sizes are those in memory, all steps together):", repr(ds)]
    return "\n".join(lines)
