"""What a person most likely meant by a query that is refused: slips of hurried typing and of pasting."""

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches

from obs_check.errors import QueryError
from obs_check.logql import operator_slips
from obs_check.logql.slips import SLIPS, Remedy, Slip
from obs_check.logql.syntax.style import PLAIN_NAME

_STAGES = (
    *("json", "logfmt", "regexp", "pattern", "unpack", "unwrap"),
    *("line_format", "label_format", "decolorize", "drop", "keep"),
)
_VARIABLE = re.compile(r"\$\{\w+[^}]*\}|\$\w+|\[\[\w+\]\]")
_PIPED_WORD = re.compile(r"\|\s*([a-zA-Z_]\w*)\s*(?=[|\[)\"`]|$)")
_BARE_GROUPING = re.compile(r"\b(by|without)\s+(\w+(?:\s*,\s*\w+)*)\s*(?=[({]|$)")
_GROUPED = re.compile(r"\s*\w+\s*\(.*\)\s*(?P<grouping>(?:by|without)\s*\([^()]*\))\s*", re.DOTALL)
_DANGLING_PIPE = re.compile(r"\|\s*(?:$|[\[)|])")
_BARE_TEXT = re.compile(r"[\w.'‘’“”-]+")
_UNQUOTED = re.compile(r"unexpected (?:(?:IDENTIFIER|NUMBER), expecting STRING|IDENTIFIER$)")
_COMPARED_BEFORE = re.compile(r"\w\s*(?:=|!=|=~|!~)\s*$")
_OTHER_QUOTES = "'‘’“”"
_QUOTED_OTHERWISE = re.compile(r"(?<=[=~])\s*['‘“]([^'’”\"`]*)['’”]")
_TEXT_COMPARED = re.compile(r"(\w+)\s*==\s*(\"[^\"]*\"|`[^`]*`)")
_TEXT_ORDERED = re.compile(r"(\w+)\s*([<>]=?)\s*[\"`]([\d.]+\w*)[\"`]")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_PATH = re.compile(r"cannot parse expression \[(?P<path>.*?)\](?=$|: )")
_BARE_KEY = re.compile(r"\[(?P<key>[^\]\[\"*\d][^\]\[\"*]*)\]")
_GLOB = re.compile(r"missing argument to repetition operator")
_ALTERNATIVE = re.compile(
    r"(?P<left>(?P<label>\w+)\s*(?P<op>=~|!=|!~|[<>]=?|==?)\s*(?:\"[^\"]*\"|`[^`]*`|\d[\w.]*)\s+(?:or|and))\s+(?=[\"`\d])"
)
_ACCEPTS_EMPTY = re.compile(r"(?<==~)(\s*)([\"`])\.\*([\"`])")
_SLIPS_AT_MOST = 10
"""A query with more is better written anew."""
_REFUSALS = (
    ("pipeline error", "--explain shows the stage that sets it, and a line"),
    ("max entries limit", "ask for fewer: --limit"),
    ("maximum of series", "aggregate into fewer series, such as topk(20, sum by (host) (...))"),
    ("query time range exceeds", "a shorter range: --since, --from"),
    ("exceeded maximum resolution", "a longer --step"),
    ("too many outstanding requests", "try again later, or a shorter range"),
)


def remedies(error: QueryError) -> Iterator[Remedy]:
    """What may help against a query that does not parse, the likeliest first; a text need not parse either."""
    for slip in (*operator_slips.SLIPS, *_SLIPS, *SLIPS, _end):
        yield from slip(error, error.text)


def mended_query(error: QueryError, read: Callable[[str], QueryError | None]) -> str | None:
    """The query with every slip mended, as `read` finds it to parse; None where a person has to do it."""
    for _ in range(_SLIPS_AT_MOST):
        text = next((r.text for r in remedies(error) if r.text not in ("", error.text)), None)
        if text is None:
            return None
        found = read(text)
        if found is None:
            return text
        error = found
    return None


