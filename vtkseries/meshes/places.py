"""Where points are: the coordinates that the caller names, or that CF, or their names, tell."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping

import numpy as np
import xarray as xr

from vtkseries.cf.attributes import unstacking
from vtkseries.cf.coordinates import upward
from vtkseries.cf.meaning import cf_roles
from vtkseries.errors import SeriesError

__all__ = ["as_floats", "find_places", "find_time", "scale"]

_NAMES = {
    "x": r"x|x_?pos(ition)?|lon(gitude)?s?|easting",
    "y": r"y|y_?pos(ition)?|lat(itude)?s?|northing",
    "z": r"z|z_?pos(ition)?|depth|alt(itude)?|height|elevation|lev(el)?",
    "time": r"time|date(time)?|ocean_time",
}


def find_places(ds: xr.Dataset, named: Mapping[str, Hashable | None]) -> dict[str, Hashable]:
    """Give the variables of x, y and, where there is one, z.

    Raises
    ------
    SeriesError
        One is missing, or several could be it.
    """
    found: dict[str, Hashable] = {}
    for role in ("x", "y", "z"):
        name = named.get(role)
        if name is not None and name not in ds.variables:
            known = ", ".join(map(str, ds.variables))
            raise SeriesError(f"{role}={name!r}: there is no such variable; this Dataset has {known}")
        chosen = name if name is not None else _detect(ds, role)
        if chosen is not None:
            found[role] = chosen
        elif role != "z":
            raise SeriesError(f"no coordinate tells {role} of the points; name one, as with {role}='lon'")
    for role, name in found.items():
        if ds[name].dtype.kind not in "iuf":
            apart = unstacking(ds[name].variable, name)
            if apart is not None:
                raise SeriesError(f"{role}={str(name)!r} holds several levels; use {apart}, or name a level of it")
            raise SeriesError(f"{role}={str(name)!r} holds {ds[name].dtype}; coordinates are real numbers")
    return found


def _detect(ds: xr.Dataset, role: str) -> Hashable | None:
    cf = _cf_roles(ds, role)
    told = [name for name, kind in cf.items() if kind == role]
    named = [n for n in ds.variables if re.fullmatch(_NAMES[role], str(n), re.IGNORECASE) and n not in cf]
    named = [name for name in named if ds[name].dtype.kind in "iuf"]
    # One of all points, as of a station, counts where there is none of each.
    several = ([name for name in names if ds[name].ndim] for names in (told, named))
    candidates = next((names for names in (*several, told, named) if names), [])
    if len(candidates) > 1:
        drawn = {dim for name, v in ds.data_vars.items() if name not in candidates for dim in v.dims}
        candidates = [name for name in candidates if drawn.issuperset(ds[name].dims)] or candidates
    if len(candidates) > 1:
        choices = " or ".join(f"{role}={str(name)!r}" for name in candidates)
        raise SeriesError(f"{', '.join(map(repr, candidates))} could all be {role} of the points; say {choices}")
    return candidates[0] if candidates else None


def _cf_roles(ds: xr.Dataset, wanted: str) -> dict[Hashable, str]:
    """Give what CF says of coordinates or, where none is the wanted one, of variables with CF's ``axis`` too.

    In Argo's files no variable is a coordinate, and none names those that it has.
    """
    found = {name: role for name, (role, _) in cf_roles(ds).items()}
    further = [name for name, variable in ds.data_vars.items() if "axis" in variable.attrs]
    if further and wanted not in found.values():
        found = {name: role for name, (role, _) in cf_roles(ds.set_coords(further)).items()}
    return found


def find_time(ds: xr.Dataset, name: Hashable | None) -> Hashable | None:
    """Give the variable, or the dim without one, that tells the time.

    Raises
    ------
    SeriesError
        What the caller names is not there.
    """
    if name is not None:
        if name not in ds.variables and name not in ds.dims:
            raise SeriesError(f"time={name!r}: there is no such variable or dim")
        return name
    told = [name for name, kind in _cf_roles(ds, "time").items() if kind == "time"]
    dated = [name for name, variable in ds.variables.items() if variable.dtype.kind == "M"]
    names = [n for n in (*ds.variables, *ds.dims) if re.fullmatch(_NAMES["time"], str(n), re.IGNORECASE)]
    names += [n for n in (*ds.coords, *ds.dims) if n == "t"]  # as data, T is a temperature
    candidates = list(dict.fromkeys(told or dated or names))
    return min(candidates, key=lambda n: (ds[n].ndim if n in ds.variables else 1, len(str(n)))) if candidates else None


def scale(ds: xr.Dataset, name: Hashable | None, z_scale: float) -> float:
    """Give the factor of a vertical coordinate: up is up."""
    return 1.0 if name is None else upward(ds[name].variable, z_scale, name)[0]


def as_floats(values: np.ndarray) -> np.ndarray:
    """Give coordinates as VTK takes them for points."""
    return values if values.dtype in (np.dtype("f4"), np.dtype("f8")) else values.astype("f8")
