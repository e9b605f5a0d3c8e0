"""A ``.vtkhdf`` as the engine sees any series: grids of one step each, read when asked for."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from vtkseries.errors import FormatError
from vtkseries.hdf.fit import attributes_of, decoded
from vtkseries.hdf.layout import LINKED, OWN, blocks_of
from vtkseries.hdf.trust import check_listed, check_sources, dataset_of
from vtkseries.storage.guard import identify
from vtkseries.xmlformat.dtypes import vtk_type
from vtkseries.xmlformat.layout import DataArray, Document, Section

__all__ = ["HdfGrid", "HdfPart", "HdfSeries", "open_hdf"]

_AXES = ("XCoordinates", "YCoordinates", "ZCoordinates")
_TEXTS = ("vtkseries",)


@dataclass(frozen=True)
class HdfPart:
    """One grid of the file; its number is that which it had when it was written."""

    number: str
    name: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Header:
    document: Document


@dataclass(frozen=True)
class HdfGrid:
    """One step of a ``.vtkhdf``; small, and opened anew at each read, so that it can be sent to workers."""

    path: str
    kind: str
    whole: tuple[int, ...]
    header: _Header
    sections: tuple[Section, ...]
    steps: int
    root: str = "VTKHDF"
    follow_outside: bool = False
    step: int = 0
    parallel: bool = False
    sources: tuple[None, ...] = (None,)

    @property
    def points(self) -> tuple[int, int, int]:
        """Points along z, y and x."""
        e = self.whole
        return (e[5] - e[4] + 1, e[3] - e[2] + 1, e[1] - e[0] + 1)

    @property
    def cells(self) -> tuple[int, int, int]:
        """Cells along z, y and x."""
        nz, ny, nx = self.points
        return (max(nz - 1, 1), max(ny - 1, 1), max(nx - 1, 1))

    def attribute(self, name: str) -> str | None:
        """Give an attribute of the grid."""
        return dict(self.header.document.attributes).get(name)

    def section(self, tag: str, _: int | None = None) -> Section | None:
        """Give the arrays of one kind."""
        return next((s for s in self.sections if s.tag == tag), None)

    def arrays(self, tag: str) -> tuple[DataArray, ...]:
        """Give the descriptions of the arrays of one kind."""
        section = self.section(tag)
        return () if section is None else section.arrays

    def read_array(self, tag: str, name: str, indices: Sequence[Any]) -> np.ndarray:
        """Give the values at the crossings of rising indices along z, y and x; shape (z, y, x, components)."""
        with _opened(self.path) as file:
            place = f"{self.root}/Points" if tag == "Points" else f"{self.root}/{tag}/{name}"
            dataset = dataset_of(file, place, self.path)
            if dataset.is_virtual:
                check_listed(file, name, self.path, follow_outside=self.follow_outside)
            shape = self.cells if tag == "CellData" else self.points
            rising = [np.arange(n)[index] for n, index in zip(shape, indices, strict=True)]
            boxes = [slice(int(r[0]), int(r[-1]) + 1) if len(r) else slice(0, 0) for r in rising]
            kept = [axis for axis, points in enumerate(self.points) if points > 1 or tag == "Points"]
            lead = (self.step,) if self.steps > 1 and tag != "Points" else ()
            found = np.asarray(dataset[(*lead, *((boxes[axis] for axis in kept) if kept else (slice(None),)))])
        full = [len(range(*box.indices(n))) for box, n in zip(boxes, shape, strict=True)]
        found = found.reshape(*full, -1)
        return found[np.ix_(*(r - (r[0] if len(r) else 0) for r in rising))]

    def read_axis(self, axis: int) -> np.ndarray:
        """Give the coordinates along one axis: 0 is x, 1 y, 2 z."""
        with _opened(self.path) as file:
            return np.asarray(dataset_of(file, f"{self.root}/{_AXES[axis]}", self.path)[()])

    def read_field(self, name: str) -> np.ndarray:
        """Give a step's values of field data, shape (tuples, components)."""
        values = np.asarray(self._field(name))
        return values.reshape(len(values), -1)

    def read_strings(self, name: str) -> list[str]:
        """Give a step's strings of field data."""
        if name in _TEXTS:
            with _opened(self.path) as file:
                return [str(file[f"{OWN}/dataset"].asstr()[()])]
        return [str(v) for v in self._field(name)]

    def read_linked(self, name: str) -> np.ndarray:
        """Give a coordinate that a link leads to, decoded."""
        with _opened(self.path) as file:
            found = dataset_of(file, f"{LINKED}/{name}", self.path)
            return decoded(name, found[()], attributes_of(found))

    def _field(self, name: str) -> Any:
        with _opened(self.path) as file:
            dataset = dataset_of(file, f"{self.root}/FieldData/{name}", self.path)
            values = dataset.asstr() if dataset.dtype.kind == "O" else dataset
            offsets = file.get(f"{self.root}/Steps/FieldDataOffsets/{name}")
            if offsets is None:
                return values[()]
            at = int(offsets[self.step])
            return values[at : at + 1]


