"""logfmt as promtail's decoder reads it.

By hand, because it has to take and refuse what that decoder does.
"""

from collections.abc import Iterator

from obs_check.logql.stages.logfmt_scan import unquoted


class BadLogfmt(ValueError):
    """A line that stops being logfmt; what was read before it stands."""


def pairs(line: str) -> Iterator[tuple[str, str]]:
    """Keys and values in order; a key without `=` has the value "". Raises BadLogfmt at the first `"` or `=` out of
    place or a quote that does not end."""
    at, end = 0, len(line)
    while True:
        while at < end and line[at] <= " ":
            at += 1
        if at == end:
            return
        start = at
        while at < end and line[at] > " " and line[at] != "=":
            if line[at] == '"':
                raise BadLogfmt(f"unexpected quote at character {at + 1}")
            at += 1
        key = line[start:at]
        if not key or "\ufffd" in key:
            raise BadLogfmt(f"no key at character {start + 1}")
        if at == end or line[at] != "=":
            yield key, ""
            continue
        value, at = _value(line, at + 1)
        yield key, value


def _value(line: str, at: int) -> tuple[str, int]:
    """The value that starts at `at`, and where it ends."""
    if line[at : at + 1] == '"':
        return _quoted(line, at)
    start = at
    while at < len(line) and line[at] > " ":
        if line[at] in '="':
            raise BadLogfmt(f"unexpected {line[at]} at character {at + 1}")
        at += 1
    return line[start:at], at


def _quoted(line: str, start: int) -> tuple[str, int]:
    at, escaped = start + 1, False
    while at < len(line) and line[at] != '"':
        if line[at] == "\\":
            escaped = True
            at += 1
        at += 1
    if at >= len(line):
        raise BadLogfmt(f"the quote at character {start + 1} does not end")
    if not escaped:
        return line[start + 1 : at], at + 1
    try:
        return unquoted(line[start : at + 1], controls=False), at + 1
    except ValueError:
        raise BadLogfmt(f"an escape in the quotes at character {start + 1} is not known") from None
