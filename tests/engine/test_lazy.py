"""Laziness: opening reads the index and one header; a slice reads what it touches, in any scheduler."""

from __future__ import annotations

import pickle
import tracemalloc
from typing import TYPE_CHECKING, Any, NoReturn

import dask
import numpy as np
import pytest
import xarray as xr

import vtkseries  # noqa: F401 (registers the accessor)
from vtkseries.engine import gridfile
from vtkseries.errors import FormatError
from vtkseries.storage.read import OpenFile

if TYPE_CHECKING:
    from pathlib import Path

NT, NZ, NY, NX = 3, 64, 120, 160
SLICE = NY * NX * 4
CHANGED = pytest.mark.unchecked(reason="files are changed on purpose")


def dataset() -> xr.Dataset:
    """Give steps of 4.7 MiB whose values differ at every point."""
    values = np.arange(NT * NZ * NY * NX, dtype="f4").reshape(NT, NZ, NY, NX)
    return xr.Dataset({"t": (("time", "z", "y", "x"), values)}, {"time": np.arange(NT) * 1.0})


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return dataset().vtkseries.to_vtr(tmp_path_factory.mktemp("raw") / "run.pvd")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return dataset().vtkseries.to_vtr(tmp_path_factory.mktemp("packed") / "run.pvd", compression="zlib")


