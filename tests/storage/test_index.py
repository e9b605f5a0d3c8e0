"""The index is well-formed at every instant, and lists a step all at once."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from vtkseries.errors import FormatError, SeriesError
from vtkseries.storage.index import Entry, Index, entries
from vtkseries.xmlformat import pvd

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Buffer

pytestmark = pytest.mark.unchecked(reason="an index alone: its steps have no files")
TOKEN = "812.0badcafe"  # noqa: S105  # a run's name, no secret
OTHER = "813.0badcafe"


def step(number: int, parts: int = 1, name: str = "run") -> list[Entry]:
    return [
        Entry(
            repr(0.1 * number), f"{name}/{name}_{p}_{number:06d}.vtr", p, f'part "{p}" ?>', 1000 + number, 77 * number
        )
        for p in range(parts)
    ]


def listed(path: Path) -> list[tuple[str, str, int, str]]:
    """Read with a parser that is not ours."""
    root = ET.parse(path).getroot()  # noqa: S314  # our own file
    assert root.attrib["type"] == "Collection"
    return [
        (e.attrib["timestep"], e.attrib["file"], int(e.attrib["part"]), e.attrib.get("name", ""))
        for e in root.iter("DataSet")
    ]


def plain(steps: list[list[Entry]]) -> list[tuple[str, str, int, str]]:
    return [(e.timestep, e.file, e.part, e.name) for group in steps for e in group]


@pytest.mark.parametrize("parts", [1, 2, 5, 12])
def test_every_state_between_two_bytes_of_an_append_lists_whole_steps_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: int
) -> None:
    path = tmp_path / "run.pvd"
    index = Index.create(path, token=TOKEN, room=4)
    done: list[list[Entry]] = []
    writes = seen = 0
    real = os.pwrite

    def one_byte(fd: int, data: Buffer, position: int) -> int:
        nonlocal writes, seen
        written = real(fd, memoryview(data)[:1], position)
        writes += 1
        if done and (writes % parts == 0 or len(data) == 1):  # type: ignore[arg-type]  # a memoryview
            steps = listed(path)
            assert steps in (plain(done[:-1]), plain(done))
            seen += 1
        return written

    monkeypatch.setattr(os, "pwrite", one_byte)
    for number in range(3):
        done.append(step(number, parts))
        index.commit(number, done[-1])
        assert listed(path) == plain(done)
        assert entries(path) == done
    assert seen > 200
    index.release()


def test_a_log_grows_past_its_room_and_past_its_slots_and_closes_to_a_plain_collection(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    steps = [step(n, 1 + (n == 150) * 40, "é" * (1 + n // 50)) for n in range(200)]
    with Index.create(path, token=TOKEN, room=3) as index:
        for number, group in enumerate(steps):
            index.commit(number, group)
            assert index.count == number + 1
        assert index.steps() == steps
        assert b"<?s ?" in path.read_bytes()
        index.close()
    assert path.read_bytes() == pvd.collection(steps)
    assert entries(path) == steps
    assert listed(path) == plain(steps)
    assert [p.name for p in tmp_path.iterdir()] == ["run.pvd"]


def test_slots_lie_within_the_sectors_of_a_disk() -> None:
    for longest in (10, 200, 400, 600, 5000):
        for kept in (0, 1, 7, 1000):
            header, content = pvd.log(TOKEN, [pvd.record(step(n)) for n in range(kept)], room=9, longest=longest)
            assert header.at % pvd.SECTOR == 0
            assert pvd.SECTOR % header.slot == 0 or header.slot % pvd.SECTOR == 0
            assert header.slot >= longest
            assert pvd.LogHeader.parse(content[: pvd.SECTOR]) == header
            assert [content[header.position(kept + n) :][:6] for n in range(9)] == [b"<?s ?_"] * 9


def test_attaching_creating_committing_and_closing_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    first = Index.create(path, token=TOKEN, durable=True)
    first.commit(0, step(0, 2))
    again = Index.create(path, token=TOKEN, durable=True)
    before = path.read_bytes()
    again.commit(0, step(0, 2))
    assert path.read_bytes() == before
    again.commit(1, step(1, 2))
    assert first.count == 2
    with Index.attach(path, TOKEN) as other:
        other.commit(1, step(1, 2))
        other.close()
    first.commit(1, step(1, 2))
    first.close()
    again.close()
    assert path.read_bytes() == pvd.collection([step(0, 2), step(1, 2)])
    with Index.attach(path, TOKEN) as closed:
        closed.commit(0, step(0, 2))
        assert closed.count == 2
        with pytest.raises(SeriesError, match="closed with 2 steps"):
            closed.commit(2, step(2))
        with pytest.raises(SeriesError, match="another step 1"):
            closed.commit(1, step(7))


def test_an_index_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    with pytest.raises(FileNotFoundError):
        Index.attach(path, TOKEN)
    mine = Index.create(path, token=TOKEN)
    with pytest.raises(SeriesError, match=r"another run, 812\.0badcafe"):
        Index.attach(path, OTHER)
    Index.create(path, token=OTHER).release()
    with pytest.raises(SeriesError, match="another run"):
        mine.commit(0, step(0))
    assert entries(path) == []
    mine.release()


def test_a_step_cannot_come_before_its_predecessor(tmp_path: Path) -> None:
    with Index.create(tmp_path / "run.pvd", token=TOKEN, room=2) as index:
        for ahead in (1, 2, 3, 50):
            with pytest.raises(SeriesError, match=f"step {ahead} comes before step {ahead - 1}"):
                index.commit(ahead, step(ahead))
        index.commit(0, step(0))
        assert index.count == 1


def test_after_a_failed_append_the_index_refuses_until_it_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.pvd"
    index = Index.create(path, token=TOKEN, durable=True)
    index.commit(0, step(0))

    def broken(_: int) -> None:
        raise OSError(5, "broken disk")

    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(OSError, match="broken disk"):
        index.commit(1, step(1))
    monkeypatch.undo()
    with pytest.raises(SeriesError, match=r"failed before.*broken disk.*mode='a'"):
        index.commit(1, step(1))
    index.close()
    assert entries(path) == [step(0)]
    with Index.attach(path, TOKEN, durable=True) as fresh:
        fresh.commit(1, step(1))
    assert entries(path) == [step(0), step(1)]


def test_steps_that_stay_come_first_and_are_read_back_with_their_checks(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    kept = [step(n, 3) for n in range(5)]
    with Index.create(path, token=TOKEN, kept=kept, longest=step(10**6, 3)) as index:
        assert index.count == 5
        index.commit(4, step(4, 3))
        index.commit(5, step(5, 3))
    assert entries(path) == [*kept, step(5, 3)]


def _commit_all(path: Path, count: int) -> None:
    for number in range(count):
        with Index.attach(path, TOKEN) as index:
            if index.count >= number:
                index.commit(number, step(number, 2))


def test_two_processes_that_run_the_same_commits_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.pvd"
    Index.create(path, token=TOKEN, room=2).release()
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_commit_all, args=(path, 400)) for _ in range(3)]
    for worker in workers:
        worker.start()
    while any(w.is_alive() for w in workers):
        seen = listed(path)
        assert seen == plain([step(round(10 * float(time)), 2) for time in dict.fromkeys(t for t, *_ in seen)])
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert entries(path) == [step(n, 2) for n in range(400)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no element found"),
        (b"<VTKFile type='Collection'><Collection>", "not well-formed"),
        (b"<VTKFile type='RectilinearGrid'/>", "not a collection"),
        (b"<a/>", "<a> of type None is not a coll"),
        (b"<!DOCTYPE a><VTKFile type='Collection'/>", "DTD"),
        (b"<VTKFile type='Collection'><Collection><DataSet timestep='1'/></Collection></VTKFile>", "'file'"),
        (b"<VTKFile type='Collection'><Collection><DataSet part='x'/></Collection></VTKFile>", "'x'"),
    ],
)
def test_what_is_no_collection_is_refused_with_the_file_and_the_remedy(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "run.pvd"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=rf"run\.pvd.*{reason}.*vtkseries repair"):
        entries(path)


def test_a_step_of_many_parts_of_which_a_power_cut_kept_any_sectors_leaves_an_index_that_opens(tmp_path: Path) -> None:
    """Of a default run: nothing is synced, so that any of a step's sectors may be there, and any may be missing."""
    path = tmp_path / "run.pvd"

    with Index.create(path, token=TOKEN, longest=step(0, 14)) as index:
        index.commit(0, step(0, 14))
        before = path.read_bytes()
        index.commit(1, step(1, 14))
        after = path.read_bytes()
    changed = [at for at in range(0, len(after), 512) if after[at : at + 512] != before[at : at + 512]]
    assert len(changed) > 3
    unseen = partial = 0
    for choice in itertools.product([False, True], repeat=len(changed)):
        content = bytearray(before)
        for at, there in zip(changed, choice, strict=True):
            content[at : at + 512] = after[at : at + 512] if there else before[at : at + 512]
        steps = pvd.parse(bytes(content))
        assert steps[0] == step(0, 14)
        assert [entry for late in steps[1:] for entry in late if entry not in step(1, 14)] == []
        if all(choice):
            assert steps[1] == step(1, 14)
            assert pvd.incomplete(bytes(content)) == {}
        elif choice[0]:
            partial += 1
            assert list(pvd.incomplete(bytes(content))) == ["0.1"]
        else:
            unseen += 1
            assert len(steps) == 1
    assert unseen == 2 ** (len(changed) - 1)
    assert partial == unseen - 1
