"""What callers of vtkseries.evtk get wrong is an error that names the array, and leaves no file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvista as pv
from test_evtk import CELLS, MESH, POINTS, TRIANGLES, N, X, Y, Z, field_of, vector

from vtkseries import SeriesError, VtkSeriesWarning, evtk

MISTAKES: dict[str, tuple[str, tuple[Any, ...], dict[str, Any], str]] = {
    "axes reversed": (
        "gridToVTK",
        (X, Y, Z),
        {"pointData": {"p": field_of((5, 3, 4))}},
        r"pointData: array 'p' has the shape \(5, 3, 4\); expected \(4, 3, 5\).*\.T",
    ),
    "cells for points": ("gridToVTK", (X, Y, Z), {"pointData": {"p": field_of(CELLS)}}, r"'p'.*expected \(4, 3, 5\)"),
    "points for cells": ("gridToVTK", (X, Y, Z), {"cellData": {"c": field_of(N)}}, r"'c'.*expected \(3, 2, 4\)"),
    "equal size": ("gridToVTK", (X, Y, Z), {"pointData": {"p": field_of((3, 4, 5))}}, r"'p'.*expected \(4, 3, 5\)"),
    "too short": ("gridToVTK", (X, Y, Z), {"pointData": {"p": field_of((59,))}}, r"'p' has the shape \(59,\)"),
    "vector's component": (
        "gridToVTK",
        MESH,
        {"pointData": {"v": (*vector(N)[:2], field_of(CELLS))}},
        r"'v\[2\]' has the shape \(3, 2, 4\); expected \(4, 3, 5\)",
    ),
    "five components": ("imageToVTK", (), {"pointData": {"v": vector(N) + vector(N)[:2]}}, r"'v' is a tuple of 5"),
    "mixed dimensions": ("gridToVTK", (X, MESH[1], Z), {}, "x, y, z have 1, 3 and 1 dimensions"),
    "mesh of two shapes": ("gridToVTK", (*MESH[:2], MESH[2][1:]), {}, r"array 'z' has the shape \(3, 3, 5\)"),
    "no data": ("imageToVTK", (), {}, "give cellData or pointData"),
    "flat step": ("imageToVTK", ((0,) * 3, (1, 0, 1)), {"pointData": {"a": field_of(N)}}, "spacing along y is 0"),
    "nan step": ("imageToVTK", ((0,) * 3, (1, np.nan, 1)), {"pointData": {"a": field_of(N)}}, "spacing=.*finite"),
    "strings": ("imageToVTK", (), {"pointData": {"s": np.full(N, "a")}}, "'s' has the dtype <U1"),
    "objects": ("imageToVTK", (), {"pointData": {"o": np.full(N, None)}}, "'o' has the dtype object"),
    "no name": ("imageToVTK", (), {"pointData": {"": field_of(N)}}, "'' is no name for an array"),
    "control character": ("imageToVTK", (), {"pointData": {"a\0": field_of(N)}}, "is no name for an array"),
    "name twice": (
        "imageToVTK",
        (),
        {"pointData": {"a": field_of(N) * 1j, "a_real": field_of(N)}},
        "two arrays would be called 'a_real'",
    ),
    "unknown compression": (
        "imageToVTK",
        (),
        {"pointData": {"a": field_of(N)}, "compression": "zip"},
        "compression='zip'",
    ),
    "points": ("pointsToVTK", (*POINTS[:2], POINTS[2][1:]), {}, r"coordinate 'z' has the shape \(11,\).*\(12,\)"),
    "point data": ("pointsToVTK", POINTS, {"data": {"a": field_of((11,))}}, r"data: array 'a'.*\(11,\).*\(12,\)"),
    "complex points": ("pointsToVTK", (POINTS[0] * 1j, *POINTS[1:]), {}, "'x' has the dtype complex128"),
    "odd lines": ("linesToVTK", tuple(axis[:11] for axis in POINTS), {}, "'x' has 11 values; expected an even number"),
    "line data": ("linesToVTK", POINTS, {"cellData": {"c": field_of((12,))}}, r"cellData: array 'c'.*\(6,\)"),
    "points per line": ("polyLinesToVTK", (*POINTS, np.array([3, 4])), {}, "pointsPerLine sums to 7.*12 points"),
    "connectivity": (
        "unstructuredGridToVTK",
        POINTS,
        {**TRIANGLES, "connectivity": TRIANGLES["connectivity"] + 5},
        "connectivity reaches from 5 to 12; expected numbers of the 12 points, 0 to 11",
    ),
    "negative connectivity": (
        "unstructuredGridToVTK",
        POINTS,
        {**TRIANGLES, "connectivity": TRIANGLES["connectivity"] - 1},
        "connectivity reaches from -1",
    ),
    "offsets that fall": (
        "unstructuredGridToVTK",
        POINTS,
        {**TRIANGLES, "offsets": np.array([6, 3, 10])},
        "offsets does not rise: number 1 is 3, after 6",
    ),
    "offsets that end early": (
        "unstructuredGridToVTK",
        POINTS,
        {**TRIANGLES, "offsets": np.array([3, 6, 9])},
        "offsets ends at 9; expected 10, the size of connectivity",
    ),
    "offsets of another kind": (
        "unstructuredGridToVTK",
        POINTS,
        {**TRIANGLES, "cell_types": np.array([5, 9, 9])},
        "offsets gives cell 1 3 points; expected 4, as a Quad has",
    ),
    "fractional offsets": (
        "unstructuredGridToVTK",
        POINTS,
        {**TRIANGLES, "offsets": np.array([3, 6.5, 10])},
        "offsets has the dtype float64; expected whole numbers",
    ),
    "types": (
        "unstructuredGridToVTK",
        POINTS,
        {**TRIANGLES, "cell_types": np.array([5, 5])},
        r"offsets has the shape \(3,\); expected that of cell_types, \(2,\)",
    ),
    "unknown types": (
        "unstructuredGridToVTK",
        POINTS,
        {**TRIANGLES, "cell_types": np.array([5, 5, 300])},
        "cell_types reaches from 5 to 300",
    ),
    "cell data": (
        "unstructuredGridToVTK",
        POINTS,
        {**TRIANGLES, "cellData": {"c": field_of((4,))}},
        r"cellData: array 'c' has the shape \(4,\); expected \(3,\), one value a cell",
    ),
    "cylinder": (
        "cylinderToVTK",
        (0.0, 0.0, 0.0, 1.0, 1.0, 3),
        {"pointData": {"p": field_of((48,))}},
        r"'p'.*\(64,\)",
    ),
    "data without names": ("pointsToVTK", POINTS, {"data": [1.0]}, "data is a list; expected a dict of arrays by name"),
    "an image without names": ("imageToVTK", (), {"pointData": [1.0]}, "pointData is a list; expected a dict of"),
    "half a layer": ("cylinderToVTK", (0, 0, 0, 1, 1, 2.5), {}, "nlayers=2.5; expected a whole number"),
    "no radius": ("cylinderToVTK", (0, 0, 0, 1, np.nan, 2), {}, "radius=nan; expected a finite number"),
    "coordinates of text": (
        "writeParallelVTKGrid",
        ((N, "U3"), [(0, 0, 0)], [(3, 2, 4)], ["a.vtr"]),
        {},
        "coordsData has the dtype <U3; expected .* real numbers",
    ),
    "no component": (
        "writeParallelVTKGrid",
        ((N, "f8"), [(0, 0, 0)], [(3, 2, 4)], ["a.vtr"]),
        {"pointData": {"p": ("f8", 0)}},
        "array 'p': components=0; expected at least 1",
    ),
    "less than no ghosts": (
        "writeParallelVTKGrid",
        ((N, "f8"), [(0, 0, 0)], [(3, 2, 4)], ["a.vtr"]),
        {"ghostlevel": -1},
        "ghostlevel=-1; expected at least 0",
    ),
    "ragged coordinate": ("gridToVTK", ([[0, 1], [2]], Y, Z), {}, "coordinate 'x' is no array: .*regular shape"),
    "ragged points": ("pointsToVTK", (POINTS[0], [[0, 1], [2]], POINTS[2]), {}, "coordinate 'y' is no array"),
    "ragged data": ("pointsToVTK", POINTS, {"data": {"a": [[0, 1], [2]]}}, "data: array 'a' is no array"),
    "ragged field data": ("pointsToVTK", POINTS, {"fieldData": {"f": [[0, 1], [2]]}}, "fieldData: array 'f' is no arr"),
    "ragged image": ("imageToVTK", (), {"pointData": {"a": [[0, 1], [2]]}}, "pointData: array 'a' is no array"),
    "ragged offsets": ("unstructuredGridToVTK", POINTS, {**TRIANGLES, "offsets": [[3], [6, 9]]}, "offsets is no array"),
    "ragged start": ("gridToVTK", (X, Y, Z), {"start": [[0, 1], [2]]}, "start is no array"),
    "far start": ("gridToVTK", (X, Y, Z), {"start": (2**40, 0, 0)}, "start=.* to 2147483647"),
    "a date in a vector": (
        "imageToVTK",
        (),
        {"pointData": {"v": (*vector(N)[:2], field_of(N).astype("M8[s]"))}},
        "components of 'v' have the dtypes float64, float64, datetime64",
    ),
    "a date in field data": (
        "pointsToVTK",
        POINTS,
        {"fieldData": {"f": (np.zeros(3), np.zeros(3, "M8[s]"))}},
        "fieldData: the components of 'f' have the dtypes float64, datetime64",
    ),
    "field data without names": ("pointsToVTK", POINTS, {"fieldData": np.zeros(3)}, "fieldData is a ndarray; expected"),
    "empty field data": ("pointsToVTK", POINTS, {"fieldData": {"f": ()}}, "fieldData: array 'f' is an empty tuple"),
    "cells without names": ("imageToVTK", (), {"cellData": field_of(N)}, "cellData is a ndarray; expected a dict"),
    "heights without names": ("pointsToVTKAsTIN", POINTS, {"data": POINTS[0]}, "data is a ndarray; expected a dict"),
    "origin of text": ("imageToVTK", ("abc",), {"pointData": {"a": field_of(N)}}, "origin has the dtype <U3"),
    "complex spacing": (
        "imageToVTK",
        ((0, 0, 0), (1j, 1, 1)),
        {"pointData": {"a": field_of(N)}},
        "spacing has the dtype complex128",
    ),
    "dates as heights": (
        "pointsToVTKAsTIN",
        (*POINTS[:2], POINTS[2].astype("M8[s]")),
        {},
        "coordinate 'z' has the dtype datetime64.*real numbers",
    ),
    "dimensions in a list": ("pointsToVTKAsTIN", POINTS, {"ndim": [2]}, r"ndim=\[2\]; expected a finite number"),
    "layers in words": ("cylinderToVTK", (0, 0, 0, 1, 1, "two"), {}, "nlayers='two'; expected a finite number"),
    "no layers": ("cylinderToVTK", (0, 0, 0, 1, 1, 0), {}, "nlayers=0; expected at least 1"),
    "layers without end": ("cylinderToVTK", (0, 0, 0, 1, 1, 2**70), {}, "nlayers=1180591620717411303424; expected"),
    "a place that is none": ("cylinderToVTK", (None, 0, 0, 1, 1, 2), {}, "x0=None; expected a finite number"),
    "connectivity beyond all": (
        "unstructuredGridToVTK",
        POINTS,
        {**TRIANGLES, "connectivity": TRIANGLES["connectivity"] * 1e30},
        "connectivity reaches .*expected whole numbers",
    ),
    "masked connectivity": (
        "unstructuredGridToVTK",
        POINTS,
        {**TRIANGLES, "connectivity": np.ma.masked_equal(TRIANGLES["connectivity"], 1)},
        "connectivity has masked values of int.*fill them",
    ),
    "masked counts": ("polyLinesToVTK", (*POINTS, np.ma.masked_equal([5, 7], 5)), {}, "pointsPerLine has masked val"),
    "an axis with a hole": (
        "rectilinearToVTK",
        (X, Y, Z * np.nan),
        {},
        "'z' has values that are n",
    ),
    "a masked axis": ("rectilinearToVTK", (X, Y, np.ma.masked_equal(Z, Z[1])), {}, "'z' has values that are not"),
    "no sources": ("writeParallelVTKGrid", ((N, "f8"), [(0, 0, 0)], [(3, 2, 4)], None), {}, "sources=None; expected a"),
    "one source": ("writeParallelVTKGrid", ((N, "f8"), [(0, 0, 0)], [(3, 2, 4)], "a.vtr"), {}, "sources='a.vtr'; exp"),
    "starts as a number": ("writeParallelVTKGrid", ((N, "f8"), 0, [(3, 2, 4)], ["a.vtr"]), {}, "starts=0; expected a"),
    "half a point": (
        "writeParallelVTKGrid",
        ((N, "f8"), [(0, 0, 0.5)], [(3, 2, 4)], ["a.vtr"]),
        {},
        "a.vtr: .*expected three whole numbers",
    ),
    "no dtype": ("writeParallelVTKGrid", ((N, "eight"), [(0, 0, 0)], [(3, 2, 4)], ["a.vtr"]), {}, "coordsData has the"),
    "no coordinates": ("writeParallelVTKGrid", (None, [(0, 0, 0)], [(3, 2, 4)], ["a.vtr"]), {}, "coordsData=None; exp"),
    "arrays in words": (
        "writeParallelVTKGrid",
        ((N, "f8"), [(0, 0, 0)], [(3, 2, 4)], ["a.vtr"]),
        {"pointData": {"p": "f8!"}},
        "pointData: array 'p' is 'f8!'; expected",
    ),
    "one line of points": ("pointsToVTKAsTIN", (X, X, X), {}, "these 4 points cannot be triangulated"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_an_error_that_names_the_array_and_leaves_no_file(mistake: str, tmp_path: Path) -> None:
    name, args, kwargs, message = MISTAKES[mistake]
    with pytest.raises(SeriesError, match=message):
        getattr(evtk, name)(tmp_path / "run", *args, **kwargs)
    assert not list(tmp_path.iterdir())


@pytest.mark.unchecked(reason="PyEVTK's callers get the axes that they pass, with a warning")
@pytest.mark.parametrize(
    ("axis", "told"), [([0.0, 2.0, 1.0], "neither rises nor falls"), ([2.0, 1.0, 0.0], "falls, .* arrays along y")]
)
def test_an_axis_that_does_not_rise_is_warned_of(tmp_path: Path, axis: list[float], told: str) -> None:
    with pytest.warns(VtkSeriesWarning, match=f"coordinate 'y' {told}"):
        evtk.gridToVTK(tmp_path / "run", X, axis, Z)
    assert [*pv.read(tmp_path / "run.vtr").y] == axis


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match=r"there is no directory .*missing; make it first"):
        evtk.pointsToVTK(tmp_path / "missing" / "run", *POINTS)
