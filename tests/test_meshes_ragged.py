"""CF's ragged arrays of stations and profiles: each observation at the place and time of what it belongs to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from test_meshes import data, numbers, points, steps

from vtkseries import SeriesError

COUNTS = np.array([5, 4, 3])
OWNER = np.array([2, 0, 1, 1, 0, 2, 0, 1, 0, 2, 0, 1])
LON, LAT = np.array([10.0, 20.0, 30.0]), np.array([-1.0, 0.0, 3.0])


def observations(kind: str, instance: str) -> tuple[xr.Dataset, np.ndarray]:
    """Twelve values, and the station or profile of each."""
    if kind == "contiguous":
        owner = np.repeat(np.arange(3), COUNTS)
        told = xr.Variable(instance, COUNTS.copy(), {"sample_dimension": "obs"})
    else:
        owner = OWNER
        told = xr.Variable("obs", OWNER.copy(), {"instance_dimension": instance})
    ds = xr.Dataset({"temp": ("obs", numbers(12)), "told": told, "rank": (instance, [7.0, 8.0, 9.0])})
    return ds.assign_coords(lon=(instance, LON), lat=(instance, LAT)), owner


@pytest.mark.parametrize("kind", ["contiguous", "indexed"])
def test_stations_observe_at_times_of_their_own(kind: str, tmp_path: Path) -> None:
    ds, owner = observations(kind, "station")
    times = np.array([np.sum(owner[:n] == owner[n]) for n in range(12)]) * 0.5
    ds = ds.assign_coords(time=("obs", times)).assign_attrs(featureType="timeSeries")
    found = steps(ds.vtk.to_vtp(tmp_path / "run.pvd"))
    assert [time for time, _ in found] == sorted(set(times))
    for time, grid in found:
        there = times == time
        np.testing.assert_array_equal(data(grid, "temp"), numbers(12)[there])
        np.testing.assert_array_equal(points(grid)[:, 0], LON[owner[there]])
        np.testing.assert_array_equal(points(grid)[:, 1], LAT[owner[there]])
        np.testing.assert_array_equal(data(grid, "rank"), np.array([7.0, 8.0, 9.0])[owner[there]])
        assert grid.GetPointData().GetArray("told") is None


@pytest.mark.parametrize("kind", ["contiguous", "indexed"])
def test_profiles_are_taken_one_time_each(kind: str, tmp_path: Path) -> None:
    ds, owner = observations(kind, "profile")
    ds = ds.assign_coords(time=("profile", [0.0, 6.0, 12.0]), alt=("obs", np.arange(12.0) * 10))
    ds["alt"].attrs.update(axis="Z", units="m", positive="up")
    found = steps(ds.assign_attrs(featureType="profile").vtk.to_vtp(tmp_path / "run.pvd"))
    assert [time for time, _ in found] == [0.0, 6.0, 12.0]
    for number, (_, grid) in enumerate(found):
        there = owner == number
        np.testing.assert_array_equal(data(grid, "temp"), numbers(12)[there])
        expected = np.stack([LON[owner[there]], LAT[owner[there]], np.arange(12.0)[there] * 10], -1)
        np.testing.assert_array_equal(points(grid), expected)


def test_stations_of_profiles_have_both_indices(tmp_path: Path) -> None:
    ds = xr.Dataset(
        {
            "temp": ("obs", numbers(12)),
            "station_of": ("profile", [1, 0, 1], {"instance_dimension": "station"}),
            "row_size": ("profile", COUNTS, {"sample_dimension": "obs"}),
        },
        {
            "lon": ("station", LON[:2]),
            "lat": ("station", LAT[:2]),
            "time": ("profile", [0.0, 6.0, 12.0]),
            "alt": ("obs", np.arange(12.0), {"axis": "Z", "units": "m", "positive": "up"}),
        },
        {"featureType": "timeSeriesProfile"},
    )
    found = steps(ds.vtk.to_vtp(tmp_path / "run.pvd"))
    ends = np.cumsum(COUNTS)
    for number, (time, grid) in enumerate(found):
        rows = slice(ends[number] - COUNTS[number], ends[number])
        assert time == 6.0 * number
        np.testing.assert_array_equal(data(grid, "temp"), numbers(12)[rows])
        assert set(points(grid)[:, 0]) == {LON[[1, 0, 1][number]]}
        np.testing.assert_array_equal(points(grid)[:, 2], np.arange(12.0)[rows])


def test_counts_that_do_not_fit_are_refused_by_name(tmp_path: Path) -> None:
    ds, _ = observations("contiguous", "station")
    ds["told"][0] = 6
    with pytest.raises(SeriesError, match="the row sizes 'told' sum to 13, not to 12"):
        ds.vtk.to_vtp(tmp_path / "run.pvd")
    ds, _ = observations("indexed", "station")
    ds["told"][3] = 3
    with pytest.raises(SeriesError, match="'told' reaches from 0 to 3; 'station' has 3, from 0"):
        ds.vtk.to_vtp(tmp_path / "run.pvd")
    assert not list(tmp_path.iterdir())


def test_what_tells_of_ragged_arrays_is_whole_numbers_along_one_dim(tmp_path: Path) -> None:
    ds, _ = observations("contiguous", "station")
    told = {"sample_dimension": "obs"}
    for message, variable in (
        (r"'told' holds <U1 along \('station',\); .* whole numbers along one dim", ("station", list("543"), told)),
        (r"'told' holds int64 along \('station', 'k'\)", (("station", "k"), COUNTS[:, None], told)),
        ("'told' holds float64", ("station", [5.5, 3.5, 3.0], told)),
        ("'told' holds float64", ("station", [5.0, 7.0, np.nan], told)),
        ("'told' counts along 'ob', which is no dim here", ("station", COUNTS, {"sample_dimension": "ob"})),
    ):
        with pytest.raises(SeriesError, match=message):
            ds.assign(told=variable).vtk.to_vtp(tmp_path / "run.pvd")
    assert not list(tmp_path.iterdir())
