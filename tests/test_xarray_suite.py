"""xarray's own tests of a backend, run against the engine."""

from __future__ import annotations

import contextlib
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from xarray.tests import test_backends
from xarray.tests.conftest import time_unit, use_dask  # noqa: F401 (fixtures that the tests ask for by name)

import vtkseries

# Importing xarray's tests turns this on for every test after; users' code, as pages show it, leaves closing to Python.
xr.set_options(warn_for_unclosed_files=False)  # type: ignore[no-untyped-call]  # xarray leaves its type out

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unchecked(reason="the tests write where they like")

AXES = {"dim1": "y", "dim2": "x", "dim3": "z"}
"""The axes of xarray's test data, whose names tell nothing."""


def grid_data(*_: object, **__: object) -> xr.Dataset:
    """Give xarray's test data, with numbers where it has letters along an axis."""
    rng = np.random.default_rng(12345)
    ds = xr.Dataset()
    ds["dim2"] = ("dim2", 0.5 * np.arange(9))
    ds["dim3"] = ("dim3", np.arange(10) ** 2)
    ds["time"] = ("time", np.arange(20).astype("m8[D]") + np.datetime64("2000-01-01", "ns"))
    for name, dims in {"var1": ("dim1", "dim2"), "var2": ("dim1", "dim2"), "var3": ("dim3", "dim1")}.items():
        ds[name] = (
            dims,
            rng.normal(size=[{"dim1": 8, "dim2": 9, "dim3": 10}[dim] for dim in dims]),
            {"foo": "variable"},
        )
    ds.coords["numbers"] = ("dim3", np.array([0, 1, 2, 0, 0, 1, 1, 2, 2, 3], "int64"))
    ds.encoding = {"foo": "bar"}
    return ds


@pytest.fixture(autouse=True)
def _data_for_grids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_backends, "create_test_data", grid_data)


class TestVtkSeries(test_backends.DatasetIOBase):
    """Each test passes, or is listed with the reason why it does not apply."""

    engine: Any = "vtkseries"
    file_format = None

    def save(self, dataset: xr.Dataset, path: str, encoding: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        dataset = dataset.copy()
        for name, own in (encoding or {}).items():
            dataset[name].encoding = own
        named = {role: dim for dim, role in AXES.items() if dim in dataset.dims}
        if not dataset.data_vars:
            kwargs["variables"] = [name for name in dataset.coords if dataset[name].ndim > 1]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", vtkseries.VtkSeriesWarning)
            return dataset.vtkseries.to_vtr(path, **named, **kwargs)

    @contextlib.contextmanager
    def open(self, path: str, **kwargs: Any) -> Iterator[xr.Dataset]:
        with xr.open_dataset(path, engine=self.engine, **kwargs) as ds:
            yield ds

    @contextlib.contextmanager
    def roundtrip(
        self,
        data: xr.Dataset,
        save_kwargs: dict[str, Any] | None = None,
        open_kwargs: dict[str, Any] | None = None,
        allow_cleanup_failure: bool = False,  # noqa: FBT001, FBT002 (xarray's signature)
    ) -> Iterator[xr.Dataset]:
        with test_backends.create_tmp_file(suffix=".pvd", allow_cleanup_failure=allow_cleanup_failure) as path:
            self.save(data, path, **(save_kwargs or {}))
            with self.open(path, **(open_kwargs or {})) as ds:
                yield ds

    def test_zero_dimensional_variable(self) -> None:
        # As xarray's, but for its two texts.
        expected = grid_data()
        expected["float_var"] = ([], 1.0e9, {"units": "units of awesome"})
        with self.roundtrip(expected) as actual:
            xr.testing.assert_identical(expected, actual)

    def test_roundtrip_example_1_netcdf(self) -> None:
        # xarray skips its own where a module "netcdf" is missing, which is to say always.
        with test_backends.open_example_dataset("example_1.nc") as expected, self.roundtrip(expected) as actual:
            xr.testing.assert_identical(expected, actual)


TEXTS = "texts cannot be drawn: they are left out with a warning, or refused where there is nothing else"
NO_SPACE = "it has no spatial axis, so there is no grid; test_roundtrip.py has the same values on a grid"
NOT_APPLICABLE = {
    "test_write_store": "writing is ds.vtk.to_vtr(); there is no xarray store to write to piece by piece",
    "test_load_async": "reads are blocking, as those of xarray's netCDF backends, which skip it as well",
    "test_roundtrip_object_dtype": TEXTS,
    "test_roundtrip_string_data": TEXTS,
    "test_roundtrip_stringdtype_data": TEXTS,
    "test_roundtrip_stringdtype_nulls": TEXTS,
    "test_roundtrip_stringdtype_with_na_object": TEXTS,
    "test_roundtrip_string_encoded_characters": TEXTS,
    "test_roundtrip_numpy_datetime_data": NO_SPACE,
    "test_roundtrip_cftime_datetime_data": NO_SPACE,
    "test_roundtrip_timedelta_data": NO_SPACE,
    "test_roundtrip_timedelta_data_via_dtype": NO_SPACE,
    "test_roundtrip_coordinates_with_space": "it has no variable to draw, and its warning is about netCDF's names",
}
for _name in NOT_APPLICABLE:
    setattr(TestVtkSeries, _name, None)


def test_every_test_that_is_taken_out_is_one_of_xarrays() -> None:
    assert all(callable(getattr(test_backends.DatasetIOBase, name)) for name in NOT_APPLICABLE)
    assert len(NOT_APPLICABLE) < sum(name.startswith("test_") for name in vars(test_backends.DatasetIOBase)) / 2
