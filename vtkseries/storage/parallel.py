"""Jobs in threads, whose results come in order, so many at a time."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from vtkseries.storage.regions import threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["in_order"]

Job = TypeVar("Job")
Result = TypeVar("Result")


def in_order(work: Callable[[Job], Result], jobs: Iterable[Job]) -> Iterator[Result]:
    """Give the results of jobs that threads do, in the jobs' order.

    The caller is one of the threads: while the first job is under way elsewhere, it does the next that nobody has
    begun. At most two jobs more than there are threads are ahead of the one whose result is taken, so that memory is
    bounded also where jobs carry data.
    """
    many = threads()
    if many == 1:
        yield from map(work, jobs)
        return
    waiting: deque[_Task[Job, Result]] = deque()
    with ThreadPoolExecutor(many - 1, "vtkseries-encode") as pool:
        try:
            for job in jobs:
                waiting.append(_Task(work, job, pool.submit(work, job)))
                if len(waiting) > many + 1:
                    yield _first(waiting)
            while waiting:
                yield _first(waiting)
        finally:
            pool.shutdown(cancel_futures=True)


@dataclass
class _Task(Generic[Job, Result]):
    """A job that a thread does, or the caller before it."""

    work: Callable[[Job], Result]
    job: Job
    future: Future[Result]

    def take(self) -> None:
        """Do it here, unless somebody has begun."""
        if not self.future.cancel():
            return
        self.future = Future()
        try:
            self.future.set_result(self.work(self.job))
        except Exception as error:  # noqa: BLE001  # raised where its turn comes
            self.future.set_exception(error)


def _first(waiting: deque[_Task[Job, Result]]) -> Result:
    first = waiting.popleft()
    first.take()
    for other in waiting:
        if first.future.done():
            break
        other.take()
    return first.future.result()
