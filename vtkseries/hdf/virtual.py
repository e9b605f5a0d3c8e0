"""Virtual datasets on disk."""

from __future__ import annotations

from typing import Any

import numpy as np

from vtkseries.hdf.maps import Ref, Stage, missing_value

__all__ = ["write_stage"]


def write_stage(file: Any, ref: Ref, stage: Stage | None, dtype: np.dtype) -> None:
    """Make the virtual dataset of a stage; without one, a dataset of zeros of which nothing is stored.

    h5py's own layer makes a selection object a map; this one goes a level lower, since axes have thousands of rows.
    """
    from h5py import h5d, h5p, h5s, h5t  # noqa: PLC0415 (only VTKHDF needs it)

    properties = h5p.create(h5p.DATASET_CREATE)
    groups = h5p.create(h5p.LINK_CREATE)
    groups.set_create_intermediate_group(True)
    if stage is None:
        properties.set_chunk(tuple(min(n, 1 << 6) for n in ref.shape))
    else:
        properties.set_fill_value(np.array([missing_value(dtype)], dtype))
        for item in stage.maps:
            target = h5s.create_simple(stage.shape)
            target.select_hyperslab(item.start, item.count)
            source = h5s.create_simple(item.source.shape)
            source.select_hyperslab(item.source_start, item.source_count)
            # HDF5 takes %b for a block's number, and %% for a percent sign.
            place, name = (text.replace("%", "%%").encode() for text in (item.source.file, item.source.name))
            properties.set_virtual(target, place, name, source)
    space = h5s.create_simple(ref.shape)
    h5d.create(file.id, ref.name.encode(), h5t.py_create(dtype, logical=True), space, dcpl=properties, lcpl=groups)
