"""xr.open_dataset(…, engine="vtkseries") gives back what went into a .vtkhdf, and what a link leads to."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr

import vtkseries
from vtkseries import FormatError
from vtkseries.backend import describe
from vtkseries.verify import verify

DIMS = ("time", "z", "y", "x")


def dataset(steps: int = 3, **axes: Any) -> xr.Dataset:
    shape = (3, 2, 4, 5)
    values = np.arange(np.prod(shape), dtype="f4").reshape(shape)
    coords = {
        "time": ("time", np.array(["2001-02-03", "2001-02-04", "2001-03-01"], "M8[ns]"), {"long_name": "time"}),
        "z": ("z", [1.0, 4.0], {"positive": "down", "units": "m"}),
        "y": ("y", [8.0, 1.0, 0.0, -3.0]),
        "x": ("x", [0.0, 1.0, 1.5, 4.0, 9.0]),
    }
    fields = {
        "T": (DIMS, values, {"units": "K"}),
        "n": (DIMS, (values + 300).astype("i2")),
        "u": (DIMS, values.astype("f8") + 1000),
        "v": (DIMS, values.astype("f8") + 2000),
        "mean": ("time", values.mean((1, 2, 3))),
    }
    return xr.Dataset(fields, coords | axes, {"title": "ö"}).isel(time=slice(steps))


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("vectors", [{}, {"wind": ("u", "v")}])
def test_what_to_vtkhdf_writes_comes_back_identical(tmp_path: Path, steps: int, vectors: dict[str, Any]) -> None:
    ds = dataset(steps)
    path = ds.vtk.to_vtkhdf(tmp_path / "run.vtkhdf", vectors=vectors)
    with xr.open_dataset(path, engine="vtkseries") as found:
        xr.testing.assert_identical(found.load(), ds)
    report = verify(path)
    assert (report.steps, report.faults) == (steps, [])
    assert f"{path}\n{steps} step" in describe(path)


def test_images_and_structured_grids_come_back(tmp_path: Path) -> None:
    lon, lat = np.meshgrid(np.arange(5) * 1.0, np.arange(4) * 2.0)
    curved = dataset()[["T"]].drop_vars(["x", "y"]).assign_coords(lon=(("y", "x"), lon + lat), lat=(("y", "x"), lat))
    curved = curved.rename(y="eta", x="xi")
    even = dataset(x=np.arange(5) * 0.5, y=np.arange(4) * 2.0)[["T"]]
    for name, ds in {"curved": curved, "even": even}.items():
        with xr.open_dataset(ds.vtk.to_vtkhdf(tmp_path / f"{name}.vtkhdf"), engine="vtkseries") as found:
            xr.testing.assert_identical(found.load(), ds)


def test_a_continued_series_comes_back_whole(tmp_path: Path) -> None:
    ds = dataset()
    for step in range(3):
        path = ds.isel(time=[step]).vtk.to_vtkhdf(tmp_path / "run.vtkhdf", mode="a", time_units="days since 2001-01-01")
    with xr.open_dataset(path, engine="vtkseries") as found:
        np.testing.assert_array_equal(found["T"].values, ds["T"].values)
        np.testing.assert_array_equal(found["mean"].values, ds["mean"].values)
        np.testing.assert_array_equal(found["time"].values, ds["time"].values)


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    ds = dataset()
    path = ds.vtk.to_vtkhdf(tmp_path / "run.vtkhdf")
    with xr.open_dataset(path, engine="vtkseries", chunks={}) as found:
        assert found["T"].chunksizes["time"] == (1, 1, 1)
        again = pickle.loads(pickle.dumps(found))  # noqa: S301 (our own)
        for part in (found, again):
            picked = part["T"].isel(time=[2, 0], y=[3, 1], x=slice(None, None, -2))
            xr.testing.assert_identical(picked.compute(), ds["T"].isel(time=[2, 0], y=[3, 1], x=slice(None, None, -2)))


@pytest.mark.parametrize("many", [False, True])
def test_a_link_reads_as_the_netcdf_file(tmp_path: Path, many: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    ds = dataset()
    ds.to_netcdf(tmp_path / "run.nc", encoding={"time": {"units": "days since 2001-01-01"}})
    paths = [tmp_path / f"{step}.nc" for step in range(3)]
    for step, path in enumerate(paths):
        ds.isel(time=[step]).to_netcdf(path, encoding={"time": {"units": "days since 2001-01-01"}})
    target = vtkseries.link(
        paths if many else tmp_path / "run.nc", tmp_path / "run.vtkhdf", vectors={"wind": ("u", "v")}
    )
    with xr.open_dataset(target, engine="vtkseries") as found, xr.open_dataset(tmp_path / "run.nc") as expected:
        xr.testing.assert_identical(found.load(), expected.load())


def described() -> xr.Dataset:
    """Give a Dataset with coordinates that no axis is: of two dims, bounds, and some along time."""
    ds = dataset()[["T", "n"]].isel(y=slice(None, None, -1))
    big = xr.Dataset(
        {"T": (DIMS, np.arange(3 * 2 * 30 * 40, dtype="f4").reshape(3, 2, 30, 40), {"units": "K"})},
        {"time": ds["time"], "z": [0.5, 1.5], "y": np.arange(30.0)[::-1] ** 2, "x": np.arange(40.0)},
    )
    lon, lat = np.meshgrid(np.linspace(0, 50, 40), np.linspace(5, -5, 30))
    return big.assign_coords(
        lon=(("y", "x"), lon + lat, {"units": "degrees_east"}),
        lat=(("y", "x"), (lat - 0.1 * lon).astype("f4"), {"units": "degrees_north"}),
        forecast=("time", [3.0, 6.0, 9.0], {"units": "1"}),
        pair=(("time", "two"), np.arange(6.0).reshape(3, 2)),
        station=("x", np.arange(40) * 10),
    )


@pytest.mark.parametrize("many", [False, True])
def test_a_link_keeps_what_no_axis_is(tmp_path: Path, many: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    ds = described()
    paths = [tmp_path / f"{step}.nc" for step in range(3)] if many else [tmp_path / "run.nc"]
    encoding = {"time": {"units": "days since 2001-01-01"}}
    for step, path in enumerate(paths):
        (ds.isel(time=[step]) if many else ds).to_netcdf(path, encoding=encoding)
    target = vtkseries.link(paths, tmp_path / "run.vtkhdf", x="x", y="y")
    with xr.open_dataset(target, engine="vtkseries") as found:
        xr.testing.assert_identical(found["lat"][[2, 0], 5].load(), ds["lat"][[2, 0], 5])
        xr.testing.assert_identical(found.load(), ds)
    with xr.open_dataset(target, engine="vtkseries") as found:
        paths[-1].unlink()
        with pytest.raises(FormatError, match=rf"is in '{paths[-1].name}'"):
            found["T"].load()
    with pytest.raises(FormatError, match="which is missing; bring it back"):
        xr.open_dataset(target, engine="vtkseries")


def test_a_link_reads_without_what_it_leaves_out(tmp_path: Path) -> None:
    ds = dataset()
    packed = ds.assign(n=ds["n"].astype("f8"))
    packed.to_netcdf(tmp_path / "run.nc", encoding={"n": {"scale_factor": 0.5, "dtype": "i2", "_FillValue": -1}})
    with pytest.warns(vtkseries.VtkSeriesWarning, match="'n' is packed"):
        target = vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf")
    with xr.open_dataset(target, engine="vtkseries") as found:
        assert set(found.data_vars) == {"T", "u", "v", "mean"}
        np.testing.assert_array_equal(found["T"].values, ds["T"].values)


@pytest.mark.parametrize("turned", [True, False])
def test_a_missing_source_is_named(tmp_path: Path, turned: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    ds = dataset(z=[0.0, 1.0], y=[1.0, 2.0, 4.0, 8.0][:: -1 if turned else 1])[["T"]]
    ds.to_netcdf(tmp_path / "run.nc")
    target = vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf")
    (tmp_path / "run.nc").unlink()
    with pytest.raises(FormatError, match=r"array 'T' is in 'run\.nc', which is missing; bring it back"):
        xr.open_dataset(target, engine="vtkseries")
    assert "array 'T' is in 'run.nc', which is missing" in verify(target).faults[0]


def test_a_source_outside_the_directory_is_followed_only_when_trusted(tmp_path: Path) -> None:
    (tmp_path / "views").mkdir()
    ds = dataset()
    ds.to_netcdf(tmp_path / "run.nc")
    target = vtkseries.link(tmp_path / "run.nc", tmp_path / "views" / "run.vtkhdf")
    with pytest.raises(FormatError, match=r"is in '\.\./run\.nc', outside .* follow_outside=True"):
        xr.open_dataset(target, engine="vtkseries")
    with xr.open_dataset(target, engine="vtkseries", follow_outside=True) as found:
        np.testing.assert_array_equal(found["T"].values, ds["T"].values)


def test_files_of_other_writers_open(tmp_path: Path) -> None:
    values = np.arange(2 * 3 * 4 * 5, dtype="f4").reshape(2, 3, 4, 5)
    with h5py.File(tmp_path / "other.vtkhdf", "w") as file:
        root = file.create_group("VTKHDF")
        root.attrs["Version"] = [2, 0]
        root.attrs.create("Type", np.bytes_("ImageData"))
        root.attrs["WholeExtent"] = [0, 4, 0, 3, 0, 2]
        root.attrs["Origin"] = [1.0, 2.0, 3.0]
        root.attrs["Spacing"] = [0.5, 1.0, 2.0]
        root.attrs["Direction"] = np.eye(3).ravel()
        root.create_dataset("PointData/a", data=values)
        root.create_group("Steps").attrs["NSteps"] = 2
        root["Steps"].create_dataset("Values", data=[0.5, 1.5])
    with xr.open_dataset(tmp_path / "other.vtkhdf", engine="vtkseries") as found:
        np.testing.assert_array_equal(found["a"].values, values)
        assert found["time"].values.tolist() == [0.5, 1.5]
        assert found["x"].values.tolist() == [1.0, 1.5, 2.0, 2.5, 3.0]


def test_what_is_no_vtkhdf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.vtkhdf").write_text("no")
    with pytest.raises(FormatError, match=r"text\.vtkhdf: it cannot be read as VTKHDF"):
        xr.open_dataset(tmp_path / "text.vtkhdf", engine="vtkseries")
    with h5py.File(tmp_path / "empty.vtkhdf", "w"):
        pass
    with pytest.raises(FormatError, match=r"empty\.vtkhdf: it is HDF5, but not VTKHDF"):
        xr.open_dataset(tmp_path / "empty.vtkhdf", engine="vtkseries")
