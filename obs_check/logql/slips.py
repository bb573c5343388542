"""Slips of people who know another query language: PromQL's functions, names with dots, SQL's words, Perl's patterns.

Each function takes the error and the text, and yields what may be meant; remedies.py has those of hurried typing.
"""

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import NamedTuple

from obs_check.errors import QueryError
from obs_check.golang.regex import compile_re2
from obs_check.logql.syntax.tokens import FUNCTIONS


class Remedy(NamedTuple):
    """Words for what helps, and the whole query with that, "" where only a person knows."""

    words: str
    text: str = ""


Slip = Callable[[QueryError, str], Iterator[Remedy]]

QUOTED = r"(?:\"(?:[^\"\\]|\\.)*\"|`[^`]*`)"
FILTER = r"(?:\|=|\|~|\|>|!=|!~|!>)"
_NAME = re.compile(r"[A-Za-z_]\w*(?:[./-]\w+)+")
_JOINED = re.compile(rf"(?P<op>{FILTER})\s*(?P<text>{QUOTED})\s*(?:and|&&|,)\s*(?={FILTER}\s*{QUOTED})")
_OTHERWISE = re.compile(rf"(?P<first>(?P<op>{FILTER})\s*{QUOTED}\s*(?:or|\|\|))\s*(?P=op)\s*(?={QUOTED})")
_PIPED_FILTER = re.compile(rf"\|\s*(?=(?:\|=|\|~|!=|!~)\s*{QUOTED})")
_CALLED = re.compile(r"(\w+)\s*\(")
_IN = re.compile(rf"(\w+)\s+(not\s+)?in\s*\(\s*({QUOTED}(?:\s*,\s*{QUOTED})*)\s*\)", re.IGNORECASE)
_TILDE = re.compile(rf"(\w+)\s*~\s*(?={QUOTED})")
_WORD_BEFORE = re.compile(r"\|\s*(where|filter)\s+(?=\w+\s*[=!<>])", re.IGNORECASE)
_NO_STAGE = re.compile(r"\|\s*(limit|head|tail|sort|count|stats)\b", re.IGNORECASE)
_COLON = re.compile(rf"([{{,]\s*\w+)\s*:\s*(?={QUOTED})")
_NAME_IN_QUOTES = re.compile(r"([{,]\s*)\"(\w+)\"\s*(?==|!)")
_APART = re.compile(r"(?<=[<>=]) *(\d+(?:\.\d+)?)\s+(ns|us|ms|s|m|h|[KMGT]i?B|B)\b", re.IGNORECASE)
_TEXT_AS_PATTERN = re.compile(rf"\|~\s*({QUOTED})")
_LISTING = re.compile(rf"\|\s*(?:json|logfmt|label_format)\b(?:{QUOTED}|[^|\"`])*(?:{QUOTED}|\w)\s*$")
_NAMED = re.compile(r"\w+\s*=")
_ESCAPED = re.compile(r"(?<!\\)\\(?![abfnrtvxuU0-7\\\"'])")
_TEMPLATE = re.compile(r"`[^`]*\{\{[^`]*`")
_OPERATOR_BEHIND = re.compile(r"\)\s*(?:[-+*/%^<>]|[=!]=|(?:and|or|unless|on|ignoring)\b)")
_NOT = re.compile(rf"(?:!|\bnot\b)\s*\(?\s*(?P<name>\w+)\s*(?P<op>=~|=)\s*(?P<text>{QUOTED})\s*\)?")
_RANGE_OUTSIDE = re.compile(r"\)\s*(?P<range>\[[^\]]*\])(?=\s*(?:\)|$))")
_BARE_TEMPLATE = re.compile(r"(\bline_format\s+|\b\w+\s*=\s*)(\{\{[^|,`\"]*\}\})")
_CONTAINS = re.compile(rf"(?P<name>\w+)\s+(?P<word>contains|like|matches|is)\s+(?P<text>{QUOTED})", re.IGNORECASE)
_LOGQL_FOR = {
    "increase": "count_over_time",
    "absent": "absent_over_time",
    "irate": "rate",
}
"""What counts log lines as the function of PromQL counts samples."""
_ALIKE = 0.8
_LINES_OF_PANEL = "LogQL has no stage `{}`: how many lines are shown, and in which order, is set in the panel"


def _dotted(error: QueryError, text: str) -> Iterator[Remedy]:
    """Loki makes `_` of every other character in the name of a label, also of OTLP's attributes and of JSON's keys."""
    if error.start is None or not re.search(r"unexpected [./-]", error.message):
        return
    for found in _NAME.finditer(text):
        if found.start() < error.start < found.end():
            name = re.sub(r"\W", "_", found[0])
            words = f"a label's name has letters, digits and _ only: {name}"
            yield Remedy(words, text[: found.start()] + name + text[found.end() :])


