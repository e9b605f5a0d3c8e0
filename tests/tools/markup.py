"""The markup of a VTK XML file, read from scratch with the standard library's expat."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Element", "Markup", "parse"]


@dataclass
class Element:
    """A tag with its attributes, children and text."""

    tag: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def named(self, *tags: str) -> list[Element]:
        return [child for child in self.children if child.tag in tags]

    def only(self, tag: str) -> Element:
        found = self.named(tag)
        assert len(found) == 1, f"<{self.tag}> holds {len(found)} <{tag}>, not one"
        return found[0]

    def walk(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass
class Markup:
    """A parsed file: its root, and where the appended block stands, if there is one."""

    root: Element
    data: bytes
    appended_tag: int | None = None
    """File offset of the ``<`` of ``<AppendedData``."""
    origin: int | None = None
    """File offset of the byte after ``_``, from which arrays count."""


class _AppendedStartsError(Exception):
    """Ends the parse: what follows may be no XML."""


def parse(path: Path) -> Markup:
    """Read a file's markup, up to the real ``AppendedData`` element where it is raw, else to the end."""
    data = path.read_bytes()
    top = Element("", {})
    stack = [top]
    parser = expat.ParserCreate()
    tag_at: list[int] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes)
        stack[-1].children.append(element)
        stack.append(element)
        if tag == "AppendedData":
            tag_at.append(parser.CurrentByteIndex)
            raise _AppendedStartsError

    def end(_tag: str) -> None:
        stack.pop()

    def text(content: str) -> None:
        stack[-1].text += content

    def doctype(*_args: object) -> None:
        message = "there is a DOCTYPE"
        raise AssertionError(message)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)
    except _AppendedStartsError:
        pass
    except expat.ExpatError as error:
        message = f"not well-formed: {error}"
        raise AssertionError(message) from error
    assert len(top.children) == 1, f"there are {len(top.children)} root elements"
    root = top.children[0]
    if not tag_at:
        return Markup(root, data)
    assert [element.tag for element in stack[1:]] == ["VTKFile", "AppendedData"], "AppendedData is misplaced"
    return Markup(root, data, tag_at[0], _origin(data, tag_at[0]))


def _origin(data: bytes, tag: int) -> int:
    close = data.index(b">", tag)
    underscore = data.find(b"_", close, close + 64)
    assert underscore > 0, "no underscore opens the appended block"
    assert not data[close + 1 : underscore].strip(), "something stands between AppendedData and its underscore"
    return underscore + 1
