"""Rounding to significant decimal digits by dropping bits, so that what carries nothing compresses to nothing.

The idea is netCDF's granular bit rounding: of each value as many bits are kept as its own decimal digits need.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["MOST_DIGITS", "round_digits"]

MOST_DIGITS = {"float32": 7, "float64": 15}
"""The significant decimal digits that a dtype holds whatever the value."""

_SLAB = 1 << 18
"""Values rounded at a time, so that what is computed on the way stays in the cache."""

_Array = np.ndarray[Any, Any]


def round_digits(values: _Array, digits: int, *, narrow: bool = False) -> None:
    """Round in place, to the nearest value with fewer bits, and to even bits half-way between two.

    The error is under half a unit of the last of the `digits`. NaN, infinities, zeros and subnormal numbers stay.

    Parameters
    ----------
    values : ndarray of float32 or float64
    digits : int
        From 1 to :data:`MOST_DIGITS`.
    narrow : bool
        The values are float64 and become float32, which then rounds no second time.

    Examples
    --------
    >>> values = np.array([3.14159265, -2718.28, np.inf, 0.0])
    >>> round_digits(values, 3)
    >>> values
    array([ 3.140625, -2720.     ,        inf,        0.      ])
    """
    if values.size > _SLAB and len(values) > 1:
        step = max(1, len(values) * _SLAB // values.size)
        for first in range(0, len(values), step):
            round_digits(values[first : first + step], digits, narrow=narrow)
        return
    most = np.finfo(np.float32 if narrow else values.dtype).nmant
    mantissa, thresholds, low, high = _tables(values.dtype.name, digits, most)
    word = thresholds.dtype
    bits = values.view(word)
    one, top = word.type(1), word.type(word.itemsize * 8 - 1)
    magnitude = bits & ((one << top) - one)
    exponent = magnitude >> word.type(mantissa)
    drop = np.where(magnitude >= thresholds[exponent], high[exponent], low[exponent])
    half = (one << drop) >> one
    rounded = magnitude + half
    # Half-way goes to even: one less is added where the last bit that stays is 0.
    rounded -= (half > 0) & ((magnitude >> drop) & one == 0)
    rounded >>= drop
    rounded <<= drop
    infinite = np.array(2.0**128 if narrow else np.inf, values.dtype).view(word)
    np.copyto(rounded, magnitude, where=rounded >= infinite)
    bits &= one << top
    bits |= rounded


@lru_cache(maxsize=64)
def _tables(dtype: str, digits: int, most: int) -> tuple[int, _Array, _Array, _Array]:
    """Give the bits of a mantissa, and by exponent: where a power of ten begins, bits to drop before and from there.

    No more than `most` bits of a mantissa stay.
    """
    kind = np.finfo(dtype)
    word = np.dtype(f"u{kind.bits // 8}")
    mantissa, bias = kind.nmant, 1 - kind.minexp
    count = 1 << (kind.bits - 1 - mantissa)
    thresholds = np.full(count, np.iinfo(word).max, word)
    low, high = np.zeros(count, word), np.zeros(count, word)
    for number in range(1, count - 1):
        exponent = number - bias
        decade = _decade(exponent)
        low[number] = _drop(decade + 1 - digits, exponent - mantissa, mantissa, most)
        high[number] = _drop(decade + 2 - digits, exponent - mantissa, mantissa, most)
        power = Fraction(10) ** (decade + 1)
        if power < Fraction(2) ** (exponent + 1):
            # The mantissa of the first value that is not less than the power, exactly.
            steps = power / Fraction(2) ** (exponent - mantissa)
            thresholds[number] = ((number - 1) << mantissa) + -(-steps.numerator // steps.denominator)
    return mantissa, thresholds, low, high


def _decade(exponent: int) -> int:
    """Give the power of ten of the first digit of 2 to the power of `exponent`."""
    guess = len(str(1 << abs(exponent))) - 1
    if exponent >= 0:
        return guess
    return -guess if 10**guess == 1 << -exponent else -guess - 1


def _drop(decade: int, last: int, mantissa: int, most: int) -> int:
    """Give how many bits can go when the last bit is worth 2**last and the last digit 10**decade."""
    unit = Fraction(10) ** decade
    keep = _binade(unit)
    return min(max(keep - last, mantissa - most), mantissa)


def _binade(unit: Fraction) -> int:
    """Give the largest exponent whose power of two is less than `unit`."""
    guess = unit.numerator.bit_length() - unit.denominator.bit_length() + 1
    while Fraction(2) ** guess >= unit:
        guess -= 1
    return guess
