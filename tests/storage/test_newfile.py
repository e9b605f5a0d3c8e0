"""A whole file has no name before it is whole, and what an earlier call left of a temporary one goes."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
from tools.faults import faults

from vtkseries import SeriesError, VtkSeriesWarning, evtk
from vtkseries.storage import leftovers, newfile
from vtkseries.storage.lock import try_lock
from vtkseries.storage.newfile import write_new
from vtkseries.storage.stepfile import StepFile, write_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.unchecked(reason="bytes under a step's name, no step")
UNNAMED = pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="only Linux has files without a name")
GONE = 4194305
"""A process that there is not: beyond the largest number on Linux."""


@pytest.fixture(autouse=True)
def _as_a_new_process() -> Iterator[None]:
    leftovers._found.cache_clear()
    yield
    leftovers._found.cache_clear()


def whole(fd: int) -> None:
    write_at(fd, 0, b"whole")


@pytest.mark.parametrize("name", ["x", "ü"])
def test_names_may_be_as_long_as_the_system_has_them(tmp_path: Path, name: str) -> None:
    values = {"a": np.arange(60.0).reshape(3, 4, 5)}
    x, y, z = (np.arange(n + 0.0) for n in (3, 4, 5))
    calls: list[tuple[str, Callable[[str], object]]] = [
        (".vti", lambda path: evtk.imageToVTK(path, pointData=values)),
        (".vtr", lambda path: evtk.rectilinearToVTK(path, x, y, z, pointData=values)),
        (".pvtr", lambda path: evtk.writeParallelVTKGrid(path, ((3, 4, 5), "f8"), [(0,) * 3], [(2, 3, 4)], ["r.vtr"])),
        (".pvd", lambda path: evtk.VtkGroup(path).save()),
    ]
    for suffix, call in calls:
        for size in (*range(230, 256), 256, 300):
            left = size - len(suffix)
            path = tmp_path / (name * (left // len(name.encode())) + "x" * (left % len(name.encode())))
            for _ in range(2):
                if size > 255:
                    with pytest.raises(SeriesError, match=f"too long by {size - 255} bytes"):
                        call(str(path))
                else:
                    call(str(path))
            assert [p.name for p in tmp_path.iterdir()] == [f"{path.name}{suffix}"] * (size <= 255)
            for file in tmp_path.iterdir():
                file.unlink()


def test_a_directory_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.vti").mkdir()
    with pytest.raises(SeriesError, match=r"run\.vti is a directory; take another name"):
        evtk.imageToVTK(tmp_path / "run", pointData={"a": np.arange(60.0).reshape(3, 4, 5)})


KILL = """
import os, signal, sys
import numpy as np
from vtkseries import evtk
from vtkseries.storage import stepfile
real, calls = os.pwrite, 0
def killed(*arguments):
    global calls
    calls += 1
    if calls == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
