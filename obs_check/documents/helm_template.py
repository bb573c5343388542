"""A ConfigMap template of a Helm chart, rendered as far as that needs no Helm.

Rendered are `.Files.Get`, `.Values` of values.yaml, `.Release` and `.Chart`, raw strings, `if` on a value, and the
functions quote, default, indent, nindent, trim, toJson and toYaml. Everything else is an error that names its place,
but for `include` before `data:`: it writes labels, which no dashboard depends on.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from obs_check.errors import ConfigError

_ACTION = re.compile(
    r"\{\{(?P<before>-?)\s*(?P<inside>`[^`]*`|\"(?:[^\"\\]|\\.)*\"|.*?)\s*(?P<after>-?)\}\}", re.DOTALL
)
_STRING = re.compile(r"`([^`]*)`|\"((?:[^\"\\]|\\.)*)\"")
BY_HELM = "render it with `helm template` and give the output"


def chart_of(path: Path) -> Path | None:
    """The chart that a file is a template of: the nearest folder above with a Chart.yaml."""
    return next((folder for folder in path.resolve().parents if (folder / "Chart.yaml").is_file()), None)


def rendered(text: str, path: Path, chart: Path) -> str:
    """The text with its actions carried out. ConfigError for one that is not followed here, with its line."""
    known = {
        "Values": _mapping(chart / "values.yaml"),
        "Chart": {key.capitalize(): value for key, value in _mapping(chart / "Chart.yaml").items()},
        "Release": {"Name": "release", "Namespace": "default", "Service": "Helm"},
    }
    out: list[str] = []
    open_ifs: list[bool] = []
    at = 0
    for found in _ACTION.finditer(text):
        piece = text[at : found.start()]
        at = found.end()
        _write(out, piece.rstrip() if found["before"] else piece, open_ifs)
        if found["after"]:
            at += len(text[at:]) - len(text[at:].lstrip())
        inside = found["inside"]
        word = inside.split(" ", 1)[0]
        where = f"{path}:{text.count(chr(10), 0, found.start()) + 1}"
        if inside.startswith("/*"):
            continue
        if word == "if":
            open_ifs.append(bool(_value(inside[2:].strip(), known, chart, where)))
        elif word in {"else", "end"} and inside in {"else", "end"}:
            if not open_ifs:
                raise ConfigError(f"{where}: {{{{ {inside} }}}} without an if that is followed here", BY_HELM)
            last = open_ifs.pop()
            if inside == "else":
                open_ifs.append(not last)
        elif word == "include" and not re.search(r"^data:", text[: found.start()], re.MULTILINE):
            continue
        elif all(open_ifs):
            _write(out, _text(_value(inside, known, chart, where)), open_ifs)
    _write(out, text[at:], open_ifs)
    return "".join(out)


_BLOCK = re.compile(
    r"\{\{-?\s*(?:(?P<opens>define|if|range|with|block)\b(?P<rest>.*?)|(?P<ends>end))\s*-?\}\}", re.DOTALL
)


def defined(text: str) -> list[tuple[str, str, int]]:
    """The named templates of a file (`define "x"`): name, body and the line (from 1) at which the body starts."""
    found, depth, name, start = [], 0, "", 0
    for action in _BLOCK.finditer(text):
        if action["ends"]:
            depth -= 1
            if depth == 0 and name:
                found.append((name, text[start : action.start()], text.count("\n", 0, start) + 1))
                name = ""
            continue
        if depth == 0 and action["opens"] == "define":
            name, start = action["rest"].strip(' "'), action.end()
        depth += 1
    return found


def _write(out: list[str], piece: str, open_ifs: list[bool]) -> None:
    if all(open_ifs):
        out.append(piece)


def _value(action: str, known: Mapping[str, Any], chart: Path, where: str) -> Any:
    """A pipeline: a value, then functions of one argument before it."""
    first, *functions = (part.strip() for part in re.split(r"\|(?=(?:[^\"`]|\"[^\"]*\"|`[^`]*`)*$)", action))
    value = _operand(first, known, chart, where)
    for function in functions:
        name, _, argument = function.partition(" ")
        value = _applied(name, argument.strip(), value, where)
    return value


def _operand(text: str, known: Mapping[str, Any], chart: Path, where: str) -> Any:
    string = _STRING.fullmatch(text)
    if string:
        return string[1] if string[1] is not None else json.loads(f'"{string[2]}"')
    got = re.fullmatch(r"\.Files\.Get\s+(.+)", text)
    if got:
        name = str(_operand(got[1].strip(" ()"), known, chart, where))
        file = (chart / name).resolve()
        if not file.is_relative_to(chart) or not file.is_file():
            raise ConfigError(f"{where}: the chart has no file {name}", "is the path relative to the chart?")
        return file.read_text("utf-8")
    if re.fullmatch(r"\.(?:Values|Chart|Release)(?:\.\w+)+", text):
        held: Any = known
        for key in text[1:].split("."):
            held = held.get(key) if isinstance(held, Mapping) else None
        return held
    named = re.fullmatch(r"(quote|toJson|toYaml|trim)\s+(\S+)", text)
    if named:
        return _applied(named[1], "", _operand(named[2], known, chart, where), where)
    raise ConfigError(f"{where}: {{{{ {text} }}}} is not followed here", BY_HELM)


def _applied(name: str, argument: str, value: Any, where: str) -> Any:
    match name:
        case "quote":
            return json.dumps(_text(value), ensure_ascii=False)
        case "default":
            string = _STRING.fullmatch(argument)
            fallback = argument if string is None else string[1] if string[1] is not None else string[2]
            return fallback if value in (None, "", 0, False, [], {}) else value
        case "indent" | "nindent" if argument.isdigit():
            lines = _text(value).split("\n")
            moved = "\n".join(" " * int(argument) + line for line in lines)
            return f"\n{moved}" if name == "nindent" else moved
        case "trim":
            return _text(value).strip()
        case "toJson":
            return json.dumps(value, separators=(",", ":"))
        case "toYaml":
            return yaml.safe_dump(value, sort_keys=False).rstrip("\n")
    raise ConfigError(f"{where}: the function {name} is not followed here", BY_HELM)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _mapping(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    document = yaml.safe_load(path.read_text("utf-8"))
    return document if isinstance(document, dict) else {}
