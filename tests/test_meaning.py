"""What a Dataset means: axes, flips, up, parts, time, vectors and the variables that real files hold."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import cftime
import numpy as np
import pytest
import xarray as xr
from tools.readers import Grid, read_pvd, read_vtk

import vtkseries
from vtkseries import SeriesError, VtkSeriesWarning

NT, NZ, NY, NX = 2, 3, 4, 5


def values(*shape: int) -> np.ndarray:
    return np.arange(np.prod(shape), dtype="f4").reshape(shape) + 0.25


def box(**coords: Any) -> xr.Dataset:
    return xr.Dataset(
        {"T": (("time", "lev", "lat", "lon"), values(NT, NZ, NY, NX))},
        {
            "time": [0.0, 0.5],
            "lev": [1.0, 2.0, 4.0],
            "lat": [-10.0, 0.0, 10.0, 25.0],
            "lon": [0.0, 1.0, 3.0, 6.0, 10.0],
            **coords,
        },
    )


def steps(ds: xr.Dataset | xr.DataArray, tmp_path: Path, **options: Any) -> list[tuple[float, dict[str, Grid]]]:
    ds.vtk.to_vtr(tmp_path / "run.pvd", **options)
    return read_pvd(tmp_path / "run.pvd")


def named(ds: xr.Dataset, tmp_path: Path, **options: Any) -> list[dict[str, Grid]]:
    """Give the steps' parts by the names that the index has for them."""
    names = [part.name for part in ds.vtk.plan(tmp_path / "run.pvd", **options).parts]
    result = [dict(zip(names, parts.values(), strict=True)) for _, parts in steps(ds, tmp_path, **options)]
    text = (tmp_path / "run.pvd").read_text()
    assert all(f'part="{i}" name="{name}"' in text for i, name in enumerate(names))
    return result


def only(step: tuple[float, dict[str, Grid]]) -> Grid:
    (grid,) = step[1].values()
    return grid


def test_axes_are_found_by_cf_attributes_whatever_the_names() -> None:
    ds = xr.Dataset(
        {"v": (("a", "b", "c", "d"), values(2, 3, 4, 5))},
        {
            "a": ("a", [1, 2], {"axis": "X"}),
            "b": ("b", [1, 2, 3], {"standard_name": "time"}),
            "c": ("c", [1, 2, 3, 4], {"units": "degrees_north"}),
            "d": ("d", [1, 2, 3, 4, 5], {"positive": "up"}),
        },
    )
    assert ds.vtk.axes == {"x": "a", "y": "c", "z": "d", "time": "b"}


def test_dims_without_coordinates_are_axes_by_order() -> None:
    ds = xr.Dataset({"v": (("p", "q", "r", "s"), values(2, 3, 4, 5))})
    assert ds.vtk.axes == {"x": "s", "y": "r", "z": "q", "time": "p"}


def test_the_caller_beats_attributes() -> None:
    ds = box(depth=("lev", [10.0, 20.0, 30.0], {"positive": "down"}))
    assert ds.vtk.plan("run.pvd", z="depth").parts[0].constants[2][1].tolist() == [-30.0, -20.0, -10.0]


def test_one_auxiliary_coordinate_with_cf_attributes_places_a_dim_without_its_own(tmp_path: Path) -> None:
    ds = xr.Dataset(
        {"v": (("level", "y", "x"), values(3, 4, 5))},
        {"altitude": ("level", [5.0, 6.0, 9.0], {"standard_name": "altitude", "units": "m", "positive": "up"})},
    )
    grid = only(steps(ds, tmp_path)[0])
    np.testing.assert_array_equal(grid.axes["z"], [5.0, 6.0, 9.0])


def test_data_are_transposed_by_name(tmp_path: Path) -> None:
    ds = box().transpose("lon", "time", "lat", "lev")
    for k, step in enumerate(steps(ds, tmp_path)):
        np.testing.assert_array_equal(only(step).point["T"], box()["T"].values[k])


