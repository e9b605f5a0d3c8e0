"""``vtkseries info``: what a series holds."""

from __future__ import annotations

from pathlib import Path

import click

from vtkseries.cli.options import PATH

__all__ = ["info"]


@click.command()
@click.argument("path", type=PATH)
def info(path: Path) -> None:
    """Say what a series or a grid file holds, whoever wrote it.

    PATH is a .pvd, or a single .vtr, .vti, .vts, .vtp, .vtu or .pvtr. Times, parts, grids, arrays and
    types are printed; no data is read.
    """
    from vtkseries.backend import describe  # noqa: PLC0415  heavy modules are imported where used

    click.echo(describe(path))
