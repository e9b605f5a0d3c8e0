"""Open what the user names: one file or store, or several as one."""

from __future__ import annotations

import glob
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vtkseries.errors import SeriesError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import xarray as xr

__all__ = ["expand", "open_sources", "selected"]

# Coordinates that differ between files are an error; what does not grow from file to file is the first one's.
JOINED: dict[str, Any] = {"data_vars": "minimal", "coords": "minimal", "compat": "override", "join": "exact"}


def expand(sources: tuple[str, ...]) -> list[str]:
    """Give every file that the names and patterns stand for, in order.

    Raises
    ------
    SeriesError
        A name that no file has, or that a device or a pipe has.
    """
    found: list[str] = []
    for source in sources:
        matches = sorted(glob.glob(source, recursive=True))  # noqa: PTH207  patterns may be absolute or hold URLs
        if not matches and "://" not in source:
            raise SeriesError(f"{source}: there is no such file or store; check the name")
        found += matches or [source]
    for path in map(Path, found):
        if path.exists() and not path.is_file() and not path.is_dir():  # which would wait for a writer
            raise SeriesError(f"{path} is a device or a pipe; save what comes from it to a file, and name that")
    return found


def _engine(source: str, engine: str | None) -> str | None:
    """Name the engine where the suffix alone does not tell it."""
    if engine is None and (source.rstrip("/").endswith(".zarr") or (Path(source) / "zarr.json").exists()):
        return "zarr"
    return engine


def _groups(path: str, engine: str | None) -> list[str]:
    """Give the groups of a source that have variables; none where it cannot be asked."""
    import xarray as xr  # noqa: PLC0415  `vtkseries --help` need not wait for it

    try:
        found = xr.open_groups(path, engine=engine)
    except (OSError, ValueError, KeyError, TypeError, ImportError, NotImplementedError):
        return []  # not every engine has groups; what was wrong before is said then
    for ds in found.values():
        ds.close()
    return [name.strip("/") for name, ds in found.items() if ds.data_vars and name != "/"]


def _blocks(ds: xr.Dataset, time: str | None) -> Mapping[str, Any]:
    """Choose blocks that follow how the file is stored: whole steps, or slabs of a step that is too large."""
    try:
        axes = ds.vtkseries.axes
    except SeriesError:  # what the axes are is an option of the writer, which says what is wrong
        return {}
    name = time or axes.get("time")
    dims = {dim: "auto" for dim in (axes.get("z"),) if dim in ds.dims}  # dask's own bound on a block
    if name not in ds.dims:
        return dims
    stored = [v.encoding.get("preferred_chunks", {}).get(name, 1) for v in ds.data_vars.values() if name in v.dims]
    return {**dims, name: max(stored, default=1)}


def _joined(paths: list[str], concat_dim: str | None, options: Mapping[str, Any]) -> xr.Dataset:
    """Open several files as one: by their coordinates, or along a dim in the order given."""
    import xarray as xr  # noqa: PLC0415  `vtkseries --help` need not wait for it

    how: dict[str, Any] = {} if concat_dim is None else {"combine": "nested", "concat_dim": concat_dim}
    try:
        return xr.open_mfdataset(paths, **JOINED, **how, **options)
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise SeriesError(
            f"the {len(paths)} files from {paths[0]} on do not join ({reason}); name the dim along which "
            "they continue each other, with --concat-dim, or convert one by one"
        ) from error


@contextmanager
def open_sources(
    sources: tuple[str, ...],
    *,
    engine: str | None,
    group: str | None,
    concat_dim: str | None,
    chunks: dict[str, int],
    time: str | None,
) -> Iterator[xr.Dataset]:
    """Open one Dataset, lazily, and close it in the end.

    Raises
    ------
    SeriesError
        A source that is not there or cannot be opened.
    """
    import xarray as xr  # noqa: PLC0415  `vtkseries --help` need not wait for it

    paths = expand(sources)
    options: dict[str, Any] = {"engine": _engine(paths[0], engine)}
    if group is not None:
        options["group"] = group
    try:
        if not chunks:
            with xr.open_dataset(paths[0], **options) as first:
                chunks = dict(_blocks(first, time))
        if len(paths) == 1:
            ds = xr.open_dataset(paths[0], chunks=chunks, **options)
        else:
            ds = _joined(paths, concat_dim, {"chunks": chunks, **options})
    except SeriesError:
        raise
    except PermissionError:
        raise
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        if group is not None and (groups := _groups(paths[0], options["engine"])):
            raise SeriesError(f"{paths[0]}: there is no --group {group}; it has {', '.join(groups)}") from error
        reason = " ".join(str(error).split())
        raise SeriesError(f"{paths[0]}: xarray cannot open it ({reason}); name an installed --engine") from error
    with ds:
        if group is None and not ds.data_vars and (groups := _groups(paths[0], options["engine"])):
            raise SeriesError(f"{paths[0]}: all its variables are in groups; name one, as with --group {groups[0]}")
        yield ds


def selected(ds: xr.Dataset, positions: dict[str, int | slice], labels: dict[str, Any]) -> xr.Dataset:
    """Select by position and by label.

    Raises
    ------
    SeriesError
        A dim or label that the Dataset does not have, or nothing left.
    """
    for name in (*positions, *labels):
        if name not in ds.dims:
            raise SeriesError(
                f"--select {name}=…: there is no such dim; this source has {', '.join(map(str, ds.dims))}"
            )
    for name, label in labels.items():
        if name not in ds.indexes:
            raise SeriesError(f"--select {name}=…: this dim has no coordinate; select by position, as {name}=0:10")
        falling = ds.sizes[name] > 1 and ds.indexes[name].is_monotonic_decreasing
        wanted = slice(label.stop, label.start) if falling and isinstance(label, slice) else label
        try:
            ds = ds.sel({name: wanted})
        except (KeyError, ValueError, TypeError) as error:
            raise SeriesError(f"--select {name}: no such label ({error}); positions are whole numbers") from error
    try:
        ds = ds.isel(positions)
    except IndexError as error:
        raise SeriesError(f"--select: {error}") from error
    empty = [str(name) for name, size in ds.sizes.items() if size == 0]
    if empty:
        raise SeriesError(f"--select leaves nothing of {', '.join(empty)}; check the bounds")
    return ds
