"""Whatever call of a three-step run fails, and wherever it is killed: VTK and ParaView read each finished step.

Every way to write a series is tried: SeriesWriter's and ``to_vtr``'s, fresh, in place of an older series, and in
continuation of one. What a fault leaves is read by VTK and by ParaView, all values; then ``mode="a"`` goes on with it.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

import dask
import numpy as np
import pytest
import xarray as xr
from tools.faults import ERRORS, KILLS, Killed, faults
from tools.reopen import Listing, in_paraview, in_vtk, sum_of_arrays
from tools.solver import Solver

from vtkseries import SeriesWriter, VtkSeriesWarning
from vtkseries.storage.index import Index

pytestmark = pytest.mark.unchecked(
    reason="half of a piece's siblings may be gone; VTK and ParaView read what is listed"
)

SOLVER = Solver()
KINDS = [*KILLS, *ERRORS, "short ENOSPC"]

Told = Callable[[], None]
Write = Callable[[Path, list[int], int, str, bool, Told], None]


def pressure(step: int, generation: int) -> Any:
    return SOLVER.pressure(step) + np.float32(10_000 * generation)


def solver_data(step: int, generation: int) -> dict[str, Any]:
    return {"p": pressure(step, generation), "u": SOLVER.velocity(step + 50 * generation)}


def particles(step: int, generation: int) -> Any:
    return np.arange(7.0) + 10 * step + 1000 * generation


def dataset(steps: list[int], generation: int) -> xr.Dataset:
    dims = ("time", "z", "y", "x")
    fields = {
        "p": (dims, np.stack([pressure(step, generation) for step in steps])),
        "q": (dims, np.stack([SOLVER.velocity(step + 50 * generation)[0] for step in steps])),
        "mean": ("time", np.array([float(step) for step in steps])),
    }
    axes = {"x": SOLVER.x, "y": SOLVER.y, "z": SOLVER.z, "time": np.array(steps) / 4}
    return xr.Dataset(fields, axes)


def by_arrays(**options: Any) -> Write:
    def write(path: Path, steps: list[int], generation: int, mode: str, durable: bool, told: Told) -> None:  # noqa: FBT001  # the signature of all ways
        with SeriesWriter(path, *SOLVER.axes, mode=mode, durable=durable, **options) as series:
            for step in steps:
                series.write(step / 4, solver_data(step, generation), SOLVER.cell_data(step))
                told()

    return write


def by_arrays_and_particles(
    path: Path,
    steps: list[int],
    generation: int,
    mode: str,
    durable: bool,  # noqa: FBT001  # the signature of all ways
    told: Told,
) -> None:
    with SeriesWriter(path, *SOLVER.axes, mode=mode, durable=durable) as series:
        for step in steps:
            age = particles(step, generation)
            series.write(step / 4, {"p": pressure(step, generation)}, points=(age, age, age), points_data={"age": age})
            told()


def ground(generation: int) -> Any:
    return SOLVER.pressure(0)[0] / 8 + generation


def ground_that_rises(step: int, generation: int) -> Any:
    return ground(generation) + np.float32(step // 3)


def by_datasets(*, dim: bool = False, still: Callable[[int, int], Any] | None = None, **options: Any) -> Write:
    def write(path: Path, steps: list[int], generation: int, mode: str, durable: bool, told: Told) -> None:  # noqa: FBT001  # the signature of all ways
        with SeriesWriter(path, mode=mode, durable=durable, **options) as series:
            for step in steps:
                ds = dataset([step], generation)
                if still is not None:
                    ds["ground"] = ("y", "x"), still(step, generation)
                series.write(ds if dim else ds.isel(time=0))
                told()

    return write


def at_once(
    *, chunked: bool, scheduler: str = "sync", still: Callable[[int], Any] | None = None, **options: Any
) -> Write:
    def write(path: Path, steps: list[int], generation: int, mode: str, durable: bool, told: Told) -> None:  # noqa: FBT001  # the signature of all ways
        ds = dataset(steps, generation)
        if still is not None:
            ds["ground"] = ("y", "x"), still(generation)
        if chunked:
            ds = ds.chunk({"time": 1, "z": 2})
        commit = Index.commit

        def committed(self: Index, *arguments: Any) -> None:
            commit(self, *arguments)
            told()

        with pytest.MonkeyPatch.context() as patch, dask.config.set(scheduler=scheduler, num_workers=2):
            patch.setattr(Index, "commit", committed)
            ds.vtkseries.to_vtr(path, mode=mode, durable=durable, **options)

    return write


def sums_of_arrays(step: int, generation: int) -> list[int]:
    u = np.stack(SOLVER.velocity(step + 50 * generation), -1)
    return [sum_of_arrays({"p": pressure(step, generation), "u": u, "flux": SOLVER.flux(step)})]


def sums_with_particles(step: int, generation: int) -> list[int]:
    return [sum_of_arrays({"p": pressure(step, generation)}), sum_of_arrays({"age": particles(step, generation)})]


def sums_of_datasets(step: int, generation: int) -> list[int]:
    q = SOLVER.velocity(step + 50 * generation)[0]
    return [sum_of_arrays({"p": pressure(step, generation), "q": q})]


def sums_with(still: Callable[[int], Any]) -> Callable[[int, int], list[int]]:
    def sums(step: int, generation: int) -> list[int]:
        return [*sums_of_datasets(step, generation), sum_of_arrays({"ground": still(generation)[np.newaxis]})]

    return sums


def sums_with_rising_ground(step: int, generation: int) -> list[int]:
    return sums_with(lambda _: ground_that_rises(step, generation))(step, generation)


def same(_: int) -> Any:
    return ground(0)


WAYS: dict[str, tuple[Write, Callable[[int, int], list[int]]]] = {
    "SeriesWriter": (by_arrays(), sums_of_arrays),
    "SeriesWriter, lz4": (by_arrays(compression="lz4"), sums_of_arrays),
    "SeriesWriter, particles too": (by_arrays_and_particles, sums_with_particles),
    "SeriesWriter, Datasets": (by_datasets(), sums_of_datasets),
    "SeriesWriter, Datasets, a part without time that changes": (
        by_datasets(dim=True, still=ground_that_rises),
        sums_with_rising_ground,
    ),
    "SeriesWriter, Datasets, lz4, a part that stays": (
        by_datasets(still=lambda _, __: ground(0), compression="lz4"),
        sums_with(same),
    ),
    "to_vtr": (at_once(chunked=False), sums_of_datasets),
    "to_vtr, zlib": (at_once(chunked=False, compression="zlib"), sums_of_datasets),
    "to_vtr, dask": (at_once(chunked=True), sums_of_datasets),
    "to_vtr, dask, zlib": (at_once(chunked=True, compression="zlib"), sums_of_datasets),
    "to_vtr, pieces": (at_once(chunked=False, pieces={"z": 2}), sums_of_datasets),
    "to_vtr, a part without time": (at_once(chunked=False, still=ground), sums_with(ground)),
    "to_vtr, a part without time, the same in all runs": (at_once(chunked=False, still=same), sums_with(same)),
    "to_vtr, dask, zlib, a part without time": (
        at_once(chunked=True, still=same, compression="zlib"),
        sums_with(same),
    ),
    "to_vtr, pieces, a part without time": (at_once(chunked=False, still=ground, pieces={"x": 3}), sums_with(ground)),
}
BEGINS = ("fresh", "replace", "continue")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def listed(path: Path) -> list[tuple[float, str]]:
    """List a collection with a bare expat, which knows nothing of logs."""
    found: list[tuple[float, str]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "DataSet":
            found.append((float(attributes["timestep"]), attributes["file"]))

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.Parse(path.read_bytes(), True)
    return found


@dataclass
class Case:
    """Three steps, written in one way, with what may be seen at any time."""

    folder: Path
    way: str
    begin: str
    durable: bool
    done: list[int] = field(default_factory=list)
    states: dict[bytes, tuple[Path, Listing]] = field(default_factory=dict)
    tried: int = 0

    def __post_init__(self) -> None:
        self.series = self.folder / "series"
        self.path = self.series / "run.pvd"
        self.kept = self.folder / "kept"
        self.kept.mkdir(parents=True)
        self.series.mkdir()
        self.times = [2, 3, 4] if self.begin == "continue" else [0, 1, 2]
        self.mode = "a" if self.begin == "continue" else "w"
        if self.begin != "fresh":
            self.write(list(range(5)), 0, "w")
        self.before = tree(self.series)
        self.write(self.times, 1, self.mode)
        self.final = tree(self.series)
        self.whole = in_vtk(self.path)
        self.reset()

    def write(self, steps: list[int], generation: int, mode: str) -> None:
        self.done = []
        rest = iter(steps)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VtkSeriesWarning)  # that steps are dropped
            WAYS[self.way][0](self.path, steps, generation, mode, self.durable, lambda: self.done.append(next(rest)))

    def reset(self) -> None:
        shutil.rmtree(self.series)
        self.series.mkdir()
        for name, data in self.before.items():
            (self.series / name).parent.mkdir(exist_ok=True)
            (self.series / name).write_bytes(data)

    def strike(self, kind: str, at: int, *, all_states: bool) -> bool:
        """Run with one fault and look at what it leaves; False when there are not so many calls."""
        self.reset()
        with faults(kind, at) as calls, contextlib.suppress(Killed, OSError):
            self.write(self.times, 1, self.mode)
        calls.release()
        if not calls.hit:
            return False
        self.tried += 1
        where = f"{self.way}, {self.begin}, durable={self.durable}, {kind} at call {at} ({calls.hit}) after {self.done}"
        self.look(where, all_states=all_states)
        rest = self.times[len(self.done) :] or self.times[-1:]
        self.write(rest, 1, "a")
        left = tree(self.series)
        assert left.keys() == self.final.keys(), where
        if left != self.final:  # a Dataset of fewer steps has another header
            assert in_vtk(self.path) == self.whole, where
        return True

    def allowed(self) -> Iterator[Listing]:
        """Give what readers may see now: the finished steps, and perhaps the one that was under way."""
        sums = WAYS[self.way][1]
        old = [(t / 4, sums(t, 0)) for t in range(5 if self.begin != "fresh" else 0)]
        new = old[:2] if self.begin == "continue" else []
        new += [(t / 4, sums(t, 1)) for t in self.done]
        yield new
        yield new + [(t / 4, sums(t, 1)) for t in self.times[len(self.done) :][:1]]
        if not self.done:
            yield old

    def look(self, where: str, *, all_states: bool) -> None:
        """Read what is there with VTK, and keep it for ParaView; what was seen before, token aside, once."""
        if not self.path.exists():
            assert not self.done, where
            assert not self.before, where
            return
        names = ["run.pvd", *(file for _, file in listed(self.path))]
        there = tree(self.series)
        state = b"".join(re.sub(rb" run=\S+", b"", there.get(name, b"missing")) for name in names)
        if state in self.states and not all_states:
            return
        seen = in_vtk(self.path)
        assert seen in list(self.allowed()), f"{where}: {seen}"
        folder = self.kept / f"{len(list(self.kept.iterdir()))}"
        shutil.copytree(self.series, folder, ignore=shutil.ignore_patterns(".*"))
        self.states[state if not all_states else folder.name.encode()] = (folder / "run.pvd", seen)


def strike_all(case: Case, stride: int, phase: int, *, all_states: bool = False) -> None:
    for kind in KINDS:
        at = phase
        while case.strike(kind, at, all_states=all_states):
            at += stride
        phase = (phase + 1) % stride
    assert case.tried > 5


def reopen(cases: list[Case]) -> int:
    """Have ParaView read what the faults left, and give how many collections those are."""
    states = [state for case in cases for state in case.states.values()]
    for first in range(0, len(states), 2000):
        some = states[first : first + 2000]
        for (path, expected), seen in zip(some, in_paraview([path for path, _ in some]), strict=True):
            assert seen == expected, path
    return len(states)


def report(cases: list[Case], states: int) -> None:
    tried = sum(case.tried for case in cases)
    sys.stdout.write(f"{tried} faults tried; {states} states read by VTK and ParaView; 0 steps lost\n")


@pytest.mark.paraview
def test_vtk_and_paraview_read_each_finished_step_after_a_share_of_all_faults(tmp_path: Path) -> None:
    cases: list[Case] = []
    for number, way in enumerate(WAYS):
        for begin in BEGINS:
            case = Case(tmp_path / f"{number}{begin}", way, begin, durable=True)
            strike_all(case, 61, 17 * len(cases) % 61)
            cases.append(case)
    states = reopen(cases)
    assert states > 2 * len(cases)
    report(cases, states)


@pytest.mark.long
@pytest.mark.paraview
@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("begin", BEGINS)
@pytest.mark.parametrize("way", WAYS)
def test_vtk_and_paraview_read_each_finished_step_after_every_fault(
    tmp_path: Path,
    way: str,
    begin: str,
    durable: bool,  # noqa: FBT001  # pytest passes it by name
) -> None:
    case = Case(tmp_path / "case", way, begin, durable=durable)
    strike_all(case, 1, 0, all_states=way == "SeriesWriter" and durable)
    report([case], reopen([case]))


@pytest.mark.paraview
def test_the_readers_notice_a_step_that_is_listed_before_it_is_there(tmp_path: Path) -> None:
    case = Case(tmp_path / "case", "SeriesWriter", "fresh", durable=False)
    case.write([0], 1, "w")
    (case.series / "run" / "run_000000.vtr").unlink()
    with pytest.raises(AssertionError, match=r"VTK|run_000000\.vtr"):
        case.look("", all_states=True)
    try:
        (seen,) = in_paraview([case.path])
    except AssertionError as error:
        assert "ParaView on" in str(error)  # noqa: PT017  # one of the two must show it
    else:
        assert seen != case.whole
