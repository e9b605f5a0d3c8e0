"""Points and meshes on a globe: places and vectors where longitude, latitude and height say for VTK, and back again."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vtk
import xarray as xr
from test_meshes import data, kinds, layered, lines, mesh, numbers, particles, points, read, steps
from test_meshes_ugrid import sigma
from tools.features import FEATURES

from vtkseries import SeriesError, VtkSeriesWarning

RADIUS = 1000.0


def on_globe(lon: Any, lat: Any, height: Any = 0.0) -> Any:
    """Turn a point of the prime meridian's equator by its latitude and longitude, with matrices."""
    found = []
    for east, north, up in np.broadcast(lon, lat, height):
        a, b = np.deg2rad(east), np.deg2rad(north)
        tilt = np.array([[np.cos(b), 0, -np.sin(b)], [0, 1, 0], [np.sin(b), 0, np.cos(b)]])
        turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
        found.append(turn @ tilt @ [RADIUS + up, 0, 0])
    return np.array(found)


def moved(lon: Any, lat: Any, east: Any, north: Any, up: Any) -> Any:
    """Give vectors as the way that a point goes, by differences."""
    step = 1e-4
    at = on_globe(lon, lat)
    ways = [
        (on_globe(np.add(lon, step), lat) - at) / np.cos(np.deg2rad(lat))[:, None],
        on_globe(lon, np.add(lat, step)) - at,
        on_globe(lon, lat, np.full(len(at), np.deg2rad(step) * RADIUS)) - at,
    ]
    parts = zip(ways, (east, north, up), strict=True)
    return sum(way * np.asarray(part)[:, None] for way, part in parts) / (np.deg2rad(step) * RADIUS)


def back(ds: xr.Dataset, path: Path) -> None:
    with xr.open_dataset(path, engine="vtkseries") as found:
        xr.testing.assert_identical(found.load(), ds)


def drifters() -> xr.Dataset:
    ds = particles().rename(x="lon", y="lat", z="depth")
    ds["lon"] = ds["lon"] * 20 - 140  # across the date line
    ds["lat"] = ds["lat"] * 5 - 30
    ds["depth"] = abs(ds["depth"]).assign_attrs(positive="down")
    ds["w"] = ds["v"] / 3
    missing = ds["lon"].isnull()
    return ds.where(~missing).assign(total=ds["total"], kind=ds["kind"])


@pytest.mark.parametrize("compute", [True, False])
@pytest.mark.parametrize("parts", [("u", "v"), ("u", "v", "w")])
def test_particles_move_round_the_globe_with_their_vectors(tmp_path: Path, parts: Any, *, compute: bool) -> None:
    ds = drifters()
    options: dict[str, Any] = {"vectors": {"drift": parts}, "radius": RADIUS, "sphere": True, "compute": compute}
    written = (ds if compute else ds.chunk(time=1)).vtk.to_vtp(tmp_path / "run.pvd", **options)
    path = written if compute else written.compute(scheduler="sync")
    for step, (_, grid) in enumerate(steps(path)):
        one = ds.isel(time=step).dropna("particle", subset=["lon"])
        np.testing.assert_allclose(points(grid), on_globe(one.lon, one.lat, -one.depth), rtol=1e-12)
        up = one.w if "w" in parts else np.zeros(one.sizes["particle"])
        expected = moved(one.lon.values, one.lat.values, one.u, one.v, up)
        np.testing.assert_allclose(data(grid, "drift"), expected, rtol=1e-3, atol=1e-3)
        np.testing.assert_array_equal(data(grid, "u"), one.u)
        assert grid.GetPointData().GetArray("drift").GetComponentName(2) == "z"
    back(ds.assign(kind=ds["kind"]), path)


