"""Bytes to memory-backed files, beside NumPy and the peers: ``python -m tests.benchmarks disk``."""

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
import pyevtk.hl
import vtk
import xarray as xr
from vtk.util.numpy_support import numpy_to_vtk

from vtkseries.accessor import VtkAccessor

N, STEPS = 256, 2
Work = dict[str, Callable[[Path], Any]]


def smooth() -> Any:
    """Give a smooth field with noise, 64 MiB of float32 a step, as (time, z, y, x)."""
    axis = np.linspace(0, 6, N, dtype="f4")
    field = np.sin(axis)[:, None, None] * np.cos(axis)[:, None] * np.sin(axis)
    noise = np.random.default_rng(0).standard_normal((STEPS, N, N, N), dtype="f4")
    return field + np.float32(1e-3) * noise


def blocks(array: Any, z: int, x: int) -> Any:
    """Give a dask array whose blocks are views of so many planes and columns, so that making them costs nothing."""

    def block(block_info: Any = None) -> Any:
        return array[tuple(slice(a, b) for a, b in block_info[None]["array-location"])]

    chunks = ((1,) * STEPS, (z,) * (N // z), (N,), (x,) * (N // x))
    return da.map_blocks(block, chunks=chunks, dtype="f4", meta=np.empty((0,) * 4, "f4"))


def vtk_write(array: Any, folder: Path, compressor: str | None) -> None:
    """Write each step with VTK's own writer, its arrays shared with NumPy."""
    for step in range(STEPS):
        grid = vtk.vtkRectilinearGrid()
        grid.SetDimensions(N, N, N)
        for name in "XYZ":
            getattr(grid, f"Set{name}Coordinates")(numpy_to_vtk(np.arange(N, dtype="f8"), deep=True))
        values = numpy_to_vtk(array[step].reshape(-1))
        values.SetName("T")
        grid.GetPointData().AddArray(values)
        writer = vtk.vtkXMLRectilinearGridWriter()
        writer.SetFileName(str(folder / f"{step}.vtr"))
        writer.SetInputData(grid)
        writer.SetEncodeAppendedData(False)
        writer.SetHeaderTypeToUInt64()
        {None: writer.SetCompressorTypeToNone, "zlib": writer.SetCompressorTypeToZLib}.get(
            compressor, writer.SetCompressorTypeToLZ4
        )()
        writer.Write()


def evtk_write(array: Any, folder: Path) -> None:
    """Write each step with PyEVTK, which wants Fortran order, as the peers' figure was measured."""
    axis = np.arange(N, dtype="f8")
    for step in range(STEPS):
        pyevtk.hl.gridToVTK(str(folder / str(step)), axis, axis, axis, pointData={"T": array[step].transpose(2, 1, 0)})


def work() -> Work:
    """Give all that is timed, each a function of an empty directory."""
    zyx = smooth()
    xyz = np.ascontiguousarray(zyx.transpose(0, 3, 2, 1))
    first = xr.Dataset({"T": (("time", "z", "y", "x"), zyx)})
    other = xr.Dataset({"T": (("time", "x", "y", "z"), xyz)})
    lazy = xr.Dataset({"T": (("time", "z", "y", "x"), blocks(zyx, 32, N))})
    narrow = xr.Dataset({"T": (("time", "z", "y", "x"), blocks(zyx, 64, 64))})
    double = xyz.astype("f8")
    doubles = xr.Dataset({"T": (("time", "x", "y", "z"), double)})
    thirds = [zyx[:, :85] + np.float32(c) for c in range(3)]
    turns = [np.ascontiguousarray(part.transpose(0, 3, 2, 1)) for part in thirds]
    vector = xr.Dataset({name: (("time", "z", "y", "x"), part) for name, part in zip("uvw", thirds, strict=True)})
    sideways = xr.Dataset({name: (("time", "x", "y", "z"), part) for name, part in zip("uvw", turns, strict=True)})
    wind = {"vectors": {"wind": ("u", "v", "w")}}

    def ours(ds: xr.Dataset, **options: Any) -> Callable[[Path], Any]:
        return lambda folder: VtkAccessor(ds).to_vtr(folder / "run.pvd", **options)

    def raw(folder: Path) -> None:
        for step in range(STEPS):
            zyx[step].tofile(folder / f"{step}.raw")

    def turned(folder: Path) -> None:
        for step in range(STEPS):
            np.ascontiguousarray(xyz[step].transpose(2, 1, 0)).tofile(folder / f"{step}.raw")

    def turned_double(folder: Path) -> None:
        for step in range(STEPS):
            np.ascontiguousarray(double[step].transpose(2, 1, 0)).tofile(folder / f"{step}.raw")

    def together(folder: Path, *components: Any) -> None:
        for step in range(STEPS):
            np.stack([component[step] for component in components], -1).tofile(folder / f"{step}.raw")

    return {
        "tofile": raw,
        "ascontiguousarray + tofile": turned,
        "ascontiguousarray + tofile, float64": turned_double,
        "stack + tofile": lambda folder: together(folder, *thirds),
        "stack + tofile, (x, y, z)": lambda folder: together(folder, *(part.transpose(0, 3, 2, 1) for part in turns)),
        "raw, (z, y, x)": ours(first),
        "raw, (x, y, z)": ours(other),
        "raw, (x, y, z), float64": ours(doubles),
        "raw, vectors of three, (z, y, x)": ours(vector, **wind),
        "raw, vectors of three, (x, y, z)": ours(sideways, **wind),
        "raw, dask z-slabs": ours(lazy),
        "raw, dask blocks cut along x": ours(narrow),
        "zlib": ours(first, compression="zlib"),
        "lz4": ours(first, compression="lz4"),
        "PyEVTK": lambda folder: evtk_write(zyx, folder),
        "VTK raw": lambda folder: vtk_write(zyx, folder, None),
        "VTK zlib": lambda folder: vtk_write(zyx, folder, "zlib"),
        "VTK lz4": lambda folder: vtk_write(zyx, folder, "lz4"),
    }


RATIOS = [
    ("raw, (z, y, x)", "tofile", "<= 1.15"),
    ("raw, (x, y, z)", "ascontiguousarray + tofile", "<= 1.15"),
    ("raw, (x, y, z), float64", "ascontiguousarray + tofile, float64", "<= 1.15"),
    ("raw, vectors of three, (z, y, x)", "stack + tofile", "<= 1.15"),
    ("raw, vectors of three, (x, y, z)", "stack + tofile, (x, y, z)", "<= 1.15"),
    ("raw, dask z-slabs", "tofile", "<= 1.3"),
    ("raw, dask blocks cut along x", "tofile", "none"),
    ("PyEVTK", "raw, (z, y, x)", ">= 38"),
    ("VTK raw", "raw, (z, y, x)", ">= 1.9"),
    ("VTK zlib", "zlib", ">= 20"),
    ("VTK lz4", "lz4", ">= 2"),
]


def size(folder: Path) -> int:
    """Give the bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main(directory: str, runs: str, *words: str) -> None:
    """Time everything in turns, or what has one of the words in its name, and print the medians' ratios as a table."""
    ratios = [row for row in RATIOS if not words or any(word in row[0] for word in words)]
    jobs = {name: job for name, job in work().items() if any(name in row for row in ratios)}
    times: dict[str, list[float]] = {name: [] for name in jobs}
    work_done: dict[str, list[float]] = {name: [] for name in jobs}
    sizes: dict[str, int] = {}
    with dask.config.set(scheduler="threads"):
        for _ in range(int(runs)):
            for name, job in jobs.items():
                folder = Path(tempfile.mkdtemp(dir=directory))
                start, before = time.perf_counter(), time.process_time()
                job(folder)
                times[name].append(time.perf_counter() - start)
                work_done[name].append(time.process_time() - before)
                sizes[name] = size(folder)
                shutil.rmtree(folder)
    medians = {name: statistics.median(found) for name, found in times.items()}
    busy = {name: statistics.median(found) for name, found in work_done.items()}
    lines = [
        "| work | seconds | beside | seconds | ratio | of processor time | target |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, peer, target in ratios:
        a, b = medians[name], medians[peer]
        lines.append(
            f"| {name} | {a:.3f} | {peer} | {b:.3f} | {a / b:.2f} | {busy[name] / busy[peer]:.2f} | {target} |"
        )
    if {"zlib", "VTK zlib"} <= sizes.keys():
        lines.append(f"| zlib file | | VTK zlib file | | {sizes['zlib'] / sizes['VTK zlib']:.3f} | | <= 1.02 |")
    sys.stdout.write("\n".join(lines) + "\n")
