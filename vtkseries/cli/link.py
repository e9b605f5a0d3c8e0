"""``vtkseries link``: a small file through which ParaView plays netCDF files as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vtkseries.cli.options import arguments, meaning
from vtkseries.cli.source import expand

__all__ = ["link"]


@click.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--group", metavar="NAME", help="Group inside the source.")
@meaning
@click.option("--missing", type=click.Choice(["nan", "keep"]), help="Leave out what has fill values, or keep them.")
@click.option("--grid", type=click.Choice(["rectilinear", "image"]), help="Image data is for older ParaViews.")
def link(sources: tuple[str, ...], target: Path, *, missing: str | None, **options: Any) -> None:
    """Make ParaView play netCDF-4 files without copying them.

    SOURCE is one netCDF-4 file or several, or a pattern in quotes, split along time. TARGET ends in .vtkhdf; move
    it together with its sources only.
    """
    import vtkseries  # noqa: PLC0415  h5py is loaded when it is needed

    given = arguments(missing=None, **options)
    if missing is not None:
        given["missing"] = missing
    paths = expand(sources)
    click.echo(vtkseries.link(paths if len(paths) > 1 else paths[0], target, **given))
