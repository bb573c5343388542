"""Path patterns as promtail 3.5 reads them: doublestar v4. Alloy's are read into such (`alloy/targets.py`).

`*`, `?` and `[a-z]`, `[^a]`, `[!a]` stay inside a segment (dot files included), `{a,b}` are alternatives, a segment
`**` spans any number of directories and a `**` inside a segment is a `*`; a backslash takes the next character as it
is. What stands in front of the first of these is a directory, by its name to the letter, and nothing outside of it is
taken: not by an alternative that begins with a slash either.

By hand, because glob has no alternatives and fnmatch lets `*` cross segments.
"""

import posixpath
import re
from functools import lru_cache

from obs_check.errors import ConfigError

NOTHING = "(?!)"
"""The regular expression that no text has."""
RELATIVE = "begins with no slash, so it takes only what is below the shipper's working directory"
_LITERAL = re.compile(r"(?:\\.|[^*?\[{\\])*", re.DOTALL)


@lru_cache(maxsize=512)
def compile_glob(pattern: str) -> re.Pattern[str]:
    """The regular expression (for `fullmatch`) of a pattern; raises ConfigError where doublestar has ErrBadPattern
    (an open `[`, `{` or a backslash at the end): promtail then logs an error each sync and reads nothing. A range that
    runs backwards, which doublestar never matches, is refused too."""
    whole = "|".join(f"(?:{_whole(one, pattern)})" for one in ways(pattern))
    try:
        return re.compile(whole or NOTHING, re.DOTALL)
    except re.error as error:
        raise _bad(pattern, error.msg) from None


def fits_pattern(pattern: str, path: str) -> bool:
    """Whether a pattern takes a file's path. A pattern that is the path itself fits whatever it contains: promtail
    looks whether such a file exists before it reads the text as a pattern. Raises ConfigError."""
    return bool(pattern) and (pattern == path or compile_glob(pattern).fullmatch(path) is not None)


def matches(pattern: str, path: str) -> bool:
    """As `fits`; a pattern that is none takes nothing."""
    try:
        return fits_pattern(pattern, path)
    except ConfigError:
        return False


def literal_start(pattern: str) -> str:
    """The directory in front of the first wildcard, `/` at least: everything a pattern can take is below it."""
    cleaned = _clean(pattern)
    return _base(cleaned) or "/" if set(cleaned) & set("*?[{\\") else cleaned


def first_difference(pattern: str, path: str) -> str:
    """Where a path leaves a pattern, in words: the first segment that does not fit, or too few or many segments.

    "" when it fits. Alternatives are compared one by one and the one that goes farthest is told.
    """
    if fits_pattern(pattern, path):
        return ""
    if not pattern.startswith("/"):
        return f"`{pattern}` {RELATIVE}"
    names = path.strip("/").split("/")
    best, told = -1, ""
    for one in ways(pattern):
        segments = one.strip("/").split("/")
        depth = _depth(segments, names, pattern)
        if depth <= best:
            continue
        best = depth
        if "**" in segments:
            told = f"`{names[-1]}` does not match `{segments[-1]}`"
        elif depth < min(len(segments), len(names)):
            told = f"`{names[depth]}` does not match `{segments[depth]}`"
        else:
            told = f"the file lies {len(names)} names deep, the pattern {len(segments)}"
    return told


def names_directory(pattern: str, path: str) -> bool:
    """Whether a pattern, or what is meant by it, fits the directory of a path; a pattern that is none does not."""
    directory = posixpath.dirname(path)
    try:
        ways_meant = ways(pattern_meant(pattern))
    except ConfigError:
        return False
    return any(matches(posixpath.dirname(way), directory) for way in ways_meant)


def pattern_meant(pattern: str) -> str:
    """The pattern with which braces around absolute paths take the files that they name; others are as they are."""
    try:
        choices, end = _choices(pattern, 0, pattern) if pattern.startswith("{") else ([], 0)
    except ConfigError:
        return pattern
    if not choices or not all(choice.startswith("/") for choice in choices):
        return pattern
    return f"/{{{','.join(choice[1:] for choice in choices)}}}{pattern[end:]}"


def common_segments(pattern: str, path: str) -> int:
    """How many leading segments of a path fit a pattern's, for choosing the nearest pattern."""
    names = path.strip("/").split("/")
    if not pattern.startswith("/"):
        return 0
    return max((_depth(one.strip("/").split("/"), names, pattern) for one in ways(pattern)), default=0)


