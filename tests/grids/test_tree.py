"""Trees, ensembles and static fields."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from tools.paraview import walk
from tools.readers import read_pvd, read_vtk

import vtkseries  # noqa: F401 (registers ds.vtk)
from vtkseries.errors import SeriesError


def group(shape: tuple[int, int], name: str, first: float) -> xr.Dataset:
    ny, nx = shape
    return xr.Dataset(
        {
            name: (("time", "y", "x"), first + np.arange(2.0 * ny * nx).reshape(2, ny, nx)),
            "mean": ("time", [first, first + 1]),
        },
        {"time": [0.0, 1.5], "x": np.arange(nx) * 2.0, "y": np.arange(ny) ** 2.0},
    )


def tree() -> xr.DataTree:
    fixed = xr.Dataset({"depth": (("y", "x"), np.arange(6.0).reshape(2, 3))})
    return xr.DataTree.from_dict(
        {"ocean": group((3, 4), "sst", 0), "ice/north": group((4, 5), "thickness", 100), "fixed": fixed}
    )


@pytest.mark.parametrize("chunked", [False, True])
def test_groups_become_named_parts(tmp_path: Path, *, chunked: bool) -> None:
    source = tree().chunk(time=1) if chunked else tree()
    assert source.vtk.to_pvd(tmp_path / "run.pvd") == tmp_path / "run.pvd"
    steps = read_pvd(tmp_path / "run.pvd")
    assert [time for time, _ in steps] == [0.0, 1.5]
    for number, (_, parts) in enumerate(steps):
        grids = {next(iter(grid.point)): grid for grid in parts.values()}
        np.testing.assert_array_equal(grids["sst"].point["sst"][0], tree()["ocean"].sst[number])
        np.testing.assert_array_equal(grids["thickness"].point["thickness"][0], tree()["ice/north"].thickness[number])
        np.testing.assert_array_equal(grids["depth"].point["depth"][0], tree()["fixed"]["depth"])
        np.testing.assert_array_equal(grids["sst"].field["mean"], [number])
        np.testing.assert_array_equal(grids["thickness"].field["mean"], [100 + number])
    text = (tmp_path / "run.pvd").read_text()
    assert all(f'name="{name}"' in text for name in ("ocean", "ice_north", "fixed"))


@pytest.mark.parametrize("verb", ["to_vti", "to_vts", "to_pvd"])
def test_each_member_of_an_ensemble_is_a_part(tmp_path: Path, verb: str) -> None:
    values = np.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    ds = xr.Dataset({"T": (("time", "number", "y", "x"), values)}, {"number": [10, 20, 30]})
    getattr(ds.vtk, verb)(tmp_path / "run.pvd", parts="number")
    for step in range(2):
        for member, label in enumerate((10, 20, 30)):
            (file,) = (tmp_path / "run").glob(f"run_number_{label}_00000{step}.*")
            np.testing.assert_array_equal(read_vtk(file).point["T"][0], values[step, member])


def test_the_plan_says_which_fields_are_repeated(tmp_path: Path) -> None:
    ds = group((3, 4), "sst", 0).assign(depth=(("y", "x"), np.ones((3, 4))))
    told = repr(ds.vtk.plan(tmp_path / "run.pvd"))
    assert "no time dim, repeated in each step's file (96 B a step): depth" in told
    curved = repr(ds.vtk.plan(tmp_path / "run.pvd", grid="vts"))
    assert "(384 B a step): depth, Points" in curved


@pytest.mark.paraview
def test_paraview_agrees_with_every_kind_of_grid(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    j, i = np.meshgrid(np.arange(4), np.arange(5), indexing="ij")
    lon, lat, levels = 5.0 + i + 0.2 * j, 40 - 0.8 * j + 0.1 * i, np.array([1.0, 2.0, 4.0])
    dims = ("time", "lev", "j", "i")
    values = rng.random((2, 3, 4, 5))
    ds = xr.Dataset(
        {"T": (dims, values), "h": (dims, levels[:, None, None] * (1 + 0.1 * i) + np.arange(2)[:, None, None, None])},
        {
            "lon": (("j", "i"), lon, {"units": "degrees_east"}),
            "lat": (("j", "i"), lat, {"units": "degrees_north"}),
            "lev": ("lev", levels, {"axis": "Z"}),
            "time": [0.0, 1.0],
        },
    )
    ds.vtk.to_vts(tmp_path / "plane.pvd", z="h")
    ds.vtk.to_vts(tmp_path / "globe.pvd", sphere=True, radius=100.0, missing="blank", variables=["T"])
    ds.drop_vars(["lon", "lat"]).isel(lev=slice(0, 2)).vtk.to_vti(tmp_path / "image.pvd")
    tree().vtk.to_pvd(tmp_path / "tree.pvd")
    plane, globe, image, trees = walk(
        *(tmp_path / f"{name}.pvd" for name in ("plane", "globe", "image", "tree")), values=True
    )
    for number in range(2):
        (part,) = plane.steps[number].parts
        np.testing.assert_array_equal(part.values["T"], values[number][:, ::-1])
        np.testing.assert_array_equal(part.points[..., 0], np.broadcast_to(lon[::-1], (3, 4, 5)))
        np.testing.assert_array_equal(part.points[..., 1], np.broadcast_to(lat[::-1], (3, 4, 5)))
        np.testing.assert_array_equal(part.points[..., 2], ds.h.values[number][:, ::-1])
        (part,) = globe.steps[number].parts
        np.testing.assert_array_equal(part.values["T"], values[number][:, ::-1])
        distance = np.broadcast_to(100 + levels[:, None, None], (3, 4, 5))
        np.testing.assert_allclose(np.linalg.norm(part.points, axis=-1), distance)
        (part,) = image.steps[number].parts
        assert part.kind == "vtkImageData"
        np.testing.assert_array_equal(part.values["T"], values[number][:2])
        assert {name for part in trees.steps[number].parts for name in part.point} == {"sst", "thickness", "depth"}


def test_groups_whose_names_are_alike_in_a_file_name_are_all_written(tmp_path: Path) -> None:
    one, other = group((3, 4), "sst", 0), group((4, 5), "sst", 500)
    xr.DataTree.from_dict({"/a/b": one, "/a_b": other}).vtk.to_pvd(tmp_path / "run.pvd")
    (_, parts), *_ = read_pvd(tmp_path / "run.pvd")
    found = sorted((grid.point["sst"][0] for grid in parts.values()), key=np.size)
    np.testing.assert_array_equal(found[0], one.sst[0])
    np.testing.assert_array_equal(found[1], other.sst[0])


def test_options_go_to_the_groups_that_have_what_they_name(tmp_path: Path) -> None:
    source = xr.DataTree.from_dict({"a": group((3, 4), "sst", 0), "b": group((4, 5), "ice", 9).assign(extra=1)})
    plan = source.vtk.plan(tmp_path / "run.pvd", variables=["ice"])
    assert [part.name for part in plan.parts] == ["b"]
    with pytest.raises(SeriesError, match="variables='iec': no group of the tree has it"):
        source.vtk.plan(tmp_path / "run.pvd", variables=["ice", "iec"])
    with pytest.raises(SeriesError, match="z='lev': no group of the tree has it"):
        source.vtk.to_pvd(tmp_path / "run.pvd", z="lev")
    member = xr.DataTree.from_dict({"a": group((3, 4), "sst", 0), "b": group((4, 5), "ice", 9).expand_dims(number=2)})
    names = [part.name for part in member.vtk.plan(tmp_path / "run.pvd", parts="number").parts]
    assert names == ["a", "b_number_0", "b_number_1"]
    assert not list(tmp_path.iterdir())
