"""ParaView's reader sees through a link exactly what the netCDF files hold."""

from __future__ import annotations

import itertools
import shutil
import warnings
from typing import TYPE_CHECKING, Any

import h5py
import netCDF4
import numpy as np
import pytest
import xarray as xr
from tools.vtkhdf import read_blocks, read_vtkhdf

import vtkseries
from vtkseries import SeriesError, VtkSeriesWarning

if TYPE_CHECKING:
    from pathlib import Path

NT, NZ, NY, NX = 3, 2, 4, 5
SIZES = {"time": NT, "z": NZ, "y": NY, "x": NX}
AXES = {
    "time": np.array([0.0, 0.5, 2.0]),
    "z": np.array([1.0, 4.0]),
    "y": np.array([-3.0, 0.0, 1.0, 7.0]),
    "x": np.array([0.0, 1.0, 1.5, 4.0, 9.0]),
}


def values(*dims: str, first: float = 0, dtype: str = "f4") -> Any:
    shape = [SIZES[d] for d in dims]
    return (first + np.arange(np.prod(shape)).reshape(shape)).astype(dtype)


def dataset(**changes: Any) -> xr.Dataset:
    dims = ("time", "z", "y", "x")
    fields = {
        name: (dims, values(*dims, first=1000 * i, dtype=t))
        for i, (name, t) in enumerate({"T": "f4", "n": "i2", "u": "f8", "v": "f8", "w": "f8"}.items())
    }
    return xr.Dataset(fields, {**AXES, **changes})


def test_every_step_and_variable_of_one_file_is_as_in_the_file(tmp_path: Path) -> None:
    ds = dataset()
    encoding = {"T": {"zlib": True, "shuffle": True, "fletcher32": True, "chunksizes": (1, 1, 3, 4)}}
    ds.to_netcdf(tmp_path / "run.nc", encoding=encoding)
    target = vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf")
    assert target == tmp_path / "run.vtkhdf"
    steps = read_vtkhdf(target)
    assert [time for time, _ in steps] == AXES["time"].tolist()
    for step, (_, grid) in enumerate(steps):
        assert set(grid.point) == {"T", "n", "u", "v", "w"}
        for name, array in grid.point.items():
            np.testing.assert_array_equal(array, ds[name].values[step])
            assert array.dtype == ds[name].dtype
        for axis in "xyz":
            np.testing.assert_array_equal(grid.axes[axis], AXES[axis])


def test_a_source_may_be_in_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    dataset().to_netcdf(tmp_path / "run.nc")
    assert vtkseries.link("~/run.nc", "~/run.vtkhdf") == tmp_path / "run.vtkhdf"


def test_the_netcdf_file_is_neither_changed_nor_copied(tmp_path: Path) -> None:
    source = tmp_path / "run.nc"
    dataset().to_netcdf(source)
    before = source.read_bytes()
    target = vtkseries.link(source, tmp_path / "run.vtkhdf")
    assert source.read_bytes() == before
    with h5py.File(target) as file:
        link = file["VTKHDF/PointData"].get("T", getlink=True)
    assert (link.filename, link.path) == ("run.nc", "/T")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.nc", "run.vtkhdf"]


