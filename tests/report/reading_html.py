"""A page as a machine reads it: its elements in order, with what is inside of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "link", "br", "hr", "img", "input", "base", "col", "source"}


@dataclass
class Node:
    """An element with the texts and elements inside of it, in order."""

    tag: str
    attributes: dict[str, str]
    parts: "list[Node | str]" = field(default_factory=list)

    @property
    def inside(self) -> "list[Node]":
        """The elements that stand directly in it."""
        return [part for part in self.parts if isinstance(part, Node)]

    @property
    def said(self) -> str:
        """The text that stands directly in it."""
        return "".join(part for part in self.parts if isinstance(part, str))

    @property
    def content(self) -> str:
        """All text inside."""
        return "".join(part if isinstance(part, str) else part.content for part in self.parts)

    def walk(self) -> "Iterator[Node]":
        """The element and all inside of it, in the order of the page."""
        yield self
        for node in self.inside:
            yield from node.walk()

    def all(self, *tags: str) -> "list[Node]":
        """All elements of these kinds inside."""
        return [node for node in self.walk() if node.tag in tags]

    @property
    def text(self) -> str:
        """All text inside, blanks as one."""
        return " ".join(self.content.split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].parts.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].parts.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


def read_html(text: str) -> Node:
    """The page; AssertionError where an element is not closed in its order."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert len(reader.open) == 1, [node.tag for node in reader.open]
    return reader.root
