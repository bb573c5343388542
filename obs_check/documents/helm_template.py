"""A ConfigMap template of a Helm chart, rendered as far as that needs no Helm.

Rendered are `.Files.Get`, `.Values` of values.yaml, `.Release` and `.Chart`, raw strings, `if` on a value, and the
functions quote, default, indent, nindent, trim, toJson and toYaml. Everything else is an error that names its place,
but before `data:`: names and labels are written there, which no dashboard depends on, and it is decided whether there
is a ConfigMap at all.

By hand, because Helm is a program and need not be where obs-check runs.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from obs_check.documents.yaml_tree import Loader
from obs_check.errors import ConfigError

_ACTION = re.compile(
    r"\{\{(?P<before>-?)\s*(?P<inside>(?:`[^`]*`|\"(?:[^\"\\]|\\.)*\"|(?!\s*-?\}\}).)*)\s*(?P<after>-?)\}\}", re.DOTALL
)
_STRING = re.compile(r"`([^`]*)`|\"((?:[^\"\\]|\\.)*)\"")
BY_HELM = "render it with `helm template` and give the output"


def chart_of(path: Path) -> Path | None:
    """The chart that a file belongs to: the nearest folder above with a Chart.yaml."""
    return next((folder for folder in path.resolve().parents if (folder / "Chart.yaml").is_file()), None)


def chart_of_template(path: Path) -> Path | None:
    """The Helm chart that a file is a template of, None for any other file."""
    chart = chart_of(path)
    return chart if chart is not None and path.resolve().is_relative_to(chart / "templates") else None


UNKNOWN = "${helm}"
"""What may stand for a value that only Helm knows: to Grafana a variable without a value, which proves nothing."""


def render_template(text: str, path: Path, chart: Path, stand_in: str = "") -> str:
    """The text with its actions carried out. With `stand_in` it stands for every value that is not followed here, and
    what hangs on one is there; without one ConfigError names the first, with its line."""
    known = {
        "Values": _mapping(chart / "values.yaml"),
        "Chart": {key.capitalize(): value for key, value in _mapping(chart / "Chart.yaml").items()},
        "Release": {"Name": "release", "Namespace": "default", "Service": "Helm"},
    }
    out: list[str] = []
    open_blocks: list[bool] = []
    is_yaml = "\ndata:" in text
    at = 0
    for found in _ACTION.finditer(text):
        piece = text[at : found.start()]
        at = found.end()
        _write(out, piece.rstrip() if found["before"] else piece, open_blocks)
        if found["after"]:
            at += len(text[at:]) - len(text[at:].lstrip())
        inside = found["inside"]
        word = inside.split(" ", 1)[0]
        where = f"{path}:{text.count(chr(10), 0, found.start()) + 1}"
        in_head = "\ndata:" not in text[max(text.rfind("\n---", 0, found.start()), 0) : found.start()] and is_yaml
        if inside.startswith("/*") or (":=" in inside and (in_head or stand_in) and word not in _OPENS):
            continue
        if word in _OPENS:
            try:
                if word != "if":
                    raise ConfigError(f"{where}: {{{{ {inside} }}}} is not followed here", BY_HELM)
                open_blocks.append(bool(_value(inside[2:].strip(), known, chart, where)))
            except ConfigError:
                # In front of the data it decides whether there is a ConfigMap at all: it is read as if there were.
                if not (in_head or stand_in):
                    raise
                open_blocks.append(True)
        elif word in {"else", "end"}:
            if not open_blocks:
                raise ConfigError(f"{where}: {{{{ {inside} }}}} without an if that is followed here", BY_HELM)
            last = open_blocks.pop()
            if word == "else":
                open_blocks.append(not last)
        elif all(open_blocks):
            try:
                _write(out, _text(_value(inside, known, chart, where)), open_blocks)
            except ConfigError:
                if not (in_head or stand_in):
                    raise
                # A helper, and what is indented, writes whole rows of the head.
                rows = in_head and (word == "include" or "indent" in inside)
                other = json.dumps(stand_in) if re.search(r"\|\s*(?:quote|toJson)$", inside) else stand_in
                _write(out, "" if rows else "helm" if in_head else other, open_blocks)
    _write(out, text[at:], open_blocks)
    return "".join(out)


_OPENS = {"if", "with", "range"}
_BLOCK = re.compile(
    r"\{\{-?\s*(?:(?P<opens>define|if|range|with|block)\b(?P<rest>.*?)|(?P<ends>end))\s*-?\}\}", re.DOTALL
)


def named_templates(text: str) -> list[tuple[str, str, int]]:
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


def _write(out: list[str], piece: str, open_blocks: list[bool]) -> None:
    if all(open_blocks):
        out.append(piece)


def _value(action: str, known: Mapping[str, object], chart: Path, where: str) -> Any:
    """A pipeline: a value, then functions of one argument before it."""
    first, *functions = (part.strip() for part in re.split(r"\|(?=(?:[^\"`]|\"[^\"]*\"|`[^`]*`)*$)", action))
    value = _operand(first, known, chart, where)
    for function in functions:
        name, _, argument = function.partition(" ")
        value = _applied(name, argument.strip(), value, where)
    return value


def _operand(text: str, known: Mapping[str, object], chart: Path, where: str) -> Any:
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
    printed = re.fullmatch(r"printf\s+(\S.*)", text, re.DOTALL)
    if printed and (literal := _STRING.fullmatch(printed[1])) and "%" not in printed[1]:
        return _operand(literal[0], known, chart, where)
    named = re.fullmatch(r"(quote|toJson|toYaml|trim)\s+(\S+)", text)
    if named:
        return _applied(named[1], "", _operand(named[2], known, chart, where), where)
    raise ConfigError(f"{where}: {{{{ {text} }}}} is not followed here", BY_HELM)


def _applied(name: str, argument: str, value: object, where: str) -> Any:
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


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _mapping(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        document = yaml.load(path.read_text("utf-8"), Loader)
    except (yaml.YAMLError, UnicodeDecodeError):
        # Lint names what is wrong with it as a file of its own.
        return {}
    return document if isinstance(document, dict) else {}
