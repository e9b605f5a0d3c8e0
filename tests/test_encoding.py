"""Precision: what rounding keeps, what it never touches, and what is refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from tools.readers import read_vtk

from vtkseries import SeriesError
from vtkseries.rounding import round_digits

Values = np.ndarray[Any, Any]


def half_unit(value: float, digits: int) -> Fraction:
    """Give half a unit of the last of the value's significant decimal digits, exactly."""
    size, decade = abs(Fraction(value)), 0
    while size >= Fraction(10) ** (decade + 1):
        decade += 1
    while size < Fraction(10) ** decade:
        decade -= 1
    return Fraction(10) ** (decade + 1 - digits) / 2


def assert_close_enough(before: Values, digits: int) -> Values:
    after = before.copy()
    round_digits(after, digits)
    for old, new in zip(before.tolist(), after.tolist(), strict=True):
        assert abs(Fraction(new) - Fraction(old)) < half_unit(old, digits), f"{old!r} became {new!r}"
    return after


@pytest.mark.parametrize("digits", range(1, 8))
@given(st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False).filter(bool))
@settings(max_examples=100, deadline=None)
def test_a_float32_is_off_by_less_than_half_a_unit_of_its_last_digit(digits: int, value: float) -> None:
    assert_close_enough(np.array([value], "f4"), digits)


@pytest.mark.parametrize("digits", [1, 2, 6, 15])
@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False).filter(bool))
@settings(max_examples=100, deadline=None)
def test_a_float64_is_off_by_less_than_half_a_unit_of_its_last_digit(digits: int, value: float) -> None:
    assert_close_enough(np.array([value]), digits)


def test_a_float64_stored_as_float32_is_rounded_once(tmp_path: Path) -> None:
    # In float32 first, these would come to lie half-way between two values of so few bits, and go the wrong way.
    awkward = [975.1821527993008, -937.1186374217837, 536.1518380695354, -492.5600458261399, 7.99987287450642e-26]
    near = np.concatenate([awkward, np.random.default_rng(0).uniform(100, 999, 20_000)])
    path = tmp_path / "run.vtr"
    encoding = {"T": {"significant_digits": 6, "dtype": "float32"}}
    xr.DataArray(near, dims="x", name="T").vtk.to_vtr(path, encoding=encoding)
    for old, new in zip(near.tolist(), read_vtk(path).point["T"].ravel().tolist(), strict=True):
        assert abs(Fraction(new) - Fraction(old)) < half_unit(old, 6), f"{old!r} became {new!r}"


def test_the_largest_float32_stays_finite_when_a_float64_becomes_one(tmp_path: Path) -> None:
    ends = np.array([3.4028234663852886e38, -3.4e38, np.inf, np.nan, -0.0, 3.3e38])
    path = tmp_path / "run.vtr"
    encoding = {"T": {"significant_digits": 1, "dtype": "float32"}}
    xr.DataArray(ends, dims="x", name="T").vtk.to_vtr(path, encoding=encoding)
    stored = read_vtk(path).point["T"].ravel()
    assert np.array_equal(np.isfinite(stored), np.isfinite(ends))
    assert np.signbit(stored[4])


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_the_error_is_small_on_both_sides_of_every_power_of_ten_and_of_two(dtype: str) -> None:
    powers = [float(f"1e{n}") for n in range(-37, 38)] + [2.0**n for n in range(-120, 120)] + [0.5, 1.5, 100.5, 2.5]
    near = np.array(powers, dtype)
    near = np.concatenate([near, np.nextafter(near, 0), np.nextafter(near, near * 2), -near * np.array(1.5, dtype)])
    for digits in (1, 3, 5):
        assert_close_enough(near, digits)


def test_nan_infinities_zeros_and_the_largest_values_stay_what_they_are() -> None:
    for dtype in ("f4", "f8"):
        kind = np.finfo(dtype)
        values = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, kind.smallest_subnormal, kind.max, kind.min], dtype)
        after = values.copy()
        round_digits(after, 2)
        assert np.array_equal(after[:6].view("u1"), values[:6].view("u1"))
        assert np.isfinite(after[6:]).all()


def test_rounding_again_changes_nothing_more_than_the_promise() -> None:
    values = np.random.default_rng(3).lognormal(0, 20, 100_000)
    once = values.copy()
    round_digits(once, 3)
    assert np.count_nonzero(once != values) > 90_000
    relative = np.abs(once - values) / values
    assert relative.max() < 0.005
    kept = np.bitwise_count(once.view("u8") & np.uint64((1 << 52) - 1))
    assert kept.max() <= 12


def dataset() -> xr.Dataset:
    noise = np.random.default_rng(0).normal(280, 20, (2, 30, 40, 50))
    noise[0, 1, 2, :3] = np.nan, 0, -np.inf
    return xr.Dataset(
        {
            "T": (("time", "z", "y", "x"), noise),
            "u": (("x", "time", "y", "z"), noise.transpose(3, 0, 2, 1) / 7),
            "n": (("time", "z", "y", "x"), np.arange(noise.size).reshape(noise.shape)),
            "wave": (("time", "z", "y", "x"), noise + 1j),
            "when": (("time", "z", "y", "x"), np.arange(noise.size).reshape(noise.shape).astype("M8[s]")),
        }
    )


