"""A Dataset of many fields: what places them is looked for, and read, once and not once a field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from tools.readers import read_vtk
from xarray.backends import BackendArray
from xarray.core import indexing

from vtkseries.accessor import VtkAccessor

NY, NX = 5, 7
ROW, COL = np.meshgrid(np.arange(NY), np.arange(NX), indexing="ij")
LON, LAT = 5 + COL + 0.2 * ROW, 40 + 0.8 * ROW - 0.1 * COL


class Counted(BackendArray):
    """An array as a file has it, that counts how often it is read."""

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.shape, self.dtype, self.reads = values, values.shape, values.dtype, 0

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[Any, ...]) -> Any:
        self.reads += 1
        return self.values[key]


def many(fields: int) -> tuple[xr.Dataset, list[Counted]]:
    """Give a grid of several dims with so many fields, each with values of its own, and what reads its coordinates."""
    counted = [Counted(LON), Counted(LAT)]
    lon, lat = (xr.Variable(("y", "x"), indexing.LazilyIndexedArray(array)) for array in counted)
    data = {f"v{n}": (("y", "x"), 100.0 * n + 10 * ROW + COL) for n in range(fields)}
    return xr.Dataset(data, {"lon": lon, "lat": lat}), counted


@pytest.mark.parametrize("verb", ["to_vts", "to_pvd"])
def test_coordinates_of_many_fields_are_read_as_often_as_those_of_one(tmp_path: Path, verb: str) -> None:
    reads = []
    for fields in (1, 60):
        ds, counted = many(fields)
        getattr(VtkAccessor(ds), verb)(tmp_path / f"{fields}.pvd")
        reads.append([array.reads for array in counted])
        grid = read_vtk(tmp_path / str(fields) / f"{fields}_000000.vts")
        np.testing.assert_array_equal(grid.points[0, ..., :2], np.stack([LON, LAT], -1))
        assert len(grid.point) == fields
        for n in range(fields):
            np.testing.assert_array_equal(grid.point[f"v{n}"][0], 100.0 * n + 10 * ROW + COL)
    assert reads[0] == reads[1]


def test_fields_that_list_other_coordinates_keep_their_own_places(tmp_path: Path) -> None:
    ds = xr.Dataset(
        {
            "t": (("y", "x"), 10.0 * ROW + COL, {"coordinates": "tlon tlat"}),
            "u": (("y", "x"), 10.0 * ROW + COL + 0.5, {"coordinates": "ulon ulat"}),
        },
        {
            "tlon": (("y", "x"), LON),
            "tlat": (("y", "x"), LAT),
            "ulon": (("y", "x"), LON + 0.5),
            "ulat": (("y", "x"), LAT - 0.1),
        },
    )
    VtkAccessor(ds).to_vts(tmp_path / "run.pvd")
    seen = {}
    for path in sorted((tmp_path / "run").glob("*.vts")):
        grid = read_vtk(path)
        (name,) = grid.point
        seen[name] = grid.points[0, ..., :2]
        np.testing.assert_array_equal(grid.point[name][0], ds[name].values)
    np.testing.assert_array_equal(seen["t"], np.stack([LON, LAT], -1))
    np.testing.assert_array_equal(seen["u"], np.stack([LON + 0.5, LAT - 0.1], -1))
