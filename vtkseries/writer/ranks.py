"""Several processes that write one series together: each its piece, rank 0 what names them."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from vtkseries.engine.extents import check_tiling
from vtkseries.errors import FormatError, SeriesError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Alone", "Box", "Ranks", "Team", "check_pieces", "ranks_of", "read_extent"]

Box = tuple[int, int, int, int, int, int]
T = TypeVar("T")


class Team(Protocol):
    """Who writes a series."""

    @property
    def rank(self) -> int:
        """The number of this process."""

    def together(self, work: Callable[[], T], *, root: bool = False) -> T | None:
        """Do some work on every rank, or on rank 0 alone; when it fails on one it fails on all."""

    def share(self, value: T) -> T:
        """Give rank 0's value to all."""

    def gather(self, value: T) -> list[T]:
        """Give all ranks' values to all."""


class Alone:
    """One process."""

    @property
    def rank(self) -> int:
        """The number of this process."""
        return 0

    def together(self, work: Callable[[], T], *, root: bool = False) -> T | None:  # noqa: ARG002  # as a Team has it
        """Do the work."""
        return work()

    def share(self, value: T) -> T:
        """Give the value."""
        return value

    def gather(self, value: T) -> list[T]:
        """Give the value alone."""
        return [value]


@dataclass
class Ranks:
    """The processes of an MPI communicator."""

    comm: Any

    @property
    def rank(self) -> int:
        """The number of this process."""
        return int(self.comm.Get_rank())

    def together(self, work: Callable[[], T], *, root: bool = False) -> T | None:
        """Do the work; an error of one rank is raised on every rank, which so never waits for one that gave up."""
        result: T | None = None
        failure: Exception | None = None
        if self.rank == 0 or not root:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001  # raised below, when the others know
                failure = error
        told = None if failure is None else (isinstance(failure, OSError), str(failure))
        reports = self.comm.allgather(told)
        if failure is not None:
            raise failure
        for rank, report in enumerate(reports):
            if report is not None:
                system, text = report
                message = f"rank {rank}: {text}"
                raise OSError(errno.EIO, message) if system else SeriesError(message)
        return result

    def share(self, value: T) -> T:
        """Give rank 0's value to all."""
        shared: T = self.comm.bcast(value, root=0)
        return shared

    def gather(self, value: T) -> list[T]:
        """Give all ranks' values to all."""
        gathered: list[T] = self.comm.allgather(value)
        return gathered


def ranks_of(comm: Any, extent: Any) -> Team:
    """Check `comm` and `extent`, which go together."""
    if (comm is None) != (extent is None):
        raise SeriesError("comm= and extent= go together: the communicator, and the points that this rank has")
    if comm is None:
        return Alone()
    if not all(hasattr(comm, name) for name in ("Get_rank", "allgather", "bcast")):
        raise SeriesError(f"comm={comm!r} must be a communicator of mpi4py, such as MPI.COMM_WORLD")
    return Ranks(comm)


def read_extent(extent: Sequence[int], shape: tuple[int, int, int]) -> Box:
    """Check a rank's extent against the points of the whole grid along x, y and z."""
    box = tuple(int(end) for end in extent)
    whole = tuple(end for n in shape for end in (0, n - 1))
    inside = len(box) == len(whole) and all(
        whole[i] <= box[i] <= box[i + 1] <= whole[i + 1] for i in range(0, len(whole), 2)
    )
    if not inside:
        raise SeriesError(
            f"extent={tuple(extent)} must be the first and last point of this rank along x, y and z, "
            f"within {whole}, both included"
        )
    return box[0], box[1], box[2], box[3], box[4], box[5]


def check_pieces(shape: tuple[int, int, int], pieces: Sequence[tuple[Box, Any, float]]) -> None:
    """Refuse the pieces of a step that do not make up the grid, or that differ in arrays or time.

    Parameters
    ----------
    shape : tuple of int
        Points of the whole grid along x, y and z.
    pieces : sequence of (extent, arrays, time)
        In the order of ranks.
    """
    whole = read_extent([end for n in shape for end in (0, n - 1)], shape)
    for rank, (_, arrays, time) in enumerate(pieces):
        if arrays != pieces[0][1]:
            raise SeriesError(f"rank {rank} has other arrays than rank 0: {arrays} and {pieces[0][1]}")
        if time != pieces[0][2]:
            raise SeriesError(f"rank {rank} writes time {time!r}, and rank 0 {pieces[0][2]!r}")
    try:
        check_tiling(whole, [box for box, _, _ in pieces], cells=True)
    except FormatError as error:
        raise SeriesError(f"extent=: {error}; neighbouring ranks share their plane of points") from error
