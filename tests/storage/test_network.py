"""On a network file system no index is written in place, and nothing else changes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from test_faults import BEGINS, Case, points, strike
from tools.readers import read_pvd
from tools.solver import Solver

from vtkseries import SeriesWriter
from vtkseries.storage import index, network
from vtkseries.storage.network import is_coherent, is_local

if TYPE_CHECKING:
    from pathlib import Path

MOUNTS = """22 1 253:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:30 / /home rw shared:3 - nfs4 server:/home rw
31 30 0:31 / /home/me/local\\040disk rw - xfs /dev/sdb rw
32 22 0:32 / /scratch rw - lustre mds:/scratch rw
33 22 0:33 / /bucket rw - fuse.s3fs s3fs rw
34 22 0:34 / /both rw - cifs //server/share rw
35 22 0:35 / /both rw - tmpfs none rw
36 22 8:17 / /usb rw - fuseblk /dev/sdc1 rw
"""


@pytest.mark.parametrize(
    ("folder", "coherent"),
    [
        ("/data", True),
        ("/home", False),
        ("/home/me/run", False),
        ("/homes", True),
        ("/home/me/local disk/run", True),
        ("/scratch/run", True),
        ("/bucket", False),
        ("/both/run", True),
        ("/usb", True),
    ],
)
def test_the_mount_that_a_series_is_on_tells(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    folder: str,
    coherent: bool,  # noqa: FBT001  # pytest passes it by name
) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS)
    monkeypatch.setattr(network, "_MOUNTS", tmp_path / "mountinfo")
    monkeypatch.setattr(os.path, "realpath", str)
    assert is_coherent(type(tmp_path)(folder) / "run.pvd") is coherent


@pytest.mark.parametrize(
    ("folder", "local"), [("/data", True), ("/home", False), ("/scratch", False), ("/bucket", False)]
)
def test_what_other_hosts_may_share_is_not_local(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    folder: str,
    local: bool,  # noqa: FBT001  # pytest passes it by name
) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS)
    monkeypatch.setattr(network, "_MOUNTS", tmp_path / "mountinfo")
    monkeypatch.setattr(os.path, "realpath", str)
    assert is_local(type(tmp_path)(folder) / "run.vti") is local


def test_a_disk_of_this_machine_is_coherent(tmp_path: Path) -> None:
    assert is_coherent(tmp_path / "run.pvd")


@pytest.fixture
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "is_coherent", lambda _: False)


@pytest.mark.usefixtures("_elsewhere")
def test_each_append_puts_a_new_file_in_place_and_changes_no_byte_of_an_old_one(tmp_path: Path) -> None:
    path, solver = tmp_path / "run.pvd", Solver()
    opened: list[tuple[int, bytes]] = []
    with SeriesWriter(path, *solver.axes) as series:
        for step in range(5):
            series.write(step, solver.point_data(step))
            fd = os.open(path, os.O_RDONLY)  # as a reader has it
            opened.append((fd, os.read(fd, 1 << 20)))
            assert [time for time, _ in read_pvd(path)] == list(range(step + 1))
    assert len({os.fstat(fd).st_ino for fd, _ in opened}) == 5
    for fd, content in opened:
        assert os.pread(fd, 1 << 20, 0) == content
        os.close(fd)


@pytest.mark.usefixtures("_elsewhere")
@pytest.mark.unchecked(reason="bytes under steps' names, no steps")
@pytest.mark.parametrize("begin", BEGINS)
def test_no_fault_loses_or_tears_a_step(tmp_path: Path, begin: str) -> None:
    case = Case(tmp_path, begin, durable=True, parts=1)
    chosen = list(points(case, ["kill after", "kill within", "ENOSPC", "EIO"]))[::5]
    for kind, at in chosen:
        strike(case, kind, at)
    assert len(chosen) > 50
