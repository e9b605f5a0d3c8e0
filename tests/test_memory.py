"""Grids in memory: shared with the Dataset, alive as long as VTK's object, and back without loss."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import weakref
from typing import Any

import cftime
import numpy as np
import pytest
import pyvista as pv
import vtk
import xarray as xr
from vtk.util.numpy_support import vtk_to_numpy

import vtkseries
from vtkseries import SeriesError, VtkSeriesWarning

SHAPE = (2, 3, 4, 5)


def values(shape: tuple[int, ...] = SHAPE, dtype: str = "f8") -> Any:
    """Values that differ at every point."""
    return np.random.default_rng(0).permutation(int(np.prod(shape))).reshape(shape).astype(dtype)


def dataset(data: Any = None, dims: tuple[str, ...] = ("time", "z", "y", "x")) -> xr.Dataset:
    coords = {"time": [0.0, 0.5], "z": [1.0, 2.0, 4.0], "y": [0.0, 1.0, 3.0, 4.0], "x": [0.0, 2.0, 3.0, 4.0, 9.0]}
    return xr.Dataset({"T": (dims, values() if data is None else data)}, coords)


def array(grid: Any, name: str, *, cells: bool = False) -> Any:
    return (grid.GetCellData() if cells else grid.GetPointData()).GetArray(name)


def seen(grid: Any, name: str, shape: tuple[int, ...] = SHAPE[1:]) -> Any:
    found = vtk_to_numpy(array(grid, name))
    return found.reshape(*shape, *found.shape[1:])


def test_writing_on_either_side_is_read_on_the_other() -> None:
    ds = dataset()
    grid = ds.vtk.to_grid(time=0.5)
    assert grid.GetClassName() == "vtkRectilinearGrid"
    np.testing.assert_array_equal(seen(grid, "T"), ds["T"].values[1])
    ds["T"][1, 2, 1, 3] = -1.0
    assert array(grid, "T").GetValue((2 * 4 + 1) * 5 + 3) == -1.0
    array(grid, "T").SetValue(7, -2.0)
    assert ds["T"].values[1, 0, 1, 2] == -2.0
    back = vtkseries.from_grid(grid)
    back["T"][0, 0, 0] = -3.0
    assert ds["T"].values[1, 0, 0, 0] == -3.0
    assert np.shares_memory(back["T"].values, ds["T"].values)


def test_uniform_axes_make_an_image_and_places_a_structured_grid() -> None:
    ds = dataset().isel(time=0).assign_coords(x=np.arange(5.0), y=[3.0, 2.0, 1.0, 0.0], z=[0.0, 0.25, 0.5])
    grid = ds.vtk.to_grid()
    assert (grid.GetClassName(), grid.GetSpacing()) == ("vtkImageData", (1.0, 1.0, 0.25))
    xr.testing.assert_identical(vtkseries.from_grid(grid), ds)
    assert ds.vtk.to_grid(grid="vtr").GetClassName() == "vtkRectilinearGrid"
    lon, lat = np.meshgrid(np.arange(5.0), np.arange(4.0))
    curved = xr.Dataset(
        {"T": (("z", "j", "i"), values((3, 4, 5)))},
        {"lon": (("j", "i"), lon + lat / 8, {"units": "degrees_east"}), "z": [1.0, 2.0, 4.0]},
    ).assign_coords(lat=(("j", "i"), lat - lon / 8, {"units": "degrees_north"}))
    grid = curved.vtk.to_grid()
    assert grid.GetClassName() == "vtkStructuredGrid"
    assert grid.GetPoint((2 * 4 + 1) * 5 + 3) == (curved["lon"].values[1, 3], curved["lat"].values[1, 3], 4.0)
    np.testing.assert_array_equal(seen(grid, "T"), curved["T"].values)
    back = vtkseries.from_grid(grid)
    xr.testing.assert_identical(back[list(curved.variables)], curved)


@pytest.mark.parametrize("steps", [3, 11, 1000])
def test_coordinates_that_counting_does_not_give_are_kept_exactly(steps: int) -> None:
    ds = xr.Dataset({"a": ("x", np.arange(float(steps)))}, {"x": np.linspace(0.1, 0.7, steps)})
    xr.testing.assert_identical(vtkseries.from_grid(ds.vtk.to_grid()), ds)


def test_a_copy_shares_nothing() -> None:
    ds = dataset()
    grid = ds.vtk.to_grid(time=0.5, copy=True)
    before = array(grid, "T").GetValue(0)
    ds["T"][:] = -1.0
    assert array(grid, "T").GetValue(0) == before


def test_memory_lives_as_long_as_vtk_uses_it_and_no_longer() -> None:
    data = values()
    ds = dataset(data)
    last = data[1, -1, -1, -1]
    alive = weakref.ref(data)
    tree = vtk.vtkMultiBlockDataSet()
    tree.SetBlock(0, ds.vtk.to_grid(time=0.5))
    del ds, data
    gc.collect()
    assert alive() is not None
    assert array(tree.GetBlock(0), "T").GetValue(59) == last
    del tree
    gc.collect()
    assert alive() is None


def test_a_filters_pipeline_keeps_memory_alive() -> None:
    ds = dataset()
    expected = ds["T"].values[1].copy()
    contour = vtk.vtkPassArrays()
    contour.AddPointDataArray("T")
    contour.SetInputData(ds.vtk.to_grid(time=0.5))
    contour.Update()
    output = contour.GetOutput()
    del ds, contour
    gc.collect()
    np.testing.assert_array_equal(seen(output, "T"), expected)


def test_freed_memory_is_never_read() -> None:
    """With MALLOC_PERTURB_, glibc fills what is freed with other bytes: reading it would give those."""
    code = """
        import gc, numpy as np, vtk, xarray as xr, vtkseries
        n = (64, 65, 66)
        ds = xr.Dataset({"a": (("z", "y", "x"), np.arange(float(np.prod(n))).reshape(n)),
                         "b": (("x", "y", "z"), np.ones(n[::-1])), "c": (("z", "y", "x"), np.ones(n, ">i4"))})
        grid = ds.vtk.to_grid()
        back = vtkseries.from_grid(ds.vtk.to_grid())
        wrapped = ds.vtk.to_pyvista()
        del ds
        gc.collect()
        hungry = [np.full(n, np.nan) for _ in range(8)]
        data = grid.GetPointData()
        for at in (0, 1000, data.GetArray("a").GetNumberOfValues() - 1):
            assert data.GetArray("a").GetValue(at) == at
        assert data.GetArray("b").GetRange() == (1.0, 1.0) and data.GetArray("c").GetRange() == (1.0, 1.0)
        assert (back["a"].values.ravel() == np.arange(float(np.prod(n)))).all() and (back["b"] == 1).all()
        assert (wrapped["a"] == np.arange(float(np.prod(n)))).all() and (wrapped["c"] == 1).all()
        print("sound")
    """
    environment = {"MALLOC_PERTURB_": "165", "PYTHONMALLOC": "malloc"}
    run = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(code)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.strip() == "sound", run.stderr
    assert run.returncode == 0, f"VTK ended with {run.returncode}: {run.stderr}"


@pytest.mark.parametrize(
    "data",
    [
        values().astype("c8") + 1j * values(dtype="c8"),
        values() > 30,
        values(dtype=">f8"),
        values(dtype=">i2"),
        values(dtype="f2"),
        values(dtype="longdouble"),
        values((2, 6, 4, 10))[:, ::2, :, ::-2],
        np.asfortranarray(values()),
        np.broadcast_to(values((3, 4, 5)), SHAPE),
        *(values(dtype=dtype) for dtype in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4")),
    ],
    ids=lambda data: f"{data.dtype.str}{data.strides}",
)
def test_any_dtype_and_layout_is_right_and_comes_back(data: Any) -> None:
    ds = dataset(data).isel(time=1)
    grid = ds.vtk.to_grid()
    if data.dtype.kind == "c":
        np.testing.assert_array_equal(seen(grid, "T_real"), data[1].real)
        np.testing.assert_array_equal(seen(grid, "T_imag"), data[1].imag)
    else:
        np.testing.assert_array_equal(seen(grid, "T"), data[1])
    xr.testing.assert_identical(vtkseries.from_grid(grid), ds)
    assert vtkseries.from_grid(grid)["T"].dtype == ds["T"].dtype


@pytest.mark.parametrize("dims", [("x", "y", "z"), ("y", "x", "z"), ("z", "x", "y")])
def test_dims_in_any_order_are_drawn_by_name(dims: tuple[str, ...]) -> None:
    ds = dataset().isel(time=0).transpose(*dims)
    grid = ds.vtk.to_grid()
    np.testing.assert_array_equal(seen(grid, "T"), ds["T"].transpose("z", "y", "x").values)
    xr.testing.assert_identical(vtkseries.from_grid(grid), ds)


def test_what_a_dataset_knows_comes_back() -> None:
    times = [cftime.DatetimeNoLeap(2001, 2, 28), cftime.DatetimeNoLeap(2001, 3, 1)]
    ds = xr.Dataset(
        {
            "v": (("time", "depth", "lat", "lon"), values() + 0.5, {"units": "m/s"}),
            "u": (("time", "depth", "lat", "lon"), values(dtype="f4"), {"standard_name": "eastward_wind"}),
            "mean": ("time", [0.5, 1.5], {"units": "K"}),
        },
        {
            "time": times,
            "depth": ("depth", [0.0, 10.0, 50.0], {"positive": "down", "units": "m"}),
            "lat": ("lat", [60.0, 50.0, 45.0, 30.0], {"units": "degrees_north"}),
            "lon": ("lon", np.arange(5, dtype="f4"), {"units": "degrees_east"}),
            "station": ((), "Kiel"),
        },
        {"title": "all", "levels": [1, 2]},
    )
    for position in (0, 1):
        grid = ds.vtk.to_grid(time=position, vectors={"wind": ("u", "v")})
        z = vtk_to_numpy(grid.GetZCoordinates())
        assert z.tolist() == [-50.0, -10.0, 0.0]
        back = vtkseries.from_grid(grid)
        xr.testing.assert_identical(back, ds.isel(time=position))
        np.testing.assert_array_equal(seen(grid, "wind")[..., 1], ds["v"].values[position][::-1, ::-1])


def test_cell_data_and_a_plane_come_back() -> None:
    ds = xr.Dataset(
        {"c": (("y", "x"), values((3, 4)))},
        {
            "y": ("y", [0.5, 1.5, 2.5], {"bounds": "y_edges"}),
            "x": [0.0, 1.0, 2.0, 3.0],
            "y_edges": ("y_edges", np.arange(4.0)),
        },
    )
    grid = ds.vtk.to_grid(location="cell")
    assert array(grid, "c", cells=True).GetNumberOfTuples() == 12
    xr.testing.assert_identical(
        vtkseries.from_grid(grid)["c"].variable.to_base_variable(), ds["c"].variable.to_base_variable()
    )


def test_a_dataset_of_one_dask_step_is_computed_once() -> None:
    ds = dataset().chunk({"time": 1, "y": 2})
    grid = ds.vtk.to_grid(time=0.0)
    np.testing.assert_array_equal(seen(grid, "T"), ds["T"].values[0])


def test_pyvista_gets_the_same_memory() -> None:
    ds = dataset()
    wrapped = ds.vtk.to_pyvista(time=0.0)
    assert isinstance(wrapped, pv.RectilinearGrid)
    wrapped["T"][3] = -1.0
    assert ds["T"].values[0, 0, 0, 3] == -1.0
    xr.testing.assert_identical(vtkseries.from_grid(wrapped), ds.isel(time=0))
    assert not np.shares_memory(ds.vtk.to_pyvista(time=0.0, copy=True)["T"], ds["T"].values)


def test_a_data_array_has_the_verbs_too() -> None:
    da = dataset()["T"]
    np.testing.assert_array_equal(seen(da.vtk.to_grid(time=0.5), "T"), da.values[1])


def test_vtk_s_own_reader_is_at_hand() -> None:
    reader = dataset().vtk.create_reader()
    assert reader.IsA("vtkAlgorithm")


def test_a_time_dim_of_another_name_is_selected_as_time() -> None:
    ds = dataset().rename(time="t").assign_coords(t=np.array(["2000-01-01", "2000-01-02"], "M8[ns]"))
    np.testing.assert_array_equal(seen(ds.vtk.to_grid(time=1), "T"), ds["T"].values[1])
    np.testing.assert_array_equal(seen(ds.vtk.to_grid(time="2000-01-02"), "T"), ds["T"].values[1])


# What filters give back.


def run(algorithm: Any, grid: Any) -> Any:
    algorithm.SetInputData(grid)
    algorithm.Update()
    return algorithm.GetOutput()


def test_arrays_that_a_filter_adds_are_further_variables() -> None:
    ds = dataset().isel(time=0).assign_coords(y=[3.0, 2.0, 1.0, 0.0])
    gradient = vtk.vtkGradientFilter()
    gradient.SetInputArrayToProcess(0, 0, 0, 0, "T")
    gradient.SetResultArrayName("grad T")
    back = vtkseries.from_grid(run(gradient, ds.vtk.to_grid()))
    xr.testing.assert_identical(back[["T"]], ds)
    assert back["grad T"].dims == ("z", "y", "x", "component")
    np.testing.assert_allclose(back["grad T"].values[1, 2, 2, 0], ds["T"].differentiate("x").values[1, 2, 2])
    np.testing.assert_allclose(back["grad T"].values[1, 2, 2, 1], ds["T"].differentiate("y").values[1, 2, 2])


def test_a_part_of_a_grid_has_that_part_of_the_coordinates() -> None:
    ds = dataset().isel(time=0).assign_coords(y=[4.0, 3.0, 1.0, 0.0])
    extract = vtk.vtkExtractRectilinearGrid()
    extract.SetVOI(1, 3, 0, 2, 0, 1)
    back = vtkseries.from_grid(run(extract, ds.vtk.to_grid()))
    expected = ds.isel(x=slice(1, 4), y=slice(1, 4), z=slice(0, 2))
    np.testing.assert_array_equal(back["T"].values, expected["T"].values)
    for name in "xyz":
        np.testing.assert_array_equal(back[name].values, expected[name].values)


def test_what_does_not_fit_a_part_is_left_out_with_a_warning() -> None:
    ds = dataset().isel(time=0).assign_coords(label=("x", list("abcde")))
    extract = vtk.vtkExtractRectilinearGrid()
    extract.SetVOI(1, 3, 0, 2, 0, 1)
    grid = run(extract, ds.vtk.to_grid())
    with pytest.warns(VtkSeriesWarning, match="'label' left out"):
        assert "label" not in vtkseries.from_grid(grid).variables


def test_cells_made_of_points_are_variables_on_cells() -> None:
    ds = dataset().isel(time=0)
    back = vtkseries.from_grid(run(vtk.vtkPointDataToCellData(), ds.vtk.to_grid()))
    assert back["T"].dims == ("z_cell", "y_cell", "x_cell")
    np.testing.assert_allclose(back["T"].values[0, 0, 0], ds["T"].values[:2, :2, :2].mean())


def test_a_grid_that_lost_its_axes_has_places() -> None:
    ds = dataset().isel(time=0)
    grid = ds.vtk.to_pyvista().cast_to_structured_grid()
    xr.testing.assert_identical(vtkseries.from_grid(grid), ds)
    grid.points[:, 0] += grid.points[:, 1]
    with pytest.warns(VtkSeriesWarning, match="'x' left out"):
        back = vtkseries.from_grid(grid)
    np.testing.assert_array_equal(back["T"].values, ds["T"].values)
    np.testing.assert_array_equal(back["X"].values[0, 2], ds["x"].values + 3.0)


@pytest.mark.parametrize("kind", ["image", "rectilinear", "structured"])
def test_grids_of_other_origin_have_the_engine_s_names(kind: str) -> None:
    x, y, z = np.arange(5.0), np.arange(4.0) * 2, np.arange(3.0) + 1
    if kind == "image":
        grid = pv.ImageData(dimensions=(5, 4, 3), spacing=(1, 2, 1), origin=(0, 0, 1))
    elif kind == "rectilinear":
        grid = pv.RectilinearGrid(x, y, z)
    else:
        grid = pv.StructuredGrid(*np.meshgrid(x, y, z, indexing="ij"))
    grid["T"] = values((60,))
    grid["v"] = values((60, 3))
    grid.cell_data["c"] = values((24,), "i4")
    grid.field_data["note"] = ["as it was"]
    grid.field_data["TimeValue"] = [2.5]
    back = vtkseries.from_grid(grid)
    np.testing.assert_array_equal(back["T"].values, grid["T"].reshape(3, 4, 5))
    np.testing.assert_array_equal(back["v"].values, grid["v"].reshape(3, 4, 5, 3))
    np.testing.assert_array_equal(back["c"].values, grid.cell_data["c"].reshape(2, 3, 4))
    assert back["note"].item() == "as it was"
    assert back["time"].item() == 2.5
    if kind == "structured":
        np.testing.assert_array_equal(back["Z"].values[:, 1, 1], z)
    else:
        np.testing.assert_array_equal(back["y"].values, y)
        assert back["c"].dims == ("z_cell", "y_cell", "x_cell")
        np.testing.assert_array_equal(back["x_cell"].values, x[1:] - 0.5)
    alive = weakref.ref(grid)
    del grid
    gc.collect()
    assert back["T"].values.sum() == sum(range(60))
    assert alive() is None or back is not None


def test_a_tilted_image_has_places() -> None:
    grid = vtk.vtkImageData()
    grid.SetDimensions(5, 4, 3)
    grid.SetDirectionMatrix(0, -1, 0, 1, 0, 0, 0, 0, 1)
    back = vtkseries.from_grid(grid)
    np.testing.assert_array_equal(back["Y"].values[0, 0], np.arange(5.0))
    np.testing.assert_array_equal(back["X"].values[0, :, 0], -np.arange(4.0))


def test_the_time_that_sources_tell_filters_is_kept() -> None:
    for grid in (vtk.vtkImageData(), vtk.vtkPolyData()):
        grid.GetInformation().Set(grid.DATA_TIME_STEP(), 2.5)
        assert vtkseries.from_grid(grid)["time"].item() == 2.5


def test_places_of_any_image_are_vtk_s() -> None:
    grid = vtk.vtkImageData()
    grid.SetExtent(-2, 2, 1, 4, 0, 2)
    grid.SetOrigin(0.1, -7.3, 2.2)
    grid.SetSpacing(0.7, 1.3, 0.21)
    grid.SetDirectionMatrix(0.6, -0.8, 0, 0.8, 0.6, 0, 0, 0, 1)
    back = vtkseries.from_grid(grid)
    places = np.array([grid.GetPoint(n) for n in range(60)]).reshape(3, 4, 5, 3)
    np.testing.assert_allclose(np.stack([back[name] for name in "XYZ"], -1), places, rtol=1e-15, atol=1e-15)


def test_components_apart_and_bits_are_read() -> None:
    grid = vtk.vtkImageData()
    grid.SetDimensions(5, 4, 3)
    apart = vtk.vtkSOADataArrayTemplate["float64"]()
    apart.SetName("apart")
    apart.SetNumberOfComponents(3)
    apart.SetNumberOfTuples(60)
    bits = vtk.vtkBitArray()
    bits.SetName("bits")
    bits.SetNumberOfTuples(60)
    for n in range(60):
        for component in range(3):
            apart.SetComponent(n, component, 10 * n + component)
        bits.SetValue(n, n % 3 == 0)
    grid.GetPointData().AddArray(apart)
    grid.GetPointData().AddArray(bits)
    back = vtkseries.from_grid(grid)
    assert back["apart"].values[0, 1, 2].tolist() == [70, 71, 72]
    assert back["bits"].values[0, 0].tolist() == [1, 0, 0, 1, 0]


def of_wrong_length(grid: Any) -> Any:
    if grid.IsA("vtkImageData"):
        grid.SetDimensions(5, 4, 3)
    array = vtk.vtkFloatArray()
    array.SetName("short")
    array.SetNumberOfTuples(3)
    grid.GetPointData().AddArray(array)
    return grid


@pytest.mark.parametrize("kind", ["vtkImageData", "vtkPolyData"])
def test_arrays_of_no_numbers_are_left_out_with_a_warning(kind: str) -> None:
    grid = getattr(vtk, kind)()
    for data in (grid.GetPointData(), grid.GetFieldData()):
        odd = vtk.vtkVariantArray()
        odd.SetName("odd")
        data.AddArray(odd)
    with pytest.warns(VtkSeriesWarning, match="'odd' left out: it is a vtkVariantArray"):
        assert not vtkseries.from_grid(grid).data_vars


def test_points_alone_are_a_dataset() -> None:
    points = pv.PointSet(np.arange(15.0).reshape(5, 3))
    points["q"] = np.arange(5)
    back = vtkseries.from_grid(points)
    assert back["q"].values.tolist() == [0, 1, 2, 3, 4]
    assert back["y"].values.tolist() == [1.0, 4.0, 7.0, 10.0, 13.0]
    assert back.sizes["cell"] == 0


def test_memory_that_is_not_aligned_is_copied() -> None:
    buffer = bytearray(1 + 60 * 8)
    values = np.frombuffer(buffer, "u1", offset=1).view("f8").reshape(3, 4, 5)
    values[...] = np.arange(60.0).reshape(3, 4, 5)
    assert not values.flags.aligned
    grid = xr.Dataset({"T": (("z", "y", "x"), values)}).vtk.to_pyvista()
    assert grid["T"].flags.aligned
    np.testing.assert_array_equal(grid["T"], np.arange(60.0))


def test_axes_are_named_by_coordinates_and_anything_else_selects() -> None:
    data = np.arange(60.0).reshape(3, 4, 5)
    places = {"ux": ("u", np.arange(3) * 2.0), "uy": ("v", np.arange(4) + 7.0), "when": ("w", np.arange(5) / 2)}
    ds = xr.Dataset({"T": (("u", "v", "w"), data)}, places)
    grid = ds["T"].vtk.to_pyvista(x="ux", y="uy", z="when")
    assert grid.dimensions == (3, 4, 5)
    np.testing.assert_array_equal(grid["T"].reshape(5, 4, 3), data.transpose())
    step = ds.vtk.to_pyvista(x="ux", y="uy", axes={"time": "when"}, w=2)
    np.testing.assert_array_equal(step["T"].reshape(4, 3), data[:, :, 2].transpose())
    named = ds.assign_coords(u=["ux", "b", "c"])
    assert named.vtk.to_pyvista(u="ux", y="uy", z="when").dimensions == (1, 4, 5)


DATES = np.array(["2000-01-01", "2000-01-02"], "M8[ns]")


@pytest.mark.parametrize(
    "ds",
    [
        dataset(),
        dataset().assign_coords(time=DATES),
        dataset().assign_coords(time=xr.date_range("2000-01-01", periods=2, calendar="360_day", use_cftime=True)),
        dataset().drop_vars("time"),
        dataset().assign_coords(time=DATES).rename(time="ocean_time"),
        dataset().rename(time="model time", T="q").assign_coords({"model time": [4, 5]}),
    ],
)
def test_the_remedy_for_several_steps_works_as_it_stands(ds: xr.Dataset) -> None:
    axes = {"time": "model time"} if "model time" in ds.dims else None
    with pytest.raises(SeriesError, match="there are 2 time steps; select one") as error:
        ds.vtk.to_grid(axes=axes)
    call = str(error.value).split("as with ")[1].replace("to_grid(", "ds.vtk.to_grid(axes=axes, ")
    grid = eval(call, {"ds": ds, "axes": axes})  # noqa: S307  # what the error says
    np.testing.assert_array_equal(vtk_to_numpy(grid.GetPointData().GetArray(0)), values()[0].ravel())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ds: ds.vtk.to_grid(), "there are 2 time steps; select one, as with to_grid\\(time="),
        (lambda ds: ds.vtk.to_grid(time=0.25), "time=0.25 is not there; the dim 'time' has 0.0 to 0.5"),
        (lambda ds: ds.vtk.to_grid(member=0), "member=0: there is no such dim"),
        (lambda ds: ds.vtk.to_grid(axes={"X": "x"}), "no axis 'X'; the axes are 'x', 'y', 'z' and 'time'"),
        (lambda ds: ds.vtk.to_grid(parts="time"), "parts='time': a grid in memory is one part"),
        (lambda _: vtkseries.from_grid(vtk.vtkRTAnalyticSource()), "call its Update.. and take GetOutput"),
        (lambda _: vtkseries.from_grid(of_wrong_length(vtk.vtkImageData())), "'short' has 3 tuples.*60 points"),
        (lambda _: vtkseries.from_grid(of_wrong_length(vtk.vtkPolyData())), "'short' has 3 tuples.*0 points"),
        (lambda ds: ds.assign(s=(("y", "x"), np.zeros((4, 5)))).vtk.to_grid(time=0.0), "lie on 2 grids .*variables="),
        (lambda _: vtkseries.from_grid(vtk.vtkTable()), "not a vtkTable"),
        (lambda _: vtkseries.from_grid(3), "not a int"),
    ],
)
def test_mistakes_are_named_with_their_remedy(call: Any, message: str) -> None:
    with pytest.raises(SeriesError, match=message):
        call(dataset())
