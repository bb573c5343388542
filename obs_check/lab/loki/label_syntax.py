"""The label set of a pushed stream in its text form, `{a="b", c="d"}`."""

import json
import re

from obs_check.errors import InputError
from obs_check.lab.loki.wording import label_text
from obs_check.model.entry import Entry, Labels

_PAIR = re.compile(r"""\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*("(?:[^"\\]|\\.)*"|`[^`]*`)\s*(,|(?=}))""")
_KEPT = re.compile(r"(?:[A-Za-z]|__)[A-Za-z0-9_]*")
_OTHER = re.compile(r"[^A-Za-z0-9_]")
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)")


def _refuse(text: str, at: int) -> InputError:
    character = text[at : at + 1]
    if not character:
        return InputError(f"couldn't parse labels: 1:{at + 1}: parse error: unexpected end of input inside braces")
    if character == "=":
        return InputError(
            f'couldn\'t parse labels: 1:{at + 1}: parse error: unexpected "=" in label set, expected identifier or "}}"'
        )
    return InputError(
        f"couldn't parse labels: 1:{at + 1}: parse error: unexpected character inside braces: '{character}'"
    )


def _unquote(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        known = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
        return _ESCAPE.sub(
            lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "x" and len(m[1]) == 3 else known.get(m[1], m[1]),
            text[1:-1],
        )


def parse_labels(text: str) -> Labels:
    """The labels; empty values are left out, as Loki does. InputError with Loki's text at the first bad character."""
    stripped = text.strip()
    if not stripped.startswith("{") or not stripped.endswith("}"):
        raise _refuse(stripped, 0)
    labels: Labels = {}
    at, end = 1, len(stripped) - 1
    while at < end:
        match = _PAIR.match(stripped, at)
        if match is None:
            name = _NAME.match(stripped, at)
            raise _refuse(stripped, name.end() if name else at)
        if value := _unquote(match[2]):
            labels[match[1]] = value
        at = match.end()
    return labels


def check_labels(labels: Labels) -> Labels:
    """Labels that came as a JSON object, without empty values; InputError when a name is none that Loki accepts."""
    if all(_NAME.fullmatch(name) for name in labels):
        return {name: value for name, value in labels.items() if value}
    return parse_labels(label_text(labels))


def normalised(entry: Entry) -> Entry:
    """The entry with names of metadata as Loki keeps them: other characters than letters, digits and "_" replaced."""
    if not entry.metadata or all(_KEPT.fullmatch(name) for name in entry.metadata):
        return entry
    return entry._replace(metadata={_normal_name(name): value for name, value in entry.metadata.items()})


def _normal_name(name: str) -> str:
    name = _OTHER.sub("_", name)
    if name[:1].isdigit():
        return f"key_{name}"
    return f"key{name}" if name.startswith("_") and not name.startswith("__") else name
