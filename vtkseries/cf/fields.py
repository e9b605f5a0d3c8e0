"""Which variables are drawn, and which only say something about others."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from vtkseries.cf.coordinates import attribute
from vtkseries.errors import SeriesError
from vtkseries.xmlformat.text import fits_xml, for_xml

__all__ = ["Vector", "choose", "find_vectors", "metadata_names", "undrawable"]

COMPONENTS = re.compile(r"component(_\d+)?")
"""Dims that reading gives to what has several values a point."""


@dataclass(frozen=True)
class Vector:
    """Several values a point under one name.

    Attributes
    ----------
    name : str
    variables : tuple
        One variable a component, or a single one that has `dim`.
    dim : hashable or None
        The dim along which the components of the single variable lie.
    labels : tuple of str
        The components' names.
    made : bool
        Its components were computed from variables that are written as well.
    found : bool
        Attributes or dims tell of it, not the caller: where it cannot be drawn, it is left out.
    """

    name: str
    variables: tuple[Hashable, ...]
    dim: Hashable | None = None
    labels: tuple[str, ...] = ()
    made: bool = False
    found: bool = False

    def __str__(self) -> str:
        """Name it, and what it is made of, as messages do."""
        parts = " and ".join(repr(str(part)) for part in self.variables)
        return f"variable {self.name!r}" if len(self.variables) == 1 else f"vector {self.name!r} of {parts}"


def metadata_names(ds: xr.Dataset) -> set[Hashable]:
    """Give the variables that CF uses to describe others: bounds, grid mappings and formula terms."""
    names: set[str] = set()
    for variable in ds.variables.values():
        for key in ("bounds", "climatology", "grid_mapping"):
            names.update(re.split(r"[\s:]+", attribute(variable, key) or ""))
        names.update(re.findall(r":\s*(\S+)", attribute(variable, "formula_terms") or ""))
    mappings = {n for n, v in ds.variables.items() if v.ndim == 0 and "grid_mapping_name" in v.attrs}
    topologies = {n for n, v in ds.variables.items() if v.attrs.get("cf_role") in ("mesh_topology", "grid_topology")}
    for name in topologies:
        for key, value in ds.variables[name].attrs.items():
            if key.endswith(("_coordinates", "_connectivity")):
                names.update(str(value).split())
    return {name for name in ds.variables if name and name in names} | mappings | topologies


def choose(ds: xr.Dataset, variables: Sequence[Hashable] | None) -> tuple[list[Hashable], bool]:
    """Give the names of the variables that the caller wants drawn, and whether they were asked for by name.

    Raises
    ------
    SeriesError
        A name that is not there.
    """
    if variables is None:
        metadata = metadata_names(ds)
        return [name for name in ds.data_vars if name not in metadata], False
    single = not isinstance(variables, Iterable) or getattr(variables, "ndim", 1) == 0
    names = [variables] if isinstance(variables, str) or single else list(variables)
    if single or not all(isinstance(name, Hashable) for name in names):
        given = variables if single else next(name for name in names if not isinstance(name, Hashable))
        message = f"variables={reprlib.repr(given)}: give names of variables, as in variables=['T']"
        raise SeriesError(message)
    if not names:
        message = "variables= names none to draw; leave it out for all that can be drawn"
        raise SeriesError(message)
    for name in names:
        if name not in ds.variables:
            known = ", ".join(repr(str(n)) for n in ds.data_vars)
            message = f"variables={name!r}: there is no such variable; this Dataset has {known}"
            raise SeriesError(message)
    return list(dict.fromkeys(names)), True


def undrawable(variable: xr.Variable, name: Hashable) -> tuple[str, str] | None:
    """Give the reason why a variable cannot be drawn whatever its dims, and the remedy; None if it can be."""
    if variable.dtype.kind not in "biufcmM":
        what = "strings" if variable.dtype.kind in "SUT" else "objects"
        return f"holds {what} ({variable.dtype})", "map them to numbers, as with xr.apply_ufunc"
    text = str(name)
    if not text:
        return "has an empty name", "rename it"
    if not fits_xml(text):
        return "has control characters in its name, which XML cannot hold", "rename it"
    if "mesh" in variable.attrs and "location" in variable.attrs:
        return f"lies on the unstructured mesh {variable.attrs['mesh']!r}", "write it with ds.vtk.to_vtu"
    return _misshapen(variable)


def _misshapen(variable: xr.Variable) -> tuple[str, str] | None:
    twice = next((dim for dim in variable.dims if variable.dims.count(dim) > 1), None)
    if twice is not None:
        return f"has the dim {twice!r} twice", "rename one of them, in the variable's dims"
    if variable.size == 0:
        return f"is empty (shape {variable.shape})", "select at least one value a dim"
    return None


def find_vectors(
    ds: xr.Dataset,
    wanted: Mapping[str, Sequence[Hashable] | str] | None,
    names: Iterable[Hashable],
    parts: Hashable | None = None,
) -> tuple[Vector, ...]:
    """Find the vectors of a Dataset.

    Parameters
    ----------
    ds : Dataset
    wanted : mapping, optional
        Vector name to the names of its components, or, for a variable of that name, to the dim of its components;
        components are detected by CF standard names, and by dims as reading gives them, when None.
    names : iterable
        The variables to be drawn, where components are looked for.
    parts : hashable, optional
        A dim that is none of components.

    Raises
    ------
    SeriesError
        Unknown components, or a vector of unequal parts.
    """
    if wanted is None:
        names = list(names)
        return tuple(replace(vector, found=True) for vector in (*_detect(ds, names), *_read(ds, names, parts)))
    return tuple(_explicit(ds, str(name), parts) for name, parts in wanted.items())


def _explicit(ds: xr.Dataset, name: str, parts: Sequence[Hashable] | str) -> Vector:
    if isinstance(parts, str) and parts in ds.dims:
        return _along(ds, name, parts)
    variables = (parts,) if isinstance(parts, str) else tuple(parts)
    for part in variables:
        if part not in ds.variables:
            message = f"vectors: component {part!r} of {name!r} is no variable of this Dataset; check its name"
            raise SeriesError(message)
    if not variables:
        message = f"vectors: {name!r} has no components; name them, as with {{{name!r}: ('u', 'v', 'w')}}"
        raise SeriesError(message)
    first = ds[variables[0]].variable
    for part in variables[1:]:
        other = ds.variables[part]
        if dict(other.sizes) != dict(first.sizes):
            message = (
                f"vectors: the components of {name!r} must have the same dims, but {variables[0]!r} has "
                f"{dict(first.sizes)} and {part!r} has {dict(other.sizes)}; interpolate them to one grid first"
            )
            raise SeriesError(message)
    return Vector(name, variables, labels=tuple(str(part) for part in variables))


def _along(ds: xr.Dataset, name: str, dim: str) -> Vector:
    if name not in ds.variables or dim not in ds.variables[name].dims:
        message = f"vectors: {name!r} must be a variable with dim {dim!r}; or give its components' names instead"
        raise SeriesError(message)
    return Vector(name, (name,), dim, _labels(ds, name, dim))


def _labels(ds: xr.Dataset, name: Hashable, dim: Hashable) -> tuple[str, ...]:
    """Give the names of the components along a dim: its texts, or what the variable's attributes say."""
    labelled = dim in ds.coords and ds.variables[dim].dtype.kind in "UOT"
    texts = ds[dim].values if labelled else ds.variables[name].attrs.get("component_names")
    if texts is None or np.shape(texts) != (ds.sizes[dim],):
        return ()
    return tuple(for_xml(str(text)) for text in texts)