def test_significant_digits_and_dtype_reach_the_file_and_let_it_shrink(tmp_path: Path) -> None:
    ds = dataset()[["T", "u"]]
    encoding = {"T": {"significant_digits": 3, "dtype": "float32"}, "u": {"significant_digits": 2}}
    ds.vtk.to_vtr(tmp_path / "full.pvd", compression="zlib")
    ds.vtk.to_vtr(tmp_path / "short.pvd", compression="zlib", encoding=encoding)
    ds.chunk(time=1, y=7).vtk.to_vtr(tmp_path / "dask.pvd", compression="zlib", encoding=encoding)
    for step in range(2):
        name = f"_{step:06d}.vtr"
        short = tmp_path / "short" / f"short{name}"
        grid, one = read_vtk(short), ds.isel(time=step).transpose("z", "y", "x")
        assert (grid.point["T"].dtype, grid.point["u"].dtype) == (np.dtype("f4"), np.dtype("f8"))
        finite = np.isfinite(one["T"].values) & (one["T"].values != 0)
        assert np.array_equal(grid.point["T"][~finite], one["T"].values[~finite].astype("f4"), equal_nan=True)
        for key in ("T", "u"):
            assert np.abs(grid.point[key][finite] - one[key].values[finite]).max() < 0.5
        assert short.stat().st_size < (tmp_path / "full" / f"full{name}").stat().st_size / 4
        assert short.read_bytes()[-1000:] == (tmp_path / "dask" / f"dask{name}").read_bytes()[-1000:]


def test_a_vector_takes_the_encoding_of_its_own_name_or_of_its_components(tmp_path: Path) -> None:
    ds = dataset()[["T", "u"]].isel(time=0)
    for number, encoding in enumerate(({"w": {"dtype": "float32"}}, {"T": {"dtype": "float32"}, "u": {"dtype": "f4"}})):
        path = tmp_path / f"{number}.vtr"
        ds.vtk.to_vtr(path, vectors={"w": ("T", "u")}, encoding=encoding)
        assert read_vtk(path).point["w"].dtype == np.dtype("f4")
    ds.vtk.to_vtr(tmp_path / "mixed.vtr", vectors={"w": ("T", "u")}, encoding={"u": {"significant_digits": 1}})
    vector = read_vtk(tmp_path / "mixed.vtr").point["w"]
    np.testing.assert_array_equal(vector[..., 0], ds["T"].values)
    assert np.count_nonzero(vector[..., 1] != ds["u"].transpose("z", "y", "x").values) > 50_000


def test_whole_and_complex_numbers_can_be_rounded_as_floats(tmp_path: Path) -> None:
    encoding = {"n": {"dtype": "float32", "significant_digits": 2}, "wave": {"dtype": "float32"}}
    dataset()[["n", "wave"]].isel(time=1).vtk.to_vtr(tmp_path / "a.vtr", encoding=encoding)
    grid = read_vtk(tmp_path / "a.vtr")
    wanted = dataset()["n"].values[1]
    assert np.max(np.abs(grid.point["n"] - wanted) / wanted) < 0.05
    assert grid.point["wave_imag"].dtype == np.dtype("f4")


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ({"X": {}}, "no variable 'X' to write; choose of 'T', 'u', 'n', 'wave', 'when'"),
        ({"T": {"zlib": True}}, "unknown key 'zlib'; choose of 'significant_digits', 'dtype'"),
        ({"T": {"significant_digits": 0}}, "choose one of 1 to 15 for float64"),
        ({"T": {"significant_digits": 8, "dtype": "float32"}}, "choose one of 1 to 7 for float32"),
        ({"T": {"significant_digits": 2.5}}, "choose one of 1 to 15"),
        ({"T": {"significant_digits": True}}, "choose one of 1 to 15"),
        ({"T": {"dtype": "int16"}}, "choose one of float32, float64"),
        ({"T": {"dtype": "nonsense"}}, "choose one of float32, float64"),
        ({"n": {"significant_digits": 3}}, "give a dtype: float32, float64"),
        ({"when": {"significant_digits": 3}}, "stored as they are"),
    ],
)
def test_what_cannot_be_done_is_an_error_that_lists_what_can(
    tmp_path: Path, encoding: dict[str, Any], message: str
) -> None:
    with pytest.raises(SeriesError, match=message):
        dataset().vtk.to_vtr(tmp_path / "run.pvd", encoding=encoding)
    assert not list(tmp_path.iterdir())


def test_a_value_beyond_the_dtype_is_an_error_and_never_an_infinity(tmp_path: Path) -> None:
    ds = xr.Dataset({"T": (("y", "x"), np.array([[1.0, 2.0], [1e300, np.inf]]))})
    with pytest.raises(SeriesError, match="beyond the range of float32; keep the dtype float64"):
        ds.vtk.to_vtr(tmp_path / "run.pvd", encoding={"T": {"dtype": "float32"}})
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]
