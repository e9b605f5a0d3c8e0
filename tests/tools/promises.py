"""Promises, their checks, and ways to break them: rows of tables in tests/test_promises*.py."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

from tools.faults import Killed, faults
from tools.readers import read_vtk
from tools.reopen import in_vtk
from tools.solver import Solver
from vtkseries import FormatError, SeriesError, SeriesWriter

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SOLVER", "Promises", "dataset", "expect", "killed_anywhere", "solve"]

SOLVER = Solver()
Check = Callable[["Path"], None]
Break = Callable[[pytest.MonkeyPatch], None]


class Promises:
    """A table: each promise has a check that passes, and fails when the promise is broken in any of the given ways."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[Check, dict[str, Break]]] = {}

    def add(self, name: str, check: Check, **breaks: Break) -> None:
        assert breaks, f"{name} is not broken on purpose"
        self.rows[name] = check, breaks

    @property
    def numbers(self) -> list[str]:
        return [name.partition(":")[0] for name in self.rows]

    @property
    def broken(self) -> list[tuple[str, str]]:
        return [(name, how) for name, (_, breaks) in self.rows.items() for how in breaks]

    def check(self, name: str, folder: Path) -> None:
        self.rows[name][0](folder)

    def notice(self, name: str, how: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
        """Break a promise, and see its check fail."""
        self.rows[name][1][how](patch)
        with pytest.raises((AssertionError, pytest.fail.Exception, OSError, SeriesError, FormatError)):
            self.check(name, folder)


def solve(path: Path, steps: range, mode: str = "w", done: list[int] | None = None, **options: Any) -> None:
    with SeriesWriter(path, *SOLVER.axes, mode=mode, **options) as series:
        for step in steps:
            series.write(step, {"p": SOLVER.pressure(step)})
            if done is not None:
                done.append(step)


def expect(path: Path, at_least: int, at_most: int) -> None:
    """Check the steps and values that VTK reads."""
    seen = in_vtk(path) if path.exists() else []
    assert [time for time, _ in seen] == list(range(len(seen)))
    assert at_least <= len(seen) <= at_most, f"{len(seen)} steps, not {at_least} to {at_most}"
    for step in range(len(seen)):
        file = path.parent / path.stem / f"{path.stem}_{step:06d}.vtr"
        np.testing.assert_array_equal(read_vtk(file).point["p"], SOLVER.pressure(step))


def killed_anywhere(folder: Path) -> None:
    for kind in ("kill after", "kill within"):
        for at in range(3, 80, 3 if kind == "kill after" else 1):
            path, done = folder / f"{kind}{at}" / "run.pvd", list[int]()
            with faults(kind, at) as calls, contextlib.suppress(Killed):
                solve(path, range(3), done=done)
            calls.release()
            expect(path, len(done), len(done) + 1)
            for file in (path.parent / "run").glob("run_*"):
                np.testing.assert_array_equal(read_vtk(file).point["p"], SOLVER.pressure(int(file.stem[-6:])))


def dataset(**chunks: int) -> xr.Dataset:
    values = np.stack([SOLVER.pressure(step) for step in range(3)])
    axes = {"time": [0.0, 1.0, 2.0], "z": SOLVER.z, "y": SOLVER.y, "x": SOLVER.x}
    ds = xr.Dataset({"p": (("time", "z", "y", "x"), values)}, axes)
    return ds.chunk(chunks) if chunks else ds
