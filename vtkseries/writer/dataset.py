"""A step that comes as a Dataset, planned as a step of a series that goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vtkseries.cf.fields import metadata_names
from vtkseries.errors import SeriesError
from vtkseries.plan.build import make_plan

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    import xarray as xr

    from vtkseries.plan.build import Prepared

__all__ = ["plan_step"]


def plan_step(ds: xr.Dataset, path: Path, time: Hashable | None, *, once: bool, **options: Any) -> Prepared:
    """Plan the files of one step; a scalar time becomes a dim of one, as steps to come will need it.

    Parameters
    ----------
    ds : Dataset
    path : Path
        The ``.pvd``.
    time : hashable or None
        What the time is called, where a step before has told.
    once : bool
        Whether a part without a time dim is written again only where it changes.
    **options
        Those of :func:`vtkseries.plan.build.make_plan`.

    Raises
    ------
    SeriesError
        There are several steps, or what cannot be written as asked.
    """
    prepared = make_plan(_along(ds, time, once=once), path, once=once, **options)
    times = prepared.plan.times
    if times.dim is None and times.name is not None:
        prepared = make_plan(_along(ds, times.name, once=once), path, once=once, **options)
    if prepared.plan.steps != 1:
        raise SeriesError(f"a Dataset of one step is needed, and this has {prepared.plan.steps}; use isel")
    return prepared


def _along(ds: xr.Dataset, time: Hashable | None, *, once: bool) -> xr.Dataset:
    """Give a scalar time its dim, and fields and numbers with it.

    Nothing tells which fields never change: those with fewer dims than others have are taken for it where that does no
    harm, as their part has a new file wherever they do.
    """
    if time not in ds.coords or ds.variables[time].ndim or time in ds.dims:
        return ds
    metadata = metadata_names(ds)
    fields = {name: v for name, v in ds.data_vars.items() if name not in metadata and v.dtype.kind in "biufcmM"}
    most = max((v.ndim for v in fields.values()), default=0)
    moving = ds[[name for name, v in fields.items() if v.ndim in (0, most) or not once]].expand_dims(time)
    return ds.assign_coords({time: moving.variables[time]}).assign(moving.data_vars)