def test_descending_axes_are_flipped_with_their_data(tmp_path: Path) -> None:
    ds = box().isel(lat=slice(None, None, -1), lon=slice(None, None, -1))
    plan = ds.vtk.plan(tmp_path / "run.pvd")
    assert sum("flipped" in notice for notice in plan.notices) == 2
    grid = only(steps(ds, tmp_path)[1])
    np.testing.assert_array_equal(grid.point["T"], box()["T"].values[1])
    np.testing.assert_array_equal(grid.axes["y"], box()["lat"].values)


@pytest.mark.parametrize(
    "attrs", [{"positive": "down"}, {"positive": "Down"}, {"units": "hPa"}, {"standard_name": "depth", "units": "m"}]
)
def test_down_is_negated_so_that_up_is_up(tmp_path: Path, attrs: dict[str, str]) -> None:
    ds = box(lev=("lev", [1.0, 2.0, 4.0], attrs))
    assert any("up is up" in notice for notice in ds.vtk.plan(tmp_path / "run.pvd").notices)
    grid = only(steps(ds, tmp_path)[0])
    np.testing.assert_array_equal(grid.axes["z"], [-4.0, -2.0, -1.0])
    np.testing.assert_array_equal(grid.point["T"], box()["T"].values[0][::-1])


def test_positive_up_is_not_negated_even_for_pressure(tmp_path: Path) -> None:
    grid = only(steps(box(lev=("lev", [1.0, 2.0, 4.0], {"units": "hPa", "positive": "up"})), tmp_path)[0])
    np.testing.assert_array_equal(grid.axes["z"], [1.0, 2.0, 4.0])


@pytest.mark.parametrize(("scale", "expected"), [(50, [50.0, 100.0, 200.0]), (-1, [-4.0, -2.0, -1.0])])
def test_z_scale_multiplies_heights(tmp_path: Path, scale: float, expected: list[float]) -> None:
    grid = only(steps(box(), tmp_path, z_scale=scale)[0])
    np.testing.assert_array_equal(grid.axes["z"], expected)


def test_absent_axes_are_at_the_scalar_coordinate_or_at_zero(tmp_path: Path) -> None:
    grid = only(steps(box().isel(lev=1, lat=0).drop_vars("lat"), tmp_path)[0])
    np.testing.assert_array_equal(grid.axes["z"], [2.0])
    np.testing.assert_array_equal(grid.axes["y"], [0.0])
    np.testing.assert_array_equal(grid.point["T"], values(NT, NZ, NY, NX)[:1, 1, :1])


def test_size_one_axes_stay(tmp_path: Path) -> None:
    grid = only(steps(box().isel(lev=[2]), tmp_path)[0])
    np.testing.assert_array_equal(grid.axes["z"], [4.0])
    assert grid.point["T"].shape == (1, NY, NX)


def test_cells_take_their_edges_from_cf_bounds(tmp_path: Path) -> None:
    ds = box()
    for name, edges in {"lev": [0, 1, 3, 8], "lat": [-15, -5, 5, 20, 30], "lon": [-1, 0, 2, 5, 9, 12]}.items():
        ds[name].attrs["bounds"] = f"{name}_bnds"
        ds[f"{name}_bnds"] = ((name, "bnds"), np.array([edges[:-1], edges[1:]], "f8").T)
    grid = only(steps(ds.isel(lat=slice(None, None, -1)), tmp_path, location="cell")[0])
    np.testing.assert_array_equal(grid.cell["T"], box()["T"].values[0])
    np.testing.assert_array_equal(grid.axes["y"], [-15, -5, 5, 20, 30])
    np.testing.assert_array_equal(grid.axes["x"], [-1, 0, 2, 5, 9, 12])


def test_cells_without_bounds_are_half_way_with_a_notice(tmp_path: Path) -> None:
    assert sum("half-way" in n for n in box().vtk.plan(tmp_path / "run.pvd", location="cell").notices) == 3
    grid = only(steps(box(), tmp_path, location="cell")[0])
    np.testing.assert_array_equal(grid.axes["x"], [-0.5, 0.5, 2.0, 4.5, 8.0, 12.0])
    np.testing.assert_array_equal(grid.cell["T"], box()["T"].values[0])


