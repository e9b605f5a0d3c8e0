"""What filters return that is no grid any more comes back with its points, cells, values and attributes."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vtk
import xarray as xr
from test_memory import run, values
from vtk.util.numpy_support import vtk_to_numpy

import vtkseries
from vtkseries import FormatError, SeriesError, VtkSeriesWarning, evtk


def grid() -> Any:
    ds = xr.Dataset(
        {"T": (("z", "y", "x"), values((4, 5, 6)), {"units": "K", "long_name": "temperature"})},
        {"z": [1.0, 2.0, 4.0, 5.0], "y": np.arange(5.0) ** 2, "x": np.arange(6.0), "time": 2.5},
        {"title": "demo"},
    )
    ds["wind"] = ("z", "y", "x", "c"), values((4, 5, 6, 3), "f4")
    ds["c"] = ("z_cell", "y_cell", "x_cell"), values((3, 4, 5), "i4")
    return ds.drop_vars("c").vtk.to_grid(vectors={"wind": "c"})


def contour() -> Any:
    found = vtk.vtkContourFilter()
    found.SetInputArrayToProcess(0, 0, 0, vtk.vtkDataObject.FIELD_ASSOCIATION_POINTS, "T")
    found.SetValue(0, 57.3)
    return found


def threshold() -> Any:
    found = vtk.vtkThreshold()
    found.SetInputArrayToProcess(0, 0, 0, vtk.vtkDataObject.FIELD_ASSOCIATION_POINTS, "T")
    found.SetUpperThreshold(20.0)
    found.SetThresholdFunction(vtk.vtkThreshold.THRESHOLD_UPPER)
    found.AllScalarsOff()
    return found


def surface() -> Any:
    """Vertices, lines, polygons and a strip, in VTK's order of cells."""
    data, points = vtk.vtkPolyData(), vtk.vtkPoints()
    for n in range(9):
        points.InsertNextPoint(n, n**2, -n)
    data.SetPoints(points)
    for kind, cells in {
        "Verts": [[0]],
        "Lines": [[1, 2, 3], [3, 4]],
        "Polys": [[0, 4, 5], [5, 6, 7, 8]],
        "Strips": [[1, 5, 2, 6]],
    }.items():
        array = vtk.vtkCellArray()
        for cell in cells:
            array.InsertNextCell(len(cell), cell)
        getattr(data, f"Set{kind}")(array)
    number = vtk.vtkIntArray()
    number.SetName("number")
    for n in range(data.GetNumberOfCells()):
        number.InsertNextValue(10 * n)
    data.GetCellData().AddArray(number)
    return data


def made() -> dict[str, Any]:
    clean = vtk.vtkDataSetSurfaceFilter()
    return {
        "a contour": run(contour(), grid()),
        "a threshold": run(threshold(), grid()),
        "a surface": run(clean, grid()),
        "cells of all kinds": surface(),
        "nothing": vtk.vtkPolyData(),
    }


@pytest.mark.parametrize("kind", made())
def test_points_cells_and_values_are_those_of_vtk(kind: str) -> None:
    mesh = made()[kind]
    ds = vtkseries.from_grid(mesh)
    assert (ds.sizes.get("point", 0), ds.sizes.get("cell", 0)) == (mesh.GetNumberOfPoints(), mesh.GetNumberOfCells())
    for n in range(mesh.GetNumberOfPoints()):
        assert (ds["x"][n], ds["y"][n], ds["z"][n]) == mesh.GetPoint(n)
    ends = [0, *ds["offsets"].values.tolist()]
    for n in range(mesh.GetNumberOfCells()):
        cell = mesh.GetCell(n)
        assert ds["types"][n] == cell.GetCellType()
        nodes = [cell.GetPointId(k) for k in range(cell.GetNumberOfPoints())]
        assert ds["connectivity"].values[ends[n] : ends[n + 1]].tolist() == nodes
    for data, dim in ((mesh.GetPointData(), "point"), (mesh.GetCellData(), "cell")):
        for n in range(data.GetNumberOfArrays()):
            array = data.GetArray(n)
            assert ds[array.GetName()].dims[0] == dim
            np.testing.assert_array_equal(ds[array.GetName()].values, vtk_to_numpy(array))


def test_attributes_and_time_come_along() -> None:
    ds = vtkseries.from_grid(run(contour(), grid()))
    assert ds["T"].attrs == {"units": "K", "long_name": "temperature"}
    assert ds["wind"].dims == ("point", "component")
    assert ds.attrs == {"title": "demo"}


