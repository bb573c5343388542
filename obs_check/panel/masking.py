"""Query texts that show a number whatever happened: a zero that hides an absence, a value that depends on nothing."""

import re
from collections.abc import Iterable

_OR_ZERO = re.compile(r"\bor\b\s*(?:on\s*\(\s*\)\s*)?vector\s*\(\s*0(?:\.0*)?\s*\)", re.IGNORECASE)
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`')
_CONSTANT = re.compile(r"\b(?:vector|scalar|or|and|bool)\b|[\d\s.()+\-*/%^<>=!]")


def shows_zero_for_nothing(query: str) -> bool:
    """Whether the text ends an absence in 0: `or vector(0)`, `or on() vector(0)`, `absent(...)`."""
    bare = _STRINGS.sub("", query)
    return bool(_OR_ZERO.search(bare) or re.search(r"\babsent(?:_over_time)?\s*\(", bare))


def counts_rows(query: str, kind: str) -> bool:
    """Whether a SQL text counts all rows together, which gives 0 for none."""
    counted = "sql" in kind and re.match(r"\s*select\s+(?:coalesce\s*\(\s*)?(?:count|sum)\s*\(", query, re.IGNORECASE)
    return bool(counted) and not re.search(r"\bgroup\s+by\b", query, re.IGNORECASE)


def is_constant(query: str, kind: str) -> bool:
    """Whether no event can change the answer: no selector and no metric, or SQL without FROM."""
    if not query.strip():
        return False
    if "sql" in kind:
        return not re.search(r"\bfrom\b", query, re.IGNORECASE)
    return not _CONSTANT.sub("", query)


def all_constant(queries: Iterable[tuple[str, str]]) -> bool:
    """Whether every (text, kind) is constant, and there is one."""
    texts = list(queries)
    return bool(texts) and all(is_constant(text, kind) for text, kind in texts)
