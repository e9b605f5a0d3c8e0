"""Reading on a cluster: workers are sent paths, and read their own steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr
from distributed import Client, LocalCluster

import vtkseries  # noqa: F401 (registers the accessor)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_workers_of_a_cluster_read_the_same(tmp_path: Path, compression: str | None) -> None:
    values = np.arange(4 * 5 * 6 * 7.0).reshape(4, 5, 6, 7)
    ds = xr.Dataset({"t": (("time", "z", "y", "x"), values), "m": ("time", np.arange(4.0) / 3)})
    path = ds.vtkseries.to_vtr(tmp_path / "run.pvd", compression=compression)
    with (
        LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster, set_as_default=False) as client,
        client.as_current(),
    ):
        xr.testing.assert_identical(xr.open_dataset(path, engine="vtkseries", chunks={}).compute(), ds)
