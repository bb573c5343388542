"""Tokens of a template: text, and what stands inside actions (Go: text/template/parse)."""

import re
from typing import NamedTuple

_SPACE = " \t\r\n"
_NUMBER = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?|0[oO][0-7_]*|0[bB][01_]*|[0-9_]*(?:\.[0-9_]*)?)"
    r"(?:[eE][+-]?[0-9_]*)?(?:[pP][+-]?[0-9_]*)?i?"
)
_HEX_NUMBER = re.compile(r"[+-]?0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?i?")
_QUOTED = {
    '"': (re.compile(r'"(?:[^"\\\n]|\\[^\n])*"'), "string", "unterminated quoted string"),
    "'": (re.compile(r"'(?:[^'\\\n]|\\[^\n])*'"), "char", "unterminated character constant"),
    "`": (re.compile(r"`[^`]*`"), "raw", "unterminated raw quoted string"),
}
KEYWORDS = frozenset(("block", "break", "continue", "define", "else", "end", "if", "nil", "range", "template", "with"))


class TemplateToken(NamedTuple):
    """`kind`: text, {{, }}, space, string, char, raw, number, bool, field, variable, identifier, ., :=, =, |, (, ),
    mark for another printable character, a keyword, error (the text is the message) or eof; `at` is the offset."""

    kind: str
    text: str
    at: int

    def shown(self) -> str:
        """How Go's messages name the token."""
        if self.kind == "eof":
            return "EOF"
        if self.kind == "error":
            return self.text
        if self.kind in KEYWORDS:
            return f"<{self.text}>"
        return f"{quoted(self.text[:10])}..." if len(self.text) > 10 else quoted(self.text)


def quoted(text: str) -> str:
    """A text in Go's double quotes."""
    plain = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(plain.get(char, char) for char in text) + '"'


def _bad(char: str) -> str:
    shown = f" '{char}'" if char.isprintable() and char else ""
    return f"bad character U+{ord(char):04X}{shown}" if char else "bad character U+FFFFFFFFFFFFFFFF"


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[TemplateToken] = []
        self.depth = 0

    def run(self) -> list[TemplateToken]:
        at = 0
        trim = False
        while True:
            opening = self.text.find("{{", at)
            end = len(self.text) if opening < 0 else opening
            plain_at, plain = at, self.text[at:end]
            if trim:
                plain_at, plain = plain_at + len(plain) - len(plain.lstrip(_SPACE)), plain.lstrip(_SPACE)
            before = opening >= 0 and self._trims(opening + 2)
            if before:
                plain = plain.rstrip(_SPACE)
            if plain:
                self.tokens.append(TemplateToken("text", plain, plain_at))
            if opening < 0:
                self._add("eof", "", end)
                return self.tokens
            start = opening + (4 if before else 2)
            if self.text.startswith("/*", start):
                after = self._comment(start)
            else:
                self._add("{{", "{{", opening)
                after = self._action(start)
            if after is None:
                return self.tokens
            at, trim = after

    def _trims(self, at: int) -> bool:
        return self.text[at : at + 1] == "-" and self.text[at + 1 : at + 2] in tuple(_SPACE)

    def _add(self, kind: str, text: str, at: int) -> None:
        self.tokens.append(TemplateToken(kind, text, at))

    def _comment(self, start: int) -> tuple[int, bool] | None:
        close = self.text.find("*/", start)
        if close < 0:
            self._add("error", "unclosed comment", start)
            return None
        end = self._closing(close + 2)
        if end is None:
            self._add("error", "comment ends before closing delimiter", start)
        return end

    def _closing(self, at: int) -> tuple[int, bool] | None:
        """Where an action that closes at `at` ends, and whether it trims what follows."""
        if self.text[at : at + 1] in tuple(_SPACE) and self.text.startswith("-}}", at + 1):
            return at + 4, True
        return (at + 2, False) if self.text.startswith("}}", at) else None

    def _action(self, at: int) -> tuple[int, bool] | None:
        self.depth = 0
        while True:
            end = self._closing(at)
            if end is not None:
                if self.depth:
                    self._add("error", "unclosed left paren", at)
                    return None
                self._add("}}", "}}", end[0] - 2)
                return end
            if at >= len(self.text):
                self._add("error", "unclosed action", at)
                return None
            token = self._inside(at)
            self.tokens.append(token)
            if token.kind == "error":
                return None
            at += len(token.text)

    def _inside(self, at: int) -> TemplateToken:
        text, char = self.text, self.text[at]
        if char in _SPACE:
            end = at
            while end < len(text) and text[end] in _SPACE and self._closing(end) is None:
                end += 1
            return TemplateToken("space", text[at : max(end, at + 1)], at)
        if text.startswith(":=", at):
            return TemplateToken(":=", ":=", at)
        if char == ":":
            return TemplateToken("error", "expected :=", at)
        if char in "=|":
            return TemplateToken(char, char, at)
        if char in _QUOTED:
            pattern, kind, fault = _QUOTED[char]
            found = pattern.match(text, at)
            return TemplateToken(kind, found[0], at) if found else TemplateToken("error", fault, at)
        if char == "$":
            return self._name("variable", at, at + 1)
        if char == "." and not text[at + 1 : at + 2].isdigit():
            return self._name("field", at, at + 1)
        if char in "+-.0123456789" and char.isascii():
            return self._number(at)
        if char == "_" or char.isalnum():
            return self._word(at)
        if char in "()":
            self.depth += 1 if char == "(" else -1
            return (
                TemplateToken("error", "unexpected right paren", at)
                if self.depth < 0
                else TemplateToken(char, char, at)
            )
        if char.isascii() and char.isprintable():
            return TemplateToken("mark", char, at)
        return TemplateToken("error", f"unrecognized character in action: U+{ord(char):04X}", at)

    def _end_of_word(self, at: int) -> int:
        while at < len(self.text) and (self.text[at] == "_" or self.text[at].isalnum()):
            at += 1
        return at

    def _ends(self, at: int) -> bool:
        char = self.text[at : at + 1]
        return char == "" or char in " \t\r\n.,|:()" or self.text.startswith("}}", at)

    def _name(self, kind: str, at: int, start: int) -> TemplateToken:
        """A field or a variable, or the lone dot or dollar."""
        if self._ends(start):
            return TemplateToken("." if kind == "field" else kind, self.text[at:start], at)
        end = self._end_of_word(start)
        if not self._ends(end):
            return TemplateToken("error", _bad(self.text[end : end + 1]), end)
        return TemplateToken(kind, self.text[at:end], at)

    def _word(self, at: int) -> TemplateToken:
        end = self._end_of_word(at)
        if not self._ends(end):
            return TemplateToken("error", _bad(self.text[end : end + 1]), end)
        word = self.text[at:end]
        if word in KEYWORDS:
            return TemplateToken(word, word, at)
        return TemplateToken("bool" if word in ("true", "false") else "identifier", word, at)

    def _number(self, at: int) -> TemplateToken:
        found = _HEX_NUMBER.match(self.text, at) or _NUMBER.match(self.text, at)
        end = found.end() if found is not None else at
        after = self.text[end : end + 1]
        if found is None or (after and (after in "_+-" or after.isalnum())):
            return TemplateToken("error", f"bad number syntax: {quoted(self.text[at : end + 1])}", at)
        return TemplateToken("number", found[0], at)


def tokenize(text: str) -> list[TemplateToken]:
    """All tokens; the last one is of kind eof or error."""
    return _Lexer(text).run()
