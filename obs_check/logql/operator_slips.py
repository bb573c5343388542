"""Slips of people who know other languages' signs: `&&` and `||`, `==` and `<>`, texts without quotes or without the
sign of a line filter, lists in parentheses.

Each is a text around the place of the error, and what is written in its place.
"""

import re
from collections.abc import Callable, Iterator

from obs_check.errors import QueryError
from obs_check.logql.slips import FILTER, QUOTED, Remedy, Slip, one_of
from obs_check.logql.syntax.tokens import FUNCTIONS

_COMPARED = rf"(?P<left>(?:[=!]=|[=!]~|[<>]=?|=)\s*(?:{QUOTED}|\d[\w.]*)\s*\)*\s*)"
_NEXT_LABEL = r"(?=\s*\(*\s*\w+\s*[=!<>])"
_NEXT_METRIC = r"(?=\s*(?:\(|\d|\w+\s*(?:(?:by|without)\s*\([^()]*\)\s*)?\())"
_SEVERAL = rf"{QUOTED}(?:\s*,\s*{QUOTED})*"
_LISTED = r"\w+(?:\s*,\s*\w+)*"
_WORDS = {"&&": "and", "||": "or"}
_SIGNS = {"!==": "!=", "<>": "!=", "=>": ">=", "=<": "<=", "===": "==", "==": "="}
_OF_SAMPLES = {name.removesuffix("_over_time") for name in FUNCTIONS if name.endswith("_over_time")}
_AGGREGATED = re.compile(rf"\b(?P<name>{'|'.join(sorted(_OF_SAMPLES))})\s*\(\s*(?=\{{)")
_UNQUOTED = re.compile(r"(?P<op>\|=|\|~|!=|!~|=~|=)\s*$")
_WORD_OF_LINE = re.compile(r"[^|\[\])}\"`\n]+")
_WORD_OF_PATTERN = re.compile(r"(?:[^\s,)}\]\[\"`|]|\|(?=\w))+")
_WORD = re.compile(r"[^\s,)}\]\[\"`|<>=!(]+")
_GROUPED_INSIDE = re.compile(
    r"\s*(?P<name>sum|avg|min|max|count)\s*\((?P<inner>.*\))\s*(?P<grouping>(?:by|without)\s*\([^()]*\))\s*\)\s*",
    re.DOTALL,
)
_BEHIND_GROUPING = re.compile(r"\b(?:by|without)\s*\([^()]*\)\s*$")
_Change = Callable[[re.Match[str]], str]


def _word(found: re.Match[str]) -> str:
    return f"{found['left'].rstrip()} {_WORDS[found['sign']]}"


def _line_filter(found: re.Match[str]) -> str:
    return f"{found['left'].rstrip()} {'|~' if '~' in found['sign'] else '|='} "


def _values(found: re.Match[str]) -> str:
    return f"=~{one_of(found['values'])}"


_AROUND: tuple[tuple[str, str | _Change, str], ...] = (
    (rf"{_COMPARED}(?P<sign>&&|\|\|){_NEXT_LABEL}", _word, "label filters are joined by `and` and `or`"),
    (rf"(?P<left>\)\s*)(?P<sign>&&|\|\|){_NEXT_METRIC}", _word, "series are joined by `and` and `or`"),
    (
        rf"(?P<op>{FILTER})\s*(?P<text>{QUOTED})\s*\|\|\s*(?:(?P=op)\s*)?(?={QUOTED})",
        r"\g<op> \g<text> or ",
        'another text of the same filter stands behind or: |= "a" or "b"',
    ),
    (
        rf"(?P<op>{FILTER})\s*(?P<text>{QUOTED})\s*(?:&&|and)\s*(?={QUOTED})",
        r"\g<op> \g<text> \g<op> ",
        'line filters follow each other: |= "a" |= "b"',
    ),
    (
        rf"(?P<op>{FILTER})\s*\((?P<in>\s*{QUOTED}(?:\s*or\s*{QUOTED})*\s*)\)",
        r"\g<op> \g<in>",
        "texts need no parentheses",
    ),
    (rf"!\|=(?=\s*{QUOTED})", "!=", "what is not in a line is left out by !="),
    (r"!==|<>|=>|=<|===", lambda found: _SIGNS[found[0]], "LogQL compares with =, !=, =~, !~, ==, >, >=, < and <="),
    (r"==(?=\s*[\"`])", "=", "a text is compared with one ="),
    (rf"(?<=\))(\s*)=(?={_NEXT_METRIC[3:]}", r"\1==", "numbers are compared with =="),
    (
        rf"(?P<left>\}}\s*|{FILTER}\s*{QUOTED}\s*)(?P<sign>[=~]|(?<=\}}) ?\|?|(?<=\}})\|?) *(?={QUOTED}|ip\s*\()",
        _line_filter,
        'a line filter is |= "text", or |~ "expression"',
    ),
    (rf"(?<=\w)\s*=~?\s*\[\s*(?P<values>{_SEVERAL})\s*\]", _values, 'several values are a regular expression: =~"a|b"'),
    (rf"(\|\s*(?:drop|keep|json|logfmt))\s*\(\s*({_LISTED})\s*\)", r"\1 \2", "labels of a stage need no parentheses"),
    (rf"(\|\s*(?:drop|keep|json|logfmt)\s+{_LISTED})\s+(?=\w)", r"\1, ", "a comma stands between labels of a stage"),
    (r"(\|\s*json\s+)\.(\w+)(?=\s*(?:$|[|\[),]))", r"\1\2", "a key of JSON is named without a dot in front"),
    (r"((?:\blabel_format\s+|,\s*))\"(\w+)\"\s*(?==)", r"\1\2", "a label's name stands without quotes"),
    (r",\s*(?=[})])", "", "no comma stands behind the last of a list"),
    (r"(?<=\{)\s*,\s*", "", "no comma stands in front of the first of a list"),
    (rf"(?P<left>{QUOTED})\s*(?:;|and\b|&&)\s*(?=\w+\s*[=!])", r"\g<left>, ", "a comma stands between matchers"),
    (r"\s*\}\s*\{\s*", ", ", "a selector stands in one pair of braces"),
    (
        r"\[\s*(\d+)\s*(?:(s)(?:ec(?:onds?)?)?|(m)(?:in(?:utes?)?)?|(h)(?:ours?|rs?)?|(d)(?:ays?)?|(w)(?:eeks?)?)\s*\]",
        lambda found: f"[{''.join(part or '' for part in found.groups())}]",
        "a duration is a number with s, m, h, d or w",
    ),
    (r"\bgroup\s+(?=by\b)", "", "a grouping is `by (...)` alone"),
)
_COMPILED = tuple((re.compile(pattern), new, words) for pattern, new, words in _AROUND)


