"""A ring that closes gives its first value once more at its end, whichever part of it is read."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vtkseries.cf.lazy import computed, wrapped

bounds = st.none() | st.integers(-8, 8)
cuts = st.builds(slice, bounds, bounds, st.sampled_from([None, 1, 2, -1, -3])) | st.integers(-6, 5)


@settings(deadline=None)
@given(cut=cuts, dim=st.sampled_from("zyx"))
def test_any_part_of_a_ring_is_that_of_a_copy_that_closes(cut: slice | int, dim: str) -> None:
    # xarray itself fails where a slice that runs backwards is empty.
    assume(isinstance(cut, int) or (cut.step or 1) > 0 or len(range(6)[cut]))
    values = np.arange(125.0).reshape(5, 5, 5)
    axis = "zyx".index(dim)
    ring = wrapped(xr.Variable(("z", "y", "x"), values), dim)
    closed = np.concatenate([values, values.take([0], axis)], axis)
    key = tuple(cut if number == axis else slice(1, None) for number in range(3))
    np.testing.assert_array_equal(ring[key].values, closed[key])


@pytest.mark.parametrize("shift", [0.0, 360.0])
def test_only_the_value_that_comes_again_is_shifted(shift: float) -> None:
    ring = wrapped(xr.Variable("x", np.array([10.0, 100.0, 250.0])), "x", shift)
    np.testing.assert_array_equal(ring.values, [10, 100, 250, 10 + shift])


def test_reading_a_part_of_a_ring_in_memory_copies_it_in_its_own_order() -> None:
    ring = wrapped(xr.Variable(("z", "y", "x"), np.zeros((4, 3, 5), "f4")), "x")
    assert computed(ring)
    assert ring[1:3].values.flags.c_contiguous
