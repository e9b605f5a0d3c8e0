# ruff: noqa: E501 (a case a line reads as a table)
"""Bad input gets an error that names the variable, the fact and the remedy, before any file exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from vtkseries import SeriesError


def grid(**coords: Any) -> xr.Dataset:
    data = np.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    start = {"time": [0.0, 1.0], "z": [0.0, 1.0, 2.0], "y": [0.0, 1.0, 2.0, 3.0], "x": [0.0, 1.0, 2.0, 3.0, 4.0]}
    return xr.Dataset({"T": (("time", "z", "y", "x"), data)}, {**start, **coords})


NAT = np.array(["2000-01-01", "NaT"], "M8[ns]")

CASES: dict[str, tuple[xr.Dataset, dict[str, Any], list[str]]] = {
    "repeated": (grid(x=[0.0, 1, 1, 3, 4]), {}, ["'x'", "repeats 1.0", "1 and 2", "drop_duplicates"]),
    "nan": (grid(y=[0.0, np.nan, 2, 3]), {}, ["'y'", "nan at position 1", "isel"]),
    "infinite": (grid(y=[0.0, 1, 2, np.inf]), {}, ["'y'", "inf at position 3", "isel"]),
    "zigzag": (grid(x=[0.0, 2, 1, 3, 4]), {}, ["'x'", "up and down", "sortby"]),
    "text axis": (grid(x=list("abcde")), {"x": "x"}, ["'x'", "not numbers", "drop_vars"]),
    "time order": (grid(time=[1.0, 0.0]), {}, ["'time'", "must increase", "sortby"]),
    "time twice": (grid(time=[1.0, 1.0]), {}, ["'time'", "must increase", "drop_duplicates"]),
    "time nan": (grid(time=[0.0, np.nan]), {}, ["'time'", "nan at position 1", "ds.isel({'time': np.isfinite(ds['time'])})"]),
    "time nat": (grid(time=NAT), {}, ["'time'", "NaT at position 1", "ds.isel({'time': ds['time'].notnull()})"]),
    "time text": (grid(time=["a", "b"]), {"time": "time"}, ["'time'", "no time", "decode"]),
    "time units": (grid(time=np.array(["2000-01-01", "2000-01-02"], "M8[ns]")), {"time_units": "parsecs"}, ["'time'", "parsecs", "hours since"]),
    "strings": (grid().assign(s=("x", list("abcde"))), {"variables": ["s"]}, ["'s'", "strings", "numbers"]),
    "objects": (grid().assign(o=("x", np.array([{}] * 5))), {"variables": ["o"]}, ["'o'", "objects", "numbers"]),
    "unfitting": (grid().assign(w=(("wave", "x"), np.ones((6, 5)))).assign_coords(wave=range(6)), {"variables": ["w"]}, ["'w'", "'wave'", "parts='wave'", "isel"]),
    "an array for a name": (grid(), {"variables": xr.DataArray("T")}, ["variables=", "DataA", "variables=['T']"]),
    "arrays for names": (grid(), {"variables": xr.DataArray(["T"])}, ["variables=", "DataA", "variables=['T']"]),
    "lists for names": (grid(), {"variables": [["T"]]}, ["variables=['T']", "give names"]),
    "an axis by another's attributes": (grid(x=("x", [0.0, 1, 2, 3, 4], {"axis": "Y"})), {}, ["'y' (4 values)", "attributes of 'x'", "x='x', y='y'"]),
    "no such variable": (grid(), {"variables": ["Q"]}, ["'Q'", "no such variable", "'T'"]),
    "no such axis": (grid(), {"z": "height"}, ["z='height'", "no such dim", "'z'"]),
    "one dim twice": (grid(), {"z": "x", "x": "x"}, ["z='x'", "x='x'"]),
    "ambiguous": (xr.Dataset({"T": (("lon", "x"), np.ones((2, 3)))}, {"lon": [0, 1], "x": [0, 1, 2]}), {}, ["'T'", "'lon'", "'x'", "x='lon'"]),
    "2-D axis": (grid().assign_coords(lon=(("y", "x"), np.ones((4, 5)))), {"x": "lon"}, ["'lon'", "to_vts"]),
    "unequal vector": (grid().assign(u=("x", np.ones(5)), v=("y", np.ones(4))), {"vectors": {"w": ("u", "v")}}, ["'w'", "'u'", "'v'", "same dims"]),
    "unknown component": (grid(), {"vectors": {"w": ("T", "v")}}, ["'w'", "'v'"]),
    "no components": (grid(), {"vectors": {"w": ()}}, ["'w'", "no components", "('u', 'v', 'w')"]),
    "twins": (grid().assign(c=("x", np.ones(5, "c8")), c_real=("x", np.ones(5))), {}, ["'c_real'", "rename"]),
    "vector of a variable's name": (grid().assign(u=grid()["T"], v=grid()["T"]), {"vectors": {"T": ("u", "v")}}, ["'T'", "rename"]),
    "location": (grid(), {"location": "edge"}, ["'edge'", "'auto', 'point' or 'cell'"]),
    "missing": (grid(), {"missing": "zero"}, ["'zero'", "'nan'"]),
    "mode": (grid(), {"mode": "r"}, ["'r'", "'w'", "'x'", "'a'"]),
    "z_scale": (grid(), {"z_scale": 0}, ["z_scale=0", "-1"]),
    "z_scale nan": (grid(), {"z_scale": np.nan}, ["z_scale=nan"]),
    "parts": (grid(), {"parts": "number"}, ["parts='number'", "no such dim"]),
    "empty": (grid().isel(x=[]), {}, ["'T'", "empty"]),
    "no steps": (grid().isel(time=[]), {}, ["'T'", "empty"]),
    "no fields": (xr.Dataset(coords={"x": [1, 2]}), {}, ["no variables"]),
    "no space": (xr.Dataset({"m": ("time", [1.0, 2.0])}, {"time": [0, 1]}), {}, ["no variable has a spatial axis"]),
    "open bounds": (grid(x=("x", [0.0, 1, 2, 3, 4], {"bounds": "xb"})).assign(xb=(("x", "b"), np.array([[0, 0.5], [0.7, 1], [1, 2], [2, 3], [3, 4]]))), {"location": "cell"}, ["'xb'", "cell 0 ends at 0.5", "location='point'"]),
    "long integers": (grid(time=np.array([2**53, 2**53 + 1])), {}, ["'time'", "2**53", "subtract"]),
    "address": (grid(), {"path": "s3://bucket/run.pvd"}, ["bucket/run.pvd", "address", "copy"]),
    "suffix": (grid(), {"path": "run.vtk"}, ["run.vtk", ".pvd"]),
    "no suffix": (grid(), {"path": "run"}, ["must end in", "'run.pvd'"]),
    "several steps": (grid(), {"path": "run.vtr"}, ["run.vtr", "2 time steps", ".pvd"]),
    "several grids": (grid().isel(time=0).assign(s=("x", np.ones(5))), {"path": "run.vtr"}, ["run.vtr", "2 grids", ".pvd"]),
    "append to a file": (grid().isel(time=0), {"path": "run.vtr", "mode": "a"}, ["mode='a'", ".pvd"]),
    "control character": (grid().rename(T="a\x01"), {"variables": ["a\x01"]}, ["control", "rename"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_error_names_the_fact_and_the_remedy_and_no_file_exists(tmp_path: Path, case: str) -> None:
    ds, options, words = CASES[case]
    options = dict(options)
    name = options.pop("path", "run.pvd")
    path = name if "://" in name else tmp_path / name
    for call in (ds.vtk.plan, ds.vtk.to_vtr):
        with pytest.raises(SeriesError) as error:
            call(path, **options)
        assert all(word in str(error.value) for word in words), str(error.value)
        assert list(tmp_path.iterdir()) == []


def test_nothing_drawable_left_is_an_error_with_both_remedies(tmp_path: Path) -> None:
    ds = xr.Dataset({"T": (("number", "y", "x"), np.ones((2, 3, 4)))}, {"number": [1, 2]})
    with pytest.raises(SeriesError, match=r"parts='number'.*isel"):
        ds.vtk.to_vtr(tmp_path / "run.pvd")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_series_is_refused_by_mode_x_and_left_as_it_was(tmp_path: Path) -> None:
    grid().vtk.to_vtr(tmp_path / "run.pvd", mode="x")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(SeriesError, match="exists and mode='x'"):
        grid().vtk.to_vtr(tmp_path / "run.pvd", mode="x")
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_file_in_the_way_of_the_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("in the way")
    with pytest.raises(SeriesError, match="is no directory"):
        grid().vtk.to_vtr(tmp_path / "run.pvd")
    with pytest.raises(SeriesError, match="is no directory"):
        grid().vtk.to_vtr(tmp_path / "run" / "deeper" / "run.pvd")
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_directory_that_is_not_writable_is_an_error() -> None:
    with pytest.raises(SeriesError, match=r"not writable.*take another path"):
        grid().vtk.to_vtr("/sys/run.pvd")


def test_a_series_is_not_written_over_the_one_that_it_is_read_from(tmp_path: Path) -> None:
    grid().isel(time=[0]).to_netcdf(tmp_path / "run.nc")
    with xr.open_dataset(tmp_path / "run.nc") as ds:
        ds.encoding["source"] = str(tmp_path / "run.pvd")
        with pytest.raises(SeriesError, match="read from"):
            ds.vtk.to_vtr(tmp_path / "run.pvd")
    assert [p.name for p in tmp_path.iterdir()] == ["run.nc"]


@pytest.mark.parametrize("times", [[0.0, np.nan], [np.inf, 1.0], NAT])
def test_the_remedy_for_times_that_are_missing_works_as_it_stands(tmp_path: Path, times: Any) -> None:
    ds = grid(time=times)
    with pytest.raises(SeriesError, match="drop such steps, as with") as error:
        ds.vtk.to_vtr(tmp_path / "run.pvd")
    valid = eval(str(error.value).split("as with ")[1], {"ds": ds, "np": np})  # noqa: S307  # what the error says
    valid.vtk.to_vtr(tmp_path / "run.pvd")
    assert valid.sizes["time"] == 1
