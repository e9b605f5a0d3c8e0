"""How many steps a second ParaView shows of a series, beside its own netCDF reader on the same data.

Run with ``python -m tests.benchmarks.bench_watching [directory] [runs]``; it needs ``pvbatch`` and ``xvfb-run``.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import xarray as xr

import vtkseries  # noqa: F401  # registers the accessor

SIDE, STEPS = 128, 20
PEER = "netCDF, deflated, chunks as the library chooses them"
INSIDE = Path(__file__).with_name("watch.py")


def sources(folder: Path) -> dict[str, Path]:
    """Write the same data in each way: 8 MiB of float32 a step."""
    axis = np.linspace(0, 6, SIDE, dtype="f4")
    smooth = np.sin(axis)[:, None, None] * np.cos(axis)[:, None] * np.sin(axis)
    noise = np.random.default_rng(0).standard_normal((STEPS, SIDE, SIDE, SIDE), dtype="f4")
    axes = {name: np.arange(SIDE, dtype="f8") for name in "zyx"}
    ds = xr.Dataset(
        {"T": (("time", "z", "y", "x"), smooth + np.float32(1e-3) * noise)},
        {"time": ("time", np.arange(STEPS, dtype="f8"), {"units": "days since 2000-01-01"}), **axes},
    )
    deflate = {"zlib": True, "complevel": 4}
    ds.to_netcdf(folder / "deflated.nc", encoding={"T": deflate})
    ds.to_netcdf(folder / "by_step.nc", encoding={"T": {**deflate, "chunksizes": (1, SIDE, SIDE, SIDE)}})
    ds.to_netcdf(folder / "plain.nc")
    return {
        PEER: folder / "deflated.nc",
        "netCDF, deflated, chunked by step": folder / "by_step.nc",
        "netCDF, neither deflated nor chunked": folder / "plain.nc",
        "raw .pvd": ds.vtkseries.to_vtr(folder / "raw.pvd"),
        "lz4 .pvd": ds.vtkseries.to_vtr(folder / "lz4.pvd", compression="lz4"),
        "zlib .pvd": ds.vtkseries.to_vtr(folder / "zlib.pvd", compression="zlib"),
    }


def main(directory: str = "/dev/shm", runs: str = "5") -> None:  # noqa: S108  # memory-backed on purpose
    """Have one ParaView walk all of them in turns, and print the medians as a table."""
    with tempfile.TemporaryDirectory(dir=directory) as top:
        paths = sources(Path(top))
        answer = Path(top, "answer.json")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LD_"))}
        screen = ["xvfb-run", "-a", "-s", "-noreset -screen 0 1024x768x24"]
        command = [*screen, "timeout", "-s", "KILL", "600", "pvbatch", str(INSIDE), runs, str(answer)]
        subprocess.run([*command, *map(str, paths.values())], env=environment, check=True)
        found = {name: json.loads(answer.read_text())[str(path)] for name, path in paths.items()}
    ranges = {tuple(turn["range"]) for turns in found.values() for turn in turns}
    assert len(ranges) == 1, f"not the same data: {ranges}"
    rates = {name: STEPS / statistics.median(turn["seconds"] for turn in turns) for name, turns in found.items()}
    lines = ["| in ParaView | steps a second | beside the first | target |", "|---|---|---|---|"]
    targets = {"raw .pvd": ">= 20"}
    for name, rate in rates.items():
        lines.append(f"| {name} | {rate:.1f} | {rate / rates[PEER]:.1f} | {targets.get(name, '')} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
