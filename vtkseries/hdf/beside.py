"""What a link keeps, for reading back, of the variables that it does not draw."""

from __future__ import annotations

from collections.abc import Collection, Hashable

import numpy as np
import xarray as xr

from vtkseries.hdf.fit import attributes_of, decoded, stored_variable
from vtkseries.hdf.sources import Files

__all__ = ["INSIDE", "find_linked", "whole_dataset"]

INSIDE = 4 * 1024
"""Bytes of a coordinate up to which the link has a copy; a larger one stays where it is."""


def find_linked(ds: xr.Dataset, files: Files, group: str | None, drawn: Collection[Hashable]) -> dict[Hashable, str]:
    """Give the coordinates that stay in the first file, each with its path there: those too large to be copied."""
    import h5py  # noqa: PLC0415 (only linking needs it)

    found: dict[Hashable, str] = {}
    several = len(files.paths) > 1
    with h5py.File(files.paths[0], "r") as file:
        root = file[group] if group else file
        for name, variable in ds.variables.items():
            moves = files.time_dim in variable.dims
            small = variable.ndim < 2 or (variable.nbytes <= INSIDE and not moves)  # noqa: PLR2004 (an axis is copied)
            if name in drawn or small or (several and moves):
                continue
            stored = stored_variable(root, str(name))
            if variable.dtype.kind in "iuf" and stored is not None and stored.shape == variable.shape:
                found[name] = stored.name
    return found


def whole_dataset(
    ds: xr.Dataset, files: Files, group: str | None, drawn: Collection[Hashable]
) -> tuple[xr.Dataset, list[str]]:
    """Give the Dataset of all files, but for the data that are drawn, and what it has to do without.

    Parameters
    ----------
    ds : Dataset
        The first file's, with a time dim.
    files : Files
    group : str or None
    drawn : collection of names
    """
    along = [
        n for n, v in ds.variables.items() if files.time_dim in v.dims and n not in drawn and n != files.times.name
    ]
    whole = ds.isel({files.time_dim: np.zeros(len(files.times.values), int)})
    if files.stamps is not None:
        whole = whole.assign_coords({files.times.name: files.stamps})
    told = []
    for name in along:
        values = _joined(ds[name].variable, str(name), files, group)
        if values is None:
            told.append(f"variable {str(name)!r} is not kept for reading back, since not all files store it alike")
            whole = whole.drop_vars([name])
        elif name in ds.coords:
            whole = whole.assign_coords({name: _with_values(ds[name].variable, values)})
        else:
            whole = whole.assign({name: _with_values(ds[name].variable, values)})
    return whole, told


def _with_values(variable: xr.Variable, values: np.ndarray) -> xr.Variable:
    return xr.Variable(variable.dims, values, variable.attrs, variable.encoding)


def _joined(variable: xr.Variable, name: str, files: Files, group: str | None) -> np.ndarray | None:
    import h5py  # noqa: PLC0415 (only linking needs it)

    if variable.dims[0] != files.time_dim or variable.dtype.kind not in "iufM":
        return None
    parts: list[np.ndarray] = []
    for path, count in zip(files.paths, files.counts, strict=True):
        with h5py.File(path, "r") as file:
            root = file[group] if group else file
            stored = stored_variable(root, name)
            if stored is None or stored.shape != (count, *variable.shape[1:]):
                return None
            attrs = attributes_of(stored)
            times = stored_variable(root, str(files.times.name)) if files.times.name is not None else None
            if variable.dtype.kind == "M" and "units" not in attrs and times is not None:
                # Bounds of the time are counted as the time is.
                attrs |= {key: value for key, value in attributes_of(times).items() if key in ("units", "calendar")}
            parts.append(decoded(name, stored[()], attrs))
    found = np.concatenate(parts)
    return found if found.dtype.kind == variable.dtype.kind else None
