"""Points and unstructured meshes in memory: what their files hold, on the Dataset's memory, and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvista as pv
import vtk
import xarray as xr
from vtk.util.numpy_support import vtk_to_numpy

import vtkseries
from vtkseries import SeriesError


def drops(*, order: tuple[str, ...] = ("time", "drop")) -> xr.Dataset:
    rng = np.random.default_rng(3)
    ds = xr.Dataset(
        {
            "mass": (("time", "drop"), rng.normal(size=(2, 5)), {"units": "kg", "long_name": "mass"}),
            "kind": ("drop", np.arange(5, dtype="i4")),
            "wet": ("drop", np.array([True, False, True, True, False])),
            "wave": (("time", "drop"), rng.normal(size=(2, 5)) + 1j * rng.normal(size=(2, 5))),
            "speed": (("time", "drop", "c"), rng.normal(size=(2, 5, 3)).astype("f4")),
            "total": ("time", [1.5, 2.5]),
            "big": ("drop", rng.normal(size=5).astype(">f8")),
        },
        {"time": np.array(["2024-01-01", "2024-01-02T06:00"], "M8[ns]")},
        {"title": "drops"},
    )
    for number, name in enumerate("xyz"):
        ds = ds.assign_coords({name: (("time", "drop"), rng.normal(size=(2, 5)) + 10 * number)})
    return ds.transpose(*order, ...)


def floats() -> xr.Dataset:
    ds = xr.Dataset({"T": (("trajectory", "obs"), np.arange(8.0).reshape(2, 4))}, attrs={"featureType": "trajectory"})
    for number, name in enumerate(("lon", "lat")):
        ds = ds.assign_coords({name: (("trajectory", "obs"), np.arange(8.0).reshape(2, 4) ** (number + 1))})
    ds["lon"][1, 3] = np.nan
    ds["buoy"] = "trajectory", [7, 9]
    return ds


def casts() -> xr.Dataset:
    return xr.Dataset(
        {"salinity": (("profile", "level"), np.linspace(34, 36, 12).reshape(3, 4))},
        {
            "time": ("profile", np.array(["2024-05-01", "2024-05-01", "2024-05-03"], "M8[ns]")),
            "lon": ("profile", [1.0, 2.0, 3.0], {"units": "degrees_east"}),
            "lat": ("profile", [50.0, 50.5, 51.0], {"units": "degrees_north"}),
            "depth": (
                ("profile", "level"),
                [[0, 10, 20, 30], [0, 10, 20, np.nan], [0, 5, 10, 20.0]],
                {"positive": "down"},
            ),
        },
        {"featureType": "profile"},
    )


def mesh(*, layers: bool = False) -> xr.Dataset:
    """Two triangles, a quad and a pentagon; on layers, without the pentagon's like."""
    faces = np.array([[0, 1, 2, -1, -1], [1, 3, 2, -1, -1], [1, 4, 5, 3, -1], [2, 3, 5, 6, 7]])
    ds = xr.Dataset(
        {
            "mesh": ((), 0, {"cf_role": "mesh_topology", "node_coordinates": "lon lat"}),
            "faces": (("face", "corner"), faces, {"_FillValue": -1, "start_index": 0}),
        },
        {
            "time": np.array(["2024-01-01", "2024-01-02"], "M8[ns]"),
            "lon": ("node", np.array([0, 1, 0, 1, 2, 2, 1, 0.0])),
            "lat": ("node", np.array([0, 0, 1, 1, 0, 1.5, 2, 2.5])),
        },
        {"title": "mesh"},
    )
    ds["mesh"].attrs |= {"face_node_connectivity": "faces", "face_dimension": "face", "topology_dimension": 2}
    rng = np.random.default_rng(5)
    if layers:
        ds = ds.assign_coords(z=("z", [-5.0, -3.0, -1.0], {"axis": "Z", "positive": "up"}))
        ds["T"] = ("time", "z", "face"), rng.normal(size=(2, 3, 4))
        return ds
    ds["T"] = ("time", "face"), rng.normal(size=(2, 4)), {"units": "K"}
    ds["zeta"] = ("time", "node"), rng.normal(size=(2, 8)).astype("f4")
    ds["wind"] = ("face", "c"), rng.normal(size=(4, 3))
    ds["level"] = "time", [3.0, 4.0]
    return ds


def interleaved(count: int) -> tuple[xr.Dataset, Any]:
    """Give particles whose places are the columns of one array, as are those of most solvers."""
    places = np.arange(3.0 * count).reshape(count, 3) ** 1.5
    speed = np.arange(3.0 * count).reshape(count, 3)
    ds = xr.Dataset({"mass": ("drop", np.arange(count, dtype="f4")), "speed": (("drop", "c"), speed)})
    for number, name in enumerate("xyz"):
        ds = ds.assign_coords({name: ("drop", places[:, number])})
    return ds, places


