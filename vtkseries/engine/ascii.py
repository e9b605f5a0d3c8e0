"""Numbers in text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from vtkseries.engine.stored import content
from vtkseries.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vtkseries.storage.read import OpenFile
    from vtkseries.xmlformat.layout import DataArray

__all__ = ["check_count", "count_numbers", "read_ascii"]

_CHUNK = 256 * 1024
_LONGEST = 512
_INTEGERS = re.compile(rb"[-+0-9\s]*")
_REALS = re.compile(rb"[-+0-9.eEnNaAiIfFtTyY\s]*")


def read_ascii(file: OpenFile, array: DataArray, count: int, dtype: np.dtype) -> np.ndarray[Any, Any]:
    """Give the `count` numbers of an ascii array.

    Raises
    ------
    FormatError
        There are more or fewer, or one is no number of this dtype.
    """
    name = f"{file.path}: array {array.name[:200]!r}"
    check_count(file, array, count)
    _, chunks = _text(file, array)
    values = np.empty(count, dtype)
    done = 0
    for words in chunks:
        part = _numbers(words, dtype, name)
        if done + len(part) > count:
            raise FormatError(f"{name}: it has more than {count} numbers")
        values[done : done + len(part)] = part
        done += len(part)
    if done != count:
        raise FormatError(f"{name}: it has {done} numbers where {count} belong")
    return values


def check_count(file: OpenFile, array: DataArray, count: int) -> None:
    """Hold a count of numbers, or of strings that end with one each, against the length of their text.

    Raises
    ------
    FormatError
        The text is too short.
    """
    length, _ = _text(file, array)
    if 2 * count - 1 > length:
        name = f"{file.path}: array {array.name[:200]!r}"
        raise FormatError(f"{name}: {length} characters cannot be {count} numbers")


def count_numbers(file: OpenFile, array: DataArray) -> int:
    """Give how many numbers an ascii array has."""
    return sum(len(words.split()) for words in _text(file, array)[1])


def _text(file: OpenFile, array: DataArray) -> tuple[int, Iterable[bytes]]:
    """Give an array's text in chunks that do not cut a number, and its length.

    Text that the parser kept is free of comments and CDATA marks; longer text is read as it stands in the file.
    """
    if array.text is not None and array.span is not None:
        return len(array.text), (array.text.encode(),)
    begin, end = content(file, array)
    return end - begin, _words(file, begin, end)


def _words(file: OpenFile, begin: int, end: int) -> Iterator[bytes]:
    """Give text in chunks that do not cut a number."""
    rest = b""
    while begin < end:
        text = rest + file.read(begin, min(_CHUNK, end - begin))
        begin += min(_CHUNK, end - begin)
        if begin < end:
            cut = len(text) - len(re.split(rb"\s", text[-_LONGEST:])[-1])
            if cut <= len(text) - _LONGEST:
                raise FormatError(f"{file.path}: a number before byte {begin} is longer than {_LONGEST} characters")
            text, rest = text[:cut], text[cut:]
        yield text


def _numbers(text: bytes, dtype: np.dtype, name: str) -> np.ndarray[Any, Any]:
    integers = dtype.kind in "iu"
    if not (_INTEGERS if integers else _REALS).fullmatch(text):
        raise FormatError(f"{name}: its text is not numbers of {dtype}")
    words = text.split()
    if words and max(map(len, words)) > _LONGEST:
        raise FormatError(f"{name}: a number is longer than {_LONGEST} characters")
    try:
        if integers:
            return np.fromiter(map(int, words), dtype, len(words))
        with np.errstate(over="ignore"):
            return np.fromiter(map(float, words), np.float64, len(words)).astype(dtype)
    except (ValueError, OverflowError) as error:
        raise FormatError(f"{name}: its text is not numbers of {dtype}: {error}") from error
