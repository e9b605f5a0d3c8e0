"""A ``.vtkhdf`` as the engine sees any series: grids of one step each, read when asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from vtkseries.errors import FormatError
from vtkseries.hdf.layout import OWN
from vtkseries.xmlformat.dtypes import vtk_type
from vtkseries.xmlformat.layout import DataArray, Document, Section

__all__ = ["HdfGrid", "HdfPart", "HdfSeries", "open_hdf"]

_AXES = ("XCoordinates", "YCoordinates", "ZCoordinates")
_NESTED = 16
_TEXTS = ("vtkseries",)


@dataclass(frozen=True)
class HdfPart:
    """The one grid of the file; its number is that which it had when it was written."""

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
            place = "VTKHDF/Points" if tag == "Points" else f"VTKHDF/{tag}/{name}"
            dataset = _dataset(file, place, self.path)
            shape = self.cells if tag == "CellData" else self.points
            rising = [np.arange(n)[index] for n, index in zip(shape, indices, strict=True)]
            boxes = [slice(int(r[0]), int(r[-1]) + 1) if len(r) else slice(0, 0) for r in rising]
            kept = [axis for axis, points in enumerate(self.points) if points > 1 or tag == "Points"]
            lead = (self.step,) if self.steps > 1 and tag != "Points" else ()
            found = np.asarray(dataset[(*lead, *(boxes[axis] for axis in kept))])
        full = [len(range(*box.indices(n))) for box, n in zip(boxes, shape, strict=True)]
        found = found.reshape(*full, -1)
        return found[np.ix_(*(r - (r[0] if len(r) else 0) for r in rising))]

    def read_axis(self, axis: int) -> np.ndarray:
        """Give the coordinates along one axis: 0 is x, 1 y, 2 z."""
        with _opened(self.path) as file:
            return np.asarray(_dataset(file, f"VTKHDF/{_AXES[axis]}", self.path)[()])

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

    def _field(self, name: str) -> Any:
        with _opened(self.path) as file:
            dataset = _dataset(file, f"VTKHDF/FieldData/{name}", self.path)
            values = dataset.asstr() if dataset.dtype.kind == "O" else dataset
            offsets = file.get(f"VTKHDF/Steps/FieldDataOffsets/{name}")
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

    def grid(self, step: int, _: int = 0) -> HdfGrid:
        """Give one step.

        Raises
        ------
        FormatError
            The file was changed, or a source of it is gone.
        """
        if _identity(self.path) != self.identity:
            message = f"{self.path}: it was changed since it was opened; open it again"
            raise FormatError(message)
        return replace(_grid(self.path, self.identity, self.follow_outside), step=step)


def open_hdf(path: str, *, follow_outside: bool = False) -> HdfSeries:
    """Open a ``.vtkhdf`` of one grid.

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
    _grid(path, identity, follow_outside)
    with _opened(path) as file:
        steps = file.get("VTKHDF/Steps")
        times = None if steps is None else tuple(np.asarray(steps["Values"][()], "f8").tolist())
        if times is not None and len(times) != int(steps.attrs["NSteps"]):
            message = f"{path}: it has {len(times)} times for {steps.attrs['NSteps']} steps"
            raise FormatError(message)
        number = int(file[OWN].attrs.get("part", 0)) if OWN in file else 0
    return HdfSeries(path, times, (HdfPart(str(number)),), identity, follow_outside)


