"""The independent readers give back, axis by axis, what VTK's writer and our layout were given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tools.readers import READERS, Grid, read_pvd, read_vtk, vtk_complaints_fail
from tools.samples import AXES, FIELDS, document, vtk_file, write, write_series
from vtkmodules.vtkCommonCore import vtkOutputWindow

if TYPE_CHECKING:
    from pathlib import Path

FOREIGN = pytest.mark.unchecked(reason="VTK's own writer aligns nothing")


def assert_sample(grid: Grid, grown: int = 0) -> None:
    assert grid.extent == (0, 2, 0, 1, 0, 3)
    assert {**grid.point, **grid.cell}.keys() == FIELDS.keys()
    for name, expected in FIELDS.items():
        held = (grid.cell if name == "c" else grid.point)[name]
        np.testing.assert_array_equal(held, expected + expected.dtype.type(grown), strict=True)


@pytest.mark.parametrize("reader", READERS)
def test_readers_agree_on_a_file_of_our_layout(tmp_path: Path, reader: str) -> None:
    grid = READERS[reader](write(tmp_path / "file.vtr", *document()))
    assert_sample(grid)
    for axis, expected in AXES.items():
        np.testing.assert_array_equal(grid.axes[axis], expected, strict=True)
    if reader != "vtkio":
        assert grid.field["date"] == "20"
        assert grid.field["TimeValue"].tolist() == [0.5]


@FOREIGN
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("compressor", [None, "zlib", "lzma"])
@pytest.mark.parametrize("suffix", [".vtr", ".vti", ".vts"])
def test_readers_agree_on_a_file_of_vtk(tmp_path: Path, suffix: str, compressor: str | None, reader: str) -> None:
    grid = READERS[reader](vtk_file(tmp_path / f"file{suffix}", compressor=compressor))
    assert_sample(grid)
    z, y, x = np.meshgrid(AXES["z"], AXES["y"], AXES["x"], indexing="ij")
    if suffix == ".vts":
        np.testing.assert_array_equal(grid.points, np.stack([x, y, z], -1))
    elif suffix == ".vti":
        np.testing.assert_array_equal(grid.axes["x"], [1.0, 1.5, 2.0])
        np.testing.assert_array_equal(grid.axes["y"], [-2.0, -0.5])
        np.testing.assert_array_equal(grid.axes["z"], [3.0, 5.0, 7.0, 9.0])


def test_pyvista_walks_a_series(tmp_path: Path) -> None:
    steps = read_pvd(write_series(tmp_path / "run.pvd"))
    assert [time for time, _ in steps] == [0.5, 1.25, 7.0]
    for step, (_, parts) in enumerate(steps):
        assert_sample(parts["0"], 100 * step)


@pytest.mark.unchecked(reason="the file is broken on purpose")
def test_what_vtk_prints_is_a_failure(tmp_path: Path) -> None:
    path = write(tmp_path / "file.vtr", *document())
    path.write_bytes(path.read_bytes().replace(b"</Piece>", b"</Peice>"))
    with pytest.raises(AssertionError, match=r"VTK complains: [\s\S]*ismatched tag"):
        read_vtk(path)


def test_the_output_window_is_put_back() -> None:
    before = vtkOutputWindow.GetInstance()
    with vtk_complaints_fail():
        assert vtkOutputWindow.GetInstance() is not before
    assert vtkOutputWindow.GetInstance() is before
