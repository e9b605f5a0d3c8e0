"""A series on disk: modes, names, laziness and the same bytes whatever the chunks."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, NoReturn

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
from tools.readers import read_pvd

from vtkseries import SeriesError, VtkSeriesWarning
from vtkseries.storage.lock import Lock

NT, NZ, NY, NX = 4, 5, 6, 7


def dataset(first: float = 0.0, steps: int = NT) -> xr.Dataset:
    data = np.arange(steps * NZ * NY * NX, dtype="f4").reshape(steps, NZ, NY, NX) + np.float32(first)
    return xr.Dataset(
        {
            "T": (("time", "z", "y", "x"), data),
            "u": (("time", "z", "y", "x"), data + 1000),
            "v": (("x", "time", "y", "z"), (data + 2000).transpose(3, 0, 2, 1)),
            "land": (("y", "x"), np.arange(NY * NX).reshape(NY, NX)),
            "mean": ("time", np.arange(steps) + first),
        },
        {
            "time": np.arange(steps) + first,
            "z": np.arange(NZ)[::-1] * 2.0,
            "y": np.arange(NY) * 3.0,
            "x": np.arange(NX) * 4.0,
        },
    )


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


VECTORS = {"w": ("u", "v")}


@pytest.mark.parametrize(
    "chunks",
    [
        {"time": 1},
        {"time": 3, "z": 2},
        {"time": 4, "z": 2, "y": 4, "x": 3},
        {"time": 1, "x": 1},
        {"time": 2, "y": 5},
        {},
    ],
)
@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_the_bytes_are_the_same_for_any_chunks(tmp_path: Path, chunks: dict[str, int], scheduler: str) -> None:
    dataset().vtk.to_vtr(tmp_path / "eager" / "run.pvd", vectors=VECTORS)
    with dask.config.set(scheduler=scheduler):
        dataset().chunk(chunks).vtk.to_vtr(tmp_path / "dask" / "run.pvd", vectors=VECTORS)
    assert files(tmp_path / "eager") == files(tmp_path / "dask")


def test_variables_chunked_differently_give_the_same_bytes(tmp_path: Path) -> None:
    ds = dataset()
    mixed = ds.assign(T=ds["T"].chunk(time=3), u=ds["u"].chunk(x=2), v=ds["v"].chunk(time=2, y=4))
    mixed = mixed.assign(mean=ds["mean"].chunk(time=1))
    ds.vtk.to_vtr(tmp_path / "eager" / "run.pvd", vectors=VECTORS)
    mixed.vtk.to_vtr(tmp_path / "dask" / "run.pvd", vectors=VECTORS)
    assert files(tmp_path / "eager") == files(tmp_path / "dask")


def test_variables_of_a_netcdf_file_are_read_slab_by_slab_into_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset().to_netcdf(tmp_path / "in.nc")
    dataset().vtk.to_vtr(tmp_path / "eager" / "run.pvd", vectors=VECTORS)
    monkeypatch.setattr("vtkseries.serial._SLAB", NY * NX * 4 * 2)
    with xr.open_dataset(tmp_path / "in.nc") as ds:
        ds.vtk.to_vtr(tmp_path / "lazy" / "run.pvd", vectors=VECTORS)
        assert not ds["T"]._in_memory
    eager = files(tmp_path / "eager")
    for name, content in files(tmp_path / "lazy").items():
        # The headers tell what the netCDF file said of its encodings.
        assert content.partition(b"<AppendedData")[2] == eager[name].partition(b"<AppendedData")[2]
    for k, (_, parts) in enumerate(read_pvd(tmp_path / "lazy" / "run.pvd")):
        first = next(iter(parts.values()))
        np.testing.assert_array_equal(first.point["T"], dataset()["T"].values[k, ::-1])
        np.testing.assert_array_equal(first.point["w"][..., 1], dataset()["u"].values[k, ::-1] + 1000)


def refuse(*_: Any, **__: Any) -> NoReturn:
    pytest.fail("data were computed")


def test_planning_and_compute_false_read_no_data_and_write_no_file(tmp_path: Path) -> None:
    lazy = da.map_blocks(refuse, chunks=((1,) * NT, (NZ,), (NY,), (NX,)), dtype="f4", meta=np.empty((0,) * 4, "f4"))
    ds = dataset().assign(T=(("time", "z", "y", "x"), lazy))
    with dask.config.set(scheduler=refuse):
        ds.vtk.plan(tmp_path / "run.pvd")
        delayed = ds.vtk.to_vtr(tmp_path / "run.pvd", compute=False)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]
    assert hasattr(delayed, "dask")


def test_compute_false_gives_one_delayed_of_the_path(tmp_path: Path) -> None:
    for name, ds in {"eager": dataset(), "dask": dataset().chunk(time=1)}.items():
        delayed = ds.vtk.to_vtr(tmp_path / name / "run.pvd", compute=False)
        assert delayed.compute() == tmp_path / name / "run.pvd"
    assert files(tmp_path / "eager") == files(tmp_path / "dask")


def test_a_plan_is_small_picklable_and_readable() -> None:
    plan = dataset().chunk(time=1).vtk.plan("run.pvd", vectors=VECTORS)
    again = pickle.loads(pickle.dumps(plan))  # noqa: S301 (our own bytes)
    assert repr(again) == repr(plan)
    assert len(pickle.dumps(plan)) < 30_000
    text = repr(plan)
    words = [
        "4 steps, 5 files",
        "written once (336 B): land",
        "run_z_y_x_000000.vtr",
        "T: Float32",
        "w: Float32 x 3 (u, v)",
        "descending, flipped",
        "kB",
    ]
    assert all(word in text for word in words), text


def test_replacing_a_series_removes_its_old_files_and_no_others(tmp_path: Path) -> None:
    dataset().vtk.to_vtr(tmp_path / "run.pvd")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    (tmp_path / "run" / "other_000000.vtr.bak").write_text("mine")
    dataset(steps=2).vtk.to_vtr(tmp_path / "run.pvd", variables=["T"])
    names = sorted(p.name for p in (tmp_path / "run").iterdir())
    assert names == ["notes.txt", "other_000000.vtr.bak", "run_000000.vtr", "run_000001.vtr"]
    assert [time for time, _ in read_pvd(tmp_path / "run.pvd")] == [0.0, 1.0]


@pytest.mark.parametrize("chunks", [None, {"time": 1}])
def test_appending_continues_and_drops_what_is_not_before(tmp_path: Path, chunks: dict[str, int] | None) -> None:
    def given(ds: xr.Dataset) -> xr.Dataset:
        return ds if chunks is None else ds.chunk(chunks)

    given(dataset()).vtk.to_vtr(tmp_path / "run.pvd", mode="a")
    given(dataset(first=4.0)).vtk.to_vtr(tmp_path / "run.pvd", mode="a")
    assert [time for time, _ in read_pvd(tmp_path / "run.pvd")] == [0, 1, 2, 3, 4, 5, 6, 7]
    with pytest.warns(VtkSeriesWarning, match="3 steps from 5.0 on dropped"):
        given(dataset(first=5.0, steps=1)).vtk.to_vtr(tmp_path / "run.pvd", mode="a")
    result = read_pvd(tmp_path / "run.pvd")
    assert [time for time, _ in result] == [0, 1, 2, 3, 4, 5]
    last = next(iter(result[-1][1].values()))
    np.testing.assert_array_equal(last.point["T"], dataset(first=5.0)["T"].values[0, ::-1])
    assert len(list((tmp_path / "run").glob("run_z_y_x_*.vtr"))) == 6


def test_a_failing_block_surfaces_as_itself_and_leaves_what_was_finished(tmp_path: Path) -> None:
    def fail(block: np.ndarray, block_id: tuple[int, ...]) -> np.ndarray:
        if block_id[0] == 2:
            raise ZeroDivisionError("in the solver")
        return block

    ds = dataset().drop_vars(["u", "v", "land", "mean"]).chunk(time=1)
    broken = ds.assign(T=ds["T"].copy(data=da.map_blocks(fail, ds["T"].data, dtype="f4")))
    with dask.config.set(scheduler="synchronous"), pytest.raises(ZeroDivisionError, match="in the solver"):
        broken.vtk.to_vtr(tmp_path / "run.pvd")
    finished = len(list((tmp_path / "run").glob("*.vtr")))
    assert len(read_pvd(tmp_path / "run.pvd") if finished else []) == finished <= 2
    assert not list((tmp_path / "run").glob(".*"))


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    with Lock(tmp_path / "run.pvd"), pytest.raises(SeriesError, match="writ"):
        dataset().vtk.to_vtr(tmp_path / "run.pvd")
    assert not (tmp_path / "run").exists() or not list((tmp_path / "run").iterdir())


def test_paths_in_the_index_are_relative_with_forward_slashes(tmp_path: Path) -> None:
    dataset().vtk.to_vtr(tmp_path / "a b" / "rün & co.pvd")
    text = (tmp_path / "a b" / "rün & co.pvd").read_text(encoding="utf-8")
    assert 'file="rün &amp; co/rün &amp; co_z_y_x_000000.vtr"' in text
    assert len(read_pvd(tmp_path / "a b" / "rün & co.pvd")) == NT
