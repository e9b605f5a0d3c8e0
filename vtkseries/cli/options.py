"""Options that several commands share: what the axes, the variables and the vectors are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vtkseries.cli import parse

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PATH", "arguments", "meaning"]

PATH = click.Path(path_type=Path, readable=False)
"""A path that is looked at where it is used, which says what is wrong with it."""

_MEANING = (
    click.option("--x", metavar="NAME", help="Dim or coordinate of the x axis; detected if not given."),
    click.option("--y", metavar="NAME", help="The same for y."),
    click.option("--z", metavar="NAME", help="The same for z."),
    click.option("--time", metavar="NAME", help="The same for time."),
    click.option("-v", "--variables", multiple=True, metavar="A,B", help="Variables to draw; all if not given."),
    click.option("--vectors", multiple=True, metavar="NAME=U,V,W", help="Make a vector; by CF names if not given."),
    click.option("--no-vectors", is_flag=True, help="Detect no vectors."),
    click.option("--location", type=click.Choice(["auto", "point", "cell"]), help="Where values belong."),
    click.option("--z-scale", type=float, help="Multiply heights and depths."),
    click.option("--time-units", metavar="UNITS", help="CF units of the time that ParaView shows."),
)


def meaning(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say what the source's variables mean."""
    for option in reversed(_MEANING):
        command = option(command)
    return command


def arguments(
    *, variables: tuple[str, ...], vectors: tuple[str, ...], no_vectors: bool, missing: str | None, **others: Any
) -> dict[str, Any]:
    """Give the arguments of Python's functions: those that the user gave."""
    if vectors and no_vectors:
        raise click.UsageError("--vectors and --no-vectors exclude each other")
    given = {name: value for name, value in others.items() if value is not None}
    if missing is not None:
        given["missing"] = parse.missing(missing)
    if variables:
        given["variables"] = parse.variables(variables)
    if vectors or no_vectors:
        given["vectors"] = parse.vectors(vectors)
    return given
