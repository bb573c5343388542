"""When a line says it was written, as SQL: what client/line_times.py reads, for the forms that logs have."""

import re

from obs_check.logql.columnar.document import JsonColumn
from obs_check.logql.columnar.sql import NotColumnar, case, contains, matches, repeats, text

_RFC3339 = r"\d{4}-\d\d-\d\d[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?"
_WORD = _RFC3339.replace("[T ]", "T")
"""A time without a blank in it: a value of logfmt without quotes ends at one."""
_JSON_KEYS = ("ts", "time", "timestamp", "@timestamp")
_LOGFMT_KEYS = ("time", "ts")
_PLAIN = re.compile(r"[A-Za-z0-9_@-]+")
_END = "(?: |$)"
_OBJECT = "starts_with(line, '{')"
_NO_DATE = r"^[^0-9\x{80}-\x{10FFFF}]"
"""A line that begins so does not begin with a time, not even with one that is written with other digits."""


def with_times(lines: str, time_key: str | None) -> str:
    """`line` and `ts` (ns since the epoch) of a relation of lines; `ts` is NULL where only Python can tell.

    NotColumnar for a time key that is not a plain word."""
    if time_key is not None and not _PLAIN.fullmatch(time_key):
        raise NotColumnar(f"the time key {time_key} is not a plain word")
    keys = _JSON_KEYS if time_key is None else (time_key,)
    any_key = f'"(?:{"|".join(keys)})"'
    leading = _extract(rf'^\{{{any_key}:"({_RFC3339})"')
    document = JsonColumn("document")
    # A time in front that is written in another form is Python's.
    inner = case((matches(rf"^\{{\s*{any_key}\s*:"), "NULL"), (document.sound(), _json(document, keys)))
    if time_key is None:
        bare = ("starts_with(line, 'time=')", _extract(f"^time=({_WORD}){_END}"))
        head = case((_OBJECT, leading), bare, otherwise=_extract(f"^({_RFC3339}){_END}"))
        other = case((matches(_NO_DATE), _logfmt(_LOGFMT_KEYS)))
    else:
        head = case((_OBJECT, leading), otherwise="''")
        other = case((contains("{"), "NULL"), otherwise=_logfmt((time_key,)))
    written = case(("head <> ''", "head"), (_OBJECT, inner), otherwise=other)
    begun = f"SELECT line, {head} AS head FROM ({lines})"
    of_line = document.column("head = ''")
    read = f"SELECT line, head, {of_line} FROM ({begun})"
    return f"SELECT line, {_ns('written')} AS ts FROM (SELECT line, {written} AS written FROM ({read}))"


def _ns(written: str) -> str:
    """ns since the epoch for a column that holds a time as it is written, or no time."""
    zone = rf"regexp_extract({written}, '[+-]\d\d:?\d\d$')"
    # DuckDB's cast reads a zone and does not count with it.
    local = f"left({written}, length({written}) - length({zone}))"
    seconds = f"(CAST({zone}[2:3] AS BIGINT) * 3600 + CAST({zone}[-2:] AS BIGINT) * 60)"
    offset = f"CASE WHEN starts_with({zone}, '-') THEN -{seconds} ELSE {seconds} END * 1000000000"
    utc = f"epoch_ns(TRY_CAST({written} AS TIMESTAMP_NS))"
    return case(
        (f"ends_with({written}, 'Z')", utc),
        (f"{written} IS NULL OR {written} = ''", "NULL"),
        (f"{zone} = ''", utc),
        otherwise=f"epoch_ns(TRY_CAST({local} AS TIMESTAMP_NS)) - ({offset})",
    )


def _json(document: JsonColumn, keys: tuple[str, ...]) -> str:
    """The first of the keys that the line has: it has to stand there once, outermost, with a time."""
    branches = []
    for key in keys:
        value = document.at(key)
        branches.append((repeats(f'"{key}"'), "NULL"))
        branches.append((contains(f'"{key}"'), f"""regexp_extract({value}, '^"({_RFC3339})"$', 1)"""))
    return case(*branches)


def _logfmt(keys: tuple[str, ...]) -> str:
    """The first of the keys that the line has, once."""
    branches = []
    for key in keys:
        plain = _extract(f"(?:^| ){key}=({_WORD}){_END}")
        quoted = _extract(f'(?:^| ){key}="({_RFC3339})"')
        branches.append((repeats(f"{key}="), "NULL"))
        branches.append((contains(f"{key}="), f"coalesce(nullif({plain}, ''), {quoted})"))
    return case(*branches)


def _extract(pattern: str) -> str:
    return f"regexp_extract(line, {text(pattern)}, 1)"
