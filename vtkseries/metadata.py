"""What a Dataset knows beyond its values, as one JSON string, so that reading back gives the same Dataset."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr

__all__ = ["describe"]


def describe(ds: xr.Dataset, **written: Any) -> str:
    """Give the JSON text.

    Parameters
    ----------
    ds : Dataset
    **written
        How the Dataset was written, as far as reading needs it.
    """
    variables = {
        str(name): {"dims": [str(d) for d in v.dims], "dtype": v.dtype.str, "attrs": _plain(v.attrs)}
        for name, v in ds.variables.items()
    }
    content = {
        "version": 1,
        "dims": {str(name): size for name, size in ds.sizes.items()},
        "attrs": _plain(ds.attrs),
        "coords": [str(name) for name in ds.coords],
        "variables": variables,
        **written,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