def _identity(path: str) -> tuple[int, ...]:
    status = os.stat(path)  # noqa: PTH116 (once a step: Path takes ten times as long)
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    try:
        with h5py.File(path, "r", locking=False) as file:
            yield file
    except FormatError:
        raise
    except FileNotFoundError:
        raise
    except (OSError, KeyError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        message = f"{path}: it cannot be read as VTKHDF: {error}"
        raise FormatError(message) from error


def _dataset(file: Any, name: str, path: str) -> Any:
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    try:
        found = file[name]
    except KeyError as error:
        link = file.get(name, getlink=True)
        where = f", which is in {link.filename!r}" if isinstance(link, h5py.ExternalLink) else ""
        message = f"{path}: it cannot open {name!r}{where}: {error}"
        raise FormatError(message) from error
    if not isinstance(found, h5py.Dataset):
        message = f"{path}: {name!r} is no dataset"
        raise FormatError(message)
    return found


@lru_cache(maxsize=16)
def _grid(path: str, _: tuple[int, ...], follow_outside: bool) -> HdfGrid:  # noqa: FBT001 (a cache's key)
    with _opened(path) as file:
        if "VTKHDF" not in file:
            message = f"{path}: it is HDF5, but not VTKHDF"
            raise FormatError(message)
        root = file["VTKHDF"]
        kind = bytes(root.attrs["Type"]).decode("ascii", "replace")
        if kind not in ("ImageData", "RectilinearGrid", "StructuredGrid"):
            message = f"{path}: it is {kind}; image data, rectilinear and structured grids can be opened"
            raise FormatError(message)
        extent = [int(n) for n in root.attrs["WholeExtent"]] if kind == "ImageData" else _extent(root)
        steps = int(root["Steps"].attrs["NSteps"]) if "Steps" in root else 1
        dims = [extent[i + 1] - extent[i] + 1 for i in (4, 2, 0)]
        rank = sum(n > 1 for n in dims) + (steps > 1)
        sections = []
        for tag in ("PointData", "CellData"):
            described = []
            for name in root.get(tag, ()):
                _check_source(file, f"VTKHDF/{tag}/{name}", path, follow_outside=follow_outside)
                item = _dataset(file, f"VTKHDF/{tag}/{name}", path)
                components = item.shape[rank] if item.ndim > rank else 1
                expected = tuple(n - (tag == "CellData") for n in dims if n > 1)
                lead = int(steps > 1)
                if item.shape[lead:rank] != expected or (lead and item.shape[0] < steps):
                    message = f"{path}: array {name!r} has the shape {item.shape}, which does not fit its grid"
                    raise FormatError(message)
                described.append(DataArray(name, vtk_type(item.dtype), components))
            sections.append(Section(tag, tuple(described)))
        if kind == "StructuredGrid":
            sections.append(Section("Points", (DataArray("Points", vtk_type(root["Points"].dtype), 3),)))
        fields = [
            DataArray(name, "String" if item.dtype.kind == "O" else vtk_type(item.dtype), tuples=1)
            for name, item in root.get("FieldData", {}).items()
        ]
        if f"{OWN}/dataset" in file:
            fields.append(DataArray("vtkseries", "String", tuples=1))
        attributes = [
            (name, " ".join(map(repr, np.asarray(root.attrs[name], "f8").tolist())))
            for name in ("Origin", "Spacing", "Direction")
            if name in root.attrs
        ]
    document = Document(kind, tuple(attributes), (), tuple(fields))
    return HdfGrid(path, kind, tuple(extent), _Header(document), tuple(sections), steps)


def _extent(root: Any) -> list[int]:
    return [n for size in root.attrs["Dimensions"] for n in (0, int(size) - 1)]


def _check_source(file: Any, name: str, path: str, *, follow_outside: bool, label: str = "", depth: int = 0) -> None:
    """Refuse an array whose source is gone, or outside the file's directory."""
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    label = label or name.rpartition("/")[2]
    if depth > _NESTED:
        message = f"{path}: its virtual datasets are nested too deep"
        raise FormatError(message)
    link = file.get(name, getlink=True)
    if isinstance(link, h5py.SoftLink):
        _check_source(file, link.path, path, follow_outside=follow_outside, label=label, depth=depth + 1)
        return
    if isinstance(link, h5py.ExternalLink):
        _check_file(link.filename, label, path, follow_outside=follow_outside)
        return
    item = _dataset(file, name, path)
    if item.external:
        message = f"{path}: {name!r} is kept outside of HDF5, which vtkseries does not follow"
        raise FormatError(message)
    if item.is_virtual:
        for source, inner in {(s.file_name, s.dset_name) for s in item.virtual_sources()}:
            if source == ".":
                _check_source(file, inner, path, follow_outside=follow_outside, label=label, depth=depth + 1)
            else:
                _check_file(source.replace("%%", "%"), label, path, follow_outside=follow_outside)


def _check_file(source: str, name: str, path: str, *, follow_outside: bool) -> None:
    folder = Path(path).parent
    place = folder / source
    if not follow_outside and not place.resolve().is_relative_to(folder.resolve()):
        message = (
            f"{path}: array {name!r} is in {source!r}, outside the link's directory; "
            "open it with follow_outside=True if you trust it"
        )
        raise FormatError(message)
    if not place.is_file():
        message = (
            f"{path}: array {name!r} is in {source!r}, which is missing; "
            "bring it back to its place beside the link, or link anew"
        )
        raise FormatError(message)
