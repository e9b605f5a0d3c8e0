"""What other writers made, once read, is written again with its points, cells, vectors and names."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import pyvista as pv
import xarray as xr

import vtkseries
from vtkseries import FormatError, VtkSeriesWarning

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unchecked(reason="other writers made the files that are read first")

DIRECTION = [[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, 1]]


def image(*dimensions: int) -> pv.ImageData:
    grid = pv.ImageData(dimensions=dimensions, spacing=(0.25, 2, 1.5), origin=(0.5, -2, 10))
    points, cells = grid.n_points, grid.n_cells
    grid["scalar"] = np.arange(points) * 1.5
    for count in (3, 4, 9):
        grid[f"{count} numbers"] = np.arange(points * count, dtype="f4").reshape(points, count)
    for number, name in enumerate("uvw"):
        grid.point_data.GetAbstractArray("3 numbers").SetComponentName(number, name)
    grid.cell_data["flag"] = np.arange(cells, dtype="i2")
    grid.cell_data["flux"] = np.arange(cells * 3.0).reshape(cells, 3)
    return grid


def bent(grid: pv.ImageData) -> pv.StructuredGrid:
    found = grid.cast_to_structured_grid()
    found.points = found.points + np.sin(found.points[:, [1, 2, 0]]) / 9
    return found


def tilted(grid: pv.ImageData) -> pv.ImageData:
    grid.direction_matrix = DIRECTION
    return grid


GRIDS: dict[str, Any] = {
    "image": lambda: image(5, 3, 4),
    "plane": lambda: image(5, 1, 4),
    "line": lambda: image(1, 1, 6),
    "tilted": lambda: tilted(image(5, 3, 4)),
    "tilted plane": lambda: tilted(image(5, 3, 1)),
    "rectilinear": lambda: image(5, 3, 4).cast_to_rectilinear_grid(),
    "structured": lambda: bent(image(5, 3, 4)),
    "surface": lambda: bent(image(5, 3, 1)),
    "upright surface": lambda: bent(image(1, 3, 5)),
}


def arrays(data: Any) -> dict[str, Any]:
    return {name: np.asarray(data[name]) for name in data}


def components(grid: Any) -> list[str | None]:
    vector = grid.point_data.GetAbstractArray("3 numbers")
    return [vector.GetComponentName(n) for n in range(3)]


@pytest.mark.parametrize("kind", GRIDS)
def test_grids_of_other_writers_are_written_as_they_were(tmp_path: Path, kind: str) -> None:
    grid = GRIDS[kind]()
    suffix = {"ImageData": ".vti", "RectilinearGrid": ".vtr", "StructuredGrid": ".vts"}[type(grid).__name__]
    grid.save(tmp_path / f"theirs{suffix}")
    with xr.open_dataset(tmp_path / f"theirs{suffix}", engine="vtkseries") as ds:
        ds.vtk.to_pvd(tmp_path / "ours.pvd")
    found: dict[tuple[str, str], Any] = {}
    for file in (tmp_path / "ours").iterdir():
        ours: Any = pv.read(file)
        np.testing.assert_allclose(ours.points, grid.points, rtol=1e-15, atol=1e-15)
        assert ours.dimensions == grid.dimensions
        found |= {("point", name): values for name, values in arrays(ours.point_data).items()}
        found |= {("cell", name): values for name, values in arrays(ours.cell_data).items()}
        if "3 numbers" in ours.point_data:
            assert components(ours) == components(grid)
    expected: dict[tuple[str, str], Any] = {("point", name): values for name, values in arrays(grid.point_data).items()}
    expected |= {("cell", name): values for name, values in arrays(grid.cell_data).items()}
    assert set(found) == set(expected)
    for key, values in expected.items():
        np.testing.assert_array_equal(found[key], values, err_msg=str(key), strict=True)


@pytest.mark.parametrize("kind", GRIDS)
def test_a_grid_in_memory_is_a_dataset_and_a_grid_again(kind: str) -> None:
    grid = GRIDS[kind]()
    ds = vtkseries.from_grid(grid)
    for place, names in (("point", list(grid.point_data)), ("cell", list(grid.cell_data))):
        ours = ds.vtk.to_pyvista(variables=names)
        np.testing.assert_allclose(ours.points, grid.points, rtol=1e-15, atol=1e-15)
        for name in names:
            values = np.asarray(getattr(grid, f"{place}_data")[name])
            np.testing.assert_array_equal(getattr(ours, f"{place}_data")[name], values, strict=True)
        assert vtkseries.from_grid(ours)[names].identical(ds[names])


def test_places_of_a_tilted_image_are_read_in_part(tmp_path: Path) -> None:
    grid = tilted(image(5, 3, 4))
    grid.save(tmp_path / "a.vti")
    places = np.array([grid.GetPoint(n) for n in range(60)]).reshape(4, 3, 5, 3)
    with xr.open_dataset(tmp_path / "a.vti", engine="vtkseries") as ds:
        for number, name in enumerate("XYZ"):
            np.testing.assert_allclose(ds[name][1:, 0, ::-2], places[1:, 0, ::-2, number], rtol=1e-15)
            np.testing.assert_allclose(ds[name][2, 1, 3], places[2, 1, 3, number], rtol=1e-15)
            np.testing.assert_allclose(
                ds[name].isel(x=[3, 1], z=[2, 0]), places[[2, 0]][:, :, [3, 1], number], rtol=1e-15
            )


def test_field_data_of_several_values_make_no_grid(tmp_path: Path) -> None:
    grid = image(5, 3, 4)
    grid.field_data["three"] = [1.5, 2.5, 3.5]
    grid.field_data["table"] = np.arange(6.0).reshape(2, 3)
    grid.field_data["one"] = [7]
    grid.save(tmp_path / "theirs.vti")
    with xr.open_dataset(tmp_path / "theirs.vti", engine="vtkseries") as ds:
        chosen = ds[["scalar", "three", "table", "one"]]
        with pytest.warns(VtkSeriesWarning, match="'three' has the dim|'table' has the dim"):
            chosen.vtk.to_vti(tmp_path / "ours.vti")
    ours: Any = pv.read(tmp_path / "ours.vti")
    assert ours.field_data["one"].tolist() == [7]
    np.testing.assert_array_equal(ours["scalar"], grid["scalar"])


def test_what_is_no_path_of_this_machine_is_refused_with_a_remedy() -> None:
    with pytest.raises(TypeError, match="opens paths, not BytesIO: write it to a file first"):
        xr.open_dataset(io.BytesIO(b"<VTKFile/>"), engine="vtkseries")
    for address in ("https://example.org/run.pvd", "s3://bucket/run.pvd"):
        with pytest.raises(FormatError, match="only files of this machine are opened: fetch it first"):
            xr.open_dataset(address, engine="vtkseries")
