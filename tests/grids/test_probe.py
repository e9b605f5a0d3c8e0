"""Cells stand upright and points are found in them on every kind of grid, whichever way its axes run."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import iris_sample_data
import numpy as np
import pytest
import pyvista
import xarray as xr
from vtkmodules.vtkFiltersCore import vtkProbeFilter

import vtkseries  # noqa: F401 (registers ds.vtk)

NZ, NY, NX = 4, 5, 7
RADIUS = 100.0
KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "uniform": ("to_vti", ".vti", {}),
    "lines": ("to_vtr", ".vtr", {}),
    "curvilinear": ("to_vts", ".vts", {"x": "lon", "y": "lat"}),
    "terrain": ("to_vts", ".vts", {"x": "lon", "y": "lat", "z": "height"}),
    "globe": ("to_vts", ".vts", {"sphere": True, "radius": RADIUS}),
    "bent globe": ("to_vts", ".vts", {"x": "lon", "y": "lat", "sphere": True, "radius": RADIUS}),
}


def model(kind: str, down: tuple[bool, ...], *, cells: bool) -> tuple[xr.Dataset, Any]:
    """Give a Dataset whose field is linear in space, and the function that it is."""
    z, y, x = (np.arange(n, dtype="f8")[:: -1 if d else 1] for n, d in zip((NZ, NY, NX), down, strict=True))
    lines = {"z": 0.5 + z, "y": 10 + 3 * y, "x": 20 + 4 * x}
    if kind in ("lines", "globe"):
        lines = {"z": 0.5 + z + 0.1 * z**2, "y": 10 + 3 * y + 0.2 * y**2, "x": 20 + 4 * x + 0.3 * x**2}
    deep, north, east = np.meshgrid(lines["z"], lines["y"], lines["x"], indexing="ij")
    coords: dict[str, Any] = {}
    if kind in ("curvilinear", "terrain", "bent globe"):
        east, north = east + 0.2 * north, north - 0.1 * east
        coords = {"lon": (("y", "x"), east[0]), "lat": (("y", "x"), north[0])}
        lines = {"z": lines["z"]}
    if kind == "terrain":
        deep = deep + np.sin(east) / 4
        coords["height"] = (("z", "y", "x"), deep)
    places = (east, north, deep)
    if "globe" in kind:
        lon, lat, distance = np.deg2rad(east), np.deg2rad(north), RADIUS + deep
        places = (
            distance * np.cos(lat) * np.cos(lon),
            distance * np.cos(lat) * np.sin(lon),
            distance * np.sin(lat),
        )

    def value(x: Any, y: Any, z: Any) -> Any:
        return 3 * x - 2 * y + 7 * z

    ds = xr.Dataset({"f": (("z", "y", "x"), value(*places))}, {**lines, **coords})
    ds["n"] = (("z", "y", "x"), np.arange(NZ * NY * NX, dtype="f4").reshape(NZ, NY, NX))
    return (ds.drop_vars("f") if cells else ds), value


@pytest.mark.parametrize("down", list(itertools.product((False, True), repeat=3)), ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_the_value_at_a_place_between_points_is_found(tmp_path: Path, kind: str, down: tuple[bool, ...]) -> None:
    ds, value = model(kind, down, cells=False)
    verb, suffix, options = KINDS[kind]
    path = tmp_path / f"run{suffix}"
    getattr(ds.vtk, verb)(path, **options)
    grid = pyvista.read(path)
    assert grid.compute_cell_sizes()["Volume"].min() > 0
    centres = grid.cell_centers()
    probe = vtkProbeFilter()
    probe.SetInputData(pyvista.PolyData(np.asarray(centres.points)))
    probe.SetSourceData(grid)
    probe.Update()
    found = pyvista.wrap(probe.GetOutput())
    assert found["vtkValidPointMask"].all()
    np.testing.assert_allclose(found["f"], value(*np.asarray(centres.points).T), rtol=1e-5)


@pytest.mark.parametrize("down", [(False, False, False), (True, True, False), (False, True, True)], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_the_cell_at_a_centre_is_that_of_the_value(tmp_path: Path, kind: str, down: tuple[bool, ...]) -> None:
    ds, _ = model(kind, down, cells=True)
    verb, suffix, options = KINDS[kind]
    path = tmp_path / f"run{suffix}"
    getattr(ds.vtk, verb)(path, location="cell", **options)
    grid = pyvista.read(path)
    assert grid.compute_cell_sizes()["Volume"].min() > 0
    number = grid.find_containing_cell(np.asarray(grid.cell_centers().points))
    np.testing.assert_array_equal(number, np.arange(grid.n_cells))
    assert sorted(grid.cell_data["n"]) == list(range(NZ * NY * NX))


@pytest.mark.parametrize("down", [False, True])
def test_a_surface_faces_up_and_outward(tmp_path: Path, *, down: bool) -> None:
    for kind, (verb, suffix, options) in KINDS.items():
        ds, _ = model(kind, (False, down, False), cells=True)
        flat = ds.isel(z=0, drop=True) if kind != "terrain" else ds.isel(z=0)
        path = tmp_path / f"{kind}{suffix}"
        getattr(flat.vtk, verb)(path, **{k: v for k, v in options.items() if k != "z"})
        surface = (
            pyvista.read(path)
            .extract_surface(algorithm="geometry")
            .compute_normals(point_normals=False, consistent_normals=False, auto_orient_normals=False)
        )
        outward = np.asarray(surface.cell_centers().points) if "globe" in kind else np.array([[0.0, 0.0, 1.0]])
        assert (np.asarray(surface["Normals"]) * outward).sum(axis=1).min() > 0, kind


def test_cells_of_a_grid_that_was_cut_and_sewn_are_hidden_where_they_are_turned_over(tmp_path: Path) -> None:
    folder = Path(iris_sample_data.__file__).parent / "sample_data"
    with xr.open_dataset(folder / "orca2_votemper.nc", decode_timedelta=False) as ds:
        ds[["votemper"]].vtk.to_vts(tmp_path / "orca.vts", sphere=True)
        plan = ds.vtk.plan(tmp_path / "orca.vts", sphere=True)
    assert any("40 of 26460 cells are turned over" in notice for notice in plan.notices)
    grid = pyvista.read(tmp_path / "orca.vts")
    nx, ny, _ = grid.dimensions
    points = np.asarray(grid.points, "f8").reshape(ny, nx, 3)
    a, b, c, d = points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1]
    outward = (np.cross(c - a, d - b) * (a + b + c + d)).sum(axis=-1).ravel() > 0
    hidden = np.asarray(grid.cell_data["vtkGhostType"]) > 0
    np.testing.assert_array_equal(hidden, ~outward)
