"""The command group: where commands are listed, and where errors and warnings become lines on stderr."""

from __future__ import annotations

import errno
import importlib
import warnings
from typing import Any

import click

from vtkseries import __version__
from vtkseries.errors import VtkSeriesError

__all__ = ["main"]

# A command lives in the module of its name and is imported when it is used: the shell answers at once.
COMMANDS = ("convert", "demo", "info", "link", "repair", "verify")


# What to do about the usual failures of the operating system.
REMEDIES = {
    errno.ENOENT: "there is no such file; check the name",
    errno.EACCES: "permission is denied; change its permissions, or take another path",
    errno.EPERM: "permission is denied; change its permissions, or take another path",
    errno.ENOTDIR: "a part of this path is a file, not a directory; check the name",
    errno.EISDIR: "it is a directory; name a file",
    errno.ELOOP: "its symbolic links lead nowhere; check the name",
    errno.ENAMETOOLONG: "the name is too long; take a shorter one",
}


def _plain(error: BaseException) -> str:
    """Name the file, the fact and the remedy; what is no failure of the operating system says them itself."""
    remedy = REMEDIES.get(error.errno or 0) if isinstance(error, OSError) else None
    name = getattr(error, "filename", None)
    return str(error) if remedy is None or name is None else f"{name}: {remedy}"


def _say(kind: str, message: object) -> None:
    click.echo(f"vtkseries: {kind}: {' '.join(str(message).split())}", err=True)


class _Commands(click.Group):
    """Commands that end with one clear line on stderr and exit code 1 when something is wrong."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"vtkseries.cli.{cmd_name}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        said = set[str]()

        def show(message: Warning | str, *_: object, **__: object) -> None:
            if str(message) not in said:  # xarray warns once a variable, in words that name none
                said.add(str(message))
                _say("warning", message)

        with warnings.catch_warnings():
            warnings.showwarning = show
            warnings.simplefilter("ignore")  # deprecations and the like are no business of the shell's user
            warnings.simplefilter("always", UserWarning)
            try:
                return super().invoke(ctx)
            except (VtkSeriesError, OSError, ImportError) as error:
                _say("error", _plain(error))
                ctx.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="vtkseries")
def main() -> None:
    """Turn netCDF, Zarr and other gridded data into series that ParaView animates."""
