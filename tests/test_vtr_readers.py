"""What `to_vtr` writes is what indexing the Dataset by coordinate gives, by every reader that we did not write."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tools.checker import check_tree
from tools.oracle import assert_holds
from tools.readers import READERS, Grid, read_pvd, read_vtk

import vtkseries  # noqa: F401  registers ds.vtk

DTYPES = ["b1", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", ">f4", ">i2", ">f8", "c8", "c16"]
DIMS = {"x": "lon", "y": "lat", "z": "depth"}


def values(shape: tuple[int, ...], dtype: str) -> Any:
    """Give values that differ at every point, as far as the dtype can tell them apart."""
    numbers = np.arange(np.prod(shape), dtype="i8").reshape(shape)
    if dtype == "b1":
        return numbers % 3 == 0
    if np.dtype(dtype).kind == "c":
        return (numbers - 1j * (numbers + 0.5)).astype(dtype)
    return numbers.astype(dtype)


def ocean(*, chunked: bool) -> xr.Dataset:
    """Give a Dataset with the traps of real files: dims in other orders, lat descending, depth positive down."""
    nt, nz, ny, nx = 3, 4, 5, 6
    coords = {
        "time": ("time", np.array([0, 36, 48], "m8[h]") + np.datetime64("2001-02-27T00:00:00", "ns")),
        "depth": ("depth", [5.0, 15.0, 50.0, 200.0], {"positive": "down", "units": "m"}),
        "lat": ("lat", [60.0, 55.5, 50.0, 49.0, 40.0], {"units": "degrees_north"}),
        "lon": ("lon", [-3.0, -1.5, 0.0, 2.0, 4.5, 9.0], {"units": "degrees_east"}),
    }
    shape = (nt, nz, ny, nx)
    fields: dict[str, Any] = {
        f"field {dtype}": (("time", "depth", "lat", "lon"), values(shape, dtype)) for dtype in DTYPES
    }
    fields["turned"] = (("lon", "depth", "time", "lat"), values((nx, nz, nt, ny), "f8"))
    fields['<still> & "quoted"'] = (("depth", "lon", "lat"), values((nz, nx, ny), "f4"))
    for number, name in enumerate("uvw"):
        fields[name] = (("time", "depth", "lat", "lon"), values(shape, "f4") + 1000 * number)
    ds = xr.Dataset(fields, coords)
    return ds.chunk({"time": 1, "lat": 2, "lon": 4}) if chunked else ds


@pytest.fixture(scope="module", params=["eager", "chunked"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[xr.Dataset, Path]:
    ds: Any = ocean(chunked=request.param == "chunked")
    path = ds.vtk.to_vtr(tmp_path_factory.mktemp("ocean") / "run.pvd", vectors={"wind": ("u", "v", "w")})
    return ds.compute(), path


def assert_ocean(grid: Grid, ds: xr.Dataset, step: int) -> None:
    at = ds.isel(time=step)
    scalars = [name for name in at.data_vars if name not in {"u", "v", "w"}]
    for name in scalars:
        assert_holds(grid.point, grid.axes, at[name], DIMS, z_factor=-1.0)
    for number, name in enumerate("uvw"):
        assert grid.point["wind"].shape == (4, 5, 6, 3)
        assert_holds({name: grid.point["wind"][..., number]}, grid.axes, at[name], DIMS, z_factor=-1.0)
    assert len(grid.point) == len(scalars) + 1 + 2  # complex fields take two arrays, of which there are two
    assert all(low < high for axis in "xyz" for low, high in pairwise(grid.axes[axis]))
    np.testing.assert_array_equal(grid.axes["z"], [-200.0, -50.0, -15.0, -5.0])


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_agrees_with_the_dataset(run: tuple[xr.Dataset, Path], reader: str) -> None:
    ds, path = run
    files = sorted((path.parent / "run").iterdir())
    assert [file.name for file in files] == ["run_000000.vtr", "run_000001.vtr", "run_000002.vtr"]
    for step, file in enumerate(files):
        assert_ocean(READERS[reader](file), ds, step)


def test_pyvista_walks_the_series_in_the_datasets_own_time(run: tuple[xr.Dataset, Path]) -> None:
    ds, path = run
    steps = read_pvd(path)
    days = (ds["time"] - ds["time"][0]) / np.timedelta64(1, "D")
    assert [time for time, _ in steps] == days.values.tolist()
    for step, (_, parts) in enumerate(steps):
        assert_ocean(parts["0"], ds, step)


def test_vtk_sees_names_of_components_and_the_date(run: tuple[xr.Dataset, Path]) -> None:
    _, path = run
    grid = read_vtk(path.parent / "run" / "run_000001.vtr")
    assert grid.components == {"wind": ("u", "v", "w")}
    assert grid.field["date"].startswith("2001-02-28T12:00:00")
    assert grid.field["time_units"] == "days since 2001-02-27 00:00:00"


@pytest.mark.parametrize("reader", READERS)
def test_cells_lie_between_the_edges_of_cf_bounds(tmp_path: Path, reader: str) -> None:
    edges = {"x": np.array([0.0, 1.0, 3.0, 4.0]), "y": np.array([9.0, 4.0, 1.0]), "z": np.array([0.0, 7.0])}
    coords: dict[str, Any] = {
        f"{axis}_bnds": ((axis, "bnds"), np.stack([e[:-1], e[1:]], 1)) for axis, e in edges.items()
    }
    # centres off the middle of their cells, so that edges put half-way would be others
    coords |= {axis: (axis, 0.75 * e[:-1] + 0.25 * e[1:], {"bounds": f"{axis}_bnds"}) for axis, e in edges.items()}
    ds: Any = xr.Dataset({"T": (("y", "x", "z"), values((2, 3, 1), "f4"))}, coords)
    grid = READERS[reader](ds.vtk.to_vtr(tmp_path / "run.vtr", location="cell"))
    assert grid.point == {}
    assert_holds(grid.cell, grid.axes, ds["T"], {axis: axis for axis in "xyz"}, cells=True)
    for axis, expected in edges.items():
        np.testing.assert_array_equal(grid.axes[axis], np.sort(expected))


@st.composite
def datasets(draw: st.DrawFn) -> tuple[xr.Dataset, dict[str, Any]]:
    """Draw a Dataset of one field on any axes, and the options to write it with."""
    present = [axis for axis in "zyx" if draw(st.booleans(), label=f"has {axis}")] or ["x"]
    timed = draw(st.booleans(), label="has time")
    dims = draw(st.permutations([*(["time"] if timed else []), *present]), label="order of dims")
    sizes = {dim: draw(st.integers(1, 3 if dim == "time" else 5), label=f"size of {dim}") for dim in dims}
    coords: dict[str, Any] = {}
    bounded = draw(st.booleans(), label="CF bounds")
    for axis in present:
        width = st.floats(0.01, 100).map(lambda width: round(width, 2))
        steps = draw(st.lists(width, min_size=sizes[axis], max_size=sizes[axis]), label=f"widths along {axis}")
        edges = draw(st.integers(-50, 50)) + np.concatenate([[0.0], np.cumsum(steps)])
        if draw(st.booleans(), label=f"{axis} descends"):
            edges = edges[::-1]
        attributes = {"axis": axis.upper()}
        if axis == "z":
            attributes["positive"] = draw(st.sampled_from(["up", "down"]))
        if bounded:
            coords[f"{axis}_bnds"] = ((axis, "bnds"), np.stack([edges[:-1], edges[1:]], 1))
            attributes["bounds"] = f"{axis}_bnds"
        coords[axis] = (axis, (edges[:-1] + edges[1:]) / 2, attributes)
    if timed:
        coords["time"] = ("time", np.arange(sizes["time"]) * 0.1 + 7)
    dtype = draw(st.sampled_from(DTYPES))
    ds = xr.Dataset({"T": (dims, values(tuple(sizes[dim] for dim in dims), dtype))}, coords)
    if draw(st.booleans(), label="dask"):
        ds = ds.chunk({dim: draw(st.integers(1, sizes[dim]), label=f"chunk of {dim}") for dim in dims})
    location = draw(st.sampled_from(["auto", "point", "cell"]))
    return ds, {"location": location, "z_scale": draw(st.sampled_from([1.0, 4.0, -0.5]))}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(datasets())
def test_any_dataset_is_written_as_indexing_by_coordinate_gives_it(drawn: tuple[Any, dict[str, Any]]) -> None:
    ds, options = drawn
    with tempfile.TemporaryDirectory() as folder:
        path = ds.vtk.to_vtr(Path(folder) / "run.pvd", **options)
        files = sorted((Path(folder) / "run").iterdir())
        times = ds["time"].values.tolist() if "time" in ds.dims else [0.0]
        assert check_tree(Path(folder)) == 1 + len(files) == 1 + len(times)
        assert [time for time, _ in read_pvd(path)] == times
        cells = options["location"] == "cell"
        down = "z" in ds.coords and ds["z"].attrs["positive"] == "down"
        for step, file in enumerate(files):
            field = ds["T"].isel(time=step) if "time" in ds.dims else ds["T"]
            dims = {axis: axis for axis in "xyz" if axis in ds.dims}
            for reader in ("vtk", "vtkio"):
                grid = READERS[reader](file)
                factor = options["z_scale"] * (-1.0 if down else 1.0)
                arrays, others = (grid.cell, grid.point) if cells else (grid.point, grid.cell)
                assert_holds(arrays, grid.axes, field, dims, cells=cells, z_factor=factor)
                assert others == {}
                assert all(low < high for axis in "xyz" for low, high in pairwise(grid.axes[axis]))
                assert all(len(grid.axes[axis]) == 1 for axis in "xyz" if axis not in dims)
