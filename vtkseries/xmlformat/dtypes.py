"""NumPy dtypes and VTK's type names.

The names are those of VTK's XML reader; any other name makes it refuse the whole file.
"""

from __future__ import annotations

import numpy as np

__all__ = ["TO_NUMPY", "storage_dtype", "vtk_type"]

TO_NUMPY: dict[str, np.dtype] = {
    "Int8": np.dtype("i1"),
    "UInt8": np.dtype("u1"),
    "Int16": np.dtype("i2"),
    "UInt16": np.dtype("u2"),
    "Int32": np.dtype("i4"),
    "UInt32": np.dtype("u4"),
    "Int64": np.dtype("i8"),
    "UInt64": np.dtype("u8"),
    "Float32": np.dtype("f4"),
    "Float64": np.dtype("f8"),
}
_NAMES = {dtype: name for name, dtype in TO_NUMPY.items()}


def storage_dtype(dtype: np.dtype) -> np.dtype | None:
    """Give the dtype in which values of `dtype` are stored, or None when VTK has none.

    Widths are kept; ``bool`` becomes UInt8, ``float16`` Float32, ``longdouble`` Float64, big-endian native. Complex
    numbers are stored as two arrays, each of the dtype given here.
    """
    if dtype.kind == "b":
        return np.dtype("u1")
    if dtype.kind in "iu":
        return dtype.newbyteorder("=")
    if dtype.kind == "f":
        return np.dtype(f"f{min(max(dtype.itemsize, 4), 8)}")
    if dtype.kind == "c":
        return np.dtype("f4") if dtype.itemsize == 8 else np.dtype("f8")  # noqa: PLR2004 (complex64 holds two float32)
    return None


def vtk_type(dtype: np.dtype) -> str:
    """Give VTK's name of a storage dtype.

    Examples
    --------
    >>> vtk_type(np.dtype("f4"))
    'Float32'
    """
    return _NAMES[dtype.newbyteorder("=")]
