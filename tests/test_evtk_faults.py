"""All of vtkseries.evtk under faults: a good file or none under each name, nothing beside it, and the file named."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from test_evtk import POINTS, TRIANGLES, X, Y, Z
from tools.faults import ERRORS, KILLS, Killed, faults

from vtkseries import SeriesError, evtk

if TYPE_CHECKING:
    from collections.abc import Callable

P, Q, R = POINTS
MESH = (TRIANGLES["connectivity"], TRIANGLES["offsets"], TRIANGLES["cell_types"])
CORNERS = np.meshgrid(X, Y, Z, indexing="ij")
FIELD = {"a": np.arange(60.0).reshape(CORNERS[0].shape)}
CALLS: dict[str, Callable[[str], Any]] = {
    "image": lambda path: evtk.imageToVTK(path, pointData=FIELD, compression="zlib"),
    "grid": lambda path: evtk.gridToVTK(path, X, Y, Z, pointData=FIELD),
    "rectilinear": lambda path: evtk.rectilinearToVTK(path, X, Y, Z, pointData=FIELD),
    "structured": lambda path: evtk.structuredToVTK(path, CORNERS[0], CORNERS[1], CORNERS[2], pointData=FIELD),
    "points": lambda path: evtk.pointsToVTK(path, *POINTS),
    "tin": lambda path: evtk.pointsToVTKAsTIN(path, *np.random.default_rng(0).random((3, 30))),
    "lines": lambda path: evtk.linesToVTK(path, *POINTS),
    "polylines": lambda path: evtk.polyLinesToVTK(path, P, Q, R, np.array([3, 7, 2])),
    "unstructured": lambda path: evtk.unstructuredGridToVTK(path, P, Q, R, *MESH),
    "cylinder": lambda path: evtk.cylinderToVTK(path, 1.0, 2.0, -1.0, 3.0, 0.5, 4, 7),
    "parallel": lambda path: evtk.writeParallelVTKGrid(
        path, ((4, 3, 5), "f8"), [(0, 0, 0)], [(3, 2, 4)], ["piece.vtr"]
    ),
}


def times(path: Path) -> list[str]:
    return [entry.attrib["timestep"] for entry in ET.parse(path).getroot().iter("DataSet")]  # noqa: S314  # ours


@pytest.mark.unchecked(reason="a stand-in for an old file, and a joining file without its pieces")
@pytest.mark.parametrize("name", CALLS)
def test_no_fault_tears_a_file_or_leaves_one(tmp_path: Path, name: str) -> None:
    call = CALLS[name]
    for kind in (*ERRORS, "short", "short ENOSPC"):
        for old in (False, True):
            number, hit = 0, "?"
            while hit:
                folder = tmp_path / "case"
                folder.mkdir()
                final = Path(call(str(folder / "run")))
                new = final.read_bytes()
                final.unlink()
                if old:
                    final.write_bytes(b"old")
                failed = False
                with faults(kind, number) as calls:
                    try:
                        call(str(folder / "run"))
                    except OSError as error:
                        assert error.filename == str(final)  # noqa: PT017  # beside what is left
                        failed = True
                left = {p.name: p.read_bytes() for p in folder.iterdir()}
                # At the last close the file has its name.
                before = {final.name: b"old"} if old else {}
                assert left == {final.name: new} or (failed and left == before)
                assert failed or left == {final.name: new}
                shutil.rmtree(folder)
                number, hit = number + 1, calls.hit
            assert number > 3


@pytest.mark.unchecked(reason="empty files stand for those of the group")
@pytest.mark.parametrize("kind", [*ERRORS, "short", "short ENOSPC", *KILLS])
def test_no_fault_costs_a_group_an_entry(tmp_path: Path, kind: str) -> None:
    """Long names have the index made anew now and then."""

    def add(group: evtk.VtkGroup, path: Path, number: int) -> None:
        group.addFile(path.parent / "sim.vtu", float(number), name="x" * 100 * number)

    number, hit = 0, "?"
    while hit:
        path = tmp_path / f"{number}" / "run.pvd"
        path.parent.mkdir()
        (path.parent / "sim.vtu").touch()
        done = -1
        group = None
        with faults(kind, number) as calls:
            try:
                group = evtk.VtkGroup(path.with_suffix(""))
                for done in range(4):
                    add(group, path, done)
                done = 4
                group.save()
            except OSError as error:
                assert error.filename == str(path)  # noqa: PT017  # beside what is left
            except Killed:
                pass
        calls.release()
        if group is None:
            assert not path.exists() or times(path) == []
        else:
            found = [float(time) for time in times(path)]
            assert found in ([*range(done)], [*range(done + 1)])
            if kind not in KILLS:
                for again in range(done, 4):  # what failed may be tried again
                    add(group, path, again)
                group.save()
                assert [float(time) for time in times(path)] == [0, 1, 2, 3]
        left = {p.name for p in path.parent.iterdir()} - {"sim.vtu", "run.pvd"}
        assert not left or kind in KILLS
        number, hit = number + 1, calls.hit
    assert number > 30


def test_a_group_whose_directory_is_gone_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    file = evtk.pointsToVTK(tmp_path / "sim", *POINTS)
    group = evtk.VtkGroup(folder / "run")
    group.addFile(file, 0.0)
    shutil.rmtree(folder)
    calls: list[Callable[[], None]] = [lambda: group.addFile(file, 1.0), group.save]
    for call in calls:
        with pytest.raises(FileNotFoundError, match=r"directory, was removed meanwhile.*out/run\.pvd"):
            call()
    assert not folder.exists()


def test_of_two_groups_on_one_target_the_later_one_has_it(tmp_path: Path) -> None:
    file = evtk.pointsToVTK(tmp_path / "sim", *POINTS)
    first = evtk.VtkGroup(tmp_path / "run")
    first.addFile(file, 0.0)
    second = evtk.VtkGroup(tmp_path / "run")
    calls: list[Callable[[], None]] = [lambda: first.addFile(file, 1.0), first.save]
    for call in calls:
        with pytest.raises(SeriesError, match="is the index of another run"):
            call()
    second.addFile(file, 2.0)
    second.save()
    assert times(tmp_path / "run.pvd") == ["2.0"]


INJECTED = """
import sys
import numpy as np
from vtkseries import evtk
evtk.imageToVTK(sys.argv[1], pointData={"a": np.ones((2, 2, 2))})  # all is imported and known
a = np.arange(60.0 * 700 * 13).reshape(60, 700, 13)
try:
    evtk.imageToVTK(sys.argv[2], pointData={"a": a, "b": a[::-1]})
