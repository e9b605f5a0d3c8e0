"""What a step and an import cost beside their bytes and beside xarray: ``python -m tests.benchmarks steps``."""

from __future__ import annotations

import shutil
import statistics
import subprocess
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

N, FEW, MANY = 16, 2_500, 10_000
STARTS = 11


def plain(values: Any, folder: Path) -> None:
    """Write the bytes, a file a step."""
    for step, array in enumerate(values):
        array.tofile(folder / f"{step}.raw")


def jobs() -> dict[str, Callable[[Path], Any]]:
    """Give what is timed, each a function of an empty directory."""
    found: dict[str, Callable[[Path], Any]] = {}
    for steps in (FEW, MANY):
        values = np.random.default_rng(0).random((steps, N, N, N), dtype="f4")
        eager = xr.Dataset({"T": (("time", "z", "y", "x"), values)})
        found[f"tofile {steps}"] = lambda folder, values=values: plain(values, folder)  # type: ignore[misc]
        for name, ds in (("NumPy", eager), ("dask", eager.chunk(time=1)), ("dask by 50", eager.chunk(time=50))):
            found[f"{name} {steps}"] = lambda folder, ds=ds: ds.vtkseries.to_vtr(folder / "run.pvd")  # type: ignore[misc]
    return found


def started(module: str) -> float:
    """Give the seconds that a Python takes that imports a module."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
    return time.perf_counter() - begin


def main(directory: str, runs: str) -> None:
    """Time everything in turns and print the medians as a table."""
    work = jobs()
    times: dict[str, list[float]] = {name: [] for name in work}
    work_done: dict[str, list[float]] = {name: [] for name in work}
    with dask.config.set(scheduler="threads"):
        for _ in range(int(runs)):
            for name, job in work.items():
                folder = Path(tempfile.mkdtemp(dir=directory))
                begin, before = time.perf_counter(), time.process_time()
                job(folder)
                times[name].append(time.perf_counter() - begin)
                work_done[name].append(time.process_time() - before)
                shutil.rmtree(folder)
    medians = {name: statistics.median(found) for name, found in times.items()}
    worked = {name: statistics.median(found) for name, found in work_done.items()}
    starts: dict[str, list[float]] = {"xarray": [], "vtkseries": []}
    for _ in range(STARTS):
        for module, seconds in starts.items():
            seconds.append(started(module))
    lines = ["| work | measured | target |", "|---|---|---|"]
    for name, target in (("NumPy", "<= 1"), ("dask", "<= 1"), ("dask by 50", "<= 1")):
        over = (medians[f"{name} {MANY}"] - medians[f"tofile {MANY}"]) / MANY * 1e3
        lines.append(f"| ms a step over the bytes, {MANY} steps of {N}³, {name} | {over:.2f} | {target} |")
        growth = medians[f"{name} {MANY}"] / medians[f"{name} {FEW}"]
        lines.append(f"| {MANY} steps beside {FEW}, {name} | {growth:.2f} | <= 4.4 |")
        growth = worked[f"{name} {MANY}"] / worked[f"{name} {FEW}"]
        lines.append(f"| {MANY} steps beside {FEW}, {name}, processor time | {growth:.2f} | |")
    ours, theirs = (statistics.median(starts[module]) for module in ("vtkseries", "xarray"))
    lines.append(f"| import vtkseries beside import xarray | {ours / theirs:.3f} | <= 1.15 |")
    sys.stdout.write("\n".join(lines) + "\n")
