"""Go's fmt.Sprintf for the values of a template."""

import re
from typing import Any

from obs_check.logql.template.values import float_text, show

_VERB = re.compile(r"%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?(.)", re.DOTALL)


def quote(text: str) -> str:
    """A text as %q writes it."""
    named = {
        '"': '\\"',
        "\\": "\\\\",
        "\n": "\\n",
        "\t": "\\t",
        "\r": "\\r",
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\v": "\\v",
    }
    return (
        '"'
        + "".join(
            named.get(c) or (c if c.isprintable() else f"\\x{ord(c):02x}" if ord(c) < 128 else f"\\u{ord(c):04x}")
            for c in text
        )
        + '"'
    )


def _type(value: Any) -> str:
    names = {str: "string", bool: "bool", int: "int", float: "float64", dict: "map[string]interface {}"}
    return names.get(
        type(value), "<nil>" if value is None else "[]interface {}" if isinstance(value, list) else "time.Time"
    )


def _number(flags: str, value: Any, verb: str, precision: int | None) -> str | None:
    sign = "+" if "+" in flags else " " if " " in flags else ""
    if type(value) is int and verb in "dxXob":
        return format(value, f"{sign}{'#' if '#' in flags and verb != 'd' else ''}{verb}")
    if type(value) is int and verb in "cqU":
        return {"c": chr(value), "q": f"'{chr(value)}'", "U": f"U+{value:04X}"}[verb]
    if type(value) is float and verb in "feEgG":
        if verb in "gG" and precision is None:
            return float_text(value)
        return format(value, f"{sign}.{6 if precision is None else precision}{verb}")
    return None


def _formatted(flags: str, precision: int | None, verb: str, value: Any) -> str:
    if verb == "v":
        return show(value)
    if verb == "T":
        return _type(value)
    if verb == "t" and isinstance(value, bool):
        return show(value)
    if type(value) is str:
        cut = value if precision is None else value[:precision]
        if verb == "s":
            return cut
        if verb == "q":
            return quote(cut)
        if verb in "xX":
            return format(int.from_bytes(cut.encode(), "big"), verb).zfill(2 * len(cut.encode())) if cut else ""
    elif verb == "s" and not isinstance(value, bool | int | float | type(None)):
        return show(value)
    text = _number(flags, value, verb, precision)
    return (
        text
        if text is not None
        else f"%!{verb}({_type(value)}={show(value)})"
        if value is not None
        else f"%!{verb}(<nil>)"
    )


def sprintf(form: str, *values: Any) -> str:
    """The form with its verbs replaced; wrong verbs and numbers of values are shown as Go shows them."""
    rest = list(values)

    def replaced(found: re.Match[str]) -> str:
        flags, width, dot, verb = found.groups()
        if verb == "%":
            return "%"
        size = rest.pop(0) if width == "*" and rest else int(width) if width and width != "*" else 0
        precision = None if dot is None else rest.pop(0) if dot == "*" and rest else int(dot or 0)
        if not rest:
            return f"%!{verb}(MISSING)"
        value = rest.pop(0)
        text = _formatted(flags, precision, verb, value)
        if "-" in flags:
            return text.ljust(size)
        if "0" in flags and type(value) in (int, float):
            return text.zfill(size)
        return text.rjust(size)

    text = _VERB.sub(replaced, form)
    if rest:
        text += f"%!(EXTRA {', '.join(f'{_type(value)}={show(value)}' for value in rest)})"
    return text
