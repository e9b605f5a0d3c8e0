"""What a link will hold: which grids, which arrays, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import xarray as xr

from vtkseries.cf.fields import choose, find_vectors
from vtkseries.cf.roles import SPACE, Roles, find_roles
from vtkseries.errors import SeriesError
from vtkseries.hdf.beside import find_linked, whole_dataset
from vtkseries.hdf.build import Linked, Stages, UnfitError, link_field, relative
from vtkseries.hdf.fit import fault_of, fill_values, look_for
from vtkseries.hdf.layout import Frame, block_names, uniform
from vtkseries.hdf.sources import Files, read_files
from vtkseries.plan.group import Field, Group, Grouping, Options, group_fields
from vtkseries.plan.remember import remember
from vtkseries.plan.target import part_names

__all__ = ["LinkFile", "LinkGrid", "LinkOptions", "plan_link"]


_INSIDE = 256 * 1024
"""Bytes of a coordinate up to which a link has its values; of larger ones the netCDF file has them."""


@dataclass(frozen=True)
class LinkOptions:
    """What the caller asked for; see :func:`vtkseries.link`."""

    named: dict[str, Hashable | None]
    location: str
    z_scale: float
    missing: str
    grid: str
    group: str | None


@dataclass
class LinkGrid:
    """A grid of a link, and its arrays."""

    frame: Frame
    arrays: list[Linked]
    group: Group


@dataclass
class LinkFile:
    """One link: where it goes, its sources' paths, its grids, and the coordinates that stay in the first source."""

    path: Path
    sources: list[str]
    stages: Stages = field(default_factory=Stages)
    grids: list[LinkGrid] = field(default_factory=list)
    linked: dict[str, str] = field(default_factory=dict)


def plan_link(
    ds: xr.Dataset,
    paths: list[Path],
    target: Path,
    options: LinkOptions,
    variables: Sequence[Hashable] | str | None,
    vectors: Mapping[str, Sequence[Hashable] | str] | None,
    time_units: str | None,
) -> tuple[list[LinkFile], list[str]]:
    """Plan the links of a series, and say what is left out, or looks otherwise than it would through ``to_vtr``.

    Raises
    ------
    SeriesError
        Anything that cannot be linked as asked.
    """
    names, asked = choose(ds, variables)
    parts = [p for n, v in (vectors or {}).items() for p in ((n,) if isinstance(v, str) else v)]
    found = find_vectors(ds, vectors, names)
    roles = find_roles(ds, options.named, dict.fromkeys([*names, *parts]), others={vector.dim for vector in found})
    names = list(dict.fromkeys([*names, *(part for vector in found for part in vector.variables)]))
    asking = Options(None, options.location, options.z_scale, asked, linked=True)
    grouping = group_fields(ds, names, found, roles, asking)
    axes = {a.name for g in grouping.groups.values() for a in g.axes.values() if a.name is not None}
    fields = [key for g in grouping.groups.values() for item in g.fields for key in item.keys]
    wanted = {vector.name for vector in found} if vectors is not None else set()
    files = read_files(
        paths,
        ds,
        roles,
        list(dict.fromkeys(fields)),
        sorted(axes, key=str),
        grouping.field_data,
        group=options.group,
        time=options.named["time"],
        time_units=time_units,
    )
    told = list(grouping.left_out)
    faults = _faults(ds, fields, files, options, told)
    plans = _Linker(ds, files, options, faults, told, asked, wanted).grids(grouping, target)
    if not plans:
        message = "nothing can be linked: " + "; ".join(told)
        raise SeriesError(message)
    told += [
        f"{', '.join(repr(a.name) for a in plan.grids[0].arrays)} lie on a grid of their own "
        f"({', '.join(plan.grids[0].group.dims)}), which is in {str(plan.path)!r}, since only VTK 9.7 opens several "
        "grids in one file; open both, choose with variables=, or use grid='rectilinear'"
        for plan in plans[1:]
    ]
    told += _describe(ds, plans, grouping, roles, files, group=options.group, asked=asked)
    return plans, told


def _describe(
    ds: xr.Dataset,
    plans: list[LinkFile],
    grouping: Grouping,
    roles: Roles,
    files: Files,
    *,
    group: str | None,
    asked: bool,
) -> list[str]:
    """Add what reading back needs, and say what is not kept; the data of the Dataset are not looked at."""
    told: list[str] = []
    drawn: set[Hashable] = {key for found in grouping.groups.values() for item in found.fields for key in item.keys}
    drawn |= set(grouping.field_data)
    beside = find_linked(ds, files, group, drawn)
    if len(files.paths) > 1:
        if files.time_dim is None:
            return told
        ds, told = whole_dataset(ds, files, group, drawn)
    linked = {}
    grids = [grid for plan in plans for grid in plan.grids]
    for key, found in grouping.groups.items():
        names = [array.name for grid in grids if grid.group is found for array in grid.arrays]
        if names:
            linked[key] = replace(found, fields=[item for item in found.fields if item.name in names])
    order = [grouping.groups[key] for key in linked]
    numbers = {name: str(number) for number, name in enumerate(beside)}
    while True:
        copy = Grouping({k: replace(g, fields=list(g.fields)) for k, g in linked.items()}, grouping.field_data)
        memory = remember(
            ds, copy, roles, files.times, parts=None, fill=None, asked=asked, inside=_INSIDE, linked=numbers
        )
        # Arrays that a series would have for reading back, and a link has not.
        extra = [i.name for k, g in copy.groups.items() for i in g.fields[len(linked[k].fields) :]]
        if not extra:
            break
        told += [
            f"coordinate {name!r} is not kept for reading back, since it moves from file to file" for name in extra
        ]
        ds = ds.drop_vars(extra)
    added = {item.name: item for item in memory.fields}
    fields = {n: i.conversion.apply(np.atleast_1d(memory.sources[i.source].values)) for n, i in added.items()}
    for grid in grids:
        number = next(i for i, found in enumerate(order) if found is grid.group)
        grid.frame = replace(grid.frame, fields={**grid.frame.fields, **fields}, description=memory.text, part=number)
    for plan in plans:
        plan.linked = {numbers[name]: path for name, path in beside.items()}
    return told + memory.left_out


