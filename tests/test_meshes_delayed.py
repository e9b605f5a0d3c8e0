"""``compute=False`` for points and meshes: one Delayed of the path, computed by any scheduler, and again."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
from distributed import Client, LocalCluster
from test_meshes import data, mesh, numbers, particles, points, steps

from vtkseries import SeriesError
from vtkseries.meshes import tasks


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def layered() -> xr.Dataset:
    ds = mesh().assign(salt=(("time", "layer", "face"), numbers(2, 3, 3), {"mesh": "Mesh2", "location": "face"}))
    return ds.assign_coords(layer=("layer", [0.5, 2.0, 4.5], {"positive": "down"}))


CASES: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "particles": (particles, "to_vtp", {"vectors": {"wind": ("u", "v")}}),
    "paths": (particles, "to_vtp", {"trajectory": "particle", "compression": "zlib"}),
    "layers": (layered, "to_vtu", {"compression": "lz4"}),
}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.mark.parametrize("case", CASES)
def test_every_scheduler_writes_what_is_written_at_once(tmp_path: Path, client: Client, case: str) -> None:
    make, verb, options = CASES[case]
    getattr(make().vtk, verb)(tmp_path / "now" / "run.pvd", **options)
    expected = files(tmp_path / "now")
    target = tmp_path / "later" / "run.pvd"
    for ds in (make(), make().chunk(time=1), make().chunk(time=2)):
        delayed = getattr(ds.vtk, verb)(target, compute=False, **options)
        assert not target.exists()
        for scheduler in ("sync", "threads"):
            assert delayed.compute(scheduler=scheduler) == target
            assert files(target.parent) == expected
            assert dask.compute(delayed, scheduler=scheduler) == (target,)
            assert files(target.parent) == expected
        again = pickle.loads(pickle.dumps(delayed))  # noqa: S301  # our own bytes
        assert client.compute(again).result() == target
        assert files(target.parent) == expected
        target.unlink()


def test_the_order_of_observations_with_times_of_their_own_is_kept(tmp_path: Path) -> None:
    stamps = np.array([2.0, 0.0, 2.0, 1.0, 0.0, 2.0])
    ds = xr.Dataset({"t2m": ("obs", numbers(6))}, {"time": ("obs", stamps), "x": ("obs", np.arange(6.0))})
    ds = ds.assign_coords(y=("obs", np.arange(6.0) * 2)).chunk(obs=2)
    path = ds.vtk.to_vtp(tmp_path / "run.pvd", compute=False).compute()
    for (_, grid), members in zip(steps(path), ([1, 4], [3], [0, 2, 5]), strict=True):
        np.testing.assert_array_equal(points(grid)[:, 0], members)
        np.testing.assert_array_equal(data(grid, "t2m"), ds["t2m"].values[members])


def refuse(*_: Any, **__: Any) -> Any:
    pytest.fail("data were computed")


def test_planning_reads_no_data_and_writes_no_file(tmp_path: Path) -> None:
    lazy = da.map_blocks(refuse, chunks=((1, 1, 1), (5,)), dtype="f8", meta=np.empty((0, 0)))
    ds = particles().assign(mass=(("time", "particle"), lazy), total=("time", da.ones(3, chunks=1)))
    with dask.config.set(scheduler=refuse):
        delayed = ds.vtk.to_vtp(tmp_path / "run.pvd", compute=False)
        assert len(delayed.dask) > 3
    assert not list(tmp_path.rglob("*.v*"))


def test_what_fails_leaves_the_steps_before_it_and_no_litter(tmp_path: Path) -> None:
    def fail(block: Any, block_info: Any = None) -> Any:
        if block_info and block_info[0]["chunk-location"][0] == 2:
            raise ZeroDivisionError
        return block

    ds = particles()
    ds["mass"] = ("time", "particle"), da.from_array(ds["mass"].values, (1, 5)).map_blocks(fail, dtype="f8")
    with pytest.raises(ZeroDivisionError):
        ds.vtk.to_vtp(tmp_path / "run.pvd", compute=False).compute(scheduler="sync")
    assert len(steps(tmp_path / "run.pvd")) <= 2
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith((".tmp", ".lock"))]


def test_a_second_try_and_a_late_one_do_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ds = particles().chunk(time=1)
    ds.vtk.to_vtp(tmp_path / "once" / "run.pvd")
    late: list[Any] = []
    make = tasks._make_task

    def twice(*args: Any) -> Any:
        late.append(lambda: make(*args))
        make(*args)
        return make(*args)

    monkeypatch.setattr(tasks, "_make_task", twice)
    path = ds.vtk.to_vtp(tmp_path / "late" / "run.pvd", compute=False).compute(scheduler="sync")
    for again in late:
        again()
    assert files(path.parent) == files(tmp_path / "once")


def test_another_writer_is_refused_and_the_old_series_stays(tmp_path: Path) -> None:
    path = particles().vtk.to_vtp(tmp_path / "run.pvd")
    before = files(tmp_path)
    delayed = particles().isel(time=[0]).vtk.to_vtp(path, compute=False, mode="w")
    refused = xr.Dataset({"m": ("p", np.zeros(2))}, {"x": ("p", [0.0, 1.0])})
    with pytest.raises(SeriesError, match="no coordinate tells y"):
        refused.vtk.to_vtp(path, compute=False)
    assert files(tmp_path) == before
    assert delayed.compute() == path
    assert len(steps(path)) == 1
