# ruff: noqa: N802, N803  # PyEVTK's names and arguments
"""The file that joins the pieces of a grid that several processes wrote."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import numpy as np

from vtkseries.errors import SeriesError
from vtkseries.evtk.given import as_mapping, as_whole_number, given
from vtkseries.evtk.output import PathLike, target
from vtkseries.grids.sections import check_names
from vtkseries.storage.newfile import write_new
from vtkseries.storage.stepfile import write_at
from vtkseries.xmlformat.dtypes import storage_dtype, vtk_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["writeParallelVTKGrid"]

_AXES = 3
_LARGEST = 2**31 - 1
_KINDS = {"vts": ("PStructuredGrid", "PPoints"), "vtr": ("PRectilinearGrid", "PCoordinates")}
_WHITE = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def writeParallelVTKGrid(
    path: PathLike,
    coordsData: tuple[Sequence[int], Any],
    starts: Sequence[Sequence[int]],
    ends: Sequence[Sequence[int]],
    sources: Sequence[PathLike],
    ghostlevel: int = 0,
    cellData: Mapping[str, tuple[Any, int]] | None = None,
    pointData: Mapping[str, tuple[Any, int]] | None = None,
) -> str:
    """Write the ``.pvtr`` or ``.pvts`` of pieces that are ``.vtr`` or ``.vts``.

    Parameters
    ----------
    path : path-like
        Without the extension.
    coordsData : tuple
        Number of points of the whole grid, (nx, ny, nz), and the dtype of the coordinates.
    starts, ends : sequence of three ints each
        First and last point of each piece. Neighbours share the points of the plane between them.
    sources : sequence of path-like
        The pieces' files, from the directory of `path`.
    ghostlevel : int
        Layers of cells by which pieces overlap.
    cellData, pointData : mapping, optional
        Dtype and number of components of each array, in the pieces' order.

    Returns
    -------
    str
        The file's absolute path.

    Raises
    ------
    SeriesError
        The pieces do not cover the grid, or disagree with each other; no file is made.
    """
    if isinstance(sources, str | bytes | os.PathLike):
        raise SeriesError(f"sources={sources!r}; expected a list of the pieces' files")
    starts, ends, sources = (
        _listed(name, values) for name, values in {"starts": starts, "ends": ends, "sources": sources}.items()
    )
    names = [os.fsdecode(source) if isinstance(source, bytes | os.PathLike) else str(source) for source in sources]
    if not len(starts) == len(ends) == len(names) or not names:
        raise SeriesError(
            f"starts, ends and sources have {len(starts)}, {len(ends)} and {len(names)} entries; expected one a piece"
        )
    suffixes = {name.rsplit(".", 1)[-1] for name in names}
    if len(suffixes) > 1 or not suffixes <= set(_KINDS):
        raise SeriesError(f"sources end in {', '.join(sorted(suffixes))}; expected all .vtr or all .vts")
    suffix = suffixes.pop()
    kind, geometry = _KINDS[suffix]
    try:
        shape, dtype = coordsData
    except (TypeError, ValueError) as error:
        raise SeriesError(f"coordsData={coordsData!r}; expected ((nx, ny, nz), dtype)") from error
    whole = _extent("coordsData", (0, 0, 0), [n - 1 for n in _indices("coordsData", shape)])
    boxes = [_extent(name, start, end) for name, start, end in zip(names, starts, ends, strict=True)]
    _check_cover(whole, boxes, names)
    kept = _dtype("coordsData", dtype)
    stored = storage_dtype(kept)
    if stored is None or kept.kind not in "iuf":
        raise SeriesError(f"coordsData has the dtype {kept}; expected that of the coordinates, real numbers")
    if suffix == "vts" and stored.kind != "f":
        stored = np.dtype("f8")
    ghostlevel = as_whole_number("ghostlevel", ghostlevel, 0)
    axes = {"x": (stored, 1), "y": (stored, 1), "z": (stored, 1)} if suffix == "vtr" else {"points": (stored, 3)}
    lines = [
        '<?xml version="1.0"?>',
        f'<VTKFile type="{kind}" version="1.0" byte_order="LittleEndian" header_type="UInt64">',
        f'<{kind} WholeExtent="{_text(whole)}" GhostLevel="{ghostlevel}">',
        *_section("PPointData", _described("pointData", pointData)),
        *_section("PCellData", _described("cellData", cellData)),
        *_section(geometry, axes),
        *(
            f'<Piece Extent="{_text(box)}" Source={quoteattr(name, _WHITE)}/>'
            for box, name in zip(boxes, names, strict=True)
        ),
        f"</{kind}>",
        "</VTKFile>\n",
    ]
    name, final = target(path, f".p{suffix}")
    content = "\n".join(lines).encode()
    write_new(final, lambda fd: write_at(fd, 0, content))
    return name


def _described(label: str, arrays: Any) -> dict[str, tuple[np.dtype[Any], int]]:
    """Give the dtype and the number of components of each array."""
    found = {}
    for name, content in as_mapping(label, arrays).items():
        try:
            dtype, components = content
        except (TypeError, ValueError) as error:
            raise SeriesError(f"{label}: array {name!r} is {content!r}; expected (dtype, components)") from error
        what = f"{label}: array {name!r}"
        found[name] = (_dtype(what, dtype), as_whole_number(f"{what}: components", components, 1))
    return found


def _dtype(label: str, dtype: Any) -> np.dtype[Any]:
    try:
        found: np.dtype[Any] = np.dtype(dtype)
    except (TypeError, ValueError) as error:
        raise SeriesError(f"{label} has the dtype {dtype!r}, which NumPy does not know") from error
    return found


def _listed(label: str, values: Any) -> list[Any]:
    try:
        return list(values)
    except TypeError as error:
        raise SeriesError(f"{label}={values!r}; expected a list with one entry a piece") from error


def _indices(label: str, values: Any) -> list[int]:
    """Give three whole numbers, along x, y, z."""
    array = np.asarray(given(label, values))
    if array.shape != (_AXES,) or array.dtype.kind not in "iuf" or (array != np.trunc(array)).any():
        raise SeriesError(f"{label}: {values!r}; expected three whole numbers, along x, y, z")
    if (np.abs(array.astype(np.float64)) > _LARGEST).any():
        raise SeriesError(f"{label}: {values!r}; VTK counts the points of an axis up to {_LARGEST}")
    return [int(value) for value in array.tolist()]


def _section(tag: str, arrays: Mapping[str, tuple[np.dtype[Any], int]]) -> list[str]:
    check_names(tag, list(arrays))
    roles = ""
    for role, wanted in (("Scalars", 1), ("Vectors", 3)) if tag.endswith("Data") else ():
        first = next((name for name, (_, components) in arrays.items() if components == wanted), None)
        roles += f" {role}={quoteattr(first, _WHITE)}" if first else ""
    lines = []
    for name, (dtype, components) in arrays.items():
        stored = storage_dtype(dtype)
        if stored is None or dtype.kind == "c":
            raise SeriesError(f"{tag}: array {name!r} has the dtype {dtype}; name the arrays of the pieces")
        count = f' NumberOfComponents="{components}"' if components != 1 else ""
        lines.append(f'<PDataArray type="{vtk_type(stored)}" Name={quoteattr(name, _WHITE)}{count}/>')
    return [f"<{tag}{roles}>", *lines, f"</{tag}>"]


def _extent(name: str, start: Sequence[int], end: Sequence[int]) -> tuple[tuple[int, int], ...]:
    first, last = _indices(name, start), _indices(name, end)
    if any(b < a for a, b in zip(first, last, strict=True)):
        raise SeriesError(f"{name}: from {tuple(first)} to {tuple(last)}; expected three numbers each, the end last")
    return tuple(zip(first, last, strict=True))


def _text(extent: tuple[tuple[int, int], ...]) -> str:
    return " ".join(f"{a} {b}" for a, b in extent)


def _check_cover(
    whole: tuple[tuple[int, int], ...], boxes: list[tuple[tuple[int, int], ...]], names: list[str]
) -> None:
    """Refuse pieces that leave a hole, which readers fill with whatever is in memory."""
    for name, box in zip(names, boxes, strict=True):
        if any(a < low or b > high for (a, b), (low, high) in zip(box, whole, strict=True)):
            raise SeriesError(f"{name}: its extent {_text(box)} leaves the grid's, {_text(whole)}")
    # A flat axis counts as one cell; the others are cut wherever a piece begins or ends.
    cells = [tuple((a, max(b, a + 1)) for a, b in box) for box in (whole, *boxes)]
    cuts = [sorted({edge for box in cells for edge in box[axis]}) for axis in range(_AXES)]
    covered = np.zeros([len(cut) - 1 for cut in cuts], bool)
    for box in cells[1:]:
        covered[tuple(slice(cut.index(a), cut.index(b)) for cut, (a, b) in zip(cuts, box, strict=True))] = True
    inside = tuple(slice(cut.index(a), cut.index(b)) for cut, (a, b) in zip(cuts, cells[0], strict=True))
    holes = np.argwhere(~covered[inside])
    if len(holes):
        hole = [list(pairwise(cut))[at] for cut, at in zip(cuts, holes[0].tolist(), strict=True)]
        raise SeriesError(
            f"no piece holds the cells of extent {_text(tuple(hole))}; neighbours share the points between them"
        )