def written(ds: xr.Dataset, path: Path, verb: str, **options: Any) -> Any:
    getattr(ds.vtk, verb)(path, **options)
    reader = vtk.vtkXMLPolyDataReader() if verb == "to_vtp" else vtk.vtkXMLUnstructuredGridReader()
    reader.SetFileName(str(path))
    reader.Update()
    return reader.GetOutput()


def same_array(ours: Any, theirs: Any) -> None:
    assert ours.GetName() == theirs.GetName()
    if theirs.IsA("vtkStringArray"):
        if theirs.GetName() != "vtkseries":
            values = ([a.GetValue(n) for n in range(a.GetNumberOfValues())] for a in (ours, theirs))
            assert next(values) == next(values)
        return
    one, other = vtk_to_numpy(ours), vtk_to_numpy(theirs)
    assert (one.dtype, one.shape) == (other.dtype, other.shape)
    np.testing.assert_array_equal(one, other)
    for n in range(theirs.GetNumberOfComponents()):
        assert ours.GetComponentName(n) == theirs.GetComponentName(n)
    key = vtk.vtkDataArray.UNITS_LABEL()
    units = [array.GetInformation().Get(key) if array.HasInformation() else None for array in (ours, theirs)]
    assert units[0] == units[1]


def same(ours: Any, theirs: Any) -> None:
    """Hold an object in memory against what VTK reads from its file."""
    assert ours.GetClassName() == theirs.GetClassName()
    assert ours.GetNumberOfPoints() == theirs.GetNumberOfPoints()
    assert ours.GetNumberOfCells() == theirs.GetNumberOfCells()
    if theirs.GetNumberOfPoints():
        one, other = (vtk_to_numpy(grid.GetPoints().GetData()) for grid in (ours, theirs))
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    for n in range(theirs.GetNumberOfCells()):
        assert ours.GetCellType(n) == theirs.GetCellType(n)
        cells = (grid.GetCell(n) for grid in (ours, theirs))
        ids = [[cell.GetPointId(k) for k in range(cell.GetNumberOfPoints())] for cell in cells]
        assert ids[0] == ids[1]
    for kind in ("GetPointData", "GetCellData", "GetFieldData"):
        data, known = getattr(ours, kind)(), getattr(theirs, kind)()
        names = [[d.GetAbstractArray(n).GetName() for n in range(d.GetNumberOfArrays())] for d in (data, known)]
        assert names[0] == names[1]
        for name in names[0]:
            same_array(data.GetAbstractArray(name), known.GetAbstractArray(name))
    for kind in ("GetPointData", "GetCellData"):
        for active in ("GetScalars", "GetVectors"):
            one, other = (getattr(getattr(grid, kind)(), active)() for grid in (ours, theirs))
            assert (one and one.GetName()) == (other and other.GetName())


Case = tuple[Callable[[], xr.Dataset], str, dict[str, Any]]

