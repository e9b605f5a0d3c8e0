"""The shell's front door: a command each, no logic."""

from vtkseries.cli.main import main

__all__ = ["main"]
