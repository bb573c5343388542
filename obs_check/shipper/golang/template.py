"""Go's text/template, as far as the template and replace stages of a shipper use it.

Known: text, fields, variables, `if`, `else if`, `with`, `range`, pipelines, parentheses, comments, trim markers,
literals.
Not known, refused when parsed: `define`, `template`, `block`, `break`, `continue`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from obs_check.shipper.golang.template_functions import FUNCTIONS, TemplateFailed, printed, truth

_ACTION = re.compile(
    r"\{\{(?P<left>- )?(?P<body>/\*.*?\*/|(?:\"(?:\\.|[^\"\\])*\"|`[^`]*`|.)*?)(?P<right> -)?\}\}", re.DOTALL
)
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:\\.|[^"\\])*"|`[^`]*`)|(?P<number>[+-]?\d+(?:\.\d+)?)|(?P<field>(?:\.[A-Za-z_]\w*)+|\.)"""
    r"""|(?P<variable>\$\w*)|(?P<name>[A-Za-z_]\w*)|(?P<op>:=|=|[|(),]))"""
)
_GOES_DEEPER = {"if", "with", "range"}
_MISSING = object()


class BadTemplate(ValueError):
    """A text that is no template, or uses what is not known here."""


@dataclass(frozen=True)
class Template:
    """A parsed template."""

    nodes: tuple[Any, ...]

    def render(self, data: Mapping[str, Any], missing: str = "<no value>") -> str:
        """The text for the fields of `data`; an absent field prints as `missing`. Raises TemplateFailed where Go's
        execution stops with an error."""
        out: list[str] = []
        _Run(data, missing, out).nodes(self.nodes, data, {"$": data})
        return "".join(out)


def parse(text: str) -> Template:
    """The template in a text; raises BadTemplate."""
    pieces: list[str | list[tuple[str, Any]]] = []
    at, trim = 0, False
    for match in _ACTION.finditer(text):
        plain = text[at : match.start()]
        plain = plain.lstrip(" \t\r\n") if trim else plain
        pieces.append(plain.rstrip(" \t\r\n") if match["left"] else plain)
        if not match["body"].lstrip().startswith("/*"):
            pieces.append(_tokens(match["body"]))
        at, trim = match.end(), bool(match["right"])
    rest = text[at:].lstrip(" \t\r\n") if trim else text[at:]
    if "{{" in rest:
        raise BadTemplate("an action {{ is not closed")
    parser = _Parser([*pieces, rest])
    nodes = parser.block(top=True)
    return Template(tuple(nodes))


def _tokens(body: str) -> list[tuple[str, Any]]:
    tokens, at = [], 0
    while body[at:].strip():
        match = _TOKEN.match(body, at)
        if not match or match.lastgroup is None:
            raise BadTemplate(f"{body[at:].strip()!r} is not understood")
        value: Any = match[match.lastgroup]
        if match.lastgroup == "string":
            try:
                value = value[1:-1] if value[0] == "`" else json.loads(value)
            except ValueError:
                raise BadTemplate(f"{value} has an unknown escape") from None
        elif match.lastgroup == "number":
            value = float(value) if "." in value else int(value)
        tokens.append((match.lastgroup, value))
        at = match.end()
        if match.lastgroup == "op" and value == ")" and body[at : at + 1] == ".":
            raise BadTemplate("a field of parentheses is not known here")
    return tokens


class _Parser:
    def __init__(self, pieces: list[str | list[tuple[str, Any]]]) -> None:
        self.pieces = pieces
        self.at = 0
        self.ended_by: list[tuple[str, Any]] = []

    def block(self, top: bool = False) -> list[Any]:
        """Nodes up to `end` or `else`, which stays in `ended_by`."""
        nodes: list[Any] = []
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            self.at += 1
            if isinstance(piece, str):
                nodes += [("text", piece)] if piece else []
                continue
            word = piece[0][1] if piece and piece[0][0] == "name" else ""
            if word in {"end", "else"} and not top:
                self.ended_by = piece
                return nodes
            if word in {"end", "else", "define", "template", "block", "break", "continue"}:
                raise BadTemplate(f"{{{{ {word} }}}} does not fit here")
            nodes.append(self.branch(word, piece[1:]) if word in _GOES_DEEPER else self.action(piece))
        if not top:
            raise BadTemplate("{{ end }} is missing")
        return nodes

    def branch(self, word: str, tokens: list[tuple[str, Any]]) -> Any:
        action = self.action(tokens)
        then, otherwise = self.block(), []
        if self.ended_by[0][1] == "else":
            rest = self.ended_by[1:]
            if rest and rest[0] in {("name", "if"), ("name", "with")}:
                otherwise = [self.branch(rest[0][1], rest[1:])]
            else:
                otherwise = self.block()
        return (word, action, then, otherwise)

    def action(self, tokens: list[tuple[str, Any]]) -> Any:
        variables: list[str] = []
        while len(tokens) > 1 and tokens[0][0] == "variable" and tokens[1] in {("op", ","), ("op", ":="), ("op", "=")}:
            variables.append(tokens[0][1])
            last = tokens[1][1] != ","
            tokens = tokens[2:]
            if last:
                break
        pipeline, rest = _pipeline(tokens)
        if rest:
            raise BadTemplate(f"{rest[0][1]!r} does not fit here")
        return ("action", variables, pipeline)


