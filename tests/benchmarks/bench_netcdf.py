"""How long a netCDF-4 file takes to become a series, beside reading its blocks and dropping them.

Run with ``python -m tests.benchmarks.bench_netcdf [directory] [runs]``.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask
import numpy as np
import xarray as xr

import vtkseries  # noqa: F401  # registers the accessor

if TYPE_CHECKING:
    from collections.abc import Callable

SIDE, STEPS = 256, 4


def source(folder: Path) -> Path:
    """Write a deflated file, chunked by step, 64 MiB of float32 a step."""
    axis = np.linspace(0, 6, SIDE, dtype="f4")
    rng = np.random.default_rng(0)
    smooth = np.sin(axis)[:, None, None] * np.cos(axis)[:, None] * np.sin(axis)
    noise = rng.standard_normal((STEPS, SIDE, SIDE, SIDE), dtype="f4")
    ds = xr.Dataset({"T": (("time", "z", "y", "x"), smooth + np.float32(1e-3) * noise)}, {"time": np.arange(STEPS)})
    path = folder / "run.nc"
    ds.to_netcdf(path, encoding={"T": {"zlib": True, "complevel": 4, "chunksizes": (1, SIDE, SIDE, SIDE)}})
    return path


def drop(block: Any) -> Any:
    """Take a block and give next to nothing."""
    return block[:1, :1, :1, :1]


def read(path: Path, _: Path) -> None:
    """Read every block as the writer's tasks do, and drop it."""
    with xr.open_dataset(path, chunks={"time": 1}) as ds:
        ds["T"].data.map_blocks(drop, chunks=(1, 1, 1, 1)).compute()


def convert(path: Path, folder: Path) -> None:
    """Write the series."""
    with xr.open_dataset(path, chunks={"time": 1}) as ds:
        ds.vtkseries.to_vtr(folder / "run.pvd")


def main(directory: str = "/dev/shm", runs: str = "5") -> None:  # noqa: S108  # memory-backed on purpose
    """Time both in turns and print the medians' ratio as a table."""
    jobs: dict[str, Callable[[Path, Path], None]] = {"netCDF-4 to .pvd, raw": convert, "reading its blocks": read}
    times: dict[str, list[float]] = {name: [] for name in jobs}
    with tempfile.TemporaryDirectory(dir=directory) as top, dask.config.set(scheduler="threads"):
        path = source(Path(top))
        for _ in range(int(runs)):
            for name, job in jobs.items():
                folder = Path(tempfile.mkdtemp(dir=top))
                start = time.perf_counter()
                job(path, folder)
                times[name].append(time.perf_counter() - start)
                shutil.rmtree(folder)
    ours, peer = (statistics.median(found) for found in times.values())
    name, other = jobs
    lines = [
        "| work | seconds | beside | seconds | ratio | target |",
        "|---|---|---|---|---|---|",
        f"| {name} | {ours:.3f} | {other} | {peer:.3f} | {ours / peer:.2f} | <= 1.15 |",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
