"""Go's escaping for HTML and JavaScript."""

_HTML: dict[str, str | int | None] = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&#34;",
    "'": "&#39;",
    "\0": "\ufffd",
}
_JS = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}


def html(text: str) -> str:
    """The text with what means something in HTML replaced."""
    return text.translate(str.maketrans(_HTML))


def js(text: str) -> str:
    """The text as the inside of a string of JavaScript."""
    return "".join(_JS.get(c) or (c if c.isprintable() else f"\\u{ord(c):04X}") for c in text)