def _pipeline(tokens: list[tuple[str, Any]]) -> tuple[list[list[Any]], list[tuple[str, Any]]]:
    """Commands up to the end or a closing parenthesis; each command is a list of operands."""
    commands: list[list[Any]] = [[]]
    while tokens and tokens[0] != ("op", ")"):
        kind, value = tokens[0]
        tokens = tokens[1:]
        if (kind, value) == ("op", "|"):
            commands.append([])
        elif (kind, value) == ("op", "("):
            inner, tokens = _pipeline(tokens)
            if not tokens:
                raise BadTemplate("a parenthesis is not closed")
            commands[-1].append(("pipeline", inner))
            tokens = tokens[1:]
        elif kind == "op":
            raise BadTemplate(f"{value!r} does not fit here")
        else:
            if kind == "name" and value not in {"true", "false", "nil", "and", "or"} and value not in FUNCTIONS:
                raise BadTemplate(f"the function {value!r} is not known here")
            commands[-1].append((kind, value))
    if not all(commands):
        raise BadTemplate("a value is missing")
    return commands, tokens


class _Run:
    def __init__(self, root: Mapping[str, Any], missing: str, out: list[str]) -> None:
        self.root, self.missing, self.out = root, missing, out

    def nodes(self, nodes: Any, dot: Any, scope: dict[str, Any]) -> None:
        for node in nodes:
            if node[0] == "text":
                self.out.append(node[1])
            elif node[0] == "action":
                value = self.assigned(node, dot, scope)
                if not node[1]:
                    self.out.append(self.missing if value is _MISSING else printed(value))
            else:
                self.branch(node, dot, dict(scope))

    def branch(self, node: Any, dot: Any, scope: dict[str, Any]) -> None:
        word, action, then, otherwise = node
        value = self.value(action[2], dot, scope)
        known = None if value is _MISSING else value
        if word == "range" and truth(known):
            pairs = sorted(known.items()) if isinstance(known, Mapping) else list(enumerate(known or ()))
            for key, one in pairs:
                inner = {**scope, **dict(zip(action[1], (key, one) if len(action[1]) == 2 else (one,), strict=False))}
                self.nodes(then, one, inner)
            return
        scope.update(dict.fromkeys(action[1], known))
        if truth(known):
            self.nodes(then, known if word == "with" else dot, scope)
        else:
            self.nodes(otherwise, dot, scope)

    def assigned(self, action: Any, dot: Any, scope: dict[str, Any]) -> Any:
        value = self.value(action[2], dot, scope)
        scope.update(dict.fromkeys(action[1], value))
        return value

    def value(self, pipeline: list[list[Any]], dot: Any, scope: dict[str, Any]) -> Any:
        final: tuple[Any, ...] = ()
        for command in pipeline:
            final = (self.command(command, final, dot, scope),)
        return final[0]

    def command(self, command: list[Any], final: tuple[Any, ...], dot: Any, scope: dict[str, Any]) -> Any:
        kind, value = command[0]
        if kind == "name" and value in {"and", "or"}:
            found: Any = None
            for operand in command[1:]:
                found = self.operand(operand, dot, scope)
                if truth(found) == (value == "or"):
                    return found
            return final[0] if final else found
        if kind == "name" and value in FUNCTIONS:
            arguments = [self.operand(o, dot, scope) for o in command[1:]] + list(final)
            return self.call(value, [None if a is _MISSING else a for a in arguments])
        if len(command) > 1 or final:
            self.fail(f"{value!r} is no function")
        return self.operand(command[0], dot, scope)

    def call(self, name: str, arguments: list[Any]) -> Any:
        try:
            return FUNCTIONS[name](*arguments)
        except TemplateFailed:
            raise
        except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError) as error:
            raise TemplateFailed(f"{name}: {error}") from None

    def operand(self, operand: Any, dot: Any, scope: dict[str, Any]) -> Any:
        kind, value = operand
        if kind in {"string", "number"}:
            return value
        if kind == "field":
            return self.field(dot, value)
        if kind == "variable":
            if value not in scope:
                self.fail(f"{value} is not defined")
            return scope[value]
        if kind == "pipeline":
            return self.value(value, dot, scope)
        if value in FUNCTIONS:
            return self.call(value, [])
        return {"true": True, "false": False, "nil": None}[value]

    def field(self, dot: Any, path: str) -> Any:
        for name in path.split(".")[1:] if path != "." else []:
            if not isinstance(dot, Mapping):
                self.fail(f"{path} is no field")
            if name not in dot:
                return _MISSING if self.missing else ""
            dot = dot[name]
        return dot

    @staticmethod
    def fail(message: str) -> NoReturn:
        raise TemplateFailed(message)