class Reads:
    """The reads of data, beside headers and tables."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.files: set[str] = set()

    @property
    def total(self) -> int:
        return sum(self.sizes)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    """Count the bytes that are read from files."""
    counted = Reads()
    read, read_into = OpenFile.read, OpenFile.read_into

    def count(self: OpenFile, start: int, length: int) -> bytes:
        counted.sizes.append(length)
        counted.files.add(self.path)
        return read(self, start, length)

    def count_into(self: OpenFile, start: int, target: memoryview) -> None:
        counted.sizes.append(len(target))
        counted.files.add(self.path)
        read_into(self, start, target)

    monkeypatch.setattr(OpenFile, "read", count)
    monkeypatch.setattr(OpenFile, "read_into", count_into)
    gridfile._checked.cache_clear()
    return counted


@CHANGED
def test_opening_a_long_series_reads_the_index_and_one_header(tmp_path: Path, reads: Reads) -> None:
    path = dataset().isel(time=0, drop=True).expand_dims(time=[0.0]).vtkseries.to_vtr(tmp_path / "run.pvd")
    entries = "".join(f'<DataSet timestep="{i}" part="0" file="run/run_000000.vtr"/>\n' for i in range(10_000))
    path.write_text(f'<VTKFile type="Collection"><Collection>{entries}</Collection></VTKFile>')
    reads.sizes.clear()
    ds = xr.open_dataset(path, engine="vtkseries", chunks={})
    assert ds["t"].shape == (10_000, NZ, NY, NX)
    assert reads.files == {str(path), str(tmp_path / "run/run_000000.vtr")}
    assert reads.total < path.stat().st_size + 32 * 1024


def test_nothing_is_computed_before_it_is_asked_for(raw: Path) -> None:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        pytest.fail("data were computed")

    with dask.config.set(scheduler=refuse):
        ds = xr.open_dataset(raw, engine="vtkseries", chunks={})
        assert ds["t"].chunks == ((1,) * NT, (NZ,), (NY,), (NX,))
        repr(ds)
        ds["t"].mean("time").isel(x=3)


@pytest.mark.parametrize(
    ("index", "most"),
    [
        ({"time": 1, "z": 7, "y": 5, "x": 3}, 4),
        ({"time": 1, "z": 7}, SLICE),
        ({"time": [0, 2], "z": slice(3, 6)}, 2 * 3 * SLICE),
        ({"time": 1, "z": [2, 40]}, 2 * SLICE),
        ({"time": 1, "z": slice(None, None, 16)}, 4 * SLICE),
        ({"time": 1, "y": slice(10, 20)}, NZ * 10 * NX * 4),
        ({"time": -1, "z": 9, "y": slice(None, None, -30), "x": slice(4, 7)}, NY * NX * 4),
        ({"y": 11, "x": 13}, NT * NZ * 4),
        ({"time": slice(0, 0)}, 0),
    ],
)
def test_a_slice_of_a_raw_series_reads_its_own_bytes(raw: Path, reads: Reads, index: dict[str, Any], most: int) -> None:
    with xr.open_dataset(raw, engine="vtkseries") as ds:
        np.testing.assert_array_equal(ds["t"].isel(index), dataset()["t"].isel(index))
        reads.sizes.clear()
        again = ds["t"].isel(index).copy(deep=True)
        again.to_numpy()
    headers = NT * 2 * 1024 if most else 0  # a byte count and the closing tags of each file
    assert reads.total <= most + headers


def test_a_point_of_every_step_of_a_compressed_series_decodes_one_block_a_step(
    packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vtkseries.xmlformat.codecs import Zlib  # noqa: PLC0415 (patched here)

    decoded: list[int] = []
    decode = Zlib.decode

    def count(self: Zlib, buffer: bytes, size: int) -> bytes | bytearray:
        decoded.append(size)
        return decode(self, buffer, size)

    monkeypatch.setattr(Zlib, "decode", count)
    with xr.open_dataset(packed, engine="vtkseries") as ds:
        decoded.clear()
        found = ds["t"][:, 20, 60, 80].to_numpy()
        assert len(decoded) == NT
        np.testing.assert_array_equal(found, dataset()["t"][:, 20, 60, 80])
        decoded.clear()
        np.testing.assert_array_equal(ds["t"][1, 3:5, ::7, 2], dataset()["t"][1, 3:5, ::7, 2])
        assert sum(decoded) <= 3 * SLICE


@pytest.mark.parametrize("kind", ["raw", "packed"])
@pytest.mark.parametrize("scheduler", ["synchronous", "threads", "processes"])
def test_every_scheduler_reads_the_same(kind: str, scheduler: str, request: pytest.FixtureRequest) -> None:
    path = request.getfixturevalue(kind)
    with dask.config.set(scheduler=scheduler):
        ds = xr.open_dataset(path, engine="vtkseries", chunks={})
        np.testing.assert_array_equal(ds["t"][:, ::9].compute(), dataset()["t"][:, ::9])


def test_a_lazy_dataset_can_be_pickled(packed: Path) -> None:
    ds = pickle.loads(pickle.dumps(xr.open_dataset(packed, engine="vtkseries")))  # noqa: S301 (our own bytes)
    assert not ds["t"].variable._in_memory
    np.testing.assert_array_equal(ds["t"][2, 1], dataset()["t"][2, 1])


def test_the_index_and_the_engine_of_a_suffix_are_guessed(raw: Path) -> None:
    assert "t" in xr.open_dataset(raw)
    assert "t" in xr.open_dataset(str(raw.with_suffix("") / "run_000001.vtr"), engine="vtkseries")


def test_one_step_of_a_series_opens_as_one_step(raw: Path) -> None:
    ds = xr.open_dataset(raw.with_suffix("") / "run_000001.vtr", engine="vtkseries")
    xr.testing.assert_identical(ds.load(), dataset().isel(time=[1]))


@CHANGED
def test_steps_of_another_shape_or_missing_are_found_when_they_are_read(tmp_path: Path) -> None:
    ds = dataset().isel(z=slice(3))
    path = ds.vtkseries.to_vtr(tmp_path / "run.pvd")
    opened = xr.open_dataset(path, engine="vtkseries")
    ds.isel(x=slice(5), time=[0]).vtkseries.to_vtr(tmp_path / "other.pvd")
    (tmp_path / "other/other_000000.vtr").replace(tmp_path / "run/run_000001.vtr")
    with pytest.raises(FormatError, match=r"run_000001.vtr: its grid is \(3, 120, 5\)"):
        opened["t"][1].load()
    np.testing.assert_array_equal(opened["t"][2], ds["t"][2])
    (tmp_path / "run/run_000001.vtr").unlink()
    with pytest.raises(FileNotFoundError):
        opened["t"][1].load()
    path.write_text(path.read_text().replace("run_000001", "run_000002"))


@CHANGED
def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = dataset().isel(time=[0], z=slice(3)).vtkseries.to_vtr(tmp_path / "a.vtr")
    grid = gridfile.open_grid(str(path))
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(FormatError, match="it changed since it was opened"):
        grid.open()


def test_a_long_axis_takes_no_more_memory_than_twice_its_values(tmp_path: Path) -> None:
    values = np.arange(8_000_000, dtype="f4")
    path = xr.Dataset({"t": ("x", values)}).vtkseries.to_vti(tmp_path / "long.vti")
    ds = xr.open_dataset(path, engine="vtkseries")
    tracemalloc.start()
    try:
        found = ds["t"][5_000_000:5_000_003].values
        _, few = tracemalloc.get_traced_memory()
        whole = ds["t"].values
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(found, values[5_000_000:5_000_003])
    np.testing.assert_array_equal(whole, values)
    np.testing.assert_array_equal(ds["t"][::-3].values, values[::-3])
    assert few < 1 << 20
    assert most < 2 * values.nbytes + (64 << 20)
