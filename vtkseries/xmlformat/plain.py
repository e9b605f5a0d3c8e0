"""Plain elements of a collection, many at a time and without a call of Python for each.

Between quotes stand values, and between values a few kinds of text. Where each of these is known, and no value holds
what XML gives a meaning to, the elements are those that expat would find. Anything else is left to expat.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["ATTRIBUTES", "BLOCK", "MAX_ODD", "Elements", "read_plain", "sifted"]

BLOCK = 64 * 1024
"""Bytes of elements that are read at once: an attribute's value is shorter."""

MAX_ODD = 80_000
"""Elements that are not plain, each of which costs a call of Python, in one collection."""

ATTRIBUTES = ("timestep", "group", "part", "name", "file")
"""Those that an element may have, each once, in any order."""

_MOST_KINDS = 64
_BEGIN = b"<DataSet"
_SPACE = rb"[ \t\r\n]"
_CHECK = rb"(?:<!--[0-9]{1,19}(?: [0-9a-f]{8})?-->)?"
_BETWEEN = rb"(?:" + _SPACE + rb"++|<\?s \?>|<\?s\?>|<!--[0-9]{1,6} files-->)*+"  # as a log's slots have them
_END = _SPACE + rb"*+/>" + _CHECK + _BETWEEN
_LAST = re.compile(_END)
_LITERAL = re.compile(
    rb"(?P<start>" + _END + rb"<DataSet)?+" + _SPACE + rb"++(?P<name>[a-z]+)" + _SPACE + rb"*+=" + _SPACE + rb"*+"
)
_CHECKS = re.compile(rb"/><!--[0-9]{1,19}(?: [0-9a-f]{8})?-->")
_USUAL = b"<DataSet timestep="
_CHECKED = re.compile(rb"(?:/><!--[0-9]{1,19}(?: [0-9a-f]{8})?-->" + _BETWEEN + re.escape(_USUAL) + rb'")*+')
_PLAIN = bytes(code for code in range(32, 256) if code not in b"<&")
_ENTITY = re.compile(rb"&(amp|lt|gt|quot|apos);")
_ENTITIES = {b"&lt;": b"<", b"&gt;": b">", b"&quot;": b'"', b"&apos;": b"'", b"&amp;": b"&"}  # the last one last


def sifted(chunks: Iterable[bytes], take: Callable[[bytes], bool]) -> Iterator[bytes]:
    """Give a collection's bytes for expat, without the stretches of elements that are taken meanwhile.

    Parameters
    ----------
    chunks : iterable of bytes
        The collection from its beginning.
    take : callable
        Is given a text from the beginning of one element to that of another, and says whether it is done with.
    """
    held = b""
    for chunk in chunks:
        data, at = held + chunk, 0
        while (start := data.find(_BEGIN, at)) >= 0:
            if start > at:
                yield data[at:start]
            at = start
            end = data.rfind(_BEGIN, start + 1, start + BLOCK)
            end = data.find(_BEGIN, start + 1) if end < 0 else end
            if end < 0:
                break
            if end - start > BLOCK or not take(data[start:end]):
                yield data[start:end]
            at = end
        held = data[at:]
        if len(held) > BLOCK:
            yield held
            held = b""
    yield held


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of a stretch of text.

    Parameters
    ----------
    columns : dict of str to list of (bytes or None)
        For each attribute that any of them has, the value of every element; None where one does not have it.
    ends : list of bytes
        What follows each element's last value: its end, and its check.
    """

    columns: dict[str, list[bytes]]
    ends: list[bytes]


def read_plain(block: bytes, *, utf8: bool) -> Elements | None:
    """Give the elements of a text that begins with one and holds nothing else; None where expat has to look at it.

    Parameters
    ----------
    block : bytes
        From the beginning of an element to that of another.
    utf8 : bool
        Whether more than ASCII is UTF-8.
    """
    quote = b'"' if b'"' in block else b"'"
    pieces = block.split(quote)
    literals, values = pieces[0::2], pieces[1::2]
    literals[0] = b"/>" + literals[0]  # as if another element came before
    if len(literals) == len(values) or not _LAST.fullmatch(literals[-1]) or not _is_text(block, utf8=utf8):
        return None
    joined = b"\n".join(values)  # which no plain value has in it
    meaning = joined.translate(None, _PLAIN)
    odd = len(meaning) - len(values) + 1
    if odd:
        if len(_ENTITY.findall(joined)) != odd:
            return None
        values = _unescaped(joined).split(b"\n")
    return _alike(literals, values) or _mixed(literals, values)


def _unescaped(value: bytes) -> bytes:
    for entity, character in _ENTITIES.items():
        value = value.replace(entity, character)
    return value


def _is_text(block: bytes, *, utf8: bool) -> bool:
    if block.isascii():
        return True
    try:
        text = block.decode() if utf8 else "\uffff"
    except UnicodeDecodeError:
        return False
    return "\ufffe" not in text and "\uffff" not in text


def _alike(literals: list[bytes], values: list[bytes]) -> Elements | None:
    """Read elements that all have the same attributes in the same order."""
    width = next(number for number, literal in enumerate(literals) if number and b">" in literal)
    ends = literals[width::width]
    borders = set(ends[:-1])
    if len(values) % width or not _are_borders(borders, literals[0]):
        return None
    columns = {}
    for number in range(width):
        name = _attribute(literals[number], starts=number == 0)
        if name is None or name in columns or (number and len(set(literals[number::width])) > 1):
            return None
        columns[name] = values[number::width]
    return Elements(columns, ends)


def _are_borders(borders: set[bytes], first: bytes) -> bool:
    """Tell whether each text ends one element and begins another with the same attribute as the first."""
    if len(borders) > _MOST_KINDS and first == b"/>" + _USUAL:
        return _CHECKED.fullmatch(b'"'.join([*borders, b""])) is not None
    name = _attribute(first, starts=True)
    return len(borders) <= _MOST_KINDS and all(_attribute(text, starts=True) == name for text in borders)


def _attribute(literal: bytes, *, starts: bool) -> str | None:
    """Give the attribute that a text leads to, if it begins an element or not as it should, and is of a known kind."""
    found = _LITERAL.fullmatch(literal)
    if found is None or (found["start"] is not None) != starts or found["name"].decode() not in ATTRIBUTES:
        return None
    return found["name"].decode()


def _mixed(literals: list[bytes], values: list[bytes]) -> Elements | None:
    """Read elements of which some have attributes that others have not."""
    texts = _CHECKS.sub(b"/><!--0-->", b'"'.join(literals[:-1])).split(b'"')  # of few kinds
    kinds: dict[bytes, int] = {}
    for text in dict.fromkeys(texts):
        found = _LITERAL.fullmatch(text)
        name = found["name"].decode() if found else ""
        if found is None or name not in ATTRIBUTES:
            return None
        kinds[text] = 2 * ATTRIBUTES.index(name) + (found["start"] is not None)
    names, starts = divmod(np.fromiter(map(kinds.__getitem__, texts), np.int8, len(texts)), 2)
    elements = np.cumsum(starts, dtype=np.int64) - 1
    given = np.empty(len(values), object)
    given[:] = values
    columns = {}
    for number, name in enumerate(ATTRIBUTES):
        places = np.flatnonzero(names == number)
        if not len(places):
            continue
        if not np.diff(elements[places]).all():
            return None  # the same attribute twice
        column = np.full(elements[-1] + 1, None)
        column[elements[places]] = given[places]
        columns[name] = column.tolist()
    firsts = np.flatnonzero(starts)[1:]
    return Elements(columns, [*(literals[place] for place in firsts.tolist()), literals[-1]])
