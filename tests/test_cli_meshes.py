"""``vtkseries convert`` takes what a file is: a UGRID mesh, or points of CF, become such without being asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner
from test_meshes import mesh, numbers, read, steps
from test_meshes_bounded import icon

from vtkseries.cli import main


def run(*arguments: object) -> str:
    result = CliRunner().invoke(main, [*map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


def points() -> xr.Dataset:
    return xr.Dataset(
        {"t2m": ("obs", numbers(6)), "buoy": ("obs", [0, 0, 1, 1, 1, 2], {"cf_role": "trajectory_id"})},
        {
            "lon": ("obs", np.arange(6.0), {"units": "degrees_east"}),
            "lat": ("obs", np.arange(6.0) * 2, {"units": "degrees_north"}),
        },
        {"featureType": "trajectory"},
    )


def test_cells_by_bounds_become_unstructured_grids(tmp_path: Path) -> None:
    icon().to_netcdf(tmp_path / "run.nc")
    run("convert", tmp_path / "run.nc", tmp_path / "run.pvd", "-v", "ps", "--no-progress")
    assert [grid.GetNumberOfCells() for _, grid in steps(tmp_path / "run.pvd")] == [4, 4]


def test_what_several_variables_are_warned_of_is_said_once(tmp_path: Path) -> None:
    ds = xr.Dataset({name: (("z", "y", "x"), np.arange(24.0).reshape(4, 3, 2)) for name in "ab"})
    ds.to_netcdf(tmp_path / "run.nc", encoding={name: {"chunksizes": (4, 3, 2)} for name in "ab"})
    said = run("convert", tmp_path / "run.nc", tmp_path / "run.pvd", "--chunks", "z=3", "--no-progress")
    assert said.count("separate the stored chunks") == 1


def test_a_mesh_becomes_unstructured_grids(tmp_path: Path) -> None:
    mesh().to_netcdf(tmp_path / "run.nc")
    run("convert", tmp_path / "run.nc", tmp_path / "run.pvd", "--no-progress")
    assert [grid.GetNumberOfCells() for _, grid in steps(tmp_path / "run.pvd")] == [3, 3]
    told = run("info", tmp_path / "run.pvd")
    assert "UnstructuredGrid, 8 points, 3 cells" in told


def test_trajectories_become_lines(tmp_path: Path) -> None:
    points().to_netcdf(tmp_path / "run.nc")
    run("convert", tmp_path / "run.nc", tmp_path / "run.pvd", "--no-progress")
    run("convert", tmp_path / "run.nc", tmp_path / "run.vtp", "--no-progress", "--encoding", "t2m=dtype:float32")
    assert read(tmp_path / "run.vtp").GetNumberOfLines() == 3


def test_what_is_asked_for_counts(tmp_path: Path) -> None:
    points().to_netcdf(tmp_path / "run.nc")
    result = CliRunner().invoke(main, ["convert", str(tmp_path / "run.nc"), str(tmp_path / "run.pvd"), "--grid", "vtu"])
    assert result.exit_code
    assert "no UGRID mesh" in result.output
    with pytest.raises(FileNotFoundError):
        (tmp_path / "run.pvd").stat()
