"""The xarray engine ``vtkseries``: ``xr.open_dataset("run.pvd", engine="vtkseries", chunks={})``."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import xarray as xr
from xarray.backends import BackendEntrypoint

from vtkseries.engine.gridfile import GridFile
from vtkseries.engine.meshfile import is_mesh, mesh_size
from vtkseries.engine.parts import read_parts
from vtkseries.engine.series import SUFFIXES, open_series
from vtkseries.engine.values import check_arrays
from vtkseries.errors import VtkSeriesWarning

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["VtkSeriesBackend", "describe"]


_SHOWN = ("PointData", "CellData", "Points", "Coordinates", "Cells", "Verts", "Lines", "Polys", "Strips")


class VtkSeriesBackend(BackendEntrypoint):
    """Opens ``.pvd`` series, grids (``.vtr``, ``.vti``, ``.vts``) and meshes (``.vtp``, ``.vtu``) of any writer.

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
    supports_groups: ClassVar[bool] = False

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        follow_outside: bool = False,
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
        mask_and_scale, decode_times, concat_characters, decode_coords, use_cftime, decode_timedelta
            As in :func:`xarray.open_dataset`.

        Raises
        ------
        FormatError
            A file is damaged, hostile, or of no kind that can be opened.
        """
        path = os.fspath(filename_or_obj)
        series = open_series(path, follow_outside=follow_outside)
        grids = [series.grid(0, part) for part in range(len(series.parts))]
        for grid in grids:
            check_arrays(grid)
        ds, own = read_parts(series, grids)
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
        if not own or asked:
            # What vtkseries wrote comes back as it was: decoded if it was, and else only when asked for.
            defaults = {} if not own else dict.fromkeys(decoding, False)
            ds = xr.decode_cf(ds, **(defaults | asked))
        for encoding in (ds.encoding, *(variable.encoding for variable in ds.variables.values())):
            encoding["source"] = path
        return ds

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Say whether a path's suffix is one of those that can be opened."""
        if not isinstance(filename_or_obj, str | os.PathLike):
            return False
        return Path(os.fspath(filename_or_obj)).suffix.lower() in SUFFIXES


def _arrays(grid: GridFile) -> list[str]:
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
        line += f", {array.nbytes:,} bytes a step" if stored and array.nbytes > 0 else ""
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
        lines.append(f"{steps}, time {series.times[0]!r} to {series.times[-1]!r}")
    for number, part in enumerate(series.parts):
        grid = series.grid(0, number)
        check_arrays(grid)
        document = grid.header.document
        size = mesh_size(grid) if is_mesh(grid) else " x ".join(map(str, reversed(grid.points))) + " points"
        how = (document.compressor or "").removeprefix("vtk").removesuffix("DataCompressor").lower() or "not compressed"
        pieces = f", {len(grid.sources)} pieces" if len(grid.sources) > 1 else ""
        label = f"part {part.number}{f' ({part.name})' if part.name else ''}: " if len(series.parts) > 1 else ""
        lines.append(f"{label}{document.type}, {size}, {how}, {document.byte_order}{pieces}")
        lines += _arrays(grid)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VtkSeriesWarning)  # said before
        ds = xr.open_dataset(path, engine="vtkseries")
    with ds:
        lines += ["as the engine gives it (sizes are those in memory, all steps together):", repr(ds)]
    return "\n".join(lines)
