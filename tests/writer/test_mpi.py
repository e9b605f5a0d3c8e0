"""Three MPI ranks write one series: each its piece, one grid to readers."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tools.paraview import walk
from tools.readers import read_vtk

from vtkseries import SeriesError, SeriesWriter
from vtkseries.repair import repair
from vtkseries.storage.index import entries
from vtkseries.storage.recover import examine
from vtkseries.verify import verify

SCRIPT = Path(__file__).with_name("mpi_script.py")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    """Give a directory for each case of the script, and what it said; one launch for all, since each takes seconds."""
    assert shutil.which("mpirun"), "mpirun is missing: apt-get install openmpi-bin"
    folder = tmp_path_factory.mktemp("mpi")
    options = ["--allow-run-as-root", "--oversubscribe", "-n", "3"]
    command = ["mpirun", *options, sys.executable, str(SCRIPT), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    parts = [part.splitlines() for part in done.stdout.split("== ")[1:]]
    return folder, {name: lines for name, *lines in parts}


def expect(path: Path, steps: int) -> None:
    listed = entries(path)
    assert [float(step[0].timestep) for step in listed] == [step / 4 for step in range(steps)]
    for step, (entry,) in enumerate(listed):
        grid = read_vtk(path.parent / entry.file)
        p = np.arange(140.0).reshape(7, 4, 5) + 1000 * step
        np.testing.assert_array_equal(grid.point["p"], p)
        np.testing.assert_array_equal(grid.point["u"], np.stack([p, -p, 0.5 * p], -1))
        np.testing.assert_array_equal(grid.cell["q"], np.arange(72).reshape(6, 3, 4) + 100 * step)
        np.testing.assert_array_equal(grid.axes["z"], np.arange(7.0) ** 2)
    files = sorted(item.name for item in (path.parent / "run").iterdir())
    pieces = [f"run_{step:06d}_r{rank}.vtr" for step in range(steps) for rank in range(3)]
    assert files == sorted([*pieces, *(f"run_{step:06d}.pvtr" for step in range(steps))])


Ran = tuple[Path, dict[str, list[str]]]


@pytest.mark.parametrize(("case", "steps"), [("compressed", 3), ("restart", 5)])
def test_the_pieces_of_three_ranks_are_one_grid_in_vtk(ran: Ran, case: str, steps: int) -> None:
    path = ran[0] / case / "run.pvd"
    expect(path, steps)
    report = verify(path)
    assert (report.faults, report.summed) == ([], steps)


@pytest.mark.paraview
def test_the_pieces_of_three_ranks_are_one_grid_in_paraview(ran: Ran) -> None:
    (seen,) = walk(ran[0] / "restart" / "run.pvd", values=True)
    assert seen.times == (0.0, 0.25, 0.5, 0.75, 1.0)
    for number, step in enumerate(seen.steps):
        expected = np.arange(140.0).reshape(7, 4, 5) + 1000 * number
        np.testing.assert_array_equal(step.parts[0].values["p"], expected)


def test_an_error_of_one_rank_is_every_ranks_and_the_step_may_be_tried_again(ran: Ran) -> None:
    said = ran[1]["full disk"]
    assert said[0] == said[2] == f"[Errno 5] rank 1: {said[1]}"
    assert "No space left" in said[1]
    expect(ran[0] / "full disk" / "run.pvd", 2)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("gap", "SeriesError.*share their plane"),
        ("outside", "SeriesError.*extent="),
        ("locked", "SeriesError.*written"),
    ],
)
def test_what_is_wrong_on_one_rank_is_refused_on_all(ran: Ran, case: str, expected: str) -> None:
    said = ran[1][case]
    assert len(said) == 3
    assert all(re.search(expected, line) for line in said), said
    if case != "locked":
        assert list((ran[0] / case).iterdir()) == []


@pytest.mark.unchecked(reason="a piece is damaged on purpose")
def test_a_damaged_piece_is_found_at_a_restart_by_verify_and_by_repair(ran: Ran, tmp_path: Path) -> None:
    shutil.copytree(ran[0] / "restart", tmp_path, dirs_exist_ok=True)
    path = tmp_path / "run.pvd"
    whole = path.read_bytes()
    path.unlink()
    assert repair(path).steps == 5
    assert path.read_bytes() == whole
    piece = tmp_path / "run" / "run_000004_r1.vtr"
    content = bytearray(piece.read_bytes())
    content[-100] ^= 1
    piece.write_bytes(content)
    assert "run_000004.pvtr does not have its checksum" in examine(path).lost[0]
    assert "CRC32" in verify(path).faults[0]
    assert "CRC32" in repair(path).left_out[0]
    piece.unlink()
    assert "run_000004_r1.vtr" in repair(path).left_out[0]


def test_wrong_communicators_are_refused(tmp_path: Path) -> None:
    axes: dict[str, Any] = {"x": [0, 1], "y": [0, 1]}
    with pytest.raises(SeriesError, match="go together"):
        SeriesWriter(tmp_path / "run.pvd", **axes, extent=(0, 1, 0, 1, 0, 0))
    with pytest.raises(SeriesError, match="mpi4py"):
        SeriesWriter(tmp_path / "run.pvd", **axes, comm=3, extent=(0, 1, 0, 1, 0, 0))
    assert list(tmp_path.iterdir()) == []
