"""What a person most likely meant by a query that does not parse: slips of hurried typing and of pasting."""

import re
from difflib import get_close_matches

from obs_check.errors import QueryError

_STAGES = (
    *("json", "logfmt", "regexp", "pattern", "unpack", "unwrap"),
    *("line_format", "label_format", "decolorize", "drop", "keep"),
)
_VARIABLE = re.compile(r"\$\{\w+[^}]*\}|\$\w+|\[\[\w+\]\]")
_PIPED_WORD = re.compile(r"\|\s*([a-zA-Z_]\w*)\s*(?=[|\[)\"`]|$)")
_BARE_GROUPING = re.compile(r"\b(by|without)\s+(\w+(?:\s*,\s*\w+)*)\s*(?=[({]|$)")
_DANGLING_PIPE = re.compile(r"\|\s*(?:$|[\[)|])")
_BARE_TEXT = re.compile(r"[\w.'‘’“”-]+")
_OTHER_QUOTES = "'‘’“”"
_TEXT_COMPARED = re.compile(r"(\w+)\s*==\s*(\"[^\"]*\"|`[^`]*`)")
_REFUSALS = (
    ("pipeline error", "--explain shows the stage that sets it, and a line"),
    ("max entries limit", "ask for fewer: --limit"),
    ("maximum of series", "aggregate into fewer series, such as topk(20, sum by (host) (...))"),
    ("query time range exceeds", "a shorter range: --since, --from"),
    ("exceeded maximum resolution", "a longer --step"),
    ("too many outstanding requests", "try again later, or a shorter range"),
)


def hint_for(error: QueryError) -> str:
    """A remedy in one clause; the error's own hint where nothing better is known."""
    text = error.text
    if found := _VARIABLE.search(text):
        return f"{found[0]} is filled in by Grafana: write its value, such as [5m] for a range"
    for word in _PIPED_WORD.findall(text):
        near = get_close_matches(word, _STAGES, 1) if word not in _STAGES else []
        if near:
            return f"did you mean `| {near[0]}`?"
    if "literal not terminated" in error.message and error.start is not None:
        return f"the text that begins here has no closing {text[error.start]}"
    if "unexpected IDENTIFIER, expecting STRING" in error.message and error.start is not None:
        word = _BARE_TEXT.match(text, error.start)
        return f'put the text in quotes: "{word[0].strip(_OTHER_QUOTES) if word else ""}"'
    if "unexpected STRING" in error.message and (found := _TEXT_COMPARED.search(text)):
        return f"a text is compared with one =: {found[1]}={found[2]}"
    if found := _BARE_GROUPING.search(text):
        return f"labels stand in parentheses: {found[1]} ({found[2]})"
    if not text.lstrip().startswith("{") and re.match(r"\s*\w+\s*(=|!)", text):
        return f"a selector stands in braces: {{{text.strip()}}}"
    if "unexpected )" in error.message and "[" not in text and "{" in text:
        return 'a range is missing: count_over_time({job="boundary"}[5m])'
    if "unexpected offset" in error.message:
        return 'offset stands behind the range: count_over_time({job="boundary"}[5m] offset 1h)'
    if found := re.search(r'not a valid duration string: "(\d+)"', error.message):
        return f"a duration has a unit: [{found[1]}s] or [{found[1]}m]"
    if found := re.search(r"parameter required for operation (\w+)", error.message):
        return f"{found[1]} takes a number first: {found[1]}({'0.95' if 'quantile' in found[1] else '5'}, ...)"
    if "syntax error" in error.message and not error.hint and _DANGLING_PIPE.search(text):
        return f"a stage is missing behind |: one of {', '.join(_STAGES)}, or a label filter"
    if error.message.endswith("unexpected $end") and not error.hint and text.split():
        return f"the query goes on behind `{text.split()[-1]}`"
    return error.hint


def hint_for_refusal(words: str) -> str:
    """A remedy for a query that parses and is refused, by the words of the refusal; empty where none is known."""
    return next((hint for part, hint in _REFUSALS if part in words), "")
