"""XML from strangers: one bounded walk over a file's elements.

Expat is driven directly, so that nothing is built that the walk does not ask for. A DTD is refused, and with it every
entity; depth, elements, attributes and tokens have limits; binary data after ``AppendedData`` are never taken for XML.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol
from xml.parsers import expat

from vtkseries.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Appended", "Handler", "Walk", "real", "whole", "wholes"]

MAX_DEPTH = 32
MAX_ATTRIBUTE = 64 * 1024
MAX_TOKEN = 1024 * 1024
"""Bytes of one tag or comment: expat scans an unfinished one anew with every chunk."""

MAX_TEXT = 64 * 1024
"""Characters of an element's content that are kept; of longer content the place is known."""

MAX_KEPT = 16 * 1024 * 1024
"""Characters of content kept from one file."""

_ENCODINGS = ("utf-8", "us-ascii", "ascii", "iso-8859-1")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\0")
_APPENDED = re.compile(rb"""<AppendedData(?>[^>"']|"[^"]*"|'[^']*')*+>[ \t\r\n]*+(_?)""")
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,5})?")


def whole(text: str, what: str) -> int:
    """Give the integer that a text says.

    Raises
    ------
    FormatError
        It is not 1 to 19 ASCII digits with a sign at most.
    """
    if not _WHOLE.fullmatch(text):
        raise FormatError(f"{what} is {text[:40]!r}, not an integer")
    return int(text)


def wholes(text: str, count: int, what: str) -> tuple[int, ...]:
    """Give `count` integers, set apart by white space."""
    words = text.split()
    if len(words) != count:
        raise FormatError(f"{what} is {text[:80]!r}, not {count} integers")
    return tuple(whole(word, what) for word in words)


def real(text: str, what: str) -> float:
    """Give the finite number that a text says."""
    if len(text) > MAX_DEPTH * 32 or not _REAL.fullmatch(text) or abs(value := float(text)) == float("inf"):
        raise FormatError(f"{what} is {text[:40]!r}, not a finite number")
    return value


class Handler(Protocol):
    """What a walk reports to."""

    def start(self, walk: Walk, depth: int, tag: str, attributes: dict[str, str]) -> None:
        """Begin an element; the file's root has depth 0."""

    def end(self, walk: Walk, depth: int, tag: str) -> None:
        """End an element."""


class Appended(Exception):  # noqa: N818 (it is no error, and stops expat)
    """The ``AppendedData`` element has begun at a place in the file."""

    def __init__(self, encoding: str, at: int) -> None:
        super().__init__(encoding)
        self.encoding = encoding
        self.at = at


