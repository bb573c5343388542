"""`| json`: every scalar of the line becomes a label, nested names joined by "_"."""

from typing import Any

from obs_check.logql.stages.json_scan import JsonFault, decode, members, needs_scan, unescape
from obs_check.logql.stages.naming import sanitise
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, Row, StageFunction

JSON_ERROR = "JSONParserErr"
_NAMES_KEPT = 10_000


class _Flattening:
    """One line's labels on their way into the row."""

    __slots__ = ("names", "parsed", "stream", "taken")

    def __init__(self, row: Row, names: dict[tuple[str, str], str]) -> None:
        self.names = names
        self.parsed = row.parsed
        self.stream = row.stream
        self.taken = row.taken()

    def name(self, prefix: str, key: str) -> str:
        known = self.names.get((prefix, key))
        if known is None:
            part = sanitise(key, first=not prefix)
            known = f"{prefix}_{part}" if prefix and part else prefix or part
            if len(self.names) < _NAMES_KEPT:
                self.names[prefix, key] = known
        return known

    def set(self, name: str, value: str) -> None:
        if name in self.stream:
            name += DUPLICATE_SUFFIX
        if self.taken is None or name not in self.taken:
            self.parsed[name] = value

    def decoded(self, pairs: tuple[tuple[str, Any], ...], prefix: str) -> None:
        for key, value in pairs:
            kind = type(value)
            if kind is str:
                self.set(self.name(prefix, key), value)
            elif kind is bool:
                self.set(self.name(prefix, key), "true" if value else "false")
            elif kind is tuple:
                self.decoded(value, self.name(prefix, key))

    def scanned(self, text: str, prefix: str) -> None:
        for key, value in members(text):
            if value.kind == "object":
                self.scanned(value.text, self.name(prefix, key))
            elif value.kind == "string":
                self.set(self.name(prefix, key), unescape(value.text) or "")
            elif value.kind in ("number", "boolean"):
                self.set(self.name(prefix, key), value.text)


def compile_json() -> StageFunction:
    """Arrays and nulls are skipped; a name of the stream gets "_extracted"; a name that metadata or an earlier stage
    has is left alone; on a fault the labels before it stay and JSONParserErr is set (Loki 3.5)."""
    names: dict[tuple[str, str], str] = {}

    def parse(row: Row) -> bool:
        line = row.line
        flattening = _Flattening(row, names)
        if not needs_scan(line):
            try:
                value = decode(line)
            except (ValueError, RecursionError):
                value = None
            if type(value) is tuple:
                flattening.decoded(value, "")
                return True
        try:
            flattening.scanned(line, "")
        except JsonFault as fault:
            row.fail(JSON_ERROR, str(fault))
        return True

    return parse
