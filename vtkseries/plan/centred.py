"""Vectors of a staggered grid, brought to the centres of its cells where the caller asks for them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import xarray as xr

from vtkseries.cf.fields import Vector
from vtkseries.cf.roles import find_roles
from vtkseries.cf.stagger import centre, find_centrings, needs_centring
from vtkseries.errors import SeriesError

__all__ = ["Centred", "centre_vectors", "check_mappings"]

_MOST = 3


@dataclass(frozen=True)
class Centred:
    """A Dataset with averaged components beside what it had.

    Attributes
    ----------
    ds : Dataset
    vectors : tuple of Vector
        Made of averaged components.
    rest : mapping or None
        The vectors that need no averaging.
    notices : tuple of str
    """

    ds: xr.Dataset
    vectors: tuple[Vector, ...]
    rest: Mapping[str, Sequence[Hashable] | str] | None
    notices: tuple[str, ...]


def centre_vectors(
    ds: xr.Dataset,
    wanted: Mapping[str, Sequence[Hashable] | str] | None,
    named: Mapping[str, Hashable | None],
    names: Sequence[Hashable],
    stagger: Mapping[Hashable, str] | None,
) -> Centred:
    """Average the components of staggered vectors to the centres, lazily.

    Parameters
    ----------
    ds : Dataset
    wanted : mapping, optional
        The vectors that the caller asks for; nothing is averaged unasked.
    named : mapping of role to name
        The axes that the caller named.
    names : sequence
        The variables to be drawn.
    stagger : mapping of component to role, optional

    Raises
    ------
    SeriesError
        Components that nothing brings together.
    """
    stagger = _checked(ds, wanted, stagger)
    rest: dict[str, Sequence[Hashable] | str] = {}
    made: list[Vector] = []
    notices: list[str] = []
    for name, parts in (wanted or {}).items():
        components = (parts,) if isinstance(parts, str) else tuple(parts)
        staggered = needs_centring(ds, components) or any(part in stagger for part in components)
        if not 1 < len(components) <= _MOST or not staggered:
            rest[name] = parts
            continue
        roles = find_roles(ds, named, dict.fromkeys([*names, *components]), curvilinear=True)
        centrings = find_centrings(ds, str(name), components, roles, stagger)
        averaged = []
        for part in components:
            own = f"{part} of {name}, at the centres"
            ds = ds.assign({own: centre(ds, part, centrings[part])})
            averaged.append(own)
            along = [item.role for item in centrings[part] if item.before is not None]
            notices += (
                [f"vector {name!r}: {part!r} was averaged along {', '.join(along)} to the centres"] if along else []
            )
        made.append(Vector(str(name), tuple(averaged), labels=tuple(map(str, components)), made=True))
    return Centred(ds, tuple(made), rest if wanted is not None else None, tuple(notices))


def check_mappings(**options: Mapping[Any, Any] | None) -> None:
    """Refuse vectors= or stagger= that map no names.

    Raises
    ------
    SeriesError
        It shows a mapping.
    """
    examples = {"vectors": "{'wind': ('u', 'v', 'w')}", "stagger": "{'u': 'x', 'v': 'y'}"}
    for name, value in options.items():
        if value is not None and not (
            isinstance(value, Mapping) and all(isinstance(one, Iterable) for one in value.values())
        ):
            message = f"{name}={value!r}: give a mapping of names, as in {name}={examples[name]}"
            raise SeriesError(message)


def _checked(
    ds: xr.Dataset,
    wanted: Mapping[str, Sequence[Hashable] | str] | None,
    stagger: Mapping[Hashable, str] | None,
) -> dict[Hashable, str]:
    check_mappings(vectors=wanted, stagger=stagger)
    asked = {part for parts in (wanted or {}).values() for part in ((parts,) if isinstance(parts, str) else parts)}
    for part, role in (stagger or {}).items():
        if part not in ds.variables:
            message = f"stagger: {part!r} is no variable of this Dataset; check its name"
            raise SeriesError(message)
        if role not in ("x", "y", "z"):
            message = f"stagger={{{part!r}: {role!r}}}: the axis must be 'x', 'y' or 'z'"
            raise SeriesError(message)
        if part not in asked:
            message = (
                f"stagger: {part!r} is in no vector; name the vector, as with vectors={{'velocity': ({part!r}, ...)}}"
            )
            raise SeriesError(message)
    return dict(stagger or {})
