"""Points and meshes that vtkseries wrote come back as they were, lazily."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from test_meshes import layered, mesh, numbers, particles
from test_meshes_ragged import observations

from vtkseries import FormatError, VtkSeriesWarning

TIMES = np.array(["2000-01-01", "2000-01-02T12:00"], "M8[ns]")


def everywhere() -> xr.Dataset:
    """Particles that are all there at each step."""
    ds = particles()
    return ds.assign({name: ds[name].fillna(7.25) for name in "xyz"}).assign_attrs(title="drops")


def coming_and_going() -> xr.Dataset:
    """Particles without a place, and without values, at some steps."""
    ds = particles()
    return ds.assign({name: ds[name].where(ds.x.notnull()) for name in ("mass", "u", "v", "y", "z")})


def stations() -> xr.Dataset:
    return xr.Dataset(
        {
            "level": (("station", "time"), numbers(4, 2).astype("f4"), {"units": "m"}, {"scale_factor": 0.5}),
            "count": (("time", "station"), numbers(2, 4).astype("i4")),
            "wave": (("time", "station", "part"), numbers(2, 4, 3)),
            "spin": (("time", "station"), numbers(2, 4) + 1j * numbers(2, 4)),
            "seen": (("time", "station"), TIMES[:, None] + np.arange(4).astype("m8[h]")),
            "open": ("station", np.array([True, False, True, True])),
        },
        {
            "time": TIMES,
            "lon": ("station", np.array([1, 2, 3, 4], "f4"), {"standard_name": "longitude", "units": "degrees_east"}),
            "lat": ("station", [5.0, 6.0, 7.0, 9.0], {"standard_name": "latitude", "units": "degrees_north"}),
            "depth": ("station", [0.0, 1.0, 2.0, 3.0], {"positive": "down", "axis": "Z"}),
            "name": ("station", list("abcd")),
            "age": (("station", "time"), numbers(4, 2)),
        },
        {"featureType": "timeSeries"},
    )


def scattered() -> xr.Dataset:
    """Observations with times of their own, in no order."""
    return xr.Dataset(
        {"t2m": ("obs", numbers(6)), "kind": ("obs", np.arange(6, dtype="i2"))},
        {
            "time": ("obs", TIMES[[1, 0, 1, 1, 0, 1]]),
            "x": ("obs", np.arange(6.0)),
            "y": ("obs", np.arange(6.0) * 2),
        },
        {"featureType": "point"},
    )


def trajectories() -> xr.Dataset:
    """CF's contiguous ragged array."""
    return xr.Dataset(
        {"t2m": ("obs", numbers(6)), "drag": ("trajectory", [0.5, 1.5, 2.5])},
        {
            "rowSize": ("trajectory", [2, 3, 1], {"sample_dimension": "obs"}),
            "buoy": ("trajectory", ["a", "b", "c"], {"cf_role": "trajectory_id"}),
            "lon": ("obs", np.arange(6.0), {"units": "degrees_east"}),
            "lat": ("obs", np.arange(6.0) * 2, {"units": "degrees_north"}),
            "time": ("obs", np.arange(6.0), {"standard_name": "time"}),
        },
        {"featureType": "trajectory"},
    )


def profiles(kind: str) -> xr.Dataset:
    ds, _ = observations(kind, "profile")
    ds = ds.assign_coords(time=("profile", [0.0, 6.0, 12.0]), alt=("obs", np.arange(12.0) * 10))
    ds["alt"].attrs.update(axis="Z", units="m", positive="up")
    return ds


def levelled() -> xr.Dataset:
    ds = mesh(fill=999, start=0).drop_vars(["depth", "eta"]).assign(w=(("level", "time", "node"), numbers(3, 2, 8)))
    return ds.assign_coords(level=("level", [0.0, 10.0, 40.0], {"axis": "Z"}))


CASES: dict[str, tuple[Callable[[], xr.Dataset], str, dict[str, Any]]] = {
    "all there": (everywhere, "to_vtp", {}),
    "vectors": (everywhere, "to_vtp", {"vectors": {"wind": ("u", "v")}, "z_scale": -1.0}),
    "some there": (coming_and_going, "to_vtp", {}),
    "stations": (stations, "to_vtp", {"vectors": {"wave": "part"}}),
    "scattered": (scattered, "to_vtp", {}),
    "trajectories": (trajectories, "to_vtp", {}),
    "profiles": (lambda: profiles("contiguous"), "to_vtp", {}),
    "indexed": (lambda: profiles("indexed"), "to_vtp", {}),
    "paths": (coming_and_going, "to_vtp", {"trajectory": "particle"}),
    "mesh": (mesh, "to_vtu", {}),
    "layers": (layered, "to_vtu", {}),
    "levels": (levelled, "to_vtu", {}),
}


def write(case: str, folder: Path, **options: Any) -> tuple[xr.Dataset, Path]:
    make, verb, own = CASES[case]
    ds = make()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VtkSeriesWarning)  # texts are not drawn
        return ds, getattr(ds.vtkseries, verb)(folder / "run.pvd", **own, **options)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("case", CASES)
def test_what_was_written_comes_back(tmp_path: Path, case: str, compression: str | None) -> None:
    ds, path = write(case, tmp_path, compression=compression)
    with xr.open_dataset(path, engine="vtkseries") as back:
        xr.testing.assert_identical(back.load(), ds)
        assert {name: variable.dtype for name, variable in back.variables.items()} == {
            name: variable.dtype for name, variable in ds.variables.items()
        }
        assert all(back[name].encoding.get("scale_factor") == ds[name].encoding.get("scale_factor") for name in ds)
    with xr.open_dataset(path, chunks={}) as lazy:
        assert all(v.chunks is not None for n, v in lazy.data_vars.items() if ds[n].ndim and ds[n].dtype.kind in "fc")
        xr.testing.assert_identical(lazy.compute(), ds)