@pytest.mark.parametrize("name", FEATURES)
def test_every_feature_comes_back_from_the_globe(tmp_path: Path, name: str) -> None:
    feature = FEATURES[name]
    ds = xr.open_dataset(feature.write(tmp_path / "source.nc"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VtkSeriesWarning)  # texts are not drawn
        plane = ds.vtk.to_vtp(tmp_path / "plane.pvd")
        globe = ds.vtk.to_vtp(tmp_path / "globe.pvd", radius=5000.0)
    for (time, flat), (same, grid) in zip(steps(plane), steps(globe), strict=True):
        assert time == same
        places = points(flat).astype("f8")
        distance = np.linalg.norm(points(grid), axis=1)
        np.testing.assert_allclose(distance, 5000.0 + places[:, 2])
        np.testing.assert_allclose(points(grid) / distance[:, None], on_globe(*places[:, :2].T) / RADIUS, atol=1e-7)
        assert lines(flat) == lines(grid)
    with xr.open_dataset(plane, engine="vtkseries") as expected:
        back(expected.load(), globe)


def round_the_pole() -> xr.Dataset:
    """A cap of triangles round the north pole, and quads below it, that go over the date line."""
    lon = np.arange(0, 360, 60.0)
    ring = np.arange(6)
    faces = [[12, a, b, -1] for a, b in zip(ring, np.roll(ring, -1), strict=True)]
    faces += [[a, a + 6, b + 6, b] for a, b in zip(ring, np.roll(ring, -1), strict=True)]
    ds = xr.Dataset(
        {
            "mesh": ((), 0, {"cf_role": "mesh_topology", "node_coordinates": "nx ny", "face_node_connectivity": "f"}),
            "f": (("face", "four"), faces, {"_FillValue": -1}),
            "nx": ("node", np.r_[lon, lon, 0], {"standard_name": "longitude", "units": "degrees_east"}),
            "ny": ("node", np.r_[np.full(6, 60.0), np.full(6, 20.0), 90], {"units": "degrees_north"}),
            "u": (("time", "face"), numbers(2, 12), {"standard_name": "eastward_wind"}),
            "v": (("time", "face"), numbers(2, 12) + 20, {"standard_name": "northward_wind"}),
            "t": (("time", "node"), numbers(2, 13)),
        },
        {"time": [0.0, 1.0]},
    )
    return ds.assign_coords(nx=ds.nx.where(ds.nx <= 180, ds.nx - 360))


def test_faces_over_the_date_line_and_the_pole_close_the_globe(tmp_path: Path) -> None:
    ds = round_the_pole()
    path = ds.vtk.to_vtu(tmp_path / "run.pvd", sphere=True, radius=RADIUS)
    for step, (_, grid) in enumerate(steps(path)):
        assert kinds(grid) == [vtk.VTK_TRIANGLE] * 6 + [vtk.VTK_QUAD] * 6
        np.testing.assert_allclose(points(grid), on_globe(ds.nx, ds.ny), atol=1e-9)
        assert grid.GetCellData().GetArray("vtkGhostType") is None
        edges = vtk.vtkFeatureEdges()
        surface = vtk.vtkGeometryFilter()
        surface.SetInputData(grid)
        edges.SetInputConnection(surface.GetOutputPort())
        edges.FeatureEdgesOff()
        edges.Update()
        assert edges.GetOutput().GetNumberOfCells() == 6  # the southern rim alone
        # In the middle of a face that is even about the meridian half-way between its nodes.
        middle = np.r_[np.arange(30, 390, 60), np.arange(30, 390, 60)].astype(float)
        mean = (
            on_globe([0.0, 60], [60.0, 60]).sum(0) + on_globe(0.0, 90.0)[0],
            on_globe([0.0, 60, 0, 60], [60.0, 60, 20, 20]).sum(0),
        )
        lat = np.repeat([np.rad2deg(np.arcsin(m[2] / np.linalg.norm(m))) for m in mean], 6)
        expected = moved(middle, lat, ds.u[step], ds.v[step], np.zeros(12))
        np.testing.assert_allclose(data(grid, "wind", cells=True), expected, rtol=1e-3, atol=1e-3)
    back(ds, path)


def test_layers_lie_above_and_below_the_globe(tmp_path: Path) -> None:
    ds = layered()
    path = ds.vtk.to_vtu(tmp_path / "run.pvd", sphere=True, radius=RADIUS, z_scale=10.0)
    grid = steps(path)[0][1]
    assert kinds(grid) == [vtk.VTK_HEXAHEDRON, vtk.VTK_WEDGE, vtk.VTK_PENTAGONAL_PRISM] * 3
    heights = np.repeat([-60.0, -30, -10, 0], 8)
    expected = on_globe(np.tile(ds.node_lon, 4), np.tile(ds.node_lat, 4), heights)
    np.testing.assert_allclose(points(grid), expected, rtol=1e-12, atol=1e-9)
    np.testing.assert_array_equal(data(grid, "salt", cells=True).reshape(3, 3), ds["salt"].values[0][::-1])
    back(ds, path)


def test_layers_that_move_do_so_on_the_globe(tmp_path: Path) -> None:
    ds = sigma(two=True)
    path = ds.vtk.to_vtu(tmp_path / "run.pvd", radius=RADIUS)
    flat = ds.vtk.to_vtu(tmp_path / "flat.pvd")
    for (_, grid), (_, plane) in zip(steps(path), steps(flat), strict=True):
        np.testing.assert_allclose(points(grid), on_globe(*points(plane).T), rtol=1e-12, atol=1e-9)
    back(ds, path)


def test_radians_are_angles_too(tmp_path: Path) -> None:
    ds = mesh()
    turned = ds.assign(
        {n: ("node", np.deg2rad(ds[n].values), {**ds[n].attrs, "units": "radian"}) for n in ("node_lon", "node_lat")}
    )
    found = [
        points(read(one.isel(time=0).vtk.to_vtu(tmp_path / f"{n}.vtu", sphere=True)))
        for n, one in enumerate((ds, turned))
    ]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12, atol=1e-6)
    assert np.allclose(np.linalg.norm(found[0], axis=1), 6_371_000)


def test_what_is_no_globe_is_refused(tmp_path: Path) -> None:
    drops, faces = drifters(), mesh()
    metres = drops.assign(lon=drops["lon"].assign_attrs(units="m"))
    plane = faces.assign(node_lat=faces["node_lat"].assign_attrs(standard_name="projection_y_coordinate"))
    for message, ds, verb, options in (
        (r"needs longitudes in degrees, and x is 'lon' \(in m\)", metres, "to_vtp", {"sphere": True}),
        (r"needs latitudes in degrees, and y is 'node_lat' \(projection_y", plane, "to_vtu", {"sphere": True}),
        ("radius=-1 must be a length greater than 0", drops, "to_vtp", {"radius": -1}),
        ("radius=nan must be a length", faces, "to_vtu", {"radius": np.nan}),
        ("heights of 'depth' go down to -11, below the centre", drops, "to_vtp", {"radius": 10.0}),
        ("below the centre of a globe", layered(), "to_vtu", {"radius": 5.0}),
    ):
        with pytest.raises(SeriesError, match=message):
            getattr(ds.vtk, verb)(tmp_path / "run.pvd", **options)
    grid = xr.Dataset({"t": (("y", "x"), np.zeros((2, 3)))})
    with pytest.raises(SeriesError, match=r"radius=5.0 is that of a globe, .* no lines, as a \.vtr needs; use to_vts"):
        grid.vtk.to_vtr(tmp_path / "run.pvd", radius=5.0)
    assert not list(tmp_path.iterdir())
