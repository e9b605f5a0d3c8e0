"""``SeriesWriter``: a step a call, each whole before it is listed."""

from __future__ import annotations

import inspect
import os
import threading
import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self, cast

import numpy as np
import xarray as xr

from vtkseries.arguments import flag
from vtkseries.cf.times import Times, count_time
from vtkseries.errors import SeriesError, VtkSeriesWarning
from vtkseries.plan.fielddata import constant_fields
from vtkseries.plan.model import PartPlan, SeriesPlan
from vtkseries.plan.remember import INSIDE
from vtkseries.plan.target import check_length, read_target
from vtkseries.storage.index import Entry, Index
from vtkseries.storage.lock import Lock
from vtkseries.storage.recover import continue_series, examine, start_series
from vtkseries.storage.stepfile import new_token
from vtkseries.writer.arrays import Arrays, Grid, part_plan, read_arrays
from vtkseries.writer.cloud import Cloud, read_cloud
from vtkseries.writer.dataset import plan_step
from vtkseries.writer.pieces import Share
from vtkseries.writer.ranks import ranks_of
from vtkseries.writer.resume import Earlier, Held, read_earlier, refuse_others
from vtkseries.writer.step import write_step
from vtkseries.xmlformat.codecs import codec

if TYPE_CHECKING:
    from os import PathLike
    from types import TracebackType

    from vtkseries.plan.encoding import Encoding
    from vtkseries.xmlformat.layout import DataArray

__all__ = ["SeriesWriter"]


