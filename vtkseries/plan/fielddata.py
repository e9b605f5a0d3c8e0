"""Field data: what a step's file says of the step."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Mapping

import numpy as np

from vtkseries.cf.times import Times
from vtkseries.plan.model import Clock, FieldPlan
from vtkseries.xmlformat.dtypes import vtk_type
from vtkseries.xmlformat.layout import DataArray
from vtkseries.xmlformat.text import for_xml

__all__ = ["STANDS", "constant_fields", "step_fields", "text_array", "widest_fields"]

_WIDEST = 4 * len(repr(-math.pi * 1e-300))


def text_array(name: str, text: str) -> DataArray:
    """Give a String array in ascii: its UTF-8 codes in decimal, and a zero."""
    codes = " ".join(map(str, (*for_xml(text).encode(), 0)))
    return DataArray(name, "String", tuples=1, text=codes, encoding="ascii")


STANDS = text_array("vtkseries_stands", "until the next file")
"""What a file says that stands at other steps, too."""


def constant_fields(times: Times, memory: str) -> tuple[DataArray, ...]:
    """Give the field data that all steps share: units and calendar of the time, and what reading back needs."""
    shared = [("time_units", times.units), ("time_calendar", times.calendar), ("vtkseries", memory)]
    return tuple(text_array(name, text) for name, text in shared if text)


def step_fields(clock: Clock, number: int, values: Mapping[str, np.ndarray]) -> tuple[DataArray, ...]:
    """Give the field data of one file.

    Parameters
    ----------
    clock : Clock
    number : int
        Of the file.
    values : dict
        By source, the values of the variables without a spatial axis: all of them, or of this file.
    """
    times = clock.times
    stamp = DataArray("TimeValue", "Float64", tuples=1, text=repr(times.values[number]), encoding="ascii")
    date = (text_array("date", times.dates[number]),) if times.dates else ()
    scalars = tuple(_scalar(item, values[item.source]) for item in clock.fields)
    return (*((stamp, *date) if clock.dated else ()), *scalars, *clock.constants)


def widest_fields(clock: Clock) -> tuple[DataArray, ...]:
    """Give field data at least as wide as any file's, to reserve the header's room before the values are known."""
    stamp = DataArray("TimeValue", "Float64", tuples=1, text="-" * _WIDEST, encoding="ascii")
    date = (text_array("date", "9" * max(map(len, clock.times.dates))),) if clock.times.dates else ()
    wide = tuple(
        DataArray(item.name, "Float64", units=item.units, tuples=1, text="-" * _WIDEST, encoding="binary")
        for item in clock.fields
    )
    return (*((stamp, *date) if clock.dated else ()), *wide, *clock.constants)


def _scalar(item: FieldPlan, values: np.ndarray) -> DataArray:
    value = item.conversion.apply(np.atleast_1d(values))[:1]
    kind = vtk_type(value.dtype)
    if value.dtype.kind == "f" and not np.isfinite(value[0]):
        # In ascii, VTK reads -inf as +inf.
        packed = struct.pack("<Q", value.nbytes) + value.astype(value.dtype.newbyteorder("<")).tobytes()
        text = base64.b64encode(packed).decode()
        return DataArray(item.name, kind, units=item.units, tuples=1, text=text, encoding="binary")
    text = np.format_float_positional(value[0]) if value.dtype.kind == "f" else str(value[0])
    text = repr(float(value[0])) if value.dtype == np.float64 else text
    return DataArray(item.name, kind, units=item.units, tuples=1, text=text, encoding="ascii")