def test_one_value_less_than_the_named_edges_is_cell_data_beside_point_data(tmp_path: Path) -> None:
    ds = xr.Dataset(
        {"c": (("y", "x"), values(3, 4)), "p": (("ye", "xe"), values(4, 5))},
        {"xe": [0.0, 1, 2, 4, 5], "ye": [0.0, 2, 3, 5]},
    )
    grid = only(steps(ds, tmp_path, x="xe", y="ye")[0])
    np.testing.assert_array_equal(grid.cell["c"], values(1, 3, 4))
    np.testing.assert_array_equal(grid.point["p"], values(1, 4, 5))


def test_each_grid_is_a_part_and_nothing_is_dropped(tmp_path: Path) -> None:
    ds = box().assign(ps=(("time", "lat", "lon"), values(NT, NY, NX)), profile=("lev", values(NZ)))
    for k, parts in enumerate(named(ds, tmp_path)):
        assert set(parts) == {"lev_lat_lon", "lat_lon", "lev"}
        np.testing.assert_array_equal(parts["lat_lon"].point["ps"], values(NT, NY, NX)[k : k + 1])
        np.testing.assert_array_equal(parts["lev"].point["profile"], values(NZ, 1, 1))


def test_an_extra_dim_becomes_parts(tmp_path: Path) -> None:
    ds = xr.Dataset({"T": (("number", "y", "x"), values(3, 4, 5))}, {"number": [10, 20, 30]})
    parts = named(ds, tmp_path, parts="number")[0]
    assert list(parts) == ["number_10", "number_20", "number_30"]
    np.testing.assert_array_equal(parts["number_20"].point["T"], values(3, 4, 5)[1:2])


def test_scalars_and_means_are_field_data_of_their_step(tmp_path: Path) -> None:
    ds = box().assign(mean=("time", np.array([1.5, -np.inf])), radius=((), np.int16(7)), none=((), np.nan))
    both = [only(step).field for step in steps(ds, tmp_path)]
    assert [f["mean"].item() for f in both] == [1.5, -np.inf]
    assert [f["radius"].item() for f in both] == [7, 7]
    assert np.isnan(both[0]["none"].item())


def test_metadata_variables_are_kept_but_not_drawn(tmp_path: Path) -> None:
    ds = box().assign(crs=((), 0, {"grid_mapping_name": "latitude_longitude"}), a=("lev", values(NZ)))
    ds["T"].attrs["grid_mapping"] = "crs"
    ds["lev"].attrs["formula_terms"] = "a: a ps: nothing"
    grid = only(steps(ds, tmp_path)[0])
    assert set(grid.point) == {"T"}
    assert "crs" not in grid.field
    assert "a" in ds.vtk.plan(tmp_path / "run.pvd", variables=["a"]).parts[0].arrays[0].name


def test_what_cannot_be_drawn_is_left_out_with_a_warning_that_names_it(tmp_path: Path) -> None:
    ds = (
        box()
        .assign(
            station=("lon", list("abcde")),
            thing=("lon", np.array([object()] * NX)),
            spectrum=(("wave", "lat"), values(2, NY)),
        )
        .assign_coords(wave=[1.0, 2.0])
    )
    with pytest.warns(VtkSeriesWarning) as caught:
        grid = only(steps(ds, tmp_path)[0])
    assert set(grid.point) == {"T"}
    text = " ".join(str(w.message) for w in caught)
    assert all(
        word in text for word in ("'station'", "strings", "'thing'", "objects", "'wave'", "parts='wave'", "isel")
    )


def test_asked_for_by_name_it_is_an_error(tmp_path: Path) -> None:
    ds = box().assign(station=("lon", list("abcde")), spectrum=(("wave", "lat"), values(2, NY)))
    ds = ds.assign_coords(wave=[1.0, 2.0])
    for name in ("station", "spectrum"):
        with pytest.raises(SeriesError, match=name):
            ds.vtk.to_vtr(tmp_path / "run.pvd", variables=["T", name])
    assert not list(tmp_path.iterdir())


