"""A step's file appears under its final name when it is whole, whatever the system does."""

from __future__ import annotations

import errno
import os
import pickle
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from vtkseries.storage.stepfile import StepFile, new_token, write_at, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from typing_extensions import Buffer

pytestmark = pytest.mark.unchecked(reason="bytes under a step's name, no step")
TOKEN = "812.0badcafe"  # noqa: S105  # a run's name, no secret


def test_the_temporary_file_is_hidden_beside_the_final_one_and_names_its_run(tmp_path: Path) -> None:
    file = StepFile(tmp_path / "run_000000.vtr", TOKEN)
    assert file.temporary == tmp_path / ".run_000000.vtr.812.0badcafe.tmp"
    assert pickle.loads(pickle.dumps(file)) == file  # noqa: S301  # our own bytes
    assert new_token().startswith(f"{os.getpid()}.")
    assert new_token() != new_token()


def test_short_and_interrupted_writes_are_carried_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.pwrite, 0

    def cut(fd: int, data: Buffer, position: int) -> int:
        nonlocal calls
        calls += 1
        if calls % 2:
            raise InterruptedError
        return real(fd, memoryview(data)[:7], position)

    values = np.arange(30, dtype="f8").reshape(2, 3, 5)
    fd = StepFile(tmp_path / "s.vtr", TOKEN).open_exclusive()
    monkeypatch.setattr(os, "pwrite", cut)
    write_at(fd, 5, values)
    write_at(fd, 5, values[:0])
    monkeypatch.undo()
    assert os.pread(fd, 1000, 0) == bytes(5) + values.tobytes()
    os.close(fd)


def test_no_write_is_so_long_that_the_system_takes_a_huge_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, lengths = os.pwrite, list[int]()

    def told(fd: int, data: Buffer, position: int) -> int:
        lengths.append(memoryview(data).nbytes)
        return real(fd, data, position)

    values = np.arange(300_001, dtype="f8")
    fd = StepFile(tmp_path / "s.vtr", TOKEN).open_exclusive()
    monkeypatch.setattr(os, "pwrite", told)
    write_at(fd, 5, values)
    monkeypatch.undo()
    assert max(lengths) <= 1 << 19
    assert len(lengths) <= 11, "nor so short that the calls take the time"
    assert os.pread(fd, 3_000_000, 0) == bytes(5) + values.tobytes()
    os.close(fd)


def test_a_write_that_makes_no_progress_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fd = StepFile(tmp_path / "s.vtr", TOKEN).open_exclusive()
    monkeypatch.setattr(os, "pwrite", lambda *_: 0)
    with pytest.raises(OSError, match="writes nothing"):
        write_at(fd, 0, b"abc")
    os.close(fd)


def test_several_writers_share_the_temporary_file_but_only_one_can_have_it_alone(tmp_path: Path) -> None:
    file = StepFile(tmp_path / "s.vtr", TOKEN)
    first, second = file.open_for_blocks(), file.open_for_blocks()
    write_at(first, 0, b"left")
    write_at(second, 4, b"right")
    os.close(first)
    os.close(second)
    assert not file.final.exists()
    with pytest.raises(FileExistsError):
        file.open_exclusive()
    file.publish()
    assert file.final.read_bytes() == b"leftright"
    assert not file.temporary.exists()


def test_publishing_twice_does_no_harm(tmp_path: Path) -> None:
    file = StepFile(tmp_path / "s.vtr", TOKEN)
    file.temporary.write_bytes(b"whole")
    file.publish()
    file.publish(durable=True)
    assert file.final.read_bytes() == b"whole"
    assert not file.temporary.exists()


def test_a_second_try_waits_until_the_first_has_named_the_file(tmp_path: Path) -> None:
    file = StepFile(tmp_path / "s.vtr", TOKEN)
    file.temporary.write_bytes(b"whole")
    seen: list[bool] = []

    def second() -> None:
        with file.alone():
            seen.append(file.final.exists())

    with file.alone():
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.1)
        assert not seen
        file.publish()
    thread.join()
    assert seen == [True]


def test_a_second_try_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtkseries.storage.stepfile._PATIENCE", 3)
    file = StepFile(tmp_path / "s.vtr", TOKEN)
    with file.alone(make=True), file.alone():
        file.publish()
    with pytest.raises(FileNotFoundError), file.alone():
        pass


def test_publishing_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        StepFile(tmp_path / "s.vtr", TOKEN).publish()


def test_a_step_of_an_older_run_is_replaced(tmp_path: Path) -> None:
    file = StepFile(tmp_path / "s.vtr", TOKEN)
    file.final.write_bytes(b"old")
    file.temporary.write_bytes(b"new")
    file.publish()
    assert file.final.read_bytes() == b"new"


def test_durable_syncs_the_file_before_its_name_and_the_directory_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []

    def spy(name: str, what: Callable[[int], str] = lambda _: "") -> None:
        real = getattr(os, name)

        def logged(*arguments: Any) -> Any:
            log.append(name + what(arguments[0]))
            return real(*arguments)

        monkeypatch.setattr(os, name, logged)

    file = StepFile(tmp_path / "s.vtr", TOKEN)
    file.temporary.write_bytes(b"whole")
    spy("fsync", lambda fd: " " + os.path.basename(os.readlink(f"/proc/self/fd/{fd}")))  # noqa: PTH115, PTH119
    spy("replace")
    file.publish(durable=True)
    assert log == [f"fsync {file.temporary.name}", "replace", f"fsync {tmp_path.name}"]


def test_a_replace_that_windows_refuses_is_tried_again_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, refusals = os.replace, [True, True, True]

    def refuse(source: Path, target: Path) -> None:
        if refusals:
            refusals.pop()
            error = PermissionError(errno.EACCES, "in use")
            error.winerror = 32  # type: ignore[attr-defined]  # as Windows has it
            raise error
        real(source, target)

    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(os, "replace", refuse)
    write_whole(tmp_path / "a", b"new", TOKEN)
    assert (tmp_path / "a").read_bytes() == b"new"
    assert pauses == [0.01, 0.02, 0.04]
    refusals.extend([True] * 1000)
    with pytest.raises(PermissionError):
        write_whole(tmp_path / "a", b"newer", TOKEN)
    assert (tmp_path / "a").read_bytes() == b"new"
    assert sum(pauses) < 10
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="full"):
        write_whole(tmp_path / "a", b"new", TOKEN)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1
