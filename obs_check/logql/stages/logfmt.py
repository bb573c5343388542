"""`| logfmt [--strict] [--keep-empty] [label="key"]`."""

import re

from obs_check.errors import QueryError
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.extractions import extractions_text, read_extractions, set_by
from obs_check.logql.stages.hints import DROP, LabelNames, ParserHints
from obs_check.logql.stages.kind import Effect, StageKind
from obs_check.logql.stages.logfmt_scan import scan_logfmt
from obs_check.logql.stages.naming import sanitise
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, ERROR, Row, StageFunction
from obs_check.logql.syntax import ast, tokens
from obs_check.logql.syntax.cursor import Cursor
from obs_check.logql.syntax.style import Style
from obs_check.logql.syntax.tokens import Token

LOGFMT_ERROR = "LogfmtParserErr"


def compile_logfmt(stage: ast.LogfmtParser, extraction: ParserHints) -> StageFunction:
    """Every pair becomes a label; empty values only with --keep-empty; faults are silent unless --strict (Loki 3.5)."""
    names = LabelNames(extraction)
    settle = names.settle
    unneeded: set[str] = set()
    after = extraction.after()
    strict, keep_empty = stage.strict, stage.keep_empty
    error_check = extraction.checks.get(ERROR)

    def parse(row: Row) -> bool:
        if extraction.idle(row):
            return True
        parsed = row.parsed
        dropped = False

        def emit(key: str, value: str) -> bool:
            nonlocal dropped
            try:
                name = names[key]
            except KeyError:
                label = sanitise(key)
                name = names.decide(key, label, row) if label else None
            if name is None:
                if key in names:
                    unneeded.add(key)
                return False
            if settle is not None:
                name = settle(row, name)
                if name is None:
                    return False
            if not (value or keep_empty):
                return False
            parsed[name] = value.replace("\ufffd", " ") if "\ufffd" in value else value
            if after is None:
                return False
            done = after(row, name)
            dropped = done == DROP
            return done != 0

        fault = scan_logfmt(row.line, strict, emit, unneeded)
        if dropped:
            return False
        if fault and strict:
            row.fail(LOGFMT_ERROR, fault)
            return error_check is None or error_check(row)
        return True

    return parse


_KEY = re.compile(r'[ \t\n]*(?:(?P<key>[A-Za-z_][A-Za-z0-9_]*)|"(?P<string>[^"\]]*)["\]]?|(?P<other>\S))[ \t\n]*')


def _key(expression: str) -> str:
    """The key that an expression names; QueryError with the words of Loki's little grammar where it is none. What
    stands in quotes behind a key makes one that no line has (Loki 3.5 prints both where it means the first)."""
    key: str | None = None
    extra: list[str] = []
    at = 0
    while found := _KEY.match(expression, at):
        at = found.end()
        if found["other"] and key is not None:
            raise QueryError(f"cannot parse expression [{expression}]: unexpected char {found['other']}")
        if found["other"]:
            break
        if key is None:
            key = str(found["key"] if found["key"] is not None else found["string"])
        elif found["key"] is not None:
            raise QueryError(f"cannot parse expression [{expression}]: syntax error: unexpected KEY")
        else:
            extra.append(f"string={found['string']}")
    if key is None:
        words = "syntax error: unexpected $end, expecting STRING or KEY"
        raise QueryError(f"cannot parse expression [{expression}]: {words}")
    return key + (f"%!(EXTRA {', '.join(extra)})" if extra else "")


def _keys(stage: ast.LogfmtParser) -> dict[str, str]:
    """Label to key."""
    return {extraction.label: _key(extraction.expression) for extraction in stage.extractions}


def compile_logfmt_expressions(stage: ast.LogfmtParser, extraction: ParserHints) -> StageFunction:
    """Only the named keys become labels; a key that is not there gives the empty label, unless the stream has it.

    All of them count as extracted from the start, so that a metric query that needs no others stops reading a line at
    the first one it meets and leaves the rest empty (Loki 3.5)."""
    origins = _keys(stage)
    by_key = {key: label for label, key in reversed(origins.items())}
    names: dict[str, str | None] = {}
    unneeded: set[str] = set()
    required, there, taken = extraction.required, extraction.there, extraction.taken
    anew = extraction.first_stays
    strict = stage.strict

    def name_of(key: str, row: Row) -> str | None:
        label = sanitise(key)
        wanted = label in origins or ((not required or label in required) and (anew or not row.has_extracted(label)))
        return label if label and wanted else None

    def parse(row: Row) -> bool:
        if extraction.idle(row):
            return True
        parsed = row.parsed
        for label in origins:
            if not taken(row, label):
                parsed[label] = ""

        def emit(key: str, value: str) -> bool:
            if key not in names:
                names[key] = name_of(key, row)
            name = names[key]
            if name is None:
                unneeded.add(key)
                return False
            if anew and name not in origins and there(row, name):
                return False
            name = by_key.get(name, name)
            if name not in origins:
                return False
            if taken(row, name):
                name += DUPLICATE_SUFFIX
                if not extraction.wanted(row, name):
                    return True
            parsed[name] = "" if "\ufffd" in value else value
            return bool(required) and there(row, *required)

        fault = scan_logfmt(row.line, strict, emit, unneeded)
        if fault and strict:
            row.fail(LOGFMT_ERROR, fault)
        return True

    return parse


def _read(cursor: Cursor, start: Token) -> ast.LogfmtParser:
    flags = set()
    while flag := cursor.accept(tokens.FLAG):
        flags.add(flag.text)
    found = read_extractions(cursor)
    return ast.LogfmtParser(found, "--strict" in flags, "--keep-empty" in flags, cursor.span_from(start))


def _compile(stage: ast.LogfmtParser, _: EngineSettings, hints: ParserHints) -> StageFunction:
    return (compile_logfmt_expressions if stage.extractions else compile_logfmt)(stage, hints)


def _effect(stage: ast.LogfmtParser) -> Effect:
    return Effect(
        sets=set_by(stage.extractions), reads_line=True, reads_fields=True, error=LOGFMT_ERROR if stage.strict else ""
    )


def _text(stage: ast.LogfmtParser, style: Style) -> str:
    flags = (" --strict" if stage.strict else "") + (" --keep-empty" if stage.keep_empty else "")
    return f"| {stage.WORD}{flags}{extractions_text(stage.extractions, style)}"


LOGFMT = StageKind(ast.LogfmtParser, _compile, _effect, _text, _read)