def test_vectors_by_name_get_a_zero_third_component(tmp_path: Path) -> None:
    ds = box().assign(U=box()["T"] + 100, V=(box()["T"] + 200).transpose("lon", "lat", "lev", "time"))
    grid = only(steps(ds, tmp_path, vectors={"wind": ("U", "V")})[1])
    expected = np.stack([ds["U"].values[1], ds["T"].values[1] + 200, np.zeros((NZ, NY, NX))], axis=-1)
    np.testing.assert_array_equal(grid.point["wind"], expected)
    assert set(grid.point) == {"T", "wind"}


def test_vectors_are_found_by_standard_names_and_can_be_turned_off(tmp_path: Path) -> None:
    ds = box().rename(T="u").assign(v=box()["T"] + 1, w=box()["T"] + 2)
    names = ("eastward_wind", "northward_wind", "upward_air_velocity")
    for name, standard in zip("uvw", names, strict=True):
        ds[name].attrs["standard_name"] = standard
    grid = only(steps(ds, tmp_path)[0])
    np.testing.assert_array_equal(grid.point["wind"][..., 2], ds["w"].values[0])
    assert set(only(steps(ds, tmp_path, vectors={})[0]).point) == {"u", "v", "w"}


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6, 9, 10])
def test_a_dim_of_components_that_the_caller_names(tmp_path: Path, size: int) -> None:
    data = values(NT, size, NY, NX)
    ds = xr.Dataset({"s": (("time", "comp", "y", "x"), data)}, {"time": [0, 1]})
    grid = only(steps(ds, tmp_path, vectors={"s": "comp"})[1])
    found = grid.point["s"][0].reshape(NY, NX, -1)
    np.testing.assert_array_equal(found[..., :size], np.moveaxis(data[1], 0, -1))
    assert found.shape[-1] == (3 if size == 2 else size)


def test_what_varies_faster_than_places_is_no_time(tmp_path: Path) -> None:
    ds = xr.Dataset({"s": (("z", "y", "x", "comp"), values(NZ, NY, NX, 4))})
    with pytest.raises(SeriesError, match=r"dim 'comp' \(4 values\).*vectors=\{'s': 'comp'\}"):
        ds.vtk.to_vtr(tmp_path / "run.pvd")
    grid = only(steps(ds, tmp_path, vectors={"s": "comp"})[0])
    np.testing.assert_array_equal(grid.point["s"], ds["s"].transpose("z", "y", "x", "comp").values)


def dates(calendar: str) -> list[Any]:
    return [cftime.datetime(2000, 2, 28, 6, calendar=calendar), cftime.datetime(2000, 3, 1, calendar=calendar)]


@pytest.mark.parametrize("calendar", ["noleap", "360_day", "standard", "all_leap", "julian", "proleptic_gregorian"])
def test_cftime_of_any_calendar(tmp_path: Path, calendar: str) -> None:
    ds = box(time=xr.DataArray(dates(calendar), dims="time"))
    result = steps(ds, tmp_path, time_units="hours since 2000-01-01")
    expected = cftime.date2num(dates(calendar), "hours since 2000-01-01", calendar)
    assert [time for time, _ in result] == list(expected)
    fields = only(result[0]).field
    assert fields["time_calendar"] == calendar
    assert fields["date"] == "2000-02-28T06:00:00"
    assert fields["TimeValue"].item() == expected[0]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_datetime64_of_any_resolution(tmp_path: Path, unit: str) -> None:
    time = np.array(["2000-01-01T00:00:00", "2000-01-02T12:00:00"], f"M8[{unit}]")
    result = steps(box(time=time), tmp_path)
    assert [t for t, _ in result] == [0.0, 1.5]
    assert only(result[1]).field["date"] == "2000-01-02T12:00:00"
    assert str(only(result[0]).field["time_units"]).startswith("days since 2000-01-01")


