"""What three ranks do in test_mpi: python mpi_script.py DIRECTORY; rank 0 prints what every rank got."""

# ruff: noqa: T201, BLE001 (a script: it tells what it got, whatever that is)
from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

from vtkseries import SeriesWriter

ROOT = FOLDER = Path(sys.argv[1])
COMM = MPI.COMM_WORLD
RANK = COMM.Get_rank()
X, Y, Z = np.array([0.0, 1.0, 2.5, 3.0, 7.0]), np.array([-1.0, 0.0, 0.5, 4.0]), np.arange(7.0) ** 2
LAST = (2, 4, 6)[RANK]
FIRST = (0, 2, 4)[RANK]
EXTENT = (0, 4, 0, 3, FIRST, LAST)
PART = slice(FIRST, LAST + 1)


def data(step: int) -> dict[str, np.ndarray]:
    p = np.arange(140.0).reshape(7, 4, 5) + 1000 * step
    return {"p": p[PART], "u": np.stack([p, -p, 0.5 * p], -1)[PART]}


def cells(step: int) -> dict[str, np.ndarray]:
    return {"q": (np.arange(72, dtype="i4").reshape(6, 3, 4) + 100 * step)[FIRST:LAST]}


def run(steps: range, mode: str, **options: Any) -> None:
    with SeriesWriter(
        FOLDER / "run.pvd", X, Y, Z, mode=mode, comm=COMM, extent=options.pop("extent", EXTENT), **options
    ) as series:
        for step in steps:
            file = series.write(step / 4, data(step), cells(step))
            assert file.name == f"run_{step:06d}.pvtr"


def fail_on_one_rank() -> None:
    """Let rank 1 break down within a step: nobody waits for ever, and the step may be tried again."""
    with SeriesWriter(FOLDER / "run.pvd", X, Y, Z, comm=COMM, extent=EXTENT) as series:
        series.write(0.0, data(0), cells(0))
        real = os.pwrite
        if RANK == 1:

            def full(*_: object) -> int:
                raise OSError(28, "No space left on device")

            os.pwrite = full
        try:
            series.write(0.25, data(1), cells(1))
        except OSError as error:
            seen = str(error)
        os.pwrite = real
        said = COMM.gather(seen)
        if RANK == 0:
            print(*said or (), sep="\n")
        series.write(0.25, data(1), cells(1))


def wrong(**options: Any) -> None:
    try:
        run(range(1), "w", **options)
    except Exception as error:
        said = COMM.gather(f"{type(error).__name__}: {error}")
    else:
        said = COMM.gather("no error")
    if RANK == 0:
        print(*said or (), sep="\n")


def locked() -> None:
    with SeriesWriter(FOLDER / "run.pvd", X, Y, Z, comm=COMM, extent=EXTENT) as series:
        series.write(0.0, data(0), cells(0))
        wrong()


def gap() -> None:
    """Leave no piece between points 2 and 3 to rank 1."""
    global PART, FIRST  # noqa: PLW0603  # what this rank has
    before = FIRST
    FIRST += RANK == 1
    PART = slice(FIRST, LAST + 1)
    wrong(extent=(0, 4, 0, 3, FIRST, LAST))
    FIRST, PART = before, slice(before, LAST + 1)


def restart() -> None:
    run(range(3), "w")
    run(range(2, 5), "a")


warnings.simplefilter("ignore")
CASES = {
    "compressed": lambda: run(range(3), "w", compression="zlib", durable=True),
    "restart": restart,
    "full disk": fail_on_one_rank,
    "gap": gap,
    "outside": lambda: wrong(extent=(0, 4, 0, 3, FIRST, LAST + (RANK == 2))),
    "locked": locked,
}
for name, case in CASES.items():
    FOLDER = ROOT / name
    if RANK == 0:
        FOLDER.mkdir()
        print(f"== {name}")
    COMM.Barrier()
    case()