def _line_filters(error: QueryError, text: str) -> Iterator[Remedy]:
    if "unexpected" not in error.message:
        return
    if (changed := _PIPED_FILTER.sub("", text)) != text:
        yield Remedy("no | stands in front of a line filter", changed)
    if (changed := _OTHERWISE.sub(r"\g<first> ", text)) != text:
        yield Remedy('another text of the same filter stands behind or: |= "a" or "b"', changed.replace(" || ", " or "))
    if (changed := _JOINED.sub(r"\g<op> \g<text> ", text)) != text:
        yield Remedy('line filters follow each other: |= "a" |= "b"', changed)


def _function(error: QueryError, text: str) -> Iterator[Remedy]:
    if "unexpected IDENTIFIER" not in error.message or error.start is None:
        return
    called = _CALLED.match(text, error.start)
    if called is None:
        return
    name = called[1]
    meant = _LOGQL_FOR.get(name) or next(iter(get_close_matches(name, FUNCTIONS, 1, _ALIKE)), "")
    if name == "histogram_quantile":
        yield Remedy("a quantile of log lines is one of a field: quantile_over_time(0.95, {...} | unwrap took [5m])")
    elif meant:
        yield Remedy(f"LogQL has no {name}: {meant}", text[: called.start(1)] + meant + text[called.end(1) :])


def _words_of_sql(error: QueryError, text: str) -> Iterator[Remedy]:
    if "unexpected" not in error.message:
        return

    def listed(found: re.Match[str]) -> str:
        return f"{found[1]}{'!~' if found[2] else '=~'}{one_of(found[3])}"

    if (changed := _IN.sub(listed, text)) != text:
        yield Remedy('several values are a regular expression: =~"a|b"', changed)
    if (changed := _TILDE.sub(r"\1=~", text)) != text:
        yield Remedy("a regular expression is compared with =~", changed)
    if (changed := _WORD_BEFORE.sub("| ", text)) != text:
        yield Remedy("a label filter stands behind | alone", changed)
    if found := _NO_STAGE.search(text):
        yield Remedy(_LINES_OF_PANEL.format(found[1]))
    if (changed := _APART.sub(r" \1\2", text)) != text:
        yield Remedy("a number and its unit stand together", changed)


def _matchers(error: QueryError, text: str) -> Iterator[Remedy]:
    if "expecting = or =~ or !~ or !=" in error.message and error.start is not None:
        if (changed := _COLON.sub(r"\1=", text)) != text:
            yield Remedy("a matcher compares with =", changed)
        elif text[error.start] in '"`':
            yield Remedy("a matcher compares with =", f"{text[: error.start]}={text[error.start :]}")
    if "unexpected STRING, expecting IDENTIFIER" in error.message:
        changed = _NAME_IN_QUOTES.sub(r"\1\2", text)
        yield Remedy("a label's name stands without quotes", changed if changed != text else "")
    if "unexpected $end, expecting } or ," in error.message:
        yield Remedy("the selector has no closing }", text.rstrip() + "}")


def _lists(error: QueryError, text: str) -> Iterator[Remedy]:
    if "unexpected IDENTIFIER" not in error.message or error.start is None:
        return
    if _LISTING.search(text, 0, error.start) and _NAMED.match(text, error.start):
        yield Remedy(
            "a comma stands between what a stage sets", f"{text[: error.start].rstrip()}, {text[error.start :]}"
        )


def _range_of_lines(error: QueryError, text: str) -> Iterator[Remedy]:
    before = text[: error.start]
    # In the brackets of a function a range has its place: something in front of it is not whole.
    if "unexpected RANGE" in error.message and before.count("(") == before.count(")"):
        yield Remedy("lines have no range: leave it out to see them, or count them: count_over_time({...} [5m])")
    if "with unwrap" in error.message:
        yield Remedy("what counts lines takes no unwrap: leave it out, or sum the values with sum_over_time")


def _patterns(error: QueryError, text: str) -> Iterator[Remedy]:
    if "at least one named capture" in error.message:
        yield Remedy("a capture has a name, that of its label: (?P<took>\\d+)")
    if re.search(r"Perl syntax: `\(\?<?[=!]", error.message):
        yield Remedy('Go\'s regular expressions have no look-around: put a second filter beside it, such as != "text"')
    if "regexp: missing closing" in error.message and (changed := _TEXT_AS_PATTERN.sub(_as_text, text)) != text:
        yield Remedy("a text that is no regular expression is looked for with |=", changed)
    if "invalid syntax" in error.message and "template" in error.message:
        changed = _TEMPLATE.sub(lambda found: _ESCAPED.sub(r"\\\\", found[0]), text)
        words = "in a text of a template a backslash is written twice: \\\\d, or [.] in the place of \\."
        yield Remedy(words, changed if changed != text else "")
    if "unclosed action" in error.message:
        yield Remedy("a {{ of the template has no }}")