def _around(error: QueryError, text: str) -> Iterator[Remedy]:
    if error.start is None or not re.search(r"unexpected (?!RANGE)|in duration|duration string", error.message):
        return
    for pattern, new, words in _COMPILED:
        for found in pattern.finditer(text):
            if found.start() <= error.start <= found.end() and not _in_text(text, found.start()):
                written = new(found) if callable(new) else found.expand(new)
                yield Remedy(words, text[: found.start()] + written + text[found.end() :])


def _in_text(text: str, place: int) -> bool:
    """Whether a place is inside of quotes."""
    return any(found.start() < place < found.end() for found in re.finditer(QUOTED, text))


def _without_quotes(error: QueryError, text: str) -> Iterator[Remedy]:
    """A text that a comparison stands in front of, up to where it can end."""
    before = _UNQUOTED.search(text, 0, error.start) if error.start is not None else None
    if before is None or error.start is None or text[error.start : error.start + 1] in "\"`'‘’“”[{(=":
        return
    of_line = before["op"].startswith("|") or re.search(r"[}\"`]\s*$", text[: before.start()]) is not None
    word = _WORD_OF_LINE if of_line else _WORD_OF_PATTERN if before["op"].endswith("~") else _WORD
    found = word.match(text, error.start)
    if found is None or found[0].startswith(("$", ".")):
        return
    value = "" if found[0] in ("null", "nil", "undefined") else found[0].strip()
    quoted = f"`{value}`" if "\\" in value else f'"{value}"'
    end = found.end() - (len(found[0]) - len(found[0].rstrip()))
    yield Remedy(f"put the text in quotes: {quoted}", text[: error.start] + quoted + text[end:])


def _aggregated(error: QueryError, text: str) -> Iterator[Remedy]:
    """`avg({...} | unwrap x [5m])`: what Loki counts or sums over a range has `_over_time` behind its name."""
    if error.start is None or not re.search(r"unexpected (?:RANGE|unwrap)", error.message):
        return
    called = list(_AGGREGATED.finditer(text, 0, error.start))
    if called and (called[-1]["name"] == "count") != ("unwrap" in text[called[-1].end() :]):
        place = called[-1].end("name")
        yield Remedy(f"over a range it is {called[-1]['name']}_over_time", f"{text[:place]}_over_time{text[place:]}")


def _grouped(error: QueryError, text: str) -> Iterator[Remedy]:
    if "grouping not allowed for" in error.message and (found := _GROUPED_INSIDE.fullmatch(text)):
        outside = f"{found['name']} {found['grouping']} ({found['inner']})"
        yield Remedy(f"group around it: {found['name']} {found['grouping']} (rate(...))", outside)
    behind_grouping = error.start is not None and _BEHIND_GROUPING.search(text, 0, error.start)
    if behind_grouping and error.message.endswith(", expecting ("):
        yield Remedy("what is grouped stands in parentheses", f"{text[: error.start]}({text[error.start :].rstrip()})")
    if "unexpected literal for" in error.message:
        yield Remedy("`or` takes series on both sides; a zero for nothing hides that there is nothing")


SLIPS: tuple[Slip, ...] = (_around, _without_quotes, _aggregated, _grouped)
