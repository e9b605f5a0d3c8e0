"""What a file must hold, told by xarray alone: a Dataset indexed by the coordinates that a reader found in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

__all__ = ["assert_holds"]

STORED = {"b1": "u1", "f2": "f4", "f16": "f8"}


def assert_holds(
    arrays: Mapping[str, Any],
    axes: Mapping[str, Any],
    field: xr.DataArray,
    dims: Mapping[str, str],
    *,
    cells: bool = False,
    z_factor: float = 1.0,
) -> None:
    """Check one field of one step against the Dataset.

    Parameters
    ----------
    arrays : mapping
        Arrays by name, of shape (z, y, x), as an independent reader gave them.
    axes : mapping
        ``x``, ``y``, ``z`` of the file's nodes, from the same reader.
    field : DataArray
        One time of a field.
    dims : mapping
        The dim of each of x, y and z; those that the field lacks are left out.
    cells : bool
        The field has one value between two nodes.
    z_factor : float
        What heights were multiplied by.
    """
    for axis, dim in dims.items():
        nodes = np.asarray(axes[axis]) / (z_factor if axis == "z" else 1.0)
        labels = _between(nodes, field[dim].values) if cells else nodes
        assert len(labels) == field.sizes[dim], f"axis {axis} has {len(labels)} places for {field.sizes[dim]} values"
        field = field.sel({dim: labels})
    field = field.transpose(*(dims[axis] for axis in "zyx" if axis in dims))
    missing = [number for number, axis in enumerate("zyx") if axis not in dims]
    expected = np.expand_dims(field.values, missing)
    if expected.dtype.kind == "c":
        _assert_same(arrays[f"{field.name}_real"], expected.real)
        _assert_same(arrays[f"{field.name}_imag"], expected.imag)
    else:
        _assert_same(arrays[str(field.name)], expected)


def _between(nodes: Any, labels: Any) -> Any:
    """Give the one label that lies in each cell; a cell without width holds the label of its node."""
    if len(nodes) == 1:
        return nodes
    low, high = np.minimum(nodes[:-1], nodes[1:]), np.maximum(nodes[:-1], nodes[1:])
    inside = (labels > low[:, None]) & (labels < high[:, None])
    assert np.all(inside.sum(axis=1) == 1), f"cells between {nodes} do not hold one of {labels} each"
    return labels[inside.argmax(axis=1)]


def _assert_same(held: Any, expected: Any) -> None:
    kind = np.dtype(expected.dtype).newbyteorder("=").str[1:]
    wanted = expected.astype(STORED.get(kind, kind))
    assert held.dtype == wanted.dtype, f"{expected.dtype} is stored as {held.dtype}"
    np.testing.assert_array_equal(held, wanted, strict=True)
