"""Write here or on a cluster, with a bar for those who watch."""

from __future__ import annotations

import inspect
import re
import sys
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from vtkseries.errors import SeriesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["cluster", "execute"]


@contextmanager
def cluster(address: str | None) -> Iterator[Any]:
    """Connect to a dask scheduler; without an address there is none.

    Raises
    ------
    SeriesError
        No address, nothing that answers there, or dask.distributed is not installed.
    """
    if address is None:
        yield None
        return
    if not re.search(r":\d+/?$|^inproc://", address):
        raise SeriesError(f"--scheduler {address}: an address has a port, as tcp://host:8786")
    try:
        from distributed import Client  # noqa: PLC0415  an optional dependency
    except ImportError as error:
        raise SeriesError("--scheduler needs dask.distributed: pip install vtkseries[distributed]") from error
    try:
        client = Client(address)
    except (OSError, ValueError) as error:
        raise SeriesError(f"--scheduler {address}: no dask scheduler answers there ({error})") from error
    with client:
        yield client


def execute(write: Callable[..., Any], client: Any, *, progress: bool | None) -> Path:
    """Call a writer and give the path that it wrote."""
    watched = sys.stderr.isatty() if progress is None else progress
    path: Path
    if "compute" not in inspect.signature(write).parameters:  # it goes step by step, and has no tasks to watch
        path = write()
        return path
    if client is None:
        from vtkseries.schedule import progress_bar  # noqa: PLC0415  heavy modules are imported where used

        with progress_bar(sys.stderr) if watched else nullcontext():
            path = write(compute=True)
        return path
    if not watched:  # the cluster is dask's default while its client is open
        path = write(compute=True)
        return path
    from distributed import progress as show  # noqa: PLC0415  an optional dependency

    future = client.compute(write(compute=False))
    show(future, notebook=False)
    path = future.result()
    return path
