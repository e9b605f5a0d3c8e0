"""The plan of steps that continue a series: in its units of time, on its grid, with its variables."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from vtkseries.blocks import BlockBytes, block_values
from vtkseries.engine.values import read_array
from vtkseries.plan import build
from vtkseries.plan.model import WholePlan
from vtkseries.plan.tree import make_tree_plan as plan_tree
from vtkseries.storage.recover import next_file_number
from vtkseries.writer.resume import Held, find_earlier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import xarray as xr

    from vtkseries.engine.gridfile import GridFile
    from vtkseries.plan.build import Prepared
    from vtkseries.plan.model import PartPlan, SeriesPlan
    from vtkseries.writer.resume import Earlier

__all__ = ["make_plan", "make_tree_plan"]


def make_plan(
    ds: xr.Dataset, path: Path, *, mode: str = "w", time_units: str | None = None, **options: Any
) -> Prepared:
    """Plan the files of a Dataset as :func:`vtkseries.plan.build.make_plan` does, beside what is there already.

    With ``mode="a"`` the units of time are those of the series so far, unless the caller gives others.

    Raises
    ------
    SeriesError
        What cannot be written as asked, or does not fit the series so far.
    FormatError
        The series so far is beyond reading.
    """
    return _continued(partial(build.make_plan, ds, path, mode=mode, **options), path, mode, time_units)


def make_tree_plan(
    tree: xr.DataTree, path: Path, *, mode: str = "w", time_units: str | None = None, **options: Any
) -> Prepared:
    """Plan the files of a tree, likewise."""
    return _continued(partial(plan_tree, tree, path, mode=mode, **options), path, mode, time_units)


def _continued(plan: Callable[..., Prepared], path: Path, mode: str, time_units: str | None) -> Prepared:
    earlier = find_earlier(path, mode)
    if earlier is not None and time_units is None:
        time_units = earlier.units
    prepared = plan(time_units=time_units)
    if earlier is None:
        return replace(prepared, plan=prepared.plan.from_start())
    _check(earlier, prepared.plan, prepared.sources)
    kept = earlier.steps.until(prepared.plan.times.values[0])
    fitted = replace(prepared.plan, first=next_file_number(kept))
    return replace(prepared, plan=fitted if kept else fitted.from_start())


def _check(earlier: Earlier, plan: SeriesPlan, sources: Mapping[str, xr.Variable]) -> None:
    """Refuse a plan whose grid, variables, or units of time are others."""
    items = plan.items
    earlier.check([(_held(item), _nodes(item)) for item in items], plan.times.units)
    found = _difference(earlier, items, plan, sources)
    if found:
        raise earlier.misfit(found)
    earlier.check_fields({field.name for clock in plan.clocks for field in clock.fields}, plan.times.calendar)


def _difference(
    earlier: Earlier, items: Sequence[PartPlan | WholePlan], plan: SeriesPlan, sources: Mapping[str, xr.Variable]
) -> str:
    for (grid, _), item in zip(earlier.parts, items, strict=True):
        if grid.parallel != bool(plan.wholes):
            return f"its steps are {'in pieces' if grid.parallel else 'whole'}, and the new one is not"
        found = "" if isinstance(item, WholePlan) else _other_image(grid, dict(item.document.attributes))
        found = found or ("" if isinstance(item, WholePlan) else _other_points(grid, item, sources))
        if found:
            return found
    return ""


def _held(item: PartPlan | WholePlan) -> Held:
    if isinstance(item, WholePlan):
        return replace(Held.of(item.pieces[0].document), extent=item.extent)
    return Held.of(item.document)


def _nodes(item: PartPlan | WholePlan) -> list[np.ndarray]:
    """Give the coordinates of a part, put together where it is in pieces."""
    if not isinstance(item, WholePlan):
        return [values for _, values in item.constants]
    found: list[dict[int, np.ndarray]] = [{}, {}, {}]
    for piece in item.pieces:
        box = [int(end) for end in dict(piece.document.pieces[0].attributes)["Extent"].split()]
        for axis, (_, values) in enumerate(piece.constants):
            found[axis][box[2 * axis]] = values
    result = []
    for pieces in found:
        starts = sorted(pieces)
        cut = [pieces[a][: b - a] for a, b in itertools.pairwise(starts)]
        result.append(np.concatenate([*cut, pieces[starts[-1]]]))
    return result


def _other_image(grid: GridFile, attributes: Mapping[str, str]) -> str:
    for name in ("Origin", "Spacing", "Direction") if grid.kind == "ImageData" else ():
        old, new = grid.attribute(name), attributes.get(name)
        if old is not None and new is not None and [*map(float, old.split())] != [*map(float, new.split())]:
            return f"the image's {name} is {old}, and the new step's {new}"
    return ""


def _other_points(grid: GridFile, part: PartPlan, sources: Mapping[str, xr.Variable]) -> str:
    """Compare the points of structured grids, plane by plane; those that move with time are free."""
    if all(section.tag != "Points" for section in part.document.pieces[0].sections):
        return ""
    array = part.arrays[-1]  # planned behind the fields
    if any("time" in component.roles for component in array.sources):
        return ""
    values = [sources[component.source].values for component in array.sources]
    points = BlockBytes(block_values(array, array.shape, values, 0))
    _, ny, nx = array.shape
    plane = array.nbytes // array.shape[0]
    for z in range(array.shape[0]):
        new = np.frombuffer(points.read(z * plane, (z + 1) * plane), array.dtype).reshape(1, ny, nx, -1)
        old = read_array(grid, "Points", grid.arrays("Points")[0].name, (np.array([z]), np.arange(ny), np.arange(nx)))
        if not np.array_equal(old, new, equal_nan=True):
            return "the points of its grid are others"
    return ""
