"""The same calls on PyEVTK and vtkseries.evtk, in turns; prints medians and their ratios.

Run it on a quiet machine: ``python tests/benchmarks/bench_evtk.py [directory] [megabytes] [runs]``.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyevtk.hl

from vtkseries import evtk


def cases(megabytes: float) -> dict[str, tuple[str, dict[str, Any]]]:
    """Arrays of at least that many megabytes, unequal along x, y and z."""
    found = {}
    for dtype in ("f4", "f8"):
        item = np.dtype(dtype).itemsize
        for parts, kind in ((1, "scalar"), (3, "vector")):
            n = int(np.ceil((megabytes * 1e6 / item / parts) ** (1 / 3)))
            rng = np.random.default_rng(0)
            array = rng.random((n + 4, n, n - 3)).astype(dtype)
            for order, arrange in (("C", np.ascontiguousarray), ("F", np.asfortranarray)):
                content: Any = arrange(array) if parts == 1 else tuple(arrange(array + c) for c in range(3))
                found[f"{kind} {array.dtype} {order}"] = ("imageToVTK", {"pointData": {"a": content}})
    return found


def measure(directory: Path, megabytes: float, runs: int) -> None:
    """Time each case `runs` times on both packages, one after the other."""
    print(f"{'case':22}{'PyEVTK':>10}{'vtkseries':>11}{'ratio':>8}{'tofile':>9}{'bound':>8}  (s, median of {runs})")  # noqa: T201
    for name, (function, kwargs) in cases(megabytes).items():
        times: dict[str, list[float]] = {"pyevtk": [], "vtkseries": [], "floor": []}
        for _ in range(runs):
            for key, package in (("pyevtk", pyevtk.hl), ("vtkseries", evtk)):
                path = directory / key
                begin = time.perf_counter()
                written = getattr(package, function)(str(path), **kwargs)
                times[key].append(time.perf_counter() - begin)
                size = Path(written).stat().st_size
                Path(written).unlink()
            # What NumPy and the system alone need for a file of that size: about the least that a writer can take.
            content = np.ones(size, np.uint8)
            begin = time.perf_counter()
            content.tofile(directory / "floor")
            times["floor"].append(time.perf_counter() - begin)
            (directory / "floor").unlink()
        theirs, ours, floor = (statistics.median(times[key]) for key in times)
        print(f"{name:22}{theirs:10.3f}{ours:11.4f}{theirs / ours:8.0f}{floor:9.4f}{theirs / floor:8.0f}")  # noqa: T201


if __name__ == "__main__":
    where = Path(tempfile.mkdtemp(dir=sys.argv[1] if len(sys.argv) > 1 else None))
    try:
        measure(where, float(sys.argv[2] if len(sys.argv) > 2 else 64), int(sys.argv[3] if len(sys.argv) > 3 else 5))
    finally:
        shutil.rmtree(where)