@dataclass(frozen=True)
class HdfSeries:
    """The steps of a ``.vtkhdf``."""

    path: str
    times: tuple[float, ...] | None
    parts: tuple[HdfPart, ...]
    identity: tuple[int, ...]
    follow_outside: bool = False

    @property
    def steps(self) -> int:
        """The number of steps."""
        return 1 if self.times is None else len(self.times)

    def grid(self, step: int, part: int = 0) -> HdfGrid:
        """Give one step of one grid.

        Raises
        ------
        FormatError
            The file was changed, or a source of it is gone.
        """
        if _identity(self.path) != self.identity:
            message = f"{self.path}: it was changed since it was opened; open it again"
            raise FormatError(message)
        return replace(_grids(self.path, self.identity, self.follow_outside)[part], step=step)


def open_hdf(path: str, *, follow_outside: bool = False) -> HdfSeries:
    """Open a ``.vtkhdf`` of one grid or several.

    Raises
    ------
    FormatError
        It is none, is damaged, or names a source that is gone or outside its directory.
    """
    try:
        import h5py  # noqa: F401, PLC0415 (only VTKHDF needs it)
    except ImportError as error:
        message = "reading .vtkhdf needs h5py; install it, as with pip install 'vtkseries[link]'"
        raise ImportError(message) from error
    identity = _identity(path)
    with _opened(path) as file:
        check_sources(file, path, follow_outside=follow_outside)
    _grids(path, identity, follow_outside)
    with _opened(path) as file:
        steps = file.get("VTKHDF/Steps")
        times = None if steps is None else tuple(np.asarray(steps["Values"][()], "f8").tolist())
        if times is not None and len(times) != int(steps.attrs["NSteps"]):
            message = f"{path}: it has {len(times)} times for {steps.attrs['NSteps']} steps"
            raise FormatError(message)
        number = int(file[OWN].attrs.get("part", 0)) if OWN in file else 0
        names = blocks_of(file["VTKHDF"])
    alone = len(names) == 1
    parts = tuple(HdfPart(str(number if alone else i), name) for i, name in enumerate(names))
    return HdfSeries(path, times, parts, identity, follow_outside)


def _identity(path: str) -> tuple[int, ...]:
    status = os.stat(path)  # noqa: PTH116 (once a step: Path takes ten times as long)
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    try:
        identify(path)
        if not os.access(path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)  # noqa: TRY301 (h5py names no file)
        with h5py.File(path, "r", locking=False) as file:
            yield file
    except (FormatError, FileNotFoundError, PermissionError):
        raise
    except (OSError, KeyError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        message = f"{path}: it cannot be read as VTKHDF: {error}"
        raise FormatError(message) from error


@lru_cache(maxsize=16)
def _grids(path: str, _: tuple[int, ...], follow_outside: bool) -> tuple[HdfGrid, ...]:  # noqa: FBT001 (a cache's key)
    with _opened(path) as file:
        if "VTKHDF" not in file:
            message = f"{path}: it is HDF5, but not VTKHDF"
            raise FormatError(message)
        blocks = blocks_of(file["VTKHDF"])
        if not blocks:
            message = f"{path}: it has no grids"
            raise FormatError(message)
        roots = [f"VTKHDF/{block}" if block else "VTKHDF" for block in blocks]
        return tuple(replace(_grid(file, root, path), follow_outside=follow_outside) for root in roots)


def _grid(file: Any, name: str, path: str) -> HdfGrid:
    """Describe one grid."""
    root = file[name]
    kind = bytes(root.attrs["Type"]).decode("ascii", "replace")
    if kind not in ("ImageData", "RectilinearGrid", "StructuredGrid"):
        message = f"{path}: it is {kind}; image data, rectilinear and structured grids can be opened"
        raise FormatError(message)
    extent = [int(n) for n in root.attrs["WholeExtent"]] if kind == "ImageData" else _extent(root)
    steps = int(root["Steps"].attrs["NSteps"]) if "Steps" in root else 1
    dims = [extent[i + 1] - extent[i] + 1 for i in (4, 2, 0)]
    sections = []
    for tag in ("PointData", "CellData"):
        described = []
        for array in root.get(tag, ()):
            item = dataset_of(file, f"{name}/{tag}/{array}", path)
            expected = tuple(n - (tag == "CellData") for n in dims if n > 1) or (1,)
            lead = int(steps > 1)
            rank = lead + len(expected)
            components = item.shape[rank] if item.ndim > rank else 1
            if item.shape[lead:rank] != expected or (lead and item.shape[0] < steps):
                message = f"{path}: array {array!r} has the shape {item.shape}, which does not fit its grid"
                raise FormatError(message)
            described.append(DataArray(array, vtk_type(item.dtype), components))
        sections.append(Section(tag, tuple(described)))
    if kind == "StructuredGrid":
        sections.append(Section("Points", (DataArray("Points", vtk_type(root["Points"].dtype), 3),)))
    fields = [
        DataArray(field, "String" if item.dtype.kind == "O" else vtk_type(item.dtype), tuples=1)
        for field, item in root.get("FieldData", {}).items()
    ]
    if f"{OWN}/dataset" in file:
        fields.append(DataArray("vtkseries", "String", tuples=1))
    attributes = [
        (attribute, " ".join(map(repr, np.asarray(root.attrs[attribute], "f8").tolist())))
        for attribute in ("Origin", "Spacing", "Direction")
        if attribute in root.attrs
    ]
    document = Document(kind, tuple(attributes), (), tuple(fields))
    return HdfGrid(path, kind, tuple(extent), _Header(document), tuple(sections), steps, name)


def _extent(root: Any) -> list[int]:
    return [n for size in root.attrs["Dimensions"] for n in (0, int(size) - 1)]
