"""What the verbs of meshes have in common: the options of how and where a series is written."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import xarray as xr

from vtkseries.cf.roles import Roles
from vtkseries.cf.times import Times
from vtkseries.errors import SeriesError
from vtkseries.meshes.steps import Selection
from vtkseries.meshes.write import Builder, MeshSeries
from vtkseries.plan.build import check_options, field_plans, refuse_overwriting_itself
from vtkseries.plan.centred import check_mappings
from vtkseries.plan.encoding import Encoding, read_encoding
from vtkseries.plan.fielddata import constant_fields
from vtkseries.plan.globe import read_radius
from vtkseries.plan.group import Grouping
from vtkseries.plan.meshmemory import MeshMemory
from vtkseries.plan.model import PartPlan, SeriesPlan
from vtkseries.plan.remember import ALONE, INSIDE, remember
from vtkseries.plan.target import check_names, read_target
from vtkseries.values import Precision
from vtkseries.xmlformat.codecs import Codec, codec
from vtkseries.xmlformat.layout import Document

__all__ = ["Options", "Planned"]

_ANY = 1 << 40


@dataclass(frozen=True)
class Planned:
    """What a plan of points or cells has found.

    Attributes
    ----------
    ds : Dataset
        The caller's.
    times : Times
        With the Dataset's dim of the steps, if it has one.
    parts : tuple of str
        Names of the parts; a lone one has none.
    numbers : list of hashable
        Variables that are field data.
    left_out : list of str
        What is not drawn, why, and the remedy.
    """

    ds: xr.Dataset
    times: Times
    parts: tuple[str, ...]
    numbers: list[Hashable] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Options:
    """How and where a series is written, checked."""

    target: Path
    suffix: str
    mode: str
    durable: bool
    method: Codec | None
    missing: str | float
    encoding: Encoding | None
    z_scale: float
    time_units: str | None
    radius: float | None = None
    inside: int | None = None

    @classmethod
    def read(
        cls,
        ds: xr.Dataset,
        path: str | Path,
        suffixes: tuple[str, str],
        *,
        missing: str | float = "nan",
        z_scale: float = 1.0,
        sphere: bool = False,
        radius: float | None = None,
        time_units: str | None = None,
        mode: str = "w",
        durable: bool = False,
        compression: str | None = None,
        compression_level: int | None = None,
        encoding: Encoding | None = None,
        inside: int | None = None,
    ) -> Self:
        """Check what the caller asks for; the last of the suffixes is that of a step.

        Coordinates up to `inside` bytes are told in field data; larger ones are kept beside.

        Raises
        ------
        SeriesError
            An option that means nothing.
        """
        target = read_target(path, mode, suffixes)
        check_options(ds, None, "auto", missing, z_scale)
        if time_units is not None and not (isinstance(time_units, str) and time_units.strip()):
            raise SeriesError(f"time_units={time_units!r} must be text, such as 'hours since 2000-01-01' or 'days'")
        refuse_overwriting_itself(ds, target)
        method = codec(compression, compression_level)
        globe = read_radius(radius, sphere=sphere)
        return cls(
            target, suffixes[-1], mode, durable, method, missing, encoding, float(z_scale), time_units, globe, inside
        )

    @property
    def fill(self) -> float | None:
        """The number that stands for missing values."""
        return None if isinstance(self.missing, str) or math.isnan(self.missing) else float(self.missing)

    @property
    def blank(self) -> bool:
        """Whether missing values are hidden."""
        return self.missing == "blank"

    def precision_of(
        self, names: Iterable[Hashable], vectors: Mapping[str, Sequence[Hashable] | str] | None
    ) -> dict[str, Precision]:
        """Give what is kept of single variables."""
        check_mappings(vectors=vectors)
        return read_encoding(self.encoding, [*names, *(vectors or {})])

    def series(
        self,
        planned: Planned,
        times: Times,
        memory: MeshMemory,
        *,
        asked: bool,
        build: Builder,
        sources: dict[Hashable, xr.Variable],
        selection: Selection,
    ) -> MeshSeries:
        """Put the plan of a series together.

        Raises
        ------
        SeriesError
            A single file is asked for and there are several steps or parts.
        """
        beside: dict[str, xr.Variable] = {}
        fields = field_plans(planned.ds, planned.numbers, planned.times, beside)
        there = [name for name in dict.fromkeys(memory.kept) if name in planned.ds.variables]
        kept = remember(
            planned.ds,
            Grouping(field_data=planned.numbers),
            Roles(),
            planned.times,
            parts=None,
            fill=self.fill,
            asked=asked,
            beside=self.target.stem,
            inside=self.inside or (ALONE if len(times.values) == 1 and self.mode != "a" else INSIDE),
            mesh=replace(memory, kept=there),
        )
        beside |= kept.sources
        # How long the files are is seen when they are there: room for any length in the index.
        parts = [PartPlan(name, Document("", (), ()), (), (), 0, _ANY, self.suffix) for name in planned.parts]
        plan = SeriesPlan(
            path=self.target,
            mode=self.mode,
            parts=tuple(parts),
            fields=(*fields, *kept.fields),
            times=times,
            constants=constant_fields(times, kept.text),
            left_out=(*planned.left_out, *kept.left_out),
            durable=self.durable,
            compression=self.method,
            beside=tuple(kept.beside),
        )
        if plan.single and (plan.steps > 1 or len(parts) > 1):
            what = f"{plan.steps} time steps" if plan.steps > 1 else f"{len(parts)} meshes ({', '.join(planned.parts)})"
            raise SeriesError(f"{self.target.name!r} holds one step of one mesh, but there are {what}; write a .pvd")
        check_names(plan)
        return MeshSeries(plan, build, sources, beside, selection)
