"""Repair, verify, thin and info know a file that stands for all steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner
from tools.readers import read_pvd

from vtkseries import thin
from vtkseries.cli import main
from vtkseries.repair import repair
from vtkseries.storage.index import entries
from vtkseries.verify import verify

NT, NZ, NY, NX = 6, 2, 3, 4
RUINS = pytest.mark.unchecked(reason="files are damaged on purpose")


def dataset(first: int = 0, steps: int = NT, shift: float = 0.0) -> xr.Dataset:
    values = np.arange(steps * NZ * NY * NX, dtype="f8").reshape(steps, NZ, NY, NX) + 1000 * first
    ground = np.arange(NY * NX, dtype="f4").reshape(NY, NX) + np.float32(shift)
    return xr.Dataset(
        {"wind": (("time", "z", "y", "x"), values), "ground": (("y", "x"), ground)},
        {"time": first + np.arange(steps) / 2.0},
    )


def listed(path: Path) -> list[list[tuple[str, str, int | None]]]:
    return [[(entry.timestep, entry.file, entry.size) for entry in step] for step in entries(path)]


@pytest.mark.parametrize("options", [{}, {"durable": True}, {"pieces": {"x": 2}}], ids=str)
@pytest.mark.parametrize("changes", [False, True])
def test_a_lost_index_is_made_again(tmp_path: Path, options: dict[str, Any], *, changes: bool) -> None:
    path = dataset().vtk.to_vtr(tmp_path / "run.pvd", **options)
    if changes:
        dataset(10, 2, 5.0).vtk.to_vtr(path, mode="a", **options)
    before = listed(path)
    parts = [[(entry.part, entry.name) for entry in step] for step in entries(path)]
    assert repair(path).left_out == []
    assert listed(path) == before
    assert [[(entry.part, entry.name) for entry in step] for step in entries(path)] == parts
    assert verify(path).faults == []
    path.unlink()
    report = repair(path)
    assert (report.steps, report.left_out) == (len(before), [])
    assert [sorted(step) for step in listed(path)] == [sorted(step) for step in before]
    for number, (_, found) in enumerate(read_pvd(path)):
        shown = next(grid.point["ground"][0] for grid in found.values() if "ground" in grid.point)
        np.testing.assert_array_equal(shown, dataset().ground + 5 * (number >= NT))


def test_verify_reads_it_once_and_checks_its_sum(tmp_path: Path) -> None:
    path = dataset().vtk.to_vtr(tmp_path / "run.pvd", durable=True)
    report = verify(path)
    assert (report.steps, report.files, report.summed, report.faults) == (NT, NT + 1, NT + 1, [])


@RUINS
@pytest.mark.parametrize("how", ["cut", "flipped", "gone"])
def test_damage_is_found_and_a_repair_leaves_it_out(tmp_path: Path, how: str) -> None:
    path = dataset().vtk.to_vtr(tmp_path / "run.pvd", durable=True)
    (file,) = (tmp_path / "run").glob("run_y_x_*.vtr")
    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(content[:-50] if how == "cut" else content)
    faults = [fault for fault in verify(path).faults if "run_y_x_000000.vtr" in fault]
    assert len(faults) == 1
    report = repair(path)
    assert report.steps == NT
    assert (len(report.left_out) == 1) == (how != "gone")
    assert all(len(step) == 1 and "z_y_x" in step[0].file for step in entries(path))


@RUINS
def test_a_file_that_is_listed_at_other_steps_and_does_not_stand_is_a_fault(tmp_path: Path) -> None:
    path = dataset().vtk.to_vtr(tmp_path / "run.pvd")
    path.write_bytes(path.read_bytes().replace(b"run_z_y_x_000003.vtr", b"run_z_y_x_000002.vtr"))
    assert verify(path).faults == [
        f"{tmp_path / 'run' / 'run_z_y_x_000002.vtr'}: its TimeValue is 1.0, and the index says 1.5"
    ]


def test_a_thinned_series_names_it_too(tmp_path: Path) -> None:
    path = dataset().vtk.to_vtr(tmp_path / "run.pvd")
    few = thin(path, 3)
    assert [len(step) for step in entries(few)] == [2, 2, 2]
    with xr.open_dataset(few, engine="vtkseries") as back:
        xr.testing.assert_identical(back.load(), dataset().isel(time=[0, 3, 5]))
    assert verify(few).faults == []
    few.unlink()


def test_info_says_how_many_files_there_are(tmp_path: Path) -> None:
    path = dataset().vtk.to_vtr(tmp_path / "run.pvd")
    told = CliRunner().invoke(main, ["info", str(path)]).output
    assert "part 1 (y_x): RectilinearGrid, 4 x 3 x 1 points, not compressed, LittleEndian, one file\n" in told
    assert "PointData ground: Float32, 48 bytes a file" in told
    assert "PointData wind: Float64, 192 bytes a step" in told
    tree = xr.DataTree.from_dict({"a": dataset(), "b": dataset(0, 2)})
    told = CliRunner().invoke(main, ["info", str(tree.vtk.to_pvd(tmp_path / "tree.pvd"))]).output
    assert "part 2 (b_z_y_x): ImageData, 4 x 3 x 2 points, not compressed, LittleEndian, 2 files\n" in told