def _faults(
    ds: xr.Dataset, fields: list[str], files: Files, options: LinkOptions, told: list[str]
) -> dict[str, tuple[str, str]]:
    """Give the variables that cannot be linked, each with the reason and the remedy."""
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    faults: dict[str, tuple[str, str]] = {}
    unseen: dict[float, list[str]] = {}
    with h5py.File(files.paths[0], "r") as first, h5py.File(files.paths[-1], "r") as last:
        for key in dict.fromkeys(fields):
            raw = files.raws[0].get(key)
            if raw is None:
                faults[key] = ("is not to be found in the HDF5 file", "write it with ds.vtk.to_vtr")
                continue
            fault = fault_of(raw)
            if fault is None and ds[key].dtype.kind in "mM":
                fault = "holds dates, which a link cannot count in seconds", "write it with ds.vtk.to_vtr"
            if fault is not None:
                faults[key] = fault
                continue
            fills = fill_values(raw)
            if not fills:
                continue
            dims = ds[key].dims
            axis = dims.index(files.time_dim) if files.time_dim in dims else None
            seen = next((v for f in (first, last) if (v := look_for(f[raw.path], fills, axis)) is not None), None)
            if seen is not None and options.missing == "nan":
                faults[key] = (
                    f"has missing values, stored as {seen:g}, which a link cannot turn into NaN",
                    f"write it with ds.vtk.to_vtr, or see {seen:g} in its place with missing='keep'",
                )
            elif seen is None:
                unseen.setdefault(fills[0], []).append(key)
    for fill, keys in unseen.items():
        told.append(
            f"variables {', '.join(map(repr, keys))} have the _FillValue {fill:g}; there is none in the planes that "
            f"were looked at, but a missing value elsewhere would show as {fill:g}; ds.vtk.to_vtr makes it NaN"
        )
    return faults


@dataclass(frozen=True)
class _Linker:
    """Turns groups of fields into links."""

    ds: xr.Dataset
    files: Files
    options: LinkOptions
    faults: Mapping[str, tuple[str, str]]
    told: list[str]
    asked: bool
    wanted: set[str]

    def grids(self, grouping: Grouping, target: Path) -> list[LinkFile]:
        """Plan the arrays of each grid: all in one link, or images, for older ParaViews, each in a link of its own."""
        groups = list(grouping.groups.values())
        image = self.options.grid == "image"
        if image:
            groups.sort(key=lambda group: -np.prod([len(axis.nodes) for axis in group.axes.values()]))
        found: list[LinkFile] = []
        for group, label in zip(groups, part_names(groups), strict=True):
            path = target if not (found and image) else target.with_name(f"{target.stem}_{label}{target.suffix}")
            last = found[-1] if found and not image else LinkFile(path, [relative(p, path) for p in self.files.paths])
            linked = [self.field(item, group, last) for item in group.fields]
            arrays = [array for array in linked if array is not None]
            if arrays:
                _refuse_twins(arrays)
                last.grids.append(LinkGrid(replace(self.frame(group), block=label), arrays, group))
                if last not in found:
                    found.append(last)
        for file in found:
            blocks = block_names([grid.frame.block for grid in file.grids])
            for grid, block in zip(file.grids, blocks, strict=True):
                grid.frame = replace(grid.frame, block=block)
        return found

    def field(self, item: Field, group: Group, file: LinkFile) -> Linked | None:
        """Plan one array; None where it is left out."""
        try:
            for key in item.keys:
                if key in self.faults:
                    raise UnfitError(key, *self.faults[key])  # noqa: TRY301 (one place says what happens to the unfit)
            return link_field(item, group, self.ds, self.files, file.sources, file.stages, self.told)
        except UnfitError as unfit:
            if self.asked or item.name in self.wanted:
                raise
            self.told.append(str(unfit))
            return None

    def frame(self, group: Group) -> Frame:
        """Describe the grid and its steps."""
        nodes = (group.axes["x"].nodes, group.axes["y"].nodes, group.axes["z"].nodes)
        image = self.options.grid == "image"
        if image:
            for role, values in zip(SPACE, nodes, strict=True):
                uniform(values, role)
        kind = "ImageData" if image else "RectilinearGrid"
        return Frame(kind, nodes, self.files.times, self.files.fields)


def _refuse_twins(arrays: list[Linked]) -> None:
    names = [array.name.replace("/", "_") for array in arrays]
    twins = [name for i, name in enumerate(names) if name in names[:i]]
    if twins:
        message = f"two arrays would be called {twins[0]!r}; rename one of the variables"
        raise SeriesError(message)
