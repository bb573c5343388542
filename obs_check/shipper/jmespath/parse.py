"""JMESPath text to a tree of tuples `(kind, ...)`: a Pratt parser, binding powers as in the JMESPath grammar.

("field", name) ("index", n) ("slice", start, stop, step) ("literal", value) ("current",) ("not", a)
("sub", a, b) ("pipe", a, b) ("or", a, b) ("and", a, b) ("compare", op, a, b) ("list", [a...]) ("hash", [(k, a)...])
("project", a, b) ("values", a, b) ("flatten", a) ("filter", a, condition, b) ("call", name, [a...]) ("ref", a)
"""

import json
import re
from functools import lru_cache
from typing import Any, NamedTuple

Node = tuple[Any, ...]


class BadPath(ValueError):
    """An expression that is not JMESPath; `args[0]` says where and why."""


class _Token(NamedTuple):
    kind: str
    value: Any
    at: int


_TOKEN = re.compile(
    r"""\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>-?\d+)|(?P<quoted>"(?:\\.|[^"\\])*")|(?P<raw>'(?:\\.|[^'\\])*')"""
    r"""|(?P<literal>`(?:\\.|[^`\\])*`)|(?P<op>\[\?|\[\]|\|\||&&|==|!=|<=|>=|[.*@\[\]{}(),:|&!<>]))"""
)
_POWER = {
    "|": 1, "||": 2, "&&": 3, "==": 5, "!=": 5, "<": 5, "<=": 5, ">": 5, ">=": 5,
    "[]": 9, "*": 20, "[?": 21, ".": 40, "!": 45, "{": 50, "[": 55, "(": 60,
}  # fmt: skip
_PROJECTION_STOP = 10


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if not match or match.lastgroup is None:
            raise BadPath(f"character {at + 1} of {text!r} is not understood")
        value: Any = match[match.lastgroup]
        try:
            if match.lastgroup == "quoted":
                value = json.loads(value)
            elif match.lastgroup == "raw":
                value = value[1:-1].replace("\\'", "'")
            elif match.lastgroup == "literal":
                value = _literal(value[1:-1].replace("\\`", "`"))
            elif match.lastgroup == "number":
                value = int(value)
        except ValueError:
            raise BadPath(f"{value} in {text!r} is no JSON value") from None
        kind = value if match.lastgroup == "op" else match.lastgroup
        tokens.append(_Token(kind, value, match.start(match.lastgroup)))
        at = match.end()
    return [*tokens, _Token("end", None, len(text))]


def _literal(text: str) -> Any:
    try:
        return json.loads(text, parse_int=float)
    except ValueError:
        return json.loads(f'"{text.lstrip()}"')


