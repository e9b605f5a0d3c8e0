"""``mode="a"`` of points and meshes: what does not fit the series so far is refused by name, and nothing is touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from test_meshes import data, layered, mesh, numbers, particles, read, steps
from test_meshes_ugrid import sigma
from test_writer_points import X, Y, Z, cloud, entries

from vtkseries import SeriesError, SeriesWriter


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def later(ds: xr.Dataset) -> xr.Dataset:
    return ds.assign_coords(time=ds["time"] + 10)


def renumbered(ds: xr.Dataset) -> xr.Dataset:
    faces = ds["face_nodes"].values.copy()
    faces[1, :3] = faces[1, [1, 2, 0]]
    return ds.assign(face_nodes=(ds["face_nodes"].dims, faces, ds["face_nodes"].attrs))


Change = Callable[[xr.Dataset], xr.Dataset]
CASES: dict[str, tuple[Any, str, Change, dict[str, Any], str]] = {
    "dtype": (
        particles, "to_vtp", lambda ds: ds.assign(mass=ds["mass"].astype("f4")), {},
        "PointData 'mass' is Float64, and in the new step Float32",
    ),
    "absent": (
        particles, "to_vtp", lambda ds: ds.drop_vars("mass"), {},
        "PointData 'mass' is Float64, and in the new step absent",
    ),
    "new": (
        particles, "to_vtp", lambda ds: ds.assign(heat=ds["mass"]), {},
        "PointData 'heat' is absent, and in the new step Float64",
    ),
    "components": (
        particles, "to_vtp", lambda ds: ds, {"vectors": {"mass": ("mass", "mass")}},
        "PointData 'mass' is Float64, and in the new step Float64 with 3 components",
    ),
    "narrowed": (
        particles, "to_vtp", lambda ds: ds, {"encoding": {"mass": {"dtype": "float32"}}},
        "'mass' is Float64, and in the new step Float32",
    ),
    "units of time": (
        lambda: particles().assign_coords(time=("time", [0.0, 0.5, 2.0], {"units": "hours since 2000-01-01"})),
        "to_vtp", lambda ds: ds, {"time_units": "days since 2000-01-01"},
        "has its time in 'hours since 2000-01-01', and the new step in 'days since 2000-01-01'",
    ),
    "calendar": (
        lambda: particles().assign_coords(
            time=("time", [0.0, 0.5, 2.0], {"units": "hours since 2000-01-01", "calendar": "noleap"})
        ),
        "to_vtp", lambda ds: ds.assign_coords(time=ds["time"].assign_attrs(ds["time"].attrs | {"calendar": "360_day"})),
        {}, "its calendar is noleap, and the new step's 360_day",
    ),
    "field data": (
        particles, "to_vtp", lambda ds: ds.drop_vars("total"), {},
        "field data 'total' is there, and in the new step absent",
    ),
    "lines": (
        particles, "to_vtu", lambda ds: ds, {}, "it has PolyData, and the new step UnstructuredGrid",
    ),
    "cell data": (
        mesh, "to_vtu", lambda ds: ds.assign(depth=ds["depth"].astype("i2")), {},
        "CellData 'depth' is Float64, and in the new step Int16",
    ),
    "moved nodes": (
        mesh, "to_vtu", lambda ds: ds.assign(node_lon=ds["node_lon"] + 0.5), {}, "the points of its mesh are others",
    ),
    "other faces": (mesh, "to_vtu", renumbered, {}, "the cells of its mesh are others"),
    "fewer faces": (
        mesh, "to_vtu", lambda ds: ds.isel(face=[0, 2]), {}, "its mesh has 3 cells, and the new step's 2",
    ),
    "parts": (
        layered, "to_vtu", lambda ds: ds.drop_vars(["depth", "eta"]), {}, "has 2 parts a step, and the new step 1",
    ),
    "levels": (
        layered, "to_vtu", lambda ds: ds.assign(edges=ds["edges"] * 2), {}, "the points of its mesh are others",
    ),
    "globe": (mesh, "to_vtu", lambda ds: ds, {"sphere": True}, "the points of its mesh are others"),
}  # fmt: skip


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_what_does_not_fit_is_refused_before_anything_changes(tmp_path: Path, case: str, *, chunked: bool) -> None:
    make, verb, change, options, message = CASES[case]
    path = (make().vtk.to_vtp if case == "lines" else getattr(make().vtk, verb))(tmp_path / "run.pvd")
    before = files(tmp_path)
    ds = later(change(make() if case != "lines" else mesh()))
    with pytest.raises(SeriesError, match=message):
        getattr((ds.chunk(time=1) if chunked else ds).vtk, verb)(path, mode="a", **options)
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("make", "verb"), [(particles, "to_vtp"), (layered, "to_vtu"), (lambda: sigma(two=True), "to_vtu")]
)
@pytest.mark.parametrize("options", [{}, {"missing": "blank", "radius": 1000.0}])
def test_what_fits_goes_on_in_the_units_of_the_series(
    tmp_path: Path, make: Callable[[], xr.Dataset], verb: str, options: dict[str, Any]
) -> None:
    places = {"x": "lon", "y": "lat"} if verb == "to_vtp" else {}
    ds = make().rename(places).isel(time=slice(0, 2))
    ds["time"] = "time", np.array(["2000-01-01", "2000-01-03"], "M8[ns]")
    path = getattr(ds.vtk, verb)(tmp_path / "run.pvd", time_units="hours since 2000-01-01", **options)
    getattr(later(ds.assign_coords(time=ds["time"] + np.timedelta64(4, "D") - 10)).vtk, verb)(path, mode="a", **options)
    times = sorted({time for time, _ in steps(path)})
    assert times == [0.0, 48.0, 96.0, 144.0]
    with xr.open_dataset(path, engine="vtkseries") as back:
        assert back["time"].values[-1] == np.datetime64("2000-01-07")


def test_particles_of_a_solver_keep_their_arrays(tmp_path: Path) -> None:
    (x, y, z), values = cloud(5)
    with SeriesWriter(tmp_path / "run.pvd", X, Y, Z) as series:
        series.write(0.0, {"p": numbers(2, 3, 4)}, points=(x, y, z), points_data=values)
    before = files(tmp_path)
    wrong = {
        "PointData 'mass' is Float64, and in the new step Float32": {"mass": values["mass"].astype("f4")},
        "PointData 'v' is Float64 with 3 components, and in the new step Float64": {"v": x},
        "PointData 'heat' is absent, and in the new step Float64": {"heat": x},
    }
    for message, change in wrong.items():
        with SeriesWriter(tmp_path / "run.pvd", X, Y, Z, mode="a") as series, pytest.raises(SeriesError, match=message):
            series.write(1.0, {"p": numbers(2, 3, 4)}, points=(x, y, z), points_data={**values, **change})
        assert files(tmp_path) == before
    with SeriesWriter(tmp_path / "run.pvd", X, Y, Z, mode="a") as series:
        few = {name: tuple(c[:2] for c in v) if isinstance(v, tuple) else v[:2] for name, v in values.items()}
        series.write(1.0, {"p": numbers(2, 3, 4)}, points=(x[:2], y[:2], z[:2]), points_data=few)
        with pytest.raises(SeriesError, match="the points do not fit those of the step before: PointData 'mass' is"):
            series.write(2.0, {"p": numbers(2, 3, 4)}, points=(x, y, z), points_data={"id": values["id"]})
    found = [read(tmp_path / entry["file"]) for entry in entries(tmp_path / "run.pvd") if "points" in entry["file"]]
    np.testing.assert_array_equal(data(found[1], "mass"), values["mass"][:2])
