"""Alloy's configuration as a tree: recursive descent by the grammar of Alloy 1.18 (syntax/parser).

By hand, because the Python libraries near it read HCL, from which Alloy's syntax differs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from obs_check.errors import ConfigError
from obs_check.shipper.alloy.arithmetic import Number, literal
from obs_check.shipper.alloy.tokens import AlloyToken, tokens_of, unquote


@dataclass(frozen=True)
class Expression:
    """`kind` and `parts`: literal (value), array (items...), object ((name, item)...), name (text), access (of, name),
    index (of, index), call (function, arguments...), unary (operator, value), binary (operator, left, right)."""

    kind: str
    parts: tuple[Any, ...]
    line: int


def names_of(expression: Expression) -> list[str] | None:
    """`a.b.c` as its names; None for anything else."""
    names: list[str] = []
    while expression.kind == "access":
        names.append(expression.parts[1])
        expression = expression.parts[0]
    return [expression.parts[0], *reversed(names)] if expression.kind == "name" else None


def named_in(expression: Expression) -> Iterator[list[str]]:
    """Each `a.b.c` in an expression, as its names."""
    if (names := names_of(expression)) is not None:
        yield names
        return
    for part in expression.parts:
        for one in part if isinstance(part, tuple) else (part,):
            if isinstance(one, Expression):
                yield from named_in(one)


@dataclass(frozen=True)
class SourceSpan:
    """Where something starts and where what follows it starts: (line from 1, column from 0)."""

    start: tuple[int, int]
    end: tuple[int, int]


@dataclass(frozen=True)
class Attribute:
    """`name = value`."""

    name: str
    value: Expression
    line: int
    span: SourceSpan


@dataclass(frozen=True)
class Block:
    """`name "label" { ... }`; dots are part of the name. The whole text has no name and no span."""

    name: str
    label: str
    body: "tuple[Attribute | Block, ...]"
    line: int
    span: SourceSpan | None = None
    module: str = ""
    """The custom component whose part it is, "" at the top."""

    @property
    def id(self) -> str:
        """How other blocks refer to it: `loki.write.default`, in a module `pods.feature/loki.write.default`."""
        own = f"{self.name}.{self.label}" if self.label else self.name
        return f"{self.module}/{own}" if self.module else own

    def blocks(self) -> "list[Block]":
        """The blocks inside."""
        return [part for part in self.body if isinstance(part, Block)]

    def attributes(self) -> dict[str, Attribute]:
        """The attributes by name."""
        return {part.name: part for part in self.body if isinstance(part, Attribute)}


_POWER = {
    "||": 1, "&&": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5,
}  # fmt: skip
_KEYWORDS = {"true": True, "false": False, "null": None}


def parse(text: str, file: str, first_line: int = 1) -> Block:
    """The whole text as one nameless block; raises ConfigError with file and line."""
    parser = _Parser(text, file, first_line)
    return Block("", "", parser.body("end"), first_line)


class _Parser:
    def __init__(self, text: str, file: str, first_line: int) -> None:
        self._file = file
        self._tokens = tokens_of(text, file, first_line)
        self._at = 0

    @property
    def _now(self) -> AlloyToken:
        return self._tokens[self._at]

    def _take(self, kind: str, what: str = "") -> AlloyToken:
        token = self._now
        if token.kind != kind:
            raise self._error(f"{what or repr(kind)} is expected, here is {_shown(token)}")
        self._at += 1
        return token

    def _error(self, message: str, hint: str = "") -> ConfigError:
        return ConfigError(f"{self._file}:{self._now.line}: {message}", hint)

    def body(self, until: str) -> tuple[Attribute | Block, ...]:
        """Statements up to a token, which is taken."""
        found: list[Attribute | Block] = []
        names: dict[str, int] = {}
        while self._now.kind != until:
            if self._now.kind == "end":
                raise self._error(f"{until!r} is missing: a block is not closed")
            statement = self._statement()
            if isinstance(statement, Attribute):
                if statement.name in names:
                    raise ConfigError(
                        f"{self._file}:{statement.line}: {statement.name} is set twice, before on line "
                        f"{names[statement.name]}",
                        "remove one",
                    )
                names[statement.name] = statement.line
            found.append(statement)
            if self._now.kind != until:
                self._take("newline", "the end of the line")
        self._at += 1
        return tuple(found)

    def _statement(self) -> Attribute | Block:
        first = self._take("name", "a name")
        name = first.text
        while self._now.kind == ".":
            self._at += 1
            name += "." + self._take("name", "a name").text
        label = ""
        if self._now.kind == "string":
            label = unquote(self._now, self._file)
            if self._now.text[0] == "`" or (label and not label.isidentifier()):
                raise self._error(
                    f"the label {label!r} is not a name", "letters, digits and _, not starting with a digit"
                )
            self._at += 1
        if self._now.kind == "=" and not label:
            if "." in name:
                raise self._error(f"an attribute's name has no dots, here is {name}")
            self._at += 1
            value = self._binary(1)
            return Attribute(name, value, first.line, self._span(first))
        if self._now.kind != "{":
            raise self._error(f"= or {{ is expected after {name}, here is {_shown(self._now)}")
        self._at += 1
        body = self.body("}")
        return Block(name, label, body, first.line, self._span(first))

    def _span(self, first: AlloyToken) -> SourceSpan:
        """From a token up to the last that was taken."""
        return SourceSpan(first.start, self._tokens[self._at - 1].end)

    def _binary(self, power: int) -> Expression:
        left = self._raised()
        while _POWER.get(self._now.kind, 0) >= power:
            operator = self._now
            self._at += 1
            right = self._binary(_POWER[operator.kind] + 1)
            left = Expression("binary", (operator.kind, left, right), operator.line)
        return left

    def _raised(self) -> Expression:
        base = self._unary()
        if self._now.kind != "^":
            return base
        line = self._take("^").line
        return Expression("binary", ("^", base, self._raised()), line)

    def _unary(self) -> Expression:
        if self._now.kind in {"!", "-"}:
            operator = self._take(self._now.kind)
            return Expression("unary", (operator.kind, self._unary()), operator.line)
        value = self._primary()
        while self._now.kind in {".", "[", "("}:
            operator = self._take(self._now.kind)
            if operator.kind == ".":
                value = Expression("access", (value, self._take("name", "a name").text), operator.line)
            elif operator.kind == "[":
                value = Expression("index", (value, self._binary(1)), operator.line)
                self._take("]")
            else:
                value = Expression("call", (value, *self._list(")")), operator.line)
        if self._now.kind in {"string", "{"}:
            raise self._error("a block stands where a value is expected", "a block has no = before its {")
        return value

    def _primary(self) -> Expression:
        token = self._now
        self._at += 1
        match token.kind:
            case "name" if token.text in _KEYWORDS:
                return Expression("literal", (_KEYWORDS[token.text],), token.line)
            case "name":
                return Expression("name", (token.text,), token.line)
            case "number":
                return Expression("literal", (self._number(token),), token.line)
            case "string":
                return Expression("literal", (unquote(token, self._file),), token.line)
            case "(":
                inner = self._binary(1)
                self._take(")")
                return inner
            case "[":
                return Expression("array", tuple(self._list("]")), token.line)
            case "{":
                return Expression("object", tuple(self._fields()), token.line)
        self._at -= 1
        raise self._error(f"a value is expected, here is {_shown(token)}")

    def _number(self, token: AlloyToken) -> Number:
        try:
            return literal(token.text)
        except ValueError as error:
            raise ConfigError(f"{self._file}:{token.line}: {error}", "Alloy takes numbers up to 1.7e308") from None

    def _list(self, until: str) -> list[Expression]:
        items: list[Expression] = []
        while self._now.kind != until:
            items.append(self._binary(1))
            self._comma(until)
        self._at += 1
        return items

    def _fields(self) -> list[tuple[str, Expression]]:
        fields: list[tuple[str, Expression]] = []
        while self._now.kind != "}":
            token = self._now
            if token.kind not in {"name", "string"}:
                raise self._error(f"a key is expected, here is {_shown(token)}")
            self._at += 1
            self._take("=", "= (keys and values are joined by =)")
            fields.append((unquote(token, self._file) if token.kind == "string" else token.text, self._binary(1)))
            self._comma("}")
        self._at += 1
        return fields

    def _comma(self, until: str) -> None:
        if self._now.kind == until:
            return
        if self._now.kind == "newline":
            raise self._error("a comma is missing at the end of the line", "the last line of a list needs one too")
        self._take(",", f"a comma or {until}")


def _shown(token: AlloyToken) -> str:
    return {"newline": "the end of the line", "end": "the end of the file"}.get(token.kind, repr(token.text))
