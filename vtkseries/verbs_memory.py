"""The verbs of ``ds.vtk`` for grids, points and meshes in memory."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vtkseries.arguments import handed_on

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["MemoryVerbs"]


class MemoryVerbs:
    """Give a Dataset as a VTK object."""

    if TYPE_CHECKING:

        def _dataset(self) -> xr.Dataset: ...

    def to_grid(
        self,
        *,
        copy: bool = False,
        axes: Mapping[str, Hashable] | None = None,
        variables: Sequence[Hashable] | str | None = None,
        vectors: Mapping[str, Sequence[Hashable] | str] | None = None,
        location: str = "auto",
        missing: str | float = "nan",
        z_scale: float = 1.0,
        grid: str = "auto",
        mesh: Hashable | None = None,
        trajectory: Hashable | None = None,
        sphere: bool = False,
        radius: float | None = None,
        time_units: str | None = None,
        encoding: Mapping[Hashable, Mapping[str, Any]] | None = None,
        **indexers: Any,
    ) -> Any:
        """Give one step as a VTK object in memory, whose arrays share the Dataset's memory where the layout allows.

        Grids are image data, rectilinear or structured; points and trajectories, as :meth:`to_vtp` has them, are a
        vtkPolyData of vertices or lines, and meshes, as :meth:`to_vtu` has them, a vtkUnstructuredGrid. The object
        holds what VTK would read from the file; variables at points and in cells of one grid, which files keep apart,
        are together in it.

        Memory is shared of variables in memory whose dims are in the order z, y, x, without gaps, in a dtype that VTK
        has, and not flipped; of points and meshes where one step lies in one piece, and every point has a place. Places
        and vectors are shared where their components lie side by side, as ``a[:, 0]``, ``a[:, 1]`` and ``a[:, 2]`` of
        one array do; coordinates of a rectilinear grid are, that are float64, rise, and are no index. Others are
        converted, one array at a time. The memory stays for as long as VTK uses it.

        Parameters
        ----------
        copy : bool
            Share nothing: later changes on one side do not reach the other.
        axes : mapping, optional
            Names axes, as ``{"x": "lon"}``, where they are not found.
        variables, vectors, location, missing, z_scale, sphere, radius, time_units, encoding
            As for :meth:`to_vts`; `location` is for grids only.
        grid : {"auto", "vtr", "vti", "vts", "vtp", "vtu"}
            The kind of object, by its files' suffix. By itself: a mesh where the Dataset has a UGRID mesh or cells with
            CF bounds; points where it has a ``featureType`` or ids of trajectories, or places along one dim, or along
            two as their times; else the cheapest exact grid.
        mesh, trajectory : hashable, optional
            As for :meth:`to_vtu` and :meth:`to_vtp`; they also say that it is a mesh, or lines.
        **indexers
            What to select along dims, as ``time=0.5``: labels as in ``ds.sel``; positions for dims without a
            coordinate, and for whole numbers along dates. ``time``, ``x``, ``y``, ``z`` also name what was found to be
            that axis; with the name of a coordinate, as in ``x="lon"``, they say which it is, like `axes`. Of points
            with times of their own, ``time`` selects those that have it.

        Returns
        -------
        vtkRectilinearGrid, vtkImageData, vtkStructuredGrid, vtkPolyData or vtkUnstructuredGrid

        Raises
        ------
        SeriesError
            VTK is missing, a label is not there, there are several steps or several grids, or something that cannot be
            drawn was asked for.

        Warns
        -----
        VtkSeriesWarning
            A variable that cannot be drawn was left out, or is not kept for :func:`vtkseries.from_grid`.

        Examples
        --------
        >>> import numpy as np, xarray as xr, vtkseries
        >>> ds = xr.Dataset({"T": (("time", "y", "x"), np.zeros((2, 3, 4)))}, {"time": [0.0, 0.5]})
        >>> grid = ds.vtk.to_grid(time=0.5)
        >>> ds["T"][1, 0, 0] = 7.0
        >>> grid.GetPointData().GetArray("T").GetValue(0)
        7.0

        >>> drops = xr.Dataset({"mass": ("drop", np.ones(5))}, {name: ("drop", np.arange(5.0)) for name in "xyz"})
        >>> drops.vtk.to_grid().GetClassName()
        'vtkPolyData'
        """
        options = handed_on(locals(), "indexers")
        from vtkseries.meshes.memory import to_grid  # noqa: PLC0415 (VTK is loaded only here)

        return to_grid(self._dataset(), indexers, **options)

    def to_pyvista(
        self,
        *,
        copy: bool = False,
        axes: Mapping[str, Hashable] | None = None,
        variables: Sequence[Hashable] | str | None = None,
        vectors: Mapping[str, Sequence[Hashable] | str] | None = None,
        location: str = "auto",
        missing: str | float = "nan",
        z_scale: float = 1.0,
        grid: str = "auto",
        mesh: Hashable | None = None,
        trajectory: Hashable | None = None,
        sphere: bool = False,
        radius: float | None = None,
        time_units: str | None = None,
        encoding: Mapping[Hashable, Mapping[str, Any]] | None = None,
        **indexers: Any,
    ) -> Any:
        """Give what :meth:`to_grid` gives, as pyvista wraps it; the arguments are the same.

        Returns
        -------
        pyvista.RectilinearGrid, ImageData, StructuredGrid, PolyData or UnstructuredGrid

        Raises
        ------
        SeriesError
            As :meth:`to_grid`, or pyvista is missing.

        Warns
        -----
        VtkSeriesWarning
            As :meth:`to_grid`.
        """
        options = handed_on(locals(), "indexers")
        from vtkseries.meshes.memory import require_pyvista, to_grid  # noqa: PLC0415 (pyvista is loaded only here)

        return require_pyvista().wrap(to_grid(self._dataset(), indexers, **options))
