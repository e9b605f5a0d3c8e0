"""Values as a file stores them: dtype, complex parts, dates and missing values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vtkseries.errors import SeriesError
from vtkseries.rounding import round_digits
from vtkseries.xmlformat.dtypes import storage_dtype

__all__ = ["Conversion", "Precision", "conversions"]

_EPOCH = "seconds since 1970-01-01"


@dataclass(frozen=True)
class Precision:
    """What the caller wants to keep of a variable.

    Attributes
    ----------
    dtype : str or None
        NumPy name of another storage dtype.
    digits : int or None
        Significant decimal digits.
    """

    dtype: str | None = None
    digits: int | None = None


@dataclass(frozen=True)
class Conversion:
    """How a block of a variable becomes stored values.

    Attributes
    ----------
    dtype : str
        The NumPy name of the storage dtype.
    part : str
        ``"real"`` or ``"imag"`` of complex numbers; empty otherwise.
    fill : float or None
        The number that stands for NaN; None keeps NaN.
    digits : int or None
        Significant decimal digits that are kept; None keeps all bits.
    """

    dtype: str
    part: str = ""
    fill: float | None = None
    digits: int | None = None

    def view(self, block: np.ndarray) -> np.ndarray | None:
        """Give the stored values without copying, or None where something is to be done."""
        if self.part or self.fill is not None or self.digits is not None or block.dtype.kind in "mM":
            return None
        if block.dtype.kind == "b":
            return block.view("u1")
        return block if block.dtype == np.dtype(self.dtype) else None

    def apply(self, block: np.ndarray) -> np.ndarray:
        """Give the stored values; the block itself where nothing is to be done."""
        values = self.view(block)
        if values is None:
            values = np.empty(block.shape, self.dtype)
            self.put(block, values)
        return values

    def put(self, block: np.ndarray, out: np.ndarray) -> None:
        """Put the stored values into `out`, to whose shape the block is broadcast.

        Raises
        ------
        SeriesError
            A finite value would become infinite.
        """
        if self.part:
            block = block.real if self.part == "real" else block.imag
        if block.dtype.kind in "mM":
            block = _seconds(block)
        narrow = self.digits is not None and not np.can_cast(block.dtype, out.dtype) and out.dtype == np.float32
        try:
            with np.errstate(over="raise"):
                if self.digits is not None and narrow:  # rounded in float64, since float32 would round a first time
                    wide = block.astype(np.float64)
                    round_digits(wide, self.digits, narrow=True)
                    np.copyto(out, wide, casting="unsafe")
                else:
                    np.copyto(out, block, casting="unsafe")
        except FloatingPointError as error:
            message = f"a value is beyond the range of {self.dtype}; keep the dtype {block.dtype}"
            raise SeriesError(message) from error
        if self.digits is not None and not narrow:
            round_digits(out, self.digits)
        if self.fill is not None and out.dtype.kind == "f":
            np.copyto(out, self.fill, where=np.isnan(out), casting="unsafe")


def conversions(
    dtype: np.dtype, fill: float | None = None, precision: Precision | None = None
) -> list[tuple[str, Conversion, str | None]]:
    """Give the arrays in which a variable is stored: the suffix of its name, the conversion and units of its own.

    Examples
    --------
    >>> [suffix for suffix, _, _ in conversions(np.dtype("c8"))]
    ['_real', '_imag']
    """
    if dtype.kind in "mM":
        return [("", Conversion("float64", fill=fill), _EPOCH if dtype.kind == "M" else "seconds")]
    stored = storage_dtype(dtype)
    if stored is None:
        message = f"no VTK type for {dtype}"
        raise TypeError(message)
    name, digits = stored.name, None
    if precision is not None:
        name, digits = precision.dtype or name, precision.digits
    if dtype.kind == "c":
        return [(f"_{part}", Conversion(name, part, fill, digits), None) for part in ("real", "imag")]
    return [("", Conversion(name, "", fill, digits), None)]


def _seconds(block: np.ndarray) -> np.ndarray:
    count, unit = np.datetime_data(block.dtype)[1], np.datetime_data(block.dtype)[0]
    per_second = np.timedelta64(1, "s") / np.timedelta64(count, unit) if unit not in ("Y", "M") else None  # type: ignore[call-overload]
    if per_second is None:
        block, per_second = block.astype("M8[s]"), 1.0
    seconds = block.astype("i8") / per_second
    return np.where(np.isnat(block), np.nan, seconds)
