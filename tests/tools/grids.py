"""How many values each section of a VTK XML file must hold, and what its geometry must be."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tools.markup import Element

__all__ = ["STRUCTURED", "SUFFIXES", "Expectation", "check_cover", "check_geometry", "expect", "extent_of"]

SUFFIXES = {
    ".vtr": "RectilinearGrid",
    ".vti": "ImageData",
    ".vts": "StructuredGrid",
    ".vtp": "PolyData",
    ".vtu": "UnstructuredGrid",
}
STRUCTURED = ("RectilinearGrid", "ImageData", "StructuredGrid")
_CELLS = {"Verts": "NumberOfVerts", "Lines": "NumberOfLines", "Strips": "NumberOfStrips", "Polys": "NumberOfPolys"}

Extent = tuple[int, int, int, int, int, int]
Values = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Expectation:
    """Points and cells of a piece, and the tuples of each geometry array (None: any number)."""

    points: int
    cells: int
    geometry: dict[str, tuple[int | None, ...]]


def extent_of(element: Element, name: str) -> Extent:
    """Read six integers, each axis from low to high."""
    text = element.attributes.get(name, "")
    assert re.fullmatch(r"-?\d+( -?\d+){5}", text), f"{name} is {text!r}, not six integers"
    x0, x1, y0, y1, z0, z1 = map(int, text.split())
    assert x1 >= x0 - 1, f"{name} is {text!r}"
    assert y1 >= y0 - 1, f"{name} is {text!r}"
    assert z1 >= z0 - 1, f"{name} is {text!r}"
    return (x0, x1, y0, y1, z0, z1)


def expect(kind: str, piece: Element) -> Expectation:
    """Give what a piece of a grid of this kind must hold."""
    if kind in STRUCTURED:
        extent = extent_of(piece, "Extent")
        nodes = [extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in range(3)]
        points = math.prod(nodes)
        cells = math.prod(max(n - 1, 1) for n in nodes) if points else 0
        geometry: dict[str, dict[str, tuple[int | None, ...]]] = {
            "RectilinearGrid": {"Coordinates": tuple(nodes)},
            "StructuredGrid": {"Points": (points,)},
            "ImageData": {},
        }
        return Expectation(points, cells, geometry[kind])
    points = _count(piece, "NumberOfPoints")
    if kind == "UnstructuredGrid":
        cells = _count(piece, "NumberOfCells")
        return Expectation(points, cells, {"Points": (points,), "Cells": (None, cells, cells)})
    counts = {tag: _count(piece, name, "0") for tag, name in _CELLS.items()}
    present = {tag: (None, count) for tag, count in counts.items() if count or piece.named(tag)}
    return Expectation(points, sum(counts.values()), {"Points": (points,), **present})


def check_geometry(tag: str, values: Values, arrays: list[Element], points: int) -> None:
    """Check the meaning of a geometry section's values."""
    if tag == "Coordinates":
        for name, axis in values.items():
            assert np.all(np.isfinite(axis)), f"coordinate {name!r} is not finite"
            assert np.all(axis[1:] > axis[:-1]), f"coordinate {name!r} does not increase strictly"
    elif tag == "Points":
        kind = arrays[0].attributes["type"]
        assert kind in {"Float32", "Float64"}, f"Points are {kind}; ParaView needs Float32 or Float64"
        components = arrays[0].attributes.get("NumberOfComponents")
        assert components == "3", f"Points have {components} components"
    else:
        _check_cells(tag, values, points)


def _check_cells(tag: str, values: Values, points: int) -> None:
    names = ["connectivity", "offsets", "types"][: 3 if tag == "Cells" else 2]
    assert sorted(values) == sorted(names), f"{tag} hold {sorted(values)}"
    connectivity, offsets = values["connectivity"], values["offsets"]
    assert np.all((connectivity >= 0) & (connectivity < points)), f"{tag} use points that are not there"
    ends = np.concatenate([[0], offsets])
    assert np.all(np.diff(ends) >= 0), f"offsets of {tag} go down"
    assert ends[-1] == connectivity.size, f"offsets of {tag} end at {ends[-1]}, connectivity at {connectivity.size}"
    if tag == "Cells":
        assert values["types"].dtype == np.dtype("u1"), "cell types are not UInt8"


def check_cover(whole: Extent, pieces: list[Extent], *, cells: bool) -> None:
    """Check that pieces cover their grid: every point, and with cell data every cell just once."""

    def slices(extent: Extent, shrink: int) -> tuple[slice, ...]:
        def ends(axis: int) -> slice:
            low, high, first = extent[2 * axis], extent[2 * axis + 1], whole[2 * axis]
            flat = whole[2 * axis] == whole[2 * axis + 1]
            return slice(low - first, high - first + 1 - (0 if flat else shrink))

        return tuple(map(ends, range(3)))

    for piece in pieces:
        for axis in range(3):
            inside = whole[2 * axis] <= piece[2 * axis] and piece[2 * axis + 1] <= whole[2 * axis + 1]
            assert inside, f"piece {piece} is not inside the whole {whole}"
    nodes = [whole[2 * axis + 1] - whole[2 * axis] + 1 for axis in range(3)]
    seen = np.zeros(nodes, np.uint8)
    for piece in pieces:
        seen[slices(piece, 0)] = 1
    assert seen.all(), f"{np.count_nonzero(seen == 0)} points are in no piece"
    if cells:
        counts = np.zeros([max(n - 1, 1) for n in nodes], np.uint16)
        for piece in pieces:
            counts[slices(piece, 1)] += 1
        assert np.all(counts == 1), f"{np.count_nonzero(counts != 1)} cells are not in just one piece"


def _count(piece: Element, name: str, default: str = "") -> int:
    text = piece.attributes.get(name, default)
    assert re.fullmatch("[0-9]+", text), f"{name} is {text!r}"
    return int(text)
