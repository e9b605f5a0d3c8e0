"""Coordinates that no grid holds come back: from a file beside the steps, written once, that only the engine opens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import cftime
import dask
import numpy as np
import pytest
import xarray as xr

from vtkseries import SeriesWriter
from vtkseries.engine.gridfile import open_grid
from vtkseries.errors import FormatError, VtkSeriesWarning
from vtkseries.repair import repair
from vtkseries.storage.read import OpenFile
from vtkseries.thinned import thin
from vtkseries.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

DAMAGED = pytest.mark.unchecked(reason="files are damaged on purpose")


def dataset(steps: int, first: int = 0, width: int = 3) -> xr.Dataset:
    """Give a series with coordinates that fit no grid, still and along time, of every kind."""
    rng, still = np.random.default_rng(first), np.random.default_rng(1)
    days = [cftime.Datetime360Day(2000, 1, 1 + i) for i in range(steps + 1)]
    return xr.Dataset(
        {"t": (("time", "y", "x"), rng.random((steps, 5, 6))), "label": ("time", ["é" * i for i in range(steps)])},
        {
            "time": np.arange(steps) * 1.0 + first,
            "corners": (("y", "x", "v"), still.random((5, 6, 80)), {"units": "m"}),
            "texts": ("time", ["k" * (i + width) for i in range(steps)]),
            "objects": ("time", np.array(["a" * i for i in range(steps)], object)),
            "days": ("time", days[:-1]),
            "bounds": (("nv", "time"), np.array([days[:-1], days[1:]])),
            "many": (("m", "time"), rng.random((40, steps))),
            "names": ("q", np.array([f"é{i}" for i in range(300)], object)),
            "words": ("q", [f"é{i}" for i in range(300)]),
            "complex": ("q", np.arange(300) * 1j),
            "dates": ("q", np.arange(300).astype("M8[ns]")),
            "big endian": ("q", np.arange(300, dtype=">f4")),
            "flags": ("p", np.arange(2000) % 3 == 0),
            "quadruple": ("p", np.arange(2000, dtype="longdouble") / 7),
        },
    )  # fmt: skip


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.coords"))


def same(path: Path, ds: xr.Dataset, **index: Any) -> None:
    """Hold what comes back against a Dataset, lazily indexed first."""
    with xr.open_dataset(path, engine="vtkseries") as back:
        xr.testing.assert_identical(back.isel(index).load(), ds.isel(index))
        xr.testing.assert_identical(back.load(), ds)


@pytest.mark.filterwarnings("ignore:variable 'label' holds strings")
@pytest.mark.parametrize("method", ["to_vtr", "to_vti", "to_vts", "to_pvd", "to_vtkhdf"])
def test_every_coordinate_comes_back_from_every_kind_of_file(tmp_path: Path, method: str) -> None:
    ds = dataset(4)
    path = tmp_path / ("run.vtkhdf" if method == "to_vtkhdf" else "run.pvd")
    getattr(ds.vtkseries, method)(path)
    same(path, ds, time=[3, 1], q=slice(5, 200, 7), y=2, p=[5, 3])
    assert len(files(tmp_path / "run")) == (0 if method == "to_vtkhdf" else 2)


@pytest.mark.filterwarnings("ignore:variable 'label' holds strings")
@pytest.mark.parametrize("how", ["tasks", "later", "together", "pieces", "compressed"])
def test_every_way_of_writing_gives_the_same_files(tmp_path: Path, how: str) -> None:
    ds = dataset(3)
    ds.vtkseries.to_vtr(tmp_path / "plain/run.pvd")
    chunked = ds.chunk(time=1, y=2)
    path = tmp_path / "run.pvd"
    if how == "together":
        dask.compute(chunked.vtkseries.to_vtr(path, compute=False))
    elif how == "later":
        chunked.vtkseries.to_vtr(path, compute=False).compute()
    else:
        chunked.vtkseries.to_vtr(path, pieces=how == "pieces", compression="zlib" if how == "compressed" else None)
    same(path, ds)
    there = {file.name: file.read_bytes() for file in files(tmp_path / "run")}
    assert there == {file.name: file.read_bytes() for file in files(tmp_path / "plain/run")}


@pytest.mark.filterwarnings("ignore:variable 'label' holds strings")
def test_a_continued_series_has_what_each_run_told(tmp_path: Path) -> None:
    first, second, third = dataset(4), dataset(3, 10, 7), dataset(1, 20, 9)
    for ds in (first, second.chunk(time=1), third):
        ds.vtkseries.to_vtr(tmp_path / "run.pvd", mode="a")
    whole = xr.concat([first, second, third], "time", data_vars="minimal", coords="minimal", compat="override")
    assert len(files(tmp_path / "run")) == 3, "what is the same in all runs is there once"
    same(tmp_path / "run.pvd", whole, time=[5, 0, 7], y=1)
    assert not verify(tmp_path / "run.pvd").faults
    thin(tmp_path / "run.pvd", 3)
    same(tmp_path / "run_every_3.pvd", whole.isel(time=[0, 3, 6, 7]))
    (tmp_path / "run.pvd").unlink()
    repair(tmp_path / "run.pvd")
    same(tmp_path / "run.pvd", whole)


def test_a_continued_vtkhdf_gives_back_all_but_the_texts_of_its_steps(tmp_path: Path) -> None:
    ds = dataset(3).drop_vars("label")
    for run in (slice(0, 2), slice(2, 3)):
        ds.isel(time=run).vtkseries.to_vtkhdf(tmp_path / "run.vtkhdf", mode="a")
    with xr.open_dataset(tmp_path / "run.vtkhdf", engine="vtkseries") as back:
        xr.testing.assert_identical(back.load(), ds.drop_vars(["texts", "objects", "days", "bounds", "many"]))


@pytest.mark.filterwarnings("ignore:variable 'label' holds strings", "ignore:.* dropped, since the new ones begin")
def test_steps_that_are_written_again_tell_the_new_values(tmp_path: Path) -> None:
    old, new = dataset(4), dataset(2, 2, 8)
    old.vtkseries.to_vtr(tmp_path / "run.pvd")
    new.vtkseries.to_vtr(tmp_path / "run.pvd", mode="a")
    whole = xr.concat([old.isel(time=[0, 1]), new], "time", data_vars="minimal", coords="minimal", compat="override")
    same(tmp_path / "run.pvd", whole)


@pytest.mark.filterwarnings("ignore:variable 'label' holds strings")
def test_a_solver_that_writes_steps_writes_what_stays_once(tmp_path: Path) -> None:
    ds = dataset(4)
    with SeriesWriter(tmp_path / "run.pvd") as series:
        for step in range(4):
            series.write(ds.isel(time=[step]))
    same(tmp_path / "run.pvd", ds)
    assert len(files(tmp_path / "run")) == 1
    with SeriesWriter(tmp_path / "run.pvd") as series:
        series.write(ds[["t"]].reset_coords(drop=True).isel(time=[0]))
    assert not files(tmp_path / "run")


def test_another_series_in_its_place_takes_the_old_files_away(tmp_path: Path) -> None:
    for name, steps in (("run.pvd", 2), ("run.vtr", 1)):
        ds = dataset(steps).drop_vars("label").assign_coords(large=("l", np.arange(20_000.0)))
        folder = tmp_path / "run" if name == "run.pvd" else tmp_path
        ds.vtkseries.to_vtr(tmp_path / name)
        old = files(folder)
        assert old
        ds["large"] = ds["large"] + 1
        ds.vtkseries.to_vtr(tmp_path / name)
        assert len(files(folder)) == len(old)
        same(tmp_path / name, ds)
        ds[["t"]].reset_coords(drop=True).vtkseries.to_vtr(tmp_path / name)
        assert not files(folder)


def test_a_slice_reads_its_own_rows_and_opening_reads_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ds = xr.Dataset({"t": (("time", "y", "x"), np.zeros((2, 3, 4)))}, {"large": (("a", "b"), np.ones((5000, 100)))})
    path = ds.vtkseries.to_vtr(tmp_path / "run.pvd")
    sizes: list[int] = []
    read_into = OpenFile.read_into

    def count(self: OpenFile, start: int, target: memoryview) -> None:
        sizes.append(len(target))
        read_into(self, start, target)

    monkeypatch.setattr(OpenFile, "read_into", count)
    with xr.open_dataset(path, engine="vtkseries") as back:
        assert not sizes
        np.testing.assert_array_equal(back["large"][100:103, ::2], np.ones((3, 50)))
    assert sum(sizes) == 3 * 100 * 8


def test_the_groups_of_a_tree_share_a_file_beside_the_steps(tmp_path: Path) -> None:
    ocean = dataset(2)[["t"]]
    tree = xr.DataTree.from_dict({"ocean": ocean, "ice": ocean.rename(t="thickness") * 2})
    with xr.open_dataset(tree.vtk.to_pvd(tmp_path / "run.pvd"), engine="vtkseries") as back:
        np.testing.assert_array_equal(back["t"].squeeze(), ocean["t"])
        np.testing.assert_array_equal(back["thickness"].squeeze(), ocean["t"] * 2)
    for group in ("ocean", "ice"):
        with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries", group=group) as back:
            xr.testing.assert_identical(back.load(), tree[group].to_dataset())
    assert len(files(tmp_path / "run")) == 1


def one(folder: Path) -> tuple[Path, Path]:
    """Write a series with one file beside it, and give both."""
    ds = xr.Dataset({"t": (("time", "y", "x"), np.zeros((2, 3, 4)))}, {"large": ("a", np.arange(9000.0))})
    return ds.vtkseries.to_vtr(folder / "run.pvd"), files(folder / "run")[0]


@DAMAGED
def test_a_file_that_is_gone_is_told_and_the_rest_is_there(tmp_path: Path) -> None:
    path, beside = one(tmp_path)
    beside.unlink()
    with pytest.warns(VtkSeriesWarning, match="'large' is left out, since .* is gone"):
        ds = xr.open_dataset(path, engine="vtkseries")
    assert set(ds.variables) == {"t"}
    assert re.search(r"\.coords", verify(path).faults[0])


@DAMAGED
def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path, beside = one(tmp_path)
    whole = beside.read_bytes()
    for damaged, reason in (
        (whole[:-9], "cut short"),
        (whole.replace(b'NumberOfTuples="9000"', b'NumberOfTuples="8999"'), "72000 bytes where"),
        (whole.replace(b'Name="large 0"', b'Name="other 0"'), "no coordinate 'large 0'"),
        (b"<VTKFile/>", "no VTK XML file"),
    ):
        beside.write_bytes(damaged)
        with pytest.raises(FormatError, match=reason) as caught:
            xr.open_dataset(path, engine="vtkseries").load()
        assert str(beside) in str(caught.value)
    at = len(whole) - 1000
    beside.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert "not the one that its name tells" in verify(path).faults[0]


@DAMAGED
@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "C:\\a", "\\\\host\\share"])
def test_a_name_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    path, beside = one(tmp_path)
    for step in sorted((tmp_path / "run").glob("*.vtr")):
        codes = " ".join(map(str, beside.name.encode())).encode()
        new = name.ljust(len(beside.name), "_").replace("\\", "\\\\")
        step.write_bytes(step.read_bytes().replace(codes, " ".join(map(str, new.encode())).encode()))
        assert open_grid(str(step))
    with pytest.raises(FormatError, match="outside its own directory"):
        xr.open_dataset(path, engine="vtkseries")
