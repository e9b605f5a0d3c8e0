"""CF's discrete sampling geometries, each in its representations: every value is at its place and time for VTK."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from test_meshes import data, lines, points, steps
from tools.features import FEATURES, Feature

from vtkseries import SeriesError, VtkSeriesWarning

DAY = pd.Timestamp("1970-01-01")


def table(ds: xr.Dataset, feature: Feature) -> pd.DataFrame:
    """Give a row for each observation, as pandas joins the file's arrays: time, place, values, and its line."""
    ds = ds.reset_coords()
    for name in [n for n, v in ds.variables.items() if "instance_dimension" in v.attrs]:
        ds = joined(ds, ds[name].attrs["instance_dimension"], ds[name].dims[0], ds[name].values, name)
    for name in [n for n, v in ds.variables.items() if "sample_dimension" in v.attrs]:
        ds = joined(ds, ds[name].dims[0], ds[name].attrs["sample_dimension"], np.repeat(range(3), ds[name]), name)
    names = [*feature.places, "humidity", "temp"]
    rows = ds[[n for n in [*names, *feature.lines] if n in ds]].to_dataframe().reset_index().sort_values("humidity")
    vertical = next((n for n in ("alt", "z", "pressure") if n in feature.places), None)
    rows["up"] = 0.0 if vertical is None else feature.up * rows[vertical]
    rows = rows.rename(columns={"precise_lon": "lon", "precise_lat": "lat"})
    rows["days"] = (rows["time"] - DAY) / pd.Timedelta("1D")
    rows["line"] = rows.groupby([*feature.lines]).ngroup() if set(feature.lines) <= set(rows) and feature.lines else 0
    return rows[np.isfinite(rows["up"])]


def joined(ds: xr.Dataset, instance: Any, sample: Any, owner: np.ndarray, name: Any) -> xr.Dataset:
    """Give each sample what belongs to its instance, and the instance's number under the name of what told it."""
    own = {n: (sample, v.to_numpy()[owner], v.attrs) for n, v in ds.variables.items() if v.dims == (instance,)}
    return ds.drop_dims(instance).assign({**own, name: (sample, owner)})


def write(feature: Feature, folder: Path, **options: Any) -> tuple[xr.Dataset, Path]:
    ds = xr.open_dataset(feature.write(folder / "source.nc"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VtkSeriesWarning)  # texts are not drawn
        return ds, ds.vtk.to_vtp(folder / "run.pvd", **options)


@pytest.mark.parametrize("chunks", [None, {}], ids=["in memory", "lazy"])
@pytest.mark.parametrize("name", FEATURES)
def test_each_value_is_at_its_place_and_time(tmp_path: Path, name: str, chunks: Any) -> None:
    feature = FEATURES[name]
    ds = xr.open_dataset(feature.write(tmp_path / "source.nc"), chunks=chunks)
    rows = table(ds, feature)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VtkSeriesWarning)  # texts are not drawn
        found = steps(ds.vtk.to_vtp(tmp_path / "run.pvd"))
    if feature.lines or len(rows) == len(rows["days"].dropna()) == 0:
        assert len(found) == 1
    else:
        rows = rows[np.isfinite(rows["days"])]
        expected = sorted(set(rows["days"]))
        assert np.subtract([time for time, _ in found], found[0][0]).tolist() == [t - expected[0] for t in expected]
    for time, grid in found:
        here = rows if feature.lines else rows[rows["days"] - rows["days"].min() == time - found[0][0]]
        order = np.argsort(data(grid, "humidity"))
        np.testing.assert_array_equal(data(grid, "humidity")[order], here["humidity"])
        np.testing.assert_array_equal(data(grid, "temp")[order], here["temp"])
        np.testing.assert_allclose(points(grid)[order], here[["lon", "lat", "up"]], rtol=1e-7)
        if not feature.lines:
            assert grid.GetNumberOfVerts() == len(here)
            assert grid.GetNumberOfLines() == 0
            continue
        values = [data(grid, "humidity")[line].tolist() for line in lines(grid)]
        assert sorted(values) == sorted(part["humidity"].tolist() for _, part in here.groupby("line"))


@pytest.mark.parametrize("name", FEATURES)
def test_each_comes_back(tmp_path: Path, name: str) -> None:
    ds, path = write(FEATURES[name], tmp_path)
    # What has no place or time is in no file.
    seen = np.isfinite(table(ds, FEATURES[name])["days"]) | bool(FEATURES[name].lines)
    there = table(ds, FEATURES[name])[seen]
    with xr.open_dataset(path, engine="vtkseries") as back:
        for variable in ("humidity", "temp"):
            ds[variable] = ds[variable].where(ds[variable].isin(there[variable]))
        xr.testing.assert_identical(back.load(), ds)


def test_data_of_stations_profiles_and_trajectories_are_given_to_their_points_and_lines(tmp_path: Path) -> None:
    for number, name in enumerate(FEATURES):
        folder = tmp_path / str(number)
        folder.mkdir()
        ds, path = write(FEATURES[name], folder)
        grid = steps(path)[-1][1]
        for info, cells in (("station_info", False), ("path_info", name != "trajectoryProfile ragged")):
            if info in ds and ds[info].ndim:
                assert set(data(grid, info, cells=cells)) <= set(ds[info].values), name
                assert len(set(data(grid, info, cells=cells))) > 0


def test_times_along_a_path_are_drawn_where_they_are_asked_for(tmp_path: Path) -> None:
    ds, path = write(FEATURES["trajectory incomplete"], tmp_path, variables=["time"])
    (_, grid), seconds = steps(path)[0], (ds["time"] - np.datetime64(DAY)) / np.timedelta64(1, "s")
    np.testing.assert_array_equal(data(grid, "time"), seconds.to_numpy()[np.isfinite(seconds)])


def test_what_is_no_feature_is_refused(tmp_path: Path) -> None:
    ds = xr.Dataset({"t": (("a", "b", "c"), np.zeros((2, 3, 4)))})
    ds = ds.assign_coords(x=("a", [0.0, 1.0]), y=("b", [0.0, 1.0, 2.0]), z=("c", np.arange(4.0)))
    with pytest.raises(SeriesError, match="points lie along one dim, and perhaps time; here are 'x'"):
        ds.vtk.to_vtp(tmp_path / "run.pvd")
    paths = xr.open_dataset(FEATURES["trajectory incomplete"].write(tmp_path / "source.nc"))
    with pytest.raises(SeriesError, match="trajectory='ship': there is no such variable"):
        paths.vtk.to_vtp(tmp_path / "run.pvd", trajectory="ship")
    with pytest.raises(SeriesError, match=r"trajectory='other' runs along \('k',\), and points along 'trajectory'"):
        paths.assign(other=("k", [1, 2])).vtk.to_vtp(tmp_path / "run.pvd", trajectory="other")
    assert [p.name for p in tmp_path.iterdir()] == ["source.nc"]
