"""Lifetime under AddressSanitizer, which sees each copy, write and comparison of memory that is no longer there."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

COMMON = """
    import gc, os
    import numpy as np, vtkseries, xarray as xr
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkDoubleArray

    n = (20, 30, 40)
    def numbers(dtype="f8"):
        return np.arange(float(np.prod(n))).reshape(n).astype(dtype)

    def touch(values):
        with open(os.devnull, "wb") as file:
            file.write(np.ascontiguousarray(values).tobytes())

    def copied(array):
        found = vtkDoubleArray()
        found.DeepCopy(array)
        return found.GetValue(777)
"""

SOUND = """
    from vtkmodules.vtkFiltersGeneral import vtkPassArrays

    def dataset():
        z, y, x = (np.arange(float(size)) ** 2 for size in n)
        data = {"a": (("z", "y", "x"), numbers()), "b": (("x", "y", "z"), numbers().T.copy()),
                "c": (("z", "y", "x"), numbers(">i4")), "v": (("z", "y", "x", "c"), np.stack([numbers()] * 3, -1))}
        return xr.Dataset(data, {"x": x, "y": y, "z": z})

    for kind in ("vtr", "vti", "vts"):
        ds = dataset() if kind != "vti" else dataset().drop_vars(["x", "y", "z"])
        grids = [ds.vtk.to_grid(grid=kind, vectors={"v": "c"}), ds.vtk.to_pyvista(grid=kind, vectors={"v": "c"})]
        passed = vtkPassArrays()
        passed.SetInputData(ds.vtk.to_grid(grid=kind))
        passed.AddPointDataArray("a")
        passed.Update()
        grids.append(passed.GetOutput())
        del ds, passed
        gc.collect()
        for grid in grids:
            data = grid.GetPointData()
            assert copied(data.GetArray("a")) == 777.0
            for number in range(data.GetNumberOfArrays()):
                touch(vtk_to_numpy(data.GetArray(number)))
        if kind == "vts":
            touch(vtk_to_numpy(grids[0].GetPoints().GetData()))
        # The other way round: the Dataset stays, the grid goes.
        back = vtkseries.from_grid(grids[1])
        del grids, grid, data
        gc.collect()
        assert (back["a"].values == numbers()).all() and (back["c"].values == numbers()).all()
        for variable in back.variables.values():
            touch(variable.values)
        back["a"][...] = 0.0

    def points():
        places = numbers().reshape(-1, 3)
        axes = {name: ("p", places[:, k]) for k, name in enumerate("xyz")}
        return xr.Dataset({"a": ("p", np.arange(8000.0)), "v": (("p", "c"), places + 1)}, axes)

    def mesh():
        faces = np.arange(8000).reshape(-1, 4)
        ds = points().rename(p="node").assign(faces=(("f", "k"), faces), b=("f", np.arange(2000.0)))
        told = {"cf_role": "mesh_topology", "node_coordinates": "x y z", "face_node_connectivity": "faces"}
        return ds.assign(mesh=((), 0, told))

    for make in (points, mesh):
        ds = make()
        grids = [ds.vtk.to_grid(vectors={"v": "c"}), ds.vtk.to_pyvista(vectors={"v": "c"})]
        del ds
        gc.collect()
        for grid in grids:
            data = grid.GetPointData()
            assert copied(data.GetArray("a")) == 777.0
            touch(vtk_to_numpy(data.GetArray("v")))
            touch(vtk_to_numpy(grid.GetPoints().GetData()))
            assert grid.GetCell(1999).GetPointId(0) == (1999 if make is points else 7996)
        back = vtkseries.from_grid(grids[1])
        del grids, grid, data
        gc.collect()
        assert back.identical(make())
        for variable in back.variables.values():
            touch(variable.values)
        back["a"][...] = 0.0
    print("sound")
"""

DANGLING = """
    data = numbers().reshape(-1)
    array = vtkDoubleArray()
    array.SetVoidArray(data, data.size, 1)  # as numpy_to_vtk does, but nothing keeps the memory
    del data
    gc.collect()
    copied(array)
    print("not seen")
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    library = subprocess.run(
        ["gcc", "-print-file-name=libasan.so"],  # wherever it is installed
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert Path(library).is_file(), "AddressSanitizer comes with gcc"
    environment = {**os.environ, "LD_PRELOAD": library, "ASAN_OPTIONS": "detect_leaks=0", "PYTHONMALLOC": "malloc"}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(COMMON) + textwrap.dedent(code)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_no_grid_and_no_dataset_reads_memory_that_is_gone() -> None:
    found = run(SOUND)
    assert found.stdout.strip() == "sound", found.stderr
    assert found.returncode == 0, found.stderr


def test_the_checker_sees_memory_that_nothing_keeps() -> None:
    found = run(DANGLING)
    assert "not seen" not in found.stdout
    assert "heap-use-after-free" in found.stderr
