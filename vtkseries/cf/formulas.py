"""CF's formulas for parametric vertical coordinates, evaluated block by block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from cf_xarray.parametric import TRANSFORM_FROM_STDNAME

from vtkseries.cf.lazy import derive, stored_order

__all__ = ["evaluate", "is_known"]

# What cf_xarray derives the result's name from; only the values matter here.
_STANDARD_NAMES = {
    "eta": "sea_surface_height_above_geoid",
    "depth": "sea_floor_depth_below_geoid",
    "zlev": "altitude",
    "orog": "surface_altitude",
    "ztop": "altitude_at_top_of_atmosphere_model",
}


def is_known(kind: str) -> bool:
    """Tell whether a standard name has a formula."""
    return kind in TRANSFORM_FROM_STDNAME


def evaluate(kind: str, terms: Mapping[str, xr.Variable], *, edges: bool = False) -> xr.Variable:
    """Give the heights, or pressures, that terms stand for.

    Parameters
    ----------
    kind : str
        The standard name of the formula.
    terms : mapping
        By their names in the formula, in lower case; with dims named by role.
    edges : bool
        The terms are those of the levels' edges, of which there is one more.

    Raises
    ------
    KeyError, ValueError
        Terms that the formula lacks, or has twice.
    """
    terms = dict(terms)
    if kind == "ocean_double_sigma_coordinate":
        # The formula asks for the number of the level; an edge has that of the level that it ends.
        count = terms["sigma"].sizes["z"]
        numbers = np.maximum(np.arange(count), 1) if edges else np.arange(1, count + 1)
        terms["k"] = xr.Variable(("z",), numbers)
    dims = dict.fromkeys(dim for variable in terms.values() for dim in variable.dims)
    order = tuple(map(str, stored_order(dims) if len(terms) > 1 else dims))
    function = _Formula(kind, tuple((key, tuple(map(str, v.dims))) for key, v in terms.items()), order)
    # Errors in the terms show here, where nothing is written yet.
    function(*(np.ones((1,) * len(order)) for _ in terms))
    result = derive(function, list(terms.values()), "f8", steady="time" not in dims)
    result = result.transpose(*(dim for dim in ("time", "z", "y", "x") if dim in result.dims))
    result.attrs = {"standard_name": "air_pressure"} if _is_pressure(kind) else {"positive": "up"}
    return result


def _is_pressure(kind: str) -> bool:
    return kind in (
        "atmosphere_ln_pressure_coordinate",
        "atmosphere_sigma_coordinate",
        "atmosphere_hybrid_sigma_pressure_coordinate",
    )


@dataclass(frozen=True)
class _Formula:
    """One of CF's formulas, for blocks of its terms."""

    kind: str
    terms: tuple[tuple[str, tuple[str, ...]], ...]
    order: tuple[str, ...]

    def __call__(self, *blocks: np.ndarray) -> np.ndarray:
        arrays = {}
        for (key, dims), block in zip(self.terms, blocks, strict=True):
            part = block[tuple(slice(None) if dim in dims else 0 for dim in self.order)]
            present = [dim for dim in self.order if dim in dims]
            attrs = {"standard_name": _STANDARD_NAMES[key]} if key in _STANDARD_NAMES else {}
            arrays[key] = xr.DataArray(part.astype("f8"), dims=present, attrs=attrs)
        if "k" in arrays:
            arrays["sigma"] = arrays["sigma"].assign_coords(k=arrays.pop("k"))
        if self.kind in _MENDED:
            result = _MENDED[self.kind](arrays)
        else:
            result = TRANSFORM_FROM_STDNAME[self.kind].from_terms(arrays).decode()
        present = [dim for dim in self.order if dim in result.dims]
        values = result.transpose(*present).values
        return np.asarray(values[tuple(slice(None) if dim in present else None for dim in self.order)])


# Two formulas in which cf_xarray 0.11 departs from the conventions, so that s = -1 is not the sea floor.


def _ocean_s(terms: Mapping[str, xr.DataArray]) -> xr.DataArray:
    s, a, b, depth_c = terms["s"], terms["a"], terms["b"], terms["depth_c"]
    stretching = (1 - b) * np.sinh(a * s) / np.sinh(a) + b * (np.tanh(a * (s + 0.5)) / (2 * np.tanh(a / 2)) - 0.5)
    result: xr.DataArray = terms["eta"] * (1 + s) + depth_c * s + (terms["depth"] - depth_c) * stretching
    return result


def _ocean_s_g1(terms: Mapping[str, xr.DataArray]) -> xr.DataArray:
    depth, depth_c = terms["depth"], terms["depth_c"]
    still = depth_c * terms["s"] + (depth - depth_c) * terms["c"]
    result: xr.DataArray = still + terms["eta"] * (1 + still / depth)
    return result


_MENDED = {"ocean_s_coordinate": _ocean_s, "ocean_s_coordinate_g1": _ocean_s_g1}