class Walk:
    """One walk over a file's markup.

    Parameters
    ----------
    handler : Handler
        What is called for each element.
    elements : int
        The most elements that the file may have.
    """

    def __init__(self, handler: Handler, elements: int) -> None:
        self.span: tuple[int, int] | None = None
        self.text = ""
        self.utf8 = True
        self._chunks: Iterator[bytes] = iter(())
        self._fed = 0
        self._marked = False
        self._handler = handler
        self._left = elements
        self._kept = MAX_KEPT
        self._depth = 0
        self._parts: list[str] = []
        self._length = 0
        self._begin: int | None = None
        self._parser = parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse_doctype
        parser.XmlDeclHandler = self._declaration
        parser.StartCdataSectionHandler = self._mark
        parser.EndCdataSectionHandler = self._unmark

    @property
    def comment(self) -> Callable[[str], None] | None:
        """What is called with each comment's text."""
        found: Callable[[str], None] | None = self._parser.CommentHandler
        return found

    @comment.setter
    def comment(self, handler: Callable[[str], None]) -> None:
        self._parser.CommentHandler = handler

    @property
    def depth(self) -> int:
        """Elements that are open."""
        return self._depth

    @property
    def settled(self) -> bool:
        """Whether the walk is between two tags, and nothing that was read is still to be looked at."""
        return not self._marked and self._parser.CurrentByteIndex == self._fed

    def run(self, chunks: Iterable[bytes]) -> tuple[str, int] | None:
        """Walk to the ``AppendedData`` element or to the file's end.

        Parameters
        ----------
        chunks : iterable of bytes
            The file from its beginning; no more is taken than needed.

        Returns
        -------
        (str, int) or None
            The appended data's encoding, and where the byte after their ``_`` is; None where the file has none.
        """
        tail = b""
        self._chunks = iter(chunks)
        try:
            for chunk in self._chunks:
                if not self._fed and chunk.startswith(_WIDE):
                    raise FormatError("it is not UTF-8")
                tail += chunk
                self._fed += len(chunk)
                self._parser.Parse(chunk, False)
                left = self._fed - self._parser.CurrentByteIndex
                if left > MAX_TOKEN:
                    raise FormatError(f"a tag at byte {self._parser.CurrentByteIndex} is longer than {MAX_TOKEN} bytes")
                tail = tail[len(tail) - left :]
            self._parser.Parse(b"", True)
        except Appended as appended:
            return appended.encoding, appended.at + self._opening(tail[len(tail) - (self._fed - appended.at) :])
        except expat.ExpatError as error:
            raise FormatError(f"it is not well-formed XML: {error}") from error
        return None

    def keep_text(self) -> None:
        """Note the place and text of the content that follows, up to the next tag."""
        self._parts, self._length, self._begin = [], 0, None
        self.text, self.span = "", None
        self._parser.CharacterDataHandler = self._characters

    def take_text(self) -> tuple[str | None, tuple[int, int] | None]:
        """Give the content since :meth:`keep_text`: its text, or None where that is too long, and its place."""
        if self._begin is None:
            return None, None
        text = "".join(self._parts) if self._length <= MAX_TEXT else None
        return text, self.span

    def _characters(self, text: str) -> None:
        if self._begin is None:
            self._begin = self._parser.CurrentByteIndex
        self._length += len(text)
        self._kept -= len(text)
        if self._length > MAX_TEXT or self._kept < 0:
            self._length = MAX_TEXT + 1
            self._parts.clear()
            self._parser.CharacterDataHandler = None
        else:
            self._parts.append(text)

    def _close_text(self) -> None:
        if self._parser.CharacterDataHandler is not None or self._begin is not None:
            self._parser.CharacterDataHandler = None
            if self._begin is not None and self.span is None:
                self.span = self._begin, self._parser.CurrentByteIndex

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._close_text()
        self._left -= 1
        if self._left < 0:
            raise FormatError("it has too many elements")
        if self._depth >= MAX_DEPTH:
            raise FormatError(f"its elements are nested deeper than {MAX_DEPTH}")
        if attributes and max(map(len, (*attributes, *attributes.values()))) > MAX_ATTRIBUTE:
            raise FormatError(f"an attribute of {tag[:40]!r} is longer than {MAX_ATTRIBUTE} characters")
        if tag == "AppendedData" and self._depth == 1:
            raise Appended(attributes.get("encoding", "base64"), self._parser.CurrentByteIndex)
        self._handler.start(self, self._depth, tag, attributes)
        self._depth += 1

    def _end(self, tag: str) -> None:
        self._close_text()
        self._depth -= 1
        self._handler.end(self, self._depth, tag)

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise FormatError(f"its encoding is {encoding[:40]!r}, not UTF-8")
        self.utf8 = encoding is None or encoding.lower() == "utf-8"

    def _mark(self) -> None:
        self._marked = True

    def _unmark(self) -> None:
        self._marked = False

    def _opening(self, tag: bytes) -> int:
        """Give the length of the ``AppendedData`` tag with the ``_`` behind it."""
        while len(tag) <= MAX_TOKEN:
            match = _APPENDED.match(tag)
            if match and match[1]:
                return match.end()
            if match and match.end() < len(tag):
                break
            more = next(self._chunks, b"")
            if not more:
                break
            tag += more
        raise FormatError("no '_' follows the AppendedData tag")


def _refuse_doctype(*_: object) -> None:
    raise FormatError("it has a document type (DTD), which no VTK file has")
