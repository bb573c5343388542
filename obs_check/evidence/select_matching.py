"""Which values a matcher accepts, and which value it most likely means."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from difflib import SequenceMatcher

from obs_check.errors import QueryError
from obs_check.logql.engine.match import stream_test
from obs_check.logql.syntax import ast
from obs_check.model.finding import Meaning

ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+|[0-9a-fA-F]*:[0-9a-fA-F:]+")
ADDRESSES = re.compile(rf"(?:{ADDRESS.pattern})\s*(?:/\d+|-\s*(?:{ADDRESS.pattern}))")
"""A network or a range of addresses, which `ip(...)` compares."""
_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")
_NAMED_VALUES = re.compile(r"[\w./: -]+(\|[\w./: -]+)*")
"""A regular expression that lists values: its dots are meant as dots."""
_PATTERN = re.compile(r"\w\|\w|\.[*+]|\\[dwsb]|\d\.\.(?!\.)|^\(\?[imsU]+\)|^\^|\$$")
_WHOLE = re.compile(r"[^/.:]+")
_GLOB = re.compile(r"(?<![.\\])\*")
_STATUSES = re.compile(r"[1-5]xx", re.IGNORECASE)
_ALIKE = 0.8
_STEM = 3
"""Letters that two forms of one word begin with (`DENIED`, `DENY`)."""


def accepts_value(matcher: ast.Matcher, value: str) -> bool:
    """Whether a stream selector's matcher accepts a value of its label, "" for a label that is absent."""
    return stream_test([matcher])({matcher.name: value})


def same_but_case(wanted: str, values: Iterable[str]) -> str | None:
    """The value that differs from the wanted one by its case alone."""
    return next((v for v in values if v.casefold() == wanted.casefold()), None)


def misspelt_value(wanted: str, values: Iterable[str]) -> str | None:
    """The one value that a wanted one is a slip of: a few letters changed, or another form of the word. Values that
    differ in their digits are different things (`h1.example`, `h2.example`; 404, 500)."""
    rated = {value: _likeness(wanted.casefold(), value.casefold()) for value in values if value}
    best = max(rated.values(), default=0.0)
    found = [value for value, rate in rated.items() if rate == best and rate >= _ALIKE]
    return found[0] if len(found) == 1 else None


def mean_values(matcher: ast.Matcher, values: Collection[str]) -> Iterator[tuple[ast.Matcher, Meaning]]:
    """The matcher with the values that it most likely means, the surest first: each value that it names (`=~"a|b"`
    names two) in the case that it has, then as the one that it is a slip of. A text that is one as a regular expression
    only is compared as that. Nothing for one that names no value."""
    if matcher.op not in ("=", "=~"):
        return
    listed = [part.strip() for part in matcher.value.split(",")]
    if len(listed) > 1 and all(part in values for part in listed):
        yield replace(matcher, op="=~", value="|".join(map(re.escape, listed))), "same"
        return
    once = replace(matcher, value=matcher.value.replace("\\\\", "\\"))
    if matcher.op == "=~" and once != matcher and any(_may_accept(once, value) for value in values):
        # Two backslashes are one in double quotes, and two in backticks.
        yield once, "same"
        return
    for pattern in as_patterns(matcher.value):
        other = replace(matcher, op="=~", value=pattern)
        if other != matcher and any(_may_accept(other, value) for value in values):
            yield other, "same"
            return
    if matcher.op == "=~" and not _NAMED_VALUES.fullmatch(matcher.value):
        return
    named = matcher.value.split("|") if matcher.op == "=~" else [matcher.value]
    in_case = [one if one in values else same_but_case(one, values) or one for one in named]
    if in_case != named and all(value == value.lower() for value in values):
        # Those that do not occur just now are written as the others are.
        in_case = [one.lower() for one in in_case]
    corrected = [one if one in values else misspelt_value(one, values) or one for one in in_case]
    if in_case != named:
        yield _with_values(matcher, in_case), "same"
    if corrected != in_case:
        yield _with_values(matcher, corrected), "other"
    elif matcher.op == "=" and len(longer := [one for one in values if _is_part(matcher.value, one)]) == 1:
        yield replace(matcher, value=longer[0]), "other"


def _is_part(wanted: str, value: str) -> bool:
    """Whether a value is the wanted one in its place: a file in its folder, a job in its namespace, a host in its
    domain or with its port."""
    ending = value.endswith(f"/{wanted}")
    return _WHOLE.match(wanted) is not None and (ending or value.startswith((f"{wanted}.", f"{wanted}:")))


def as_patterns(text: str) -> Iterator[str]:
    """The regular expressions that a text is meant as where it can hardly be meant as it stands, the likeliest first:
    alternatives, `.*`, `\\d`, `5..`; a glob's `*`; `5xx`. None for others: `[ERROR]` and `a+b` are texts of lines."""
    if _PATTERN.search(text):
        yield text
    if _GLOB.search(text):
        yield ".+" if text == "*" else re.sub(r"(?<!\.)\*", ".*", text)
    if _STATUSES.fullmatch(text):
        yield f"{text[0]}.."


def _may_accept(matcher: ast.Matcher, value: str) -> bool:
    try:
        return accepts_value(matcher, value)
    except QueryError:
        return False


def _with_values(matcher: ast.Matcher, values: Iterable[str]) -> ast.Matcher:
    return replace(matcher, value="|".join(dict.fromkeys(values)))


def _likeness(wanted: str, value: str) -> float:
    if _DIGITS.findall(wanted) != _DIGITS.findall(value) or not re.search("[a-z]", value):
        return 0.0
    words = wanted.isalpha() and value.isalpha() and min(len(wanted), len(value)) >= _STEM
    # `err` for `error`, `warning` for `warn`.
    if words and (wanted.startswith(value) or value.startswith(wanted)):
        return _ALIKE
    forms = words and wanted[:_STEM] == value[:_STEM]
    if forms and len(wanted) > _STEM < len(value) and abs(len(wanted) - len(value)) <= _STEM:
        return _ALIKE
    parts = [_WORD.findall(text) for text in (wanted, value)]
    if len(parts[0]) != len(parts[1]):
        parts = [[wanted], [value]]
    # `a.example.com` is another host than `b.example.com`, however much they share.
    return min((SequenceMatcher(None, a, b, autojunk=False).ratio() for a, b in zip(*parts, strict=True)), default=0.0)
