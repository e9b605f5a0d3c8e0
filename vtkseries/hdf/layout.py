"""The VTKHDF layout of a series: everything but its arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vtkseries.cf.times import Times
from vtkseries.errors import SeriesError

__all__ = ["LINKED", "OWN", "Frame", "array_shape", "block_names", "blocks_of", "uniform", "write_frames"]

OWN = "vtkseries"
"""The group beside VTK's own that holds what only vtkseries reads."""

LINKED = f"{OWN}/linked"
"""Coordinates in the source of a link, which no grid holds."""

COMPOSITE = "MultiBlockDataSet"
"""What holds several grids: VTK 9.7 plays its steps, and reports errors for those of partitioned collections."""

COMPOSITES = (COMPOSITE, "PartitionedDataSetCollection")

_RESERVED = ("Assembly", "CellData", "FieldData", "PointData", "Steps", ".", "..")

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
    block : str
        Its name among the grids of the file; empty where it is the only one.
    """

    type: str
    nodes: tuple[np.ndarray, np.ndarray, np.ndarray]
    times: Times
    fields: Mapping[str, np.ndarray] = field(default_factory=dict)
    description: str = ""
    points: np.ndarray | None = None
    varying: frozenset[str] = frozenset()
    part: int = 0
    block: str = ""

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
    lead = (steps,) if steps > 1 else ()
    return lead + (space or (1,)) + ((components,) if components > 1 else ())


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


def write_frames(file: Any, frames: Sequence[Frame]) -> None:
    """Write all but the arrays into an empty, open HDF5 file.

    Several grids become the blocks of a composite. VTK wants their number of steps beside them and in each; all are one
    group, which HDF5 reaches by several names, so that they cannot differ.
    """
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    alone = len(frames) == 1 and not frames[0].block
    # VTK walks the blocks of a composite in the order in which they were made.
    root = file.create_group("VTKHDF", track_order=not alone)
    # First, so that they come to lie in one page; see vtkseries.hdf.patch.
    steps = root.create_group("Steps")
    steps.attrs["NSteps"] = np.int64(frames[0].steps)
    steps.create_dataset("Values", data=np.array(frames[0].times.values, "f8"))
    if alone:
        _write_grid(root, frames[0])
    else:
        root.attrs["Version"] = np.array([2, 7])
        root.attrs.create("Type", np.bytes_(COMPOSITE))
    root.create_group("FieldData")
    for name, values in _fields(frames[0]).items():
        _write_field(root, name, values, frames[0])
    if not alone:
        assembly = root.create_group("Assembly", track_order=True)
        for number, frame in enumerate(frames):
            block = root.create_group(frame.block, track_order=True)
            _write_grid(block, frame)
            block.attrs["Index"] = number
            block["Steps"], block["FieldData"] = steps, root["FieldData"]
            assembly[frame.block] = h5py.SoftLink(f"/VTKHDF/{frame.block}")
    if frames[0].description:
        own = file.create_group(OWN)
        own.attrs["part"] = frames[0].part
        own.create_dataset("dataset", data=frames[0].description, dtype=h5py.string_dtype("utf-8"))


def _write_grid(group: Any, frame: Frame) -> None:
    image = frame.type == "ImageData"
    # ParaView 5.12 reads images and takes no version above its own.
    group.attrs["Version"] = np.array([2, 0] if image and not frame.block else [2, 7])
    group.attrs.create("Type", np.bytes_(frame.type))
    if image:
        for name, value in zip(("WholeExtent", "Origin", "Spacing"), frame.geometry, strict=True):
            group.attrs[name] = value
        group.attrs["Direction"] = np.eye(3).ravel()
    else:
        group.attrs["Dimensions"] = np.array(frame.dimensions)
    if frame.type == "RectilinearGrid":
        for role, nodes in zip("XYZ", frame.nodes, strict=True):
            group.create_dataset(f"{role}Coordinates", data=np.asarray(nodes, "f8"))
    if frame.points is not None:
        group.create_dataset("Points", data=frame.points)
    for kind in ("PointData", "CellData"):
        group.create_group(kind)


def block_names(names: Sequence[str]) -> list[str]:
    """Give the names of a file's grids, which are groups beside VTK's own; a lone grid needs none.

    Examples
    --------
    >>> block_names(["Steps", "a/b"])
    ['Steps_', 'a_b']
    """
    if len(names) == 1:
        return [""]
    found: list[str] = []
    for name in names:
        block = name.replace("/", "_") or "grid"
        while block in (*_RESERVED, *found):
            block += "_"
        found.append(block)
    return found


def blocks_of(root: Any) -> list[str]:
    """Give the names of the grids of an open file, in order; a lone grid has the name ``""``."""
    if bytes(root.attrs["Type"]).decode("ascii", "replace") not in COMPOSITES:
        return [""]
    found = {name: item for name, item in root.items() if name not in _RESERVED and "Type" in item.attrs}
    return sorted(found, key=lambda name: int(found[name].attrs.get("Index", 0)))


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
