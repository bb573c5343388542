"""Template text to tree, with Go's words for what is wrong.

By hand, because results and messages have to be Go's own, with its types and places.
"""

import re
from collections.abc import Collection

from obs_check.errors import QueryError
from obs_check.golang.quoting import unquote
from obs_check.golang.template import nodes
from obs_check.golang.template.lex import TemplateToken, quoted, tokenize

_VALUES = ("bool", "char", ".", "field", "identifier", "number", "nil", "raw", "string", "variable", "(")
_CONSTANTS = nodes.Constant | nodes.Nil | nodes.Dot


class Parser:
    """Reads one template; `definitions` collects what `define` and `block` name."""

    def __init__(self, text: str, name: str, functions: Collection[str]) -> None:
        self.text = text
        self.name = name
        self.functions = functions
        self.tokens = tokenize(text)
        self.at = 0
        self.variables = ["$"]
        self.ranges = 0
        self.called: set[str] = set()
        self.definitions: dict[str, list[nodes.Node]] = {}

    def fail(self, message: str) -> QueryError:
        """The error at the current token."""
        token = self.tokens[min(max(self.at - 1, 0), len(self.tokens) - 1)]
        return QueryError(f"template: {self.name}:{self.text.count(chr(10), 0, token.at) + 1}: {message}")

    def peek(self, ahead: int = 0) -> TemplateToken:
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def next(self) -> TemplateToken:
        token = self.peek()
        self.at += 1
        return token

    def next_solid(self) -> TemplateToken:
        """The next token that is not white space, taken."""
        token = self.next()
        return self.next() if token.kind == "space" else token

    def peek_solid(self) -> TemplateToken:
        return self.peek(1) if self.peek().kind == "space" else self.peek()

    def unexpected(self, token: TemplateToken, context: str) -> QueryError:
        return self.fail(token.text if token.kind == "error" else f"unexpected {token.shown()} in {context}")

    def expect(self, kind: str, context: str) -> TemplateToken:
        token = self.next_solid()
        if token.kind != kind:
            raise self.unexpected(token, context)
        return token

    def template(self) -> list[nodes.Node]:
        """The whole; QueryError with Go's words."""
        found: list[nodes.Node] = []
        while self.peek().kind != "eof":
            if (
                self.peek().kind == "{{"
                and (self.peek(2) if self.peek(1).kind == "space" else self.peek(1)).kind == "define"
            ):
                self._define()
                continue
            node = self._node()
            if isinstance(node, str):
                raise self.fail(f"unexpected {{{{{node}}}}}")
            found.append(node)
        self._add(self.name, found)
        return self.definitions[self.name]

    def _define(self) -> None:
        self.next()
        self.next_solid()
        context = "define clause"
        name = self._template_name(context)
        self.expect("}}", context)
        outer, self.variables = self.variables, ["$"]
        body, end = self._list()
        if end != "end":
            raise self.fail(f"unexpected {{{{{end}}}}} in {context}")
        self.variables = outer
        self._add(name, body)

    def _add(self, name: str, body: list[nodes.Node]) -> None:
        """Gives a body its name; of two bodies with one name, one must be blank."""
        if _is_blank(self.definitions.get(name, [])):
            self.definitions[name] = body
        elif not _is_blank(body):
            raise self.fail(f"template: multiple definition of template {quoted(name)}")

    def _template_name(self, context: str) -> str:
        token = self.next_solid()
        if token.kind not in ("string", "raw"):
            raise self.unexpected(token, context)
        return self._unquoted(token)

    def _unquoted(self, token: TemplateToken) -> str:
        if token.kind == "raw":
            return token.text[1:-1]
        try:
            return unquote(token.text)
        except ValueError:
            raise self.fail("invalid syntax") from None

    def _list(self) -> tuple[list[nodes.Node], str]:
        """Nodes up to `end` or `else`, and which of them it was."""
        found: list[nodes.Node] = []
        while self.peek_solid().kind != "eof":
            node = self._node()
            if isinstance(node, str):
                return found, node
            found.append(node)
        self.at = len(self.tokens)
        raise self.fail("unexpected EOF")

    def _node(self) -> nodes.Node | str:
        """One node; "end" or "else" where that stands."""
        token = self.next_solid()
        if token.kind == "text":
            return nodes.Text(token.text)
        if token.kind != "{{":
            raise self.unexpected(token, "input")
        word = self.next_solid()
        match word.kind:
            case "if" | "with" | "range":
                return self._control(word.kind)
            case "end":
                self.expect("}}", "end")
                return "end"
            case "else":
                if self.peek_solid().kind not in ("if", "with"):
                    self.expect("}}", "else")
                return "else"
            case "break" | "continue":
                closing = self.next_solid()
                if closing.kind != "}}":
                    raise self.unexpected(closing, f"{{{{{word.kind}}}}}")
                if not self.ranges:
                    raise self.fail(f"{{{{{word.kind}}}}} outside {{{{range}}}}")
                return nodes.Leave(word.kind)
            case "template":
                name_at = self.peek_solid().at
                name = self._template_name("template clause")
                given = None if self.peek_solid().kind == "}}" else self._pipeline("template clause", "}}")
                if given is None:
                    self.next_solid()
                return nodes.Call(name_at, name, given)
            case "block":
                return self._block()
        self.at -= 1
        return nodes.Action(self._pipeline("command", "}}"))

    def _block(self) -> nodes.Node:
        at = self.peek_solid().at
        name = self._template_name("block clause")
        given = self._pipeline("block clause", "}}")
        outer, self.variables = self.variables, ["$"]
        body, end = self._list()
        if end != "end":
            raise self.fail(f"unexpected {{{{{end}}}}} in block clause")
        self.variables = outer
        self._add(name, body)
        return nodes.Call(at, name, given)

    def _control(self, word: str) -> nodes.Branch:
        outer = len(self.variables)
        pipeline = self._pipeline(word, "}}")
        self.ranges += word == "range"
        body, end = self._list()
        self.ranges -= word == "range"
        otherwise: list[nodes.Node] = []
        if end == "else":
            following = self.peek_solid().kind
            if following in ("if", "with") and following == word:
                self.next_solid()
                otherwise = [self._control(word)]
            else:
                otherwise, end = self._list()
                if end != "end":
                    raise self.fail(f"expected end; found {{{{{end}}}}}")
        del self.variables[outer:]
        return nodes.Branch(word, pipeline, body, otherwise)

    def _pipeline(self, context: str, end: str) -> nodes.PipeNode:
        pipeline = nodes.PipeNode(self.peek_solid().at)
        self._declarations(pipeline, context)
        while True:
            token = self.next_solid()
            if token.kind == end:
                self._check(pipeline, context)
                return pipeline
            if token.kind not in _VALUES:
                raise self.unexpected(token, context)
            self.at -= 1
            pipeline.commands.append(self._command())

    def _declarations(self, pipeline: nodes.PipeNode, context: str) -> None:
        while self.peek_solid().kind == "variable":
            mark = self.at
            variable = self.next_solid()
            sign = self.peek_solid()
            if sign.kind in ("=", ":="):
                self.next_solid()
                pipeline.assigns = sign.kind == "="
                pipeline.names.append(variable.text)
                self.variables.append(variable.text)
                return
            if sign.kind != "mark" or sign.text != ",":
                self.at = mark
                return
            self.next_solid()
            pipeline.names.append(variable.text)
            self.variables.append(variable.text)
            if context != "range" or len(pipeline.names) >= 2:
                raise self.fail(f"too many declarations in {context}")
            if self.peek_solid().kind not in ("variable", "}}", ")"):
                raise self.fail("range can only initialize variables")

    def _check(self, pipeline: nodes.PipeNode, context: str) -> None:
        if not pipeline.commands:
            raise self.fail(f"missing value for {context}")
        for stage, command in enumerate(pipeline.commands[1:], start=2):
            if isinstance(command.operands[0], _CONSTANTS):
                raise self.fail(f"non executable command in pipeline stage {stage}")

    def _command(self) -> nodes.CommandNode:
        command = nodes.CommandNode(self.peek_solid().at)
        while True:
            if self.peek().kind == "space":
                self.next()
            operand = self._operand()
            if operand is not None:
                command.operands.append(operand)
            token = self.next()
            if token.kind == "space":
                continue
            if token.kind in ("}}", ")"):
                self.at -= 1
            elif token.kind != "|":
                raise self.unexpected(token, "operand")
            break
        if not command.operands:
            raise self.fail("empty command")
        return command

    def _operand(self) -> nodes.Operand | None:
        node = self._term()
        if node is None or self.peek().kind != "field":
            return node
        at = self.peek().at
        names = []
        while self.peek().kind == "field":
            names.append(self.next().text[1:])
        match node:
            case nodes.FieldNode():
                return nodes.FieldNode(at, (*node.names, *names))
            case nodes.VariableNode():
                return nodes.VariableNode(at, node.name, tuple(names))
            case nodes.Constant() | nodes.Nil() | nodes.Dot():
                raise self.fail(f"unexpected . after term {quoted(str(node))}")
        return nodes.ChainNode(at, node, tuple(names))

    def _term(self) -> nodes.Operand | None:
        token = self.next_solid()
        match token.kind:
            case "identifier":
                if token.text not in self.functions:
                    raise self.fail(f"function {quoted(token.text)} not defined")
                self.called.add(token.text)
                return nodes.Function(token.at, token.text)
            case ".":
                return nodes.Dot(token.at)
            case "nil":
                return nodes.Nil(token.at)
            case "variable":
                if token.text not in self.variables:
                    raise self.fail(f"undefined variable {quoted(token.text)}")
                return nodes.VariableNode(token.at, token.text)
            case "field":
                return nodes.FieldNode(token.at, (token.text[1:],))
            case "bool":
                return nodes.Constant(token.at, token.text, token.text == "true")
            case "char" | "number":
                return self._number(token)
            case "(":
                return self._pipeline("parenthesized pipeline", ")")
            case "string" | "raw":
                return nodes.Constant(token.at, token.text, self._unquoted(token))
        self.at -= 1
        return None

    def _number(self, token: TemplateToken) -> nodes.Constant:
        text = token.text
        if token.kind == "char":
            try:
                value = text[1:-1] if text[1:-1] == '"' else unquote(f'"{text[1:-1]}"' if text != "'\\''" else '"\'"')
            except ValueError:
                value = ""
            if len(value) != 1:
                raise self.fail(f"malformed character constant: {text}")
            return nodes.Constant(token.at, text, ord(value), number=True, whole=True)
        try:
            whole = _integer(text)
        except ValueError:
            pass
        else:
            if not -(2**63) <= whole < 2**63:
                raise self.fail(f"integer overflow: {quoted(text)}")
            return nodes.Constant(token.at, text, whole, number=True, whole=True)
        try:
            plain = text.replace("_", "")
            number = float.fromhex(plain) if "x" in plain.lower() else float(plain)
        except (ValueError, OverflowError):
            raise self.fail(f"illegal number syntax: {quoted(text)}") from None
        if not set(text) & set(".eEpP"):
            raise self.fail(f"integer overflow: {quoted(text)}")
        if number in (float("inf"), float("-inf")):
            raise self.fail(f"illegal number syntax: {quoted(text)}")
        return nodes.Constant(
            token.at, text, number, number=True, whole=number.is_integer() and -(2**63) <= number < 2**63
        )


def _is_blank(body: list[nodes.Node]) -> bool:
    return all(isinstance(node, nodes.Text) and not node.text.strip() for node in body)


def _integer(text: str) -> int:
    """A whole number as Go writes it in source: 0x10, 017, 1_000."""
    if re.fullmatch(r"[+-]?0_?[0-7][0-7_]*", text):
        return int(text.replace("_", ""), 8)
    return int(text, 0)