@lru_cache(maxsize=512)
def parse(text: str) -> Node:
    """The tree of an expression; raises BadPath."""
    parser = _Parser(text)
    node = parser.expression(0)
    parser.expect("end")
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0

    @property
    def kind(self) -> str:
        return self.tokens[self.at].kind

    def take(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, kind: str) -> _Token:
        token = self.take()
        if token.kind != kind:
            raise BadPath(f"character {token.at + 1} of {self.text!r}: {kind!r} is expected")
        return token

    def expression(self, power: int) -> Node:
        left = self.prefix()
        while power < _POWER.get(self.kind, 0):
            left = self.infix(left)
        return left

    def prefix(self) -> Node:
        token = self.take()
        match token.kind:
            case "name":
                return ("field", token.value)
            case "quoted":
                if self.kind == "(":
                    raise BadPath(f"character {token.at + 1} of {self.text!r}: a function name has no quotes")
                return ("field", token.value)
            case "raw" | "literal":
                return ("literal", token.value)
            case "@":
                return ("current",)
            case "*":
                return ("values", ("current",), self.projected(20))
            case "!":
                return ("not", self.expression(45))
            case "&":
                return ("ref", self.expression(0))
            case "(":
                inner = self.expression(0)
                self.expect(")")
                return inner
            case "{":
                return self.hash()
            case "[]":
                return ("project", ("flatten", ("current",)), self.projected(9))
            case "[?":
                return self.filter(("current",))
            case "[":
                return self.bracket(("current",), prefix=True)
        raise BadPath(f"character {token.at + 1} of {self.text!r}: a name, index or literal is expected")

    def infix(self, left: Node) -> Node:
        token = self.take()
        match token.kind:
            case ".":
                if self.kind == "*":
                    self.take()
                    return ("values", left, self.projected(20))
                return ("sub", left, self.after_dot(40))
            case "|":
                return ("pipe", left, self.expression(1))
            case "||":
                return ("or", left, self.expression(2))
            case "&&":
                return ("and", left, self.expression(3))
            case "[]":
                return ("project", ("flatten", left), self.projected(9))
            case "[?":
                return self.filter(left)
            case "[":
                return self.bracket(left, prefix=False)
            case "(" if left[0] == "field":
                return ("call", left[1], self.listed(")"))
            case "==" | "!=" | "<" | "<=" | ">" | ">=":
                return ("compare", token.kind, left, self.expression(5))
        raise BadPath(f"character {token.at + 1} of {self.text!r}: {token.kind!r} does not fit here")

    def after_dot(self, power: int) -> Node:
        if self.kind == "[":
            self.take()
            return ("list", self.listed("]"))
        if self.kind in {"name", "quoted", "*", "{"}:
            return self.expression(power)
        token = self.tokens[self.at]
        raise BadPath(f"character {token.at + 1} of {self.text!r}: a name is expected after the dot")

    def projected(self, power: int) -> Node:
        if _POWER.get(self.kind, 0) < _PROJECTION_STOP:
            return ("current",)
        if self.kind in {"[", "[?"}:
            return self.expression_on(power)
        self.expect(".")
        return self.after_dot(power)

    def expression_on(self, power: int) -> Node:
        node = self.prefix()
        while power < _POWER.get(self.kind, 0):
            node = self.infix(node)
        return node

    def filter(self, left: Node) -> Node:
        condition = self.expression(0)
        self.expect("]")
        rest = ("current",) if self.kind == "[]" else self.projected(21)
        return ("filter", left, condition, rest)

    def bracket(self, left: Node, prefix: bool) -> Node:
        if self.kind in {"number", ":"}:
            return self.index_or_slice(left)
        if self.kind == "*" and self.tokens[self.at + 1].kind == "]":
            self.take()
            self.take()
            return ("project", left, self.projected(20))
        if prefix:
            return ("list", self.listed("]"))
        token = self.tokens[self.at]
        raise BadPath(f"character {token.at + 1} of {self.text!r}: a number, ':' or '*' is expected")

    def index_or_slice(self, left: Node) -> Node:
        parts: list[int | None] = [None]
        while self.kind != "]":
            token = self.take()
            if token.kind == ":" and len(parts) < 3:
                parts.append(None)
            elif token.kind == "number" and parts[-1] is None:
                parts[-1] = token.value
            else:
                raise BadPath(f"character {token.at + 1} of {self.text!r}: index or slice is broken")
        self.take()
        if len(parts) == 1:
            return ("sub", left, ("index", parts[0]))
        if parts[2:] == [0]:
            raise BadPath(f"{self.text!r}: the step of a slice cannot be 0")
        return ("project", ("sub", left, ("slice", *parts, *[None] * (3 - len(parts)))), self.projected(20))

    def listed(self, end: str) -> list[Node]:
        items: list[Node] = []
        while self.kind != end or (not items and end == "]"):
            items.append(self.expression(0))
            if self.kind != end:
                self.expect(",")
        self.take()
        return items

    def hash(self) -> Node:
        pairs = []
        while True:
            key = self.take()
            if key.kind not in {"name", "quoted"}:
                raise BadPath(f"character {key.at + 1} of {self.text!r}: a key is expected")
            self.expect(":")
            pairs.append((key.value, self.expression(0)))
            if self.kind == "}":
                self.take()
                return ("hash", pairs)
            self.expect(",")
