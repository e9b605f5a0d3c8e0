"""Cells by CF bounds, as ICON's files have them, read by VTK and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import vtk
import xarray as xr
from test_meshes import data, kinds, lines, numbers, points, steps
from test_meshes_globe import on_globe

from vtkseries import SeriesError

CORNERS = np.array([[0, 1, 4, 3], [1, 2, 5, 4], [3, 4, 6, 6], [4, 5, 7, 6]])
LON, LAT = np.array([0.0, 2, 4, 0, 2, 4, 1, 3]), np.array([0.0, 0, 0, 1, 1, 1, 2, 2])


def icon(unit: str = "radian", shift: float = 0.0) -> xr.Dataset:
    """Quads and triangles, whose last corner is there twice; data on levels between half levels."""
    scale = np.pi / 180 if unit == "radian" else 1.0
    lon, lat = (LON + shift) * scale, LAT * scale
    ds = xr.Dataset(
        {
            "t": (("time", "height", "ncells"), numbers(2, 3, 4)),
            "ps": (("time", "ncells"), numbers(2, 4).astype("f4"), {"coordinates": "clat clon"}),
        },
        {
            "clon": ("ncells", lon[CORNERS].mean(1), {"standard_name": "longitude", "units": unit}),
            "clat": ("ncells", lat[CORNERS].mean(1), {"standard_name": "latitude", "units": unit}),
            "height": ("height", [30.0, 20.0, 10.0], {"axis": "Z", "positive": "up", "units": "m"}),
            "time": [0.0, 1.0],
        },
    )
    for name, values in (("clon", lon), ("clat", lat)):
        ds[name].attrs["bounds"] = f"{name}_vertices"
        ds[f"{name}_vertices"] = ("ncells", "vertices"), values[CORNERS]
    return ds


def back(ds: xr.Dataset, path: Path) -> None:
    with xr.open_dataset(path, engine="vtkseries") as found:
        xr.testing.assert_identical(found.load(), ds)


@pytest.mark.parametrize("unit", ["radian", "degrees"])
def test_corners_make_faces_and_layers(tmp_path: Path, unit: str) -> None:
    ds = icon(unit)
    path = ds.vtk.to_vtu(tmp_path / "run.pvd")
    found = steps(path)
    for step in range(2):
        layers, surface = found[2 * step][1], found[2 * step + 1][1]
        assert kinds(surface) == [vtk.VTK_QUAD, vtk.VTK_QUAD, vtk.VTK_TRIANGLE, vtk.VTK_QUAD]
        assert surface.GetNumberOfPoints() == 8  # shared by the cells
        for cell, corners in zip(lines(surface), CORNERS, strict=True):
            expected = np.stack([LON, LAT], -1)[list(dict.fromkeys(corners))] * (np.pi / 180 if unit == "radian" else 1)
            np.testing.assert_array_equal(points(surface)[cell][:, :2], expected)
        np.testing.assert_array_equal(data(surface, "ps", cells=True), ds["ps"].values[step])
        assert layers.GetNumberOfCells() == 12
        np.testing.assert_array_equal(np.unique(points(layers)[:, 2]), [5.0, 15, 25, 35])
        np.testing.assert_array_equal(data(layers, "t", cells=True).reshape(3, 4), ds["t"].values[step, ::-1])
    back(ds, path)


def test_they_lie_on_a_globe(tmp_path: Path) -> None:
    for unit in ("radian", "degrees"):
        ds = icon(unit).drop_vars(["t", "height"])
        path = ds.vtk.to_vtu(tmp_path / f"{unit}.pvd", radius=1000.0)
        surface = steps(path)[0][1]
        order = np.lexsort((LAT, LON))
        np.testing.assert_allclose(points(surface), on_globe(LON[order], LAT[order]), rtol=1e-12, atol=1e-9)
        back(ds, path)


def test_cells_over_the_date_line_are_hidden(tmp_path: Path) -> None:
    ds = icon(shift=177.0).drop_vars(["t", "height"])
    lon = ds["clon_vertices"]
    ds["clon_vertices"] = lon.where(lon <= np.pi, lon - 2 * np.pi)
    surface = steps(ds.vtk.to_vtu(tmp_path / "run.pvd"))[0][1]
    np.testing.assert_array_equal(data(surface, "vtkGhostType", cells=True), [0, 32, 0, 32])


def test_what_no_cell_can_be_is_refused(tmp_path: Path) -> None:
    ds = icon()
    two = ds.assign(ps2=(("time", "other"), numbers(2, 4)))
    for name in ("lon", "lat"):
        two = two.assign_coords({f"v{name}": ("other", ds[f"c{name}"].values, {**ds[f"c{name}"].attrs})})
        two[f"v{name}"].attrs["bounds"] = f"v{name}_vertices"
        two[f"v{name}_vertices"] = ("other", "vertices"), ds[f"c{name}_vertices"].values
    flat = ds.assign(clon_vertices=(("ncells", "vertices"), np.zeros((4, 4))), clat_vertices=ds["clat_vertices"] * 0)
    none = ds.drop_vars(["clon_vertices", "clat_vertices"])
    for message, case in (
        ("cells of several kinds: say mesh='clon' or 'vlon'", two),
        ("cell 0 of 'clon_vertices' and 'clat_vertices' has 0 corners", flat),
        (r"no UGRID mesh .* tell it what its faces are, as with ds\['mesh'\]", none),
    ):
        with pytest.raises(SeriesError, match=message):
            case.vtk.to_vtu(tmp_path / "run.pvd")
    assert not list(tmp_path.iterdir())
    path = two.vtk.to_vtu(tmp_path / "run.pvd", mesh="vlon", variables=["ps2"])
    np.testing.assert_array_equal(data(steps(path)[1][1], "ps2", cells=True), numbers(2, 4)[1])
