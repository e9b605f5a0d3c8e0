"""``.pvd``, ``.vtkhdf`` and links: seconds to the first frame, frames a second, bytes on disk; and what linking costs.

Run with ``python tests/benchmarks/bench_hdf.py [directory] [runs] [play | link]`` on a quiet machine, in memory.
Each figure is the median of interleaved runs; VTK 9.7 reads all values of each frame, from the page cache.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import netCDF4
import numpy as np
import xarray as xr
from vtkmodules.vtkIOHDF import vtkHDFReader
from vtkmodules.vtkIOXML import vtkXMLRectilinearGridReader

import vtkseries

SHAPE = (20, 64, 192, 256)
FILES = 300
DIMS = ("time", "z", "y", "x")


def series() -> xr.Dataset:
    """Give steps of a smooth float32 field with noise."""
    noise = np.random.default_rng(0).standard_normal(SHAPE, dtype="f4")
    field = np.sin(np.linspace(0, 6, SHAPE[3], dtype="f4")) + np.float32(0.1) * noise
    return xr.Dataset({"T": (DIMS, field)}, {d: np.arange(n) * 1.0 for d, n in zip(DIMS, SHAPE, strict=True)})


def write_all(folder: Path) -> dict[str, tuple[Path, list[Path]]]:
    """Write the series in all ways: by its name, what is opened, and what takes room beside the netCDF file."""
    ds = series()
    found: dict[str, tuple[Path, list[Path]]] = {}
    for name, compression in ((".pvd, raw", None), (".pvd, zlib", "zlib")):
        path = ds.vtkseries.to_vtr(folder / f"{compression}.pvd", compression=compression)
        found[name] = path, [path, *path.with_suffix("").iterdir()]
    for name, compression in ((".vtkhdf, None", None), (".vtkhdf, deflate", "zlib")):
        path = ds.vtkseries.to_vtkhdf(folder / f"{compression}.vtkhdf", compression=compression)
        found[name] = path, [path]
    chunk = (1, *SHAPE[1:])
    sources: dict[str, tuple[xr.Dataset, dict[str, object]]] = {
        "link, contiguous": (ds, {}),
        "link, deflate": (ds, {"zlib": True, "complevel": 1, "chunksizes": chunk}),
        "link, contiguous, y turned": (ds.isel(y=slice(None, None, -1)), {}),
        "link, deflate, y turned": (
            ds.isel(y=slice(None, None, -1)),
            {"zlib": True, "complevel": 1, "chunksizes": (1, 1, *SHAPE[2:])},
        ),
    }
    for number, (name, (source, encoding)) in enumerate(sources.items()):
        source.to_netcdf(folder / f"{number}.nc", encoding={"T": encoding})
        path = vtkseries.link(folder / f"{number}.nc", folder / f"link_{number}.vtkhdf")
        found[name] = path, [path]
    return found


def play(path: Path) -> tuple[float, float]:
    """Give the seconds until the first frame, and of each frame after it."""
    begin = time.perf_counter()
    first = 0.0
    for step, frame in enumerate(frames(path)):
        frame()
        if step == 0:
            first = time.perf_counter() - begin
    return first, (time.perf_counter() - begin - first) / (SHAPE[0] - 1)


def frames(path: Path) -> Iterator[Callable[[], object]]:
    """Give what reads each frame; the series is opened with the first."""
    if path.suffix == ".pvd":
        path.read_bytes()
        grid = vtkXMLRectilinearGridReader()
        for file in sorted(path.with_suffix("").iterdir()):
            grid.SetFileName(str(file))
            yield grid.Update
        return
    reader = vtkHDFReader()
    reader.SetFileName(str(path))
    reader.UpdateInformation()
    for step in range(SHAPE[0]):
        reader.SetStep(step)
        yield reader.Update


def sparse(folder: Path, *, turned: bool) -> Path:
    """Make a netCDF file of 10 GB, of which the disk holds little."""
    path = folder / f"sparse_{turned}.nc"
    shape = (1000, 10, 250, 1000)
    with netCDF4.Dataset(path, "w") as nc:
        for name, size in zip(DIMS, shape, strict=True):
            nc.createDimension(name, size)
            nc.createVariable(name, "f8", (name,))[:] = np.arange(size)[:: -1 if turned and name == "z" else 1]
        variable = nc.createVariable("T", "f4", DIMS, chunksizes=(1, 1, 250, 1000), zlib=True)
        variable[999, 9, 249, 999] = 7.0
    return path


def many(folder: Path) -> list[Path]:
    """Write a file a step, of five variables."""
    values = np.random.default_rng(1).random((1, 4, 20, 30), "f4")
    paths = [folder / f"many_{number}.nc" for number in range(FILES)]
    for number, path in enumerate(paths):
        fields = dict.fromkeys(("T", "u", "v", "w", "q"), (DIMS, values + number))
        times = ("time", [number], {"units": "hours since 2000-01-01"})
        xr.Dataset(fields, {"time": times, "z": np.arange(4.0)}).to_netcdf(path)
    return paths


def linking(folder: Path) -> dict[str, tuple[Callable[[], object], Path]]:
    """Give what is timed: links made in this process, and by the command line from its cold start."""
    up, down, files = sparse(folder, turned=False), sparse(folder, turned=True), many(folder)
    target = {name: folder / f"{name}.vtkhdf" for name in ("up", "down", "many", "cli")}
    command = [sys.executable, "-m", "vtkseries.cli", "link", str(up), str(target["cli"])]
    return {
        "10 GB": (lambda: vtkseries.link(up, target["up"]), target["up"]),
        "10 GB, z turned": (lambda: vtkseries.link(down, target["down"]), target["down"]),
        f"{FILES} files": (lambda: vtkseries.link(files, target["many"]), target["many"]),
        "10 GB, vtkseries link": (
            lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL),
            target["cli"],
        ),
    }


def main() -> None:
    """Print a table of each kind."""
    where = sys.argv[1] if len(sys.argv) > 1 else "/dev/shm"  # noqa: S108 (memory, not a file of its own)
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    for name, measure in (("play", measure_playing), ("link", measure_linking)):
        if len(sys.argv) < 4 or sys.argv[3] == name:
            with tempfile.TemporaryDirectory(dir=where) as folder:
                measure(Path(folder), runs)


def measure_playing(folder: Path, runs: int) -> None:
    """Print bytes, seconds to the first frame, and frames a second."""
    ways = write_all(folder)
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for _ in range(runs):
        for way, (path, _files) in ways.items():
            found[way].append(play(path))
    raw = statistics.median(frame for _, frame in found[".pvd, raw"])
    for way, (_, files) in ways.items():
        first = statistics.median(f for f, _ in found[way])
        frame = statistics.median(f for _, f in found[way])
        size = sum(file.stat().st_size for file in files) / 1e6
        print(f"{way:28} {size:9.2f} MB {first:7.3f} s {1 / frame:7.1f} frames/s  1/{frame / raw:.1f}", flush=True)  # noqa: T201 (a script)


def measure_linking(folder: Path, runs: int) -> None:
    """Print seconds and bytes of each link."""
    jobs = linking(folder)
    spent: dict[str, list[float]] = {job: [] for job in jobs}
    for _ in range(runs):
        for job, (work, _target) in jobs.items():
            begin = time.perf_counter()
            work()
            spent[job].append(time.perf_counter() - begin)
    for job, (_, target) in jobs.items():
        median, most = statistics.median(spent[job]), max(spent[job])
        print(f"{job:28} {median:6.2f} s (at most {most:.2f} s) {target.stat().st_size / 1e3:8.1f} kB", flush=True)  # noqa: T201 (a script)


if __name__ == "__main__":
    main()
