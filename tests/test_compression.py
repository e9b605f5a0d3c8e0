"""Compressed series: what readers see, the same bytes whatever cuts the work, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
from tools.paraview import walk
from tools.readers import read_pyvista, read_vtk

from vtkseries import SeriesError
from vtkseries.streams import segment

METHODS = ["zlib", "lz4", "lzma"]
NT, NZ, NY, NX = 2, 37, 60, 70


def dataset(steps: int = NT) -> xr.Dataset:
    """Give fields of several compression blocks, none of whose slices is a whole number of blocks."""
    data = np.arange(steps * NZ * NY * NX, dtype="f4").reshape(steps, NZ, NY, NX)
    noise = np.random.default_rng(0).standard_normal((NX, steps, NY, NZ))
    return xr.Dataset(
        {
            "T": (("time", "z", "y", "x"), data),
            "u": (("time", "z", "y", "x"), data + 1000),
            "noise": (("x", "time", "y", "z"), noise),
            "land": (("y", "x"), np.arange(NY * NX, dtype="i2").reshape(NY, NX)),
            "mean": ("time", np.arange(steps) + 0.5),
        },
        {
            "time": np.arange(steps),
            "z": np.arange(NZ)[::-1] * 2.0,
            "y": np.arange(NY) * 3.0,
            "x": np.arange(NX) * 4.0,
        },
    )


VECTORS = {"w": ("u", "noise")}


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("method", METHODS)
def test_vtk_reads_every_value_back(tmp_path: Path, method: str) -> None:
    ds = dataset()
    ds.vtk.to_vtr(tmp_path / "run.pvd", compression=method, vectors=VECTORS)
    for step in range(NT):
        one = ds.isel(time=step).sortby("z").transpose("z", "y", "x")
        path = tmp_path / "run" / f"run_z_y_x_{step:06d}.vtr"
        for grid in (read_vtk(path), read_pyvista(path)):
            np.testing.assert_array_equal(grid.point["T"], one["T"].values)
            np.testing.assert_array_equal(grid.point["w"][..., 0], one["u"].values)
            np.testing.assert_array_equal(grid.point["w"][..., 1], one["noise"].values)
            np.testing.assert_array_equal(grid.point["w"][..., 2], 0)
            np.testing.assert_array_equal(grid.axes["z"], one["z"].values)
            np.testing.assert_array_equal(grid.axes["x"], one["x"].values)
        flat = read_vtk(tmp_path / "run" / "run_y_x_000000.vtr")  # which stands for every step
        np.testing.assert_array_equal(flat.point["land"][0], one["land"].values)


@pytest.mark.paraview
def test_paraview_plays_every_method(tmp_path: Path, newer_expat: Path) -> None:
    ds = dataset()[["T"]]
    paths = [ds.vtk.to_vtr(tmp_path / f"{method}.pvd", compression=method) for method in METHODS]
    for seen in (*walk(*paths, values=True), *walk(*paths, values=True, library_path=newer_expat)):
        assert not seen.complaints
        for number, step in enumerate(seen.steps):
            expected = ds["T"].isel(time=number).sortby("z").values
            np.testing.assert_array_equal(step.parts[0].values["T"], expected)


@pytest.mark.parametrize("method", [None, *METHODS])
def test_compressed_files_are_smaller_in_the_order_of_their_methods_levels(tmp_path: Path, method: str | None) -> None:
    ds = dataset(1)[["T"]]
    levels = {None: (None,), "zlib": (0, 1, 6), "lz4": (1, 9), "lzma": (0, 6)}[method]
    sizes = []
    for level in levels:
        path = ds.vtk.to_vtr(tmp_path / f"{level}.vtr", compression=method, compression_level=level)
        assert isinstance(path, Path)
        sizes.append(path.stat().st_size)
        np.testing.assert_array_equal(read_vtk(path).point["T"], ds["T"][0].sortby("z").values)
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize(
    "chunks",
    [
        {"time": 1},
        {"time": 2, "z": 5},
        {"time": 1, "z": 1},
        {"time": 2, "z": 36, "y": 33, "x": 31},
        {"x": 69},
        {"y": 13},
    ],
)
@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
@pytest.mark.parametrize("method", ["zlib", "lz4"])
def test_the_bytes_are_the_same_for_any_chunks(
    tmp_path: Path, chunks: dict[str, int], scheduler: str, method: str
) -> None:
    dataset().vtk.to_vtr(tmp_path / "eager" / "run.pvd", vectors=VECTORS, compression=method)
    with dask.config.set(scheduler=scheduler):
        dataset().chunk(chunks).vtk.to_vtr(tmp_path / "dask" / "run.pvd", vectors=VECTORS, compression=method)
    assert files(tmp_path / "eager") == files(tmp_path / "dask")


@pytest.mark.parametrize("threads", [1, 2, 7])
@pytest.mark.parametrize("length", [1, 3, 100])
def test_the_bytes_are_the_same_for_any_threads_and_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int, length: int
) -> None:
    dataset(1).vtk.to_vtr(tmp_path / "a.vtr", variables=["T", "noise"], compression="zlib")
    monkeypatch.setattr("vtkseries.storage.parallel.threads", lambda: threads)
    monkeypatch.setattr("vtkseries.streams.segment", lambda _: length)
    monkeypatch.setattr("vtkseries.streams._SERIAL", 0)
    dataset(1).vtk.to_vtr(tmp_path / "b.vtr", variables=["T", "noise"], compression="zlib")
    assert (tmp_path / "a.vtr").read_bytes() == (tmp_path / "b.vtr").read_bytes()


def test_a_netcdf_file_read_slab_by_slab_gives_the_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset().to_netcdf(tmp_path / "in.nc")
    monkeypatch.setattr("vtkseries.serial._SLAB", NY * NX * 4 * 5)
    with xr.open_dataset(tmp_path / "in.nc") as ds:
        ds.vtk.to_vtr(tmp_path / "run.pvd", variables=["T", "noise"], compression="zlib")
    grid = read_vtk(tmp_path / "run" / "run_000001.vtr")
    one = dataset().isel(time=1).sortby("z").transpose("z", "y", "x")
    np.testing.assert_array_equal(grid.point["T"], one["T"].values)
    np.testing.assert_array_equal(grid.point["noise"], one["noise"].values)


@pytest.mark.parametrize("shape", [(1, 1, 50_000), (1, 700, 900), (3, 1, 20_000), (2, 1500, 1), (1, 1, 1)])
def test_flat_and_thin_grids_are_compressed_right(tmp_path: Path, shape: tuple[int, int, int]) -> None:
    data = np.random.default_rng(1).integers(0, 9, shape).astype("f8")
    ds = xr.Dataset({"a": (("x", "y", "z"), np.ascontiguousarray(data.transpose(2, 1, 0)))})
    ds.vtk.to_vtr(tmp_path / "eager.vtr", compression="zlib")
    ds.chunk(x=max(1, shape[2] // 2)).vtk.to_vtr(tmp_path / "dask.vtr", compression="zlib")
    np.testing.assert_array_equal(read_vtk(tmp_path / "eager.vtr").point["a"], data)
    assert (tmp_path / "eager.vtr").read_bytes() == (tmp_path / "dask.vtr").read_bytes()


def test_blocks_of_big_planes_are_put_together_row_by_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtkseries.blocks._PLANE", 1000)
    dataset(1).vtk.to_vtr(tmp_path / "rows.vtr", variables=["noise", "T"], compression="lz4")
    monkeypatch.undo()
    dataset(1).vtk.to_vtr(tmp_path / "planes.vtr", variables=["noise", "T"], compression="lz4")
    assert (tmp_path / "rows.vtr").read_bytes() == (tmp_path / "planes.vtr").read_bytes()


def test_a_segment_is_of_whole_planes_where_blocks_are(tmp_path: Path) -> None:
    ds = xr.Dataset({"a": (("z", "y", "x"), np.zeros((40, 256, 300), "f4"))})
    array = ds.vtk.plan(tmp_path / "a.vtr", compression="zlib").parts[0].arrays[0]
    assert 256 * 300 * 4 % array.block == 0
    assert segment(array) * array.block % (256 * 300 * 4) == 0


def test_the_plan_says_that_its_bytes_are_those_before_compression() -> None:
    assert "before compression with lz4, level 1" in repr(dataset().vtk.plan("run.pvd", compression="lz4"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"compression": "gzip"}, "choose one of none, zlib, lz4, lzma"),
        ({"compression": ["zlib"]}, "choose one of none, zlib, lz4, lzma"),
        ({"compression": "zlib", "compression_level": 10}, "choose one of 0 to 9"),
        ({"compression": "lz4", "compression_level": 0}, "choose one of 1 to 12"),
        ({"compression": "lzma", "compression_level": "high"}, "choose one of 0 to 9"),
        ({"compression_level": 3}, "needs a compression: one of zlib, lz4, lzma"),
    ],
)
def test_unknown_methods_and_levels_are_errors_that_list_the_valid_ones(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SeriesError, match=message):
        dataset().vtk.to_vtr(tmp_path / "run.pvd", **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("chunks", [{"time": 1}, {"time": 1, "x": 9}])
def test_a_failing_block_leaves_no_file_but_those_of_finished_steps(tmp_path: Path, chunks: dict[str, int]) -> None:
    def fail(block: np.ndarray, block_id: tuple[int, ...]) -> np.ndarray:
        if block_id[0] == 1:
            raise ZeroDivisionError("in the solver")
        return block

    ds = dataset()[["T"]].chunk(chunks)
    broken = ds.assign(T=ds["T"].copy(data=da.map_blocks(fail, ds["T"].data, dtype="f4")))
    with dask.config.set(scheduler="synchronous"), pytest.raises(ZeroDivisionError, match="in the solver"):
        broken.vtk.to_vtr(tmp_path / "run.pvd", compression="zlib")
    assert not list((tmp_path / "run").glob(".*"))
    assert len(list((tmp_path / "run").glob("*.vtr"))) <= 1
