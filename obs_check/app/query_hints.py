"""What a person most likely meant by a query that does not parse: slips of hurried typing and of pasting."""

import re
from difflib import get_close_matches

from obs_check.errors import QueryError
from obs_check.logql.syntax.tokens import RANGE_OPS

_STAGES = (
    *("json", "logfmt", "regexp", "pattern", "unpack", "unwrap"),
    *("line_format", "label_format", "decolorize", "drop", "keep"),
)
_VARIABLE = re.compile(r"\$\{\w+[^}]*\}|\$\w+|\[\[\w+\]\]")
_PIPED_WORD = re.compile(r"\|\s*([a-zA-Z_]\w*)\s*(?=[|\[)\"`]|$)")


def hint_for(error: QueryError) -> str:
    """A remedy in one clause; the error's own hint where nothing better is known."""
    text = error.text
    if found := _VARIABLE.search(text):
        return f"{found[0]} is filled in by Grafana: write its value, such as [5m] for a range"
    for word in _PIPED_WORD.findall(text):
        near = get_close_matches(word, _STAGES, 1) if word not in _STAGES else []
        if near:
            return f"did you mean `| {near[0]}`?"
    if "unexpected IDENTIFIER, expecting STRING" in error.message and error.start is not None:
        return f'put the text in quotes: "{text[error.start : error.end]}"'
    if not text.lstrip().startswith("{") and re.match(r"\s*\w+\s*(=|!)", text):
        return f"a selector stands in braces: {{{text.strip()}}}"
    if "unexpected )" in error.message and "[" not in text and any(f"{name}(" in text for name in RANGE_OPS):
        return 'a range is missing: count_over_time({job="boundary"}[5m])'
    return error.hint
