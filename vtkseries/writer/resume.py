"""What a series holds so far, so that what is added to it can be held against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vtkseries.engine.gridfile import open_grid
from vtkseries.engine.meshfile import is_mesh
from vtkseries.engine.values import read_axis
from vtkseries.errors import SeriesError
from vtkseries.plan.ghosts import GHOSTS
from vtkseries.plan.group import STEP_FIELDS
from vtkseries.storage.recover import examine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from vtkseries.engine.gridfile import GridFile
    from vtkseries.plan.model import SeriesPlan
    from vtkseries.storage.recover import Examined
    from vtkseries.xmlformat.layout import DataArray, Document

__all__ = ["Earlier", "Held", "differences", "extent_text", "find_earlier", "read_earlier", "refuse_others"]


@dataclass(frozen=True)
class Earlier:
    """The last whole step of a series.

    Attributes
    ----------
    path : Path
        The ``.pvd``.
    parts : tuple of (GridFile, list of ndarray)
        Its files, and their coordinates.
    steps : Examined
        All its whole steps.
    units, calendar : str or None
        Of the time.
    fields : frozenset of str
        The names of the field data.
    cloud : GridFile or None
        The file of a solver's particles.
    """

    path: Path
    parts: tuple[tuple[GridFile, list[np.ndarray]], ...]
    steps: Examined
    units: str | None
    calendar: str | None = None
    fields: frozenset[str] = frozenset()
    cloud: GridFile | None = None

    @property
    def held_cloud(self) -> Held | None:
        """What the file of particles has."""
        return None if self.cloud is None else Held.of_grid(self.cloud)

    def check(self, held: Sequence[tuple[Held, Sequence[np.ndarray]]], units: str | None) -> None:
        """Refuse a step whose grid, arrays or units of time are others.

        Parameters
        ----------
        held : sequence of (Held, coordinates)
            One for each part of the step.
        units : str or None
            Of its time.

        Raises
        ------
        SeriesError
            Names what differs.
        """
        if len(self.parts) != len(held):
            raise SeriesError(f"{self.path} has {len(self.parts)} parts a step, and the new step {len(held)}")
        for (grid, nodes), (new, new_nodes) in zip(self.parts, held, strict=True):
            found = differences(Held.of_grid(grid), new) or _other_nodes(nodes, new_nodes)
            if found:
                raise self.misfit(found)
        if self.parts and self.units != units:
            was, now = (repr(each) if each else "no units" for each in (self.units, units))
            raise SeriesError(
                f"{self.path} has its time in {was}, and the new step in {now}; give time_units={self.units!r}"
            )

    def check_fields(self, names: Iterable[str], calendar: str | None) -> None:
        """Refuse a step whose field data, or calendar, are others.

        Raises
        ------
        SeriesError
            Names what differs.
        """
        new = {*names}
        for name in sorted((self.fields ^ new) - STEP_FIELDS):
            here, there = ("absent", "there") if name in new else ("there", "absent")
            raise self.misfit(f"field data {name!r} is {here}, and in the new step {there}")
        if self.calendar and calendar and _calendar(self.calendar) != _calendar(calendar):
            raise self.misfit(f"its calendar is {self.calendar}, and the new step's {calendar}")

    def misfit(self, found: str) -> SeriesError:
        """Give the error that a step differs."""
        return SeriesError(f"{self.path}: the series so far does not fit: {found}; write another with mode='w'")


def _calendar(name: str) -> str:
    return {"gregorian": "standard"}.get(name, name)


def find_earlier(path: Path, mode: str, *, clouds: bool = False) -> Earlier | None:
    """Give the last whole step of the series that ``mode="a"`` goes on with; None where there is nothing to go on with.

    With `clouds`, files of points are parts as others are.

    Raises
    ------
    FormatError
        The series' index is beyond reading.
    """
    if mode != "a" or path.suffix != ".pvd" or not path.is_file():
        return None
    return read_earlier(path, examine(path), clouds=clouds)


def read_earlier(path: Path, steps: Examined, *, clouds: bool = False) -> Earlier | None:
    """Read the headers and coordinates of a series' last whole step; None where it has none.

    A file of points is a solver's cloud beside the parts, unless with `clouds`.

    Raises
    ------
    FormatError
        A file of that step is none that can be read.
    """
    if not steps.steps:
        return None
    parts, cloud = [], None
    texts: dict[str, str | None] = {}
    for entry in steps.steps[-1]:
        grid = open_grid(str(path.parent / entry.file))
        if grid.kind == "PolyData" and not clouds:
            cloud = grid
            continue
        nodes = [read_axis(grid, axis) for axis in range(3)] if grid.kind == "RectilinearGrid" else []
        parts.append((grid, nodes))
        piece = grid.other(grid.sources[-1]) if grid.parallel else grid
        told = {a.name: a.text if a.type == "String" else None for a in piece.header.document.field_data}
        texts = told | texts
    units, calendar = (_text(texts.get(name)) for name in ("time_units", "time_calendar"))
    return Earlier(path, tuple(parts), steps, units, calendar, frozenset(texts), cloud)


def _text(codes: str | None) -> str | None:
    return bytes(int(code) for code in codes.split()).rstrip(b"\0").decode() if codes else None


def _other_nodes(nodes: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> str:
    for name, old, new in zip("xyz", nodes, others, strict=False):
        if not np.array_equal(old, new):
            return f"the grid's {name} coordinates are others"
    return ""


_TAGS = ("PointData", "CellData", "Coordinates")


@dataclass(frozen=True)
class Held:
    """What a file holds, whatever the values and places: its grid, its extent, and its arrays' types by section."""

    type: str
    extent: str
    arrays: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, document: Document) -> Held:
        """Describe a planned file."""
        sections = [section for piece in document.pieces[:1] for section in piece.sections]
        arrays = {tag: _kinds([a for s in sections if s.tag == tag for a in s.arrays]) for tag in _TAGS}
        return cls(document.type, dict(document.attributes).get("WholeExtent", ""), arrays)

    @classmethod
    def of_grid(cls, grid: GridFile) -> Held:
        """Describe a file of a series; of points and cells, whose number may change, it tells the arrays alone."""
        arrays = {tag: _kinds(grid.arrays(tag)) for tag in _TAGS}
        if not is_mesh(grid):
            return cls(grid.kind, extent_text(grid.whole), arrays)
        return cls(grid.kind, "", {tag: {k: v for k, v in own.items() if k != GHOSTS} for tag, own in arrays.items()})

    @classmethod
    def of_points(cls, kind: str, point: Iterable[DataArray], cell: Iterable[DataArray] = ()) -> Held:
        """Describe points and cells by the arrays of their data."""
        return cls(kind, "", {**{tag: {} for tag in _TAGS}, "PointData": _kinds(point), "CellData": _kinds(cell)})


