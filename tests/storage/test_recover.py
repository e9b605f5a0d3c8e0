"""A series that was left, however it was left, goes on from its last whole step."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from vtkseries.errors import FormatError
from vtkseries.storage import recover
from vtkseries.storage.index import Entry, Index, entries
from vtkseries.storage.recover import continue_series, examine, stale_temporaries, start_series
from vtkseries.storage.stepfile import checksum
from vtkseries.xmlformat import pvd

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unchecked(reason="bytes under steps' names, no steps")
OLD, NEW = "812.0badcafe", "813.0badcafe"


def put(path: Path, number: int, seed: int = 0) -> list[Entry]:
    """Put a file of a step in place, and give its entry."""
    file = path.parent / "run" / f"run_{number:06d}.vtr"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(bytes((seed + number * 7 + i) % 256 for i in range(100 + number)))
    size, crc = checksum(file)
    return [Entry(repr(number / 2), f"run/{file.name}", size=size, crc=crc)]


def series(path: Path, count: int, *, close: bool = False) -> list[list[Entry]]:
    steps = [put(path, n) for n in range(count)]
    with Index.create(path, token=OLD) as index:
        for number, step in enumerate(steps):
            index.commit(number, step)
        if close:
            index.close()
    return steps


def names(path: Path) -> list[str]:
    return sorted(item.name for item in (path.parent / "run").iterdir())


@pytest.mark.parametrize("close", [True, False])
@pytest.mark.parametrize(("time", "stay"), [(-1.0, 0), (0.0, 0), (1.0, 2), (1.2, 3), (9.0, 4)])
def test_steps_from_the_new_first_time_on_are_dropped_with_their_files(
    tmp_path: Path,
    time: float,
    stay: int,
    close: bool,  # noqa: FBT001  # pytest passes it by name
) -> None:
    path = tmp_path / "run.pvd"
    steps = series(path, 4, close=close)
    put(path, 4)  # published, then killed before it was listed
    stranger = tmp_path / "run" / "run_old_000003.vtr"
    stranger.write_bytes(b"not listed, not ours")
    for _ in range(2):  # the second time, as a task that runs twice
        found = continue_series(path, time, token=NEW)
        assert (found.number, found.file_number) == (stay, stay)
        found.index.release()
        assert entries(path) == steps[:stay]
        assert names(path) == sorted([f"run_{n:06d}.vtr" for n in range(stay)] + [stranger.name])
    assert found.dropped == 0


def test_the_number_of_dropped_steps_is_told(tmp_path: Path) -> None:
    series(tmp_path / "run.pvd", 7)
    found = continue_series(tmp_path / "run.pvd", 1.5, token=NEW)
    found.index.release()
    assert found.dropped == 4


def test_steps_that_a_power_cut_tore_are_left_out_and_named(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    steps = series(path, 6)
    folder = tmp_path / "run"
    last = folder / "run_000005.vtr"
    last.write_bytes(bytes(last.stat().st_size))
    (folder / "run_000004.vtr").write_bytes(b"")
    (folder / "run_000002.vtr").unlink()
    found = examine(path)
    assert found.steps == [steps[0], steps[1], steps[3]]
    assert len(found.lost) == 3
    assert "run_000005.vtr does not have its checksum" in found.lost[0]
    assert "run_000004.vtr has 0 bytes, not 104" in found.lost[1]
    assert "run_000002.vtr is missing" in found.lost[2]
    again = continue_series(path, 9.0, token=NEW)
    again.index.release()
    assert (again.number, again.file_number, again.dropped) == (3, 4, 0)
    assert names(path) == ["run_000000.vtr", "run_000001.vtr", "run_000003.vtr"]


def test_all_steps_of_the_last_minute_are_read_and_older_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.pvd"
    series(path, 5)
    for number, age in enumerate([500, 300, 50, 20, 0]):
        file = tmp_path / "run" / f"run_{number:06d}.vtr"
        os.utime(file, (1e9 - age, 1e9 - age))
    read: list[str] = []

    def spy(file: Path) -> tuple[int, int]:
        read.append(file.name)
        return checksum(file)

    monkeypatch.setattr(recover, "checksum", spy)
    assert len(examine(path).steps) == 5
    assert sorted(read) == ["run_000002.vtr", "run_000003.vtr", "run_000004.vtr"]


def test_a_torn_index_gives_what_is_legible_and_a_ruined_one_an_error(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    steps = series(path, 5)
    content = path.read_bytes()
    header = pvd.LogHeader.parse(content)
    assert header is not None
    torn = bytearray(content)
    at = header.position(2)
    torn[at + 20 : at + 60] = bytes(40)
    path.write_bytes(torn)
    with pytest.raises(FormatError, match="vtkseries repair"):
        entries(path)
    found = examine(path)
    assert found.steps == [steps[n] for n in (0, 1, 3, 4)]
    assert "torn" in found.lost[0]
    path.write_bytes(bytes(len(content)))
    with pytest.raises(FormatError, match=r"run\.pvd.*vtkseries repair"):
        examine(path)
    path.write_bytes(content[: header.position(3) + 40])
    assert examine(path).steps == steps[:3]


def test_a_new_series_replaces_the_old_one_and_nothing_that_is_not_its_own(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    series(path, 3, close=True)
    folder = tmp_path / "run"
    keep = ["notes.txt", "run_b_000001.vtr", "other_000001.vtr", "run_1.vtr"]
    for name in keep:
        (folder / name).write_bytes(b"a stranger's")
    start_series(path, token=NEW).release()
    assert entries(path) == []
    assert names(path) == sorted(keep)
    put(path, 0)
    start_series(path, token=NEW, files=["run/run_000000.vtr"]).release()
    assert "run_000000.vtr" not in names(path)
    with start_series(path, token=NEW) as index:
        index.commit(0, put(path, 0))
    start_series(path, token=NEW).release()
    assert "run_000000.vtr" in names(path)


def test_only_temporary_files_of_exactly_our_names_are_stale(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    series(path, 1)
    folder = tmp_path / "run"
    ours = [
        tmp_path / ".run.pvd.77.0123abcd.tmp",
        folder / ".run_000001.vtr.77.0123abcd.tmp",
        folder / ".run_wind_000001.vti.77.0123abcd.tmp",
        folder / ".run_000001_r3.vtr.77.0123abcd.tmp",
        folder / ".run_000001.vtr.blocks.77.0123abcd.tmp",
    ]
    strangers = [
        tmp_path / ".run.pvd.swp",
        tmp_path / ".run2.pvd.77.0123abcd.tmp",
        folder / ".run_000001.vtr.77.0123ABCD.tmp",
        folder / ".run_000001.vtr.0123abcd.tmp",
        folder / "run_000001.vtr.77.0123abcd.tmp",
        folder / ".run_1.vtr.77.0123abcd.tmp",
        folder / ".other_000001.vtr.77.0123abcd.tmp",
        folder / ".run_000001.txt.77.0123abcd.tmp",
    ]
    for file in ours + strangers:
        file.write_bytes(b"")
    assert sorted(stale_temporaries(path)) == sorted(ours)
    assert stale_temporaries(path, "77.0123abcd") == []
    continue_series(path, 5.0, token=NEW).index.release()
    assert [f.exists() for f in ours] == [False] * len(ours)
    assert all(f.exists() for f in strangers)


def test_a_file_of_another_tool_is_never_removed(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    files = ["../elsewhere.vtr", "sub/s_000001.vtr", "run/../run_000002.vtr", "run_000003.vtr"]
    (tmp_path / "run").mkdir()
    (tmp_path / "sub").mkdir()
    for name in files[1:]:
        (tmp_path / name).write_bytes(b"a")
    path.write_bytes(pvd.collection([[Entry(repr(float(n)), name)] for n, name in enumerate(files)]))
    found = continue_series(path, -1.0, token=NEW)
    found.index.release()
    assert found.number == 0
    assert all((tmp_path / name).exists() for name in files[1:])


def test_continuing_nothing_begins_a_series(tmp_path: Path) -> None:
    found = continue_series(tmp_path / "run.pvd", 0.0, token=NEW)
    found.index.release()
    assert (found.number, found.file_number, found.dropped) == (0, 0, 0)
    assert entries(tmp_path / "run.pvd") == []