def hint_for(error: QueryError) -> str:
    """A remedy in one clause; the error's own hint where nothing better is known."""
    if found := _VARIABLE.search(error.text):
        return f"{found[0]} is filled in by Grafana: write its value, such as [5m] for a range"
    return next((remedy.words for remedy in remedies(error)), error.hint)


def hint_for_refusal(words: str) -> str:
    """A remedy for a query that parses and is refused, by the words of the refusal; empty where none is known."""
    return next((hint for part, hint in _REFUSALS if part in words), "")


def _stage(_error: QueryError, text: str) -> Iterator[Remedy]:
    for found in _PIPED_WORD.finditer(text):
        near = get_close_matches(found[1], _STAGES, 1) if found[1] not in _STAGES else []
        if near:
            yield Remedy(f"did you mean `| {near[0]}`?", text[: found.start(1)] + near[0] + text[found.end(1) :])


def _escape(error: QueryError, text: str) -> Iterator[Remedy]:
    """In double quotes a backslash begins an escape of Go's; `\\.` is none."""
    if "invalid char escape" not in error.message or error.start is None:
        return
    string = _STRING.match(text, error.start)
    if string is None or "`" in string[0]:
        yield Remedy("in double quotes a backslash is written twice")
        return
    inside = re.sub(r'\\([\\"])', r"\1", string[0][1:-1])
    new = f"`{inside}`"
    yield Remedy(f"in backticks a backslash is one: {new}", text[: string.start()] + new + text[string.end() :])


def _quotes(error: QueryError, text: str) -> Iterator[Remedy]:
    if "literal not terminated" in error.message and error.start is not None:
        yield Remedy(f"the text that begins here has no closing {text[error.start]}")
    if "invalid char literal" in error.message and (quoted := _QUOTED_OTHERWISE.sub(r'"\1"', text)) != text:
        yield Remedy('texts stand in double quotes or backticks: "..."', quoted)
    if error.start is None or not _UNQUOTED.search(error.message):
        return
    if "expecting" not in error.message and not _COMPARED_BEFORE.search(text, 0, error.start):
        return
    word = _BARE_TEXT.match(text, error.start)
    quoted = _QUOTED_OTHERWISE.sub(r'"\1"', text)
    if word is None:
        yield Remedy('texts stand in double quotes or backticks: "..."', quoted if quoted != text else "")
        return
    new = f'"{word[0].strip(_OTHER_QUOTES)}"'
    if quoted == text:
        quoted = text[: word.start()] + new + text[word.end() :]
    yield Remedy(f"put the text in quotes: {new}", quoted)


def _comparison(error: QueryError, text: str) -> Iterator[Remedy]:
    if not re.search("unexpected (?:STRING|NUMBER|DURATION|BYTES)", error.message):
        return
    if found := _TEXT_COMPARED.search(text):
        one = f"{found[1]}={found[2]}"
        yield Remedy(f"a text is compared with one =: {one}", _TEXT_COMPARED.sub(r"\1=\2", text))
    if found := _TEXT_ORDERED.search(text):
        yield Remedy(
            f"a number stands without quotes: {found[1]} {found[2]} {found[3]}", _TEXT_ORDERED.sub(r"\1 \2 \3", text)
        )
    if found := _ALTERNATIVE.search(text):
        named = f"{found['left']} {found['label']}{found['op']}"
        yield Remedy("name the label again on the other side", text[: found.start()] + named + text[found.end() :])


def _json_path(error: QueryError, text: str) -> Iterator[Remedy]:
    """A key that is not a plain name, in an expression of `json`."""
    found = _PATH.search(error.message)
    if found is None or not (path := found["path"]):
        return
    whole = path.removeprefix("$").removeprefix(".")
    if "[" in path:
        new = _BARE_KEY.sub(lambda key: f'["{key["key"].strip(_OTHER_QUOTES)}"]', whole)
        if new == path:
            return
    else:
        new = ""
        for key in whole.split("."):
            new += (f".{key}" if new else key) if PLAIN_NAME.fullmatch(key) else f'["{key}"]'
    if whole != path and new == whole:
        words = f"a path begins with the name of a key: `{new}`"
        yield Remedy(words, re.sub(rf"(?<=[\"`]){re.escape(path)}(?=[\"`])", lambda _found: new, text))
        return
    changed = re.sub(rf"[\"`]{re.escape(path)}[\"`]", lambda _found: f"`{new}`", text)
    yield Remedy(f"a key that is not a plain name stands in brackets and quotes: `{new}`", changed)


