"""Processes and clusters: the same bytes, also when workers die or run a task twice; and no data on the way."""

from __future__ import annotations

import io
import os
import pickle
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cloudpickle  # type: ignore[import-untyped]  # it has no types
import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
from dask.diagnostics import ProgressBar
from distributed import Client, LocalCluster, SchedulerPlugin, progress
from tools.killer import DieWriting, workers
from tools.readers import read_vtk

from vtkseries import SeriesError

NT, NZ, NY, NX = 4, 5, 24, 31
OPTIONS: list[dict[str, Any]] = [{}, {"compression": "zlib"}, {"pieces": {"z": 3, "x": 20}}]


def values(steps: int = NT) -> Any:
    return np.arange(steps * NZ * NY * NX, dtype="f4").reshape(steps, NZ, NY, NX)


def dataset(steps: int = NT) -> xr.Dataset:
    return xr.Dataset(
        {
            "T": (("time", "z", "y", "x"), values(steps)),
            "u": (("x", "time", "z", "y"), (values(steps) + 0.5).transpose(3, 0, 1, 2)),
            "mean": ("time", np.arange(steps) * 1.0),
            "ground": (("y", "x"), values(1)[0, 0] / 4),
        },
        {"time": np.arange(steps), "z": np.arange(NZ)[::-1] * 2.0, "y": np.arange(NY), "x": np.arange(NX)},
    )


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def written(folder: Path, ds: xr.Dataset, **options: Any) -> dict[str, bytes]:
    ds.vtk.to_vtr(folder / "run.pvd", **options)
    return files(folder)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with (
        LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("chunks", [{"time": 1, "z": 2}, {"time": 3, "y": 7, "x": 30}])
def test_a_cluster_and_processes_write_the_same_bytes(
    tmp_path: Path, client: Client, options: dict[str, Any], chunks: dict[str, int]
) -> None:
    expected = written(tmp_path / "eager", dataset(), **options)
    with client.as_current():
        assert written(tmp_path / "cluster", dataset().chunk(chunks), **options) == expected
    grid = read_vtk(tmp_path / "cluster" / "run" / f"run_z_y_x_000002.{'pvtr' if 'pieces' in options else 'vtr'}")
    np.testing.assert_array_equal(grid.point["T"], values()[2, ::-1])
    (ground,) = (path for path in expected if "run_y_x_0" in path)
    np.testing.assert_array_equal(read_vtk(tmp_path / "cluster" / ground).point["ground"][0], values(1)[0, 0] / 4)


def test_processes_write_the_same_bytes(tmp_path: Path) -> None:
    expected = written(tmp_path / "eager", dataset(), compression="lz4")
    with dask.config.set(scheduler="processes", num_workers=2):
        assert written(tmp_path / "processes", dataset().chunk(time=3, y=7, x=30), compression="lz4") == expected


def test_the_delayed_can_be_computed_anywhere_and_again(tmp_path: Path, client: Client) -> None:
    expected = written(tmp_path / "eager", dataset())
    target = tmp_path / "later" / "run.pvd"
    delayed = dataset().chunk(time=1).vtk.to_vtr(target, compute=False)
    assert not target.parent.exists()
    assert dask.compute(delayed, scheduler="threads") == (target,)
    assert delayed.compute() == target
    for path in target.parent.rglob("*.vtr"):
        path.unlink()
    future = client.compute(pickle.loads(pickle.dumps(delayed)))  # noqa: S301  # our own bytes
    with client.as_current():
        progress(future, notebook=False)
    assert future.result() == target
    assert files(target.parent) == expected


def test_blocks_that_a_cluster_holds_are_written_where_they_are(tmp_path: Path, client: Client) -> None:
    expected = written(tmp_path / "eager", dataset())
    with client.as_current():
        held = dataset().chunk(time=1, z=2).persist()
        assert written(tmp_path / "held", held) == expected
        with dask.config.set({"optimization.fuse.active": False}):
            assert written(tmp_path / "not fused", held) == expected
    delayed = held.vtk.to_vtr(tmp_path / "later" / "run.pvd", compute=False)
    client.compute(delayed).result()
    assert files(tmp_path / "later") == expected


def test_chunks_without_a_step_are_passed_over(tmp_path: Path) -> None:
    kept = np.array([True, False, True, True])
    found = dataset()["T"].chunk(time=1, z=2).data[da.from_array(kept, chunks=1)].compute_chunk_sizes()
    assert found.chunks[0] == (1, 0, 1, 1)
    chosen = dataset()[["T"]].isel(time=kept)
    lazy = chosen.assign(T=(chosen["T"].dims, found))
    assert written(tmp_path / "empty", lazy) == written(tmp_path / "eager", chosen)


def test_the_progress_bar_that_dask_users_know_shows_the_tasks(tmp_path: Path) -> None:
    shown = io.StringIO()
    with ProgressBar(out=shown, dt=0.01), dask.config.set(scheduler="threads"):
        dataset().chunk(time=1).vtk.to_vtr(tmp_path / "run.pvd", compute=False).compute()
    assert "100% Completed" in shown.getvalue()


class _Sizes(SchedulerPlugin):  # type: ignore[misc]  # distributed has no types
    """Notes the bytes of each result."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}

    def transition(self, key: Any, start: str, finish: str, *_: Any, **more: Any) -> None:
        if start == "processing" and finish == "memory":
            self.sizes[str(key)] = more.get("nbytes") or 0


def _make(block_info: Any = None) -> Any:
    return np.full([b - a for a, b in block_info[None]["array-location"]], 1.5, "f4")


def test_what_travels_is_plans_and_paths_and_never_data(tmp_path: Path, client: Client) -> None:
    shape, chunks = (6, 40, 50, 60), ((1,) * 6, (20, 20), (50,), (60,))
    lazy = da.map_blocks(_make, chunks=chunks, dtype="f4", meta=np.empty((0,) * 4, "f4"))
    delayed = xr.Dataset({"T": (("time", "z", "y", "x"), lazy)}).vtk.to_vtr(tmp_path / "run.pvd", compute=False)
    block, steps = 4 * 20 * 50 * 60, shape[0]
    (optimized,) = dask.optimize(delayed)
    graph = cloudpickle.dumps(dict(optimized.__dask_graph__()))
    assert len(graph) < 60_000 + 2_000 * 2 * steps < block
    sizes = _Sizes()
    scheduler = client.cluster.scheduler
    scheduler.add_plugin(sizes, name="sizes")
    try:
        client.compute(delayed).result()
    finally:
        scheduler.remove_plugin("sizes")
    assert len(sizes.sizes) > 2 * steps
    assert max(sizes.sizes.values()) < 20_000, sizes.sizes


def twice(function: Callable[..., Any]) -> Callable[..., Any]:
    """Have a task run two times at once."""

    def both(*args: Any, **kwargs: Any) -> Any:
        with ThreadPoolExecutor(2) as pool:
            first, second = (pool.submit(function, *args, **kwargs) for _ in range(2))
            first.result()
            return second.result()

    return both


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("turn", range(3))
def test_two_tries_at_every_task_at_once_do_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], turn: int
) -> None:
    expected = written(tmp_path / "once", dataset(), **options)
    monkeypatch.setattr("vtkseries.schedule.write_task", twice(_schedule().write_task))
    monkeypatch.setattr("vtkseries.schedule._commit_task", twice(_schedule()._commit_task))
    chunks = ({"time": 1}, {"time": 2, "x": 10}, {"time": 3, "z": 2})[turn]
    with dask.config.set(scheduler="threads", num_workers=4):
        assert written(tmp_path / "twice", dataset().chunk(chunks), **options) == expected


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_two_tries_at_every_task_of_a_continuation_list_what_does_not_change_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    later = dataset().assign_coords(time=np.arange(NT) + NT)
    written(tmp_path / "once", dataset(), **options)
    expected = written(tmp_path / "once", later, mode="a", **options)
    written(tmp_path / "twice", dataset(), **options)
    monkeypatch.setattr("vtkseries.schedule.write_task", twice(_schedule().write_task))
    monkeypatch.setattr("vtkseries.schedule._commit_task", twice(_schedule()._commit_task))
    with dask.config.set(scheduler="threads", num_workers=4):
        assert written(tmp_path / "twice", later.chunk(time=2, x=10), mode="a", **options) == expected
    assert sum("run_y_x_0" in path for path in expected) == 1


def _schedule() -> Any:
    from vtkseries import schedule  # noqa: PLC0415  # kept apart from the names that the test replaces

    return schedule


def _killed(folder: Path, lives: int, one_in: int, steps: int, options: dict[str, Any]) -> int:
    """Write with workers that die; give how many did."""
    expected = written(folder / "eager", dataset(steps) * 1, **options)
    store = folder / "lives"
    store.mkdir()
    for number in range(lives):
        (store / str(number)).touch()
    turn = 0
    with (
        ExitStack() as living,
        dask.config.set({"distributed.scheduler.allowed-failures": 10_000}),
        LocalCluster(n_workers=0, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        client.register_plugin(DieWriting(store, one_in))
        living.enter_context(workers(cluster.scheduler_address, 2))
        while os.listdir(store) and turn < 20 * lives:  # noqa: PTH208  # names only
            ds = dataset(steps).chunk(time=1, z=2) * 1  # made by tasks, so that each block has one of its own
            with client.as_current():
                ds.vtk.to_vtr(folder / "killed" / "run.pvd", **options)
            assert files(folder / "killed") == expected
            turn += 1
    return lives - len(os.listdir(store))  # noqa: PTH208  # names only


@pytest.mark.parametrize("options", OPTIONS[:2], ids=str)
def test_workers_killed_in_mid_write_are_made_good(tmp_path: Path, options: dict[str, Any]) -> None:
    assert _killed(tmp_path, lives=3, one_in=5, steps=NT, options=options) == 3


@pytest.mark.long
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_two_hundred_workers_killed_in_mid_write_are_made_good(tmp_path: Path, options: dict[str, Any]) -> None:
    assert _killed(tmp_path, lives=70, one_in=12, steps=12, options=options) == 70


def test_an_error_of_a_worker_names_file_and_step_and_leaves_no_file(tmp_path: Path, client: Client) -> None:
    data = da.from_array(np.full((NT, NZ, NY, NX), 1e300), chunks=(1, 2, -1, -1))
    data[2, 3] = 1e30
    ds = xr.Dataset({"T": (("time", "z", "y", "x"), data)})
    with client.as_current(), pytest.raises(SeriesError, match="beyond the range of float32") as caught:
        ds.vtk.to_vtr(tmp_path / "run.pvd", encoding={"T": {"dtype": "float32"}})
    notes = " ".join(caught.value.__notes__)
    assert "while writing 'T' of step " in notes
    assert str(tmp_path / "run" / "run_00000") in notes
    assert not list(tmp_path.rglob("*.vtr"))


def _breaks(block: Any, block_info: Any = None) -> Any:
    if block_info[0]["array-location"][0][0] == 2:
        message = "no such pressure"
        raise ArithmeticError(message)
    return block


def wait_for_none(folder: Path, pattern: str) -> list[Path]:
    """Give what is left after the tasks that still run have seen that theirs is over, each with a file for a moment."""
    for _ in range(100):
        found = list(folder.rglob(pattern))
        if not found:
            break
        time.sleep(0.1)
    return found


@pytest.mark.parametrize("where", ["cluster", "threads", "processes"])
@pytest.mark.parametrize("shared", [False, True])
def test_an_error_in_the_callers_own_graph_names_file_and_step(
    tmp_path: Path,
    client: Client,
    where: str,
    shared: bool,  # noqa: FBT001  # pytest passes it by name
) -> None:
    data = da.map_blocks(_breaks, da.from_array(values(), chunks=(1, -1, -1, -1)), dtype="f4")
    if shared:  # the failing task is one that several blocks wait for
        data = data.rechunk((1, 2, -1, -1))
    ds = xr.Dataset({"T": (("time", "z", "y", "x"), data)})
    with (
        client.as_current() if where == "cluster" else dask.config.set(scheduler=where),
        pytest.raises(ArithmeticError, match="no such pressure") as caught,
    ):
        ds.vtk.to_vtr(tmp_path / "run.pvd")
    notes = " ".join(caught.value.__notes__)
    assert f"while writing 'T' of step 2, to {tmp_path / 'run' / 'run_000002.vtr'}" in notes
    assert not wait_for_none(tmp_path, ".*.tmp")
    assert not list(tmp_path.rglob("run_00000[23].vtr"))


def test_an_error_in_this_process_names_file_and_step_too(tmp_path: Path) -> None:
    data = np.ones((NT, NZ, NY, NX))
    data[1, 0, 0, 0] = 1e300
    ds = xr.Dataset({"T": (("time", "z", "y", "x"), data)})
    with pytest.raises(SeriesError, match="beyond the range of float32") as caught:
        ds.vtk.to_vtr(tmp_path / "run.pvd", encoding={"T": {"dtype": "float32"}})
    assert "while writing step 1 of" in " ".join(caught.value.__notes__)
    assert "run_000001.vtr" in " ".join(caught.value.__notes__)
    assert [p.name for p in tmp_path.rglob("*.vtr")] == ["run_000000.vtr"]


def test_blocks_of_unknown_size_are_refused_with_the_call_that_fixes_it(tmp_path: Path) -> None:
    data = da.from_array(np.arange(20.0), chunks=5)
    masked = xr.DataArray(data[data > 3], dims="x", name="q")
    with pytest.raises(SeriesError, match=r"'q' has dask blocks of unknown size.*compute_chunk_sizes\(\)"):
        masked.vtk.to_vtr(tmp_path / "run.pvd")
    assert not list(tmp_path.iterdir())
    xr.DataArray(data[data > 3].compute_chunk_sizes(), dims="x", name="q").vtk.to_vtr(tmp_path / "run.pvd")
    assert read_vtk(tmp_path / "run" / "run_000000.vtr").point["q"].shape == (1, 1, 16)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("keep", [slice(7, 12), slice(0, 4), slice(4, 5)])
def test_blocks_of_which_a_mask_leaves_nothing_are_passed_over(
    tmp_path: Path, keep: slice, compression: str | None
) -> None:
    whole = np.arange(12.0 * 5).reshape(12, 5)
    mask = np.zeros(12, bool)
    mask[keep] = True
    for dims in (("x", "y"), ("y", "x"), ("time", "x")):
        data = da.from_array(whole, chunks=(3, 2))[da.from_array(mask, chunks=3)].compute_chunk_sizes()
        assert 0 in data.chunks[0]
        ds = xr.Dataset({"q": (dims, data)})
        ds.vtk.to_vtr(tmp_path / "run.pvd", compression=compression)
        with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries") as back:
            np.testing.assert_array_equal(back["q"].transpose(*dims).values, whole[mask])