os.pwrite = killed
evtk.imageToVTK(sys.argv[1], pointData={"a": np.random.rand(60, 70, 80), "b": np.random.rand(60, 70, 80)})
"""


@UNNAMED
@pytest.mark.parametrize("old", [False, True])
def test_a_killed_call_leaves_nothing(tmp_path: Path, *, old: bool) -> None:
    if old:
        (tmp_path / "run.vti").write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", KILL, str(tmp_path / "run")], check=False)
    assert done.returncode == -9
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("run.vti", b"old")] * old


def test_a_file_has_no_name_until_it_is_whole(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def fill(fd: int) -> None:
        whole(fd)
        seen.append(os.listdir(tmp_path))  # noqa: PTH208

    for _ in range(2):
        write_new(tmp_path / "a", fill)
        assert (tmp_path / "a").read_bytes() == b"whole"
    if hasattr(os, "O_TMPFILE"):
        assert seen == [[], ["a"]]
    assert os.listdir(tmp_path) == ["a"]  # noqa: PTH208


def refuse_open(code: int) -> Any:
    real = os.open

    def refuse(path: Any, flags: int, *mode: int) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(code, "no such files here")
        return real(path, flags, *mode)

    return refuse


def refuse_link(*_: object, **__: object) -> None:
    raise OSError(errno.EPERM, "no links here")


@UNNAMED
@pytest.mark.parametrize("what", ["EOPNOTSUPP", "EISDIR", "ENOENT", "no /proc", "no links", "no flag"])
@pytest.mark.parametrize("old", [False, True])
def test_where_there_are_no_such_files_a_temporary_name_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, *, old: bool
) -> None:
    if old:
        (tmp_path / "a").write_bytes(b"old")
    if what == "no /proc":
        monkeypatch.setattr(newfile, "_OPEN_FILES", str(tmp_path / "proc"))
    elif what == "no links":
        monkeypatch.setattr(os, "link", refuse_link)
    elif what == "no flag":
        monkeypatch.delattr(os, "O_TMPFILE")
    else:
        monkeypatch.setattr(os, "open", refuse_open(getattr(errno, what)))
    write_new(tmp_path / "a", whole)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a", b"whole")]


@pytest.mark.parametrize("umask", [0, 0o002, 0o022, 0o027, 0o077])
def test_permissions_are_those_of_any_new_file(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        for _ in range(2):
            write_new(tmp_path / "a", whole)
            assert (tmp_path / "a").stat().st_mode & 0o777 == 0o666 & ~umask
    finally:
        os.umask(before)


@UNNAMED
def test_a_kernel_that_forgets_the_umask_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def forget(path: Any, flags: int, *mode: int) -> int:
        fd = real(path, flags, *mode)
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            os.fchmod(fd, 0o666)
        return fd

    monkeypatch.setattr(os, "open", forget)
    before = os.umask(0o022)
    try:
        write_new(tmp_path / "a", whole)
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("code", ["ENOSPC", "EDQUOT", "EIO", "EFBIG"])
@pytest.mark.parametrize("old", [False, True])
def test_an_error_names_the_file_and_what_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, *, old: bool
) -> None:
    if old:
        (tmp_path / "run.vti").write_bytes(b"old")

    def broken(*_: object) -> int:
        raise OSError(getattr(errno, code), "broken")

    monkeypatch.setattr(os, "pwrite", broken)
    with pytest.raises(OSError, match=r"broken; .*write (elsewhere|to another).*run\.vti") as caught:
        evtk.imageToVTK(tmp_path / "run", pointData={"a": np.arange(60.0).reshape(3, 4, 5)})
    assert caught.value.filename == str(tmp_path / "run.vti")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("run.vti", b"old")] * old


def test_an_error_about_a_file_that_is_read_stays_what_it_is(tmp_path: Path) -> None:
    def lost(_block: Any) -> Any:
        raise FileNotFoundError(errno.ENOENT, "lost", str(tmp_path / "run.nc"))

    lazy = da.map_blocks(lost, da.zeros((3, 4, 5), chunks=2), dtype="f8", meta=np.empty((0, 0, 0)))
    with pytest.raises(FileNotFoundError, match=r"\[Errno 2\] lost: .*run\.nc"):
        evtk.imageToVTK(tmp_path / "run", pointData={"a": lazy})
    assert not list(tmp_path.iterdir())


def test_a_file_larger_than_the_system_lets_it_be_is_an_error(tmp_path: Path) -> None:
    script = (
        "import resource, sys, numpy as np; from vtkseries import evtk\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: evtk.imageToVTK(sys.argv[1], pointData={'a': np.random.rand(60, 70, 80)})\n"
        "except OSError as error: print(error)\n"
    )
    places = [tmp_path, *([] if sys.platform != "linux" else [None])]
    for place in places:
        if place is None:  # memory, where arrays are mapped
            run = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs none "$0" && "$@" && ls -A "$0"', str(tmp_path)]
        else:
            run = []
        done = subprocess.run(
            [*run, sys.executable, "-c", script, str(tmp_path / "run")], capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith("[Errno 27] File too large; it is larger than a file may be here"), done
        assert done.stdout.endswith("run.vti'\n")
        assert not list(tmp_path.iterdir())


def leave(target: Path, pid: int) -> Path:
    left = StepFile(target, f"{pid}.0badcafe").temporary
    left.write_bytes(b"torn")
    return left


@pytest.mark.parametrize("name", ["run", "x" * 250, "ü" * 125])
def test_what_a_dead_process_left_of_a_target_goes_with_the_next_call(tmp_path: Path, name: str) -> None:
    target = tmp_path / f"{name}.vti"
    left, other = leave(target, GONE), leave(tmp_path / f"{name[:-1]}y.vti", GONE)
    alive, mine = leave(target, os.getppid()), leave(target, os.getpid())
    strange = tmp_path / f".{name[:100]}.vti.tmp"
    strange.touch()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evtk.imageToVTK(tmp_path / name, pointData={"a": np.arange(60.0).reshape(3, 4, 5)})
    assert not left.exists()
    assert all(kept.exists() for kept in (other, alive, mine, strange))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no file is taken for a dead process's")
def test_what_a_dead_process_left_of_a_collection_goes_too(tmp_path: Path) -> None:
    left = [leave(tmp_path / "run.pvd", GONE), leave(tmp_path / "run.pvtr", GONE)]
    evtk.VtkGroup(tmp_path / "run")
    evtk.writeParallelVTKGrid(tmp_path / "run", ((3, 4, 5), "f8"), [(0, 0, 0)], [(2, 3, 4)], ["run_0.vtr"])
    assert not any(path.exists() for path in left)


def test_what_is_being_written_elsewhere_on_this_machine_stays(tmp_path: Path) -> None:
    left = leave(tmp_path / "run.vti", GONE)
    with left.open("r+b") as file:
        assert try_lock(file.fileno())
        leftovers.remove_leftovers(tmp_path / "run.vti")
    assert left.exists()


def test_what_may_be_another_hosts_stays_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = leave(tmp_path / "run.vti", GONE)
    monkeypatch.setattr(leftovers, "is_local", lambda _: False)
    with pytest.warns(VtkSeriesWarning, match=rf"{left.name} is left of process {GONE}.*delete it"):
        evtk.imageToVTK(tmp_path / "run", pointData={"a": np.arange(60.0).reshape(3, 4, 5)})
    assert left.exists()


def test_a_directory_is_read_once_for_all_files_of_a_series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, read = os.listdir, []
    monkeypatch.setattr(os, "listdir", lambda path: read.append(path) or real(path))  # type: ignore[func-returns-value]
    for number in range(5):
        evtk.imageToVTK(tmp_path / f"run_{number}", pointData={"a": np.arange(60.0).reshape(3, 4, 5)})
    assert read == [tmp_path]


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("kind", ["ENOSPC", "EIO", "EACCES", "EINTR", "short", "short ENOSPC"])
def test_no_fault_tears_a_file_or_leaves_one(tmp_path: Path, kind: str, *, old: bool) -> None:
    values = {"a": np.arange(60.0).reshape(3, 4, 5)}
    expected = (tmp_path / "whole").with_suffix(".vti")
    evtk.imageToVTK(tmp_path / "whole", pointData=values)
    number, hit = 0, "?"
    while hit:
        folder = tmp_path / str(number)
        folder.mkdir()
        if old:
            (folder / "run.vti").write_bytes(b"old")
        with faults(kind, number) as calls:
            try:
                evtk.imageToVTK(folder / "run", pointData=values)
            except OSError as error:
                assert error.filename == str(folder / "run.vti")  # noqa: PT017  # beside what is left
                failed = True
            else:
                failed = False
        left = {p.name: p.read_bytes() for p in folder.iterdir()}
        if failed and calls.hit != "close":  # it has its name by then
            assert left == ({"run.vti": b"old"} if old else {})
        else:
            assert left == {"run.vti": expected.read_bytes()}
        number, hit = number + 1, calls.hit
    assert number > 6
