"""The verbs of ``ds.vtk`` for grids other than rectilinear ones."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from vtkseries.arguments import handed_on
from vtkseries.errors import VtkSeriesWarning

if TYPE_CHECKING:
    from dask.delayed import Delayed

    from vtkseries.plan.build import Prepared

__all__ = ["GridVerbs"]


class GridVerbs:
    """Write a Dataset as images, structured grids, or what is cheapest.

    Parameters
    ----------
    data : Dataset or DataArray
    """

    def __init__(self, data: xr.Dataset | xr.DataArray) -> None:
        self._data = data

    def _dataset(self) -> xr.Dataset:
        if isinstance(self._data, xr.Dataset):
            return self._data
        name = self._data.name if self._data.name is not None else "data"
        if name in self._data.coords:
            name = f"{name}_values"
        return self._data.to_dataset(name=name)

    def to_vti(
        self,
        path: str | PathLike[str],
        *,
        x: Hashable | None = None,
        y: Hashable | None = None,
        z: Hashable | None = None,
        time: Hashable | None = None,
        variables: Sequence[Hashable] | str | None = None,
        vectors: Mapping[str, Sequence[Hashable] | str] | None = None,
        parts: Hashable | None = None,
        stagger: Mapping[Hashable, str] | None = None,
        location: str = "auto",
        missing: str | float = "nan",
        z_scale: float = 1.0,
        sphere: bool = False,
        radius: float | None = None,
        time_units: str | None = None,
        mode: str = "w",
        durable: bool = False,
        compression: str | None = None,
        compression_level: int | None = None,
        encoding: Mapping[Hashable, Mapping[str, Any]] | None = None,
        compute: bool = True,
    ) -> Path | Delayed:
        """Write a series of images: grids whose axes are uniform.

        Parameters
        ----------
        path : path
            Ends in ``.pvd``, or in ``.vti`` for exactly one step.
        x, y, z, time, variables, vectors, parts, stagger, location, missing, z_scale, sphere, radius, time_units,
        mode, durable, compression, compression_level, encoding, compute
            As in :meth:`to_vtr`.

        Returns
        -------
        Path or Delayed
            What was written, or the Delayed of it.

        Raises
        ------
        SeriesError
            An axis is not uniform, to 1e-9 of its spacing or four units in the last place of the coordinate's dtype;
            or anything else that cannot be written as asked. No file exists then.

        Warns
        -----
        VtkSeriesWarning
            A variable that cannot be drawn was left out.

        Examples
        --------
        >>> import numpy as np, tempfile, xarray as xr, vtkseries
        >>> ds = xr.Dataset({"T": (("y", "x"), np.zeros((3, 4)))}, {"y": [0.0, 0.5, 1.0]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ds.vtk.to_vti(f"{folder}/run.vti").name
        'run.vti'
        """
        return self._write(path, grid="vti", compute=compute, **handed_on(locals(), "compute"))

    def to_vts(
        self,
        path: str | PathLike[str],
        *,
        x: Hashable | None = None,
        y: Hashable | None = None,
        z: Hashable | None = None,
        time: Hashable | None = None,
        variables: Sequence[Hashable] | str | None = None,
        vectors: Mapping[str, Sequence[Hashable] | str] | None = None,
        parts: Hashable | None = None,
        stagger: Mapping[Hashable, str] | None = None,
        location: str = "auto",
        missing: str | float = "nan",
        z_scale: float = 1.0,
        sphere: bool = False,
        radius: float | None = None,
        time_units: str | None = None,
        mode: str = "w",
        durable: bool = False,
        compression: str | None = None,
        compression_level: int | None = None,
        encoding: Mapping[Hashable, Mapping[str, Any]] | None = None,
        compute: bool = True,
    ) -> Path | Delayed:
        """Write a series of structured grids, whose points each have their own place.

        Parameters
        ----------
        path : path
            Ends in ``.pvd``, or in ``.vts`` for exactly one step.
        x, y, z, time, variables, vectors, parts, stagger, location, missing, z_scale, sphere, radius, time_units,
        mode, durable, compression, compression_level, encoding, compute
            As in :meth:`to_vtr`.

            Here `x`, `y` and `z` may also be coordinates of two, three or (with time) four dims; other axes are
            broadcast with them. Two-dimensional longitudes and latitudes are found by CF attributes or names.

        Returns
        -------
        Path or Delayed
            What was written, or the Delayed of it.

        Raises
        ------
        SeriesError
            Anything that cannot be written as asked; no file exists then.

        Warns
        -----
        VtkSeriesWarning
            A variable that cannot be drawn was left out.

        Examples
        --------
        >>> import numpy as np, tempfile, xarray as xr, vtkseries
        >>> lon, lat = np.meshgrid([5.0, 6.0, 8.0], [40.0, 41.0])
        >>> ds = xr.Dataset({"T": (("j", "i"), lon)}, {"lon": (("j", "i"), lon), "lat": (("j", "i"), lat + lon)})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ds.vtk.to_vts(f"{folder}/run.vts").name
        'run.vts'
        """
        return self._write(path, grid="vts", compute=compute, **handed_on(locals(), "compute"))

    def to_pvd(
        self,
        path: str | PathLike[str],
        *,
        x: Hashable | None = None,
        y: Hashable | None = None,
        z: Hashable | None = None,
        time: Hashable | None = None,
        variables: Sequence[Hashable] | str | None = None,
        vectors: Mapping[str, Sequence[Hashable] | str] | None = None,
        parts: Hashable | None = None,
        stagger: Mapping[Hashable, str] | None = None,
        location: str = "auto",
        missing: str | float = "nan",
        z_scale: float = 1.0,
        sphere: bool = False,
        radius: float | None = None,
        time_units: str | None = None,
        mode: str = "w",
        durable: bool = False,
        compression: str | None = None,
        compression_level: int | None = None,
        encoding: Mapping[Hashable, Mapping[str, Any]] | None = None,
        compute: bool = True,
    ) -> Path | Delayed:
        """Write a series of the cheapest grids that are exact: images, rectilinear or structured, for each part.

        Parameters
        ----------
        path : path
            Ends in ``.pvd``.
        x, y, z, time, variables, vectors, parts, stagger, location, missing, z_scale, sphere, radius, time_units,
        mode, durable, compression, compression_level, encoding, compute
            As in :meth:`to_vtr`.

            Here `x`, `y` and `z` may also be coordinates of two, three or (with time) four dims, as in :meth:`to_vts`.
            Those that were not named are taken where the dims have no coordinates of their own but for counters.

        Returns
        -------
        Path or Delayed
            What was written, or the Delayed of it.

        Raises
        ------
        SeriesError
            Anything that cannot be written as asked; no file exists then.

        Warns
        -----
        VtkSeriesWarning
            A variable that cannot be drawn was left out.

        Examples
        --------
        >>> import numpy as np, tempfile, xarray as xr, vtkseries
        >>> ds = xr.Dataset({"T": (("y", "x"), np.zeros((3, 4)))}, {"y": [0.0, 0.5, 2.0]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ds.vtk.to_pvd(f"{folder}/run.pvd").name
        'run.pvd'
        """
        return self._write(path, grid="auto", compute=compute, **handed_on(locals(), "compute"))

    def _write(self, path: str | PathLike[str], *, grid: str, compute: bool, **options: Any) -> Path | Delayed:
        from vtkseries.schedule import execute  # noqa: PLC0415 (dask's graphs are only needed to write)

        prepared = self._prepare(path, grid=grid, **options)
        for text in prepared.plan.left_out:
            warnings.warn(text, VtkSeriesWarning, stacklevel=3)
        return execute(prepared, compute=compute)

    def _prepare(self, path: str | PathLike[str], **options: Any) -> Prepared:
        from vtkseries.writer.continued import make_plan  # noqa: PLC0415 (keeps `import vtkseries` light)

        return make_plan(self._dataset(), Path(path), **options)
