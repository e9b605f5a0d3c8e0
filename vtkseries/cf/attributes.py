"""CF attributes of a variable."""

from __future__ import annotations

import xarray as xr

__all__ = ["PRESSURE_UNITS", "attribute", "bounds_of", "feature_type", "unstacking"]

PRESSURE_UNITS = frozenset({"pa", "hpa", "kpa", "mb", "mbar", "millibar", "millibars", "bar", "dbar", "decibar", "atm"})
"""By CF, a coordinate in such units is vertical."""


def attribute(variable: xr.Variable, name: str) -> str | None:
    """Give a CF attribute, which decoding may have moved to the encoding."""
    value = variable.attrs.get(name, variable.encoding.get(name))
    return value if isinstance(value, str) else None


def bounds_of(variable: xr.Variable) -> str | None:
    """Give the name of a coordinate's CF bounds, or of its ``edges`` as older models' files have them."""
    return attribute(variable, "bounds") or attribute(variable, "edges")


def feature_type(ds: xr.Dataset) -> str:
    """Give CF's ``featureType`` in lower case; some models' files, and CF's drafts, write it with an underscore."""
    known = ("featuretype", "cf:featuretype")
    given = {str(key): str(value) for key, value in ds.attrs.items()}
    kinds = [value for key, value in given.items() if key.lower().replace("_", "") in known]
    return next((kind.strip().lower().replace("_", "") for kind in (given.get("featureType", ""), *kinds) if kind), "")


def unstacking(variable: xr.Variable, name: object) -> str | None:
    """Give the call that takes apart several levels stacked on one dim; None where there is one level."""
    levels = variable.to_index().nlevels if isinstance(variable, xr.IndexVariable) else 1
    return f"ds.unstack({str(name)!r})" if levels > 1 else None