def test_the_time_variables_own_encoding_gives_the_units(tmp_path: Path) -> None:
    ds = box(time=np.array(["2000-01-01", "2000-01-02"], "M8[ns]"))
    ds["time"].encoding.update(units="hours since 1999-12-31", calendar="standard")
    result = steps(ds, tmp_path)
    assert [t for t, _ in result] == [24.0, 48.0]
    assert only(result[0]).field["time_units"] == "hours since 1999-12-31"


def test_timedelta_and_plain_numbers(tmp_path: Path) -> None:
    delta = np.array([0, 5400], "m8[s]").astype("m8[ns]")
    assert [t for t, _ in steps(box(time=delta), tmp_path, time_units="hours")] == [0.0, 1.5]
    awkward = [0.1 + 0.2, 1e17 / 3]
    assert [t for t, _ in steps(box(time=awkward), tmp_path)] == awkward
    text = (tmp_path / "run.pvd").read_text()
    assert repr(awkward[0]) in text
    assert repr(awkward[1]) in text


def test_a_time_axis_of_bare_numbers_gives_way_to_real_dates_beside_it() -> None:
    ds = box(time=("time", [0.0, 1.0], {"axis": "T"}))
    ds = ds.assign_coords(centre=("time", np.array(["2000-01-16", "2000-02-15"], "M8[ns]"), {"standard_name": "time"}))
    assert ds.vtk.plan("run.pvd").times.dates == ("2000-01-16T00:00:00", "2000-02-15T00:00:00")


@pytest.mark.parametrize(
    ("dtype", "stored"),
    [("?", "u1"), ("f2", "f4"), ("g", "f8"), (">f4", "f4"), (">i2", "i2"), ("u8", "u8"), ("i1", "i1")],
)
def test_dtypes_keep_their_width(tmp_path: Path, dtype: str, stored: str) -> None:
    data = (np.arange(20).reshape(4, 5) % 2 if dtype == "?" else np.arange(20).reshape(4, 5)).astype(dtype)
    grid = only(steps(xr.Dataset({"a": (("y", "x"), data)}), tmp_path)[0])
    assert grid.point["a"].dtype == np.dtype(stored)
    np.testing.assert_array_equal(grid.point["a"][0], data.astype(stored))


def test_complex_numbers_are_two_arrays_and_dates_are_seconds(tmp_path: Path) -> None:
    data = values(4, 5) + 1j * values(4, 5)[::-1]
    when = np.datetime64("2000-01-01", "ns") + np.arange(20).reshape(4, 5).astype("m8[h]")
    when[0, 0] = np.datetime64("NaT")
    ds = xr.Dataset({"psi": (("y", "x"), data.astype("c8")), "when": (("y", "x"), when)})
    grid = only(steps(ds, tmp_path)[0])
    np.testing.assert_array_equal(grid.point["psi_imag"][0], values(4, 5)[::-1])
    np.testing.assert_array_equal(grid.point["psi_real"][0], values(4, 5))
    expected = (when - np.datetime64("1970-01-01")) / np.timedelta64(1, "s")
    np.testing.assert_array_equal(grid.point["when"][0], expected)


def test_a_number_can_stand_for_missing_values(tmp_path: Path) -> None:
    ds = box()
    ds["T"][0, 1, 2, 3] = np.nan
    assert np.isnan(only(steps(ds, tmp_path)[0]).point["T"][1, 2, 3])
    assert only(steps(ds, tmp_path, missing=-999)[0]).point["T"][1, 2, 3] == -999


def test_names_are_escaped(tmp_path: Path) -> None:
    name = "a<b & \"c\" 'd' é 😀 [m/s]\tx"
    grid = only(steps(box().rename(T=name), tmp_path)[0])
    np.testing.assert_array_equal(grid.point[name], box()["T"].values[0])


def test_a_data_array_with_and_without_a_name(tmp_path: Path) -> None:
    assert set(only(steps(box()["T"], tmp_path)[0]).point) == {"T"}
    assert set(only(steps(box()["T"].rename(None), tmp_path)[0]).point) == {"data"}


