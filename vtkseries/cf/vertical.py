"""Heights from CF's parametric vertical coordinates."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import xarray as xr

from vtkseries.cf.attributes import attribute
from vtkseries.cf.curvilinear import Coordinate
from vtkseries.cf.formulas import evaluate, is_known
from vtkseries.cf.layers import Terms, edge_terms, formula_terms
from vtkseries.cf.missing import filled
from vtkseries.cf.neighbours import on_grid, shifted
from vtkseries.cf.roles import Roles

__all__ = ["parametric"]


def parametric(
    ds: xr.Dataset, dims: Mapping[str, Hashable], roles: Roles, *, cells: bool, edges: Hashable | None
) -> tuple[Coordinate | None, str | None]:
    """Give the heights that the ``formula_terms`` of a vertical coordinate stand for, evaluated block by block.

    Parameters
    ----------
    ds : Dataset
    dims : mapping of role to dim
        The field's own, with that of the time.
    roles : Roles
    cells : bool
        Whether the field lies in layers: heights are then those of their edges, where the terms have any.
    edges : hashable or None
        The coordinate of the layers' edges, where the caller or CF bounds say it.

    Returns
    -------
    Coordinate or None
        None where there is no such coordinate, or not all that it needs.
    str or None
        What the plan is to say about it.

    Raises
    ------
    SeriesError
        Bounds of neighbouring layers that differ.
    """
    name = _level(ds, (dims["z"],) if "z" in dims else (), roles.named.get("z"))
    if name is None:
        return None, None
    label = f"axis z ({name})"
    names = formula_terms(ds.variables[name])
    kind = attribute(ds.variables[name], "standard_name") or ""
    if not is_known(kind):
        return None, f"{label}: no formula is known for standard_name {kind!r}, used as it is"
    absent = [value for value in names.values() if value not in ds.variables]
    if absent:
        return None, f"{label}: its formula_terms need {', '.join(absent)}, which is not here; used as it is"
    middles = Terms(name, {key: ds.variables[term] for key, term in names.items()})
    at_edges = edge_terms(ds, name, edges) if cells else None
    terms = at_edges or middles
    sizes = {role: ds.sizes[dim] + (role == "z" and at_edges is not None) for role, dim in dims.items()}
    named = {key: on_grid(variable, dims, roles) for key, variable in terms.variables.items()}
    placed = {key: None if variable is None else shifted(variable, sizes) for key, variable in named.items()}
    strange = [names.get(key, key) for key, found in placed.items() if found is None]
    if strange:
        return None, f"{label}: {', '.join(strange)} of its formula_terms is on another grid; used as it is"
    variables = {key: found[0] for key, found in placed.items() if found is not None}
    whole = {key: filled(v) if {"x", "y"} & set(v.dims) else v for key, v in variables.items()}
    try:
        heights = evaluate(kind, variables, edges=at_edges is not None)
        complete = all(whole[key] is variables[key] for key in whole)
        plausible = None if complete else evaluate(kind, whole, edges=at_edges is not None)
    except (KeyError, ValueError) as error:
        return None, f"{label}: its formula_terms cannot be decoded ({error.args[0]}); used as it is"
    said = f"{label}: heights by formula_terms ({kind})"
    if at_edges is not None:
        said += f" of the layers' edges, {str(at_edges.name)!r}"
    elif cells:
        said += ", whose bounds have none: layers' edges were put half-way between them"
    said += ", of each step" if "time" in heights.dims else ""
    return Coordinate("z", name, heights, frozenset("z" if at_edges else ""), plausible), said


def _level(ds: xr.Dataset, dims: tuple[Hashable, ...], named: Hashable | None) -> Hashable | None:
    """Give the coordinate along a dim, or of a single level, that has a formula, unless the caller named another."""
    if named in ds.variables and not formula_terms(ds.variables[named]):
        return None
    found = [n for n, v in ds.variables.items() if v.dims == dims and formula_terms(v)]
    return named if named in found else next(iter(found), None)