except OSError as error:
    assert error.filename == sys.argv[2] + ".vti", error
    print(error.errno)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's")
@pytest.mark.parametrize("place", ["disk", "memory"])
@pytest.mark.parametrize(
    ("call", "code", "old"),
    [
        *(("pwrite64", code, True) for code in ("ENOSPC", "EDQUOT", "EIO", "EFBIG")),
        *(("linkat", code, old) for code in ("ENOSPC", "EIO", "EPERM") for old in (False, True)),
        *(("rename", code, True) for code in ("ENOSPC", "EIO", "EACCES")),
        *(("openat", "EOPNOTSUPP", old) for old in (False, True)),
        ("ftruncate", "EFBIG", False),
        ("fallocate", "ENOSPC", False),
    ],
)
@pytest.mark.unchecked(reason="a stand-in for an old file")
def test_what_the_kernel_refuses_is_an_error_or_done_otherwise(
    tmp_path: Path, place: str, call: str, code: str, *, old: bool
) -> None:
    strace = shutil.which("strace")
    assert strace, "strace is missing: apt-get install strace"
    folder = tmp_path / "out" if place == "disk" else Path(tempfile.mkdtemp(dir="/dev/shm"))  # memory
    folder.mkdir(exist_ok=True)
    log = tmp_path / "log"
    command = [strace, "-f", "--seccomp-bpf", "-o", str(log), "-e", f"trace={call}"]
    if call == "openat":
        command += ["-P", str(folder)]
    # The first file is written with four writes, and named with one call.
    when = {"pwrite64": ":when=7", "linkat": ":when=2", "openat": ":when=1"}.get(call, "")
    command += ["-e", f"inject={call}:error={code}{when}"]
    command += [sys.executable, "-c", INJECTED, str(tmp_path / "first"), str(folder / "run")]
    try:
        if old:
            (folder / "run.vti").write_bytes(b"old")
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        left = {p.name: p.read_bytes() for p in folder.iterdir()}
    finally:
        if place == "memory":
            shutil.rmtree(folder)
    hit = "(INJECTED)" in log.read_text()
    assert hit or call in {"ftruncate", "fallocate"}  # only where memory has huge pages
    if done.stdout:
        assert left == ({"run.vti": b"old"} if old else {})
    else:
        assert not hit or call in {"openat", "linkat", "rename"}
        assert list(left) == ["run.vti"]
        assert len(left["run.vti"]) > 2 * 60 * 700 * 13 * 8
        assert left["run.vti"].endswith(b"</VTKFile>\n")
