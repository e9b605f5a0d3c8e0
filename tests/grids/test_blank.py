"""Hidden points and cells: what is missing is told to ParaView, which does not draw it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from tools.paraview import walk
from tools.readers import read_vtk

import vtkseries  # noqa: F401 (registers ds.vtk)

NZ, NY, NX = 3, 5, 6
GRIDS = ["to_vti", "to_vtr", "to_vts"]


def holes() -> xr.Dataset:
    rng = np.random.default_rng(1)
    values = rng.random((2, NZ, NY, NX)).astype("f4")
    values[0, 1, 2, 3] = np.nan
    values[1, :, :2, :3] = np.nan
    return xr.Dataset(
        {"T": (("time", "z", "y", "x"), values), "S": (("time", "z", "y", "x"), values + 1)},
        {"x": np.arange(NX) * 1.0, "y": np.arange(NY)[::-1] * 2.0, "z": np.arange(NZ) * 1.0, "time": [0.0, 1.0]},
    )


def touching(mask: np.ndarray) -> np.ndarray:
    for axis in range(mask.ndim):
        moved = np.moveaxis(mask, axis, 0)
        mask = np.moveaxis(moved[1:] | moved[:-1], 0, axis) if len(moved) > 1 else mask
    return mask


@pytest.mark.parametrize("verb", GRIDS)
@pytest.mark.parametrize("chunks", [None, {"time": 1, "z": 2, "y": 2, "x": 4}, {"time": 2, "x": 1}])
def test_points_without_value_and_the_cells_around_them_are_hidden(
    tmp_path: Path, verb: str, chunks: dict[str, int] | None
) -> None:
    ds = holes()
    source = ds if chunks is None else ds.chunk(chunks)
    getattr(source.vtk, verb)(tmp_path / "run.pvd", missing="blank")
    for step, file in enumerate(sorted((tmp_path / "run").iterdir())):
        grid = read_vtk(file)
        mask = np.isnan(ds.T.values[step][:, ::-1])
        np.testing.assert_array_equal(grid.point["vtkGhostType"], 2 * mask)
        np.testing.assert_array_equal(grid.cell["vtkGhostType"], 32 * touching(mask))
        assert grid.cell["vtkGhostType"].dtype == np.uint8
        np.testing.assert_array_equal(grid.point["T"], ds.T.values[step][:, ::-1])
    with xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries") as back:
        xr.testing.assert_identical(back.load(), ds)


def test_a_file_on_disk_is_read_block_by_block_to_find_what_is_missing(tmp_path: Path) -> None:
    holes().to_netcdf(tmp_path / "in.nc")
    with xr.open_dataset(tmp_path / "in.nc") as ds:
        ds.vtk.to_vtr(tmp_path / "run.pvd", missing="blank")
    mask = np.isnan(holes().T.values[1][:, ::-1])
    grid = read_vtk(tmp_path / "run" / "run_000001.vtr")
    np.testing.assert_array_equal(grid.cell["vtkGhostType"], 32 * touching(mask))


@pytest.mark.parametrize(("dtype", "fill"), [("i2", -999), ("f4", 9.96921e36), ("f8", -1e20), ("i4", 2**31 - 1)])
@pytest.mark.parametrize("key", ["_FillValue", "missing_value"])
def test_fill_values_that_were_not_decoded_are_missing(tmp_path: Path, dtype: str, fill: float, key: str) -> None:
    values = np.arange(12).reshape(3, 4).astype(dtype)
    values[1, 2] = fill
    xr.Dataset({"n": (("y", "x"), values, {key: np.array(fill, dtype)})}).vtk.to_vtr(
        tmp_path / "one.vtr", missing="blank"
    )
    grid = read_vtk(tmp_path / "one.vtr")
    expected = np.zeros((1, 3, 4), int)
    expected[0, 1, 2] = 2
    np.testing.assert_array_equal(grid.point["vtkGhostType"], expected)
    np.testing.assert_array_equal(grid.cell["vtkGhostType"], [[[0, 32, 32], [0, 32, 32]]])
    np.testing.assert_array_equal(np.isnan(grid.point["n"][0, 1, 2]), dtype[0] == "f")


def test_values_in_cells_hide_their_own_cells(tmp_path: Path) -> None:
    ds = holes().isel(time=0)
    ds.vtk.to_vtr(tmp_path / "one.vtr", missing="blank", location="cell")
    grid = read_vtk(tmp_path / "one.vtr")
    np.testing.assert_array_equal(grid.cell["vtkGhostType"], 32 * np.isnan(ds.T.values[:, ::-1]))
    assert "vtkGhostType" not in grid.point


@pytest.mark.parametrize("bad", [np.nan, 9.96921e36])
def test_coordinates_missing_under_land_put_no_point_at_infinity(tmp_path: Path, bad: float) -> None:
    j, i = np.meshgrid(np.arange(NY), np.arange(NX), indexing="ij")
    lon, lat = 10.0 + i + 0.1 * j, 50.0 + j
    lon[3:, :2] = lat[3:, :2] = bad
    ds = xr.Dataset(
        {"T": (("y", "x"), i + 10.0 * j)},
        {"lon": (("y", "x"), lon, {"units": "degrees_east"}), "lat": (("y", "x"), lat, {"units": "degrees_north"})},
    )
    ds.vtk.to_pvd(tmp_path / "run.pvd")
    grid = read_vtk(tmp_path / "run" / "run_000000.vts")
    assert np.isfinite(grid.points).all()
    assert np.ptp(grid.points[..., 0]) < 7
    land = np.zeros((1, NY, NX), bool)
    land[0, 3:, :2] = True
    np.testing.assert_array_equal(grid.point["vtkGhostType"], 2 * land)
    np.testing.assert_array_equal(grid.cell["vtkGhostType"][0], 32 * touching(land[0]))
    np.testing.assert_array_equal(grid.points[~land][:, 0], lon[~land[0]])


@pytest.mark.parametrize("jump", [False, True])
@pytest.mark.parametrize("wavy", [0.0, 0.2])
def test_cells_beside_land_without_coordinates_have_the_corners_of_the_whole_grid(
    tmp_path: Path, wavy: float, *, jump: bool
) -> None:
    j, i = np.meshgrid(np.arange(6.0), np.arange(8.0), indexing="ij")
    lon, lat = i + 0.1 * j + wavy * np.sin(j), j + wavy * np.cos(i)
    lon = (lon + 355) % 360 if jump else lon
    island, coast = (j >= 2) & (j < 4) & (i >= 3) & (i < 6), (j == 5) & (i >= 5)
    land = island | coast
    values = 10 * j + i

    def write(name: str, gone: np.ndarray) -> Any:
        given = {"lon": (("j", "i"), np.where(gone, np.nan, lon)), "lat": (("j", "i"), np.where(gone, np.nan, lat))}
        ds = xr.Dataset({"v": (("j", "i"), np.where(land, np.nan, values))}, given)
        ds.vtk.to_vts(tmp_path / name, x="lon", y="lat", location="cell", missing="blank")
        return read_vtk(tmp_path / name)

    found, whole = write("land.vts", land), write("whole.vts", np.zeros_like(land))
    hidden = found.cell["vtkGhostType"][0] != 0
    np.testing.assert_array_equal(hidden, land)
    away = np.abs(found.points - whole.points).max(-1)[0]
    shown = np.zeros(away.shape, bool)
    for dj in (0, 1):
        for di in (0, 1):
            shown[dj : dj + 6, di : di + 8] |= ~land
    assert away[shown].max() < (1e-5 if wavy == 0 else 0.3)
    assert np.ptp(found.points[0, ..., 0]) < 10


def test_heights_missing_under_land_are_put_at_their_level(tmp_path: Path) -> None:
    ds = holes()
    height = ds.z * (1 + 0.1 * ds.x) + 0 * ds.y + 0 * ds.time
    height = height.where(ds.x + ds.y > 2).transpose("time", "z", "y", "x")
    ds["h"] = height
    for number, source in enumerate((ds, ds.chunk(time=1))):
        source.vtk.to_vts(tmp_path / f"run{number}.pvd", z="h", variables=["T"])
        for file in sorted((tmp_path / f"run{number}").iterdir()):
            grid = read_vtk(file)
            assert np.isfinite(grid.points).all()
            assert grid.points[..., 2].max() < 4
            lost = np.isnan(height.values[0][:, ::-1])
            np.testing.assert_array_equal(grid.point["vtkGhostType"], 2 * lost)


@pytest.mark.paraview
def test_paraview_draws_holes(tmp_path: Path) -> None:
    paths = []
    rng = np.random.default_rng(3)
    values = rng.random((1, 9, 8)) + 1
    values[0, 2:6, 2:6] = np.nan
    ds = xr.Dataset({"T": (("z", "y", "x"), values)}, {"x": np.arange(8.0), "y": np.arange(9.0), "z": [0.0]})
    for verb in GRIDS:
        for missing in ("blank", "nan"):
            paths.append(tmp_path / f"{verb}_{missing}.pvd")
            getattr(ds.vtk, verb)(paths[-1], missing=missing)
    for missing in ("blank", "nan"):
        paths.append(tmp_path / f"cells_{missing}.pvd")
        ds.vtk.to_vts(paths[-1], missing=missing, location="cell")
    j, i = np.meshgrid(np.arange(9.0), np.arange(8.0), indexing="ij")
    for lost in (True, False):
        places = {"lon": i + 0.1 * j, "lat": j - 0.1 * i}
        for place in places.values():
            place[2:6, 2:6] = np.nan if lost else place[2:6, 2:6]
        paths.append(tmp_path / f"places_{lost}.pvd")
        placed = xr.Dataset({"T": (("y", "x"), i + j)}, {name: (("y", "x"), at) for name, at in places.items()})
        placed.vtk.to_vts(paths[-1], x="lon", y="lat")
    seen = walk(*paths, images=True, values=True)

    def background(image: Any) -> float:
        _, counts = np.unique(image.reshape(-1, 3), axis=0, return_counts=True)
        return float(counts.max() / counts.sum())

    for blank, plain in zip(seen[::2], seen[1::2], strict=True):
        # 25 of 56 cells touch a missing point, 16 of 72 have no value: the background grows by that share of the grid.
        share = 16 / 72 if blank.path.name.startswith("cells") else 25 / 56
        covered = 1 - background(plain.image)
        hidden = (background(blank.image) - background(plain.image)) / covered
        assert abs(hidden - share) < 0.05, f"{blank.path.name}: {hidden:.3f} of the grid is hidden"
