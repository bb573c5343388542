"""The label set of a pushed stream in its text form, `{a="b", c="d"}`."""

import json
import re

from obs_check.errors import InputError
from obs_check.model.entry import Entry, Labels
from obs_check.standin.loki.wording import label_text

_KEPT = re.compile(r"(?:[A-Za-z]|__)[A-Za-z0-9_]*")
_OTHER = re.compile(r"[^A-Za-z0-9_]")
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)")
_TOKEN = re.compile(
    r"""\s*(?:(?P<identifier>[a-zA-Z_][a-zA-Z0-9_]*)|(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)"""
    r"""|(?P<sign>!=|=~|!~|=|,|})|(?P<other>.)|$)""",
    re.DOTALL,
)


def _fault(at: int, words: str) -> InputError:
    return InputError(f"couldn't parse labels: 1:{at + 1}: parse error: {words}", "")


def _take(text: str, at: int, *wanted: str) -> "re.Match[str]":
    """The token at an offset; InputError with Prometheus' words when it is none of the wanted."""
    found = _TOKEN.match(text, at)
    kind = found and found.lastgroup
    if found is None or kind is None:
        raise _fault(len(text), "unexpected end of input inside braces")
    if kind == "other":
        raise _fault(found.start("other"), f"unexpected character inside braces: '{found['other']}'")
    if (found["sign"] or kind) in wanted:
        return found
    shown = f'{kind} "{found[kind]}"' if kind == "identifier" else f"{kind} {found[kind]}" if kind == "string" else ""
    sign = found["sign"]
    shown = shown or (f'"{sign}"' if sign in ("=", ",", "}") else f"<op:{sign}>")
    expected = " or ".join(word if word in ("identifier", "string") else f'"{word}"' for word in wanted)
    raise _fault(found.start(kind), f"unexpected {shown} in label set, expected {expected}")


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
    """The labels; empty values are left out, as Loki does. InputError with Loki's text at the first token that does not
    fit, for text that is not UTF-8 and for a name that is there twice."""
    stripped = text.strip()
    if not stripped:
        return {}
    if not stripped.startswith("{"):
        raise _fault(0, f"unexpected character: '{stripped[0]}'")
    labels: Labels = {}
    at, sign = 1, ""
    while sign != "}":
        # A name may stand in quotes, which the words for what is expected do not say.
        name = _TOKEN.match(stripped, at)
        if name is None or not name["string"]:
            name = _take(stripped, at, "identifier", "}")
        if name["sign"]:
            return labels
        value = _take(stripped, _take(stripped, name.end(), "=").end(), "string")
        if "\ufffd" in value["string"]:
            raise _fault(value.start("string"), "invalid UTF-8 rune")
        key = name["identifier"] or _unquote(name["string"])
        if key in labels:
            raise InputError(f"stream '{stripped}' has duplicate label name: '{key}'", "")
        labels[key] = _unquote(value["string"])
        after = _take(stripped, value.end(), ",", "}")
        at, sign = after.end(), after["sign"]
    return {name: value for name, value in labels.items() if value}


def check_labels(labels: Labels) -> Labels:
    """Labels that came as a JSON object, without empty values; InputError when a name is none that Loki accepts."""
    if all(_NAME.fullmatch(name) for name in labels):
        return {name: value for name, value in labels.items() if value}
    return parse_labels(label_text(labels))


def normalise_entry(entry: Entry) -> Entry:
    """The entry with names of metadata as Loki keeps them: other characters than letters, digits and "_" replaced."""
    if not entry.metadata or all(_KEPT.fullmatch(name) for name in entry.metadata):
        return entry
    return entry._replace(metadata={_normal_name(name): value for name, value in entry.metadata.items()})


def _normal_name(name: str) -> str:
    name = _OTHER.sub("_", name)
    if name[:1].isdigit():
        return f"key_{name}"
    return f"key{name}" if name.startswith("_") and not name.startswith("__") else name