def _read(ds: xr.Dataset, names: list[Hashable], parts: Hashable | None) -> list[Vector]:
    """Find what has a dim of components as reading names it, without places along it."""
    found = []
    for name in names:
        dims = [dim for dim in ds.variables[name].dims if COMPONENTS.fullmatch(str(dim)) and dim != parts]
        placed = [dim for dim in dims if dim in ds.coords and ds.variables[dim].dtype.kind not in "UOT"]
        if len(dims) == 1 and not placed and ds.variables[name].dtype.kind in "biufcmM":
            found.append(Vector(str(name), (name,), dims[0], _labels(ds, name, dims[0])))
    return found


def _detect(ds: xr.Dataset, names: list[Hashable]) -> list[Vector]:
    groups: dict[tuple[str, frozenset[tuple[Hashable, int]]], dict[str, list[Hashable]]] = {}
    for name in names:
        variable = ds.variables[name]
        standard = (attribute(variable, "standard_name") or "").lower()  # FVCOM's "Northward_…" has a capital
        match = re.fullmatch(r"(eastward|northward|upward)_(\w+)", standard)
        if match and variable.dtype.kind in "biuf":
            suffix = "wind" if match[0] == "upward_air_velocity" else match[2]
            key = (suffix, frozenset(variable.sizes.items()))
            groups.setdefault(key, {}).setdefault(match[1], []).append(name)
    vectors: list[Vector] = []
    for (suffix, _), found in groups.items():
        if "eastward" not in found or "northward" not in found or any(len(v) > 1 for v in found.values()):
            continue
        parts = tuple(found[d][0] for d in ("eastward", "northward", "upward") if d in found)
        taken = {str(n) for n in ds.variables} | {v.name for v in vectors}
        free = (n for n in (suffix, *(f"{suffix}_{i}" for i in range(2, 99))) if n not in taken)
        vectors.append(Vector(next(free), parts, labels=tuple(str(p) for p in parts)))
    return vectors
