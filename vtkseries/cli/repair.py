"""``vtkseries repair``: rebuild an index from the steps on disk."""

from __future__ import annotations

from pathlib import Path

import click

from vtkseries.cli.options import PATH

__all__ = ["repair"]


@click.command()
@click.argument("path", metavar="DIR_OR_PVD", type=PATH)
def repair(path: Path) -> None:
    """Rebuild the index of a series from the steps on disk.

    DIR_OR_PVD is the .pvd, there or not, or a directory. What is not whole is left out and named; stale temporary
    files of vtkseries' own are removed, and nothing else.
    """
    from vtkseries.repair import repair as rebuild  # noqa: PLC0415  heavy modules are imported where used

    click.echo(str(rebuild(path)))
