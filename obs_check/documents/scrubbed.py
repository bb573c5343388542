"""Configuration files without the secrets in them, everything else as it was written, row by row."""

import re
from collections.abc import Iterator

import yaml

from obs_check.documents.held_text import held_in
from obs_check.documents.yaml_tree import compose_all
from obs_check.errors import ConfigError
from obs_check.model.secret import hide_secrets, is_secret_name
from obs_check.model.secret_patterns import HIDDEN

_NAME = r"[\"']?(?P<name>[\w.-]{1,80})[\"']?"
_JOIN = r"\s*[:=](?!=)[ \t]*"
# A key with what joins it to its value, or a Kubernetes variable: `name: X_PASSWORD, value: ...`.
_KEY = re.compile(
    rf"(?<![\w.-])(?:name[\"']?\s*:\s*[\"']?(?P<variable>[\w.-]{{1,80}})[\"']?\s*,\s*[\"']?value[\"']?|{_NAME}){_JOIN}",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"\bname[\"']?:\s*[\"']?(?P<name>[\w.-]{1,80})[\"']?\s*,?\s*(?:#.*)?$", re.IGNORECASE)
_IN_BRACES = re.compile(r"(?:\"(?:\\.|[^\"\\])*\"|'[^']*'|`[^`]*`|\[[^\]]*\]|\$\{[^}]*\}|[^,}])+")
_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'|`[^`]*`")
_CLOSED_BY = {'"': re.compile(r'(?<!\\)"'), "'": re.compile("'"), "`": re.compile("`")}
_URL = re.compile(r"://[^\s\"'`]*@")
_MAPPING = re.compile(r"\s*(?:-\s+)?[\"']?[\w./-]+[\"']?(?::\s|:$|\s*=\s)")
_BEGINS, _ENDS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")
_VARIABLE_OF_THE_ENVIRONMENT = re.compile(r"\$\{?\w+(?::[^}]*)?\}?")
_EXPRESSION_OF_ALLOY = re.compile(r"(?:sys\.)?env\([^()]*\)|[a-z_]+(?:\.[A-Za-z_0-9]+)+(?:\[[^\]]*\])?")
_EMPTY = ("", '""', "''", "null", "~", HIDDEN)


def without_secret_values(text: str) -> tuple[str, int]:
    """A YAML, JSON or Alloy text with every value under a secret's name, known secrets, private keys and what stands in
    front of a URL's host hidden, and how many of them there are; it keeps its number of rows.

    YAML is read; comments, and a text that is none, are looked through row by row, where rather too much is taken than
    too little. The name of a variable that holds a secret is none."""
    read, count = _without_spans(text, _yaml_spans(text))
    rows = _Rows(read.split("\n"))
    return hide_secrets("\n".join(rows.shown())), count + rows.count


def _without_spans(text: str, spans: list[tuple[int, int]]) -> tuple[str, int]:
    parts, at, count = [], 0, 0
    for start, end in sorted(spans):
        if start < at:
            continue
        value = text[start:end]
        rows = value.rstrip().split("\n")
        rows = [HIDDEN, *(_hidden(row) for row in rows[1:])]
        parts += [text[at:start], "\n".join(rows), value[len(value.rstrip()) :]]
        at, count = end, count + 1
    return "".join([*parts, text[at:]]), count


def _yaml_spans(text: str) -> list[tuple[int, int]]:
    """Where the values of secrets stand; none where the text is not YAML."""
    try:
        left = compose_all(text)
    except yaml.YAMLError:
        return []
    found: list[tuple[int, int]] = []
    done: set[int] = set()
    while left:
        node = left.pop()
        if id(node) in done:
            continue
        done.add(id(node))
        if isinstance(node, yaml.ScalarNode) and node.style in ("'", '"') and "\n" in node.value:
            found += _spans_within(text, node)
        if isinstance(node, yaml.SequenceNode):
            left += node.value
        if isinstance(node, yaml.MappingNode):
            named = any(
                key.value in ("name", "key") and isinstance(value, yaml.ScalarNode) and is_secret_name(value.value)
                for key, value in node.value
            )
            found += _data_of_secret(node)
            for key, value in node.value:
                left.append(value)
                secret = is_secret_name(str(key.value)) or (named and key.value == "value")
                if secret and isinstance(value, yaml.ScalarNode) and not _is_none(value.value, ":"):
                    found.append((value.start_mark.index, value.end_mark.index))
    return found


def _spans_within(text: str, node: yaml.ScalarNode) -> list[tuple[int, int]]:
    """Where the values of secrets stand in a quoted scalar that is itself YAML: a row of its text may go over many."""
    spans = _yaml_spans(node.value)
    try:
        held = held_in(text, node.start_mark.index, node.end_mark.index, str(node.style), node.value) if spans else None
    except ConfigError:
        return [(node.start_mark.index, node.end_mark.index)]
    return [] if held is None else [(held.places[start], held.places[end]) for start, end in spans]


