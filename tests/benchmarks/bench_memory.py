"""What writing a series that is larger than the machine's memory takes of it.

Run with ``python -m tests.benchmarks.bench_memory [directory] [gigabytes]``; the directory is on a disk, by default the
one for temporary files, and by default the series is a tenth larger than the machine's memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MEBI = 1 << 20
SLABS, ROWS, COLUMNS = 8, 1024, 1024
WORKERS = 2
BLOCK = SLABS * ROWS * COLUMNS * 4
CASES: dict[str, dict[str, Any]] = {
    "raw": {},
    "zlib": {"compression": "zlib"},
    "pieces": {"pieces": True},
}


def child(directory: str, gigabytes: str, options: str) -> None:
    """Write a series in a process of its own and print its peak before and after."""
    import resource  # noqa: PLC0415  # not on every system

    import dask  # noqa: PLC0415  # the parent takes no memory
    import dask.array as da  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415
    import xarray as xr  # noqa: PLC0415

    import vtkseries  # noqa: F401, PLC0415

    blocks = 16
    shape = (max(1, round(float(gigabytes) * 1e9 / (BLOCK * blocks))), SLABS * blocks, ROWS, COLUMNS)

    def values(block_info: Any = None) -> Any:
        step, first = (place[0] for place in block_info[None]["array-location"][:2])
        block = np.empty((1, SLABS, ROWS, COLUMNS), "f4")
        block[...] = np.arange(COLUMNS, dtype="f4")
        block += np.float32(step + first / 1000)
        return block

    def write(steps: int, depth: int, name: str) -> None:
        chunks = ((1,) * steps, (SLABS,) * (depth // SLABS), (ROWS,), (COLUMNS,))
        lazy = da.map_blocks(values, chunks=chunks, dtype="f4", meta=np.empty((0,) * 4, "f4"))
        ds = xr.Dataset({"T": (("time", "z", "y", "x"), lazy)}, {"time": np.arange(steps)})
        with dask.config.set(scheduler="threads", num_workers=WORKERS):
            ds.vtkseries.to_vtr(Path(directory, name), **json.loads(options))

    write(1, 2 * SLABS, "first.pvd")  # what is imported and kept at the first use is no part of the figure
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    write(*shape[:2], "run.pvd")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"before": before, "after": after, "bytes": int(np.prod(shape)) * 4}))  # noqa: T201  # the answer


def main(directory: str | None = None, gigabytes: str | None = None) -> None:
    """Write each case in turn and print peaks as a table."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    wanted = gigabytes or f"{1.1 * machine / 1e9:.1f}"
    allowed = (WORKERS + 2) * BLOCK + 64 * MEBI
    sys.stdout.write(f"{machine / 1e9:.1f} GB of memory; blocks of {BLOCK / MEBI:.0f} MiB, {WORKERS} threads\n\n")
    sys.stdout.write("| series | GB | peak over the process with a first small series | allowed |\n|---|---|---|---|\n")
    for name, options in CASES.items():
        with tempfile.TemporaryDirectory(dir=directory) as folder:
            command = [sys.executable, "-m", "tests.benchmarks.bench_memory", "child", folder, wanted]
            answer = subprocess.run([*command, json.dumps(options)], stdout=subprocess.PIPE, check=True)
        told = json.loads(answer.stdout)
        over = (told["after"] - told["before"]) / MEBI
        sys.stdout.write(f"| {name} | {told['bytes'] / 1e9:.1f} | {over:.0f} MiB | {allowed / MEBI:.0f} MiB |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