def _as_text(found: re.Match[str]) -> str:
    try:
        compile_re2(found[1][1:-1])
    except QueryError:
        return f"|={found[0][2:]}"
    return found[0]


def _brackets(error: QueryError, text: str) -> Iterator[Remedy]:
    """Parentheses and braces that are too few, too many or doubled."""
    bare = re.sub(QUOTED, lambda found: "_" * len(found[0]), text)
    missing = bare.count("(") - bare.count(")")
    # In front of an operator the end is not where it is missing.
    ends = error.message.endswith("unexpected $end") and _OPERATOR_BEHIND.search(bare) is None
    if missing > 0 and ends and bare.count("{") == bare.count("}"):
        what = "a ) is" if missing == 1 else f"{missing} ) are"
        yield Remedy(f"{what} missing at the end", text.rstrip() + ")" * missing)
    if missing < 0 and "unexpected )" in error.message and re.search(rf"\){{{-missing},}}\s*$", bare):
        yield Remedy(
            "the ) at the end is one too many" if missing == -1 else "there are ) too many at the end",
            text.rstrip()[:missing],
        )
    if (
        "unexpected {" in error.message
        and (doubled := re.search(r"\{\{([^{}]*)\}\}", bare))
        and "line_format" not in bare
    ):
        inside = text[doubled.start(1) : doubled.end(1)]
        yield Remedy(
            "a selector stands in one pair of braces", f"{text[: doubled.start()]}{{{inside}}}{text[doubled.end() :]}"
        )
    if "unexpected )" in error.message and (outside := _RANGE_OUTSIDE.search(bare)):
        place = slice(outside.start("range"), outside.end("range"))
        inside = f"{text[: outside.start()]} {text[place]}){text[outside.end() :]}"
        yield Remedy("the range stands inside of the function's parentheses", inside)


def _templates(error: QueryError, text: str) -> Iterator[Remedy]:
    if "unexpected {, expecting" in error.message and (changed := _BARE_TEMPLATE.sub(r"\1`\2`", text)) != text:
        yield Remedy("a template stands in backticks", changed)


def _words_of_others(error: QueryError, text: str) -> Iterator[Remedy]:
    """`||` for a pipe, a comma behind the last of a list, words for a comparison, `!` or `not` in front of one."""
    if "unexpected |" in error.message:
        if (changed := re.sub(r"\|\|\s*(?=[a-z_])", "| ", text)) != text:
            yield Remedy("one | stands in front of a stage", changed)
        if (changed := re.sub(r",\s*(?=\|)", " ", text)) != text:
            yield Remedy("no comma stands behind the last label of a stage", changed)
    if "unexpected IDENTIFIER" in error.message and (changed := _CONTAINS.sub(_as_expression, text)) != text:
        yield Remedy("LogQL compares with = and =~, a part of a text with =~", changed)
    if "unexpected" in error.message and (changed := _NOT.sub(_negated, text)) != text:
        yield Remedy("LogQL has no `!` or `not` in front of a comparison: != or !~", changed)


def _negated(found: re.Match[str]) -> str:
    return f"{found['name']}{'!~' if found['op'] == '=~' else '!='}{found['text']}"


def one_of(texts: str) -> str:
    """A quoted regular expression that fits each of the quoted texts of a list, and nothing else."""
    return _quoted("|".join(re.escape(text[1:-1]) for text in re.findall(QUOTED, texts)))


def _quoted(expression: str) -> str:
    quote = "`" if "\\" in expression else '"'
    return f"{quote}{expression}{quote}"


def _as_expression(found: re.Match[str]) -> str:
    inside, word = found["text"][1:-1], found["word"].lower()
    if word in ("matches", "is"):
        return f"{found['name']}{'=~' if word == 'matches' else '='}{found['text']}"
    if word == "like":
        return f"{found['name']}=~{_quoted(re.escape(inside).replace('%', '.*').replace('_', '.'))}"
    return f"{found['name']}=~{_quoted(f'.*{re.escape(inside)}.*')}"


SLIPS: tuple[Slip, ...] = (
    _templates,
    _brackets,
    _words_of_others,
    _dotted,
    _words_of_sql,
    _function,
    _line_filters,
    _matchers,
    _lists,
    _range_of_lines,
    _patterns,
)
