"""A writer that breaks one of its promises on purpose is caught by these tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from test_faults import Case, points, strike
from test_recover import put, series

from vtkseries.storage import index, recover, stepfile
from vtkseries.storage.index import Index, entries
from vtkseries.storage.recover import examine
from vtkseries.xmlformat import pvd

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.unchecked(reason="bytes under steps' names, no steps")


def caught(folder: Path, kinds: list[str], begin: str = "continue") -> bool:
    """Say whether any fault shows a step lost or torn."""
    case = Case(folder, begin, durable=True, parts=2)
    for kind, at in list(points(case, kinds))[::2]:
        try:
            strike(case, kind, at)
        except (AssertionError, pytest.fail.Exception, Exception):  # noqa: BLE001  # whatever shows it
            return True
    return False


def test_the_writer_as_it_is_passes(tmp_path: Path) -> None:
    assert not caught(tmp_path, ["kill after"])


def test_a_write_that_does_not_go_on_after_a_short_one_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def once(fd: int, position: int, buffer: Any) -> None:
        os.pwrite(fd, buffer, position)

    for module in (stepfile, index):
        monkeypatch.setattr(module, "write_at", once)
    import test_faults  # noqa: PLC0415

    monkeypatch.setattr(test_faults, "write_at", once)
    assert caught(tmp_path, ["short"], "fresh")


def test_committing_before_the_record_is_there_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def reordered(self: Index, mark: int, tail: bytes) -> None:
        stepfile.write_at(self._fd, mark, pvd.COMMITTED)
        stepfile.write_at(self._fd, mark + 1, tail)

    monkeypatch.setattr(Index, "_append", reordered)
    assert caught(tmp_path, ["kill after", "kill within"])


def test_listing_a_step_before_its_file_has_its_name_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish: Callable[..., None] = stepfile.StepFile.publish
    waiting: list[tuple[stepfile.StepFile, bool]] = []
    commit = Index.commit

    def later(self: stepfile.StepFile, *, durable: bool = False) -> None:
        if self.final.suffix == ".pvd":
            publish(self, durable=durable)
        else:
            waiting.append((self, durable))

    def early(self: Index, number: int, step: Any) -> None:
        commit(self, number, step)
        while waiting:
            file, durable = waiting.pop()
            publish(file, durable=durable)

    monkeypatch.setattr(stepfile.StepFile, "publish", later)
    monkeypatch.setattr(Index, "commit", early)
    assert caught(tmp_path, ["kill after"])


def test_removing_the_old_files_before_the_new_index_is_in_place_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = recover._Doomed.find

    def at_once(*arguments: Any) -> Any:
        doomed = find(*arguments)
        doomed.remove()
        return doomed

    monkeypatch.setattr(recover._Doomed, "find", at_once)
    assert caught(tmp_path, ["kill after", "ENOSPC"])


def test_a_restart_that_does_not_look_at_checksums_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.pvd"
    series(path, 3)
    last = put(path, 2, seed=5)  # as long, and other bytes
    assert len(examine(path).steps) == 2
    listed = {entry.file: entry.crc for step in entries(path) for entry in step}
    monkeypatch.setattr(recover, "checksum_step", lambda file: (0, listed[f"run/{file.name}"]))
    assert len(examine(path).steps) == 3
    assert last[0].crc != entries(path)[2][0].crc
