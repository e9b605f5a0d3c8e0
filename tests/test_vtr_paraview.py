"""Real ParaView plays what `to_vtr` makes of a model's netCDF file: the same times, ranges, bounds and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import netCDF4
import numpy as np
import pytest
import xarray as xr
from tools.oracle import assert_holds
from tools.paraview import Seen, walk

import vtkseries  # noqa: F401  registers ds.vtk
from vtkseries import demo

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.paraview
DIMS = {"x": "x", "y": "y", "z": "z"}
VOLUME = ("theta", "u", "v", "w", "smoke")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("thermal")


@pytest.fixture(scope="module")
def source(folder: Path) -> Path:
    """Give the demo's netCDF file."""
    solver = demo.Solver(shape=(8, 9, 12))
    return demo.simulate(folder / "thermal.nc", steps=3, interval=40.0, solver=solver)


@pytest.fixture(scope="module")
def paths(source: Path) -> list[Path]:
    """Write it in ways that ask different things of the reader."""
    with xr.open_dataset(source, chunks={"time": 1}) as opened:
        ds: Any = opened.chunk(y=4)
        return [
            ds.vtk.to_vtr(source.with_name("run.pvd")),
            ds.vtk.to_vtr(source.with_name("cells é.pvd"), variables=["theta"], location="cell"),
            ds[["hfss"]].isel(time=1).vtk.to_vtr(source.with_name("ground.vtr")),
        ]


@pytest.fixture(scope="module", params=["the expat it came with", "a newer expat"])
def seen(request: pytest.FixtureRequest, paths: list[Path]) -> list[Seen]:
    """Show all of them to one ParaView, for each expat."""
    newer = "newer" in request.param
    library_path = request.getfixturevalue("newer_expat") if newer else None
    shown = walk(*paths, values=True, images=True, library_path=library_path)
    version = tuple(map(int, shown[0].expat.removeprefix("expat_").split(".")))
    assert (version >= (2, 6)) is newer
    return shown


def test_times_ranges_and_bounds_are_the_netcdf_files(source: Path, seen: list[Seen]) -> None:
    with netCDF4.Dataset(source) as file:
        file.set_auto_mask(False)
        assert seen[0].times == tuple(file["time"][:])
        box = [limit(file[axis][:]) for axis in "xyz" for limit in (min, max)]
        assert len(seen[0].steps) == 3
        for number, step in enumerate(seen[0].steps):
            volume, ground = step.parts
            assert step.time == file["time"][number]
            assert volume.field["TimeValue"] == [step.time]
            assert volume.field["time_units"] == [file["time"].units]
            assert list(volume.bounds) == box
            assert list(ground.bounds) == [*box[:4], 0.0, 0.0]
            assert volume.extent == (0, 11, 0, 8, 0, 7)
            ranges = {name: [[float(f(file[name][number])) for f in (np.min, np.max)]] for name in (*VOLUME, "hfss")}
            assert volume.point["theta"]["ranges"] == ranges["theta"]
            assert volume.point["smoke"]["ranges"] == ranges["smoke"]
            assert volume.point["wind"]["ranges"] == [*ranges["u"], *ranges["v"], *ranges["w"]]
            assert volume.point["wind"]["components"] == ["u", "v", "w"]
            assert ground.point["hfss"]["ranges"] == ranges["hfss"]


def test_every_value_is_the_datasets(source: Path, seen: list[Seen]) -> None:
    with xr.open_dataset(source) as ds:
        for number, step in enumerate(seen[0].steps):
            volume, ground = step.parts
            at = ds.isel(time=number)
            winds = {name: volume.values["wind"][..., i] for i, name in enumerate("uvw")}
            for name in VOLUME:
                assert_holds({**volume.values, **winds}, volume.axes, at[name], DIMS)
            assert_holds(ground.values, ground.axes, at["hfss"], {"x": "x", "y": "y"})
        for number, step in enumerate(seen[1].steps):
            (part,) = step.parts
            assert part.point == {}
            assert_holds(part.values, part.axes, ds["theta"].isel(time=number), DIMS, cells=True)
            np.testing.assert_allclose(part.axes["z"][:-1], ds["z_bnds"][:, 0])
        (part,) = seen[2].steps[0].parts
        assert seen[2].times == (40.0,)
        assert_holds(part.values, part.axes, ds["hfss"].isel(time=1), {"x": "x", "y": "y"})


def test_each_is_drawn(seen: list[Seen]) -> None:
    for series in seen:
        series.assert_picture()
