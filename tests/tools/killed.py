"""Write a series to ``.vtkhdf`` over and over, killed at another point each time; run as a script.

Each attempt is a fork that kills itself with SIGKILL, before or amid its n-th write or rename, or is killed after
a random time. ``<n>.vtkhdf`` is what it left, and ``<n>.txt`` has a letter a step that was finished before.
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

STEPS = 5
RANDOM = 12


def dataset() -> xr.Dataset:
    """Give the series that is written."""
    values = np.arange(STEPS * 3 * 4 * 6, dtype="f4").reshape(STEPS, 3, 4, 6)
    fields = {"T": (("time", "z", "y", "x"), values), "mean": ("time", values.mean((1, 2, 3)))}
    return xr.Dataset(fields, {"time": np.arange(STEPS) * 0.5, "x": [0.0, 1.0, 3.0, 4.0, 5.0, 9.0]})


def write(folder: Path, name: str, *, kill_at: int | None, append: bool) -> None:
    """Write the series; die at a call."""
    ds = dataset()
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
    if append:
        for step in range(STEPS):
            ds.isel(time=[step]).vtkseries.to_vtkhdf(target, mode="a")
    else:
        ds.vtkseries.to_vtkhdf(target)
    (folder / f"{name}.done").touch()


def attempt(folder: Path, name: str, *, kill_at: int | None, append: bool, after: float | None = None) -> None:
    """Fork a writer, and wait for its end."""
    child = os.fork()
    if not child:
        try:
            write(folder, name, kill_at=kill_at, append=append)
        finally:
            os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def main() -> None:
    """Kill at every few calls until one attempt ends by itself, then at random times."""
    folder, append = Path(sys.argv[1]), sys.argv[2] == "append"
    with tempfile.TemporaryDirectory() as elsewhere:  # loads what forks would each have to load
        dataset().vtkseries.to_vtkhdf(Path(elsewhere) / "run.vtkhdf")
    stride = 4 if append else 1
    number = 0
    while not (folder / f"{number}.done").exists():
        number += stride
        attempt(folder, str(number), kill_at=number, append=append)
    begin = time.monotonic()
    attempt(folder, "whole", kill_at=None, append=append)
    whole = time.monotonic() - begin
    chance = random.Random(8)  # noqa: S311 (no secret)
    for index in range(RANDOM):
        attempt(folder, f"random{index}", kill_at=None, append=append, after=chance.random() * whole)


if __name__ == "__main__":
    main()
