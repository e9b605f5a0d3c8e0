"""How fast a series is read, as ratios: medians of interleaved runs, so that a busy machine slows all alike.

Run with ``python tests/benchmarks/bench_read.py [directory]``; a directory in memory (/dev/shm) measures the code
rather than the disk.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOXML import vtkXMLRectilinearGridReader

import vtkseries  # noqa: F401 (registers the accessor)
from vtkseries.xmlformat.codecs import Lz4, Zlib

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS, SIDE = 4, 256
RUNS = 7


def field(step: int) -> np.ndarray[Any, Any]:
    """Give a smooth float32 field with some noise, rounded as model output is."""
    rng = np.random.default_rng(step)
    along = np.sin(np.linspace(0, 6, SIDE, dtype="f4"))
    smooth = along[:, None, None] * along[None, :, None] + along + step
    return np.round(smooth + rng.normal(0, 0.01, (SIDE, SIDE, SIDE)), 3).astype("f4")


def write(folder: Path, name: str, compression: str | None) -> Path:
    """Write the series and give its path."""
    ds = xr.Dataset({"t": (("time", "z", "y", "x"), np.stack([field(step) for step in range(STEPS)]))})
    path: Path = ds.vtkseries.to_vtr(folder / f"{name}.pvd", compression=compression)
    return path


def steps_of(path: Path) -> list[Path]:
    """Give the files of a series."""
    return sorted(path.with_suffix("").iterdir())


def from_file(path: Path) -> None:
    """Read all bytes of the files with NumPy."""
    for step in steps_of(path):
        np.fromfile(step, np.uint8)


def from_one_file(path: Path) -> None:
    """Read the same bytes with NumPy from one file into one array."""
    np.fromfile(path.with_suffix(".bin"), "f4")


def whole(path: Path) -> None:
    """Read all values with the engine, into one array."""
    with xr.open_dataset(path, engine="vtkseries") as ds:
        ds["t"].to_numpy()


def by_step(path: Path) -> None:
    """Read one step after the other with the engine."""
    with xr.open_dataset(path, engine="vtkseries") as ds:
        for step in range(STEPS):
            ds["t"][step].to_numpy()


def by_dask(path: Path) -> None:
    """Read every step as a dask chunk, and reduce it."""
    with xr.open_dataset(path, engine="vtkseries", chunks={}) as ds:
        ds["t"].max().compute()


def by_vtk(path: Path) -> None:
    """Read all files with VTK."""
    reader = vtkXMLRectilinearGridReader()
    for step in steps_of(path):
        reader.SetFileName(str(step))
        reader.Update()
        vtk_to_numpy(reader.GetOutput().GetPointData().GetArray("t"))


def point(path: Path) -> None:
    """Read one point of every step."""
    with xr.open_dataset(path, engine="vtkseries") as ds:
        ds["t"][:, 100, 90, 80].to_numpy()


def medians(actions: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Time actions in turn, several times over."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    for action in actions.values():
        action()
    for _ in range(RUNS):
        for name, action in actions.items():
            started = time.perf_counter()
            action()
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in times.items()}


def show(title: str, found: dict[str, float], base: str) -> None:
    """Print times relative to one of them."""
    print(f"\n{title}")  # noqa: T201 (a script that prints)
    for name, seconds in found.items():
        print(f"  {name:34s} {seconds / found[base]:7.2f}   {seconds * 1e3:9.1f} ms")  # noqa: T201 (a script that prints)


def count_blocks(path: Path) -> float:
    """Count the blocks that are decoded for a point of every step, a step."""
    decoded = []
    originals = [(kind, kind.decode) for kind in (Zlib, Lz4)]
    for kind, decode in originals:

        def counting(self: Any, buffer: Any, size: int, decode: Any = decode) -> Any:
            decoded.append(size)
            return decode(self, buffer, size)

        kind.decode = counting  # type: ignore[method-assign]
    point(path)
    for kind, decode in originals:
        kind.decode = decode  # type: ignore[method-assign]
    return len(decoded) / STEPS


def main() -> None:
    """Write series, read them in several ways and print tables."""
    target = sys.argv[1] if len(sys.argv) > 1 else None
    print(f"{STEPS} steps of {SIDE}^3 float32, medians of {RUNS} interleaved runs")  # noqa: T201 (a script that prints)
    with tempfile.TemporaryDirectory(dir=target) as folder:
        raw = write(Path(folder), "raw", None)
        with raw.with_suffix(".bin").open("wb") as joined:
            for step in steps_of(raw):
                joined.write(step.read_bytes())
        ways = {"np.fromfile of the same bytes": from_one_file, "engine, the whole series": whole}
        show("raw, into one array", medians({k: partial(w, raw) for k, w in ways.items()}), next(iter(ways)))
        ways = {"np.fromfile of each file": from_file, "engine, step by step": by_step}
        ways |= {"engine, dask chunks, maximum": by_dask, "VTK's reader": by_vtk, "engine, a point of each step": point}
        show(
            "raw, one step at a time",
            medians({k: partial(w, raw) for k, w in ways.items()}),
            "np.fromfile of each file",
        )
        for compression in ("zlib", "lz4"):
            path = write(Path(folder), compression, compression)
            ways = {"VTK's reader": by_vtk, "engine, step by step": by_step, "engine, into one array": whole}
            ways |= {"engine, dask chunks, maximum": by_dask, "engine, a point of each step": point}
            show(compression, medians({k: partial(w, path) for k, w in ways.items()}), "VTK's reader")
            print(f"  blocks decoded for a point of each step: {count_blocks(path):.2f} a step")  # noqa: T201 (a script that prints)


if __name__ == "__main__":
    main()
