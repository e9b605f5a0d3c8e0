"""Whether every value of a series is where its coordinates say: files against the Dataset, place by place."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyvista
import xarray as xr
from scipy.spatial import cKDTree

from tools.readers import Grid, read_vtk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tools.paraview import Part, Seen

__all__ = ["Expected", "assert_places", "count"]


def count(dim: str) -> Callable[[xr.Dataset], xr.DataArray]:
    """Give positions that are counted along a dim without coordinates."""
    return lambda ds: xr.DataArray(np.arange(ds.sizes[dim], dtype="f8"), dims=dim)


@dataclass(frozen=True)
class Expected:
    """Fields that share a grid, and where its points are.

    Attributes
    ----------
    names : str
        Of the fields, with blanks between.
    x, y, z : str, float or callable
        A variable's name, a number, or what gives a DataArray of a Dataset.
    vectors : mapping
        Of names to their components: names, or what gives a DataArray of a Dataset.
    cells : bool
        Whether values lie in cells, which then hold these places.
    closed : bool
        Whether the first column is there again after the last, at the same places.
    """

    names: str
    x: Any
    y: Any
    z: Any = 0.0
    vectors: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    cells: bool = False
    closed: bool = False


def assert_places(
    path: Path, ds: xr.Dataset, expected: tuple[Expected, ...], time: str | None, seen_by: Seen | None = None
) -> None:
    """Check every field of every step of a series, and that nothing else is drawn.

    Parameters
    ----------
    path : Path
        Of a ``.pvd``.
    ds : Dataset
    expected : tuple of Expected
    time : str or None
        The dim of the steps.
    seen_by : Seen, optional
        What ParaView saw of it; VTK's reader looks at the files otherwise.
    """
    wanted = {name: one for one in expected for name in (*one.names.split(), *one.vectors)}
    seen: set[tuple[str, int]] = set()
    entries = [entry.attrib for entry in ET.parse(path).getroot().iter("DataSet")]  # noqa: S314 (our own file)
    times = sorted({float(entry["timestep"]) for entry in entries})
    assert len(times) == (1 if time is None else ds.sizes[time]), f"{path.name} has {len(times)} steps"
    at: dict[int, int] = {}
    for entry in entries:
        step = times.index(float(entry["timestep"]))
        file = path.parent / entry["file"]
        if seen_by is None:
            grid = read_vtk(file)
        else:
            at[step] = at.get(step, -1) + 1
            grid = _of_paraview(seen_by.steps[step].parts[at[step]])
        for name, values in (grid.cell if _is_cells(grid) else grid.point).items():
            if name in wanted:
                one = ds if time is None else ds.isel({time: step})
                _assert_field(file, grid, name, values, one, wanted[name])
                seen.add((name, step))
        known = {*wanted, "vtkGhostType", *map(str, ds.coords)}
        strange = {*grid.point, *grid.cell} - known
        assert not strange, f"{file.name} also holds {strange}"
        mesh = pyvista.read(file)
        if min(mesh.dimensions) > 1:
            hidden = np.asarray(mesh.cell_data.get("vtkGhostType", np.zeros(mesh.n_cells))) > 0
            assert mesh.compute_cell_sizes()["Volume"][~hidden].min() > 0, f"{file.name} has cells that are turned over"
    assert seen == {(name, step) for name in wanted for step in range(len(times))}, f"not drawn: {set(wanted)} / {seen}"


def _of_paraview(part: Part) -> Grid:
    low, high = part.extent[::2], part.extent[1::2]
    axes = part.axes
    if part.points is None and not axes:
        ends = zip(part.bounds[::2], part.bounds[1::2], low, high, strict=True)
        axes = {
            name: np.linspace(a, b, last - first + 1) for name, (a, b, first, last) in zip("xyz", ends, strict=True)
        }
    point = {name: part.values[name] for name in part.point}
    cell = {name: part.values[name] for name in part.cell if name not in part.point}
    return Grid(point, cell, axes, part.points)


def _is_cells(grid: Grid) -> bool:
    return any(name != "vtkGhostType" for name in grid.cell)


def _assert_field(file: Path, grid: Grid, name: str, values: Any, ds: xr.Dataset, one: Expected) -> None:
    parts = [ds[part] if isinstance(part, str) else part(ds) for part in one.vectors.get(name, (name,))]
    places = np.stack([np.ravel(_placed(ds, place, parts[0])) for place in (one.x, one.y, one.z)], -1)
    known = np.isfinite(places).all(axis=-1)
    wanted = np.stack([np.ravel(part.transpose(*parts[0].dims).values) for part in parts], -1)
    found = values.reshape(-1, values.shape[3] if values.ndim > 3 else 1)
    columns = values.shape[2]
    count = len(wanted) * columns // (columns - 1) if one.closed else len(wanted)
    assert len(found) == count, f"{file.name}: {name!r} has {len(found)} values, not {count}"
    if name in one.vectors:
        wanted = np.pad(wanted, ((0, 0), (0, found.shape[1] - len(parts))))
    number = _cells_at(file, places[known]) if one.cells else _points_at(grid, places[known])
    assert len(set(number)) == known.sum(), f"{file.name}: several values of {name!r} have one place"
    message = f"{file.name}: {name!r}"
    if name in one.vectors and not isinstance(one.vectors[name][0], str):
        np.testing.assert_allclose(found[number], wanted[known], rtol=1e-6, err_msg=message)
    else:
        np.testing.assert_array_equal(found[number], wanted[known].astype(found.dtype), err_msg=message)


def _cells_at(file: Path, places: Any) -> Any:
    number = pyvista.read(file).find_containing_cell(places)
    assert (number >= 0).all(), f"{file.name} has no cell at {places[np.argmin(number)]}"
    return number


def _points_at(grid: Grid, places: Any) -> Any:
    """Give the points at some places: of several one that is shown, since hidden ones may have none of their own."""
    scale = [np.ptp(places[:, axis]) or 1.0 for axis in range(3)]
    at = np.stack(_points(grid), -1) / scale
    hidden = np.broadcast_to(np.ravel(grid.point.get("vtkGhostType", np.zeros(1))), len(at)) > 0
    distance, nearest = cKDTree(at).query(places / scale)
    assert distance.max() < 1e-6, f"no point at {places[distance.argmax()]}"
    if hidden.any():
        shown = np.flatnonzero(~hidden)
        distance, other = cKDTree(at[shown]).query(places / scale)
        nearest = np.where(distance < 1e-6, shown[other], nearest)
    return nearest


def _placed(ds: xr.Dataset, place: Any, like: xr.DataArray) -> Any:
    if not isinstance(place, str) and not callable(place):
        return np.full(like.shape, float(place))
    found = ds[place] if isinstance(place, str) else place(ds)
    bare = xr.DataArray(np.asarray(found.values, "f8"), dims=found.dims)
    return bare.broadcast_like(like.drop_vars(list(like.coords))).transpose(*like.dims).values


def _points(grid: Grid) -> list[Any]:
    if grid.points is not None:
        return [np.ravel(grid.points[..., axis]) for axis in range(3)]
    z, y, x = np.meshgrid(grid.axes["z"], grid.axes["y"], grid.axes["x"], indexing="ij")
    return [np.ravel(axis) for axis in (x, y, z)]
