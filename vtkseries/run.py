"""One run of a plan: what was there before, and the commit of a step.

Everything here may be done twice, even at the same time in two processes, as a cluster does when it loses a worker.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
import warnings
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vtkseries.beside import is_beside
from vtkseries.errors import SeriesError, VtkSeriesWarning
from vtkseries.hidden import discard_hidden
from vtkseries.plan.fielddata import step_fields
from vtkseries.plan.model import PartPlan, SeriesPlan, WholePlan
from vtkseries.standing import entries, pieces_of, same_values, standing_before, together
from vtkseries.storage.index import Entry, Index
from vtkseries.storage.lock import Lock
from vtkseries.storage.recover import examine, file_number, next_file_number, stale_temporaries
from vtkseries.storage.stepfile import StepFile, new_token, sync_directory, write_whole
from vtkseries.streams import StreamSource
from vtkseries.wholefile import complete, write_compressed
from vtkseries.xmlformat.layout import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    Streams = Callable[[PartPlan], AbstractContextManager[StreamSource]]

_PAUSES, _PAUSE = 30, 0.1

__all__ = ["Run", "begin", "commit", "discard", "finish", "late", "open_block", "start"]


@dataclass(frozen=True)
class Run:
    """A plan under way.

    Attributes
    ----------
    plan : SeriesPlan
    token : str
        Names its temporary files and its log.
    old : mapping of name to (inode, mtime in ns)
        Files of the series as it was, which go once the new index is in place.
    kept : tuple
        Steps of the series so far that stay.
    before : (inode, mtime in ns)
        Identifies the index of the series as it was.
    locked : bool
        Whether the caller holds the lock on the series until the end.
    """

    plan: SeriesPlan
    token: str
    old: Mapping[str, tuple[int, int]]
    kept: tuple[tuple[Entry, ...], ...] = ()
    before: tuple[int, int] = (0, 0)
    locked: bool = True

    @property
    def first(self) -> int:
        """The number of the first step in the index, which lists no steps that were lost."""
        return len(self.kept)

    def file(self, part: PartPlan, step: int) -> StepFile:
        """Give the file of one step of one part."""
        return StepFile(self.plan.file(part, step), self.token)


def start(plan: SeriesPlan, *, locked: bool = True) -> Run:
    """Look at what is there; nothing is written yet."""
    kept: tuple[tuple[Entry, ...], ...] = ()
    if plan.mode == "a" and plan.path.exists():
        kept = _kept(plan)
        plan = replace(plan, first=next_file_number(kept))
    plan = plan if kept else plan.from_start()
    return Run(plan, new_token(), _survey(plan), kept, _identity(plan.path), locked)


def _kept(plan: SeriesPlan) -> tuple[tuple[Entry, ...], ...]:
    """Give the steps before the first new one; those from there on are dropped, as a restart from there means it."""
    found = examine(plan.path)
    kept = tuple(tuple(step) for step in found.until(plan.times.values[0]))
    notices = [f"left out, {reason}" for reason in found.lost]
    dropped = len(found.steps) - len(kept)
    if dropped:
        what = f"{dropped} {'step' if dropped == 1 else 'steps'} from {found.steps[len(kept)][0].timestep} on"
        notices.append(f"{what} dropped, since the new ones begin at {plan.times.values[0]!r}")
    for notice in notices:
        warnings.warn(f"{str(plan.path)!r}: {notice}", VtkSeriesWarning, stacklevel=5)
    return kept


def _survey(plan: SeriesPlan) -> dict[str, tuple[int, int]]:
    """Identify the files that have names of this series."""
    folder = plan.folder
    if not folder.exists():
        return {}
    pattern = r"(_[\w.+-]+)?_\d{6,}\.p?vt[irspu]"
    own = re.compile(re.escape(plan.path.name) if plan.single else re.escape(plan.path.stem) + pattern)
    with os.scandir(folder) as items:
        names = [item.name for item in items if own.fullmatch(item.name) or is_beside(item.name, plan.path.stem)]
    return {name: _identity(folder / name) for name in names}


def _identity(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (status.st_ino, status.st_mtime_ns)


def begin(run: Run) -> Index | None:
    """Open the run's log; the first call puts it in place of the old one, and then removes the old series' files."""
    if run.plan.single:
        return None
    lock = None if run.locked else Lock(run.plan.path)
    pauses = _PAUSES
    while True:
        mine = _attach(run.plan.path, run.token, run.before, durable=run.plan.durable)
        if mine is not None:
            return mine
        try:
            if lock is not None:
                lock.acquire()
        except SeriesError:
            # Another writer has the series, or a second try at this task is about to do the same as this one.
            if not pauses:
                raise
            pauses -= 1
            time.sleep(_PAUSE)
            continue
        try:
            return _replace_alone(run)
        finally:
            if lock is not None:
                lock.release()


def _replace_alone(run: Run) -> Index:
    """Put the run's log in place, once, though two tries at the first commit may be here at the same time."""
    plan = run.plan
    gate = StepFile(plan.path, run.token)
    with gate.alone(make=True):
        try:
            # Looked at again: whoever was here before has put it in place, and may have finished the series since.
            return _attach(plan.path, run.token, run.before, durable=plan.durable) or _replace_index(run)
        finally:
            gate.discard()