@pytest.mark.parametrize("case", CASES)
def test_every_selection_is_that_of_the_whole(tmp_path: Path, case: str) -> None:
    ds, path = write(case, tmp_path)
    rng = np.random.default_rng(1)
    with xr.open_dataset(path, engine="vtkseries") as back:
        for _ in range(12):
            index: dict[Any, Any] = {}
            for dim, size in ds.sizes.items():
                kinds: list[Any] = [slice(None), slice(None, None, -1), slice(1, None), int(rng.integers(-size, size))]
                kinds.append(rng.integers(0, size, 4))
                index[dim] = kinds[rng.integers(len(kinds))]
            xr.testing.assert_identical(back.isel(index).load(), ds.isel(index))


@pytest.mark.parametrize("case", CASES)
def test_a_single_file_comes_back_alone(tmp_path: Path, case: str) -> None:
    make, verb, options = CASES[case]
    ds = make()
    if "time" in ds.dims and "trajectory" not in options:
        ds = ds.isel(time=[0])
    elif case in ("scattered", "profiles", "indexed"):
        ds["time"] = ds["time"].dims, np.zeros(ds["time"].shape), ds["time"].attrs
    if case == "layers":
        ds = ds.drop_vars(["depth", "eta"])
    suffix = ".vtp" if verb == "to_vtp" else ".vtu"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VtkSeriesWarning)  # texts are not drawn
        path = getattr(ds.vtkseries, verb)(tmp_path / f"one{suffix}", **options)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    with xr.open_dataset(path) as back:  # guessed by the suffix
        xr.testing.assert_identical(back.load(), ds)


def test_opening_reads_the_first_step_only_where_the_points_stay(tmp_path: Path) -> None:
    for case in ("stations", "mesh"):
        _, path = write(case, tmp_path / case)
        steps = sorted(path.with_suffix("").glob("*.vt?"))
        gone = steps[-1].rename(steps[-1].with_suffix(".gone"))
        with xr.open_dataset(path, engine="vtkseries") as back:
            back.isel(time=0).load()
            with pytest.raises(FileNotFoundError):
                back.load()
        gone.rename(steps[-1])


def test_of_whole_numbers_that_are_missing_at_a_step_come_floats(tmp_path: Path) -> None:
    ds = coming_and_going()
    ds["rank"] = ("time", "particle"), np.arange(15, dtype="i4").reshape(3, 5)
    ds["mass"] = ds["mass"].fillna(3.0)  # what has no place has no value either
    path = ds.vtkseries.to_vtp(tmp_path / "run.pvd")
    with xr.open_dataset(path, engine="vtkseries") as back:
        there = ds["x"].notnull()
        assert back["rank"].dtype == np.dtype("f8")
        xr.testing.assert_equal(back["rank"].load(), ds["rank"].where(there))
        xr.testing.assert_equal(back["mass"].load(), ds["mass"].where(there))


def test_a_continued_series_comes_back_whole(tmp_path: Path) -> None:
    for case, verb in (("some there", "to_vtp"), ("layers", "to_vtu")):
        ds = CASES[case][0]()
        path = tmp_path / f"{verb}.pvd"
        getattr(ds.isel(time=[0]).vtkseries, verb)(path)
        getattr(ds.isel(time=slice(1, None)).vtkseries, verb)(path, mode="a")
        with xr.open_dataset(path, engine="vtkseries") as back:
            xr.testing.assert_identical(back.load(), ds)


def test_heights_of_another_scale_come_back_to_rounding(tmp_path: Path) -> None:
    ds = coming_and_going()
    path = ds.vtkseries.to_vtp(tmp_path / "run.pvd", z_scale=50.3)
    with xr.open_dataset(path, engine="vtkseries") as back:
        xr.testing.assert_allclose(back.load(), ds, rtol=1e-15)


def test_what_came_back_is_written_again_as_it_was(tmp_path: Path) -> None:
    for case, (_, verb, options) in CASES.items():
        _, path = write(case, tmp_path / case)
        with xr.open_dataset(path, engine="vtkseries", chunks={}) as back, warnings.catch_warnings():
            warnings.simplefilter("ignore", VtkSeriesWarning)  # texts are not drawn
            again = getattr(back.vtkseries, verb)(tmp_path / f"{case} again" / "run.pvd", **options)
        for file in sorted(path.parent.rglob("*.vt?")):
            other = again.parent / file.relative_to(path.parent)
            assert other.read_bytes() == file.read_bytes(), file


@pytest.mark.unchecked(reason="damaged on purpose")
@pytest.mark.parametrize("key", ["width", "start", "fill", "across"])
def test_what_a_file_says_of_its_faces_is_whole_or_an_error(tmp_path: Path, key: str) -> None:
    _, path = write("mesh", tmp_path)
    # In the codes of the file's text, with as many digits.
    codes, other = (
        " ".join(map(str, f'"{text}"'.encode())).encode() for text in (key, key[:-1] + chr(ord(key[-1]) + 1))
    )
    for file in (tmp_path / "run").glob("*.vtu"):
        content = file.read_bytes()
        assert codes in content
        file.write_bytes(content.replace(codes, other))
    with pytest.raises(FormatError, match="faces"), xr.open_dataset(path, engine="vtkseries") as back:
        back.load()
