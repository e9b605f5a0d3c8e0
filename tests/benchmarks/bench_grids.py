"""Images and structured grids beside ``tofile`` of the same bytes: ``python -m tests.benchmarks.bench_grids``.

Arguments: a directory (by default /dev/shm), the runs (5), and words that choose among the lines. The points of a
structured grid count as bytes: ``tofile`` writes them too, from memory, and so do heights that are kept as a field.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import xarray as xr

from vtkseries.accessor import VtkAccessor

STEPS = 3
DIMS = ("time", "z", "y", "x")
SHAPE = (STEPS, 192, 256, 352)


def slabs(array: Any, many: int) -> Any:
    """Give a dask array whose blocks are views of z-slabs, so that making them costs nothing."""

    def block(block_info: Any = None) -> Any:
        return array[tuple(slice(a, b) for a, b in block_info[None]["array-location"])]

    _, nz, ny, nx = array.shape
    chunks = ((1,) * STEPS, (many,) * (nz // many), (ny,), (nx,))
    return da.map_blocks(block, chunks=chunks, dtype="f4", meta=np.empty((0,) * 4, "f4"))


def coordinates(kind: str) -> dict[str, Any]:
    """Give the coordinates of a kind of grid."""
    _, nz, ny, nx = SHAPE
    lines = {"x": np.linspace(0, 1, nx), "y": np.linspace(0, 2, ny), "z": np.linspace(0, 3, nz)}
    if kind in ("image", "lines"):
        return lines
    lon, lat = np.meshgrid(np.linspace(5, 30, nx), np.linspace(40, 60, ny))
    plane = {"lon": (("y", "x"), lon + lat / 9), "lat": (("y", "x"), lat - lon / 9), "z": lines["z"]}
    if kind == "plane":
        return plane
    if kind == "globe":
        lon = np.arange(nx) * 360 / nx
        return {"lon": ("x", lon, {"units": "degrees_east"}), "lat": ("y", np.linspace(-80, 80, ny)), "z": lines["z"]}
    if kind == "bent globe":
        return plane
    height = lines["z"][:, None, None] + np.sin(lon) * np.cos(lat)
    if kind == "terrain":
        return {**plane, "height": (("z", "y", "x"), height)}
    moving = height + np.arange(STEPS)[:, None, None, None]
    return {**plane, "height": (DIMS, moving)}


def main(directory: str = "/dev/shm", runs: str = "5", *words: str) -> None:  # noqa: S108  # memory-backed on purpose
    """Time everything in turns and print the medians' ratios as a table."""
    values = np.random.default_rng(0).standard_normal(SHAPE, dtype="f4")
    points = np.random.default_rng(1).standard_normal((*SHAPE[1:], 3))
    heights = points[..., 0].copy()
    jobs: dict[str, tuple[str, Callable[[Path], Any]]] = {}

    def raw(folder: Path, *arrays: Any) -> None:
        for step in range(STEPS):
            with (folder / f"{step}.raw").open("wb") as file:
                values[step].tofile(file)
                for array in arrays:
                    array.tofile(file)

    def ours(data: Any, kind: str, verb: str, **options: Any) -> Callable[[Path], Any]:
        ds = xr.Dataset({"T": (DIMS, data)}, coordinates(kind))
        return lambda folder: getattr(VtkAccessor(ds), verb)(folder / "run.pvd", **options)

    plane = {"x": "lon", "y": "lat"}
    terrain = {**plane, "z": "height"}
    for how, data in (("", values), (", dask z-slabs", slabs(values, 32)), (", dask z-slabs of 8", slabs(values, 8))):
        jobs |= {
            f"vti{how}": ("tofile", ours(data, "image", "to_vti")),
            f"vtr{how}": ("tofile", ours(data, "image", "to_vtr")),
            f"vts, lines{how}": ("tofile with points", ours(data, "lines", "to_vts")),
            f"vts, plane{how}": ("tofile with points", ours(data, "plane", "to_vts", **plane)),
            f"vts, terrain{how}": ("tofile with heights", ours(data, "terrain", "to_vts", **terrain)),
            f"vts, moving{how}": ("tofile with heights", ours(data, "moving", "to_vts", **terrain)),
            f"globe{how}": ("tofile with points", ours(data, "globe", "to_vts", sphere=True, **plane)),
            f"bent globe{how}": ("tofile with points", ours(data, "bent globe", "to_vts", sphere=True, **plane)),
        }
    jobs = {name: job for name, job in jobs.items() if not words or name in words}
    jobs |= {
        "tofile": ("tofile", raw),
        "tofile with points": ("tofile", lambda folder: raw(folder, points)),
        "tofile with heights": ("tofile", lambda folder: raw(folder, points, heights)),
    }
    times: dict[str, list[float]] = {name: [] for name in jobs}
    with dask.config.set(scheduler="threads"):
        for _ in range(int(runs)):
            for name, (_, job) in jobs.items():
                folder = Path(tempfile.mkdtemp(dir=directory))
                start = time.perf_counter()
                job(folder)
                times[name].append(time.perf_counter() - start)
                shutil.rmtree(folder)
    medians = {name: statistics.median(found) for name, found in times.items()}
    lines = ["| work | seconds | beside | seconds | ratio | target |", "|---|---|---|---|---|---|"]
    for name, (peer, _) in jobs.items():
        target = "" if name.startswith("tofile") else "<= 1.3" if "dask" in name else "<= 1.15"
        ratio = medians[name] / medians[peer]
        lines.append(f"| {name} | {medians[name]:.3f} | {peer} | {medians[peer]:.3f} | {ratio:.2f} | {target} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
