"""Regular expressions that Loki 3.5 turns into text tests before it looks at a line or a label.

The rewrite works on the tree that Go's parser builds: neighbouring characters are one literal, alternatives with a
common start are factored (`foo|foobar` is `foo(?:|bar)`). An expression of literals, `.*`, `.+`, groups and
alternatives becomes tests of "contains"; in a label filter it loses its anchors on the way, unless it is a single
literal. Anything else keeps the regular expression.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

Test = Callable[[str], bool]

_SPECIAL = frozenset("\\.+*?()|[{^$")
_GROUP = re.compile(r"\((?:\?(?P<flags>[ims]*)(?P<end>[:)])|\?P?<[A-Za-z_]\w*>|(?!\?))")
_BRACES = re.compile(r"\{(\d+)(,(\d*))?\}")


class NotSimple(Exception):
    """The expression has a part that is not rewritten."""


@dataclass(frozen=True, slots=True)
class _Literal:
    text: str
    fold: bool


@dataclass(frozen=True, slots=True)
class _Group:
    """A capturing group."""

    inner: "_Node"


@dataclass(frozen=True, slots=True)
class _Many:
    """A concatenation or, when `alternate`, a choice."""

    parts: tuple["_Node", ...]
    alternate: bool


_EMPTY = "empty"
_STAR = ".*"
_PLUS = ".+"
_Node = _Literal | _Group | _Many | str


class _Reader:
    """Reads an expression into the tree; NotSimple at the first part that would keep it from being rewritten."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.fold = self.dot_all = False

    def choice(self, depth: int = 0) -> _Node:
        alternatives = [self.sequence(depth)]
        while self.at < len(self.pattern) and self.pattern[self.at] == "|":
            self.at += 1
            alternatives.append(self.sequence(depth))
        return _choice(alternatives)

    def sequence(self, depth: int) -> _Node:
        parts: list[_Node] = []
        while self.at < len(self.pattern) and self.pattern[self.at] != "|":
            if self.pattern[self.at] == ")":
                if not depth:
                    raise NotSimple
                break
            atom = self.atom(depth)
            if atom is not None:
                parts.append(self.repeated(atom))
        return _sequence(parts)

    def atom(self, depth: int) -> _Node | None:
        char = self.pattern[self.at]
        if char == "(":
            return self.group(depth)
        if char == ".":
            self.at += 1
            if self.dot_all:
                raise NotSimple
            return "."
        if char == "\\":
            escaped = self.pattern[self.at + 1 : self.at + 2]
            if not escaped or escaped.isalnum() or ord(escaped) >= 128:
                raise NotSimple
            self.at += 2
            return _Literal(escaped, self.fold)
        if char in _SPECIAL and not (char == "{" and not _BRACES.match(self.pattern, self.at)):
            raise NotSimple
        self.at += 1
        return _Literal(char, self.fold)

    def group(self, depth: int) -> _Node | None:
        opening = _GROUP.match(self.pattern, self.at)
        if opening is None:
            raise NotSimple
        self.at = opening.end()
        outer = self.fold, self.dot_all
        if opening["flags"] is not None:
            self.fold |= "i" in opening["flags"]
            self.dot_all |= "s" in opening["flags"]
            if opening["end"] == ")":
                return None
        inner = self.choice(depth + 1)
        if self.pattern[self.at : self.at + 1] != ")":
            raise NotSimple
        self.at += 1
        self.fold, self.dot_all = outer
        return inner if opening["flags"] is not None else _Group(inner)

    def repeated(self, atom: _Node) -> _Node:
        sign = self.pattern[self.at : self.at + 1]
        braces = _BRACES.match(self.pattern, self.at) if sign == "{" else None
        if braces:
            self.at = braces.end()
            sign = {"1": "", "0": "none", "0,": "*", "1,": "+"}.get(braces[0][1:-1].replace("1,1", "1"), "?")
        elif sign and sign in "*+?":
            self.at += 1
        else:
            sign = ""
        if sign and sign in "*+" and self.pattern[self.at : self.at + 1] == "?":
            self.at += 1
        if sign == "none":
            return _EMPTY
        if not sign:
            if atom == ".":
                raise NotSimple
            return atom
        if atom == _EMPTY:
            return _EMPTY
        if atom != "." or sign == "?":
            raise NotSimple
        return _STAR if sign == "*" else _PLUS


def _sequence(parts: list[_Node]) -> _Node:
    flat: list[_Node] = []
    for part in parts:
        for piece in part.parts if isinstance(part, _Many) and not part.alternate else (part,):
            last = flat[-1] if flat else None
            if isinstance(piece, _Literal) and isinstance(last, _Literal) and piece.fold == last.fold:
                flat[-1] = _Literal(last.text + piece.text, piece.fold)
            else:
                flat.append(piece)
    if not flat:
        return _EMPTY
    return flat[0] if len(flat) == 1 else _Many(tuple(flat), alternate=False)


def _choice(alternatives: list[_Node]) -> _Node:
    flat: list[_Node] = []
    for one in alternatives:
        flat += one.parts if isinstance(one, _Many) and one.alternate else (one,)
    merged: list[_Node] = []
    for one in _factored(flat):
        if merged and _single(one) and _single(merged[-1]):
            if one != merged[-1]:
                raise NotSimple  # a character class
        elif not (merged and one == merged[-1] == _EMPTY):
            merged.append(one)
    return merged[0] if len(merged) == 1 else _Many(tuple(merged), alternate=True)


