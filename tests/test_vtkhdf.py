"""A self-contained .vtkhdf holds the Dataset's values, grows step by step, and survives its writer's death."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr
from tools import killed
from tools.vtkhdf import read_blocks, read_vtkhdf

import vtkseries  # noqa: F401 (registers the accessor)
from vtkseries import FormatError, SeriesError, SeriesWriter, VtkSeriesWarning
from vtkseries.verify import verify

NT, NZ, NY, NX = 4, 2, 3, 5
DIMS = ("time", "z", "y", "x")


def dataset(**axes: Any) -> xr.Dataset:
    values = np.arange(NT * NZ * NY * NX, dtype="f4").reshape(NT, NZ, NY, NX)
    coords = {"time": [0.0, 0.5, 2.0, 7.0], "z": [1.0, 4.0], "y": [-3.0, 0.0, 1.0], "x": [0.0, 1.0, 1.5, 4.0, 9.0]}
    fields = {
        "T": (DIMS, values),
        "n": (DIMS, (values + 300).astype("i2")),
        "u": (DIMS, values.astype("f8") + 1000),
        "v": (DIMS, values.astype("f8") + 2000),
        "mean": ("time", values.mean((1, 2, 3))),
        "constant": ((), 7.5),
    }
    return xr.Dataset(fields, coords | axes)


def check(path: Path, ds: xr.Dataset, steps: int = NT) -> None:
    found = read_vtkhdf(path)
    assert [time for time, _ in found] == ds["time"].values[:steps].tolist()
    for step, (_, grid) in enumerate(found):
        now = ds.isel(time=step).sortby(["y"])
        for name in ("T", "n"):
            np.testing.assert_array_equal(grid.point[name], now[name].values)
            assert grid.point[name].dtype == ds[name].dtype
        np.testing.assert_array_equal(grid.point["wind"][..., 0], now["u"].values)
        np.testing.assert_array_equal(grid.point["wind"][..., 1], now["v"].values)
        assert not grid.point["wind"][..., 2].any()
        assert grid.field["mean"].tolist() == [float(now["mean"])]
        assert grid.field["constant"].tolist() == [7.5]
        for axis in "xyz":
            np.testing.assert_array_equal(grid.axes[axis], now[axis].values)


VECTORS = {"wind": ("u", "v")}


@pytest.mark.parametrize("steps", [1, 2, NT])
@pytest.mark.parametrize("compression", ["zlib", None])
def test_every_step_is_as_in_the_dataset(tmp_path: Path, steps: int, compression: str | None) -> None:
    ds = dataset(y=[1.0, 0.0, -3.0]).isel(time=slice(steps))
    path = ds.vtk.to_vtkhdf(tmp_path / "run.vtkhdf", vectors=VECTORS, compression=compression)
    assert path == tmp_path / "run.vtkhdf"
    check(path, ds, steps)
    assert [p.name for p in tmp_path.iterdir()] == ["run.vtkhdf"]


@pytest.mark.parametrize("chunks", [{"time": 1}, {"time": 2, "z": 1, "x": 2}])
def test_lazy_data_are_written_step_by_step(tmp_path: Path, chunks: dict[str, int]) -> None:
    ds = dataset()
    check(ds.chunk(chunks).vtk.to_vtkhdf(tmp_path / "run.vtkhdf", vectors=VECTORS), ds)


def test_a_file_on_disk_is_converted(tmp_path: Path) -> None:
    dataset().to_netcdf(tmp_path / "run.nc")
    with xr.open_dataset(tmp_path / "run.nc") as ds:
        check(ds.vtk.to_vtkhdf(tmp_path / "run.vtkhdf", vectors=VECTORS), dataset())


def test_arrays_of_many_chunks_are_whole(tmp_path: Path) -> None:
    values = np.random.default_rng(3).random((3, 5, 300, 400), "f4").round(2)
    ds = xr.Dataset({"T": (DIMS, values)}, {"time": [1.0, 2.0, 3.0]})
    path = ds.vtk.to_vtkhdf(tmp_path / "run.vtkhdf", compression_level=6)
    with h5py.File(path) as file:
        stored = file["VTKHDF/PointData/T"]
        assert (stored.shape, stored.compression, stored.shuffle) == (values.shape, "gzip", True)
        assert stored.chunks[1] < values.shape[1]
        np.testing.assert_array_equal(stored[()], values)
    for step, (_, grid) in enumerate(read_vtkhdf(path)):
        np.testing.assert_array_equal(grid.point["T"], values[step])
    assert path.stat().st_size < values.nbytes


def test_uniform_axes_become_image_data(tmp_path: Path) -> None:
    ds = dataset(x=np.arange(NX) * 0.5, y=np.arange(NY) * 2.0, z=np.arange(NZ) - 1.0)
    path = ds.vtk.to_vtkhdf(tmp_path / "run.vtkhdf", vectors=VECTORS)
    with h5py.File(path) as file:
        assert file["VTKHDF"].attrs["Type"] == b"ImageData"
    check(path, ds)


def test_curvilinear_coordinates_become_a_structured_grid_whose_points_are_stored_once(tmp_path: Path) -> None:
    lon, lat = np.meshgrid(np.arange(NX) * 1.0, np.arange(NY) * 2.0)
    ds = dataset()[["T"]].drop_vars(["x", "y"]).assign_coords(lon=(("y", "x"), lon + lat), lat=(("y", "x"), lat - lon))
    path = ds.vtk.to_vtkhdf(tmp_path / "run.vtkhdf", x="lon", y="lat")
    with h5py.File(path) as file:
        assert file["VTKHDF"].attrs["Type"] == b"StructuredGrid"
        assert file["VTKHDF/Points"].shape == (NZ, NY, NX, 3)
    for step, (_, grid) in enumerate(read_vtkhdf(path)):
        np.testing.assert_array_equal(grid.point["T"], ds["T"].values[step])
        np.testing.assert_array_equal(grid.points[1, ..., 0], lon + lat)
        np.testing.assert_array_equal(grid.points[0, ..., 1], lat - lon)


@pytest.mark.parametrize("many", [1, 2, 3])
def test_a_series_is_continued_step_by_step(tmp_path: Path, many: int) -> None:
    ds = dataset()
    for first in range(0, NT, many):
        now = ds.isel(time=slice(first, first + many))
        path = now.vtk.to_vtkhdf(tmp_path / "run.vtkhdf", mode="a", vectors=VECTORS)
        check(path, ds, min(first + many, NT))
    with h5py.File(path) as file:
        assert file["VTKHDF/PointData/T"].shape == (NT, NZ, NY, NX)
        assert file["VTKHDF/Steps/Values"].shape == (NT,)
    assert [p.name for p in tmp_path.iterdir()] == ["run.vtkhdf"]


@pytest.mark.parametrize("again", [0, 1, 2])
def test_steps_that_come_again_replace_those_from_there_on(tmp_path: Path, again: int) -> None:
    ds = dataset()
    path = ds.vtk.to_vtkhdf(tmp_path / "run.vtkhdf", vectors=VECTORS)
    other = ds.assign(T=ds["T"] + 500)
    with pytest.warns(VtkSeriesWarning, match=rf"{NT - again} steps from time {ds.time.values[again]} on dropped"):
        other.isel(time=slice(again, again + 2)).vtk.to_vtkhdf(path, mode="a", vectors=VECTORS)
    expected = xr.concat(
        [ds.isel(time=slice(again)), other.isel(time=slice(again, again + 2))], "time", data_vars="minimal"
    )
    check(path, expected.assign(constant=7.5), again + 2)


def test_another_grid_does_not_continue_a_series(tmp_path: Path) -> None:
    ds = dataset()
    path = ds.vtk.to_vtkhdf(tmp_path / "run.vtkhdf")
    before = path.read_bytes()
    later = ds.assign_coords(time=ds.time + 10)
    with pytest.raises(SeriesError, match="the grid's coordinates are others; write another with mode='w'"):
        later.assign_coords(x=ds.x * 2).vtk.to_vtkhdf(path, mode="a")
    with pytest.raises(SeriesError, match=r"'T' is float32 .* in it, and float64 .* in the new step"):
        later.assign(T=ds["T"].astype("f8")).vtk.to_vtkhdf(path, mode="a")
    assert path.read_bytes() == before


def test_what_vtkseries_did_not_write_is_not_continued(tmp_path: Path) -> None:
    (tmp_path / "run.vtkhdf").write_bytes(b"something else")
    with pytest.raises(FormatError, match=r"run\.vtkhdf: it is no series that vtkseries wrote"):
        dataset().vtk.to_vtkhdf(tmp_path / "run.vtkhdf", mode="a")


def test_an_existing_file_is_refused_or_replaced(tmp_path: Path) -> None:
    ds = dataset()
    path = (ds + 1).vtk.to_vtkhdf(tmp_path / "run.vtkhdf", vectors=VECTORS)
    with pytest.raises(SeriesError, match="exists and mode='x' does not replace it"):
        ds.vtk.to_vtkhdf(path, mode="x")
    ds.vtk.to_vtkhdf(path, vectors=VECTORS)
    check(path, ds)


def grids() -> xr.Dataset:
    """Give fields on a rectilinear grid, on a plane of it, on a curved one and at a single point."""
    ds = dataset()[["T", "n"]]
    lon, lat = np.meshgrid(np.arange(NX - 1) * 1.0, np.arange(NY + 2) * 2.0)
    ds = ds.assign_coords(lon=(("eta", "xi"), lon + lat), lat=(("eta", "xi"), lat - lon))
    ds["pressure"] = ("time", "y", "x"), ds["T"].values[:, 0] * 2
    ds["tide"] = ("time", "eta", "xi"), np.arange(NT * lon.size, dtype="i4").reshape(NT, *lon.shape)
    ds["mean"] = "time", np.arange(NT) + 0.25
    return ds


def check_grids(path: Path, ds: xr.Dataset, steps: int) -> None:
    found = read_blocks(path)
    assert [time for time, _ in found] == ds["time"].values[:steps].tolist()
    for step, (_, blocks) in enumerate(found):
        assert sorted(blocks) == ["eta_xi", "y_x", "z_y_x"]
        np.testing.assert_array_equal(blocks["z_y_x"].point["T"], ds["T"].values[step])
        np.testing.assert_array_equal(blocks["z_y_x"].point["n"], ds["n"].values[step])
        np.testing.assert_array_equal(blocks["y_x"].point["pressure"][0], ds["pressure"].values[step])
        np.testing.assert_array_equal(blocks["eta_xi"].point["tide"][0], ds["tide"].values[step])
        np.testing.assert_array_equal(blocks["eta_xi"].points[0, ..., 1], ds["lat"].values)
        assert next(iter(blocks.values())).field["mean"].tolist() == [step + 0.25]


@pytest.mark.parametrize("steps", [1, 2, NT])
def test_each_grid_is_a_block_of_the_file(tmp_path: Path, steps: int) -> None:
    ds = grids()
    path = ds.isel(time=slice(steps)).vtk.to_vtkhdf(tmp_path / "run.vtkhdf")
    check_grids(path, ds, steps)
    assert [p.name for p in tmp_path.iterdir()] == ["run.vtkhdf"]
    with xr.open_dataset(path, engine="vtkseries", chunks={}) as back:
        xr.testing.assert_identical(back.load(), ds.isel(time=slice(steps)))
    report = verify(path)
    assert (report.steps, report.faults) == (steps, [])


@pytest.mark.parametrize("many", [1, 3])
def test_a_series_of_several_grids_is_continued(tmp_path: Path, many: int) -> None:
    ds = grids()
    for first in range(0, NT, many):
        path = ds.isel(time=slice(first, first + many)).vtk.to_vtkhdf(tmp_path / "run.vtkhdf", mode="a")
        check_grids(path, ds, min(first + many, NT))
    with pytest.raises(SeriesError, match=r"its grids are .*, and those of the new step one"):
        ds[["T"]].assign_coords(time=ds.time + 50).vtk.to_vtkhdf(path, mode="a")


def test_named_parts_are_blocks(tmp_path: Path) -> None:
    ds = dataset()[["T"]].rename(z="number").drop_vars("number").assign_coords(number=[3, 5])
    path = ds.vtk.to_vtkhdf(tmp_path / "run.vtkhdf", parts="number")
    for step, (_, blocks) in enumerate(read_blocks(path)):
        assert list(blocks) == ["3", "5"] or len(blocks) == 2
        for number, grid in enumerate(blocks.values()):
            np.testing.assert_array_equal(grid.point["T"][0], ds["T"].values[step, number])
    with xr.open_dataset(path, engine="vtkseries") as back:
        xr.testing.assert_identical(back.load(), ds)


@pytest.mark.parametrize("steps", [1, 3])
def test_a_single_point_a_step_is_held(tmp_path: Path, steps: int) -> None:
    values = np.arange(3.0) * 2 + 1
    ds = xr.Dataset({"a": (("time", "x"), values[:, None])}, {"time": np.arange(3.0), "x": [7.0]})
    ds = ds.isel(time=slice(steps))
    path = ds.vtk.to_vtkhdf(tmp_path / "run.vtkhdf", x="x")
    assert [grid.point["a"].ravel().tolist() for _, grid in read_vtkhdf(path)] == values[:steps, None].tolist()
    with xr.open_dataset(path, engine="vtkseries") as back:
        xr.testing.assert_identical(back.load(), ds)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"compression": "lz4"}, "compression='lz4': VTK's HDF5 reads 'zlib', or 'none'"),
        ({"compression_level": 11}, "compression_level=11"),
        ({"x": "nowhere"}, "x='nowhere': there is no such dim"),
    ],
)
def test_errors_come_before_any_file(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SeriesError, match=message):
        dataset().vtk.to_vtkhdf(tmp_path / "run.vtkhdf", **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.unchecked(reason="a killed writer leaves its temporary file, which the next run clears away")
@pytest.mark.parametrize("how", ["at once", "append", "solver", "grids"])
def test_killing_the_writer_at_any_point_leaves_the_finished_steps_or_no_file(tmp_path: Path, how: str) -> None:
    ds = killed.dataset(several=how == "grids")
    script = Path(killed.__file__)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, str(script), str(tmp_path), how], check=True, env=env, timeout=300)
    attempts = sorted(tmp_path.glob("*.txt"))
    assert len(attempts) > 10 + killed.RANDOM
    seen = set()
    for log in attempts:
        path = log.with_suffix(".vtkhdf")
        finished = len(log.read_text())
        found = read_blocks(path) if path.exists() else []
        assert finished <= len(found) <= finished + 1, path.name
        for step, (time, blocks) in enumerate(found):
            assert time == ds["time"].values[step]
            np.testing.assert_array_equal(blocks["z_y_x" if how == "grids" else ""].point["T"], ds["T"].values[step])
            if how == "grids":
                np.testing.assert_array_equal(blocks["y_x"].point["p"][0], ds["p"].values[step])
        seen.add(len(found))
    assert seen == set(range(killed.STEPS + 1))


def test_a_new_run_clears_away_what_a_killed_one_left(tmp_path: Path) -> None:
    leftover = tmp_path / ".run.vtkhdf.4711.0badcafe.tmp"
    leftover.touch()
    strange = tmp_path / ".run.vtkhdf.mine.tmp"
    strange.touch()
    dataset().vtk.to_vtkhdf(tmp_path / "run.vtkhdf")
    assert not leftover.exists()
    assert strange.exists()
    strange.unlink()


@pytest.mark.parametrize("compression", ["zlib", None])
def test_a_running_solver_writes_one_file(tmp_path: Path, compression: str | None) -> None:
    ds = dataset(y=[1.0, 0.0, -3.0])
    target = tmp_path / "run.vtkhdf"
    with SeriesWriter(target, ds["x"], ds["y"], ds["z"], time_units="s", compression=compression) as series:
        for step in range(NT):
            now = ds.isel(time=step)
            point = {"T": now["T"].values, "wind": (now["u"].values, now["v"].values)}
            assert series.write(float(now["time"]), point, {"c": now["n"].values[1:, 1:, 1:]}) == target
            found = read_vtkhdf(target)
            assert len(found) == step + 1
            for number, (time, grid) in enumerate(found):
                then = ds.isel(time=number).sortby("y")
                assert time == float(then["time"])
                np.testing.assert_array_equal(grid.point["T"], then["T"].values)
                np.testing.assert_array_equal(grid.point["wind"][..., 1], then["v"].values)
                cells = ds["n"].values[number, 1:, 1:, 1:][:, ::-1]
                np.testing.assert_array_equal(grid.cell["c"], cells)
        with pytest.raises(SeriesError, match="is not after the step before"):
            series.write(0.0, {"T": ds["T"].values[0]})
        with pytest.raises(SeriesError, match=r"write another with mode='w'"):
            series.write(100.0, {"T": ds["T"].values[0]})
    with SeriesWriter(target, ds["x"], ds["y"], ds["z"], time_units="s", compression=compression, mode="a") as series:
        series.write(50.0, point, {"c": now["n"].values[1:, 1:, 1:]})
    assert [time for time, _ in read_vtkhdf(target)] == [*ds["time"].values, 50.0]


def test_a_solver_writes_datasets_into_one_file(tmp_path: Path) -> None:
    ds = dataset()
    with SeriesWriter(tmp_path / "run.vtkhdf") as series:
        for step in range(NT):
            series.write(ds.isel(time=[step]))
    for step, (_, grid) in enumerate(read_vtkhdf(tmp_path / "run.vtkhdf")):
        np.testing.assert_array_equal(grid.point["T"], ds["T"].values[step])
        assert grid.field["mean"].tolist() == [float(ds["mean"][step])]


def test_a_solver_goes_back_to_a_checkpoint_and_says_what_is_dropped(tmp_path: Path) -> None:
    ds = dataset()
    target = tmp_path / "run.vtkhdf"
    axes = (ds["x"], ds["y"], ds["z"])
    with SeriesWriter(target, *axes, time_units="s", order="xyz", durable=True) as series:
        for step in range(NT):
            series.write(float(ds["time"][step]), {"T": ds["T"].values[step].T})
    with SeriesWriter(target, *axes, mode="a") as series:
        with pytest.warns(VtkSeriesWarning, match=r"2 steps from time 2\.0 on dropped"):
            series.write(2.0, {"T": ds["T"].values[1]})
        series.write(3.0, {"T": ds["T"].values[2]})
        with pytest.warns(VtkSeriesWarning, match=r"1 step from time 3\.0 on dropped"):
            series.write(3.0, {"T": ds["T"].values[3]})
    found = read_vtkhdf(target)
    assert [time for time, _ in found] == [0.0, 0.5, 2.0, 3.0]
    for (_, grid), step in zip(found, (0, 1, 1, 3), strict=True):
        np.testing.assert_array_equal(grid.point["T"], ds["T"].values[step])
    with pytest.raises(SeriesError, match="exists and mode='x' does not replace it"):
        SeriesWriter(target, *axes, mode="x")


def test_values_are_rounded_and_stored_as_the_encoding_says(tmp_path: Path) -> None:
    ds = dataset()
    ds["u"] += 1 / 3
    encoding: Any = {"u": {"dtype": "float32", "significant_digits": 3}}
    paths = [ds.vtk.to_vtkhdf(tmp_path / "run.vtkhdf", encoding=encoding), tmp_path / "solver.vtkhdf"]
    with SeriesWriter(paths[1], ds["x"], ds["y"], ds["z"], encoding=encoding) as series:
        for step in range(NT):
            series.write(float(ds["time"][step]), {"u": ds["u"].values[step]})
    for path in paths:
        for step, (_, grid) in enumerate(read_vtkhdf(path)):
            assert grid.point["u"].dtype == "f4"
            np.testing.assert_allclose(grid.point["u"], ds["u"].values[step], rtol=5e-3)
            assert not np.array_equal(grid.point["u"], ds["u"].values[step].astype("f4"))


@pytest.mark.parametrize("name", ["comm", "extent", "compresion"])
def test_an_option_that_vtkhdf_lacks_is_refused_with_those_that_it_has(tmp_path: Path, name: str) -> None:
    options: dict[str, Any] = {name: 1}
    with pytest.raises(
        SeriesError, match=rf"{name}=: not for '.vtkhdf', whose SeriesWriter takes path, x, y, z, order"
    ):
        SeriesWriter(tmp_path / "run.vtkhdf", [0, 1], [0, 1], [0, 1], **options)


def test_a_series_is_continued_in_its_own_units_of_time_with_the_same_means(tmp_path: Path) -> None:
    ds = dataset(time=np.array(["2001-02-03", "2001-02-04", "2001-03-01", "2002-01-01"], "M8[ns]"))
    for step in range(NT):
        path = ds.isel(time=[step]).vtk.to_vtkhdf(tmp_path / "run.vtkhdf", mode="a")
    assert [time for time, _ in read_vtkhdf(path)] == [0, 1, 26, 332]
    with pytest.raises(SeriesError, match="field data 'mean' is there in it, and absent in the new step"):
        ds.drop_vars("mean").isel(time=[-1]).vtk.to_vtkhdf(path, mode="a")


def test_the_path_is_that_of_the_home_directory_and_comes_back_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    ds = xr.Dataset({"T": (("y", "x"), np.arange(6.0).reshape(2, 3))})
    assert ds.vtk.to_vtkhdf("~/home.vtkhdf") == tmp_path / "home.vtkhdf"
    assert ds.vtk.to_vtkhdf("here.vtkhdf") == tmp_path / "here.vtkhdf"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here.vtkhdf", "home.vtkhdf"]
