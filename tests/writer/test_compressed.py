"""Compressed steps and rounded arrays of a running solver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from tools.readers import read_pyvista, read_vtk
from tools.solver import Solver

from vtkseries import SeriesError, SeriesWriter
from vtkseries.verify import verify

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

SOLVER = Solver()


@pytest.mark.parametrize("method", ["zlib", "lz4", "lzma"])
def test_compressed_steps_hold_the_same_values_and_go_on(tmp_path: Path, method: str) -> None:
    path = tmp_path / "run.pvd"
    for first in (0, 2):
        with SeriesWriter(path, *SOLVER.axes, mode="a", compression=method) as series:
            for step in (first, first + 1):
                file = series.write(step, SOLVER.point_data(step), SOLVER.cell_data(step))
                for read in (read_vtk, read_pyvista):
                    grid = read(file)
                    np.testing.assert_array_equal(grid.point["p"], SOLVER.pressure(step))
                    np.testing.assert_array_equal(grid.point["u"], np.stack(SOLVER.velocity(step), -1))
                    np.testing.assert_array_equal(grid.cell["flux"], SOLVER.flux(step))
                    np.testing.assert_array_equal(grid.axes["y"], SOLVER.y)
    report = verify(path)
    assert (report.steps, report.summed, report.faults) == (4, 4, [])


def test_a_lazy_dataset_is_compressed_too(tmp_path: Path) -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    ds = xr.Dataset({"T": (("z", "y", "x"), values)}, {"time": 0.5}).chunk({"x": 2})
    with SeriesWriter(tmp_path / "run.pvd", compression="zlib") as series:
        file = series.write(ds)
    np.testing.assert_array_equal(read_vtk(file).point["T"], values)


def test_arrays_are_narrowed_and_rounded_as_asked(tmp_path: Path) -> None:
    encoding: dict[Hashable, dict[str, Any]] = {"u": {"dtype": "float32"}, "p": {"significant_digits": 2}}
    with SeriesWriter(tmp_path / "run.pvd", *SOLVER.axes, encoding=encoding) as series:
        file = series.write(0, SOLVER.point_data(7))
    grid = read_vtk(file)
    assert grid.point["u"].dtype == np.float32
    np.testing.assert_allclose(grid.point["p"], SOLVER.pressure(7), rtol=0.006)
    assert (grid.point["p"] != SOLVER.pressure(7)).any()


def test_a_wrong_method_or_encoding_is_refused_before_a_file_exists(tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match="gzip"):
        SeriesWriter(tmp_path / "run.pvd", *SOLVER.axes, compression="gzip")
    with (
        SeriesWriter(tmp_path / "run.pvd", *SOLVER.axes, encoding={"q": {"dtype": "f4"}}) as series,
        pytest.raises(SeriesError, match="no variable 'q'"),
    ):
        series.write(0, SOLVER.point_data(0))
    assert list(tmp_path.iterdir()) == []
