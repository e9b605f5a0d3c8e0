"""Real models' files, as iris-sample-data has them, become grids whose cells stand upright."""

from __future__ import annotations

from pathlib import Path

import iris_sample_data
import numpy as np
import pytest
import pyvista
import xarray as xr
from tools.readers import read_vtk

import vtkseries  # noqa: F401 (registers ds.vtk)

FOLDER = Path(iris_sample_data.__file__).parent / "sample_data"
EXPECTED = {"hybrid_height.nc": ".vts", "rotated_pole.nc": ".vti", "toa_brightness_stereographic.nc": ".vti"}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_file_becomes_the_cheapest_grid_with_its_own_values(tmp_path: Path, name: str) -> None:
    with xr.open_dataset(FOLDER / name) as ds:
        ds.vtk.to_pvd(tmp_path / "run.pvd")
        field = next(n for n, v in ds.data_vars.items() if v.ndim > 1 and not str(n).endswith("bnds"))
        (file,) = (tmp_path / "run").iterdir()
        assert file.suffix == EXPECTED[name]
        found = read_vtk(file).point[str(field)]
        np.testing.assert_array_equal(np.sort(found, axis=None), np.sort(ds[field].values, axis=None))
        if found.shape[0] > 1:
            assert pyvista.read(file).compute_cell_sizes()["Volume"].min() > 0


def test_hybrid_heights_are_those_of_the_formula(tmp_path: Path) -> None:
    with xr.open_dataset(FOLDER / "hybrid_height.nc") as ds:
        ds.vtk.to_vts(tmp_path / "one.vts")
        z = read_vtk(tmp_path / "one.vts").points[..., 2]
        expected = (ds.level_height + ds.sigma * ds.surface_altitude).values
    np.testing.assert_allclose(z, expected, rtol=1e-6)
