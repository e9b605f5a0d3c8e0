"""``ds.vtk`` is also registered by VTK's ``vtkmodules.util.xarray_support``: both can be used."""

from __future__ import annotations

import warnings
from typing import Any

import xarray as xr

__all__ = ["create_reader", "register", "register_tree"]


def register(accessor: type) -> None:
    """Make ``ds.vtk`` and ``ds.vtkseries`` this accessor, for Dataset and DataArray, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", xr.core.extensions.AccessorRegistrationWarning)
        for name in ("vtk", "vtkseries"):
            xr.register_dataset_accessor(name)(accessor)  # type: ignore[no-untyped-call]
            xr.register_dataarray_accessor(name)(accessor)  # type: ignore[no-untyped-call]


def register_tree(accessor: type) -> None:
    """Make ``tree.vtk`` and ``tree.vtkseries`` this accessor, where xarray has trees."""
    if hasattr(xr, "register_datatree_accessor"):
        for name in ("vtk", "vtkseries"):
            xr.register_datatree_accessor(name)(accessor)  # type: ignore[no-untyped-call]


def create_reader(ds: xr.Dataset) -> Any:
    """Give VTK's in-memory reader of a Dataset, and keep ``ds.vtk`` as it was."""
    before = xr.Dataset.__dict__.get("vtk")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", xr.core.extensions.AccessorRegistrationWarning)
        from vtkmodules.util import xarray_support  # noqa: PLC0415 (its import registers its own ds.vtk)
    if before is not None:
        xr.Dataset.vtk = before  # type: ignore[attr-defined]
    return xarray_support.VtkAccessor(ds).create_reader()
