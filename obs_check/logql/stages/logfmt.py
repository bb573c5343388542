"""`| logfmt [--strict] [--keep-empty] [label="key"]`."""

from obs_check.errors import QueryError
from obs_check.logql.stages.logfmt_scan import scan_logfmt
from obs_check.logql.stages.naming import check_label, sanitise
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, Row, StageFunction
from obs_check.logql.syntax import ast

LOGFMT_ERROR = "LogfmtParserErr"
_NAMES_KEPT = 10_000


class _Names(dict[str, str]):
    """Key to label name, remembered."""

    def __missing__(self, key: str) -> str:
        name = sanitise(key)
        if len(self) < _NAMES_KEPT:
            self[key] = name
        return name


def compile_logfmt(stage: ast.LogfmtParser) -> StageFunction:
    """Every pair becomes a label; empty values only with --keep-empty; faults are silent unless --strict (Loki 3.5)."""
    names = _Names()
    strict, keep_empty = stage.strict, stage.keep_empty

    def parse(row: Row) -> bool:
        taken, stream, parsed = row.taken(), row.stream, row.parsed

        def emit(key: str, value: str) -> None:
            if not value and not keep_empty:
                return
            name = names[key]
            if name in stream:
                name += DUPLICATE_SUFFIX
            if name and (taken is None or name not in taken):
                parsed[name] = value.replace("\ufffd", " ") if "\ufffd" in value else value

        fault = scan_logfmt(row.line, strict, emit)
        if fault and strict:
            row.fail(LOGFMT_ERROR, fault)
        return True

    return parse


def compile_logfmt_expressions(stage: ast.LogfmtParser) -> StageFunction:
    """Only the named keys become labels; a key that is not there gives the empty label, unless the stream has it."""
    origins: dict[str, str] = {}
    for extraction in stage.extractions:
        key = extraction.expression.strip().strip('"')
        if not key or any(char.isspace() for char in key):
            raise QueryError(f"cannot parse expression [{extraction.expression}]: a logfmt key is needed")
        origins[check_label(extraction.label)] = key
    by_key = {key: label for label, key in reversed(origins.items())}
    names = _Names()
    strict = stage.strict

    def parse(row: Row) -> bool:
        taken, stream, parsed = row.taken(), row.stream, row.parsed
        for label in origins:
            if label not in stream:
                parsed[label] = ""

        def emit(key: str, value: str) -> None:
            name = names[key]
            if taken is not None and name in taken and name not in origins:
                return
            name = by_key.get(name, name)
            if name in origins:
                parsed[name + DUPLICATE_SUFFIX if name in stream else name] = "" if "\ufffd" in value else value

        fault = scan_logfmt(row.line, strict, emit)
        if fault and strict:
            row.fail(LOGFMT_ERROR, fault)
        return True

    return parse
