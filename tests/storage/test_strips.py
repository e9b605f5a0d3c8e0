"""Arrays in any order of memory, and of sizes at which caches collide, reach files as they are."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from tools.readers import read_vtk

import vtkseries  # noqa: F401  # registers ds.vtk
from vtkseries import evtk
from vtkseries.storage.strips import rearrange

if TYPE_CHECKING:
    from pathlib import Path

SHAPES = ((80, 32, 64), (64, 80, 32), (65, 31, 63))
"""Along x, y and z: rows are powers of two apart, or not."""


def values(shape: tuple[int, ...], order: tuple[int, ...], dtype: str) -> Any:
    """Give unequal values whose axes lie in memory in this order."""
    lying = np.arange(np.prod(shape)).reshape([shape[axis] for axis in order]).astype(dtype)
    return lying.transpose(np.argsort(order))


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("shape", SHAPES)
def test_every_order_of_memory_gives_the_same_file_as_the_caller_sees(
    tmp_path: Path, shape: tuple[int, ...], order: tuple[int, ...]
) -> None:
    for dtype in ("f4", "f8"):
        a = values(shape, order, dtype)
        vector = (a, -a, values(shape, order[::-1], dtype))
        kept, turned = f"kept {dtype}", f"turned {dtype}"
        path = evtk.imageToVTK(
            str(tmp_path / "image"), pointData={kept: a, turned: a[::-1, :, ::-1], "big": a.astype(">f4"), "v": vector}
        )
        seen = read_vtk(tmp_path / path).point
        np.testing.assert_array_equal(seen[kept], a.T)
        np.testing.assert_array_equal(seen[turned], a[::-1, :, ::-1].T)
        np.testing.assert_array_equal(seen["big"], a.T)
        np.testing.assert_array_equal(seen["v"], np.stack([part.T for part in vector], -1))


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("shape", SHAPES)
def test_a_dataset_of_every_order_of_memory_is_written_as_it_is_labelled(
    tmp_path: Path, shape: tuple[int, ...], order: tuple[int, ...]
) -> None:
    axes = {dim: np.arange(size) * 1.5 for dim, size in zip("xyz", shape, strict=True)}
    a = values(shape, order, "f4")
    data = {"a": ("xyz", a), "b": ("xyz", a.astype("f8") + 0.5), "u": ("xyz", -a), "n": ("xyz", a.astype("c8") * 1j)}
    ds = xr.Dataset({name: (tuple(dims), one) for name, (dims, one) in data.items()}, axes)
    ds.isel(x=slice(None, None, -1)).vtk.to_vtr(tmp_path / "run.vtr", vectors={"v": ("a", "u", "b")})
    seen = read_vtk(tmp_path / "run.vtr").point
    np.testing.assert_array_equal(seen["v"], np.stack([a.T, -a.T, a.T + 0.5], -1))
    np.testing.assert_array_equal(seen["n_imag"], a.T)


def test_values_of_size_one_along_an_axis_go_everywhere_along_it() -> None:
    rng = np.random.default_rng(0)
    whole, plane, line = rng.random((64, 32, 80)).transpose(2, 1, 0), rng.random((1, 32, 64)), rng.random((80, 1, 1))
    place = np.zeros((80, 32, 64, 3))
    sources = (whole, plane, line)
    rearrange([(lambda a, out: np.copyto(out, a), part, place[..., n]) for n, part in enumerate(sources)])
    np.testing.assert_array_equal(place, np.stack(np.broadcast_arrays(*sources), -1))
