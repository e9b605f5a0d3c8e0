"""Heights from CF's parametric vertical coordinates."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from cf_xarray.parametric import TRANSFORM_FROM_STDNAME

from vtkseries.cf.attributes import attribute
from vtkseries.cf.curvilinear import Coordinate, by_role
from vtkseries.cf.lazy import derive, stored_order
from vtkseries.cf.roles import Roles

__all__ = ["Formula", "formula_of", "is_pressure", "parametric"]

# What cf_xarray derives the result's name from; only the values matter here.
_STANDARD_NAMES = {
    "eta": "sea_surface_height_above_geoid",
    "depth": "sea_floor_depth_below_geoid",
    "zlev": "altitude",
    "orog": "surface_altitude",
    "ztop": "altitude_at_top_of_atmosphere_model",
}


def parametric(ds: xr.Dataset, dims: Mapping[str, Hashable], roles: Roles) -> tuple[Coordinate | None, str | None]:
    """Give the heights that the ``formula_terms`` of a vertical coordinate stand for, evaluated block by block.

    Parameters
    ----------
    ds : Dataset
    dims : mapping of role to dim
        The field's own, with that of the time.
    roles : Roles

    Returns
    -------
    Coordinate or None
        None where there is no such coordinate, or not all that it needs.
    str or None
        What the plan is to say about it.
    """
    for name, coordinate in ds.variables.items():
        formula = attribute(coordinate, "formula_terms")
        if formula is None or coordinate.dims != (dims["z"],):
            continue
        kind = attribute(coordinate, "standard_name") or ""
        terms = _terms(formula)
        if kind not in TRANSFORM_FROM_STDNAME:
            return None, f"axis z ({name}): no formula is known for standard_name {kind!r}, used as it is"
        absent = [value for value in terms.values() if value not in ds.variables]
        if absent:
            return (
                None,
                f"axis z ({name}): its formula_terms need {', '.join(absent)}, which is not here; used as it is",
            )
        placed = {key: _on_grid(ds, value, dims, roles) for key, value in terms.items()}
        strange = [terms[key] for key, variable in placed.items() if variable is None]
        if strange:
            return None, f"axis z ({name}): {', '.join(strange)} of its formula_terms is on another grid; used as it is"
        variables = {key: variable for key, variable in placed.items() if variable is not None}
        moved = "time" in {dim for variable in variables.values() for dim in variable.dims}
        try:
            result = _decode(kind, variables, steady=not moved)
        except (KeyError, ValueError) as error:
            return None, f"axis z ({name}): its formula_terms cannot be decoded ({error.args[0]}); used as it is"
        notice = f"axis z ({name}): heights by formula_terms ({kind})" + (", of each step" if moved else "")
        return Coordinate("z", name, result), notice
    return None, None


def _terms(formula: str) -> dict[str, str]:
    return {key.lower(): value for key, value in re.findall(r"(\w+)\s*:\s*(\S+)", formula)}


def formula_of(ds: xr.Dataset, name: Hashable) -> tuple[str, dict[str, str]] | None:
    """Give the formula of a vertical coordinate, and its variables by term; None where it has none that is known.

    Parameters
    ----------
    ds : Dataset
    name : hashable
    """
    formula, kind = (attribute(ds[name].variable, key) for key in ("formula_terms", "standard_name"))
    terms = _terms(formula or "")
    if not terms or kind not in TRANSFORM_FROM_STDNAME or any(value not in ds.variables for value in terms.values()):
        return None
    return str(kind), terms


def _on_grid(ds: xr.Dataset, name: str, dims: Mapping[str, Hashable], roles: Roles) -> xr.Variable | None:
    """Give a term on the field's grid: between two points of its own where that is shifted by half a cell."""
    variable = ds[name].variable
    own = {dim: role for role, dim in dims.items()}
    claimed = {dim: own.get(dim) or roles.dims.get(dim) for dim in variable.dims}
    if any(role is None or role not in dims for role in claimed.values()) or len(set(claimed.values())) < len(claimed):
        return None
    placed = by_role(variable, {dim: str(role) for dim, role in claimed.items()})
    for dim, role in claimed.items():
        size, wanted = ds.sizes[dim], ds.sizes[dims[str(role)]]
        if dim in own or size == wanted:
            continue
        if size != wanted + 1 or role == "time":
            return None
        pair = [placed.isel({role: slice(0, -1)}), placed.isel({role: slice(1, None)})]
        placed = derive(_mean, pair, placed.dtype)
    return placed


def _mean(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.asarray((first + second) / 2)


def _decode(kind: str, terms: dict[str, xr.Variable], *, steady: bool) -> xr.Variable:
    if kind == "ocean_double_sigma_coordinate":
        # The formula asks for the number of the level.
        terms = {**terms, "k": xr.Variable(("z",), np.arange(1, terms["sigma"].sizes["z"] + 1))}
    dims = dict.fromkeys(dim for variable in terms.values() for dim in variable.dims)
    order = tuple(map(str, stored_order(dims) if len(terms) > 1 else dims))
    function = Formula(kind, tuple((key, tuple(map(str, v.dims))) for key, v in terms.items()), order)
    # Errors in the terms show here, where nothing is written yet.
    function(*(np.ones((1,) * len(order)) for _ in terms))
    result = derive(function, list(terms.values()), "f8", steady=steady)
    result = result.transpose(*(dim for dim in ("time", "z", "y", "x") if dim in result.dims))
    result.attrs = {"standard_name": "air_pressure"} if is_pressure(kind) else {"positive": "up"}
    return result


def is_pressure(kind: str) -> bool:
    """Tell whether a formula gives pressures, which fall upwards."""
    return kind in (
        "atmosphere_ln_pressure_coordinate",
        "atmosphere_sigma_coordinate",
        "atmosphere_hybrid_sigma_pressure_coordinate",
    )


@dataclass(frozen=True)
class Formula:
    """One of CF's formulas, for blocks of its terms."""

    kind: str
    terms: tuple[tuple[str, tuple[str, ...]], ...]
    order: tuple[str, ...]

    def __call__(self, *blocks: np.ndarray) -> np.ndarray:
        """Give the heights for blocks of the terms, which have size 1 along dims that they lack."""
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