def _replace_index(run: Run) -> Index:
    plan = run.plan
    if plan.mode == "x" and plan.path.exists():
        message = f"{str(plan.path)!r} appeared meanwhile and mode='x' does not replace it; take another path"
        raise SeriesError(message)
    longest = entries(plan, plan.steps - 1, (), lambda _: True, written=False)
    index = Index.create(
        plan.path, token=run.token, room=plan.steps, longest=longest, kept=run.kept, durable=plan.durable
    )
    _remove_old(run)
    for leftover in stale_temporaries(plan.path, run.token):
        with contextlib.suppress(OSError):  # litter, which the next run removes
            leftover.unlink()
    return index


def _remove_old(run: Run) -> None:
    keep = _kept_names(run)
    for name, identity in run.old.items():
        path = run.plan.folder / name
        if name not in keep and _identity(path) == identity:
            path.unlink(missing_ok=True)


def _attach(path: Path, token: str, before: tuple[int, int], *, durable: bool = False) -> Index | None:
    """Open the run's log; None while the index in place is still the one from before."""
    if _identity(path) == before:
        return None
    with contextlib.suppress(FileNotFoundError):
        return Index.attach(path, token, durable=durable)
    return None


def _kept_names(run: Run) -> set[str]:
    """Give the files of the steps that stay, those of their pieces included."""
    names = {Path(entry.file).name for step in run.kept for entry in step}
    # A name tells a content: which of them the steps that stay need is theirs to say, and costs nothing to keep.
    names |= {name for name in run.old if run.kept and is_beside(name, run.plan.path.stem)}
    names |= {item.name for item in run.plan.beside}
    steps = {name.rpartition("_")[2].removesuffix(".pvtr") for name in names if name.endswith(".pvtr")}
    return names | {name for name in run.old if name.rpartition("_")[2].removesuffix(".vtr") in steps}


def open_block(
    run_file: StepFile,
    final: Path,
    log: Path,
    before: tuple[int, int],
    number: int,
    *,
    locked: bool,
    again: bool = False,
) -> int | None:
    """Open a step's temporary file for a block; None when nothing is to be done, the step or the run having ended.

    Parameters
    ----------
    run_file : StepFile
    final : Path
        The name that the step gets.
    log : Path
        The ``.pvd``, or the single file.
    before : (inode, mtime in ns)
        Identifies what was there before the run.
    number : int
        Of the step in the series.
    locked : bool
        The run ends when its lock goes.
    again : bool
        The step may be there without its file getting the name, since an older file has the same values.
    """
    fd = run_file.open_for_blocks()
    if os.fstat(fd).st_size:
        return fd
    # An empty file is a new one. Asked only now that it is there: one made after the step's commit, or after another
    # task's error ended the run, is a late try's, and goes again.
    over = locked and not Lock(log).path.exists()
    if over or ((again or final.exists()) and _committed(log, run_file.token, before, number)):
        os.close(fd)
        run_file.discard()
        return None
    return fd


def late(run: Run, part: PartPlan, step: int) -> bool:
    """Say whether a file that was just made is a late try's: its step is listed, or the run has ended."""
    log, final = run.plan.path, run.plan.file(part, step)
    over = run.locked and not Lock(log).path.exists()
    return over or (final.exists() and _committed(log, run.token, run.before, run.first + step))


def _committed(log: Path, token: str, before: tuple[int, int], number: int) -> bool:
    if log.suffix != ".pvd":
        return _identity(log) not in {(0, 0), before}
    index = _attach(log, token, before)
    if index is None:
        return False
    with index:
        return index.holds(number)


