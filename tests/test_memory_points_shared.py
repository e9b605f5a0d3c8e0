"""Points and meshes in memory share the Dataset's memory, for as long as VTK uses it, also through filters."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import vtk
import xarray as xr
from test_memory_points import floats, interleaved, mesh, same
from vtk.util.numpy_support import vtk_to_numpy

import vtkseries


def test_what_is_written_on_one_side_is_read_on_the_other() -> None:
    ds, places = interleaved(6)
    grid = ds.vtk.to_grid(vectors={"speed": "c"})
    data = grid.GetPointData()
    ds["mass"][2] = -7.0
    ds["speed"][3, 1] = -8.0
    places[4, 2] = -9.0
    assert data.GetArray("mass").GetValue(2) == -7.0
    assert data.GetArray("speed").GetTuple(3)[1] == -8.0
    assert grid.GetPoint(4)[2] == -9.0
    data.GetArray("mass").SetValue(0, 11.0)
    grid.GetPoints().SetPoint(5, 1.0, 2.0, 3.0)
    assert ds["mass"][0] == 11.0
    assert ds["y"][5] == 2.0
    back = vtkseries.from_grid(grid)
    back["mass"][1] = 12.0
    back["x"][1] = 13.0
    assert ds["mass"][1] == 12.0
    assert ds["x"][1] == 13.0


def test_a_step_of_a_mesh_shares_its_memory() -> None:
    ds = mesh()
    grid = ds.vtk.to_grid(time="2024-01-02", variables=["T"])
    ds["T"][1, 3] = 42.0
    assert grid.GetCellData().GetArray("T").GetValue(3) == 42.0
    grid.GetCellData().GetArray("T").SetValue(0, 43.0)
    assert ds["T"][1, 0] == 43.0
    np.testing.assert_array_equal(vtk_to_numpy(grid.GetCellData().GetArray("T")), ds["T"][1])


def test_trajectories_in_order_share_their_memory() -> None:
    ds = floats()
    ds["lon"][1, 3] = 3.0
    grid = ds.vtk.to_grid()
    ds["T"][1, 2] = 42.0
    assert grid.GetPointData().GetArray("T").GetValue(6) == 42.0


@pytest.mark.parametrize("kind", ["points", "mesh"])
def test_a_copy_shares_nothing(kind: str) -> None:
    ds, places = interleaved(6) if kind == "points" else (mesh().isel(time=0), np.zeros((6, 3)))
    grid = ds.vtk.to_grid(copy=True, vectors={"speed": "c"} if kind == "points" else {"wind": "c"})
    name, data = ("mass", grid.GetPointData()) if kind == "points" else ("T", grid.GetCellData())
    before, place = data.GetArray(name).GetValue(2), grid.GetPoint(4)
    ds[name][2] = -77.0
    places[4] = -9.0
    assert data.GetArray(name).GetValue(2) == before
    assert grid.GetPoint(4) == place


@pytest.mark.parametrize("kind", ["points", "mesh", "layers"])
def test_the_memory_stays_as_long_as_vtk_uses_it(kind: str) -> None:
    sources: dict[str, Callable[[], xr.Dataset]] = {
        "points": lambda: interleaved(5000)[0],
        "mesh": mesh,
        "layers": lambda: mesh(layers=True),
    }

    def made() -> Any:
        ds = sources[kind]()
        options: dict[str, Any] = {"time": "2024-01-02"} if kind != "points" else {}
        vectors = {"points": {"speed": "c"}, "mesh": {"wind": "c"}, "layers": {}}[kind]
        found = ds.vtk.to_grid(vectors=vectors, **options)
        output = type(found)()
        output.ShallowCopy(found)
        return output

    grid = made()
    gc.collect()
    noise = [np.full(15000, 1e9) for _ in range(50)]
    known = made()
    del noise
    same(grid, known)


def test_read_only_memory_is_copied() -> None:
    ds, _ = interleaved(4)
    ds["mass"].values.flags.writeable = False
    grid = ds.vtk.to_grid(vectors={"speed": "c"})
    grid.GetPointData().GetArray("mass").SetValue(0, 9.0)
    assert ds["mass"][0] == 0.0


def warp(grid: Any) -> Any:
    found = vtk.vtkWarpVector()
    found.SetInputArrayToProcess(0, 0, 0, 0, "speed")
    found.SetInputData(grid)
    found.Update()
    return found.GetOutput()


def calculated(grid: Any) -> Any:
    found = vtk.vtkArrayCalculator()
    found.SetInputData(grid)
    found.AddScalarArrayName("mass")
    found.SetFunction("2*mass")
    found.SetResultArrayName("twice")
    found.Update()
    return found.GetOutput()


def test_what_filters_add_and_move_comes_back() -> None:
    ds = interleaved(5)[0]
    grid = ds.vtk.to_grid(vectors={"speed": "c"})
    added = vtkseries.from_grid(calculated(grid))
    assert added.drop_vars("twice").identical(ds)
    assert added["twice"].dims == ("drop",)
    np.testing.assert_array_equal(added["twice"], 2 * ds["mass"])
    moved = vtkseries.from_grid(warp(grid))
    np.testing.assert_allclose(moved["y"], ds["y"] + ds["speed"][:, 1])
    np.testing.assert_array_equal(moved["mass"], ds["mass"])


def test_a_part_of_a_mesh_comes_back_as_points_and_cells() -> None:
    ds = mesh().isel(time=0)
    found = vtk.vtkThreshold()
    found.SetInputData(ds.vtk.to_grid(vectors={"wind": "c"}))
    found.SetInputArrayToProcess(0, 0, 0, vtk.vtkDataObject.FIELD_ASSOCIATION_CELLS, "T")
    found.SetLowerThreshold(float(np.sort(ds["T"])[1]))
    found.SetThresholdFunction(vtk.vtkThreshold.THRESHOLD_LOWER)
    found.Update()
    back = vtkseries.from_grid(found.GetOutput())
    np.testing.assert_array_equal(back["T"], ds["T"][ds["T"] <= np.sort(ds["T"])[1]])
    assert back["T"].attrs == {"units": "K"}
    assert (back.sizes["cell"], back["connectivity"].dims) == (2, ("connectivity_node",))
    assert back.attrs == {"title": "mesh"}


def many() -> xr.Dataset:
    """Cells by CF bounds, whose corners are too many to be told in a text."""
    rng, count = np.random.default_rng(1), 20000
    lon, lat = rng.random(count) * 300, rng.random(count) * 100 - 50
    ds = xr.Dataset({"T": ("cell", rng.random(count))})
    for name, values, wide in (("lon", lon, [0, 1, 0.5]), ("lat", lat, [0, 0, 1.0])):
        told = {"units": f"degrees_{'east' if name == 'lon' else 'north'}", "bounds": f"{name}_b"}
        ds[f"{name}_b"] = ("cell", "v"), values[:, None] + np.array(wide)
        ds = ds.assign_coords({name: ("cell", values, told)})
    return ds.assign_coords(code=("cell", np.array([f"no {n:012}" for n in range(count)])))


def test_what_is_too_large_to_be_told_comes_back() -> None:
    ds = many()
    grid = ds.vtk.to_grid()
    assert vtkseries.from_grid(grid).identical(ds)
    ds = ds.expand_dims(time=[3.0])
    assert vtkseries.from_grid(ds.vtk.to_grid()).identical(ds)
    for n in reversed(range(grid.GetFieldData().GetNumberOfArrays())):
        if grid.GetFieldData().GetAbstractArray(n).GetName().startswith("vtkseries "):
            grid.GetFieldData().RemoveArray(n)
    with pytest.warns(vtkseries.VtkSeriesWarning, match="left out: the field data that held them"):
        back = vtkseries.from_grid(grid)
    assert back.identical(many().drop_vars(["lon_b", "lat_b", "code"]))


def test_heights_that_somebody_gave_a_flat_mesh_are_not_lost() -> None:
    ds = mesh().isel(time=0)
    grid = ds.vtk.to_grid(vectors={"wind": "c"})
    grid.GetPoints().SetPoint(3, 1.0, 1.0, 5.0)
    back = vtkseries.from_grid(grid)
    assert back["z"].values.tolist() == [0, 0, 0, 5, 0, 0, 0, 0]
    high = interleaved(3)[0].assign(z=("drop", np.zeros(3)))
    cloud = high.vtk.to_grid(vectors={"speed": "c"})
    cloud.GetPoints().SetPoint(1, 0.0, 0.0, 5.0)
    assert vtkseries.from_grid(cloud)["z"].values.tolist() == [0, 5, 0]
