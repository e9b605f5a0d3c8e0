"""Points and meshes of Datasets that are lazy: computed as their steps are written, each chunk once, nothing whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr
from test_meshes import data, mesh, numbers, points, steps


def watched(values: Any, chunks: tuple[int, ...], computed: list[tuple[int, ...]]) -> Any:
    """A dask array that tells which of its blocks are computed."""

    def look(block: Any, block_info: Any = None) -> Any:
        if block_info:
            computed.append(tuple(block_info[0]["chunk-location"]))
        return block

    return da.from_array(values, chunks).map_blocks(look, dtype=values.dtype, meta=np.empty((0,) * values.ndim))


def test_each_chunk_of_particles_is_computed_once_and_in_the_order_of_steps(tmp_path: Path) -> None:
    fields, places = list[tuple[int, ...]](), list[tuple[int, ...]]()
    mass, x = numbers(6, 40), np.where(numbers(6, 40) % 7 == 0, np.nan, numbers(6, 40) + 0.5)
    ds = xr.Dataset(
        {"mass": (("time", "drop"), watched(mass, (2, 20), fields))},
        {"time": np.arange(6.0), "x": (("time", "drop"), watched(x, (3, 40), places)), "y": ("drop", np.arange(40.0))},
    )
    ds.vtk.to_vtp(tmp_path / "run.pvd")
    assert sorted(fields) == sorted((t, n) for t in range(3) for n in range(2))
    assert [t for t, _ in fields] == [0, 0, 1, 1, 2, 2]
    assert places == [(0, 0), (1, 0)]
    for number, (_, grid) in enumerate(steps(tmp_path / "run.pvd")):
        there = np.isfinite(x[number])
        np.testing.assert_array_equal(points(grid)[:, 0], x[number][there])
        np.testing.assert_array_equal(data(grid, "mass"), mass[number][there])


def test_of_points_with_times_of_their_own_only_the_chunks_of_a_step_are_computed(tmp_path: Path) -> None:
    computed = list[tuple[int, ...]]()
    stamps = np.repeat(np.arange(4.0), 10)
    ds = xr.Dataset(
        {"mass": ("obs", watched(numbers(40), (10,), computed))},
        {"time": ("obs", stamps), "x": ("obs", np.arange(40.0)), "y": ("obs", np.zeros(40))},
    )
    ds.vtk.to_vtp(tmp_path / "run.pvd")
    assert computed == [(0,), (1,), (2,), (3,)]
    for number, (_, grid) in enumerate(steps(tmp_path / "run.pvd")):
        np.testing.assert_array_equal(data(grid, "mass"), numbers(40)[10 * number : 10 * number + 10])


def test_each_chunk_of_a_mesh_is_computed_once(tmp_path: Path) -> None:
    computed = list[tuple[int, ...]]()
    values = numbers(4, 3)
    ds = mesh().drop_dims("time").assign_coords(time=np.arange(4.0))
    ds["heat"] = ("time", "face"), watched(values, (2, 3), computed), {"mesh": "Mesh2", "location": "face"}
    ds.vtk.to_vtu(tmp_path / "run.pvd", variables=["heat"])
    assert computed == [(0, 0), (1, 0)]
    for number, (_, grid) in enumerate(steps(tmp_path / "run.pvd")):
        np.testing.assert_array_equal(data(grid, "heat", cells=True), values[number])
