"""Cells that a Dataset lists as VTK does, which ``from_grid`` and reading back give, go to VTK again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvista as pv
import xarray as xr
from test_memory_mesh import made

import vtkseries
from vtkseries import SeriesError


def cells_of(grid: Any) -> tuple[list[int], list[list[int]]]:
    """Give kind and points of each cell, as VTK tells them."""
    every = [grid.GetCell(n) for n in range(grid.GetNumberOfCells())]
    return [c.GetCellType() for c in every], [[c.GetPointId(n) for n in range(c.GetNumberOfPoints())] for c in every]


def mesh() -> pv.UnstructuredGrid:
    """Give cubes, wedges and a tetrahedron that differ everywhere."""
    image = pv.ImageData(dimensions=(4, 3, 5), spacing=(1.0, 2.0, 0.5))
    image.point_data["v"] = np.arange(60.0) ** 2
    image.point_data["wind"] = np.arange(180, dtype="f4").reshape(60, 3)
    image.cell_data["c"] = np.arange(24, dtype="i4") * 7
    return image.clip((1.0, 0.4, 0.3), origin=(1.3, 1.0, 1.0)).threshold(200.0, scalars="v")


@pytest.mark.parametrize("case", ["a contour", "a threshold", "a surface", "cells of all kinds"])
def test_what_a_filter_made_goes_to_vtk_again(case: str) -> None:
    grid = pv.wrap(made()[case])
    ds = vtkseries.from_grid(grid)
    found = ds.vtk.to_pyvista()
    assert cells_of(found) == cells_of(grid)
    np.testing.assert_array_equal(found.points, grid.points)
    for before, after in ((grid.point_data, found.point_data), (grid.cell_data, found.cell_data)):
        for name in before:
            np.testing.assert_array_equal(after[name], before[name])
    xr.testing.assert_identical(vtkseries.from_grid(found), ds)


def test_cells_of_several_kinds_are_a_series(tmp_path: Path) -> None:
    grid = mesh()
    assert len({*cells_of(grid)[0]}) > 1
    ds = vtkseries.from_grid(grid)
    ds = ds.assign(v=ds["v"] * xr.DataArray([1.0, -2.0, 3.0], dims="time")).assign_coords(time=[0.0, 0.5, 2.0])
    path = ds.vtk.to_vtu(tmp_path / "run.pvd", compression="lz4")
    reader = pv.PVDReader(path)
    assert reader.time_values == [0.0, 0.5, 2.0]
    for step, factor in enumerate([1.0, -2.0, 3.0]):
        reader.set_active_time_point(step)
        (block,) = reader.read()
        assert cells_of(block) == cells_of(grid)
        np.testing.assert_array_equal(block.points, grid.points)
        np.testing.assert_array_equal(block.point_data["v"], factor * grid.point_data["v"])
        np.testing.assert_array_equal(block.point_data["wind"], grid.point_data["wind"])
        np.testing.assert_array_equal(block.cell_data["c"], grid.cell_data["c"])
    with xr.open_dataset(path, engine="vtkseries") as back:
        xr.testing.assert_identical(back.load(), ds)


def test_a_series_of_other_writers_is_written_again(tmp_path: Path) -> None:
    entries = ""
    for step in range(2):
        grid = mesh()
        grid.point_data["v"] += step
        grid.save(tmp_path / f"other{step}.vtu")
        entries += f'<DataSet timestep="{step}" file="other{step}.vtu"/>'
    text = f'<VTKFile type="Collection"><Collection>{entries}</Collection></VTKFile>'
    (tmp_path / "other.pvd").write_text(text)
    with xr.open_dataset(tmp_path / "other.pvd", engine="vtkseries") as ds:
        with pytest.raises(SeriesError, match=r"'connectivity' of the cells has the dims .*select.*isel\(time=0\)"):
            ds.vtk.to_vtu(tmp_path / "run.pvd")
        assert not (tmp_path / "run.pvd").exists()
        found = pv.read(ds.isel(time=1).vtk.to_vtu(tmp_path / "one.vtu"))
    assert cells_of(found) == cells_of(grid)
    np.testing.assert_array_equal(found.point_data["v"], grid.point_data["v"])


def test_places_that_share_memory_stay_shared() -> None:
    ds = vtkseries.from_grid(mesh())
    found = ds.vtk.to_pyvista()
    ds["v"][3] = -5.0
    assert found.point_data["v"][3] == -5.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda ds: ds.assign_coords(connectivity=ds["connectivity"] + 1),
            "connectivity reaches from .* expected numbers",
        ),
        (lambda ds: ds.assign_coords(offsets=ds["offsets"][::-1]), "offsets does not rise"),
        (lambda ds: ds.assign_coords(types=ds["types"] * 0 + 12), "offsets gives cell .* points; expected 8"),
        (lambda ds: ds.drop_vars("x"), "no coordinate tells x of the points"),
    ],
)
def test_cells_that_are_not_sound_are_refused(change: Any, message: str, tmp_path: Path) -> None:
    ds = change(vtkseries.from_grid(mesh()))
    with pytest.raises(SeriesError, match=message):
        ds.vtk.to_vtu(tmp_path / "run.pvd")
    assert not list(tmp_path.iterdir())


def test_vertices_alone_are_points() -> None:
    cloud = pv.PolyData(np.arange(12.0).reshape(4, 3) ** 2)
    cloud.point_data["a"] = np.arange(4.0)
    found = vtkseries.from_grid(cloud).vtk.to_pyvista()
    assert isinstance(found, pv.PolyData)
    np.testing.assert_array_equal(found.points, cloud.points)
