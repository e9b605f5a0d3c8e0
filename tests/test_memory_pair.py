"""Data at points and in cells of one grid, each on dims of their own, are one grid in memory, both ways."""

from __future__ import annotations

import numpy as np
import pytest
import pyvista as pv
import xarray as xr
from vtkmodules.vtkFiltersExtraction import vtkExtractRectilinearGrid

import vtkseries
from vtkseries import SeriesError

X, Y, Z = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 5.0, 6.0]), np.array([0.0, 1.0, 2.0, 4.0, 7.0])
POINTS, CELLS = np.arange(60.0), 100 + np.arange(24.0)


def rectilinear() -> pv.RectilinearGrid:
    return pv.RectilinearGrid(X, Y, Z)


def image() -> pv.ImageData:
    return pv.ImageData(dimensions=(3, 4, 5), origin=(1, 2, 3), spacing=(0.5, 1, 2))


def structured() -> pv.StructuredGrid:
    x, y, z = np.meshgrid(X, Y, Z, indexing="ij")
    return pv.StructuredGrid(x + 0.1 * np.sin(y), y + 0.1 * np.cos(x), z)


def latitudes() -> xr.Dataset:
    edges = {"latn": np.array([30.0, 20.0, 10.0, 0.0]), "lonn": X}
    axes = {"latn": "Y", "lonn": "X"}
    coords = {name: (name, values, {"axis": axes[name]}) for name, values in edges.items()}
    for name, unit in {"lat": "degrees_north", "lon": "degrees_east"}.items():
        values = edges[f"{name}n"]
        attrs = {"bounds": f"{name}n", "units": unit, "axis": axes[f"{name}n"]}
        coords[name] = (name, (values[1:] + values[:-1]) / 2, attrs)
    at_points = np.arange(24.0).reshape(2, 4, 3)
    in_cells = 100 + np.arange(12, dtype="f4").reshape(2, 3, 2)
    return xr.Dataset(
        {
            "p": (("time", "latn", "lonn"), at_points, {"long_name": "at points"}),
            "T": (("time", "lat", "lon"), in_cells, {"units": "K"}),
        },
        {**coords, "time": [0.0, 0.5]},
        {"title": "both"},
    )


@pytest.mark.parametrize("grid", [rectilinear(), image(), structured()], ids=["rectilinear", "image", "structured"])
def test_a_grid_with_both_comes_back_from_its_dataset(grid: pv.Grid) -> None:
    grid.point_data["p"], grid.cell_data["c"] = POINTS, CELLS
    ds = vtkseries.from_grid(grid)
    ds["p"].attrs["long_name"], ds["c"].attrs["units"] = "at points", "K"
    back = ds.vtk.to_pyvista()
    assert type(back) is type(grid)
    assert back.dimensions == grid.dimensions
    np.testing.assert_array_equal(back.points, grid.points)
    np.testing.assert_array_equal(back.point_data["p"], POINTS)
    np.testing.assert_array_equal(back.cell_data["c"], CELLS)
    assert (back.GetPointData().GetScalars().GetName(), back.GetCellData().GetScalars().GetName()) == ("p", "c")
    xr.testing.assert_identical(vtkseries.from_grid(back), ds)


def test_both_share_the_memory_of_the_dataset() -> None:
    grid = rectilinear()
    grid.point_data["p"], grid.cell_data["c"] = POINTS, CELLS
    ds = vtkseries.from_grid(grid).copy(deep=True)
    seen = ds.vtk.to_pyvista()
    ds["p"][0, 0, 0], ds["c"][0, 0, 0] = -1.0, -2.0
    assert (seen.point_data["p"][0], seen.cell_data["c"][0]) == (-1.0, -2.0)
    seen.cell_data["c"][1] = -3.0
    assert ds["c"][0, 0, 1] == -3.0
    apart = ds.vtk.to_pyvista(copy=True)
    ds["c"][0, 0, 0] = 5.0
    assert apart.cell_data["c"][0] == -2.0


