"""``ds.vtk``: a verb each, no logic."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vtkseries.arguments import handed_on
from vtkseries.verbs import GridVerbs
from vtkseries.verbs_memory import MemoryVerbs
from vtkseries.verbs_mesh import MeshVerbs

if TYPE_CHECKING:
    from dask.delayed import Delayed

    from vtkseries.plan.encoding import Encoding
    from vtkseries.plan.model import SeriesPlan

__all__ = ["VtkAccessor"]


class VtkAccessor(GridVerbs, MeshVerbs, MemoryVerbs):
    """Write a Dataset or DataArray for ParaView.

    Parameters
    ----------
    data : Dataset or DataArray
        Eager, lazy or chunked by dask.

    Examples
    --------
    >>> import numpy as np, xarray as xr, vtkseries
    >>> ds = xr.Dataset({"T": (("time", "y", "x"), np.zeros((2, 3, 4)))}, {"time": [0.0, 0.5]})
    >>> ds.vtk.axes
    {'x': 'x', 'y': 'y', 'time': 'time'}
    """

    @property
    def axes(self) -> dict[str, str]:
        """What was found to be x, y, z and time: a coordinate's (or dim's) name by role.

        Raises
        ------
        SeriesError
            Two dims of one variable could be the same axis.
        """
        from vtkseries.plan.build import detect  # noqa: PLC0415 (keeps `import vtkseries` light)

        return detect(self._dataset())

    def plan(
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
        pieces: bool | Mapping[Hashable, int] = False,
        grid: str | None = None,
    ) -> SeriesPlan:
        """Say what :meth:`to_vtr` would write, and write nothing.

        The arguments are those of :meth:`to_vtr`. Coordinates are read, data are not. The `grid` is ``"vtr"``,
        ``"vti"``, ``"vts"``, or ``"auto"`` for what :meth:`to_pvd` would write; by default what the path's suffix says.

        Returns
        -------
        SeriesPlan
            Show it: files, arrays, dtypes, bytes, and what was flipped, guessed or left out.

        Raises
        ------
        SeriesError
            What :meth:`to_vtr` would raise.

        Examples
        --------
        >>> import numpy as np, xarray as xr, vtkseries
        >>> ds = xr.Dataset({"T": (("y", "x"), np.zeros((3, 4), "f4"))})
        >>> ds.vtk.plan("run.pvd").steps
        1
        """
        return self._prepare(path, **handed_on(locals())).plan

    def to_vtr(
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
        pieces: bool | Mapping[Hashable, int] = False,
        compute: bool = True,
    ) -> Path | Delayed:
        """Write a series of rectilinear grids that ParaView opens as an animation.

        Parameters
        ----------
        path : path
            Ends in ``.pvd`` (a series; its steps go to a directory of the same name) or ``.vtr`` (exactly one step).
        x, y, z, time : hashable, optional
            The dim or one-dimensional coordinate that is this axis; found by CF attributes, names or order otherwise.
        variables : sequence of names, optional
            What to draw; all that can be drawn otherwise.
        vectors : mapping, optional
            ``{"wind": ("u", "v", "w")}``, or ``{"wind": "component"}`` for a variable ``wind`` with such a dim. Found
            by CF standard names when None; ``{}`` for none.
        parts : hashable, optional
            A dim (ensemble member, wavelength) each of whose values becomes a part of its own.
        stagger : mapping, optional
            ``{"u": "x", "v": "y"}``: along which axis components of `vectors` lie half a cell off the centres, to
            which they are averaged. SGRID or ``c_grid_axis_shift`` attributes tell it too.
        location : {"auto", "point", "cell"}
            Whether values lie at the coordinates or in cells around them.
        missing : "nan", "blank" or float
            What stands for missing values. With ``"blank"``, ParaView does not draw their points and cells.
        z_scale : float
            Multiplies heights and depths.
        sphere : bool
            Put longitudes and latitudes on a globe, and turn vectors (east, north, up) with it: not as ``.vtr``.
        radius : float, optional
            Of the globe, in the unit of the heights: 6 371 000 by default.
        time_units : str, optional
            Units of ParaView's time, as in ``"hours since 2000-01-01"`` or ``"hours"``.
        mode : {"w", "x", "a"}
            Replace an existing series, refuse it, or continue it.
        durable : bool
            Sync each step to the disk before it is listed.
        compression : {None, "none", "zlib", "lz4", "lzma"}
            How the arrays are compressed. Reading costs ParaView time: lz4 twice that of raw files, zlib five to ten
            times, lzma twenty.
        compression_level : int, optional
            0 to 9 for zlib (default 1) and lzma (default 6), 1 to 12 for lz4 (default 1).
        encoding : mapping, optional
            ``{"T": {"significant_digits": 3, "dtype": "float32"}}``: bits that such digits do not need are rounded
            away, with an error under half a unit of the last digit, so that compression works; another dtype.
        pieces : bool or mapping
            Write a step as one file for each spatial chunk (True), or for so many points by dim (``{"z": 64}``), and a
            ``.pvtr`` that puts them together, so that ParaView reads them in parallel.
        compute : bool
            Write now; otherwise give a dask Delayed, and nothing is written before it is computed.

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

        Notes
        -----
        The files are VTK XML with raw appended data, as VTK's "XML file formats" describes them, with the header
        aligned so that every ParaView opens them.

        Examples
        --------
        >>> import numpy as np, tempfile, xarray as xr, vtkseries
        >>> ds = xr.Dataset({"T": (("time", "y", "x"), np.zeros((2, 3, 4)))}, {"time": [0.0, 0.5]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ds.vtk.to_vtr(f"{folder}/run.pvd").name
        'run.pvd'
        """
        return self._write(path, grid="vtr", compute=compute, **handed_on(locals(), "compute"))

    def to_vtkhdf(
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
        location: str = "auto",
        missing: str | float = "nan",
        z_scale: float = 1.0,
        time_units: str | None = None,
        encoding: Encoding | None = None,
        compression: str | None = "zlib",
        compression_level: int = 1,
        mode: str = "w",
        durable: bool = False,
        grid: str = "auto",
    ) -> Path:
        """Write a series into one self-contained VTKHDF file, chunked and compressed, its geometry stored once.

        ParaView 6.2 (VTK 9.7) opens it; images already ParaView 5.12. Steps are written one after the other; a killed
        process leaves the steps that were finished.

        Parameters
        ----------
        path : path
            Ends in ``.vtkhdf``. Where variables lie on several grids, each is a block of it.
        x, y, z, time, variables, vectors, parts, location, missing, z_scale, time_units, encoding, durable
            As for :meth:`to_vtr`.
        compression : {"zlib", None}
            HDF5's shuffle and deflate, or none.
        compression_level : int
            From 0 to 9.
        mode : {"w", "x", "a"}
            Replace an existing file, refuse it, or continue it.
        grid : {"auto", "vti", "vtr", "vts"}
            Image data, a rectilinear or a structured grid, or the cheapest of them that is exact.

        Returns
        -------
        Path
            What was written.

        Raises
        ------
        SeriesError
            Anything that cannot be written as asked; no file exists then.
        ImportError
            h5py is not installed.

        Warns
        -----
        VtkSeriesWarning
            A variable that cannot be drawn was left out.

        Examples
        --------
        >>> import numpy as np, tempfile, xarray as xr, vtkseries
        >>> ds = xr.Dataset({"T": (("time", "y", "x"), np.zeros((2, 3, 4)))}, {"time": [0.0, 0.5]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ds.vtk.to_vtkhdf(f"{folder}/run.vtkhdf").name
        'run.vtkhdf'
        """
        options = handed_on(locals(), "mode", "durable", "compression", "compression_level")
        from vtkseries.hdf.earlier import units_so_far  # noqa: PLC0415 (as above)
        from vtkseries.hdf.series import INSIDE, check_target, deflate_level, require_h5py, write_vtkhdf  # noqa: PLC0415 (h5py is only needed here)

        require_h5py()
        level = deflate_level(compression, compression_level)
        target = check_target(path, mode)
        options["time_units"] = time_units or units_so_far(target, mode)
        prepared = self._prepare(target.with_suffix(".pvd"), inside=INSIDE, once=False, **options)
        return write_vtkhdf(prepared, target, mode=mode, level=level, durable=durable)

    def create_reader(self) -> Any:
        """Hand over to the accessor of VTK's own ``vtkmodules.util.xarray_support``.

        Returns
        -------
        vtkXArrayCFReader
            VTK's reader of this Dataset in memory.

        Raises
        ------
        ImportError
            VTK 9.5 or newer is not installed.
        """
        from vtkseries.clash import create_reader  # noqa: PLC0415 (VTK is loaded only here)

        return create_reader(self._dataset())