class SeriesWriter:
    """Write a series while a solver runs: each call one step, visible in ParaView when the call returns.

    A context manager. The directory always holds a series that opens and that lists exactly the steps written so far,
    also when the process is killed.

    Parameters
    ----------
    path : path
        Ends in ``.pvd``; the steps go to a directory of the same name beside it. Or in ``.vtkhdf``: all steps go into
        that file, compressed unless ``compression=None``, without `comm`, `extent` and particles.
    x, y, z : array-like, optional
        Coordinates of the grid's points along each axis, shapes (nx,), (ny,), (nz,), or a number where the grid has
        one point. An axis that decreases is written the other way round, with its data. Not needed to write Datasets.
    order : {"zyx", "xyz"}
        How the arrays are indexed: ``p[z, y, x]``, as C has them, or ``p[x, y, z]``.
    time_units : str, optional
        Units of the time, as in ``"s"`` or ``"seconds since 2000-01-01"``. Dates need the latter form, or the unit
        alone for the time since the first step; days by default.
    mode : {"w", "x", "a"}
        Replace an existing series, refuse it, or continue it.
    compression : {None, "zlib", "lz4", "lzma"}
        How the arrays are compressed.
    compression_level : int, optional
        Of the method; its own default otherwise.
    encoding : mapping, optional
        By array name, ``{"p": {"significant_digits": 4, "dtype": "float32"}}``.
    comm : mpi4py communicator, optional
        Each rank writes its piece of every step, and all ranks make the same calls; `x`, `y`, `z` are the whole grid's.
    extent : sequence of six int, optional
        With `comm`: the first and last point of this rank along x, y and z, both included. Neighbours share their plane
        of points.
    durable : bool
        A step survives a power cut once `write` has returned. Without it, it survives the end of the process, however
        sudden, but the last half minute may be lost with the machine.

    Raises
    ------
    SeriesError
        An argument is wrong, the series exists and `mode` is ``"x"``, or another process is writing it.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> x, y, z = np.arange(4.0), np.arange(3.0), np.arange(2.0)
    >>> folder = tempfile.TemporaryDirectory()
    >>> with SeriesWriter(f"{folder.name}/run.pvd", x, y, z, time_units="s") as series:
    ...     for step in range(3):
    ...         p = np.full((2, 3, 4), step, "f4")
    ...         written = series.write(0.1 * step, point_data={"p": p, "u": (p, p, p)})
    >>> written.name
    'run_000002.vtr'
    >>> folder.cleanup()
    """

    _inside = INSIDE
    _once = True

    def __new__(cls, path: str | PathLike[str], *_: Any, **options: Any) -> Self:
        """Give the writer of the kind of file that the suffix names, which must take all options."""
        kind: type[SeriesWriter] = cls
        if cls is SeriesWriter and Path(path).suffix == ".vtkhdf":
            from vtkseries.writer.hdf import HdfSeriesWriter  # noqa: PLC0415 (it needs this module)

            kind = HdfSeriesWriter
        valid = list(inspect.signature(kind.__init__).parameters)[1:]
        unknown = ", ".join(f"{name}=" for name in options if name not in valid)
        if unknown:
            raise SeriesError(f"{unknown}: not for {Path(path).suffix!r}, whose SeriesWriter takes {', '.join(valid)}")
        return cast("Self", object.__new__(kind))

    def __init__(
        self,
        path: str | PathLike[str],
        x: Any = None,
        y: Any = None,
        z: Any = None,
        *,
        order: str = "zyx",
        time_units: str | None = None,
        mode: str = "w",
        compression: str | None = None,
        compression_level: int | None = None,
        encoding: Encoding | None = None,
        durable: bool = False,
        comm: Any = None,
        extent: Sequence[int] | None = None,
    ) -> None:
        self._team = ranks_of(comm, extent)
        self._time_units = time_units
        self._mode = mode
        self._durable = flag("durable", durable)
        self._encoding = encoding
        self._compression = (compression, compression_level)
        self._index: Index | None = None
        self._number = self._file_number = 0
        self._token = ""
        self._last: float | None = None
        self._units: str | None = None
        self._time_name: Hashable | None = None
        self._standing: dict[str, Entry] = {}
        self._template: SeriesPlan | None = None
        self._earlier: Earlier | None = None
        self._cloud: Held | None = None
        self._laid_out: tuple[Any, PartPlan] | None = None
        self._closed = False
        self._pid = os.getpid()
        self._turn = threading.Lock()
        self._team.together(lambda: self._check_arguments(Path(path), (x, y, z), order, comm, extent))
        self._lock = Lock(self.path)
        self._team.together(self._open, root=True)
        self._units = self._team.share(self._units)

    def _check_arguments(self, path: Path, axes: Sequence[Any], order: str, comm: Any, extent: Any) -> None:
        self.path = read_target(path, self._mode, (".pvd",))
        check_length(self.path, f"{self.path.stem}_000000.vtr")
        self._method = codec(*self._compression)
        grid = None if all(axis is None for axis in axes) else Grid.read(axes[0], axes[1], axes[2], order)
        self._share = Share.read(grid, comm, extent)

    def _open(self) -> None:
        """Take the lock, and see what the series is so far."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            if self._mode == "a" and os.path.lexists(self.path):
                self._earlier = read_earlier(self.path, examine(self.path))
                if self._earlier is not None:
                    self._units, self._cloud = self._earlier.units, self._earlier.held_cloud
        except BaseException:
            self._lock.release()
            raise

    def write(
        self,
        time: Any,
        point_data: Mapping[str, Any] | None = None,
        cell_data: Mapping[str, Any] | None = None,
        *,
        points: Sequence[Any] | None = None,
        points_data: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write one step and list it.

        Parameters
        ----------
        time : float, datetime64, timedelta64, cftime datetime or Dataset
            After that of the step before. A Dataset of one step needs no more arguments; its own time is taken. A part
            on which nothing has a time dim is written again only where its values differ from the step before.
        point_data, cell_data : mapping of name to array, or tuple of arrays
            One value a grid point, or a cell: shape (nz, ny, nx), cells (nz-1, ny-1, nx-1), with `order="xyz"` the
            reverse; axes of one point may be left out. Strided, transposed and Fortran-ordered arrays are read where
            they are. A tuple of arrays, or a last axis of size 2, 3, 4, 6 or 9, holds the components of a vector or
            tensor.
        points : tuple of three arrays, shape (n,), optional
            Coordinates of the solver's particles; n may change from step to step. They are a part of their own, or,
            where the SeriesWriter has no grid, the whole series.
        points_data : mapping of name to array, or tuple of arrays, optional
            One value a particle, shape (n,).

        Returns
        -------
        Path
            The file of the step; of several, that of the first part with a time.

        Raises
        ------
        SeriesError
            The step does not fit the grid or the steps before, or its time is not after theirs; nothing is written.
        OSError
            The disk is full or broken. The series is as it was; unless the index itself failed, the step may be tried
            again.
        """
        self._expect_own()
        with self._turn:
            return self._write(time, point_data, cell_data, points, points_data)

    def _write(self, time: Any, point_data: Any, cell_data: Any, points: Any, points_data: Any) -> Path:
        if self._closed:
            raise SeriesError(f"{self.path}: this SeriesWriter is closed; make another with mode='a'")
        cloud = read_cloud(points, points_data, alone=self._share.box is None, before=self._cloud)
        prepared = self._team.together(lambda: self._plan(time, point_data, cell_data, alone=cloud is not None))
        assert prepared is not None  # noqa: S101  # every rank has planned
        plan, sources = prepared
        now = plan.times.values[0]
        self._team.together(lambda: self._check(plan, now))
        self._share.check(plan, now)
        self._team.together(lambda: self._begin(plan, now), root=True)
        self._token, self._file_number = self._team.share((self._token, self._file_number))
        self._template = self._template or plan
        plan = replace(plan, first=self._file_number)
        written = self._team.together(lambda: write_step(plan, sources, self._token, self._standing, self._share.rank))
        assert written is not None  # noqa: S101  # every rank has written
        files, entries = self._share.join(plan, *written, self._token)
        if cloud is not None:
            file, entry = cloud.write(plan, self._token, len(entries))
            files, entries, self._cloud = [*files, file], [*entries, entry], cloud.held
        self._team.together(lambda: self._commit(entries), root=True)
        self._number, self._file_number, self._last = self._number + 1, self._file_number + 1, now
        self._standing = {entry.name: entry for entry in entries}
        self._units = plan.times.units
        return files[0]

    def _commit(self, entries: list[Entry]) -> None:
        assert self._index is not None  # noqa: S101  # _begin has made it
        self._index.commit(self._number, entries)

    def close(self) -> None:
        """Finish the series; harmless when it is."""
        if self._closed:
            return
        self._closed = True
        if self._pid != os.getpid():
            if self._index is not None:
                self._index.release()
            return
        try:
            if self._index is not None:
                self._index.close()
        finally:
            if self._index is not None:
                self._index.release()
            if self._team.rank == 0:
                self._lock.release()

    def _expect_own(self) -> None:
        if self._pid != os.getpid():
            raise SeriesError(
                f"{self.path}: this SeriesWriter is process {self._pid}'s, and a process that it forked cannot write; "
                "write there, or another series here"
            )

    def __reduce__(self) -> NoReturn:
        raise SeriesError(f"{self.path}: a SeriesWriter stays in its process; send the data there, and write there")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except OSError as failure:
            if error is None:
                raise
            error.add_note(f"and {self.path} could not be closed: {failure}")

    def _plan(
        self, time: Any, point_data: Mapping[str, Any] | None, cell_data: Mapping[str, Any] | None, *, alone: bool
    ) -> tuple[SeriesPlan, dict[str, xr.Variable]]:
        if isinstance(time, xr.Dataset):
            if point_data is not None or cell_data is not None:
                raise SeriesError("a Dataset has all of the step: leave out point_data and cell_data")
            if self._share.box is not None:
                raise SeriesError("with comm= a step is written from arrays, each rank its own; a Dataset is not cut")
            prepared = plan_step(
                time,
                self.path,
                self._time_name,
                mode=self._mode,
                time_units=self._units or self._time_units,
                durable=self._durable,
                compression=self._compression[0],
                compression_level=self._compression[1],
                encoding=self._encoding,
                inside=self._inside,
                once=self._once,
            )
            self._time_name = prepared.plan.times.dim
            for text in prepared.plan.left_out if self._template is None else ():
                warnings.warn(text, VtkSeriesWarning, stacklevel=5)
            return prepared.plan, prepared.sources
        grid = self._share.grid
        alone = alone and grid is None and point_data is None and cell_data is None
        if grid is None and not alone:
            raise SeriesError("arrays need a grid: make the SeriesWriter with x=, y= and z=, or write a Dataset")
        times = self._times(time)
        constants = constant_fields(times, "")
        parts: tuple[PartPlan, ...] = ()
        sources: dict[str, xr.Variable] = {}
        if grid is not None:
            arrays = read_arrays(grid, point_data, cell_data, self._encoding)
            parts, sources = (self._part(grid, arrays, times, constants),), arrays.sources
        plan = SeriesPlan(
            self.path, self._mode, parts, (), times, constants, durable=self._durable, compression=self._method
        )
        return plan, sources

    def _part(self, grid: Grid, arrays: Arrays, times: Times, constants: tuple[DataArray, ...]) -> PartPlan:
        """Lay out a file, or take the layout of the step before, which nearly always fits."""
        shape = (arrays.point, arrays.cell, constants, [len(date) for date in times.dates])
        if self._laid_out is None or self._laid_out[0] != shape:
            self._laid_out = (shape, part_plan(grid, arrays, times, constants, self._share.origin, self._method))
        return self._laid_out[1]

    def _times(self, time: Any) -> Times:
        raw = np.atleast_1d(np.asarray(time))
        known = raw.dtype.kind in "iufmM" or hasattr(raw.flat[0], "isoformat")
        if raw.shape != (1,) or not known or (raw.dtype.kind in "mM" and np.isnat(raw[0])):
            raise SeriesError(f"time={time!r} must be one number, date or time difference")
        units = self._units or self._time_units
        values, units, calendar, dates = count_time(raw, {"units": units} if units else {}, units, "time")
        if not np.isfinite(values[0]):
            raise SeriesError(f"time={time!r} must be finite")
        return Times((float(values[0]),), units, calendar, dates)

    def _check(self, plan: SeriesPlan, now: float) -> None:
        """Refuse a step that does not fit those before it."""
        if self._template is not None:
            refuse_others(self._template, plan)
        elif self._earlier is not None:
            self._earlier.check(self._share.held(plan), plan.times.units)
        if self._last is not None and now <= self._last and self._mode != "a":
            raise SeriesError(
                f"{self.path}: time {now!r} is not after the last step's, {self._last!r}; "
                "to go on from a checkpoint make the SeriesWriter with mode='a'"
            )

    def _begin(self, plan: SeriesPlan, now: float) -> None:
        """Put the run's index in place, where it is not; in mode "a" with the steps so far, up to the new one."""
        if self._index is not None:
            self._index.expect_sound()
        if self._index is not None and (self._last is None or now > self._last):
            return
        first = replace(plan, first=0)
        files = [*(first.relative(part, 0) for part in self._share.listed(plan.parts)), Cloud.relative(first)]
        self._token = new_token()
        (self.path.parent / self.path.stem).mkdir(exist_ok=True)
        if self._index is not None:
            self._index.release()
        if self._mode == "a":
            found = continue_series(self.path, now, token=self._token, files=files, durable=self._durable)
            self._index, self._number, self._file_number = found.index, found.number, found.file_number
            self._standing = {entry.name: entry for entry in found.last}
            for reason in found.lost:
                warnings.warn(f"{self.path}: left out, {reason}", VtkSeriesWarning, stacklevel=5)
            if found.dropped:
                what = "1 step" if found.dropped == 1 else f"{found.dropped} steps"
                text = f"{self.path}: {what} from time {now!r} on dropped, as the series goes on from there"
                warnings.warn(text, VtkSeriesWarning, stacklevel=5)
        else:
            if self._mode == "x" and os.path.lexists(self.path):
                raise SeriesError(f"{self.path} appeared meanwhile and mode='x' does not replace it; take another path")
            self._index = start_series(self.path, token=self._token, files=files, durable=self._durable)
