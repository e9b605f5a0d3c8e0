"""Jobs in threads, whose results come in order, so many at a time."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from vtkseries.storage.regions import threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["in_order"]

Job = TypeVar("Job")
Result = TypeVar("Result")


def in_order(work: Callable[[Job], Result], jobs: Iterable[Job]) -> Iterator[Result]:
    """Give the results of jobs that threads do, in the jobs' order.

    At most one job more than there are threads is ahead of the one whose result is taken, so that memory is bounded
    also where jobs carry data.
    """
    many = threads()
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(many, "vtkseries-encode") as pool:
        try:
            for job in jobs:
                waiting.append(pool.submit(work, job))
                if len(waiting) > many:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
