"""Images, and the choice of the cheapest grid that is exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from tools.readers import READERS, read_pvd

import vtkseries  # noqa: F401 (registers ds.vtk)
from vtkseries.errors import SeriesError


def box(x: object, y: object, dtype: str = "f8") -> xr.Dataset:
    sizes = {"time": 2, "z": 3, "y": len(np.asarray(y)), "x": len(np.asarray(x))}
    values = np.arange(np.prod(list(sizes.values()))).reshape(*sizes.values())
    return xr.Dataset(
        {"T": (tuple(sizes), values)}, {"x": np.asarray(x, dtype), "y": np.asarray(y, dtype), "z": [1.0, 3.0, 5.0]}
    )


@pytest.mark.parametrize("reader", READERS)
def test_an_image_has_the_places_and_values_of_its_uniform_axes(tmp_path: Path, reader: str) -> None:
    ds = box(np.linspace(0.1, 0.7, 5), [8.0, 6.0, 4.0, 2.0])
    ds.isel(time=0).vtk.to_vti(tmp_path / "one.vti")
    grid = READERS[reader](tmp_path / "one.vti")
    np.testing.assert_allclose(grid.axes["x"], ds.x, rtol=1e-15)
    np.testing.assert_array_equal(grid.axes["y"], [2, 4, 6, 8])
    np.testing.assert_array_equal(grid.axes["z"], [1, 3, 5])
    np.testing.assert_array_equal(grid.point["T"], ds.T.isel(time=0)[:, ::-1])


def test_a_coordinate_in_single_precision_is_uniform_to_its_own_precision(tmp_path: Path) -> None:
    ds = box(np.arange(0, 360, 0.1), [1.0, 2.0], "f4").isel(time=0, z=0)
    ds.vtk.to_vti(tmp_path / "one.vti")
    np.testing.assert_allclose(READERS["vtk"](tmp_path / "one.vti").axes["x"], ds.x, atol=1e-4)


def test_an_uneven_axis_is_an_error_with_the_worst_node_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match=r"axis x \('x'\): node 2 at 2.01.*0.01 spacings.*to_vtr"):
        box([0, 1, 2.01, 3], [0, 1, 2]).vtk.to_vti(tmp_path / "run.pvd")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("x", "suffix"), [([0.0, 1.0, 2.0, 3.0], ".vti"), ([0.0, 1.0, 2.0, 3.0001], ".vtr"), ("curved", ".vts")]
)
def test_each_part_gets_the_cheapest_grid_that_is_exact(tmp_path: Path, x: object, suffix: str) -> None:
    ds = box([0.0, 1.0, 2.0, 3.0] if x == "curved" else x, [1.0, 2.0, 3.0])
    if x == "curved":
        places = {
            n: (("y", "x"), (ds.x + 0.1 * ds.y if n == "lon" else ds.y + 0 * ds.x).T.values) for n in ("lon", "lat")
        }
        places = {n: (("y", "x"), v.T if v.shape == (4, 3) else v) for n, (_, v) in places.items()}
        ds = ds.drop_vars(["x", "y"]).assign_coords(places)
    ds.vtk.to_pvd(tmp_path / "run.pvd")
    assert {file.suffix for file in (tmp_path / "run").iterdir()} == {suffix}
    steps = read_pvd(tmp_path / "run.pvd")
    assert len(steps) == 2
    for number, (_, parts) in enumerate(steps):
        (grid,) = parts.values()
        np.testing.assert_array_equal(grid.point["T"], ds.T.isel(time=number))


def test_parts_of_one_series_may_be_of_different_kinds(tmp_path: Path) -> None:
    ds = box([0.0, 1.0, 2.0], [1.0, 2.0, 3.0, 4.0]).rename(x="x1")
    ds["S"] = ("time", "y", "u"), np.arange(2 * 4 * 5.0).reshape(2, 4, 5)
    ds = ds.assign_coords(u=("u", [0.0, 1.0, 4.0, 9.0, 16.0], {"axis": "X"}))
    ds.vtk.to_pvd(tmp_path / "run.pvd")
    assert {file.suffix for file in (tmp_path / "run").iterdir()} == {".vti", ".vtr"}
    for _, parts in read_pvd(tmp_path / "run.pvd"):
        assert {name for grid in parts.values() for name in grid.point} == {"S", "T"}
