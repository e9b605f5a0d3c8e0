"""Files in memory are those of a disk, though they are written as memory; where there is no room, that is an error."""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tools.readers import read_vtk

from vtkseries import evtk
from vtkseries.storage import mapped, onefile

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY = Path("/dev/shm")  # noqa: S108  # Linux has it for this
SETTING = Path("/sys/kernel/mm/transparent_hugepage/shmem_enabled")
"""Which a system without huge pages has not; only this one holds also where they are asked for."""

COLLAPSES = (
    SETTING.exists()
    and "[deny]" not in SETTING.read_text()
    and tuple(map(int, platform.release().split(".")[:2])) >= (6, 1)
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no tmpfs")


@pytest.fixture
def memory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


def content() -> dict[str, Any]:
    """Arrays of unequal values, of every order of memory, whose ends lie anywhere in a huge page."""
    rng = np.random.default_rng(0)
    a = rng.random((113, 101, 107))
    short = rng.random((113, 101, 107)).astype("f4")
    return {
        "turned": short,
        "kept": np.asfortranarray(a),
        "mixed": np.ascontiguousarray(a.transpose(1, 2, 0)).transpose(2, 0, 1) - 1,
        "v": (short + 1, np.asfortranarray(short) + 2, short[::-1, :, ::-1] + 3),
        "straight": tuple(np.asfortranarray(a) + c for c in range(3)),
        "big": a.astype(">f8"),
        "small": np.arange(a.size, dtype="u1").reshape(a.shape),
    }


def test_a_file_in_memory_is_that_of_a_disk(tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []

    def seen(*arguments: int) -> Any:
        given.append(mapped.mapped(*arguments) is not None)
        return mapped.mapped(*arguments)

    monkeypatch.setattr(onefile, "mapped", seen)
    monkeypatch.setattr(mapped, "_PATIENCE", 60)
    data = content()
    on_disk = Path(evtk.imageToVTK(tmp_path / "run", pointData=data))
    assert not any(given)
    given.clear()
    in_memory = Path(evtk.imageToVTK(memory / "run", pointData=data))
    assert given == [COLLAPSES] * 6, "each array of 4 MB or more"
    assert in_memory.read_bytes() == on_disk.read_bytes()
    assert list(memory.iterdir()) == [in_memory]
    assert str(memory) not in Path("/proc/self/maps").read_text()
    found = read_vtk(in_memory).point
    for name, array in data.items():
        expected = np.stack([part.T for part in array], -1) if isinstance(array, tuple) else array.T
        np.testing.assert_array_equal(found[name], expected)


@pytest.mark.parametrize(("name", "value"), [("_MADV_COLLAPSE", 9999), ("_PATIENCE", 0)])
def test_a_system_that_makes_no_page_huge_or_not_soon_gives_the_same_file(
    tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: int
) -> None:
    monkeypatch.setattr(mapped, name, value)
    on_disk, in_memory = (
        Path(evtk.imageToVTK(folder / "run", pointData=content())).read_bytes() for folder in (tmp_path, memory)
    )
    assert in_memory == on_disk


def test_what_another_attempt_has_written_stays(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped, "_PATIENCE", 60)
    written = np.random.default_rng(0).integers(0, 256, 7_654_321, np.uint8)
    path = memory / "run"
    path.write_bytes(written.tobytes())
    with path.open("r+b") as file:
        place = mapped.mapped(file.fileno(), 1_000_000, 7_000_000, len(written))
        assert path.read_bytes() == written.tobytes()
        assert (place is not None) == COLLAPSES
        if place is not None:
            np.testing.assert_array_equal(place, written[1_000_000:7_000_000])
            place[:] = 7
            assert path.read_bytes() == bytes(written[:1_000_000]) + b"\7" * 6_000_000 + bytes(written[7_000_000:])


def test_a_full_disk_in_memory_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    """Mount one of every size in a name space of our own: a page that is not there would end the process."""
    script = tmp_path / "fill.py"
    script.write_text(FILL)
    folder = tmp_path / "disk"
    folder.mkdir()
    run = f'mount -t tmpfs none "$1" && exec "{sys.executable}" "{script}" "$1"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", run, "sh", str(folder)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


FILL = """
import subprocess, sys
from pathlib import Path
import numpy as np
from vtkseries import evtk
root, sizes, full = Path(sys.argv[1]), [*range(1, 12900, 700), *range(12900, 13200, 16)], 0
rng = np.random.default_rng(0)
a = rng.random((101, 103, 107)).astype("f4")  # of 4348 kB
for size in sizes:
    subprocess.run(["mount", "-o", f"remount,size={size}k", str(root)], check=True)
    try:
        path = Path(evtk.imageToVTK(root / "run", pointData={"a": a, "b": np.asfortranarray(a), "c": a[::-1]}))
    except OSError as error:
        assert error.errno == 28, error
        assert str(root / 'run.vti') in str(error), error
        assert 'make room' in str(error), error
        assert not list(root.iterdir()), size
        full += 1
    else:
        assert path.stat().st_size < size * 1024
        assert path.read_bytes()[-28:] == b"\\n</AppendedData>\\n</VTKFile>\\n"
        path.unlink()
assert 10 < full < len(sizes), full
"""