def _data_of_secret(node: yaml.MappingNode) -> list[tuple[int, int]]:
    """Where the values of a Secret of Kubernetes stand that are base64, so that nothing tells what is in them."""
    keys = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    kind, data = keys.get("kind"), keys.get("data")
    if not isinstance(kind, yaml.ScalarNode) or kind.value != "Secret" or not isinstance(data, yaml.MappingNode):
        return []
    values = [value for _, value in data.value if isinstance(value, yaml.ScalarNode) and value.value]
    return [(value.start_mark.index, value.end_mark.index) for value in values]


class _Rows:
    """The rows of a text and how many secrets are hidden in them; a value may go on below its key: a block of YAML, a
    list, a string in backticks."""

    def __init__(self, rows: list[str]) -> None:
        self._rows = rows
        self.count = 0

    def shown(self) -> Iterator[str]:
        """The rows without the secrets in them."""
        below: int | None = None
        """Rows further in than this column belong to a secret."""
        until: re.Pattern[str] | None = None
        """What ends a secret that goes over rows of any column."""
        for number, row in enumerate(self._rows):
            if until is not None:
                end = until.search(row)
                yield _hidden(row) if end is None else HIDDEN + row[end.end() :]
                until = None if end else until
                continue
            if below is not None and (not row.strip() or _column(row) > below or _item(row, below)):
                yield _hidden(row)
                continue
            below = None
            if begin := _BEGINS.search(row):
                end = _ENDS.search(row, begin.end())
                yield row[: begin.start()] + HIDDEN + (row[end.end() :] if end else "")
                until, self.count = (None if end else _ENDS), self.count + 1
                continue
            shown, key = self._without_values(row, self._beside(number))
            if key is not None:
                if quote := _left_open(key, row):
                    until = _CLOSED_BY[quote]
                elif row[key.end() :].strip() or not self._is_mapping(number + 1):
                    below = key.start()
            shown, addresses = _URL.subn(f"://{HIDDEN}@", shown)
            self.count += addresses
            yield shown

    def _without_values(self, row: str, is_variable: bool) -> tuple[str, re.Match[str] | None]:
        """The row without secrets; the key whose value takes the rest of it, and may go on below."""
        shown, at, looked = "", 0, 0
        while key := _KEY.search(row, looked):
            looked = key.end()
            name = key["variable"] or key["name"]
            if not (is_secret_name(name) or (is_variable and name.lower() == "value")):
                continue
            shown, at = shown + row[at : key.end()], key.end()
            if row.startswith(("{", HIDDEN), at):
                continue
            in_braces = row.count("{", 0, key.start()) > row.count("}", 0, key.start())
            value = _IN_BRACES.match(row, at) if in_braces and not _left_open(key, row) else None
            text = row[at:] if value is None else value[0]
            if _is_none(text.strip().rstrip(","), key[0].rstrip()[-1]):
                if value is None and not text.strip():
                    return shown + text, key
                continue
            self.count += 1
            if value is None:
                return shown + HIDDEN, key
            shown, at = shown + HIDDEN, value.end()
            looked = at
        return shown + row[at:], None

    def _beside(self, number: int) -> bool:
        """Whether a row above or below names a variable that holds a secret."""
        beside = self._rows[max(number - 1, 0) : number + 2]
        return any((named := _VARIABLE.search(row)) and is_secret_name(named["name"]) for row in beside)

    def _is_mapping(self, at: int) -> bool:
        """Whether keys of their own stand below a key that has nothing behind it."""
        below = next((row for row in self._rows[at:] if row.strip()), "")
        return _MAPPING.match(below) is not None


def _is_none(value: str, join: str) -> bool:
    """Whether a value is not a secret: empty, hidden already, or the name of what holds it."""
    named = _VARIABLE_OF_THE_ENVIRONMENT.fullmatch(value)
    return value in _EMPTY or named is not None or (join == "=" and _EXPRESSION_OF_ALLOY.fullmatch(value) is not None)


def _left_open(key: re.Match[str], row: str) -> str:
    """The quote of a string behind a key that does not end on its row: in YAML any that starts a value, in Alloy a
    backtick."""
    value = row[key.end() :]
    if key[0].rstrip().endswith("="):
        return "`" if "`" in _STRING.sub("", value).partition("//")[0] else ""
    return value[0] if value[:1] in ("'", '"') and not _STRING.match(value) else ""


def _hidden(row: str) -> str:
    return row[: _column(row)] + HIDDEN if row.strip() else row


def _column(row: str) -> int:
    return len(row) - len(row.lstrip())


def _item(row: str, column: int) -> bool:
    """Whether a row is an item of a list that stands straight below its key."""
    return _column(row) == column and row.lstrip().startswith("- ")