def _depth(segments: list[str], names: list[str], pattern: str) -> int:
    """How many of a path's leading names fit segments without alternatives; a `**` fits all but the last."""
    depth = 0
    for segment, name in zip(segments, names, strict=False):
        if segment == "**":
            return max(depth, len(names) - 1)
        if re.fullmatch(_segment(segment, pattern), name, re.DOTALL) is None:
            break
        depth += 1
    return depth


def ways(pattern: str) -> list[str]:
    """The pattern once for each choice of its alternatives, without those that lead away from its directory."""
    cleaned = _clean(pattern)
    base = _base(cleaned)
    rest = cleaned[len(base) :]
    # The directory is not a pattern: a backslash in it is one of its name's characters.
    front = base.replace("\\", "\\\\") + "/" * rest.startswith("/")
    rest = rest.removeprefix("/")
    return [f"{front}{one}" for one in _spelled(rest, pattern) if not one.startswith("/")]


def _base(cleaned: str) -> str:
    """The directory in front of the first part that is a pattern."""
    found = _LITERAL.match(cleaned)
    return found[0].rpartition("/")[0] if found else ""


def _clean(pattern: str) -> str:
    """Go's filepath.Clean: double slashes, `.` and `..` go."""
    cleaned = posixpath.normpath(pattern) if pattern else ""
    return "/" + cleaned.lstrip("/") if pattern.startswith("/") else cleaned


def _bad(pattern: str, why: str) -> ConfigError:
    return ConfigError(f"`{pattern}` is not a path pattern: {why}", "promtail reads nothing for it; write \\ before it")


def _spelled(text: str, pattern: str) -> list[str]:
    """The pattern once for each choice of its alternatives."""
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text[at] == "[":
            at = _class_end(text, at, pattern)
        elif text[at] == "{":
            choices, end = _choices(text, at, pattern)
            return [one for c in choices for one in _spelled(text[:at] + c + text[end:], pattern)]
        else:
            at += 1
    return [text]


def _choices(text: str, at: int, pattern: str) -> tuple[list[str], int]:
    """The alternatives of the brace at `at` and where the text goes on behind it."""
    choices: list[str] = []
    depth, start, i = 0, at + 1, at
    while i < len(text):
        char = text[i]
        if char == "\\":
            i += 2
            continue
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return [*choices, text[start:i]], i + 1
        elif char == "," and depth == 1:
            choices.append(text[start:i])
            start = i + 1
        i += 1
    raise _bad(pattern, "a { is not closed")


def _class_end(text: str, at: int, pattern: str) -> int:
    """The place behind the `]` of the class that starts at `at`."""
    i = at + 1 + (text[at + 1 : at + 2] in ("^", "!"))
    if text[i : i + 1] == "]":
        raise _bad(pattern, "a [] is empty")
    while i < len(text) and text[i] != "]":
        i += 2 if text[i] == "\\" else 1
    if i >= len(text):
        raise _bad(pattern, "a [ is not closed")
    return i + 1


def _whole(text: str, pattern: str) -> str:
    segments = text.split("/")
    parts: list[str] = []
    for i, segment in enumerate(segments):
        last = i == len(segments) - 1
        if segment == "**":
            # The slash before a last ** belongs to it: `/a/**` takes `/a` as well.
            parts.append(".*" if last and i == 0 else "(?:/.*)?" if last else "(?:[^/]+/)*")
            continue
        before_last_double_star = i == len(segments) - 2 and segments[-1] == "**"
        parts.append(_segment(segment, pattern) + ("" if last or before_last_double_star else "/"))
    return "".join(parts)


def _segment(text: str, pattern: str) -> str:
    parts: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == "*":
            if not parts or parts[-1] != "[^/]*":
                parts.append("[^/]*")
        elif char == "?":
            parts.append("[^/]")
        elif char == "[":
            end = _class_end(text, at, pattern)
            parts.append(_class(text[at + 1 : end - 1]))
            at = end
            continue
        elif char == "\\":
            if at + 1 >= len(text):
                raise _bad(pattern, "a backslash ends it")
            at += 1
            parts.append(re.escape(text[at]))
        else:
            parts.append(re.escape(char))
        at += 1
    return "".join(parts)


def _class(inside: str) -> str:
    negated = inside[0] in "^!"
    body, at = [], int(negated)
    while at < len(inside):
        char = inside[at]
        if char == "\\" and at + 1 < len(inside):
            at += 1
            body.append(re.escape(inside[at]))
        else:
            # A dash at the edge stands for itself, as in Go.
            edge = at == int(negated) or at == len(inside) - 1
            body.append(char if char == "-" and not edge else re.escape(char))
        at += 1
    return f"(?!/)[{'^' if negated else ''}{''.join(body)}]"
