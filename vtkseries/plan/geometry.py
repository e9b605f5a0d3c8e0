"""The geometry of a part: the grid asked for, or the cheapest one that holds it exactly."""

from __future__ import annotations

from vtkseries.cf.coordinates import Axis
from vtkseries.cf.roles import SPACE
from vtkseries.errors import SeriesError
from vtkseries.grids.geometry import Geometry
from vtkseries.grids.image import TOLERANCE, image, unevenness
from vtkseries.grids.rectilinear import rectilinear
from vtkseries.grids.structured import structured
from vtkseries.plan.group import Group

__all__ = ["part_geometry", "part_kind"]


def part_kind(group: Group, grid: str) -> str:
    """Choose the kind of a part's grid: ``"vtr"``, ``"vti"`` or ``"vts"``.

    Parameters
    ----------
    group : Group
    grid : str
        ``"vtr"``, ``"vti"``, ``"vts"``, or ``"auto"``.

    Raises
    ------
    SeriesError
        An image is asked for and an axis is not uniform.
    """
    if group.placement.points:
        return "vts"
    uneven = [axis for role in SPACE if (axis := group.axes[role]) and unevenness(axis.nodes, axis.precision)]
    if grid == "vti" and uneven:
        raise _not_uniform(uneven)
    return "vti" if grid == "vti" or (grid == "auto" and not uneven) else "vtr"


def part_geometry(group: Group) -> Geometry:
    """Describe the grid of a part."""
    nodes = [group.axes[role].nodes for role in SPACE]
    if group.kind == "vts":
        return structured([len(n) for n in nodes])
    return image(nodes) if group.kind == "vti" else rectilinear(nodes)


def _not_uniform(axes: list[Axis]) -> SeriesError:
    parts = []
    for axis in axes:
        at, worst = unevenness(axis.nodes, axis.precision) or (0, 0.0)
        label = axis.name if axis.name is not None else axis.dim
        parts.append(
            f"axis {axis.role} ({str(label)!r}): node {at} at {axis.nodes[at]} is {worst:.3g} spacings away from its "
            "uniform place"
        )
    message = (
        f"{'; '.join(parts)}; a .vti needs uniform axes, to {TOLERANCE:g} spacings or the precision of the "
        "coordinate: use to_vtr, which keeps the axes as they are"
    )
    return SeriesError(message)
