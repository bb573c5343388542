"""`| json`: every scalar of the line becomes a label, nested names joined by "_"."""

from typing import Any

from obs_check.logql.stages.hints import DROP, After, Extraction, LabelNames
from obs_check.logql.stages.json_scan import JsonFault, decode, members, needs_scan, unescape
from obs_check.logql.stages.naming import sanitise
from obs_check.logql.stages.row import Row, StageFunction

JSON_ERROR = "JSONParserErr"
_KEYS_KEPT = 10_000
_NOTHING: frozenset[str] = frozenset()


class _Flattening:
    """Sets the labels of one line after another; methods answer 0, STOP or DROP (see Hints)."""

    def __init__(self, extraction: Extraction) -> None:
        self._names = LabelNames(extraction)
        self._settle = self._names.settle
        self._empty_too = not extraction.each_line
        self._joined: dict[tuple[str, str], str] = {}
        self._inner: dict[tuple[str, str], str | None] = {}
        self._unneeded: dict[str, set[str]] = {}
        self._required = extraction.required
        self._after: After | None = extraction.after()

    def _join(self, prefix: str, key: str) -> str:
        known = self._joined.get((prefix, key))
        if known is None:
            part = sanitise(key, first=not prefix)
            known = f"{prefix}_{part}" if prefix and part else prefix or part
            if len(self._joined) < _KEYS_KEPT:
                self._joined[prefix, key] = known
        return known

    def _set(self, row: Row, prefix: str, key: str, value: str) -> int:
        # A key of the top level is remembered as it is written, a nested one by its joined name.
        known = key if not prefix else self._join(prefix, key)
        try:
            name = self._names[known]
        except KeyError:
            label = self._join(prefix, key)
            # Loki 3.7 leaves out a key of the top level that makes an empty name.
            name = self._names.decide(known, label, row) if label or prefix or self._empty_too else None
        if name is None:
            self._pass_over(prefix, key, known)
            return 0
        if self._settle is not None:
            name = self._settle(row, name)
            if name is None:
                return 0
        row.parsed[name] = value
        return self._after(row, name) if self._after is not None else 0

    def _pass_over(self, prefix: str, key: str, known: str) -> None:
        """From now on `decoded` passes over a key that gives no label of its own, where this was decided for all lines,
        and none of its members would."""
        if known in self._names and self._inside(prefix, key) is None:
            # There are few prefixes of required names to have a set of, and a set may be as large as `_names`.
            unneeded = self._unneeded.setdefault(prefix, set())
            if len(unneeded) < _KEYS_KEPT:
                unneeded.add(key)

    def _inside(self, prefix: str, key: str) -> str | None:
        """The prefix of an object's members; None when none of them is needed."""
        if (prefix, key) in self._inner:
            return self._inner[prefix, key]
        inner: str | None = self._join(prefix, key)
        if self._required and not any(name.startswith(str(inner)) for name in self._required):
            inner = None
        if len(self._inner) < _KEYS_KEPT:
            self._inner[prefix, key] = inner
        return inner

    def decoded(self, row: Row, pairs: tuple[tuple[str, Any], ...], prefix: str) -> int:
        unneeded = self._unneeded.get(prefix, _NOTHING)
        for key, value in pairs:
            if key in unneeded:
                continue
            kind = type(value)
            if kind is str:
                done = self._set(row, prefix, key, value)
            elif kind is bool:
                done = self._set(row, prefix, key, "true" if value else "false")
            elif kind is tuple and (inner := self._inside(prefix, key)) is not None:
                done = self.decoded(row, value, inner)
            else:
                continue
            if done:
                return done
        return 0

    def scanned(self, row: Row, text: str, prefix: str) -> int:
        for key, value in members(text):
            if value.kind == "object":
                inner = self._inside(prefix, key)
                done = self.scanned(row, value.text, inner) if inner is not None else 0
            elif value.kind == "string":
                done = self._set(row, prefix, key, unescape(value.text) or "")
            elif value.kind in ("number", "boolean"):
                done = self._set(row, prefix, key, value.text)
            else:
                continue
            if done:
                return done
        return 0


def compile_json(extraction: Extraction) -> StageFunction:
    """Arrays and nulls are skipped; a name of the stream gets "_extracted"; a name that metadata or an earlier stage
    has is left alone (see Extraction); on a fault the labels before it stay and JSONParserErr is set (Loki 3.5)."""
    flattening = _Flattening(extraction)

    def parse(row: Row) -> bool:
        if extraction.idle(row):
            return True
        line = row.line
        if not needs_scan(line):
            try:
                value = decode(line)
            except (ValueError, RecursionError):
                value = None
            if type(value) is tuple:
                return flattening.decoded(row, value, "") != DROP
        try:
            return flattening.scanned(row, line, "") != DROP
        except JsonFault as fault:
            row.fail(JSON_ERROR, str(fault))
        return True

    return parse
