"""SVG as text: shapes that take their colours from the page's style, with every text escaped.

Lengths in per cent keep letters at their size whatever the width of the page; a drawing with a `view` is scaled whole.

By hand, because a report is one file without scripts or fonts, which libraries for charts bring.
"""

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from obs_check.report.terminal import escape_controls, in_one_line

Length = float | str
"""User units, or a share of the drawing's width such as `12.5%`."""
_TICKED = re.compile(r"`([^`]+)`")
_SYMBOLS = {
    "ok": "M-4.5 .5 L-1.5 3.5 L4.5 -3.5",
    "fail": "M-3.5 -3.5 L3.5 3.5 M3.5 -3.5 L-3.5 3.5",
    "none": "M-3.5 0 L3.5 0",
    "unknown": "M-2.6 -2.2 Q-2.6 -4.6 0 -4.6 Q2.6 -4.6 2.6 -2.3 Q2.6 -.8 0 .6 L0 1.4 M0 4 L0 4.4",
}


def element(name: str, *inner: Markup, **attributes: object) -> Markup:
    """One element; `class_` is `class`, other underscores are hyphens, attributes that are None are left out."""
    said = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _number(value))
        for key, value in attributes.items()
        if value is not None
    )
    return Markup("<{}{}>{}</{}>").format(Markup(name), said, Markup("").join(inner), Markup(name))


def text(x: Length, y: float, words: object, class_: str = "", anchor: str | None = None) -> Markup:
    """One line of text whose base line begins, has its middle or ends at (x, y)."""
    return element("text", escape(in_one_line(str(words))), x=x, y=y, class_=class_ or None, text_anchor=anchor)


def rect(x: Length, y: float, width: Length, height: float, class_: str, radius: float = 0) -> Markup:
    """A rectangle, with round corners of a radius."""
    return element("rect", x=x, y=y, width=width, height=height, rx=radius or None, class_=class_)


def line(x1: Length, y1: float, x2: Length, y2: float, class_: str) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def link(anchor: str, label: str, *inner: Markup) -> Markup:
    """What leads to another place of the page; `label` is what is read out: it begins with the words that stand inside,
    so that who says what is seen reaches it (WCAG 2.2, 2.5.3)."""
    return element("a", Markup(" ").join(inner), href=f"#{anchor}", aria_label=in_one_line(label))


def symbol(x: float, y: float, verdict: str) -> Markup:
    """A tick, a cross or a question mark around (x, y): a verdict is never told by its colour alone."""
    path = element("path", d=_SYMBOLS.get(verdict, _SYMBOLS["unknown"]))
    return element("g", path, class_=f"symbol {in_one_line(verdict)}", transform=f"translate({x:g} {y:g})")


def wrap_text(words: str, width: int, most: int) -> list[str]:
    """A text in at most so many lines of so many characters, broken at blanks where there are any; what is left out
    leaves `…` behind."""
    lines = textwrap.wrap(in_one_line(words), width, break_long_words=True, break_on_hyphens=False) or [""]
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][: width - 1] + "…"]
    return lines


def mark_code(words: str) -> Markup:
    """A text in which what stands between back quotes is code."""
    parts = _TICKED.split(escape_controls(words))
    return Markup("").join(element("code", escape(part)) if n % 2 else escape(part) for n, part in enumerate(parts))


@dataclass(slots=True)
class Drawing:
    """An SVG that grows. `name` is unique in the page; `title` is read out before anything inside."""

    name: str
    title: str
    height: float
    width: float | None = None
    class_: str = ""
    _shapes: list[Markup] = field(default_factory=list)

    def add(self, *shapes: Markup) -> None:
        """Put shapes on top of those that are there."""
        self._shapes += shapes

    def extend(self, shapes: Iterable[Markup]) -> None:
        """As `add`."""
        self._shapes.extend(shapes)

    def __html__(self) -> Markup:
        """The element; what is in it can be reached by keyboard and read out."""
        view = None if self.width is None else f"0 0 {self.width:g} {self.height:g}"
        name = re.sub(r"[^A-Za-z0-9-]", "-", self.name)
        return element(
            "svg",
            element("title", escape(in_one_line(self.title)), id=f"{name}-title"),
            *self._shapes,
            role="group",
            aria_labelledby=f"{name}-title",
            class_=f"drawing {self.class_}".strip(),
            viewBox=view,
            width="100%" if view is None else None,
            height=self.height if view is None else None,
        )


def _number(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value
