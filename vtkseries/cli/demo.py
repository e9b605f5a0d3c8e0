"""``vtkseries demo``: run a solver, convert what it dumped, say what to open."""

from __future__ import annotations

import sys
from pathlib import Path

import click

__all__ = ["demo"]


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path("demo"))
def demo(directory: Path) -> None:
    """Run a small solver, convert its netCDF file, and say what to open.

    Everything goes to DIRECTORY, "demo" if not given.
    """
    import xarray as xr  # noqa: PLC0415  heavy modules are imported where used

    from vtkseries.demo import simulate  # noqa: PLC0415

    directory.mkdir(parents=True, exist_ok=True)
    dump = directory / "thermal.nc"
    click.echo("A smoky thermal rises over warm ground: 25 steps of 32 x 36 x 44 cells (z, y, x) …")

    def show(done: int, total: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r  step {done} of {total}", err=True, nl=done == total)

    simulate(dump, progress=show)
    click.echo(f"{dump}: what the solver dumped through netCDF4")
    with xr.open_dataset(dump, chunks={"time": 1}) as ds:
        series = ds.vtkseries.to_vtr(directory / "thermal.pvd")
    click.echo(f"{series}: the same for ParaView\n")
    click.echo(f"Now run:  paraview {series}")
    click.echo("Press Apply, then Play. Filters > Contour of smoke, coloured by wind, shows the thermal.")
