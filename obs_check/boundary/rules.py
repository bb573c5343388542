"""Boundary's allow rules: the grammar and what they match.

Source of every rule here: boundary v0.9.0. A rule is a row of `method=`, `domain=`, `path=` pairs parted by blanks.
Rules are tried in order and the first that matches allows; keys of one rule must all match; a key that is not written
matches everything; no match is a denial.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes, urlsplit

from obs_check.errors import ConfigError

ANY = "*"

_KEY = re.compile(r"(method|domain|path)=")
_BLANKS = re.compile(r"[ \t\n]*")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]*")
_LABEL = re.compile(r"\*|[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?![A-Za-z0-9-])")
_SEGMENT = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+;=:@]|%[0-9A-Fa-f]{2})*")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Rule:
    """One parsed rule. None for a part means that the key was not written.

    `methods`: tokens, `*` among them matches any. `host`: labels, left to right. `paths`: alternatives, each a tuple of
    segments; an alternative without segments matches every path. `raw` is the text as written, which the audit shows.
    """

    raw: str
    methods: frozenset[str] | None = None
    host: tuple[str, ...] | None = None
    paths: tuple[tuple[str, ...], ...] | None = None


def parse_rule(text: str) -> Rule:
    """Parse one rule; ConfigError with the place where it stops making sense. An empty rule allows everything."""
    methods: set[str] | None = None
    host: list[str] | None = None
    paths: list[tuple[str, ...]] | None = None
    at = 0
    while at < len(text):
        key = _KEY.match(text, at)
        if key is None:
            raise _wrong(text, at, "expected method=, domain= or path=")
        at = key.end()
        if key[1] == "method":
            found, at = _methods(text, at)
            methods = (methods or set()) | found
        elif key[1] == "domain":
            labels, at = _host(text, at)
            # A second domain= of the same rule lengthens the first one, it is not an alternative.
            host = (host or []) + labels
        else:
            more, at = _paths(text, at)
            paths = (paths or []) + more
        at = _end(_BLANKS, text, at)
    return Rule(
        text,
        None if methods is None else frozenset(methods),
        None if host is None else tuple(host),
        None if paths is None else tuple(paths),
    )


def parse_rules(texts: Sequence[str]) -> tuple[Rule, ...]:
    """Parse all rules; boundary does not start when one of them is wrong, so the first ConfigError ends it."""
    return tuple(parse_rule(text) for text in texts)


def evaluate(rules: Sequence[Rule], method: str, url: str) -> Rule | None:
    """The first rule that allows a request, or None: denied. `url` is absolute, as the audit shows it."""
    for rule in rules:
        if matches(rule, method, url):
            return rule
    return None


def matches(rule: Rule, method: str, url: str) -> bool:
    """Whether one rule allows a request. Port, query and fragment take no part; case counts in method, host, path."""
    if rule.methods is not None and method not in rule.methods and ANY not in rule.methods:
        return False
    target = _target(url)
    if target is None:
        return False
    host, path = target
    if rule.host is not None and not _host_matches(rule.host, host.split(".")):
        return False
    return rule.paths is None or any(_path_matches(pattern, path) for pattern in rule.paths)


def _target(url: str) -> tuple[str, list[str]] | None:
    """Host and decoded path segments of a URL; None for a URL that Go's parser refuses, which no rule allows."""
    if "://" not in url:
        url = f"https://{url}"
    if _CONTROL.search(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if _BAD_ESCAPE.search(parts.path):
        return None
    # urlsplit().hostname would lower the case, and case counts.
    host = re.sub(r":\d*$", "", parts.netloc.rpartition("@")[2])
    if ":" in host and not host.startswith("["):
        return None
    host = host.strip("[]")
    path = unquote_to_bytes(parts.path).decode("utf-8", "surrogateescape")
    segments = path.split("/")
    return host, segments[1:] if segments[0] == "" else segments


def _host_matches(pattern: tuple[str, ...], labels: list[str]) -> bool:
    """The pattern is laid on the end of the host; only a leading `*` may stand for more than one label."""
    if len(pattern) > len(labels):
        return False
    tail = labels[len(labels) - len(pattern) :]
    if any(want not in (ANY, have) for want, have in zip(pattern, tail, strict=True)):
        return False
    return len(labels) == len(pattern) or pattern[0] == ANY


def _path_matches(pattern: tuple[str, ...], segments: list[str]) -> bool:
    """Segment by segment from the left; a longer path needs a final `*` or the empty pattern (`path=/`)."""
    if len(pattern) > len(segments):
        return False
    if any(want not in (ANY, have) for want, have in zip(pattern, segments, strict=False)):
        return False
    return len(segments) == len(pattern) or not pattern or pattern[-1] == ANY


def _methods(text: str, at: int) -> tuple[set[str], int]:
    """Tokens parted by commas, from `at`."""
    methods: set[str] = set()
    while True:
        if at >= len(text):
            raise _wrong(text, at, "expected an HTTP method")
        end = _end(_TOKEN, text, at)
        methods.add(text[at:end])
        if text[end : end + 1] != ",":
            return methods, end
        at = end + 1


def _host(text: str, at: int) -> tuple[list[str], int]:
    """Labels parted by dots. No port, no underscore, no hyphen at an end of a label, no `*` at the end of the host."""
    labels: list[str] = []
    while True:
        label = _LABEL.match(text, at)
        if label is None:
            raise _wrong(text, at, "expected a host label: letters, digits, inner hyphens, or *")
        labels.append(label[0])
        at = label.end()
        if text[at : at + 1] != ".":
            break
        at += 1
    if labels != [ANY] and labels[-1] == ANY:
        raise _wrong(text, at - 1, "a host pattern cannot end with *")
    return labels, at


def _paths(text: str, at: int) -> tuple[list[tuple[str, ...]], int]:
    """Path patterns parted by commas; a leading slash may be left out."""
    patterns: list[tuple[str, ...]] = []
    while True:
        pattern, at = _path(text, at)
        patterns.append(pattern)
        if text[at : at + 1] != ",":
            return patterns, at
        at += 1


def _path(text: str, at: int) -> tuple[tuple[str, ...], int]:
    """Segments of one path pattern; `*` stands for a whole segment only."""
    segments: list[str] = []
    while True:
        if text[at : at + 1] == "/":
            at += 1
        if text[at : at + 1] == ANY:
            if text[at + 1 : at + 2] not in ("", "/", ",", " ", "\t", "\n"):
                raise _wrong(text, at, "* stands for a whole path segment")
            segment, at = ANY, at + 1
        else:
            end = _end(_SEGMENT, text, at)
            segment, at = text[at:end], end
        if not segment:
            return tuple(segments), at
        segments.append(segment)
        if text[at : at + 1] != "/":
            return tuple(segments), at


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where a pattern that may be empty stops."""
    found = pattern.match(text, at)
    return found.end() if found else at


def _wrong(text: str, at: int, what: str) -> ConfigError:
    return ConfigError(
        f"allow rule {text!r}, column {at + 1}: {what}",
        "write it as method=GET,POST domain=*.example path=/a,/b/*, parts optional, parted by blanks",
    )
