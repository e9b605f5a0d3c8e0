"""``ds.vtk`` is contested by VTK's own module: nothing is lost in either order of import."""

from __future__ import annotations

import subprocess
import sys

import pytest

BUILD = """
import warnings; warnings.simplefilter("error")
import numpy as np, xarray as xr
def make():
    return xr.Dataset({"T": (("y", "x"), np.arange(12.0).reshape(3, 4))}, {"y": [0.0, 1, 2], "x": [0.0, 1, 2, 3]})
def check_reader(reader):
    reader.Update()
    assert reader.GetOutputDataObject(0).GetNumberOfPoints() == 12, reader.GetOutputDataObject(0)
"""

OURS_LAST = """
import vtkmodules.util.xarray_support
import vtkseries
ds = make()
assert ds.vtk.axes == ds.vtkseries.axes == {"x": "x", "y": "y"}
check_reader(ds.vtk.create_reader())
assert make().vtk.plan("run.pvd").steps == 1
assert ds["T"].vtk.axes == {"x": "x", "y": "y"}
"""

OURS_FIRST = """
import vtkseries
ds = make()
assert ds.vtk.axes == {"x": "x", "y": "y"}
check_reader(ds.vtk.create_reader())
assert make().vtk.axes == {"x": "x", "y": "y"}, "create_reader must leave ds.vtk ours"
"""

VTK_LAST = """
import vtkseries
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import vtkmodules.util.xarray_support
ds = make()
assert not hasattr(ds.vtk, "to_vtr")
check_reader(ds.vtk.create_reader())
assert ds.vtkseries.plan("run.pvd").steps == 1
check_reader(make().vtkseries.create_reader())
"""


@pytest.mark.parametrize("order", [OURS_LAST, OURS_FIRST, VTK_LAST])
def test_both_work_whichever_is_imported_first(order: str) -> None:
    result = subprocess.run([sys.executable, "-c", BUILD + order], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert not result.stderr


def test_importing_vtkseries_loads_neither_vtk_nor_h5py() -> None:
    code = (
        "import sys, vtkseries; heavy = {'vtkmodules', 'vtk', 'h5py', 'pyvista', 'cf_xarray', 'distributed'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