@pytest.mark.parametrize("turned", ["x", "y", "z", "xy", "yz", "xyz"])
def test_descending_axes_are_turned_with_their_data(tmp_path: Path, turned: str) -> None:
    ds = dataset(**{axis: AXES[axis][::-1].copy() for axis in turned})
    ds.to_netcdf(tmp_path / "run.nc", encoding={"T": {"zlib": True, "chunksizes": (1, 1, 4, 5)}})
    expected = ds.sortby(list(turned))
    for step, (_, grid) in enumerate(read_vtkhdf(vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf"))):
        for name, array in grid.point.items():
            np.testing.assert_array_equal(array, expected[name].values[step])
        for axis in "xyz":
            np.testing.assert_array_equal(grid.axes[axis], AXES[axis])


def test_depth_goes_down_and_z_scale_exaggerates(tmp_path: Path) -> None:
    ds = dataset()
    ds["z"].attrs["positive"] = "down"
    ds.to_netcdf(tmp_path / "run.nc")
    _, grid = read_vtkhdf(vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf", z_scale=50))[1]
    assert grid.axes["z"].tolist() == [-200, -50]
    np.testing.assert_array_equal(grid.point["T"], ds["T"].values[1, ::-1])


@pytest.mark.parametrize("turned", ["", "y", "yz"])
def test_vectors_are_put_together_and_two_components_get_a_zero_third(tmp_path: Path, turned: str) -> None:
    ds = dataset(**{axis: AXES[axis][::-1].copy() for axis in turned})
    ds.to_netcdf(tmp_path / "run.nc")
    vectors = {"wind": ("u", "v", "w"), "flat": ("v", "u")}
    target = vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf", vectors=vectors)
    ordered = ds.sortby(list(turned))
    for step, (_, grid) in enumerate(read_vtkhdf(target)):
        assert set(grid.point) == {"T", "n", "wind", "flat"}
        for number, name in enumerate("uvw"):
            np.testing.assert_array_equal(grid.point["wind"][..., number], ordered[name].values[step])
        np.testing.assert_array_equal(grid.point["flat"][..., 0], ordered["v"].values[step])
        np.testing.assert_array_equal(grid.point["flat"][..., 1], ordered["u"].values[step])
        assert not grid.point["flat"][..., 2].any()


@pytest.mark.parametrize("place", [0, 1, 4])
def test_components_along_a_dim_become_a_vector_wherever_the_dim_is(tmp_path: Path, place: int) -> None:
    data = np.arange(3 * NT * NZ * NY * NX, dtype="f4").reshape(NT, NZ, NY, NX, 3)
    dims = ["time", "z", "y", "x"]
    dims.insert(place, "component")
    ds = xr.Dataset({"wind": (dims, np.moveaxis(data, -1, place))}, AXES)
    ds.to_netcdf(tmp_path / "run.nc")
    target = vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf", vectors={"wind": "component"})
    for step, (_, grid) in enumerate(read_vtkhdf(target)):
        np.testing.assert_array_equal(grid.point["wind"], data[step])


@pytest.mark.parametrize("cuts", [[0, 1, 2, 3], [0, 2, 3], [0, 1, 3]])
@pytest.mark.parametrize("turned", ["", "y"])
def test_files_split_along_time_play_as_one_series(tmp_path: Path, cuts: list[int], turned: str) -> None:
    ds = dataset(**{axis: AXES[axis][::-1].copy() for axis in turned})
    ds["mean"] = ds["T"].mean(["x", "y", "z"])
    parts = []
    for a, b in itertools.pairwise(cuts):
        parts.append(tmp_path / f"part {a}%b.nc")
        ds.isel(time=slice(a, b)).to_netcdf(parts[-1], unlimited_dims=["time"])
    vectors = {"wind": ("u", "v", "w")}
    target = vtkseries.link(parts[::-1], tmp_path / "run.vtkhdf", vectors=vectors)
    steps = read_vtkhdf(target)
    assert [time for time, _ in steps] == AXES["time"].tolist()
    for step, (_, grid) in enumerate(steps):
        now = ds.sortby(list(turned)).isel(time=step)
        np.testing.assert_array_equal(grid.point["T"], now["T"].values)
        np.testing.assert_array_equal(grid.point["wind"], np.stack([now[n].values for n in "uvw"], -1))
        assert grid.field["mean"].tolist() == [float(now["mean"])]


def test_files_of_one_step_without_a_time_dim_play_by_their_times(tmp_path: Path) -> None:
    ds = dataset()
    ds["time"].attrs["units"] = "hours since 2001-02-03"
    paths = [tmp_path / f"{step}.nc" for step in range(NT)]
    for step, path in enumerate(paths):
        ds.isel(time=step).to_netcdf(path)
    steps = read_vtkhdf(vtkseries.link(paths, tmp_path / "run.vtkhdf"))
    assert [time for time, _ in steps] == AXES["time"].tolist()
    for step, (_, grid) in enumerate(steps):
        np.testing.assert_array_equal(grid.point["T"], ds["T"].values[step])
        assert grid.field["date"].startswith("2001-02-03T0")


def test_a_file_with_a_scalar_time_is_one_step(tmp_path: Path) -> None:
    ds = dataset()
    ds["time"].attrs["units"] = "hours since 2001-02-03"
    ds.isel(time=2).to_netcdf(tmp_path / "run.nc")
    ((time, grid),) = read_vtkhdf(vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf"))
    assert time == 2.0
    np.testing.assert_array_equal(grid.point["T"], ds["T"].values[2])


def test_a_single_step_is_a_static_grid(tmp_path: Path) -> None:
    ds = dataset().isel(time=[1])
    ds.to_netcdf(tmp_path / "run.nc")
    steps = read_vtkhdf(vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf", vectors={"wind": ("u", "v", "w")}))
    assert len(steps) == 1
    np.testing.assert_array_equal(steps[0][1].point["T"], ds["T"].values[0])
    np.testing.assert_array_equal(steps[0][1].point["wind"][..., 2], ds["w"].values[0])


@pytest.mark.parametrize("size", ["z", "y", "x"])
def test_axes_of_size_one_are_drawn_flat(tmp_path: Path, size: str) -> None:
    ds = dataset().isel({size: [1]})
    ds.to_netcdf(tmp_path / "run.nc")
    for step, (_, grid) in enumerate(read_vtkhdf(vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf"))):
        np.testing.assert_array_equal(grid.point["T"], ds["T"].values[step])
        assert grid.axes[size].tolist() == [AXES[size][1]]


def test_what_does_not_change_in_time_is_there_at_every_step(tmp_path: Path) -> None:
    ds = dataset()
    ds["topography"] = ("z", "y", "x"), values("z", "y", "x", first=-7)
    ds.to_netcdf(tmp_path / "run.nc")
    for _, grid in read_vtkhdf(vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf")):
        np.testing.assert_array_equal(grid.point["topography"], ds["topography"].values)


def test_time_may_be_any_dim_of_the_file(tmp_path: Path) -> None:
    ds = dataset().transpose("z", "time", "y", "x")
    ds.to_netcdf(tmp_path / "run.nc")
    for step, (_, grid) in enumerate(read_vtkhdf(vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf"))):
        np.testing.assert_array_equal(grid.point["T"], ds["T"].values[:, step])


def test_values_between_edges_become_cell_data(tmp_path: Path) -> None:
    ds = dataset()[["T"]]
    edges = {axis: np.arange(SIZES[axis] + 1) ** 1.5 for axis in "xyz"}
    ds = ds.drop_vars(list("xyz")).assign_coords({f"{a}_edge": (f"{a}_edge", e) for a, e in edges.items()})
    ds.to_netcdf(tmp_path / "run.nc")
    target = vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf", x="x_edge", y="y_edge", z="z_edge")
    for step, (_, grid) in enumerate(read_vtkhdf(target)):
        np.testing.assert_array_equal(grid.cell["T"], ds["T"].values[step])
        np.testing.assert_array_equal(grid.axes["x"], edges["x"])


def test_uniform_axes_may_become_image_data(tmp_path: Path) -> None:
    ds = dataset(x=np.arange(NX) * 0.1, y=np.arange(NY)[::-1] - 2.5, z=np.arange(NZ) * 100.0)
    ds.to_netcdf(tmp_path / "run.nc")
    target = vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf", grid="image")
    with h5py.File(target) as file:
        assert file["VTKHDF"].attrs["Type"] == b"ImageData"
    for step, (_, grid) in enumerate(read_vtkhdf(target)):
        np.testing.assert_array_equal(grid.point["T"], ds["T"].values[step, :, ::-1])
        for axis in "xyz":
            np.testing.assert_allclose(grid.axes[axis], np.sort(ds[axis].values), rtol=1e-12)


def test_uneven_axes_are_no_image_data(tmp_path: Path) -> None:
    dataset().to_netcdf(tmp_path / "run.nc")
    with pytest.raises(SeriesError, match=r"needs uniform axes, but x is 1\.5 at position 2.*use grid='rectilinear'"):
        vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf", grid="image")
    assert [p.name for p in tmp_path.iterdir()] == ["run.nc"]


@pytest.mark.parametrize("many", [False, True])
def test_each_grid_is_a_block_of_the_link(tmp_path: Path, many: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    ds = dataset(y=AXES["y"][::-1].copy())[["T", "u", "v"]]
    ds["pressure"] = ("time", "y", "x"), values("time", "y", "x", first=500)
    ds["land"] = ("y", "x"), values("y", "x", first=-9)
    ds["column"] = ("time", "z"), values("time", "z", first=77)
    paths = [tmp_path / f"{step}.nc" for step in range(NT)] if many else [tmp_path / "run.nc"]
    for step, path in enumerate(paths):
        (ds.isel(time=[step]) if many else ds).to_netcdf(path)
    target = vtkseries.link(paths, tmp_path / "run.vtkhdf", vectors={"wind": ("u", "v")})
    assert sorted(p.name for p in tmp_path.glob("*.vtkhdf")) == ["run.vtkhdf"]
    ordered = ds.sortby("y")
    steps = read_blocks(target)
    assert [time for time, _ in steps] == AXES["time"].tolist()
    for step, (_, blocks) in enumerate(steps):
        assert sorted(blocks) == ["y_x", "z", "z_y_x"]
        now = ordered.isel(time=step)
        np.testing.assert_array_equal(blocks["z_y_x"].point["T"], now["T"].values)
        np.testing.assert_array_equal(blocks["z_y_x"].point["wind"][..., 1], now["v"].values)
        np.testing.assert_array_equal(blocks["y_x"].point["pressure"][0], now["pressure"].values)
        np.testing.assert_array_equal(blocks["y_x"].point["land"][0], now["land"].values)
        np.testing.assert_array_equal(blocks["z"].point["column"][:, 0, 0], now["column"].values)
        assert blocks["y_x"].axes["y"].tolist() == AXES["y"].tolist()
    with xr.open_dataset(target, engine="vtkseries") as found:
        xr.testing.assert_identical(found.load(), ds)


def test_images_of_a_second_grid_get_a_file_of_their_own_that_a_warning_names(tmp_path: Path) -> None:
    ds = dataset(x=np.arange(NX) * 0.5, y=np.arange(NY) * 2.0)[["T"]]
    ds["pressure"] = ("time", "y", "x"), values("time", "y", "x", first=500)
    ds.to_netcdf(tmp_path / "run.nc")
    with pytest.warns(VtkSeriesWarning, match=r"'pressure' lie on a grid of their own \(y, x\).*run_y_x"):
        target = vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf", grid="image")
    assert set(read_vtkhdf(target)[0][1].point) == {"T"}
    for step, (_, grid) in enumerate(read_vtkhdf(tmp_path / "run_y_x.vtkhdf")):
        np.testing.assert_array_equal(grid.point["pressure"][0], ds["pressure"].values[step])


def test_a_group_of_the_file_can_be_linked(tmp_path: Path) -> None:
    ds = dataset()
    ds.to_netcdf(tmp_path / "run.nc", group="model/output")
    target = vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf", group="model/output")
    np.testing.assert_array_equal(read_vtkhdf(target)[2][1].point["T"], ds["T"].values[2])


def test_moving_link_and_source_together_keeps_them_working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ds = dataset(y=AXES["y"][::-1].copy())
    (tmp_path / "a" / "data").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    ds.to_netcdf(tmp_path / "a" / "data" / "run.nc")
    monkeypatch.chdir(tmp_path / "a" / "data")
    vtkseries.link("run.nc", "../run.vtkhdf")
    shutil.move(tmp_path / "a", tmp_path / "b")
    monkeypatch.chdir(tmp_path / "elsewhere")
    grid = read_vtkhdf(tmp_path / "b" / "run.vtkhdf")[2][1]
    np.testing.assert_array_equal(grid.point["T"], ds["T"].values[2, :, ::-1])


def test_where_the_source_is_gone_virtual_arrays_show_nan(tmp_path: Path) -> None:
    ds = dataset(y=AXES["y"][::-1].copy())[["T"]]
    ds.to_netcdf(tmp_path / "run.nc")
    target = vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf")
    (tmp_path / "run.nc").unlink()
    assert np.isnan(read_vtkhdf(target)[1][1].point["T"]).all()


def test_linking_does_not_read_the_data(tmp_path: Path) -> None:
    """A file of 10 GB, of which the disk holds some kilobytes."""
    shape = (1000, 10, 250, 1000)
    with netCDF4.Dataset(tmp_path / "run.nc", "w") as nc:
        for name, size in zip(("time", "z", "y", "x"), shape, strict=True):
            nc.createDimension(name, size)
            nc.createVariable(name, "f8", (name,))[:] = np.arange(size)[:: -1 if name == "y" else 1]
        variable = nc.createVariable("T", "f4", ("time", "z", "y", "x"), chunksizes=(1, 1, 250, 1000), zlib=True)
        variable[999, 9, 249, 999] = 7.0
    target = vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf")
    assert target.stat().st_size < 1_000_000
    with h5py.File(target) as file:
        assert file["VTKHDF/PointData/T"].shape == shape
        assert file["VTKHDF/PointData/T"][999, 9, 0, 999] == 7.0


def packed(nc: Any) -> None:
    nc["T"].scale_factor = 0.5


def other_order(nc: Any) -> None:
    nc.renameVariable("T", "old")
    nc.createVariable("T", "f4", ("time", "x", "y", "z"))


def strange_filter(nc: Any) -> None:
    nc.renameVariable("T", "old")
    nc.createVariable("T", "f4", ("time", "z", "y", "x"), compression="zstd")


def unsigned(nc: Any) -> None:
    nc.renameVariable("T", "old")
    nc.createVariable("T", "i1", ("time", "z", "y", "x"))
    nc["T"]._Unsigned = "true"


def filled(nc: Any) -> None:
    nc.renameVariable("T", "old")
    variable = nc.createVariable("T", "f4", ("time", "z", "y", "x"), fill_value=1e20)
    variable[:] = np.ma.masked_equal(values("time", "z", "y", "x"), 7)


UNFIT = {
    packed: r"'T' is packed .*scale_factor 0\.5.*to_vtr",
    other_order: r"'T' has its dims in the order \(time, x, y, z\).*to_vtr",
    strange_filter: r"'T' is compressed with .*32015.*to_vtr",
    unsigned: r"'T' is stored as int8 but meant as the other signedness.*to_vtr",
    filled: r"'T' has missing values, stored as 1e\+20, which a link cannot turn into NaN.*to_vtr.*missing='keep'",
}


@pytest.mark.parametrize("change", UNFIT, ids=lambda change: change.__name__)
def test_what_cannot_be_linked_is_left_out_with_the_remedy(tmp_path: Path, change: Any) -> None:
    dataset().to_netcdf(tmp_path / "run.nc")
    with netCDF4.Dataset(tmp_path / "run.nc", "a") as nc:
        change(nc)
    with pytest.warns(VtkSeriesWarning, match=UNFIT[change]):
        target = vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf")
    assert "T" not in read_vtkhdf(target)[0][1].point
    assert {"u", "v", "w"} <= set(read_vtkhdf(target)[0][1].point)


@pytest.mark.parametrize("change", UNFIT, ids=lambda change: change.__name__)
def test_what_cannot_be_linked_is_an_error_when_asked_for(tmp_path: Path, change: Any) -> None:
    dataset().to_netcdf(tmp_path / "run.nc")
    with netCDF4.Dataset(tmp_path / "run.nc", "a") as nc:
        change(nc)
    with pytest.raises(SeriesError, match=UNFIT[change]):
        vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf", variables=["T", "u"])
    assert [p.name for p in tmp_path.iterdir()] == ["run.nc"]


def test_a_dim_that_fits_no_axis_gets_a_remedy_that_links_have(tmp_path: Path) -> None:
    dataset().expand_dims(member=2).to_netcdf(tmp_path / "run.nc")
    with pytest.raises(SeriesError, match=r"'member' \(2 values\).*ds\.vtk\.to_vtr and parts='member'") as raised:
        vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf")
    assert "isel" not in str(raised.value)
    assert not (tmp_path / "run.vtkhdf").exists()


def test_missing_values_may_be_kept_as_numbers(tmp_path: Path) -> None:
    dataset().to_netcdf(tmp_path / "run.nc")
    with netCDF4.Dataset(tmp_path / "run.nc", "a") as nc:
        filled(nc)
    target = vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf", variables="T", missing="keep")
    found = read_vtkhdf(target)[0][1].point["T"]
    np.testing.assert_array_equal(found, np.where(values("z", "y", "x") == 7, np.float32(1e20), values("z", "y", "x")))


def test_a_fill_value_that_is_not_used_is_linked_and_said(tmp_path: Path) -> None:
    ds = dataset()[["T"]]
    ds.to_netcdf(tmp_path / "run.nc", encoding={"T": {"_FillValue": 1e20}})
    with pytest.warns(VtkSeriesWarning, match=r"'T' have the _FillValue 1e\+20.*would show as 1e\+20"):
        target = vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf")
    np.testing.assert_array_equal(read_vtkhdf(target)[1][1].point["T"], ds["T"].values[1])


@pytest.mark.parametrize("dtype", [">f4", ">i2", ">f8"])
def test_values_of_the_other_byte_order_are_read(tmp_path: Path, dtype: str) -> None:
    dataset().to_netcdf(tmp_path / "r ü n.nc")
    with h5py.File(tmp_path / "r ü n.nc", "a") as file:
        del file["n"]
        file.create_dataset("n", data=values("time", "z", "y", "x", first=300).astype(dtype))
        for number, name in enumerate(("time", "z", "y", "x")):
            file["n"].dims[number].attach_scale(file[name])
    target = vtkseries.link(tmp_path / "r ü n.nc", tmp_path / "run.vtkhdf", vectors={"pair": ("n", "n")})
    for step, (_, grid) in enumerate(read_vtkhdf(target)):
        np.testing.assert_array_equal(grid.point["pair"][..., 1], values("time", "z", "y", "x", first=300)[step])


def test_nan_needs_no_word(tmp_path: Path) -> None:
    ds = dataset()[["T"]]
    ds["T"][:, 1, 2, 3] = np.nan
    ds.to_netcdf(tmp_path / "run.nc", encoding={"T": {"_FillValue": np.nan}})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        target = vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf")
    np.testing.assert_array_equal(read_vtkhdf(target)[1][1].point["T"], ds["T"].values[1])


def test_a_record_that_is_not_written_yet_shows_nan(tmp_path: Path) -> None:
    dataset()[["T"]].to_netcdf(tmp_path / "run.nc", unlimited_dims=["time"])
    with netCDF4.Dataset(tmp_path / "run.nc", "a") as nc:
        nc.createVariable("late", "f4", ("time", "z", "y", "x"))[:2] = values("time", "z", "y", "x")[:2]
    steps = read_vtkhdf(vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf"))
    np.testing.assert_array_equal(steps[1][1].point["late"], values("time", "z", "y", "x")[1])
    assert np.isnan(steps[2][1].point["late"]).all()


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match=r"source '.*nowhere\.nc' does not exist"):
        vtkseries.link(tmp_path / "nowhere.nc", tmp_path / "run.vtkhdf")
    assert not list(tmp_path.iterdir())


def test_a_classic_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    dataset().to_netcdf(tmp_path / "run.nc", format="NETCDF3_64BIT")
    with pytest.raises(SeriesError, match=r"run\.nc' is a classic netCDF-3 file.*nccopy.*to_vtr"):
        vtkseries.link(tmp_path / "run.nc", tmp_path / "run.vtkhdf")


def test_a_link_never_replaces_its_source(tmp_path: Path) -> None:
    dataset().to_netcdf(tmp_path / "run.hdf", engine="netcdf4")
    with pytest.raises(SeriesError, match="is a source itself"):
        vtkseries.link(tmp_path / "run.hdf", tmp_path / "run.hdf")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ds: ds.drop_vars("T"), r"1\.nc' has no variable 'T'"),
        (lambda ds: ds.isel(x=slice(1, None)), r"of source '.*1\.nc' is not as in the first file: shape"),
        (lambda ds: ds.assign_coords(y=ds.y + 1), r"coordinate 'y' of source '.*1\.nc' differs"),
        (lambda ds: ds.assign(T=ds["T"].astype("f8")), r"'T' of source '.*1\.nc' is not as in the first file"),
        (lambda ds: ds.assign_coords(time=[0.0]), r"time 'time' must increase"),
    ],
)
def test_files_that_do_not_continue_each_other_are_refused(tmp_path: Path, change: Any, message: str) -> None:
    ds = dataset()[["T", "u"]]
    ds.isel(time=[0]).to_netcdf(tmp_path / "0.nc")
    change(ds.isel(time=[1])).to_netcdf(tmp_path / "1.nc")
    with pytest.raises(SeriesError, match=message):
        vtkseries.link([tmp_path / "0.nc", tmp_path / "1.nc"], tmp_path / "run.vtkhdf")
    assert not (tmp_path / "run.vtkhdf").exists()
