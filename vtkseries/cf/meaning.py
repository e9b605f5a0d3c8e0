"""What CF attributes say that a coordinate is: x, y, z or time."""

from __future__ import annotations

import re
from collections.abc import Hashable

import cf_xarray  # noqa: F401 (registers the .cf accessor)
import xarray as xr

from vtkseries.cf.attributes import PRESSURE_UNITS

__all__ = ["cf_roles"]

_CF_TEXT = (
    "axis",
    "standard_name",
    "units",
    "positive",
    "coordinates",
    "bounds",
    "grid_mapping",
    "cell_measures",
    "formula_terms",
    "ancillary_variables",
    "cf_role",
)

_CF_KEYS = {
    "X": "x",
    "longitude": "x",
    "Y": "y",
    "latitude": "y",
    "Z": "z",
    "vertical": "z",
    "T": "time",
    "time": "time",
}

_VERTICAL_UNITS = {*PRESSURE_UNITS, "level", "layer", "sigma_level"}
_VERTICAL_NAMES = {
    "barometric_altitude",
    "depth_below_geoid",
    "depth_below_sea_floor",
    "sea_water_pressure",
}


def cf_roles(ds: xr.Dataset) -> dict[Hashable, tuple[str, bool]]:
    """Give each coordinate with CF attributes its role, and whether ``axis`` says it."""
    found: dict[Hashable, tuple[str, bool]] = {}
    ds = _with_text_only(ds)
    for table in (ds.cf.coordinates, ds.cf.axes):
        for key, names in table.items():
            for name in names:
                if key in _CF_KEYS:
                    found[name] = (_CF_KEYS[key], "axis" in ds[name].attrs)
    for name, coordinate in ds.coords.items():
        role = _role_of_meaning(coordinate.variable) if coordinate.dims == (name,) else None
        if role is not None:
            found.setdefault(name, (role, False))
    return found


def _role_of_meaning(variable: xr.Variable) -> str | None:
    """Give the role that units or a standard name tell by CF, beside what cf_xarray knows."""
    units, standard = (str(variable.attrs.get(key, "")) for key in ("units", "standard_name"))
    if re.match(r"\s*\w+\s+since\s", units) and variable.dtype.kind in "iuf":
        return "time"
    return "z" if units.lower() in _VERTICAL_UNITS or standard in _VERTICAL_NAMES else None


def _with_text_only(ds: xr.Dataset) -> xr.Dataset:
    """Leave out attributes that CF wants to be text and are not: cf_xarray fails on them."""
    if all(isinstance(v.attrs.get(key, ""), str) for v in ds.variables.values() for key in _CF_TEXT):
        return ds
    plain = ds.copy()
    for variable in plain.variables.values():
        variable.attrs = {k: v for k, v in variable.attrs.items() if k not in _CF_TEXT or isinstance(v, str)}
    return plain
