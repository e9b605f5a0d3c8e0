"""A target that is a symbolic link stays one: what it leads to is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from tools.readers import read_pvd
from tools.vtkhdf import read_vtkhdf

import vtkseries
from vtkseries import SeriesError, VtkSeriesWarning
from vtkseries.evtk import VtkGroup, gridToVTK
from vtkseries.repair import repair

NT, NZ, NY, NX = 2, 3, 4, 5


def dataset() -> xr.Dataset:
    values = np.arange(NT * NZ * NY * NX, dtype="f4").reshape(NT, NZ, NY, NX)
    axes = {"time": [0.0, 1.0], "z": np.arange(3.0), "y": np.arange(4.0), "x": np.arange(5.0)}
    return xr.Dataset({"T": (("time", "z", "y", "x"), values)}, axes)


def by_writer(path: Path) -> None:
    ds = dataset()
    with vtkseries.SeriesWriter(path, ds.x.values, ds.y.values, ds.z.values, mode="w") as writer:
        for step in range(NT):
            writer.write(float(step), {"T": ds["T"].values[step]})


def in_turns(path: Path) -> None:
    dataset().isel(time=[0]).vtk.to_vtr(path)
    dataset().isel(time=[1]).vtk.to_vtr(path, mode="a")


WAYS: dict[str, Callable[[Path], Any]] = {
    "to_vtr": dataset().vtk.to_vtr,
    "compressed by dask": lambda path: dataset().chunk(time=1, z=2).vtk.to_vtr(path, compression="zlib"),
    "SeriesWriter": by_writer,
    "continued": in_turns,
}


def check(path: Path) -> None:
    steps = read_pvd(path)
    assert [time for time, _ in steps] == [0.0, 1.0]
    for step, (_, parts) in enumerate(steps):
        (grid,) = parts.values()
        np.testing.assert_array_equal(grid.point["T"], dataset()["T"].values[step])


@pytest.mark.parametrize("way", list(WAYS))
@pytest.mark.parametrize("there", [False, True], ids=["dangling", "replacing"])
def test_a_series_goes_where_a_link_leads(tmp_path: Path, way: str, there: bool) -> None:  # noqa: FBT001 (a parameter)
    link, real = tmp_path / "latest.pvd", tmp_path / "run.pvd"
    link.symlink_to("run.pvd")
    if there:
        dataset().isel(time=[0]).vtk.to_vtr(real)
    WAYS[way](link)
    assert link.is_symlink()
    assert not (tmp_path / "latest").exists()
    check(real)
    check(link)


def test_a_link_into_another_directory_says_what_to_open(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    link = tmp_path / "run.pvd"
    link.symlink_to("scratch/run.pvd")
    with pytest.warns(VtkSeriesWarning, match=r"link to .*scratch/run\.pvd', beside which the steps go: open that one"):
        path = dataset().vtk.to_vtr(link)
    assert path == (tmp_path / "scratch/run.pvd").resolve()
    assert link.is_symlink()
    assert not (tmp_path / "run").exists()
    check(path)


def test_a_directory_of_steps_may_be_a_link(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    (tmp_path / "scratch").mkdir()
    (tmp_path / "run").symlink_to("scratch")
    dataset().vtk.to_vtr(tmp_path / "run.pvd")
    assert (tmp_path / "scratch/run_000001.vtr").is_file()
    check(tmp_path / "run.pvd")
    assert not recwarn.list


def test_single_files_go_where_a_link_leads(tmp_path: Path) -> None:
    ds, ends = dataset(), {".vtr": "one", ".vtkhdf": "all", ".pvd": "group"}
    for suffix, name in ends.items():
        (tmp_path / f"link{suffix}").symlink_to(name + suffix)
    ds.isel(time=0).vtk.to_vtr(tmp_path / "link.vtr")
    ds.vtk.to_vtkhdf(tmp_path / "link.vtkhdf")
    np.testing.assert_array_equal(read_vtkhdf(tmp_path / "all.vtkhdf")[1][1].point["T"], ds["T"].values[1])
    given = gridToVTK(tmp_path / "link", ds.x.values, ds.y.values, ds.z.values, pointData={"T": ds["T"].values[0].T})
    assert given == str(tmp_path / "link.vtr")
    group = VtkGroup(tmp_path / "link")
    group.addFile(given, 0.0)
    group.save()
    ((_, parts),) = read_pvd(tmp_path / "group.pvd")
    np.testing.assert_array_equal(parts["0"].point["T"], ds["T"].values[0])
    for suffix, name in ends.items():
        assert (tmp_path / f"link{suffix}").is_symlink()
        assert (tmp_path / (name + suffix)).is_file()


def test_a_writer_through_a_link_meets_the_other_one(tmp_path: Path) -> None:
    link = tmp_path / "latest.pvd"
    link.symlink_to("run.pvd")
    ds = dataset()
    with vtkseries.SeriesWriter(tmp_path / "run.pvd", ds.x.values, ds.y.values, ds.z.values, mode="w") as writer:
        writer.write(0.0, {"T": ds["T"].values[0]})
        with pytest.raises(SeriesError, match=r"is being written by process .* which is this one"):
            ds.vtk.to_vtr(link)
        writer.write(1.0, {"T": ds["T"].values[1]})
    check(tmp_path / "run.pvd")


def test_repair_follows_a_link(tmp_path: Path) -> None:
    dataset().vtk.to_vtr(tmp_path / "run.pvd")
    (tmp_path / "run.pvd").write_text("torn")
    (tmp_path / "latest.pvd").symlink_to("run.pvd")
    repair(tmp_path / "latest.pvd")
    assert (tmp_path / "latest.pvd").is_symlink()
    check(tmp_path / "run.pvd")


@pytest.mark.parametrize("mode", ["w", "a"])
def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path, mode: str) -> None:
    (tmp_path / "a.pvd").symlink_to("b.pvd")
    (tmp_path / "b.pvd").symlink_to("a.pvd")
    with pytest.raises(SeriesError, match=r"a\.pvd' is a link that leads back to itself; remove it"):
        dataset().vtk.to_vtr(tmp_path / "a.pvd", mode=mode)
    assert (tmp_path / "a.pvd").is_symlink()


def test_a_link_to_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.pvd").symlink_to("object.bin")
    with pytest.raises(SeriesError, match=r"object\.bin' must end in \.pvd"):
        dataset().vtk.to_vtr(tmp_path / "run.pvd")
    assert not (tmp_path / "object.bin").exists()
