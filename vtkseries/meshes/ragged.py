"""CF's ragged arrays: which station, profile or trajectory each observation belongs to."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.errors import SeriesError

__all__ = ["counters", "joined", "owners"]


def counters(ds: xr.Dataset) -> set[Hashable]:
    """Name the variables that only say which observations belong together."""
    return {n for n, v in ds.variables.items() if {"sample_dimension", "instance_dimension"} & set(v.attrs)}


def owners(ds: xr.Dataset, name: Hashable) -> tuple[Hashable, npt.NDArray[np.int64]]:
    """Give the dim of instances, and the instance of each sample, that a counting variable tells.

    Raises
    ------
    SeriesError
        Row sizes do not sum to the number of samples, or an index names an instance that is not there.
    """
    variable = ds.variables[name]
    told = np.asarray(variable.values)
    if told.ndim != 1 or told.dtype.kind not in "iuf" or not (told == np.floor(told)).all():
        raise SeriesError(
            f"{str(name)!r} holds {told.dtype} along {variable.dims}; what tells of ragged arrays is whole numbers "
            "along one dim"
        )
    values = told.astype("i8")
    if "instance_dimension" in variable.attrs:
        instance = variable.attrs["instance_dimension"]
        size = ds.sizes.get(instance, 0)
        if values.size and not 0 <= int(values.min()) <= int(values.max()) < size:
            text = f"{str(name)!r} reaches from {values.min()} to {values.max()}; {instance!r} has {size}, from 0"
            raise SeriesError(text)
        return instance, values
    size = ds.sizes[variable.attrs["sample_dimension"]]
    if int(values.sum()) != size or (values < 0).any():
        raise SeriesError(f"the row sizes {str(name)!r} sum to {values.sum()}, not to {size}")
    return variable.dims[0], np.repeat(np.arange(values.size), values)


def joined(ds: xr.Dataset, wanted: Iterable[Hashable]) -> xr.Dataset:
    """Give each observation what belongs to its station or profile, where places or times do.

    Parameters
    ----------
    ds : Dataset
    wanted : iterable of hashable
        The variables of places and times.

    Raises
    ------
    SeriesError
        An index names an instance that is not there, or row sizes do not fit.
    """
    along = {dim for name in wanted for dim in ds.variables[name].dims}
    # Stations of profiles come before profiles of observations, and with them.
    for name in sorted(counters(ds), key=lambda n: "instance_dimension" not in ds[n].attrs):
        variable = ds.variables[name]
        sample = variable.attrs.get("sample_dimension", variable.dims[0])
        if sample not in ds.dims:
            raise SeriesError(
                f"{str(name)!r} counts along {sample!r}, which is no dim here; correct its sample_dimension, or "
                "leave it out"
            )
        instance, owner = owners(ds, name)
        if not {instance, sample} & along or (instance not in along and not _counted(ds, sample)):
            continue
        at = xr.Variable(sample, owner)
        moved = {
            n: v.to_base_variable().isel({instance: at})
            for n, v in ds.variables.items()
            if instance in v.dims and sample not in v.dims and n not in {name, sample}
        }
        coordinates = {n: v for n, v in moved.items() if n in ds.coords}
        ds = ds.drop_dims([instance]).assign({n: v for n, v in moved.items() if n not in coordinates})
        ds = ds.assign_coords(coordinates)
    return ds


def _counted(ds: xr.Dataset, dim: Hashable) -> bool:
    """Tell whether a dim is one of profiles, of which a variable counts the observations."""
    return any("sample_dimension" in ds[name].attrs and ds[name].dims == (dim,) for name in counters(ds))