CASES: dict[str, Case] = {
    "particles": (lambda: drops().isel(time=1), "to_vtp", {"vectors": {"speed": "c"}}),
    "particles in chunks": (lambda: drops().chunk(time=1, drop=2).isel(time=1), "to_vtp", {"vectors": {"speed": "c"}}),
    "one particle": (lambda: interleaved(1)[0], "to_vtp", {"vectors": {"speed": "c"}}),
    "one station": (
        lambda: (
            xr.Dataset({"T": ("time", [1.0, 2.0])}, {"time": [0, 1], "lon": 5.0, "lat": 6.0})
            .assign_attrs(featureType="timeSeries")
            .isel(time=[1])
        ),
        "to_vtp",
        {},
    ),
    "particles, transposed": (lambda: drops(order=("drop", "time")).isel(time=1), "to_vtp", {"vectors": {}}),
    "one step of a series": (lambda: drops().isel(time=[1]), "to_vtp", {"vectors": {"speed": "c"}}),
    "paths of all steps": (drops, "to_vtp", {"trajectory": "drop", "variables": ["mass", "kind"]}),
    "trajectories": (floats, "to_vtp", {}),
    "named places": (
        lambda: drops().isel(time=0).rename(x="a", y="b", z="h"),
        "to_vtp",
        {"x": "a", "y": "b", "z": "h", "z_scale": 3.0, "vectors": {}},
    ),
    "points on a globe": (lambda: casts().isel(profile=[0, 1]), "to_vtp", {"sphere": True, "radius": 1000.0}),
    "profiles": (lambda: casts().isel(profile=[0, 1]), "to_vtp", {}),
    "a mesh's nodes and faces": (lambda: mesh().isel(time=1), "to_vtu", {"vectors": {"wind": "c"}}),
    "a mesh on a globe": (lambda: mesh().isel(time=1), "to_vtu", {"sphere": True, "vectors": {}}),
    "layers": (lambda: mesh(layers=True).isel(time=1, face=[0, 1, 2, 3]), "to_vtu", {"mesh": "mesh"}),
    "layers, downwards": (lambda: mesh(layers=True).isel(time=1, z=slice(None, None, -1)), "to_vtu", {}),
    "missing hidden": (
        lambda: mesh().isel(time=1).assign(T=("face", [1.0, np.nan, 2, 3])),
        "to_vtu",
        {"missing": "blank", "vectors": {}, "variables": ["T"]},
    ),
    "digits": (
        lambda: mesh().isel(time=1),
        "to_vtu",
        {"variables": ["T"], "encoding": {"T": {"dtype": "float32"}}},
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("copy", [False, True])
@pytest.mark.filterwarnings("ignore:variable '(speed|wind)':vtkseries.VtkSeriesWarning")
def test_the_object_is_what_vtk_reads_from_the_file(case: str, *, copy: bool, tmp_path: Path) -> None:
    make, verb, options = CASES[case]
    theirs = written(make(), tmp_path / f"one.{verb[3:]}", verb, **options)
    assert theirs.GetNumberOfPoints()
    same(make().vtk.to_grid(copy=copy, **options), theirs)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore:variable '(speed|wind)':vtkseries.VtkSeriesWarning")
def test_what_comes_back_is_what_the_engine_reads_from_the_file(case: str, tmp_path: Path) -> None:
    make, verb, options = CASES[case]
    path = tmp_path / f"one.{verb[3:]}"
    getattr(make().vtk, verb)(path, **options)
    back = vtkseries.from_grid(make().vtk.to_grid(**options))
    with xr.open_dataset(path, engine="vtkseries") as known:
        xr.testing.assert_identical(back, known.load())


@pytest.mark.parametrize("label", ["2024-01-02T06:00", 1, np.datetime64("2024-01-02T06:00")])
def test_a_step_is_selected_by_its_time(label: Any) -> None:
    ds = drops()
    grid = ds.vtk.to_grid(time=label, vectors={"speed": "c"})
    same(grid, ds.isel(time=1).vtk.to_grid(vectors={"speed": "c"}))
    assert vtkseries.from_grid(grid)["mass"].identical(ds["mass"].isel(time=1))


def test_points_with_times_of_their_own_are_selected_by_these(tmp_path: Path) -> None:
    casts().vtk.to_vtp(tmp_path / "casts.pvd")
    for step, label in enumerate(("2024-05-01", "2024-05-03")):
        reader = vtk.vtkXMLPolyDataReader()
        reader.SetFileName(str(tmp_path / "casts" / f"casts_{step:06d}.vtp"))
        reader.Update()
        grid = casts().vtk.to_grid(time=label)
        same(grid, reader.GetOutput())
        back = vtkseries.from_grid(grid)
        shown = casts()["salinity"].where((casts()["time"] == np.datetime64(label)) & casts()["depth"].notnull())
        np.testing.assert_array_equal(back["salinity"], shown)


def test_times_along_a_dim_of_another_name_select_a_step() -> None:
    ds = drops().rename(time="record").rename_vars(record="when").drop_indexes("when")
    grid = ds.vtk.to_grid(time="2024-01-02T06:00", vectors={"speed": "c"})
    np.testing.assert_array_equal(vtk_to_numpy(grid.GetPointData().GetArray("mass")), ds["mass"][1])
    assert vtkseries.from_grid(grid)["mass"].identical(ds["mass"].isel(record=1))


def test_dims_called_trajectory_are_selected_along() -> None:
    ds = floats().assign_coords(trajectory=[5, 6])
    grid = ds.vtk.to_grid(trajectory=6)
    assert grid.GetNumberOfPoints() == 3
    assert ds.vtk.to_grid(trajectory="trajectory").GetNumberOfCells() == 2


def test_pyvista_wraps_them() -> None:
    points = drops().vtk.to_pyvista(time=0, vectors={"speed": "c"})
    assert isinstance(points, pv.PolyData)
    np.testing.assert_array_equal(points["mass"], drops()["mass"][0])
    assert isinstance(mesh().vtk.to_pyvista(time=0, vectors={"wind": "c"}), pv.UnstructuredGrid)


def test_particles_named_by_the_caller_are_points() -> None:
    ds = interleaved(4)[0].reset_coords().rename(x="px", y="py", z="pz")
    grid = ds.vtk.to_grid(x="px", y="py", z="pz", vectors={"speed": "c"})
    assert grid.GetClassName() == "vtkPolyData"
    assert vtkseries.from_grid(grid).identical(ds)
    assert ds["mass"].assign_coords(a=ds["px"], b=ds["py"]).vtk.to_grid(x="a", y="b").GetClassName() == "vtkPolyData"


def test_a_grid_stays_one() -> None:
    lon, lat = np.meshgrid([5.0, 6.0, 8.0], [40.0, 41.0])
    grid = xr.Dataset({"T": (("j", "i"), lon)}, {"lon": (("j", "i"), lon), "lat": (("j", "i"), lat + lon)})
    assert grid.vtk.to_grid().GetClassName() == "vtkStructuredGrid"
    curtain = xr.Dataset({"T": (("z", "n"), np.zeros((2, 3)))}, {"z": [0.0, 1.0]})
    curtain = curtain.assign_coords(a=("n", [0.0, 1, 2]), b=("n", [0.0, 1, 4]))
    assert curtain.vtk.to_grid(x="a", y="b").GetClassName() == "vtkStructuredGrid"
    assert grid.assign_coords(lat=lat[:, 0]).drop_vars("lon").vtk.to_grid().GetNumberOfPoints() == 6


def wrong() -> dict[str, tuple[Callable[[], Any], str]]:
    particles, both = drops().drop_vars("speed"), mesh()
    layered = mesh(layers=True).assign(T2=("face", np.zeros(4)))
    return {
        "several steps": (
            particles.vtk.to_grid,
            "there are 2 time steps; select one, as with to_grid(time=0)",
        ),
        "no such time": (lambda: particles.vtk.to_grid(time="2031-01-01"), "'2031-01-01' is not there"),
        "no such time of points": (lambda: casts().vtk.to_grid(time="2031-01-01"), "'2031-01-01' is not there"),
        "several times of points": (casts().vtk.to_grid, "there are 2 time steps"),
        "no such dim": (lambda: particles.vtk.to_grid(time=0, member=2), "member=2: there is no such dim"),
        "several parts": (lambda: layered.vtk.to_grid(time=0), "2 grids (layers: T; surface: T2); choose"),
        "a trajectory of a mesh": (lambda: both.vtk.to_grid(grid="vtu", trajectory="T"), "for grid='vtp'"),
        "a mesh of points": (lambda: particles.vtk.to_grid(grid="vtp", mesh="x"), "mesh='x' is for grid='vtu'"),
        "a location": (lambda: particles.vtk.to_grid(time=0, location="cell"), "location='cell' is for grids"),
        "places of a mesh": (lambda: both.vtk.to_grid(time=0, x="lon"), "x='lon': a mesh tells its own places"),
        "no such kind": (lambda: both.vtk.to_grid(grid="vtx"), "grid='vtx': choose one of 'auto', 'vtr'"),
        "no mesh": (lambda: particles.vtk.to_grid(grid="vtu"), "no UGRID mesh"),
        "asked for": (
            lambda: drops().vtk.to_grid(time=0, variables=["speed"], vectors={}),
            "'speed' has the dim 'c', which is none of the points'",
        ),
    }


@pytest.mark.parametrize("case", wrong())
def test_errors_name_the_fact_and_the_remedy(case: str) -> None:
    call, text = wrong()[case]
    with pytest.raises(SeriesError) as error:
        call()
    assert text in str(error.value)


def test_what_is_left_out_is_told() -> None:
    with pytest.warns(vtkseries.VtkSeriesWarning, match="variable 'speed' has the dim 'c'") as caught:
        drops().vtk.to_grid(time=0, vectors={})
    assert caught[0].filename == __file__
    with pytest.warns(vtkseries.VtkSeriesWarning, match="variable 'speed' has the dim 'c'") as caught:
        drops().vtk.to_pyvista(time=0, vectors={})
    assert caught[0].filename == __file__


def test_a_grid_takes_a_globe_and_digits_and_tells_what_it_leaves_out() -> None:
    ds = xr.Dataset(
        {"T": (("lat", "lon"), np.arange(6.0).reshape(2, 3) / 7)}, {"lat": [0.0, 10], "lon": [0.0, 90, 120]}
    )
    globe = ds.vtk.to_grid(sphere=True, radius=2.0)
    assert globe.GetClassName() == "vtkStructuredGrid"
    np.testing.assert_allclose(globe.GetPoint(1), (0, 2, 0), atol=1e-12)
    assert vtkseries.from_grid(globe).identical(ds)
    short = ds.vtk.to_grid(encoding={"T": {"dtype": "float32"}}).GetPointData().GetArray("T")
    assert vtk_to_numpy(short).dtype == "f4"
    with pytest.warns(vtkseries.VtkSeriesWarning, match="'odd'") as caught:
        ds.assign(odd=(("lat", "lon"), np.full((2, 3), "a"))).vtk.to_grid()
    assert caught[0].filename == __file__
