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

BESIDE = "drawn beside it"
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


class TestVtkSeries(test_backends.CFEncodedBase):
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
            try:
                return dataset.vtkseries.to_vtr(path, **named, **kwargs)
            except vtkseries.SeriesError as error:
                if "no variable" not in str(error):
                    raise
            # What no grid holds is kept beside what one does.
            return dataset.assign({BESIDE: ("beside it", [0.5, 1.0])}).vtkseries.to_vtr(path, **named, **kwargs)

    @contextlib.contextmanager
    def open(self, path: str, **kwargs: Any) -> Iterator[xr.Dataset]:
        with xr.open_dataset(path, engine=self.engine, drop_variables=[BESIDE], **kwargs) as ds:
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


AS_IT_WAS = "it asks for what netCDF changes on the way; a Dataset comes back from vtkseries as it was"
ENCODED = (
    "it looks at what netCDF's encoding= packs or fills; values are stored as they are, and encodings are given back"
)
VARIABLE_BY_VARIABLE = "mode='a' goes on with a series by steps; a netCDF file is added to variable by variable"
NEW_TEXTS = "NumPy's own dtype of texts is left out with a warning; astype(object) or astype(str) keeps them"
NOT_APPLICABLE = {
    "test_write_store": "writing is ds.vtk.to_vtr(); there is no xarray store to write to piece by piece",
    "test_load_async": "reads are blocking, as those of xarray's netCDF backends, which skip it as well",
    "test_roundtrip_stringdtype_data": NEW_TEXTS,
    "test_roundtrip_stringdtype_nulls": NEW_TEXTS,
    "test_roundtrip_stringdtype_with_na_object": NEW_TEXTS,
    "test_roundtrip_string_encoded_characters": ENCODED,
    "test_roundtrip_cftime_datetime_data": "it expects units in the encoding of data that had none",
    "test_roundtrip_coordinates_with_space": "it expects a warning about names that netCDF cannot have",
}
NOT_CF = {
    "test_roundtrip_string_with_fill_value_nchar": ENCODED,
    "test_roundtrip_mask_and_scale": ENCODED,
    "test_roundtrip_unsigned": ENCODED,
    "test_default_fill_value": ENCODED,
    "test_explicitly_omit_fill_value": ENCODED,
    "test_explicitly_omit_fill_value_via_encoding_kwarg": ENCODED,
    "test_explicitly_omit_fill_value_in_coord": ENCODED,
    "test_explicitly_omit_fill_value_in_coord_via_encoding_kwarg": ENCODED,
    "test_encoding_same_dtype": ENCODED,
    "test_encoding_kwarg": ENCODED,
    "test_encoding_kwarg_dates": ENCODED,
    "test_encoding_kwarg_fixed_width_string": ENCODED,
    "test_encoding_unlimited_dims": AS_IT_WAS,
    "test_coordinates_encoding": AS_IT_WAS,
    "test_grid_mapping_and_bounds_are_not_coordinates_in_file": AS_IT_WAS,
    "test_grid_mapping_and_bounds_are_coordinates_after_dataarray_roundtrip": AS_IT_WAS,
    "test_coordinate_variables_after_dataset_roundtrip": AS_IT_WAS,
    "test_invalid_dataarray_names_raise": "names need not be texts",
    "test_multiindex_not_implemented": "it has nothing but an index, and expects netCDF's error",
    "test_string_object_warning": "it expects a warning about texts in netCDF",
    "test_roundtrip_empty_vlen_string_array": "an array without values is refused by name",
    "test_append_write": VARIABLE_BY_VARIABLE,
    "test_append_overwrite_values": VARIABLE_BY_VARIABLE,
    "test_append_with_invalid_dim_raises": VARIABLE_BY_VARIABLE,
}
for _name in NOT_APPLICABLE | NOT_CF:
    setattr(TestVtkSeries, _name, None)


def test_every_test_that_is_taken_out_is_one_of_xarrays() -> None:
    assert all(callable(getattr(test_backends.DatasetIOBase, name)) for name in NOT_APPLICABLE)
    assert all(callable(vars(test_backends.CFEncodedBase)[name]) for name in NOT_CF)
    assert len(NOT_APPLICABLE) < sum(name.startswith("test_") for name in vars(test_backends.DatasetIOBase)) / 4
