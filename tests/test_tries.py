"""Two tries at a task of a compressed series, at once in two processes, whose encoder gives each other streams."""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import xarray as xr
from tools.readers import read_vtk

from vtkseries import schedule
from vtkseries.blocktask import write_task
from vtkseries.xmlformat.codecs import Zlib

SHAPE = 3, 12, 64, 64
ROUNDS = 4
TRIES: dict[str, Callable[..., Any]] = {"write": write_task, "commit": schedule._commit_task}


def unsteady(self: Zlib, buffer: Any) -> bytes:  # noqa: ARG001  # the method's own
    """Give a stream of the values that is hardly ever the same, nor as long."""
    return zlib.compress(buffer, int(np.random.default_rng().integers(10)))


def begin() -> None:
    """Make a process of its own one in which a try takes its time, and is not what another one is."""
    Zlib.encode = unsteady  # type: ignore[method-assign]
    write, slowly = os.pwrite, np.random.default_rng()

    def short(fd: int, data: Any, position: int) -> int:
        time.sleep(slowly.uniform(0, 1e-3))
        return write(fd, data[: max(4096, len(data) // 2)], position)

    os.pwrite = short


def one_try(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return TRIES[name](*args, **kwargs)


@pytest.fixture(scope="module")
def processes() -> Iterator[list[ProcessPoolExecutor]]:
    """Give two processes, each with a queue of its own."""
    pools = [ProcessPoolExecutor(1, get_context("spawn"), begin) for _ in range(2)]
    yield pools
    for pool in pools:
        pool.shutdown()


@pytest.mark.parametrize("planes", [2, 4, 5], ids=lambda n: f"{n} planes")
def test_two_tries_whose_streams_differ_give_a_file_that_vtk_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: list[ProcessPoolExecutor], planes: int
) -> None:
    values = np.random.default_rng(7).integers(0, 999, SHAPE).astype("f4")
    ds = xr.Dataset({"T": (("time", "z", "y", "x"), values)}).chunk(time=1, z=planes)
    late: list[Any] = []

    def twice(name: str) -> Callable[..., Any]:
        def both(*args: Any, **kwargs: Any) -> Any:
            tries = [pool.submit(one_try, name, args, kwargs) for pool in processes]
            late.extend(tries)
            # The run goes on with the result of one while the other may be writing.
            return next(iter(wait(tries, return_when=FIRST_COMPLETED).done)).result()

        return both

    for name, task in (("write", "write_task"), ("commit", "_commit_task")):
        monkeypatch.setattr(schedule, task, twice(name))
    for turn in range(ROUNDS):
        path = tmp_path / f"run{turn}.pvd"
        with dask.config.set(scheduler="sync"):
            ds.vtk.to_vtr(path, compression="zlib")
        for done in late:
            done.result()
        late.clear()
        for step in range(SHAPE[0]):
            np.testing.assert_array_equal(
                read_vtk(tmp_path / f"run{turn}" / f"run{turn}_{step:06d}.vtr").point["T"], values[step]
            )
        assert not [item.name for item in path.with_suffix("").iterdir() if item.name.startswith(".")]
