"""When a line says it was written, as SQL: what client/file_source.py reads, for the forms that logs have."""

import re

from obs_check.logql.columnar.document import SOUND, Document
from obs_check.logql.columnar.sql import NotColumnar, case, contains, matches, occurrences, text

_RFC3339 = r"\d{4}-\d\d-\d\d[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?"
_JSON_KEYS = ("ts", "time", "timestamp", "@timestamp")
_LOGFMT_KEYS = ("time", "ts")
_PLAIN = re.compile(r"[A-Za-z0-9_@-]+")
_END = "(?: |$)"
_NO_DATE = r"^[^0-9\x{80}-\x{10FFFF}]"
"""A line that begins so does not begin with a time, not even with one that is written with other digits."""


def time_text(document: Document, time_key: str | None) -> str:
    """SQL of the RFC 3339 time of a line as it is written; NULL where only the line's reader in Python can tell.

    NotColumnar for a time key that is no plain word."""
    if time_key is None:
        start = _extract(f"^(?:time=)?({_RFC3339}){_END}")
        later = case((matches(_NO_DATE), _logfmt(_LOGFMT_KEYS)))
        return case(
            ("starts_with(line, '{')", case((SOUND, _json(document, _JSON_KEYS)))),
            otherwise=f"coalesce(nullif({start}, ''), {later})",
        )
    if not _PLAIN.fullmatch(time_key):
        raise NotColumnar(f"the time key {time_key} is no plain word")
    return case(
        ("starts_with(line, '{')", case((SOUND, _json(document, (time_key,))))),
        (contains("{"), "NULL"),
        otherwise=_logfmt((time_key,)),
    )


def time_ns(written: str) -> str:
    """SQL of ns since the epoch for a column that holds a time as `time_text` gives it."""
    zone = rf"regexp_extract({written}, '[+-]\d\d:?\d\d$')"
    # DuckDB's cast reads a zone and does not count with it.
    local = f"left({written}, length({written}) - length({zone}))"
    seconds = f"(CAST({zone}[2:3] AS BIGINT) * 3600 + CAST({zone}[-2:] AS BIGINT) * 60)"
    offset = f"CASE WHEN starts_with({zone}, '-') THEN -{seconds} ELSE {seconds} END * 1000000000"
    return case(
        (f"{written} IS NULL OR {written} = ''", "NULL"),
        (f"ends_with({written}, 'Z') OR {zone} = ''", f"epoch_ns(TRY_CAST({written} AS TIMESTAMP_NS))"),
        otherwise=f"epoch_ns(TRY_CAST({local} AS TIMESTAMP_NS)) - ({offset})",
    )


def _json(document: Document, keys: tuple[str, ...]) -> str:
    """The first of the keys that the line has: it has to stand there once, outermost, with a time."""
    branches = []
    for key in keys:
        count = occurrences(f'"{key}"')
        value = document.at(key)
        branches.append((f"{count} = 1", f"""regexp_extract({value}, '^"({_RFC3339})"$', 1)"""))
        branches.append((f"{count} > 1", "NULL"))
    return case(*branches)


def _logfmt(keys: tuple[str, ...]) -> str:
    """The first of the keys that the line has, once; a time without a zone of its own ends at a blank or a quote."""
    branches = []
    for key in keys:
        count = occurrences(f"{key}=")
        plain = _extract(f"(?:^| ){key}=({_RFC3339}){_END}")
        quoted = _extract(f'(?:^| ){key}="({_RFC3339})"')
        branches.append((f"{count} = 1", f"coalesce(nullif({plain}, ''), {quoted})"))
        branches.append((f"{count} > 1", "NULL"))
    return case(*branches)


def _extract(pattern: str) -> str:
    return f"regexp_extract(line, {text(pattern)}, 1)"
