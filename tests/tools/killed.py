"""Write a series to ``.vtkhdf`` over and over, killed at another point each time; run as a script.

Each attempt is a fork that kills itself with SIGKILL, before or amid its n-th write or rename, or is killed after
a random time. ``<n>.vtkhdf`` is what it left, and ``<n>.txt`` has a letter a step that was finished before.

``python killed.py FOLDER HOW [STRIDE [RANDOM]]``: HOW is "at once", "append", "solver" or "grids"; a kill at every
STRIDE-th call, and RANDOM kills at random times.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import vtkseries.hdf.patch
import vtkseries.hdf.store
import vtkseries.storage.stepfile
from vtkseries import SeriesWriter

STEPS = 5
RANDOM = 12


def dataset(*, several: bool = False) -> xr.Dataset:
    """Give the series that is written, of one grid or of two."""
    values = np.arange(STEPS * 3 * 4 * 6, dtype="f4").reshape(STEPS, 3, 4, 6)
    fields: dict[str, Any] = {"T": (("time", "z", "y", "x"), values), "mean": ("time", values.mean((1, 2, 3)))}
    if several:
        fields["p"] = (("time", "y", "x"), values[:, 1] + 9000)
    return xr.Dataset(fields, {"time": np.arange(STEPS) * 0.5, "x": [0.0, 1.0, 3.0, 4.0, 5.0, 9.0]})


def put(ds: xr.Dataset, target: Path, how: str) -> None:
    """Write the series in one of the ways."""
    if how == "append":
        for step in range(STEPS):
            ds.isel(time=[step]).vtkseries.to_vtkhdf(target, mode="a")
    elif how == "solver":
        axes = (ds["x"], np.arange(4.0), np.arange(3.0))
        for first in (0, 2):
            with SeriesWriter(target, *axes, mode="w" if first == 0 else "a") as series:
                for step in range(first, 2 if first == 0 else STEPS):
                    series.write(float(ds["time"][step]), {"T": ds["T"].values[step]})
    else:
        ds.vtkseries.to_vtkhdf(target)


def write(folder: Path, name: str, how: str, *, kill_at: int | None) -> None:
    """Write the series; die at a call."""
    ds = dataset(several=how == "grids")
    calls = 0
    log = os.open(folder / f"{name}.txt", os.O_WRONLY | os.O_CREAT)
    commit = vtkseries.hdf.store.Store.commit
    write_at, rename = vtkseries.storage.stepfile.write_at, vtkseries.storage.stepfile.replace

    def counted(function: Any, *args: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == kill_at:
            if function is write_at and kill_at % 2 and len(args[2]) > 8:
                write_at(args[0], args[1], bytes(args[2])[: len(args[2]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        function(*args)

    def logged(self: Any, *args: Any) -> None:
        commit(self, *args)
        os.write(log, b"x")

    for module in (vtkseries.hdf.patch, vtkseries.hdf.store, vtkseries.storage.stepfile):
        module.write_at = lambda *args: counted(write_at, *args)  # type: ignore[attr-defined]
    vtkseries.storage.stepfile.replace = lambda *args: counted(rename, *args)
    vtkseries.hdf.store.Store.commit = logged  # type: ignore[assignment,method-assign]
    target = folder / f"{name}.vtkhdf"
    put(ds, target, how)
    (folder / f"{name}.done").touch()


def attempt(folder: Path, name: str, how: str, *, kill_at: int | None, after: float | None = None) -> None:
    """Fork a writer, and wait for its end."""
    child = os.fork()
    if not child:
        try:
            write(folder, name, how, kill_at=kill_at)
        finally:
            os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def main() -> None:
    """Kill at every few calls until one attempt ends by itself, then at random times."""
    folder, how = Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as elsewhere:  # loads what forks would each have to load
        put(dataset(several=how == "grids"), Path(elsewhere) / "run.vtkhdf", how)
    stride = int(sys.argv[3]) if len(sys.argv) > 3 else 1 if how == "at once" else 4
    number = 0
    while not (folder / f"{number}.done").exists():
        number += stride
        attempt(folder, str(number), how, kill_at=number)
    begin = time.monotonic()
    attempt(folder, "whole", how, kill_at=None)
    whole = time.monotonic() - begin
    chance = random.Random(8)  # noqa: S311 (no secret)
    for index in range(int(sys.argv[4]) if len(sys.argv) > 4 else RANDOM):
        attempt(folder, f"random{index}", how, kill_at=None, after=chance.random() * whole)


if __name__ == "__main__":
    main()
