"""What callers catch."""

__all__ = ["FormatError", "SeriesError", "VtkSeriesError", "VtkSeriesWarning"]


class VtkSeriesError(Exception):
    """Base of every error that vtkseries raises on purpose."""


class SeriesError(VtkSeriesError, ValueError):
    """A Dataset, an argument or a target that cannot be written as asked.

    The message names the variable or argument, the fact and the remedy. It is raised before any file exists.
    """


class FormatError(VtkSeriesError, ValueError):
    """A file that is truncated, corrupt, hostile or not of a kind that vtkseries reads.

    The message names the file and the reason.
    """


class VtkSeriesWarning(UserWarning):
    """Something was guessed or left out; the message names it, the reason and the remedy."""
