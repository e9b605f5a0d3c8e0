"""One step of a Dataset as a VTK grid, on the same memory where it has VTK's order."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.blocks import BlockValues
from vtkseries.errors import SeriesError, VtkSeriesWarning
from vtkseries.memory.attach import attach, keep, kept_beside
from vtkseries.memory.pair import joined, same_places
from vtkseries.memory.sharing import to_vtk
from vtkseries.plan.build import Prepared, detect, make_plan
from vtkseries.plan.fielddata import step_fields
from vtkseries.plan.model import ArrayPlan, PartPlan, to_target

if TYPE_CHECKING:
    from vtkseries.xmlformat.layout import DataArray

__all__ = ["INSIDE", "named_axes", "refuse_parts", "refuse_steps", "require_vtk", "select_along", "to_grid"]

Array = npt.NDArray[Any]

_ROLES = ("x", "y", "z", "time")
_AXES = 3
INSIDE = 256 * 1024
"""Bytes of a coordinate up to which the grid's field data tell it."""


def to_grid(ds: xr.Dataset, indexers: Mapping[str, Any], *, copy: bool = False, **options: Any) -> Any:
    """Give one step as a VTK grid.

    Parameters
    ----------
    ds : Dataset
    indexers : mapping
        Dims and what to select along them; ``time`` also under that name where the dim has another. Positions where a
        dim has no coordinate, or where a whole number meets dates; labels otherwise. ``x``, ``y``, ``z`` and ``time``
        that are the name of a coordinate or dim say which is that axis.
    copy : bool
        Share no memory with the Dataset.
    **options
        As for :func:`vtkseries.plan.build.make_plan`; ``axes`` names axes, by role.

    Raises
    ------
    SeriesError
        VTK is missing; there are several steps or several grids; or what cannot be drawn was asked for.
    """
    require_vtk()
    indexers, axes = named_axes(ds, indexers, options.pop("axes", None))
    ds = _select(ds, indexers, axes)
    path, kind = Path(tempfile.gettempdir()) / "grid.pvd", options.pop("grid", "auto")  # nothing is written there
    plan_as = partial(make_plan, ds, path, inside=INSIDE, once=False, apart=True, **axes, **options)
    prepared = plan_as(grid=kind)
    if kind == "auto" and any(part.document.type == "ImageData" for part in prepared.plan.parts):
        prepared = _exact(prepared, plan_as(grid="vtr"))
    plan = prepared.plan
    refuse_steps(ds, plan.steps, plan.times.dim)
    for text in plan.left_out:
        warnings.warn(text, VtkSeriesWarning, stacklevel=4)
    # An index that changed would not find its labels any more.
    indexed = [np.asarray(index) for index in ds.indexes.values() if index.dtype.kind == "f"]
    points, cells = _pair(plan.parts)
    if cells is not None:
        grid, other = (_build(prepared, part, indexed, copy=copy) for part in (points, cells))
        if same_places(grid, other):
            return joined(grid, other)
    known = set(map(str, ds.variables))
    sources = {part.name: [item.source for array in part.arrays for item in array.sources] for part in plan.parts}
    refuse_parts({part: [name for name in names if name in known] for part, names in sources.items()})
    return _build(prepared, points, indexed, copy=copy)


def require_vtk() -> None:
    """Say how to get VTK where there is none.

    Raises
    ------
    SeriesError
        It is not installed.
    """
    try:
        import vtkmodules.vtkCommonDataModel  # noqa: F401, PLC0415  # optional
    except ImportError as error:
        raise SeriesError("grids in memory need VTK: pip install vtkseries[grids]") from error


