"""Each of the design's five promises has a check that fails when the promise is broken on purpose.

The checks are cheap; those at length, with more ways to break them, are in tests/storage, tests/writer, tests/engine.
"""

from __future__ import annotations

import tracemalloc
import warnings
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from tools.promises import Promises, dataset, expect, killed_anywhere, solve

from vtkseries import FormatError, SeriesError, VtkSeriesWarning, backend, run, schedule
from vtkseries.blocks import BlockValues
from vtkseries.engine import gridfile
from vtkseries.plan import build
from vtkseries.plan.fielddata import step_fields, text_array
from vtkseries.plan.target import read_target
from vtkseries.storage import stepfile
from vtkseries.storage.index import Index
from vtkseries.storage.stepfile import StepFile
from vtkseries.xmlformat import pvd

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unchecked(reason="writers that break their promises leave what they should not")

PROMISES = Promises()


# DESIGN 1: killed anywhere, a series lists exactly the finished steps, all whole.


def list_first(patch: pytest.MonkeyPatch) -> None:
    waiting = list[StepFile]()
    publish, commit = StepFile.publish, Index.commit

    def later(self: StepFile, **options: Any) -> None:
        if self.final.suffix == ".pvd":
            publish(self, **options)
        else:
            waiting.append(self)

    def early(self: Index, *step: Any) -> None:
        commit(self, *step)
        while waiting:
            publish(waiting.pop())

    patch.setattr(StepFile, "publish", later)
    patch.setattr(Index, "commit", early)


def mark_first(patch: pytest.MonkeyPatch) -> None:
    def reordered(self: Index, mark: int, tail: bytes) -> None:
        stepfile.write_at(self._fd, mark, pvd.COMMITTED)
        stepfile.write_at(self._fd, mark + 1, tail[:40])
        stepfile.write_at(self._fd, mark + 41, tail[40:])

    patch.setattr(Index, "_append", reordered)


PROMISES.add("DESIGN 1: killed anywhere", killed_anywhere, list_first=list_first, mark_first=mark_first)

# DESIGN 2: memory is bounded by blocks.


def bounded_memory(folder: Path) -> None:
    values = da.random.default_rng(1).random((16, 16, 128, 128), chunks=(1, 2, 128, 128))
    ds = xr.Dataset({"p": (("time", "z", "y", "x"), values)})
    tracemalloc.start()
    try:
        ds.vtkseries.to_vtr(folder / "run.pvd")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < ds.nbytes / 2, f"{peak} bytes for a series of {ds.nbytes}"


def load_all(patch: pytest.MonkeyPatch) -> None:
    graph = schedule._graph
    patch.setattr(
        schedule, "_graph", lambda r, sources, *rest: graph(r, {k: v.load() for k, v in sources.items()}, *rest)
    )


PROMISES.add("DESIGN 2: memory is bounded", bounded_memory, load_all=load_all)

# DESIGN 3: the same bytes, whatever the chunks.


def same_bytes(folder: Path) -> None:
    seen = set()
    for name, chunks in {"memory": {}, "steps": {"time": 1}, "blocks": {"time": 2, "z": 1, "x": 2}}.items():
        for options in ({}, {"compression": "zlib"}):
            path = folder / f"{name}{len(options)}" / "run.pvd"
            dataset(**chunks).vtkseries.to_vtr(path, **options)
            files = [path, *sorted((path.parent / "run").iterdir())]
            seen.add((len(options), b"".join(file.read_bytes() for file in files)))
    assert len(seen) == 2


def stamp_files(patch: pytest.MonkeyPatch) -> None:
    def stamped(plan: Any, step: int, values: Any) -> Any:
        return (*step_fields(plan, step, values), text_array("written", stepfile.new_token()[-8:]))

    patch.setattr(run, "step_fields", stamped)


PROMISES.add("DESIGN 3: same input, same bytes", same_bytes, stamp_files=stamp_files)

# DESIGN 4: right, left out with a warning, or refused before any file exists.


def right_or_named(folder: Path) -> None:
    ds = dataset().transpose("x", "time", "y", "z").assign(label=("y", list("abcd")))
    ds["p"] = ds["p"].copy(data=ds["p"].values.copy())  # in that order in memory, too
    with pytest.raises(SeriesError, match="label"):
        ds.vtkseries.to_vtr(folder / "none" / "run.pvd", variables=["p", "label"])
    assert list(folder.iterdir()) == [], "a file exists"
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        ds.vtkseries.to_vtr(folder / "run.pvd")
    assert any(w.category is VtkSeriesWarning and "label" in str(w.message) for w in told), "label is left out unsaid"
    expect(folder / "run.pvd", 3, 3)


def reshape(patch: pytest.MonkeyPatch) -> None:
    fill = BlockValues.fill

    def by_position(self: BlockValues, buffer: np.ndarray, *rest: Any, **how: Any) -> None:
        fill(self, buffer, *rest, **how)
        view = self.parts[0][1]
        if view.size == buffer.size:
            buffer[...] = np.ravel(view, order="K").reshape(buffer.shape)

    patch.setattr(BlockValues, "fill", by_position)


def say_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("vtkseries.verbs.warnings.warn", lambda *_, **__: None)


def folder_first(patch: pytest.MonkeyPatch) -> None:
    def made(*asked: Any, **options: Any) -> Any:
        found = read_target(*asked, **options)
        found.parent.mkdir(parents=True, exist_ok=True)
        return found

    patch.setattr(build, "read_target", made)


PROMISES.add(
    "DESIGN 4: right, or named", right_or_named, reshape=reshape, say_nothing=say_nothing, folder_first=folder_first
)

# DESIGN 5: what is read is checked first.


def checked_first(folder: Path) -> None:
    solve(folder / "run.pvd", range(1))
    file = folder / "run" / "run_000000.vtr"
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(FormatError, match="run_000000"):
        xr.open_dataset(file, engine="vtkseries")


def trust(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gridfile, "_appended_end", lambda file, _: file.size + 1000)
    patch.setattr(backend, "check_arrays", lambda _: None, raising=False)


PROMISES.add("DESIGN 5: what is read is checked first", checked_first, trust=trust)


@pytest.mark.parametrize("name", PROMISES.rows)
def test_a_promise_is_kept(tmp_path: Path, name: str) -> None:
    PROMISES.check(name, tmp_path)


@pytest.mark.parametrize(("name", "how"), PROMISES.broken)
def test_a_promise_that_is_broken_on_purpose_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, how: str
) -> None:
    PROMISES.notice(name, how, tmp_path, monkeypatch)


def test_no_promise_is_left_out() -> None:
    assert PROMISES.numbers == [f"DESIGN {n}" for n in range(1, 6)]
