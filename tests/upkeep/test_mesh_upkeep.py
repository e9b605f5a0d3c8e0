"""Series of points and meshes are verified, repaired and thinned as those of grids."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vtk
import xarray as xr
from test_meshes import layered, particles

from vtkseries import VtkSeriesWarning, from_grid, thin
from vtkseries.repair import repair
from vtkseries.verify import verify

VERBS = {"to_vtp": particles, "to_vtu": layered}


def write(folder: Path, verb: str, **options: Any) -> Path:
    path: Path = getattr(VERBS[verb]().vtk, verb)(folder / "run.pvd", **options)
    return path


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("options", [{}, {"compression": "zlib", "durable": True}], ids=str)
def test_a_whole_series_is_verified(tmp_path: Path, verb: str, options: dict[str, Any]) -> None:
    report = verify(write(tmp_path, verb, **options))
    assert not report.faults, report
    assert report.steps == VERBS[verb]().sizes["time"]
    assert report.summed == (report.files if options else 0)


@pytest.mark.unchecked(reason="a file is damaged on purpose")
@pytest.mark.parametrize("verb", VERBS)
def test_cells_of_points_that_are_not_there_are_found(tmp_path: Path, verb: str) -> None:
    path = write(tmp_path, verb)
    file = min(path.with_suffix("").glob("*.vt?"))
    content = bytearray(file.read_bytes())
    nodes = [0, 1, 2] if verb == "to_vtp" else [0, 1, 4, 3]
    at = content.index(np.array(nodes, "i8").tobytes())
    content[at : at + 8] = np.array([10**6], "i8").tobytes()
    file.write_bytes(content)
    (fault,) = verify(path).faults
    assert str(file) in fault


@pytest.mark.parametrize("verb", VERBS)
def test_a_lost_index_is_made_again(tmp_path: Path, verb: str) -> None:
    path = write(tmp_path, verb)
    before = path.read_bytes()
    path.unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VtkSeriesWarning)
        repair(path)
    with xr.open_dataset(path, engine="vtkseries") as back:
        expected = VERBS[verb]()
        there = expected["x"].notnull() if verb == "to_vtp" else True
        for name in ("mass",) if verb == "to_vtp" else ("salt", "eta", "depth"):
            xr.testing.assert_equal(back[name].load(), expected[name].where(there))
    assert path.read_bytes().count(b"<DataSet") == before.count(b"<DataSet")


@pytest.mark.unchecked(reason="the thinned collection shares the steps")
def test_a_thinned_collection_opens(tmp_path: Path) -> None:
    path = write(tmp_path, "to_vtp")
    thinned = thin(path, 2, tmp_path / "thin.pvd")
    with xr.open_dataset(thinned, engine="vtkseries") as back:
        np.testing.assert_array_equal(back["mass"].values[1], particles()["mass"].where(particles()["x"].notnull())[2])


def test_points_that_became_a_grid_are_a_grid_s(tmp_path: Path) -> None:
    path = write(tmp_path, "to_vtp")
    reader = vtk.vtkXMLPolyDataReader()
    reader.SetFileName(str(min(path.with_suffix("").glob("*.vtp"))))
    onto = vtk.vtkResampleToImage()
    onto.SetInputConnection(reader.GetOutputPort())
    onto.SetSamplingDimensions(2, 3, 4)
    onto.Update()
    assert from_grid(onto.GetOutput()).sizes["z"] == 4
    reader.Update()
    back = from_grid(reader.GetOutput())
    assert back["mass"].attrs["units"] == "kg"
