"""Go's regular expressions through RE2."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import re2

from obs_check.errors import QueryError


def _options() -> object:
    options = re2.Options()
    options.log_errors = False
    return options


_OPTIONS = _options()


_GO_WORDS = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "trailing \\": "trailing backslash at end of expression",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
}
"""RE2's reasons where Go words them otherwise."""


_GROUPS = re.compile(r"\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]])*\]|\(\?P?<([^>=!][^>]*)>", re.DOTALL)
_GROUP_NAME = re.compile(r"[A-Za-z0-9_]+")


def capture_names(pattern: str) -> list[str]:
    """The names of a pattern's groups as they are written, from left to right."""
    return [found[1] for found in _GROUPS.finditer(pattern) if found[1] is not None]


@lru_cache(maxsize=512)
def compile_re2(pattern: str) -> Any:
    """The compiled pattern (search, match, fullmatch as in `re`); QueryError when RE2 refuses it."""
    for name in capture_names(pattern) if "<" in pattern else ():
        if not _GROUP_NAME.fullmatch(name):
            raise QueryError(f"error parsing regexp: invalid named capture: `(?P<{name}>`")
    try:
        return re2.compile(pattern, options=_OPTIONS)
    except re2.error as error:
        detail = error.args[0] if error.args else error
        text = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
        reason, _, place = text.partition(": ")
        raise QueryError(f"error parsing regexp: {_GO_WORDS.get(reason, reason)}: `{place}`") from None


def matches(regex: Any, text: str) -> Iterator[Any]:
    """All matches from left to right, as Go's FindAll: none that is empty right behind the one before."""
    end = -1
    for found in regex.finditer(text):
        if found.end() > found.start() or found.start() != end:
            yield found
        end = found.end()


_REFERENCE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<braced>\w+)\}|(?P<bare>\w+))")


def expand(template: str, groups: Sequence[str], names: Mapping[str, int]) -> str:
    """`$1`, `${name}` and `$$` of a replacement; a name is as long as it can be, an unknown one is empty and so is a
    number that begins with 0 (Go: Regexp.Expand). `groups` are the texts of all groups, the whole match first."""

    def value(reference: "re.Match[str]") -> str:
        if reference["dollar"]:
            return "$"
        name = reference["braced"] or reference["bare"]
        is_number = name.isascii() and name.isdigit() and (name == "0" or name[0] != "0")
        index = int(name) if is_number else names.get(name, len(groups))
        return groups[index] if index < len(groups) else ""

    return _REFERENCE.sub(value, template)
