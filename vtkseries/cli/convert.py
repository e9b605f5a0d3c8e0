"""``vtkseries convert``: what xarray opens becomes a series."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from vtkseries.cli import parse
from vtkseries.cli.options import arguments, meaning
from vtkseries.cli.progress import cluster, execute
from vtkseries.cli.source import open_sources, selected

__all__ = ["convert"]


@click.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--engine", metavar="NAME", help="xarray engine that opens the source; guessed if not given.")
@click.option("--group", metavar="NAME", help="Group inside the source.")
@click.option("--concat-dim", metavar="DIM", help="Join several sources along this dim, in the order given.")
@click.option("--select", multiple=True, metavar="DIM=START:STOP", help="Positions (0:10) or labels (2000-01:2000-03).")
@click.option("--chunks", multiple=True, metavar="DIM=SIZE", help="Blocks to read; as stored if not given.")
@meaning
@click.option("--grid", type=click.Choice(["auto", "vtr", "vti", "vts"]), help="Kind of grid; the cheapest exact one.")
@click.option("--parts", metavar="DIM", help="Make a named part of each index of this dim (an ensemble's member).")
@click.option("--missing", metavar="nan|NUMBER", help="What missing values become.")
@click.option("--pieces", multiple=True, metavar="chunks|DIM=SIZE", help="Write one file a block of each step.")
@click.option(
    "--encoding", multiple=True, metavar="NAME=KEY:VALUE,...", help="As T=significant_digits:3,dtype:float32."
)
@click.option("--compression", metavar="METHOD", help="none, zlib, lz4 or lzma.")
@click.option("--compression-level", type=int, help="From fast to small; each method has its own.")
@click.option("--mode", type=click.Choice(["w", "x", "a"]), help="Replace a series (w), refuse (x) or continue it (a).")
@click.option("--durable", is_flag=True, default=None, help="Sync each step to the disk before it is listed.")
@click.option("--scheduler", metavar="ADDRESS", help="Run on this dask.distributed cluster.")
@click.option("--progress/--no-progress", default=None, help="Show a bar; by default on terminals only.")
@click.option("--dry-run", is_flag=True, help="Print the plan and write nothing.")
def convert(
    sources: tuple[str, ...],
    target: Path,
    *,
    engine: str | None,
    group: str | None,
    concat_dim: str | None,
    select: tuple[str, ...],
    chunks: tuple[str, ...],
    grid: str | None,
    pieces: tuple[str, ...],
    encoding: tuple[str, ...],
    scheduler: str | None,
    progress: bool | None,
    dry_run: bool,
    **options: Any,
) -> None:
    """Write what xarray opens as a series for ParaView.

    SOURCE is a netCDF file, a Zarr store, or anything that an installed xarray engine opens.
    Several, or a pattern in quotes, are joined by their coordinates. TARGET ends in .pvd, or
    in .vtr, .vti or .vts for one step.
    """
    given = arguments(**options)
    if encoding:
        given["encoding"] = parse.encoding(encoding)
    if pieces:
        if grid not in (None, "vtr"):
            raise click.UsageError("--pieces are of rectilinear grids: use --grid vtr")
        grid = "vtr"
        given["pieces"] = parse.pieces(pieces)
    kind = grid or (target.suffix[1:] if target.suffix in (".vtr", ".vti", ".vts") else "auto")
    positions, labels = parse.select(select)
    blocks = parse.chunks("--chunks", chunks)
    with (
        cluster(None if dry_run else scheduler) as client,
        open_sources(
            sources, engine=engine, group=group, concat_dim=concat_dim, chunks=blocks, time=options["time"]
        ) as opened,
    ):
        ds = selected(opened, positions, labels)
        if dry_run:
            click.echo(repr(ds.vtkseries.plan(target, grid=kind, **given)))
            return
        write = getattr(ds.vtkseries, "to_pvd" if kind == "auto" else f"to_{kind}")
        click.echo(execute(partial(write, target, **given), client, progress=progress))