def _glob(error: QueryError, text: str) -> Iterator[Remedy]:
    if not _GLOB.search(error.message):
        return

    def read(found: re.Match[str]) -> str:
        return found[0][0] + re.sub(r"(?<![.)\]}\w\\])\*", ".*", found[0][1:-1]) + found[0][-1]

    yield Remedy("a regular expression is not a glob: .* for any text", re.sub(r'"[^"]*"|`[^`]*`', read, text))


def _grouping(error: QueryError, text: str) -> Iterator[Remedy]:
    if found := _BARE_GROUPING.search(text):
        new = f"{found[1]} ({found[2]})"
        yield Remedy(f"labels stand in parentheses: {new}", text[: found.start()] + new + " " + text[found.end() :])
    if "grouping not allowed for" in error.message:
        grouped = _GROUPED.fullmatch(text)
        named = grouped["grouping"] if grouped else "by (host)"
        whole = f"sum {named} ({text[: grouped.start('grouping')].strip()})" if grouped else ""
        yield Remedy(f"group around it: sum {named} (rate(...))", whole)


def _selector(error: QueryError, text: str) -> Iterator[Remedy]:
    if not text.lstrip().startswith("{") and re.match(r"\s*\w+\s*(=|!)", text):
        yield Remedy(f"a selector stands in braces: {{{text.strip()}}}", f"{{{text.strip()}}}")
    if "expecting } or ," in error.message and "$end" not in error.message and error.start is not None:
        yield Remedy("a comma stands between matchers", f"{text[: error.start].rstrip()}, {text[error.start :]}")
    if "empty-compatible value" in error.message:
        changed = _ACCEPTS_EMPTY.sub(r"\1\2.+\3", text)
        how = ".+ in place of .*" if changed != text else 'one with a value, such as job=~".+"'
        yield Remedy(f"a selector names one label at least: {how}", changed if changed != text else "")


def _range(error: QueryError, text: str) -> Iterator[Remedy]:
    if "unexpected )" in error.message and "[" not in text and "{" in text:
        yield Remedy('a range is missing: count_over_time({job="boundary"}[5m])')
    if "unexpected offset" in error.message:
        yield Remedy('offset stands behind the range: count_over_time({job="boundary"}[5m] offset 1h)')
    if found := re.search(r'not a valid duration string: "(\d+)"', error.message):
        yield Remedy(f"a duration has a unit: [{found[1]}s] or [{found[1]}m]")


def _aggregation(error: QueryError, _text: str) -> Iterator[Remedy]:
    if found := re.search(r"parameter required for operation (\w+)", error.message):
        number = "0.95" if "quantile" in found[1] else "5"
        yield Remedy(f"{found[1]} takes a number first: {found[1]}({number}, ...)")
    if "unexpected unwrap" in error.message:
        yield Remedy('unwrap stands inside of a range: sum_over_time({job="boundary"} | logfmt | unwrap took [5m])')
    if "without unwrap" in error.message:
        yield Remedy("count lines with count_over_time, or unwrap a label: | unwrap took")


def _end(error: QueryError, text: str) -> Iterator[Remedy]:
    if "syntax error" in error.message and not error.hint and _DANGLING_PIPE.search(text):
        yield Remedy(f"a stage is missing behind |: one of {', '.join(_STAGES)}, or a label filter")
    elif error.message.endswith("unexpected $end") and not error.hint and text.split():
        yield Remedy(f"the query goes on behind `{text.split()[-1]}`")


_SLIPS: tuple[Slip, ...] = (
    _stage,
    _escape,
    _quotes,
    _comparison,
    _json_path,
    _glob,
    _grouping,
    _selector,
    _range,
    _aggregation,
)