def test_coordinates_share_memory_but_for_those_of_an_index() -> None:
    lon, lat = np.array([1.0, 2.0, 5.0]), np.array([0.0, 3.0])
    ds = xr.Dataset(
        {"p": (("y", "x"), np.arange(6.0).reshape(2, 3))},
        {"lon": ("x", lon, {"units": "degrees_east"}), "y": ("y", lat)},
    )
    grid = ds.vtk.to_pyvista(x="lon", grid="vtr")
    lon[1] = 2.5
    assert [*grid.x] == [1.0, 2.5, 5.0]
    grid.x[0] = 0.5
    assert ds["lon"].values.tolist() == [0.5, 2.5, 5.0]
    grid.y[0] = -1.0
    assert ds["y"].values.tolist() == [0.0, 3.0]
    apart = ds.vtk.to_pyvista(x="lon", grid="vtr", copy=True)
    lon[1] = 2.0
    assert [*apart.x] == [0.5, 2.5, 5.0]


def test_latitudes_from_the_north_are_turned_in_both() -> None:
    ds = latitudes()
    grid = ds.vtk.to_pyvista(time=0.5)
    np.testing.assert_array_equal(grid.point_data["p"], ds["p"].values[1, ::-1].ravel())
    np.testing.assert_array_equal(grid.cell_data["T"], ds["T"].values[1, ::-1].ravel())
    xr.testing.assert_identical(vtkseries.from_grid(grid), ds.sel(time=0.5))


def test_a_part_of_both_is_that_part_of_the_dataset() -> None:
    grid = rectilinear()
    grid.point_data["p"], grid.cell_data["c"] = POINTS, CELLS
    ds = vtkseries.from_grid(grid)
    cut = vtkExtractRectilinearGrid()
    cut.SetInputData(ds.vtk.to_grid())
    cut.SetVOI(0, 1, 1, 3, 0, 2)
    cut.Update()
    points = {"x": slice(0, 2), "y": slice(1, 4), "z": slice(0, 3)}
    cells = {"x_cell": slice(0, 1), "y_cell": slice(1, 3), "z_cell": slice(0, 2)}
    xr.testing.assert_identical(vtkseries.from_grid(cut.GetOutput()), ds.isel({**points, **cells}))


def test_what_a_filter_adds_is_there_once() -> None:
    ds = latitudes().isel(time=0)
    found = vtkseries.from_grid(ds.vtk.to_pyvista().compute_cell_sizes())
    added = {"Length", "Area", "Volume", "VertexCount"} & {*map(str, found)}
    assert "Area" in added
    assert found["Area"].dims == ("lat", "lon")
    xr.testing.assert_identical(found.drop_vars(added), ds)


def test_what_is_no_grid_any_more_keeps_the_attributes_of_both() -> None:
    found = vtkseries.from_grid(latitudes().isel(time=0).vtk.to_pyvista().threshold(102.0, scalars="T"))
    assert (found["p"].attrs, found["T"].attrs) == ({"long_name": "at points"}, {"units": "K"})
    assert found.attrs == {"title": "both"}


def test_grids_of_other_places_are_named() -> None:
    ds = latitudes().isel(time=0)
    ds = ds.assign_coords(lonn=("lonn", X + 0.25, ds["lonn"].attrs), lonb=X)
    ds["lon"].attrs["bounds"] = "lonb"
    with pytest.raises(SeriesError, match=r"the variables lie on 2 grids .*p.*T.*variables="):
        ds.vtk.to_grid()


def test_large_coordinates_beside_both_come_back() -> None:
    ds = latitudes().isel(time=0, drop=True)
    ds = ds.assign_coords(note=("other", np.arange(40_000.0)), area=(("lat", "lon"), np.arange(6.0).reshape(3, 2)))
    xr.testing.assert_identical(vtkseries.from_grid(ds.vtk.to_pyvista()), ds)
