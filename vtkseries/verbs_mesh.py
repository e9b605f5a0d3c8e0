"""The verbs of ``ds.vtk`` for points, trajectories and unstructured meshes."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vtkseries.arguments import handed_on
from vtkseries.errors import VtkSeriesWarning

if TYPE_CHECKING:
    import xarray as xr
    from dask.delayed import Delayed

    from vtkseries.meshes.write import MeshSeries

__all__ = ["MeshVerbs"]


class MeshVerbs:
    """Write a Dataset whose points are no grid."""

    if TYPE_CHECKING:

        def _dataset(self) -> xr.Dataset: ...

    def to_vtp(
        self,
        path: str | PathLike[str],
        *,
        x: Hashable | None = None,
        y: Hashable | None = None,
        z: Hashable | None = None,
        time: Hashable | None = None,
        trajectory: Hashable | None = None,
        variables: Sequence[Hashable] | str | None = None,
        vectors: Mapping[str, Sequence[Hashable] | str] | None = None,
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
        """Write particles, stations or trajectories (CF discrete sampling geometries), one file a step.

        Points without a place (NaN) are not there, so that their number may change from step to step. Where each point
        has a time of its own, a step is made of those that share one. Trajectories are lines, in one step, and so are
        the profiles along them (``featureType``).

        Parameters
        ----------
        path : path
            Ends in ``.pvd``, or ``.vtp`` for exactly one step.
        x, y, z : hashable, optional
            Variables with the points' places, along dims of points, and perhaps time; found by CF attributes and names.
        time : hashable, optional
            The variable with the times of the steps, or of each point.
        trajectory : hashable, optional
            What tells the path of each point: a variable of ids; the dim of trajectories, or a coordinate along it.
            Found where ``featureType`` is a trajectory.
        variables, vectors, missing, z_scale, sphere, radius, time_units, mode, durable, compression,
        compression_level, encoding, compute
            As for :meth:`to_vtr`.

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
        >>> drops = xr.Dataset({"mass": (("time", "drop"), np.ones((2, 5)))}, {"time": [0.0, 0.5]})
        >>> drops = drops.assign_coords(x=("drop", np.arange(5.0)), y=("drop", np.zeros(5)))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     drops.vtk.to_vtp(f"{folder}/drops.pvd").name
        'drops.pvd'
        """
        options = {**handed_on(locals(), "compute"), "path": Path(path)}
        from vtkseries.meshes.continued import continued  # noqa: PLC0415 (keeps `import vtkseries` light)
        from vtkseries.meshes.discrete import plan_points  # noqa: PLC0415 (as above)

        plan = partial(plan_points, self._dataset(), options["path"])
        return _execute(continued(plan, **options), compute=compute)

    def to_vtu(
        self,
        path: str | PathLike[str],
        *,
        mesh: Hashable | None = None,
        z: Hashable | None = None,
        time: Hashable | None = None,
        variables: Sequence[Hashable] | str | None = None,
        vectors: Mapping[str, Sequence[Hashable] | str] | None = None,
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
        """Write a mesh of triangles, quads or polygons (UGRID, or cells with CF bounds), one file a step.

        Variables on layers fill prisms between levels: of the layers' CF bounds, or half-way between their centres.
        They and those on the surface are parts of one ``.pvd``.

        Parameters
        ----------
        path : path
            Ends in ``.pvd``, or ``.vtu`` for exactly one step.
        mesh : hashable, optional
            The variable with ``cf_role = "mesh_topology"``, or the longitudes with bounds of cells, of several. Without
            either, ``connectivity``, ``offsets`` and ``types`` are the cells, as :func:`vtkseries.from_grid` has them.
        z : hashable, optional
            The dim of layers, or their heights.
        time : hashable, optional
            The time of the steps.
        variables, vectors, missing, z_scale, sphere, radius, time_units, mode, durable, compression,
        compression_level, encoding, compute
            As for :meth:`to_vtr`.

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
        """
        options = {**handed_on(locals(), "compute"), "path": Path(path)}
        from vtkseries.meshes.continued import continued  # noqa: PLC0415 (keeps `import vtkseries` light)
        from vtkseries.meshes.ugrid import plan_mesh  # noqa: PLC0415 (as above)

        plan = partial(plan_mesh, self._dataset(), options["path"])
        return _execute(continued(plan, **options), compute=compute)


def _execute(series: MeshSeries, *, compute: bool) -> Path | Delayed:
    from vtkseries.meshes.tasks import execute  # noqa: PLC0415 (as above)

    for text in series.plan.left_out:
        warnings.warn(text, VtkSeriesWarning, stacklevel=3)
    return execute(series, compute=compute)
