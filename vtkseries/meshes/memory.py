"""One step of points or of an unstructured mesh as a VTK object, or what is a grid as such."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from vtkseries import memory
from vtkseries.errors import SeriesError, VtkSeriesWarning
from vtkseries.memory.attach import kept_beside
from vtkseries.memory.grid import INSIDE, named_axes, refuse_parts, refuse_steps, require_vtk, select_along
from vtkseries.memory.pointset import point_set
from vtkseries.meshes.discrete import plan_points
from vtkseries.meshes.kinds import of_points, told_kind
from vtkseries.meshes.places import find_time
from vtkseries.meshes.steps import Steps
from vtkseries.meshes.ugrid import plan_mesh
from vtkseries.meshes.write import MeshSeries
from vtkseries.plan.fielddata import step_fields
from vtkseries.serial import step_values

__all__ = ["require_pyvista", "to_grid"]

_KINDS = ("auto", "vtr", "vti", "vts", "vtp", "vtu")
_ONLY = {"trajectory": "vtp", "mesh": "vtu"}


def to_grid(ds: xr.Dataset, indexers: Mapping[str, Any], *, copy: bool = False, **options: Any) -> Any:
    """Give one step as a VTK object; the arguments are those of ``ds.vtk.to_grid``.

    Raises
    ------
    SeriesError
        VTK is missing; there are several steps or several grids; or what cannot be drawn was asked for.
    """
    require_vtk()
    kind, axes = options.pop("grid", "auto"), options.pop("axes", None)
    if kind not in _KINDS:
        raise SeriesError(f"grid={kind!r}: choose one of {', '.join(map(repr, _KINDS))}")
    chosen, named = named_axes(ds, indexers, axes)
    own = {name: options.pop(name, None) for name in _ONLY}
    for name, value in own.items():
        if value is not None and name in ds.dims and value not in {*ds.dims, *ds.variables}:
            chosen[name], own[name] = value, None  # a label along a dim of that name
    told = [name for name, value in own.items() if value is not None]
    if kind == "auto":
        kind = _ONLY[told[0]] if told else told_kind(ds)
        kind = "vtp" if kind == "auto" and of_points(ds, named) else kind
    for name in told:
        if kind != _ONLY[name]:
            raise SeriesError(f"{name}={own[name]!r} is for grid={_ONLY[name]!r}, not for grid={kind!r}")
    if kind not in _ONLY.values():
        return memory.to_grid(ds, chosen, copy=copy, axes=named, grid=kind, **options)
    location = options.pop("location", "auto")
    if location != "auto":
        raise SeriesError(f"location={location!r} is for grids: the dims of a variable say whether it is of points")
    roles = ("x", "y", "z", "time") if kind == "vtp" else ("z", "time")
    for role in named.keys() - {*roles}:
        raise SeriesError(f"{role}={named[role]!r}: a mesh tells its own places, in node_coordinates or by CF bounds")
    named = {**named, **{name: own[name] for name in told}}
    plan = partial(plan_points if kind == "vtp" else plan_mesh, path=_path(), inside=INSIDE, **options)
    return _of(*_step(ds, chosen, named, plan), copy=copy)


def require_pyvista() -> Any:
    """Give pyvista, or say how to get it.

    Raises
    ------
    SeriesError
        It is not installed.
    """
    try:
        import pyvista  # noqa: PLC0415  # optional, and slow to import
    except ImportError as error:
        raise SeriesError("to_pyvista needs pyvista: pip install vtkseries[grids]") from error
    return pyvista


def _path() -> Path:
    return Path(tempfile.gettempdir()) / "grid.pvd"  # nothing is written there


def _step(
    ds: xr.Dataset, chosen: Mapping[str, Any], named: Mapping[str, Hashable], plan: Callable[..., MeshSeries]
) -> tuple[MeshSeries, int]:
    """Plan what was selected, and tell which step of it that is."""
    time = find_time(ds, named.get("time"))
    stamped = False
    for name, wanted in chosen.items():
        dim: Hashable = time if name == "time" and name not in ds.dims and time in ds.dims else name
        if dim in ds.dims:
            ds = select_along(ds, dim, wanted)
        elif name == "time" and time in ds.variables and ds[time].ndim:
            stamped = True
        else:
            raise SeriesError(
                f"{name}={wanted!r}: there is no such dim; this Dataset has {', '.join(map(str, ds.dims))}"
            )
    series = plan(ds, **named)
    if not stamped:
        refuse_steps(ds, series.plan.steps, series.plan.times.dim or "time")
        return series, 0
    along = series.selection.time
    if along is None and series.selection.members is None:
        raise SeriesError(
            f"time={chosen['time']!r}: lines have all their times in one step; leave time out, or draw the points "
            "of a time, with ds.assign_attrs(featureType='point')"
        )
    stamps = ds[time].values.reshape(-1) if along is not None else _known(ds[time].values)
    found = select_along(
        xr.Dataset({"step": ("time", np.arange(stamps.size))}, {"time": stamps}), "time", chosen["time"]
    )
    steps = np.atleast_1d(found["step"].values)
    refuse_steps(found.isel(time=slice(0, 1)) if found["step"].ndim else ds, steps.size, "time")
    if along is not None:
        return plan(ds.isel({along: int(steps[0])}), **named), 0
    return series, int(steps[0])


def _known(stamps: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Give the times of the steps, of points that have times of their own."""
    flat = stamps.reshape(-1)
    return np.unique(flat[~xr.Variable("point", flat).isnull().values])


def _of(series: MeshSeries, step: int, *, copy: bool) -> Any:
    plan = series.plan
    kinds = series.build.fields()
    names = [[str(key) for group in both for item in group for key in getattr(item, "keys", ())] for _, *both in kinds]
    refuse_parts(dict(zip((part.name for part in plan.parts), names, strict=True)))
    for text in plan.left_out:
        warnings.warn(text, VtkSeriesWarning, stacklevel=4)
    fields = step_fields(plan.clock(plan.parts[0]), step, step_values(plan, series.beside, step))
    (mesh,) = series.build.step(step, Steps(series.sources, series.selection).at(step))
    return point_set(*mesh.document(fields, None), kept_beside(plan.beside, series.beside), copy=copy)
