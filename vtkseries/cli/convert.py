"""``vtkseries convert``: what xarray opens becomes a series."""

from __future__ import annotations

import inspect
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vtkseries.cli import parse
from vtkseries.cli.options import arguments, meaning
from vtkseries.cli.progress import cluster, execute
from vtkseries.cli.source import open_sources, selected
from vtkseries.errors import SeriesError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["convert"]

KINDS = ("auto", "vtr", "vti", "vts", "vtp", "vtu")
PLANNED = ("auto", "vtr", "vti", "vts")


@click.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--engine", metavar="NAME", help="xarray engine that opens the source; guessed if not given.")
@click.option("--group", metavar="NAME", help="Group inside the source.")
@click.option("--concat-dim", metavar="DIM", help="Join several sources along this dim, in the order given.")
@click.option("--select", multiple=True, metavar="DIM=START:STOP", help="Positions (0:10) or labels (2000-01:2000-03).")
@click.option("--chunks", multiple=True, metavar="DIM=SIZE", help="Blocks to read; as stored if not given.")
@meaning
@click.option("--grid", type=click.Choice(KINDS), help="Kind of grid; the cheapest exact one, or what the source is.")
@click.option("--parts", metavar="DIM", help="Make a named part of each index of this dim (an ensemble's member).")
@click.option("--stagger", multiple=True, metavar="NAME=AXIS", help="Average a vector's component along this axis.")
@click.option("--mesh", metavar="NAME", help="The UGRID mesh to write, for --grid vtu.")
@click.option("--trajectory", metavar="NAME", help="What tells trajectories apart, for --grid vtp.")
@click.option("--missing", metavar="nan|blank|NUMBER", help="What missing values become.")
@click.option("--sphere", is_flag=True, default=None, help="Put longitudes and latitudes on a globe.")
@click.option("--radius", type=float, help="Of the globe; 6371000 if not given.")
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
    stagger: tuple[str, ...],
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
    in .vtr, .vti, .vts, .vtp or .vtu for one step, or in .vtkhdf for one file of all steps.
    A UGRID mesh, or cells whose corners are CF bounds, become .vtu, CF's points and
    trajectories (featureType) become .vtp.
    """
    given = arguments(**options)
    for name, texts, read in (
        ("encoding", encoding, parse.encoding),
        ("stagger", stagger, parse.stagger),
        ("pieces", pieces, parse.pieces),
    ):
        if texts:
            given[name] = read(texts)
    kind = _kind(target, grid, pieces=bool(pieces))
    positions, labels = parse.select(select)
    blocks = parse.chunks("--chunks", chunks)
    with (
        cluster(None if dry_run else scheduler) as client,
        open_sources(
            sources, engine=engine, group=group, concat_dim=concat_dim, chunks=blocks, time=options["time"]
        ) as opened,
    ):
        ds = selected(opened, positions, labels)
        if kind == "auto" and grid is None:
            from vtkseries.meshes.kinds import told_kind  # noqa: PLC0415  heavy modules are imported where used

            kind = told_kind(ds)
        write = getattr(ds.vtkseries, "to_pvd" if kind == "auto" else f"to_{kind}")
        _check(write, given, kind, dry_run=dry_run)
        if dry_run:
            click.echo(repr(ds.vtkseries.plan(target, grid=kind, **given)))
            return
        click.echo(execute(partial(write, target, **given), client, progress=progress))


def _kind(target: Path, grid: str | None, *, pieces: bool) -> str:
    """Give the kind of grid: as asked for, as the suffix names, or the cheapest exact one."""
    if grid is not None:
        return grid
    named = target.suffix[1:]
    if named not in (*KINDS[1:], "vtkhdf", "pvd"):
        one = ", ".join(f".{kind}" for kind in KINDS[1:-1])
        raise SeriesError(
            f"{str(target)!r} must end in .pvd for a series, in {one} or .{KINDS[-1]} for one step, or in .vtkhdf "
            f"for one file of all steps, as in {str(target.with_suffix('.pvd')) if target.name else 'run.pvd'!r}"
        )
    return named if named != "pvd" else "vtr" if pieces else "auto"


def _check(write: Callable[..., Any], given: Mapping[str, Any], kind: str, *, dry_run: bool) -> None:
    """Refuse options that a kind of grid does not have."""
    unknown = [f"--{name.replace('_', '-')}" for name in given if name not in inspect.signature(write).parameters]
    if dry_run and kind not in PLANNED:
        unknown.append("--dry-run")
    if unknown:
        what = "the cheapest grid (--grid auto)" if kind == "auto" else kind
        raise click.UsageError(f"{', '.join(unknown)}: not for {what}")
