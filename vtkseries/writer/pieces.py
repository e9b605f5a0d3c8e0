"""What one process has of a grid that several write together: its piece, and the file that joins the pieces."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vtkseries.errors import SeriesError
from vtkseries.storage.index import Entry
from vtkseries.storage.recover import combine
from vtkseries.storage.stepfile import write_whole
from vtkseries.writer.ranks import Team, check_pieces, ranks_of, read_extent
from vtkseries.writer.resume import Held, extent_text
from vtkseries.xmlformat.parallel import render_parallel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vtkseries.plan.model import PartPlan, SeriesPlan
    from vtkseries.writer.arrays import Grid
    from vtkseries.writer.ranks import Box

__all__ = ["Share"]


@dataclass(frozen=True)
class Share:
    """What this process writes of every step: all of it, or a piece of a grid.

    Attributes
    ----------
    team : Team
        Who writes the series.
    whole : Grid or None
        The grid of all; None for steps that bring their own.
    box : tuple of six int, or None
        This process's points along x, y and z; None where it has all.
    """

    team: Team
    whole: Grid | None
    box: Box | None

    @classmethod
    def read(cls, whole: Grid | None, comm: Any, extent: Sequence[int] | None) -> Share:
        """Check the communicator and this process's extent.

        Raises
        ------
        SeriesError
            They do not go together, or are not within the grid.
        """
        team = ranks_of(comm, extent)
        if extent is None:
            return cls(team, whole, None)
        if whole is None:
            raise SeriesError("extent= needs the whole grid: give x=, y= and z=")
        return cls(team, whole, read_extent(extent, _points(whole)))

    @property
    def rank(self) -> int | None:
        """The number of this process, where there are several."""
        return None if self.box is None else self.team.rank

    @property
    def grid(self) -> Grid | None:
        """The grid of this process."""
        return self.whole if self.whole is None or self.box is None else self.whole.within(self.box)

    @property
    def origin(self) -> Sequence[int]:
        """The first point's number along x, y and z."""
        return (0, 0, 0) if self.box is None else self.box[::2]

    def listed(self, parts: Sequence[PartPlan]) -> Sequence[PartPlan]:
        """Give the parts as the index names them."""
        return parts if self.box is None else [replace(parts[0], suffix=".pvtr")]

    def held(self, plan: SeriesPlan) -> list[tuple[Held, Sequence[Any]]]:
        """Describe what all processes together write of a step: each part, and its coordinates."""
        if self.box is None or self.whole is None:
            return [(Held.of(part.document), [nodes for _, nodes in part.constants]) for part in plan.parts]
        return [(replace(Held.of(plan.parts[0].document), extent=self._extent(self.whole)), list(self.whole.nodes))]

    def check(self, plan: SeriesPlan, now: float) -> None:
        """Refuse pieces of a step that do not fit each other.

        Raises
        ------
        SeriesError
            On every rank.
        """
        if self.box is not None and self.whole is not None:
            pieces = self.team.gather((self.box, Held.of(plan.parts[0].document).arrays, now))
            check_pieces(_points(self.whole), pieces)

    def join(
        self, plan: SeriesPlan, files: list[Path], entries: list[Entry], token: str
    ) -> tuple[list[Path], list[Entry]]:
        """Put the pieces of a step together: rank 0 writes the file that names them.

        Returns
        -------
        list of Path, list of Entry
            As :func:`vtkseries.writer.step.write_step` gives them.
        """
        if self.box is None or self.whole is None:
            return files, entries
        extent = dict(plan.parts[0].document.attributes)["WholeExtent"]
        pieces = self.team.gather((extent, files[0].name, entries[0].size or 0, entries[0].crc or 0))
        (part,) = self.listed(plan.parts)
        joined = plan.file(part, 0)
        places = [(where, name) for where, name, _, _ in pieces]
        content = render_parallel(part.document, self._extent(self.whole), places)
        crc = zlib.crc32(content)
        for _, _, size, other in pieces:
            crc = combine(crc, other, size)
        self.team.together(lambda: write_whole(joined, content, token, durable=plan.durable), root=True)
        return [joined], [Entry(entries[0].timestep, plan.relative(part, 0), 0, "", len(content), crc)]

    @staticmethod
    def _extent(whole: Grid) -> str:
        return extent_text([end for n in _points(whole) for end in (0, n - 1)])


def _points(grid: Grid) -> tuple[int, int, int]:
    nz, ny, nx = grid.shape(cells=False)
    return nx, ny, nz
