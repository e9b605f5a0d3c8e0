"""``tree.vtk``: a tree of Datasets as one series."""

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
    from vtkseries.plan.model import SeriesPlan

__all__ = ["TreeAccessor"]


class TreeAccessor:
    """Write a tree of Datasets for ParaView.

    Parameters
    ----------
    tree : DataTree
    """

    def __init__(self, tree: xr.DataTree) -> None:
        self._tree = tree

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
        """Write a series in which each group's grids are named parts, each of the cheapest exact kind.

        The series has the times of all groups. A group has files at its own times, each of which stands until the next;
        one without a time dim has one file.

        Parameters
        ----------
        path : path
            Ends in ``.pvd``.
        x, y, z, time, variables, vectors, parts, stagger, location, missing, z_scale, sphere, radius, time_units
            As in :meth:`VtkAccessor.to_vtr`, for every group that has what they name.
        mode, durable, compression, compression_level, encoding, compute
            As in :meth:`VtkAccessor.to_vtr`.

        Returns
        -------
        Path or Delayed
            What was written, or the Delayed of it.

        Raises
        ------
        SeriesError
            Groups whose times are of different kinds, or anything that cannot be written as asked; no file exists then.

        Warns
        -----
        VtkSeriesWarning
            A variable or group that cannot be drawn was left out.

        Examples
        --------
        >>> import numpy as np, tempfile, xarray as xr, vtkseries
        >>> surface = xr.Dataset({"sst": (("time", "y", "x"), np.zeros((2, 3, 4)))})
        >>> tree = xr.DataTree.from_dict({"ocean": surface, "ice": surface.rename(sst="thickness")})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     tree.vtk.to_pvd(f"{folder}/run.pvd").name
        'run.pvd'
        """
        options = handed_on(locals(), "compute")
        from vtkseries.schedule import execute  # noqa: PLC0415 (dask's graphs are only needed to write)

        prepared = self._prepare(path, options)
        for text in prepared.plan.left_out:
            warnings.warn(text, VtkSeriesWarning, stacklevel=2)
        return execute(prepared, compute=compute)

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
    ) -> SeriesPlan:
        """Plan what :meth:`to_pvd` would write: files, arrays, bytes and what was guessed; nothing is written.

        Parameters
        ----------
        path : path
            Ends in ``.pvd``.
        x, y, z, time, variables, vectors, parts, stagger, location, missing, z_scale, sphere, radius, time_units,
        mode, durable, compression, compression_level, encoding
            As in :meth:`to_pvd`.

        Returns
        -------
        SeriesPlan
            Print it.

        Raises
        ------
        SeriesError
            Anything that cannot be written as asked.
        """
        return self._prepare(path, handed_on(locals())).plan

    def _prepare(self, path: str | PathLike[str], options: dict[str, Any]) -> Prepared:
        from vtkseries.writer.continued import make_tree_plan  # noqa: PLC0415 (keeps `import vtkseries` light)

        return make_tree_plan(self._tree, Path(path), grid="auto", **options)
