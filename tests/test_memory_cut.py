"""What filters leave of a grid has the coordinates of that part, also those that are not in the grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import vtk
import xarray as xr
from vtk.util.numpy_support import vtk_to_numpy

from vtkseries import VtkSeriesWarning, from_grid

EXTRACT = {
    "vtkImageData": vtk.vtkExtractVOI,
    "vtkRectilinearGrid": vtk.vtkExtractRectilinearGrid,
    "vtkStructuredGrid": vtk.vtkExtractGrid,
}


def dataset(kind: str) -> xr.Dataset:
    x = np.arange(6.0) if kind == "image" else np.array([0.0, 1.0, 3.0, 6.0, 7.0, 9.0])
    down = ("z", np.arange(4.0), {"positive": "down"})
    ds = xr.Dataset(
        {"T": (("z", "y", "x"), np.random.default_rng(0).random((4, 5, 6)), {"units": "K"})},
        {"name": ("x", list("abcdef")), "x": x, "y": [8.0, 6.0, 4.0, 2.0, 0.0], "z": down},
        {"title": "t"},
    )
    if kind == "curvilinear":
        lon, lat = np.meshgrid(x, np.arange(5.0))
        ds = ds.drop_vars(["x", "y"]).assign_coords(
            lon=(("y", "x"), lon + 0.1 * lat), lat=(("y", "x"), lat - 0.2 * lon)
        )
    return ds


def cut(ds: xr.Dataset, box: tuple[int, ...], rate: int = 1) -> Any:
    grid = ds.vtk.to_grid(axes={"x": "lon", "y": "lat"} if "lon" in ds.coords else None)
    extract = EXTRACT[grid.GetClassName()]()
    extract.SetInputData(grid)
    extract.SetVOI(*box)
    extract.SetSampleRate(rate, rate, rate)
    extract.Update()
    return extract.GetOutput()


@pytest.mark.parametrize("kind", ["image", "rectilinear", "curvilinear"])
def test_a_part_has_its_own_coordinates_and_names(kind: str) -> None:
    ds = dataset(kind)
    # On the grid z runs upwards and so the other way, and y too where it is an axis.
    expected = ds.isel(x=slice(1, 5), y=slice(1, 5) if kind != "curvilinear" else slice(0, 4), z=slice(1, 3))
    part = cut(ds, (1, 4, 0, 3, 1, 2))
    if kind == "rectilinear":  # its axes are the grid's own, so that nothing bears out which part this is
        with pytest.warns(VtkSeriesWarning, match="'name' left out"):
            found = from_grid(part)
        expected = expected.drop_vars("name")
    else:
        found = from_grid(part)
    xr.testing.assert_identical(found, expected)


@pytest.mark.parametrize("kind", ["image", "curvilinear"])
def test_of_every_second_point_no_coordinate_is_guessed(kind: str) -> None:
    ds = dataset(kind)
    with pytest.warns(VtkSeriesWarning, match="'name'.* left out"):
        found = from_grid(cut(ds, (0, 5, 0, 4, 0, 3), 2))
    assert "name" not in found.coords
    assert found["T"].shape == found["X"].shape
    there = np.isin(found["T"].values, ds["T"].values)
    assert there.all()


def test_cells_that_a_filter_makes_lie_between_the_coordinates() -> None:
    depth = np.array([5.0, 10.0, 30.0, 100.0])
    coords = {
        "depth": ("depth", depth, {"positive": "down", "units": "m"}),
        "lat": [60.0, 50.0, 45.0],
        "lon": [0.0, 1.0, 3.0, 4.0, 9.0],
    }
    data = np.arange(60.0).reshape(4, 3, 5) ** 2
    ds = xr.Dataset({"T": (("depth", "lat", "lon"), data)}, coords)
    average = vtk.vtkPointDataToCellData()
    average.SetInputData(ds.vtk.to_grid())
    average.Update()
    back = from_grid(average.GetOutput())
    eight = sum(data[i : i + 3, j : j + 2, k : k + 4] for i in (0, 1) for j in (0, 1) for k in (0, 1)) / 8
    np.testing.assert_allclose(back["T"].values, eight)
    assert back["depth_cell"].values.tolist() == [7.5, 20.0, 65.0]
    again = back.vtk.to_grid()
    assert again.GetBounds() == average.GetOutput().GetBounds()
    found, expected = (vtk_to_numpy(grid.GetCellData().GetArray("T")) for grid in (again, average.GetOutput()))
    np.testing.assert_array_equal(found, expected)


def test_what_is_too_large_to_be_told_comes_back_with_the_whole_grid() -> None:
    """As the bounds of curvilinear coordinates are, which no array of the grid holds."""
    lat, lon = np.meshgrid(np.linspace(10, 60, 150), np.linspace(0, 80, 120), indexing="ij")
    corners = np.stack([lon - 0.1, lon + 0.1, lon + 0.1, lon - 0.1], axis=-1)
    ds = xr.Dataset(
        {"sst": (("y", "x"), lat + 0.01 * lon)},
        {
            "lat": (("y", "x"), lat, {"units": "degrees_north"}),
            "lon": (("y", "x"), lon, {"units": "degrees_east"}),
            "corners": (("y", "x", "v"), corners, {"long_name": "of cells"}),
            "names": (("y", "x", "v"), np.full((150, 120, 4), "ab", object)),
            "seen": (("y", "x", "v"), np.full((150, 120, 4), np.datetime64("2000-01-01", "ns"))),
        },
    )
    grid = ds.vtk.to_grid()
    xr.testing.assert_identical(from_grid(grid), ds)
    stepped = ds.expand_dims(time=[3.0])
    stepped = stepped.assign_coords(corners=stepped.corners.expand_dims(time=[3.0]))
    xr.testing.assert_identical(from_grid(stepped.vtk.to_grid()), stepped)
    grid.GetFieldData().Initialize()
    with pytest.warns(VtkSeriesWarning, match="'corners', 'names', 'seen' left out"):
        assert set(from_grid(grid).variables) == {"sst", "lat", "lon"}
