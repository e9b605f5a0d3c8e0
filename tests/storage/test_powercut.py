"""A power cut loses nothing that was durable, and never makes wrong data look right."""

from __future__ import annotations

import random
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from test_faults import Writer, content, read_listing
from tools.powercut import Disk, recorded

from vtkseries.errors import FormatError
from vtkseries.storage import stepfile
from vtkseries.storage.index import Index
from vtkseries.storage.recover import examine
from vtkseries.storage.stepfile import StepFile

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unchecked(reason="bytes under steps' names, no steps")


def cut_power(folder: Path, *, durable: bool, parts: int, cuts: int, seed: int) -> int:
    """Write five steps, with possible power cuts around every call; give the number of cuts that were looked at."""
    chance = random.Random(seed)  # noqa: S311  # a repeatable test
    run, after = folder / "run", folder / "after"
    run.mkdir()
    done: list[int] = []
    looked = 0

    def look(disk: Disk) -> None:
        nonlocal looked
        for _ in range(cuts):
            shutil.rmtree(after, ignore_errors=True)
            after.mkdir()
            disk.lay_out(after, chance)
            check(after / "run.pvd", done, durable=durable, parts=parts)
            looked += 1

    with recorded(run, look):
        writer = Writer(run / "run.pvd", "w", durable=durable, parts=parts)
        for time in range(5):
            writer.write(time, 0)
            done.append(time)
        writer.close()
    shutil.rmtree(run)
    return looked


def check(path: Path, done: list[int], *, durable: bool, parts: int) -> None:
    if not path.exists():
        assert not durable or not done, f"no index after {done}"
        return
    try:
        found = examine(path)
    except FormatError:
        assert not durable, f"an index that cannot be read after {done}"
        return
    times = [int(float(step[0].timestep)) for step in found.steps]
    for step in found.steps:
        for entry in step:
            expected = content(int(float(entry.timestep)), entry.part, 0)
            assert (path.parent / entry.file).read_bytes() == expected, f"{entry.file} is wrong and was taken for right"
    if durable:
        assert not found.lost, f"{found.lost} after {done}"
        assert times in (done, list(range(len(done) + 1))), f"{times} after {done}"
        assert len(read_listing(path)) == parts * len(times)


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("parts", [1, 3])
def test_a_power_cut_at_any_call_loses_nothing_durable_and_makes_nothing_wrong(
    tmp_path: Path,
    durable: bool,  # noqa: FBT001  # pytest passes it by name
    parts: int,
) -> None:
    looked = cut_power(tmp_path, durable=durable, parts=parts, cuts=3, seed=parts)
    sys.stdout.write(f"durable={durable}, {parts} parts: {looked} power cuts, 0 steps lost\n")
    assert looked > 50


@pytest.mark.long
@pytest.mark.parametrize("durable", [True, False])
def test_many_power_cuts(tmp_path: Path, durable: bool) -> None:  # noqa: FBT001  # pytest passes it by name
    looked = sum(cut_power(tmp_path, durable=durable, parts=1 + n % 3, cuts=10, seed=n) for n in range(10))
    sys.stdout.write(f"durable={durable}: {looked} power cuts, 0 steps lost\n")


MUTANTS = ["the step's file", "the directory", "the entry", "the commit"]


@pytest.mark.parametrize("forgotten", MUTANTS)
def test_forgetting_any_one_sync_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forgotten: str) -> None:
    if forgotten == "the step's file":
        publish = StepFile.publish

        def publish_unsynced(self: StepFile, *, durable: bool = False) -> None:
            publish(self, durable=False)
            if durable:
                stepfile.sync_directory(self.final.parent)

        monkeypatch.setattr(StepFile, "publish", publish_unsynced)
    elif forgotten == "the directory":
        monkeypatch.setattr(stepfile, "sync_directory", lambda _: None)
    else:
        sync, calls = Index._sync, [0]

        def every_other(self: Index) -> None:
            calls[0] += 1
            if calls[0] % 2 == (forgotten == "the entry"):
                return
            sync(self)

        monkeypatch.setattr(Index, "_sync", every_other)
    with pytest.raises(AssertionError):  # noqa: PT012  # one of many must show it
        for seed in range(40):
            folder = tmp_path / str(seed)
            folder.mkdir()
            cut_power(folder, durable=True, parts=6, cuts=6, seed=seed)
