"""``SeriesWriter("run.vtkhdf")``: all steps in one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vtkseries.errors import SeriesError
from vtkseries.hdf.earlier import units_so_far
from vtkseries.hdf.series import INSIDE, check_target, deflate_level, require_h5py, write_vtkhdf
from vtkseries.plan.build import Prepared
from vtkseries.writer.arrays import Grid
from vtkseries.writer.pieces import Share
from vtkseries.writer.series import SeriesWriter

if TYPE_CHECKING:
    from os import PathLike

    from vtkseries.plan.encoding import Encoding

__all__ = ["HdfSeriesWriter"]


class HdfSeriesWriter(SeriesWriter):
    """Write a series into one VTKHDF file while a solver runs; :class:`SeriesWriter` makes it for ``.vtkhdf``.

    The file has room for twice the steps whenever it is full, so that a step costs the same however many there are.
    Between two calls nothing is open.
    """

    _inside = INSIDE
    _once = False  # the file itself has steady arrays once

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
        compression: str | None = "zlib",
        compression_level: int | None = None,
        encoding: Encoding | None = None,
        durable: bool = False,
    ) -> None:
        require_h5py()
        self._level = deflate_level(compression, 1 if compression_level is None else compression_level)
        super().__init__(
            path, x, y, z, order=order, time_units=time_units, mode=mode, encoding=encoding, durable=durable
        )

    def _check_arguments(self, path: Path, axes: Sequence[Any], order: str, comm: Any, extent: Any) -> None:
        del comm, extent  # __init__ takes none
        self._target = check_target(path, self._mode)
        # What plans a step knows collections; the name it is given is never written to.
        self.path = path.with_suffix(".pvd")
        self._method = None
        grid = None if all(a is None for a in axes) else Grid.read(axes[0], axes[1], axes[2], order)
        self._share = Share.read(grid, None, None)

    def _open(self) -> None:
        """See what the series is so far; leave the file, and its lock, to each call."""
        self._units = units_so_far(self._target, self._mode)

    def write(
        self,
        time: Any,
        point_data: Mapping[str, Any] | None = None,
        cell_data: Mapping[str, Any] | None = None,
        *,
        points: Sequence[Any] | None = None,
        points_data: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write one step; see :meth:`SeriesWriter.write`. Particles need a ``.pvd``."""
        with self._turn:
            if self._closed:
                raise SeriesError(f"{self._target}: this SeriesWriter is closed; make another with mode='a'")
            if points is not None or points_data is not None:
                raise SeriesError("points= are not for .vtkhdf, which holds one grid; write a .pvd")
            plan, sources = self._plan(time, point_data, cell_data, alone=False)
            now = plan.times.values[0]
            if self._last is not None and not now > self._last and self._mode != "a":
                raise SeriesError(
                    f"time {now!r} is not after the step before, {self._last!r}; "
                    "to go on from a checkpoint make the SeriesWriter with mode='a'"
                )
            begun = self._last is not None or self._mode == "a"
            write_vtkhdf(
                Prepared(plan, sources),
                self._target,
                mode="a" if begun else "w",
                level=self._level,
                durable=self._durable,
                warn=self._last is None,
            )
            self._last, self._units = now, plan.times.units
            self._template = self._template or plan
            return self._target

    def close(self) -> None:
        """Finish the series; harmless when it is."""
        self._closed = True