def _single(node: _Node) -> bool:
    return isinstance(node, _Literal) and len(node.text) == 1


def _factored(parts: list[_Node]) -> list[_Node]:
    """Runs of neighbours that begin with the same literal text become that text and a choice of the rests."""
    out: list[_Node] = []
    at = 0
    while at < len(parts):
        prefix, end = _leading(parts[at]), at + 1
        while prefix is not None and end < len(parts):
            other = _leading(parts[end])
            if other is None or other.fold != prefix.fold:
                break
            length = _common(prefix.text, other.text)
            if not length:
                break
            prefix, end = _Literal(prefix.text[:length], prefix.fold), end + 1
        if end == at + 1 or prefix is None:
            out.append(parts[at])
        else:
            rests = [_without(part, len(prefix.text)) for part in parts[at:end]]
            out.append(_Many((prefix, _choice(rests)), alternate=False))
        at = end
    return out


def _leading(node: _Node) -> _Literal | None:
    first = node.parts[0] if isinstance(node, _Many) and not node.alternate else node
    return first if isinstance(first, _Literal) else None


def _common(first: str, second: str) -> int:
    length = 0
    while length < min(len(first), len(second)) and first[length] == second[length]:
        length += 1
    return length


def _without(node: _Node, length: int) -> _Node:
    if isinstance(node, _Literal):
        return _Literal(node.text[length:], node.fold) if len(node.text) > length else _EMPTY
    if not isinstance(node, _Many):
        raise NotSimple
    first = _without(node.parts[0], length)
    rest = node.parts[1:]
    if first != _EMPTY:
        return _Many((first, *rest), alternate=False)
    return rest[0] if len(rest) == 1 else _Many(rest, alternate=False)


def _plain(node: _Node) -> _Node:
    return node.inner if isinstance(node, _Group) else node


class _Rewriter:
    """The tree as alternatives of text tests; None stands for one that holds for every text."""

    def __init__(self, is_label: bool) -> None:
        self.is_label = is_label

    def tests(self, node: _Node) -> list[Test | None]:
        if node in (_EMPTY, _STAR):
            return [None]
        if node == _PLUS:
            return [bool]
        if isinstance(node, _Group):
            return self.tests(node.inner)
        if isinstance(node, _Literal):
            return [_equals(node) if self.is_label else _contains(node)]
        if not isinstance(node, _Many):
            raise NotSimple
        if node.alternate:
            return [test for part in node.parts for test in self.tests(_plain(part))]
        return self.concatenation(node, None)

    def concatenation(self, node: _Many, base: _Literal | None) -> list[Test | None]:
        parts = [part for part in map(_plain, node.parts) if part != _EMPTY]
        if len(parts) > 3:
            raise NotSimple
        found: list[Test | None] = []
        seen = False
        for part in parts:
            if isinstance(part, _Literal):
                if seen:
                    raise NotSimple
                seen = True
                base = _Literal((base.text if base else "") + part.text, part.fold)
            elif isinstance(part, _Many) and part.alternate and base is not None:
                found += self.continued(part, base)
            elif part != _STAR:
                raise NotSimple
        if found:
            return found
        if base is None:
            raise NotSimple
        return [_contains(base)]

    def continued(self, choice: _Many, base: _Literal) -> list[Test | None]:
        """A literal followed by a choice: each alternative is the literal with its continuation.

        Loki 3.5 writes the continuations of alternatives such as `x.*` one over the other, into the room that is left
        behind the literal: `foox.*|fooy.*` looks for "fooy" twice.
        """
        found: list[Test | None] = []
        room = _room(base)
        shared = bytearray()
        written: list[tuple[int, int]] = []
        for part in choice.parts:
            if isinstance(part, _Literal):
                if part.fold and not base.fold:
                    raise NotSimple
                found.append(_contains(_Literal(base.text + part.text, base.fold)))
            elif part in (_EMPTY, _STAR):
                found.append(_contains(base))
            elif isinstance(part, _Many) and not part.alternate:
                tests = self.concatenation(part, base)
                extra = next((piece.text.encode() for piece in part.parts if isinstance(piece, _Literal)), b"")
                if len(tests) == 1 and len(extra) <= room and not base.fold:
                    shared[: len(extra)] = extra
                    written.append((len(found), len(extra)))
                found += tests
            else:
                raise NotSimple
        for index, length in written:
            text = base.text.encode() + shared[:length]
            found[index] = _contains(_Literal(text.decode("utf-8", "replace"), False))
        return found


_SIZES = (8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256)


def _room(literal: _Literal) -> int:
    """Bytes that Go's allocator leaves behind a text of this length."""
    size = len(literal.text.encode())
    return next((room for room in _SIZES if room >= size), size) - size


def _equals(literal: _Literal) -> Test:
    wanted = literal.text
    if literal.fold:
        lowered = wanted.lower()
        return lambda text: text.lower() == lowered
    return lambda text: text == wanted


def _contains(literal: _Literal) -> Test:
    wanted = literal.text
    if literal.fold:
        lowered = wanted.lower()
        return lambda text: lowered in text.lower()
    return lambda text: wanted in text


@lru_cache(maxsize=512)
def simplify_pattern(pattern: str, is_label: bool) -> tuple[Test | None, ...] | None:
    """The alternatives of the rewritten expression (None: holds for every text); None when Loki keeps the expression.
    The pattern must be one that RE2 takes."""
    reader = _Reader(pattern)
    try:
        return tuple(_Rewriter(is_label).tests(reader.choice()))
    except NotSimple:
        return None