def commit(
    run: Run,
    index: Index | None,
    step: int,
    values: Mapping[str, np.ndarray],
    streams: Streams | None = None,
    owners: Iterable[str] = (),
) -> None:
    """Complete the files of one step, give them their final names and list them.

    Parameters
    ----------
    run : Run
    index : Index or None
        The open log.
    step : int
        Of the plan.
    values : mapping of source to array
        By source, the values of variables without a spatial axis, for the files that begin at the step.
    streams : callable, optional
        With compression: gives a context whose value is the source of a part's streams.
    owners : iterable of str
        Of the hidden files that go when the step is listed (see :mod:`vtkseries.hidden`).
    """
    plan = run.plan
    number = run.first + step
    begin = [item for item in plan.items if plan.clock(item).between(step, step + 1)]
    parts = [part for item in begin for part in pieces_of(item)]
    if index is not None and index.holds(number):
        for part in parts:
            discard_hidden(run.file(part, step), owners)
        return
    for item in begin:
        clock = plan.clock(item)
        fields = step_fields(clock, clock.at(step), values)
        documents = [replace(part.document, field_data=fields) for part in pieces_of(item)]
        try:
            _put(run, item, step, documents, streams)
        except FileNotFoundError:
            # A second try at this task was faster: it takes away what it did not need once the step is listed.
            if index is None or not index.holds(number):
                raise
    if index is not None:
        index.commit(number, entries(plan, step, run.kept, partial(_published, run)))
    for part in parts:
        if plan.compression is not None or part.clock is not None:  # the latter has the values of the one that stands
            discard_hidden(run.file(part, step), owners)


def _put(
    run: Run, item: PartPlan | WholePlan, step: int, documents: Sequence[Document], streams: Streams | None
) -> None:
    """Complete the files of a part and give them their names, but for one that stands already with the same values."""
    plan, parts = run.plan, pieces_of(item)
    before = standing_before(run.kept, item) if not plan.clock(item).dated else None
    if before is not None:
        number = file_number(before.file)
        olds = [plan.path.parent / plan.named(part, number) for part in parts]
        if all(_same(run, *each, step, streams) for each in zip(parts, olds, documents, strict=True)):
            return
    for part, document in zip(parts, documents, strict=True):
        _publish(run, part, step, document, streams)
    if isinstance(item, WholePlan):
        write_whole(plan.file(item, step), together(plan, item, step), new_token(), durable=plan.durable)


def _same(run: Run, part: PartPlan, old: Path, document: Document, step: int, streams: Streams | None) -> bool:
    """Complete a file, and tell whether it has the values of an older one."""
    file = run.file(part, step)
    with contextlib.suppress(FileNotFoundError), file.alone(make=streams is not None) as fd:
        if not _published(run, file.final):
            _complete(run, part, step, document, streams, fd)
            return same_values(file.temporary, part.room, old)
    return False


def _publish(run: Run, part: PartPlan, step: int, document: Document, streams: Streams | None) -> None:
    """Complete one file and give it its final name, unless it has it."""
    file = run.file(part, step)
    try:
        with file.alone(make=streams is not None) as fd:
            # A second try at this task may have been faster, and a late block have made a new file without the rest.
            if not _published(run, file.final):
                _complete(run, part, step, document, streams, fd)
                file.publish(durable=run.plan.durable)
                return
    except FileNotFoundError:
        if not _published(run, file.final):
            if streams is not None:
                file.discard()
            raise
    file.discard()
    if run.plan.durable:  # the first try may have died between the name and this
        sync_directory(file.final.parent)


def _published(run: Run, final: Path) -> bool:
    """Say whether a file of this run has its final name."""
    return _identity(final) not in {(0, 0), run.old.get(final.name)}


def _complete(run: Run, part: PartPlan, step: int, document: Document, streams: Streams | None, fd: int | None) -> None:
    """Write what is missing of a file: all of a compressed one."""
    if streams is None:
        complete(run.file(part, step), part, document, fd)
        return
    method = run.plan.compression
    assert method is not None  # noqa: S101  # the caller has looked
    with streams(part) as source:
        write_compressed(run.file(part, step), part, document, method, source)


def finish(run: Run, index: Index | None) -> Path:
    """Put the finished index in place, remove what late tries left, and give the path that was written."""
    if run.plan.compression is not None:
        discard(run)  # streams of tries whose results nobody took
    if index is not None:
        index.close()
    else:
        _remove_old(replace(run, old={name: it for name, it in run.old.items() if name != run.plan.path.name}))
    return run.plan.path


def discard(run: Run) -> None:
    """Remove the temporary files of a run that failed."""
    for leftover in run.plan.folder.glob(f".*.{run.token}.tmp"):
        leftover.unlink(missing_ok=True)