def test_texts_at_points_come_along() -> None:
    texts = vtk.vtkStringArray()
    texts.SetName("label")
    for n in range(9):
        texts.InsertNextValue(f"größe {n}")
    image, data = vtk.vtkImageData(), surface()
    image.SetDimensions(3, 3, 1)
    for found in (image, data):
        found.GetPointData().AddArray(texts)
    assert vtkseries.from_grid(data)["label"].values.tolist() == [f"größe {n}" for n in range(9)]
    assert vtkseries.from_grid(image)["label"].values[0, 2, 1] == "größe 7"


def test_memory_is_shared_and_stays() -> None:
    mesh = run(threshold(), grid())
    ds = vtkseries.from_grid(mesh)
    expected = vtk_to_numpy(mesh.GetPointData().GetArray("T")).copy()
    mesh.GetPointData().GetArray("T").SetValue(3, -1.0)
    assert ds["T"][3] == -1.0
    expected[3] = -1.0
    del mesh
    gc.collect()
    np.testing.assert_array_equal(ds["T"].values, expected)


def test_a_mesh_goes_to_a_file_as_it_is(tmp_path: Path) -> None:
    mesh = run(threshold(), grid())
    ds = vtkseries.from_grid(mesh)
    cells = (ds["connectivity"], ds["offsets"], ds["types"])
    path = evtk.unstructuredGridToVTK(tmp_path / "cut", ds["x"], ds["y"], ds["z"], *cells, pointData={"T": ds["T"]})
    reader = vtk.vtkXMLUnstructuredGridReader()
    reader.SetFileName(path)
    reader.Update()
    again = vtkseries.from_grid(reader.GetOutput())
    for name in ("x", "y", "z", "connectivity", "offsets", "types", "T"):
        np.testing.assert_array_equal(again[name].values, ds[name].values)


def test_several_blocks_are_refused_with_the_way_to_one() -> None:
    tree = vtk.vtkMultiBlockDataSet()
    tree.SetBlock(0, grid())
    with pytest.raises(SeriesError, match=r"not a vtkMultiBlockDataSet; of several blocks take one.*GetBlock\(0\)"):
        vtkseries.from_grid(tree)
    assert "T" in vtkseries.from_grid(tree.GetBlock(0))


@pytest.mark.parametrize("text", ['{"version":1}', '{"version":1,"variables":[1],"attrs":[]}', "no JSON"])
def test_a_mesh_whose_metadata_is_damaged_says_so(text: str) -> None:
    data, note = surface(), vtk.vtkStringArray()
    note.SetName("vtkseries")
    note.InsertNextValue(text)
    data.GetFieldData().AddArray(note)
    with pytest.raises(FormatError, match=r"damaged|not JSON"):
        vtkseries.from_grid(data)


def test_kinds_of_cells_are_those_that_vtk_tells() -> None:
    data, points = vtk.vtkPolyData(), vtk.vtkPoints()
    for n in range(12):
        points.InsertNextPoint(n, n**2, -n)
    data.SetPoints(points)
    for kind in ("Verts", "Lines", "Polys", "Strips"):
        array = vtk.vtkCellArray()
        for size in range({"Strips": 3, "Polys": 3}.get(kind, 1), 7):
            array.InsertNextCell(size, range(size))
        getattr(data, f"Set{kind}")(array)
    every = range(data.GetNumberOfCells())
    assert vtkseries.from_grid(data)["types"].values.tolist() == [data.GetCellType(n) for n in every]
    mixed = vtk.vtkAppendFilter()
    mixed.AddInputData(data)
    mixed.Update()
    grid = mixed.GetOutput()
    assert vtkseries.from_grid(grid)["types"].values.tolist() == [grid.GetCellType(n) for n in every]


def test_polyhedra_are_warned_of() -> None:
    grid, points = vtk.vtkUnstructuredGrid(), vtk.vtkPoints()
    for place in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]:
        points.InsertNextPoint(place)
    grid.SetPoints(points)
    faces = [4, 3, 0, 1, 2, 3, 0, 1, 3, 3, 1, 2, 3, 3, 0, 2, 3]
    ids = vtk.vtkIdList()
    for number in faces:
        ids.InsertNextId(number)
    grid.InsertNextCell(42, ids)
    with pytest.warns(VtkSeriesWarning, match="1 cells are polyhedra, whose faces are left out; make them tetrahedra"):
        vtkseries.from_grid(grid)