def extent_text(box: Sequence[int]) -> str:
    """Give an extent as files have it."""
    return " ".join(map(str, box))


def _kinds(arrays: Iterable[DataArray]) -> dict[str, str]:
    return {a.name: a.type + (f" with {a.components} components" if a.components > 1 else "") for a in arrays}


def differences(old: Held, new: Held) -> str:
    """Say how two files differ in what they hold; empty where they do not."""
    if old.type != new.type:
        return f"it has {old.type}, and the new step {new.type}"
    if old.extent != new.extent:
        return f"its grid's extent is {old.extent}, and the new step's {new.extent}"
    for tag in _TAGS:
        before, after = old.arrays[tag], new.arrays[tag]
        for name in dict.fromkeys([*before, *after]):
            if before.get(name) != after.get(name):
                was, now = before.get(name, "absent"), after.get(name, "absent")
                return f"{tag} {name!r} is {was}, and in the new step {now}"
        if list(before) != list(after):
            order, other = ", ".join(before), ", ".join(after)
            return f"its {tag} come in the order {order}, and the new step's {other}; give them in the first order"
    return ""


def refuse_others(template: SeriesPlan, plan: SeriesPlan) -> None:
    """Refuse a step with another grid or other arrays than the first one's.

    Raises
    ------
    SeriesError
        Names what differs.
    """
    where = f"{plan.path}: the step at {plan.times.values[0]!r}"
    if len(template.parts) != len(plan.parts):
        raise SeriesError(f"{where} has {len(plan.parts)} parts, and the first one {len(template.parts)}")
    for old, new in zip(template.parts, plan.parts, strict=True):
        found = differences(Held.of(old.document), Held.of(new.document))
        same = all(np.array_equal(a, b) for (_, a), (_, b) in zip(old.constants, new.constants, strict=False))
        found = found or ("" if same else "the coordinates of its grid are others")
        if found:
            raise SeriesError(
                f"{where} does not fit the first one: {found}; a series has one grid and one set of arrays"
            )
