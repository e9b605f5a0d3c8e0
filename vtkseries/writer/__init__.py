"""A series that a running solver writes, step by step."""

from vtkseries.writer.series import SeriesWriter

__all__ = ["SeriesWriter"]