def test_one_step_goes_to_a_single_file(tmp_path: Path) -> None:
    path = box().isel(time=1).vtk.to_vtr(tmp_path / "one.vtr")
    grid = read_vtk(path)
    np.testing.assert_array_equal(grid.point["T"], box()["T"].values[1])
    assert grid.field["TimeValue"].item() == 0.5
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.vtr"]


def test_the_module_says_what_it_exports() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert all(hasattr(vtkseries, name) for name in vtkseries.__all__)


def test_dims_that_the_caller_gave_another_use_are_no_axes_by_order(tmp_path: Path) -> None:
    ds = xr.Dataset({"T": (("number", "p", "q"), values(3, 4, 5)), "s": (("c", "p", "q"), values(3, 4, 5))})
    parts = named(ds[["T"]], tmp_path, parts="number")[0]
    np.testing.assert_array_equal(parts["number_2"].point["T"], values(3, 4, 5)[2:])
    grid = only(steps(ds[["s"]], tmp_path, vectors={"s": "c"})[0])
    np.testing.assert_array_equal(grid.point["s"][0], np.moveaxis(values(3, 4, 5), 0, -1))


def test_axes_are_found_by_the_units_that_cf_gives_them(tmp_path: Path) -> None:
    attrs = {"a": "days since 2000-01-01", "b": "dbar", "c": "degrees_north", "d": "degrees_east"}
    ds = xr.Dataset({"v": (("d", "b", "a", "c"), values(5, 3, 2, 4))})
    ds = ds.assign_coords({dim: (dim, np.arange(1.0, ds.sizes[dim] + 1), {"units": attrs[dim]}) for dim in attrs})
    assert ds.vtk.axes == {"x": "d", "y": "c", "z": "b", "time": "a"}
    found = steps(ds, tmp_path)
    assert [time for time, _ in found] == [1.0, 2.0]
    for k, step in enumerate(found):
        expected = values(5, 3, 2, 4)[:, :, k].transpose(1, 2, 0)[::-1]
        np.testing.assert_array_equal(only(step).point["v"], expected)
        np.testing.assert_array_equal(only(step).axes["z"], [-3, -2, -1])


@pytest.mark.parametrize("name", ["st_ocean", "mlev", "zw_3d", "zf"])
def test_levels_of_common_models_are_found_by_name(name: str) -> None:
    ds = box().rename(lev=name)
    assert ds.vtk.axes["z"] == name


def test_an_ambiguous_axis_is_settled_by_what_the_error_says(tmp_path: Path) -> None:
    ds = xr.Dataset({"T": (("lon", "x"), values(3, 4))}, {"lon": [0.0, 1, 2], "x": [0.0, 1, 2, 3]})
    with pytest.raises(SeriesError, match="x='lon', y='x' or x='x', y='lon'"):
        ds.vtk.to_vtr(tmp_path / "run.pvd")
    np.testing.assert_array_equal(only(steps(ds, tmp_path, x="lon", y="x")[0]).point["T"][0], values(3, 4).T)
    with pytest.raises(SeriesError, match="name its axis, as with y='x'"):
        ds.vtk.plan(tmp_path / "run.pvd", x="lon")


def test_two_times_of_one_variable_are_ambiguous_and_of_two_variables_a_choice(tmp_path: Path) -> None:
    data = ("t", "date", "y", "x"), values(2, 3, 4, 5)
    ds = xr.Dataset({"T": data}, {"t": [0.0, 1], "date": [5.0, 6, 7]})
    with pytest.raises(SeriesError, match=r"could be the time axis; say which, with .*time='date'"):
        ds.vtk.to_vtr(tmp_path / "run.pvd")
    two = xr.Dataset({"a": ds["T"][:, 0].drop_vars("date"), "b": ds["T"][0].drop_vars("t")})
    with pytest.warns(VtkSeriesWarning, match="variable 'b' .* as with time='date'"):
        assert [time for time, _ in steps(two, tmp_path)] == [0.0, 1.0]
    with pytest.warns(VtkSeriesWarning, match="variable 'a' .* as with time='t'"):
        assert [time for time, _ in steps(two, tmp_path, time="date")] == [5.0, 6.0, 7.0]
