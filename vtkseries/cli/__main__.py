"""``python -m vtkseries.cli``."""

from vtkseries.cli.main import main

main(prog_name="vtkseries")
