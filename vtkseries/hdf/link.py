"""A small ``.vtkhdf`` beside a netCDF-4 file, so that ParaView plays the netCDF file itself."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Hashable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from vtkseries.errors import SeriesError, VtkSeriesWarning
from vtkseries.hdf.layout import LINKED, OWN, write_frames
from vtkseries.hdf.maps import HERE
from vtkseries.hdf.plan import LinkFile, LinkOptions, plan_link
from vtkseries.hdf.series import require_h5py
from vtkseries.hdf.skeleton import disk_errors
from vtkseries.hdf.sources import check_files, open_first
from vtkseries.hdf.virtual import write_stage
from vtkseries.plan.target import read_target
from vtkseries.storage.stepfile import StepFile, new_token

__all__ = ["link"]

_SUFFIXES = (".vtkhdf", ".hdf")


def link(
    source: str | PathLike[str] | Sequence[str | PathLike[str]],
    target: str | PathLike[str] = "run.vtkhdf",
    *,
    x: Hashable | None = None,
    y: Hashable | None = None,
    z: Hashable | None = None,
    time: Hashable | None = None,
    variables: Sequence[Hashable] | str | None = None,
    vectors: Mapping[str, Sequence[Hashable] | str] | None = None,
    location: str = "auto",
    missing: str = "nan",
    z_scale: float = 1.0,
    time_units: str | None = None,
    grid: str = "rectilinear",
    group: str | None = None,
) -> Path:
    """Make a small file through which ParaView animates netCDF-4 files as they are.

    Coordinates, and variables without a spatial axis, are copied. The rest stays where it is: what VTK can take as it
    is becomes an external link, what needs joining, turning or putting side by side a virtual dataset. Sources are
    found relative to the link, so the link and they can be moved together.

    Parameters
    ----------
    source : path or sequence of paths
        A netCDF-4 (HDF5) file, or several split along time, in any order.
    target : path
        The link, ``.vtkhdf``. Where variables lie on several grids, each is a block of it. Older ParaViews cannot
        open blocks: with ``grid="image"`` the grid with the most points goes here, and each other one into a file of
        its own beside it, ``run_<dims>.vtkhdf``, which a warning names.
    x, y, z, time, variables, vectors, location, z_scale, time_units
        As for :meth:`ds.vtk.to_vtr <vtkseries.accessor.VtkAccessor.to_vtr>`.
    missing : {"nan", "keep"}
        A link cannot turn fill values into NaN. A few planes of each variable that has a ``_FillValue`` are looked
        at: where there is one, the variable is left out; ``"keep"`` links it with its fill values as numbers.
    grid : {"rectilinear", "image"}
        ``"image"`` needs uniform axes, and is read by VTK 9.3 and ParaView 5.12 already; rectilinear grids need
        VTK 9.7 and ParaView 6.2.
    group : str, optional
        The group of the netCDF-4 file that holds the variables.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    SeriesError
        A source that is missing or not netCDF-4, axes or times that do not fit, a variable asked for by name that
        cannot be linked, or nothing that can; no file exists then.

    Warns
    -----
    VtkSeriesWarning
        What was left out, and why; and what may look otherwise than it would through ``to_vtr``.

    Notes
    -----
    Where a source has gone, a virtual dataset reads as NaN (integers: their largest value), and a plain link as an
    error of ParaView's. :func:`xarray.open_dataset` with ``engine="vtkseries"`` names the file that is missing.

    Examples
    --------
    >>> import numpy as np, tempfile, xarray as xr, vtkseries
    >>> ds = xr.Dataset({"T": (("time", "y", "x"), np.zeros((2, 3, 4)))}, {"time": [0.0, 0.5]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ds.to_netcdf(f"{folder}/run.nc")
    ...     vtkseries.link(f"{folder}/run.nc", f"{folder}/run.vtkhdf").name
    'run.vtkhdf'
    """
    require_h5py()
    _check(grid, missing, location, z_scale)
    place = read_target(Path(target), "w", _SUFFIXES)
    paths = check_files(source)
    for path in paths:
        if place.resolve() == path.resolve():
            message = f"target {str(place)!r} is a source itself; take another path for the link"
            raise SeriesError(message)
    with open_first(paths[0], group) as ds:
        options = LinkOptions({"x": x, "y": y, "z": z, "time": time}, location, float(z_scale), missing, grid, group)
        plans, told = plan_link(ds, paths, place, options, variables, vectors, time_units)
    _publish(plans, place)
    for text in told:
        warnings.warn(text, VtkSeriesWarning, stacklevel=2)
    return place


def _check(grid: str, missing: str, location: str, z_scale: float) -> None:
    for name, value, choices in (
        ("grid", grid, ("rectilinear", "image")),
        ("missing", missing, ("nan", "keep")),
        ("location", location, ("auto", "point", "cell")),
    ):
        if value not in choices:
            message = f"{name}={value!r}: choose {' or '.join(map(repr, choices))}"
            raise SeriesError(message)
    if not math.isfinite(z_scale) or z_scale == 0:
        message = f"z_scale={z_scale!r} must be a number other than 0; 50 exaggerates heights, -1 turns them over"
        raise SeriesError(message)


def _publish(plans: list[LinkFile], target: Path) -> None:
    """Write the links under temporary names, and rename them when all are whole, the main one last."""
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    target.parent.mkdir(parents=True, exist_ok=True)
    token = new_token()
    files = [StepFile(plan.path, token) for plan in plans]
    try:
        for file, plan in zip(files, plans, strict=True):
            os.close(file.open_exclusive())
            with disk_errors(file.temporary), h5py.File(file.temporary, "w") as out:
                _write(out, plan)
        for file in reversed(files):
            file.publish()
    except BaseException:
        for file in files:
            file.discard()
        raise


def _write(out: Any, plan: LinkFile) -> None:
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    write_frames(out, [grid.frame for grid in plan.grids])
    out.require_group(OWN).create_dataset("sources", data=plan.sources, dtype=h5py.string_dtype("utf-8"))
    for name, path in plan.linked.items():
        out.require_group(LINKED)[name] = h5py.ExternalLink(plan.sources[0], path)
    for ref, stage, dtype in plan.stages.made:
        write_stage(out, ref, stage, dtype)
    for grid in plan.grids:
        root = out["VTKHDF"][grid.frame.block] if grid.frame.block else out["VTKHDF"]
        for array in grid.arrays:
            # A slash in the name of an HDF5 object would be a group.
            name = array.name.replace("/", "_")
            at = array.ref
            link = h5py.SoftLink(at.name) if at.file == HERE else h5py.ExternalLink(at.file, at.name)
            root["CellData" if array.cells else "PointData"][name] = link
