"""The VTKHDF layout of a series: everything but its arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vtkseries.cf.times import Times
from vtkseries.errors import SeriesError

__all__ = ["OWN", "Frame", "array_shape", "uniform", "write_frame"]

OWN = "vtkseries"
"""The group beside VTK's own that holds what only vtkseries reads."""

_UNEVEN = 1e-6
"""How far the nodes of a uniform axis may be from their places, in spacings."""


@dataclass(frozen=True)
class Frame:
    """A grid and its time steps.

    Attributes
    ----------
    type : str
        ``"RectilinearGrid"``, ``"ImageData"`` or ``"StructuredGrid"``.
    nodes : three ndarrays of float64
        Along x, y and z; for a structured grid only their lengths count.
    times : Times
    fields : mapping of name to ndarray
        Values without a spatial axis, of shape (steps,) or (1,).
    description : str
        The Dataset in JSON, for reading back.
    points : ndarray or None
        Of a structured grid, of shape (z, y, x, 3).
    varying : frozenset of str
        The fields that have one value a step, whatever the number of steps.
    part : int
        The number of the grid among those of its Dataset.
    """

    type: str
    nodes: tuple[np.ndarray, np.ndarray, np.ndarray]
    times: Times
    fields: Mapping[str, np.ndarray] = field(default_factory=dict)
    description: str = ""
    points: np.ndarray | None = None
    varying: frozenset[str] = frozenset()
    part: int = 0

    @property
    def dimensions(self) -> tuple[int, int, int]:
        """Points along x, y and z."""
        return (len(self.nodes[0]), len(self.nodes[1]), len(self.nodes[2]))

    @property
    def geometry(self) -> tuple[np.ndarray, ...]:
        """What places the points, as the file has it."""
        if self.type == "StructuredGrid":
            return () if self.points is None else (self.points,)
        if self.type == "RectilinearGrid":
            return self.nodes
        placed = [uniform(nodes, role) for nodes, role in zip(self.nodes, "xyz", strict=True)]
        extent = [n for size in self.dimensions for n in (0, size - 1)]
        return (np.array(extent), np.array([o for o, _ in placed]), np.array([s for _, s in placed]))

    @property
    def steps(self) -> int:
        """The number of time steps."""
        return len(self.times.values)


def array_shape(dimensions: Sequence[int], steps: int, *, cells: bool, components: int = 1) -> tuple[int, ...]:
    """Give the shape that VTK expects of an array: axes with one point are dropped, and time where it is one step.

    Examples
    --------
    >>> array_shape((5, 4, 1), 3, cells=False)
    (3, 4, 5)
    >>> array_shape((5, 4, 2), 1, cells=True, components=3)
    (1, 3, 4, 3)
    """
    space = tuple(n - cells for n in reversed(dimensions) if n > 1)
    return ((steps,) if steps > 1 else ()) + space + ((components,) if components > 1 else ())


def uniform(nodes: np.ndarray, role: str) -> tuple[float, float]:
    """Give origin and spacing of a uniform axis.

    Raises
    ------
    SeriesError
        Its nodes are not evenly spaced.
    """
    if len(nodes) == 1:
        return float(nodes[0]), 1.0
    origin, spacing = float(nodes[0]), float(nodes[-1] - nodes[0]) / (len(nodes) - 1)
    off = np.abs(nodes - (origin + spacing * np.arange(len(nodes))))
    if off.max() > _UNEVEN * spacing:
        at = int(off.argmax())
        message = (
            f"grid='image' needs uniform axes, but {role} is {nodes[at]} at position {at} where even spacing has "
            f"{origin + spacing * at}; use grid='rectilinear'"
        )
        raise SeriesError(message)
    return origin, spacing


def write_frame(file: Any, frame: Frame) -> None:
    """Write all but the arrays into an empty, open HDF5 file."""
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    root = file.create_group("VTKHDF")
    # First, so that they come to lie in one page; see vtkseries.hdf.patch.
    steps = root.create_group("Steps")
    steps.attrs["NSteps"] = np.int64(frame.steps)
    steps.create_dataset("Values", data=np.array(frame.times.values, "f8"))
    image = frame.type == "ImageData"
    # ParaView 5.12 reads images and takes no version above its own.
    root.attrs["Version"] = np.array([2, 0] if image else [2, 7])
    root.attrs.create("Type", np.bytes_(frame.type))
    if image:
        for name, value in zip(("WholeExtent", "Origin", "Spacing"), frame.geometry, strict=True):
            root.attrs[name] = value
        root.attrs["Direction"] = np.eye(3).ravel()
    else:
        root.attrs["Dimensions"] = np.array(frame.dimensions)
    if frame.type == "RectilinearGrid":
        for role, nodes in zip("XYZ", frame.nodes, strict=True):
            root.create_dataset(f"{role}Coordinates", data=np.asarray(nodes, "f8"))
    if frame.points is not None:
        root.create_dataset("Points", data=frame.points)
    for group in ("PointData", "CellData", "FieldData"):
        root.create_group(group)
    for name, values in _fields(frame).items():
        _write_field(root, name, values, frame)
    if frame.description:
        own = file.create_group(OWN)
        own.attrs["part"] = frame.part
        own.create_dataset("dataset", data=frame.description, dtype=h5py.string_dtype("utf-8"))


def _fields(frame: Frame) -> dict[str, np.ndarray]:
    times = frame.times
    texts: dict[str, list[str | None]] = {
        "date": list(times.dates),
        "time_units": [times.units],
        "time_calendar": [times.calendar],
    }
    stamps = {name: np.array(text, object) for name, text in texts.items() if text and all(text)}
    return {"TimeValue": np.array(times.values, "f8"), **stamps, **frame.fields}


def _write_field(root: Any, name: str, values: np.ndarray, frame: Frame) -> None:
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    if values.dtype.kind == "O":
        # VTK reads strings of variable length in ASCII, and no others.
        ascii_ = np.array([str(v).encode("ascii", "replace").decode() for v in values], object)
        root["FieldData"].create_dataset(name, data=ascii_, dtype=h5py.string_dtype("ascii"))
    else:
        root["FieldData"].create_dataset(name, data=values)
    if frame.steps > 1:
        offsets = np.arange(frame.steps) if len(values) == frame.steps else np.zeros(frame.steps, int)
        root["Steps"].create_dataset(f"FieldDataOffsets/{name}", data=offsets)
