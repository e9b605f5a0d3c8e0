"""The files behind a link: what the first one means, and that the others are its continuation."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from vtkseries.cf.roles import Roles
from vtkseries.cf.times import Times, read_times
from vtkseries.errors import SeriesError
from vtkseries.hdf.fit import Raw, decoded, raw_variable, stored_variable
from vtkseries.values import conversions

__all__ = ["Files", "check_files", "open_first", "read_files"]


@dataclass
class Files:
    """The files of a series in the order of time.

    Attributes
    ----------
    paths : list of Path
    counts : list of int
        Steps in each.
    times : Times
    time_dim : hashable or None
        The time dim in the files; None where each is one step.
    raws : list of dict
        By variable's name, what each file has.
    fields : dict
        By name, values of variables without a spatial axis, of shape (steps,) or ().
    stamps : Variable or None
        The time coordinate of all files.
    """

    paths: list[Path]
    counts: list[int]
    times: Times
    time_dim: Hashable | None
    raws: list[dict[str, Raw]]
    fields: dict[str, np.ndarray] = field(default_factory=dict)
    stamps: xr.Variable | None = None


def check_files(source: Any) -> list[Path]:
    """Give the paths of the sources.

    Raises
    ------
    SeriesError
        None, one that is missing, or one that is not HDF5.
    """
    import h5py  # noqa: PLC0415 (only linking needs it)

    single = isinstance(source, str | os.PathLike)
    given: Iterable[Any] = [source] if single else source
    paths = [Path(os.fspath(item)).expanduser() for item in given]
    if not paths:
        message = "source: there is no file in the list; give one netCDF-4 file or several"
        raise SeriesError(message)
    seen: set[Path] = set()
    for path in paths:
        if path in seen:
            message = f"source: {str(path)!r} is in the list twice; name each file once"
            raise SeriesError(message)
        seen.add(path)
    for path in paths:
        if not path.is_file():
            message = f"source {str(path)!r} does not exist or is no file; check its path"
            raise SeriesError(message)
        if not os.access(path, os.R_OK):
            message = f"source {str(path)!r} is not readable; change its permissions"
            raise SeriesError(message)
        if not h5py.is_hdf5(path):
            with path.open("rb") as file:
                classic = file.read(3) == b"CDF"
            what = "is a classic netCDF-3 file, which HDF5 cannot see into" if classic else "is not a netCDF-4 file"
            remedy = "convert it with nccopy -k nc4, or write it with ds.vtk.to_vtr"
            message = f"source {str(path)!r} {what}; {remedy}"
            raise SeriesError(message)
    return paths


@contextmanager
def open_first(path: Path, group: str | None) -> Iterator[xr.Dataset]:
    """Open the file that stands for all, lazily, as xarray decodes it.

    Raises
    ------
    SeriesError
        It cannot be read as netCDF-4.
    """
    with ExitStack() as stack:
        try:
            ds = xr.open_dataset(path, engine="netcdf4", group=group, decode_timedelta=False)
        except (OSError, ValueError, KeyError, IndexError) as error:
            message = f"source {str(path)!r} cannot be read as netCDF-4: {error}; check it with ncdump -h"
            raise SeriesError(message) from error
        yield stack.enter_context(ds)


def read_files(
    paths: list[Path],
    ds: xr.Dataset,
    roles: Roles,
    names: Sequence[Hashable],
    axes: Sequence[Hashable],
    field_data: Sequence[Hashable],
    *,
    group: str | None,
    time: Hashable | None,
    time_units: str | None,
) -> Files:
    """Read times from all files, and check that the others continue the first.

    Parameters
    ----------
    paths : list of Path
    ds : Dataset
        The first file's.
    roles : Roles
        Of `ds`.
    names, axes, field_data : sequences of names
        Variables to be linked; coordinates that place them; variables without a spatial axis.
    group : str or None
    time : hashable or None
        The caller's time axis.
    time_units : str or None

    Raises
    ------
    SeriesError
        A file that does not fit, or times that do not increase.
    """
    import h5py  # noqa: PLC0415 (only linking needs it)

    dim = next((d for d, role in roles.dims.items() if role == "time"), None)
    scalar = time if time is not None and time in ds.variables else roles.scalars.get("time")
    name = roles.coordinates[dim] if dim is not None else scalar
    reader = _Reader(ds, dim, name, [str(n) for n in names], [str(n) for n in axes], [str(n) for n in field_data])
    found = []
    for number, path in enumerate(paths):
        try:
            with h5py.File(path, "r") as file:
                found.append(reader.read(file[group] if group else file, path, first=number == 0))
        except OSError as error:
            message = f"source {str(path)!r} cannot be opened: {error}; close the program that writes it"
            raise SeriesError(message) from error
    stamped = [item.stored[str(name)] for item in found] if name is not None else []
    stamps_of = _decode_all(str(name), stamped)
    order = sorted(range(len(found)), key=lambda i: stamps_of[i][0] if stamps_of and len(stamps_of[i]) else 0)
    found = [found[i] for i in order]
    counts = [item.steps for item in found]
    times, stamps = _times(ds, dim, name, counts, [stamps_of[i] for i in order] if stamps_of else [], time_units)
    fields: dict[str, np.ndarray] = {}
    for key in reader.field_data:
        each = dim is None or dim in ds[key].dims
        parts = _decode_all(key, [item.stored[key] for item in (found if each else found[:1])])
        values = np.concatenate(parts) if each else parts[0][:1]
        fields |= {f"{key}{suffix}": conversion.apply(values) for suffix, conversion, _ in conversions(values.dtype)}
    return Files([paths[i] for i in order], counts, times, dim, [item.raws for item in found], fields, stamps)


def _times(
    ds: xr.Dataset,
    dim: Hashable | None,
    name: Hashable | None,
    counts: Sequence[int],
    values: Sequence[np.ndarray],
    time_units: str | None,
) -> tuple[Times, xr.Variable | None]:
    """Give the time steps of all files, and the coordinate that tells them where there is one."""
    if name is not None and dim is None and len(counts) == 1:
        return read_times(ds, None, name, time_units), None
    if name is not None:
        variable = ds[name].variable
        along = dim if dim is not None else name
        stamps = xr.Variable((along,), np.concatenate(values), variable.attrs, variable.encoding)
        known = xr.Dataset({"_times": stamps}).rename({"_times": str(name)})
        return read_times(known, along, str(name), time_units), stamps
    if dim is None and len(counts) == 1:
        return read_times(ds, None, None, time_units), None
    counted = dim if dim is not None else "step"
    return read_times(xr.Dataset().expand_dims({counted: sum(counts)}), counted, None, time_units), None


def _decode_all(name: str, stored: Sequence[_Stored]) -> list[np.ndarray]:
    """Decode what several files store, all at once where they mean it alike, which is much faster than one by one."""
    if len({str(sorted(item.attrs.items())) for item in stored}) > 1:
        return [part for item in stored for part in _decode_all(name, [item])]
    if not stored:
        return []
    values = decoded(name, np.concatenate([item.values for item in stored]), stored[0].attrs)
    return np.split(values, np.cumsum([len(item.values) for item in stored])[:-1])


@dataclass(frozen=True)
class _Stored:
    """One-dimensional values as a file stores them."""

    values: np.ndarray
    attrs: Mapping[str, Any]


@dataclass
class _File:
    raws: dict[str, Raw]
    steps: int
    stored: dict[str, _Stored]


@dataclass
class _Reader:
    """Reads one file after the other and compares it with the first."""

    ds: xr.Dataset
    dim: Hashable | None
    name: Hashable | None
    names: list[str]
    axes: list[str]
    field_data: list[str]
    raws: dict[str, Raw] = field(default_factory=dict)
    places: dict[str, np.ndarray] = field(default_factory=dict)
    time_axes: dict[str, int | None] = field(default_factory=dict)

    def read(self, group: Any, path: Path, *, first: bool) -> _File:
        raws = {name: raw for name in self.names if (raw := raw_variable(group, name)) is not None}
        places = {name: _values(group, name) for name in self.axes}
        if first:
            self.raws, self.places = raws, places
            dims = {name: self.ds.variables[name].dims for name in raws}
            self.time_axes = {n: d.index(self.dim) if self.dim in d else None for n, d in dims.items()}
        else:
            self._compare(raws, places, path)
        wanted = ([] if self.name is None else [str(self.name)]) + self.field_data
        stored = {name: self._stored(group, name, path) for name in dict.fromkeys(wanted)}
        times = None if self.name is None else stored[str(self.name)].values
        steps = 1 if self.dim is None else self._steps(group, times, raws)
        return _File(raws, steps, stored)

    def _steps(self, group: Any, times: Any, raws: Mapping[str, Raw]) -> int:
        if times is not None:
            return len(times)
        if self.dim in group:
            return int(group[self.dim].shape[0])
        sizes = [
            raw.shape[self.ds[name].dims.index(self.dim)]
            for name, raw in raws.items()
            if self.dim in self.ds[name].dims
        ]
        return max(sizes, default=1)

    def _stored(self, group: Any, name: str, path: Path) -> _Stored:
        raw = raw_variable(group, name)
        if raw is None:
            message = f"source {str(path)!r} has no variable {name!r}, which the others have; leave the file out"
            raise SeriesError(message)
        return _Stored(np.atleast_1d(np.asarray(group[raw.path][()])), raw.attrs)

    def _compare(self, raws: Mapping[str, Raw], places: Mapping[str, np.ndarray], path: Path) -> None:
        for name, mine in self.raws.items():
            other = raws.get(name)
            if other is None:
                message = f"source {str(path)!r} has no variable {name!r}, which the first file has"
                raise SeriesError(f"{message}; leave the file out, or the variable, with variables=")
            time_axis = self.time_axes[name]
            sizes = [tuple(n for i, n in enumerate(raw.shape) if i != time_axis) for raw in (mine, other)]
            if sizes[0] != sizes[1] or mine.likeness != other.likeness:
                what = f"{sizes[1]} {other.dtype}" if mine.likeness != other.likeness else f"shape {sizes[1]}"
                message = (
                    f"variable {name!r} of source {str(path)!r} is not as in the first file: {what} instead of "
                    f"{sizes[0]} {mine.dtype}, or other attributes; link the files apart"
                )
                raise SeriesError(message)
        for name, values in self.places.items():
            if not np.array_equal(values, places[name]):
                message = f"coordinate {name!r} of source {str(path)!r} differs from the first file's; link them apart"
                raise SeriesError(message)


def _values(group: Any, name: str) -> np.ndarray:
    found = stored_variable(group, name)
    return np.zeros(0) if found is None else np.asarray(found[()])
