"""``vtkseries verify``: read every step and say what is wrong."""

from __future__ import annotations

from pathlib import Path

import click

from vtkseries.cli.options import PATH

__all__ = ["verify"]


@click.command()
@click.argument("path", type=PATH)
@click.pass_context
def verify(ctx: click.Context, path: Path) -> None:
    """Read every step of a series and report.

    PATH is a .pvd or a single grid file. The exit code is 1 when something is wrong.
    """
    from vtkseries.verify import verify as read  # noqa: PLC0415  heavy modules are imported where used

    report = read(path)
    click.echo(str(report))
    if report.faults:
        ctx.exit(1)