def named_axes(
    ds: xr.Dataset, indexers: Mapping[str, Any], axes: Mapping[str, Hashable] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tell what is selected from what names an axis.

    Raises
    ------
    SeriesError
        What is given as `axes` is no mapping, or names something else.
    """
    if axes is not None and not isinstance(axes, Mapping):
        raise SeriesError(f"axes={axes!r}: give a mapping of x, y, z or time to names, as in axes={{'x': 'lon'}}")
    named: dict[str, Any] = dict(axes or {})
    for role in named:
        if role not in _ROLES:
            raise SeriesError(f"axes={named!r}: there is no axis {role!r}; the axes are 'x', 'y', 'z' and 'time'")
    chosen = dict(indexers)
    for role in _ROLES:
        wanted = chosen.get(role)
        known = isinstance(wanted, str) and (wanted in ds.dims or wanted in ds.variables)
        if known and not (role in ds.indexes and wanted in ds.indexes[role]):
            named.setdefault(role, chosen.pop(role))
    return chosen, named


def refuse_steps(ds: xr.Dataset, steps: int, dim: Hashable) -> None:
    """Refuse what has several steps, or none.

    Raises
    ------
    SeriesError
        It says how to select one.
    """
    if steps != 1:
        raise SeriesError(f"there are {steps} time steps; select one, as with {_first(ds, dim)}")


def refuse_parts(parts: Mapping[str, Sequence[str]]) -> None:
    """Refuse what lies on several grids or meshes.

    Raises
    ------
    SeriesError
        It names the variables of each.
    """
    if len(parts) != 1:
        names = "; ".join(f"{name}: {', '.join(dict.fromkeys(found))}" for name, found in parts.items())
        raise SeriesError(f"the variables lie on {len(parts)} grids ({names}); choose those of one with variables=")


def _first(ds: xr.Dataset, dim: Hashable) -> str:
    """Say how the first step is selected: by its position where it has a date or no label."""
    index = ds.indexes.get(dim)
    first = 0 if index is None or index.dtype.kind in "MmO" else index[0].item()
    name = "time" if "time" not in ds.dims else str(dim)
    return f"to_grid({name}={first!r})" if name.isidentifier() else f"ds.isel({{{name!r}: 0}})"


def _select(ds: xr.Dataset, indexers: Mapping[str, Any], axes: Mapping[str, Hashable]) -> xr.Dataset:
    for name, wanted in indexers.items():
        dim: Hashable = name
        if name not in ds.dims and name in _ROLES:
            found = {**detect(ds, {role: axes.get(role) for role in _ROLES}), **axes}.get(name)
            dim = found if found in ds.dims else next(iter(ds[found].dims), name) if found in ds.variables else name
        if dim not in ds.dims:
            if name == "parts" and isinstance(wanted, Hashable) and wanted in ds.dims:
                raise SeriesError(f"parts={wanted!r}: a grid in memory is one part; select it, as with {wanted}=...")
            raise SeriesError(
                f"{name}={wanted!r}: there is no such dim; this Dataset has {', '.join(map(str, ds.dims))}"
            )
        ds = select_along(ds, dim, wanted)
    return ds


def select_along(ds: xr.Dataset, dim: Hashable, wanted: Any) -> xr.Dataset:
    """Select along a dim: by label, or by position where it has none, or a whole number meets dates.

    Raises
    ------
    SeriesError
        It is not there.
    """
    size = ds.sizes[dim]
    index = ds.indexes.get(dim)
    numbers = isinstance(wanted, int | np.integer) and not isinstance(wanted, bool)
    try:
        if index is None or (numbers and index.dtype.kind in "MmO"):
            return ds.isel({dim: wanted})
        return ds.sel({dim: wanted})
    except (KeyError, IndexError, ValueError, TypeError) as error:
        reach = f"{size} positions" if index is None else f"{index[0]} to {index[-1]} ({size} values)"
        raise SeriesError(
            f"{dim}={wanted!r} is not there; the dim {str(dim)!r} has {reach}: name one of them, or take ds.sel with "
            "method='nearest'"
        ) from error


def _exact(images: Prepared, rectilinear: Prepared) -> Prepared:
    """Give the images where counting from their origin gives the very nodes, and the other grids where it does not."""
    for image, part in zip(images.plan.parts, rectilinear.plan.parts, strict=True):
        attributes = dict(image.document.attributes)
        if image.document.type == "ImageData":
            numbers = (map(float, attributes[name].split()) for name in ("Origin", "Spacing"))
            for origin, spacing, (_, nodes) in zip(*numbers, part.constants, strict=True):
                if not np.array_equal(origin + spacing * np.arange(nodes.size), nodes.reshape(-1)):
                    return rectilinear
    return images


def _pair(parts: Sequence[PartPlan]) -> tuple[PartPlan, PartPlan | None]:
    """Give a part of points and one of cells, which may be of one grid; a part alone has none beside it."""
    of_cells = [any(s.tag == "CellData" and s.arrays for s in part.document.pieces[0].sections) for part in parts]
    if sorted(of_cells) == [False, True]:
        return parts[of_cells.index(False)], parts[of_cells.index(True)]
    return parts[0], None


def _build(prepared: Prepared, part: PartPlan, indexed: Sequence[Array], *, copy: bool) -> Any:
    document = part.document
    grid = _geometry(part, prepared, indexed, copy=copy)
    attach(grid, document, (_values(array, prepared, copy=copy) for array in part.arrays), _fields(prepared, part))
    keep(grid, kept_beside(prepared.plan.beside, prepared.sources), copy=copy)
    return grid


def _fields(prepared: Prepared, part: PartPlan) -> tuple[DataArray, ...]:
    """Give the field data of the one step."""
    plan = prepared.plan
    values = {item.source: np.asarray(prepared.sources[item.source].values) for item in plan.fields}
    values = {key: value[0] if value.ndim and plan.times.dim is not None else value for key, value in values.items()}
    return step_fields(plan.clock(part), 0, values)


def _geometry(part: PartPlan, prepared: Prepared, indexed: Sequence[Array], *, copy: bool) -> Any:
    from vtkmodules import vtkCommonDataModel  # noqa: PLC0415  # VTK is optional
    from vtkmodules.vtkCommonCore import vtkPoints  # noqa: PLC0415

    document = part.document
    attributes = dict(document.attributes)
    grid = getattr(vtkCommonDataModel, f"vtk{document.type}")()
    grid.SetExtent([int(word) for word in attributes["WholeExtent"].split()])
    if document.type == "ImageData":
        grid.SetOrigin([float(word) for word in attributes["Origin"].split()])
        grid.SetSpacing([float(word) for word in attributes["Spacing"].split()])
    elif document.type == "RectilinearGrid":
        for name, (_, nodes) in zip("XYZ", part.constants, strict=True):
            apart = copy or any(np.may_share_memory(nodes, labels) for labels in indexed)
            getattr(grid, f"Set{name}Coordinates")(to_vtk(name.lower(), nodes.reshape(-1, 1), copy=apart))
    else:
        points = vtkPoints()
        values = part.constants[0][1] if part.constants else _values(part.arrays[-1], prepared, copy=copy)
        points.SetData(to_vtk("Points", values.reshape(-1, _AXES)))
        grid.SetPoints(points)
    return grid


def _values(array: ArrayPlan, prepared: Prepared, *, copy: bool) -> Array:
    """Give an array's values as (tuples, components): the Dataset's own memory where it has VTK's order."""
    parts = []
    for component in array.sources:
        block = np.asarray(prepared.sources[component.source].values)
        parts.append((component, to_target(block, component)[0]))
    block_values = BlockValues(array, array.shape, parts)
    values = None if copy else block_values.whole()
    if values is None or not (values.flags.writeable and values.flags.aligned):
        values = np.empty((*array.shape, array.components), array.dtype)
        block_values.fill(values, slice(None))
    return values.reshape(-1, array.components)
