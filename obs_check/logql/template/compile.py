"""A template made into a function: recursive descent over the actions, closures as the result."""

import ast as python_ast
import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from obs_check.errors import QueryError
from obs_check.logql.template.clock import Instant
from obs_check.logql.template.functions import FUNCTIONS
from obs_check.logql.template.lex import Action, Text, Token, split_template
from obs_check.logql.template.values import MISSING, TemplateFault, show, truth

__all__ = ["Moment", "Template", "TemplateFault", "compile_template"]


class Moment(NamedTuple):
    """What `__line__` and `__timestamp__` answer; `ts` in ns since the epoch."""

    line: str
    ts: int


class _Frame:
    """What an expression sees while the template runs."""

    __slots__ = ("absent", "dot", "moment", "root", "variables")

    def __init__(self, root: Mapping[str, str], moment: Moment, absent: Any) -> None:
        self.root = root
        self.absent = absent
        self.dot: Any = root
        self.moment = moment
        self.variables: dict[str, Any] = {"$": root}


Functions = Mapping[str, Callable[..., Any]]
_Value = Callable[[_Frame], Any]
_Node = Callable[[_Frame, list[str]], None]


class Template(NamedTuple):
    """`render(labels, moment)` answers the text or raises TemplateFault; `simple_key` is set for a bare `{{.key}}`."""

    render: Callable[[Mapping[str, str], Moment], str]
    simple_key: str | None


class _Leave(Exception):
    """`break` or `continue` of a range, after the text written so far."""

    def __init__(self, again: bool) -> None:
        super().__init__()
        self.again = again


def _field(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return value.get(name, MISSING)
    if value is None or value is MISSING:
        raise TemplateFault(f"nil pointer evaluating interface {{}}.{name}")
    raise TemplateFault(f"can't evaluate field {name} in type {type(value).__name__}")


def _literal(token: Token) -> Any:
    if token.kind == "string" and token.text[0] == "`":
        return token.text[1:-1]
    try:
        if token.kind == "number":
            text = token.text.replace("_", "")
            try:
                return int(text, 8 if len(text) > 1 and text.isdigit() and text[0] == "0" else 0)
            except ValueError:
                return float(text)
        value = python_ast.literal_eval(token.text)
    except (ValueError, SyntaxError):
        raise QueryError(f"invalid template: bad literal {token.text}") from None
    return ord(value) if token.kind == "char" else value


class _Pipeline:
    """The expressions of one action."""

    def __init__(self, tokens: Sequence[Token], functions: Functions) -> None:
        self.tokens = tokens
        self.functions = functions
        self.at = 0

    def kind(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead].kind if self.at + ahead < len(self.tokens) else ""

    def pipeline(self) -> _Value:
        if self.kind() == "variable" and self.kind(1) in ("declare", "="):
            name = self.tokens[self.at].text
            self.at += 2
            inner = self.pipeline()

            def assign(frame: _Frame) -> Any:
                frame.variables[name] = value = inner(frame)
                return value

            return assign
        value = self.command(None)
        while self.kind() == "|":
            self.at += 1
            if self.kind() in ("", ")"):
                break
            value = self.command(value)
        return value

    def command(self, piped: _Value | None) -> _Value:
        if self.kind() == "name" and self.tokens[self.at].text not in ("true", "false", "nil"):
            token = self.tokens[self.at]
            self.at += 1
            arguments = []
            while self.kind() not in ("", "|", ")"):
                arguments.append(self.operand())
            return _call(token, arguments, piped, self.functions)
        if piped is not None and self.kind() in ("field", "variable"):
            self.operand()
            return _refuse("can't give argument to non-function")
        if piped is not None or self.kind() in ("", "|", ")"):
            raise QueryError(
                "invalid template: a function is needed here" if piped else "invalid template: missing value"
            )
        if self.tokens[self.at].text == "nil":
            self.at += 1
            return _refuse("nil is not a command")
        value = self.operand()
        if self.kind() not in ("", "|", ")"):
            raise QueryError(f"invalid template: unexpected {self.tokens[self.at].text!r} in operand")
        return value

    def operand(self) -> _Value:
        token = self.tokens[self.at]
        self.at += 1
        value: _Value
        if token.kind == "(":
            value = self.pipeline()
            if self.kind() != ")":
                raise QueryError("invalid template: unclosed left paren")
            self.at += 1
        elif token.kind in ("string", "number", "char"):
            constant = _literal(token)
            return lambda _frame: constant
        elif token.kind == "field":
            name = token.text[1:]
            value = _first_field(name)
        elif token.kind == "dot":
            return lambda frame: frame.dot
        elif token.kind == "variable":
            variable = token.text

            def value(frame: _Frame) -> Any:
                if variable not in frame.variables:
                    raise TemplateFault(f'undefined variable "{variable}"')
                return frame.variables[variable]
        elif token.text in ("true", "false", "nil"):
            known = {"true": True, "false": False, "nil": None}[token.text]
            return lambda _frame: known
        elif token.kind == "name":
            value = _call(token, [], None, self.functions)
        else:
            raise QueryError(f"invalid template: unexpected {token.text!r}")
        while self.kind() == "field" and not self.tokens[self.at].spaced:
            value = _inner_field(value, self.tokens[self.at].text[1:])
            self.at += 1
        return value


def _refuse(reason: str) -> _Value:
    def refuse(_frame: _Frame) -> Any:
        raise TemplateFault(reason)

    return refuse


def _first_field(name: str) -> _Value:
    def value(frame: _Frame) -> Any:
        if frame.dot is frame.root:
            return frame.root.get(name, frame.absent)
        return _field(frame.dot, name)

    return value


def _inner_field(outer: _Value, name: str) -> _Value:
    def value(frame: _Frame) -> Any:
        of = outer(frame)
        return frame.root.get(name, frame.absent) if of is frame.root else _field(of, name)

    return value


def _wrong_count(name: str, function: Callable[..., Any], written: int, given: int) -> str:
    """Go's words when a function gets too few or too many arguments; it does not count the piped one as got."""
    parameters = inspect.signature(function).parameters.values()
    open_ended = any(p.kind is p.VAR_POSITIONAL or p.default is not p.empty for p in parameters)
    needed = sum(1 for p in parameters if p.kind is not p.VAR_POSITIONAL and p.default is p.empty)
    if given < needed or (given > needed and not open_ended):
        least = "at least " if open_ended else ""
        return f"wrong number of args for {name}: want {least}{needed} got {written}"
    return ""


_OF_THE_MOMENT: dict[str, _Value] = {
    "__line__": lambda frame: frame.moment.line,
    "__timestamp__": lambda frame: Instant(frame.moment.ts),
    "now": lambda _frame: Instant(time.time_ns()),
}


def _call(token: Token, written: list[_Value], piped: _Value | None, functions: Functions) -> _Value:
    name = token.text
    arguments = written if piped is None else [*written, piped]
    if name in _OF_THE_MOMENT and functions is FUNCTIONS:
        return _OF_THE_MOMENT[name]
    if name in ("and", "or"):
        stop = name == "or"

        def choose(frame: _Frame) -> Any:
            value: Any = None
            for argument in arguments:
                value = argument(frame)
                if truth(value) == stop:
                    break
            return value

        return choose
    function = functions.get(name)
    if function is None:
        raise QueryError(f'invalid template: function "{name}" not defined')
    chosen = function
    where = f'{token.place}: executing "%s" at <{name}>: '
    wrong = _wrong_count(name, function, len(written), len(arguments))

    def call(frame: _Frame) -> Any:
        if wrong:
            raise TemplateFault(where + wrong)
        try:
            given = [argument(frame) for argument in arguments]
            return chosen(*[None if value is MISSING else value for value in given])
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise TemplateFault(f"error calling {name}: {error}") from None

    return call


class _Reader:
    """The parts of a template, read into nodes."""

    def __init__(self, parts: list[Text | Action], functions: Functions) -> None:
        self.parts = parts
        self.functions = functions
        self.at = 0

    def nodes(self, depth: int) -> tuple[list[_Node], tuple[Token, ...]]:
        """Nodes up to `else`, `end` (whose tokens are answered) or the end of the template."""
        found: list[_Node] = []
        while self.at < len(self.parts):
            part = self.parts[self.at]
            self.at += 1
            if isinstance(part, Text):
                found.append(_write(part.text))
                continue
            word = part.tokens[0].text if part.tokens and part.tokens[0].kind == "name" else ""
            if word in ("end", "else"):
                if not depth:
                    raise QueryError(f"invalid template: unexpected {{{{{word}}}}}")
                return found, part.tokens
            found.append(self.node(word, part.tokens, depth))
        if depth:
            raise QueryError("invalid template: unexpected EOF: {{end}} is missing")
        return found, ()

    def node(self, word: str, tokens: tuple[Token, ...], depth: int) -> _Node:
        if word in ("if", "with", "range"):
            return self.branch(word, tokens[1:], depth + 1)
        if word in ("break", "continue"):
            return _leave(word == "continue")
        if word in ("define", "block", "template"):
            raise QueryError(f"invalid template: {{{{{word}}}}} is not supported")
        value = _whole(tokens, self.functions)
        if len(tokens) > 1 and tokens[1].kind in ("declare", "="):
            return _declare(value)

        def emit(frame: _Frame, out: list[str]) -> None:
            found = value(frame)
            out.append("<no value>" if found is None else show(found))

        return emit

    def branch(self, word: str, head: tuple[Token, ...], depth: int) -> _Node:
        names: list[str] = []
        if word == "range":
            head, names = _range_names(head)
        value = _whole(head, self.functions)
        body, closing = self.nodes(depth)
        otherwise: list[_Node] = []
        if closing[0].text == "else":
            if len(closing) > 1:
                otherwise = [self.branch(closing[1].text, closing[2:], depth)]
            else:
                otherwise, closing = self.nodes(depth)
        return _range(names, value, body, otherwise) if word == "range" else _if(word, value, body, otherwise)


def _write(text: str) -> _Node:
    return lambda _frame, out: out.append(text)


def _declare(value: _Value) -> _Node:
    def declare(frame: _Frame, _out: list[str]) -> None:
        value(frame)

    return declare


def _leave(again: bool) -> _Node:
    def leave(_frame: _Frame, _out: list[str]) -> None:
        raise _Leave(again)

    return leave


def _whole(tokens: Sequence[Token], functions: Functions) -> _Value:
    pipeline = _Pipeline(tokens, functions)
    value = pipeline.pipeline()
    if pipeline.at < len(tokens):
        raise QueryError(f"invalid template: unexpected {tokens[pipeline.at].text!r}")
    return value


def _range_names(tokens: tuple[Token, ...]) -> tuple[tuple[Token, ...], list[str]]:
    kinds = [token.kind for token in tokens]
    for count in (3, 1):
        if kinds[: count + 1] == ["variable", ",", "variable", "declare"][-count - 1 :] and kinds[count] == "declare":
            return tokens[count + 1 :], [token.text for token in tokens[:count:2]]
    return tokens, []


def _if(word: str, value: _Value, body: list[_Node], otherwise: list[_Node]) -> _Node:
    def run(frame: _Frame, out: list[str]) -> None:
        variables = dict(frame.variables)
        found = value(frame)
        dot = frame.dot
        chosen = body if truth(found) else otherwise
        if word == "with" and chosen is body:
            frame.dot = found
        for node in chosen:
            node(frame, out)
        frame.dot = dot
        frame.variables = {name: frame.variables[name] for name in variables}

    return run


def _items(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return sorted(value.items())
    if isinstance(value, list):
        return list(enumerate(value))
    if type(value) is int:
        return [(number, number) for number in range(value)]
    if value is None or value is MISSING:
        return []
    raise TemplateFault(f"range can't iterate over {show(value)}")


def _range(names: list[str], value: _Value, body: list[_Node], otherwise: list[_Node]) -> _Node:
    def run(frame: _Frame, out: list[str]) -> None:
        items = _items(value(frame))
        outer, dot = dict(frame.variables), frame.dot
        if not items:
            for node in otherwise:
                node(frame, out)
        for key, item in items:
            frame.dot = item
            if names:
                frame.variables[names[-1]] = item
            if len(names) > 1:
                frame.variables[names[0]] = key
            try:
                for node in body:
                    node(frame, out)
            except _Leave as leave:
                if not leave.again:
                    break
        frame.dot = dot
        frame.variables = {name: frame.variables[name] for name in outer}

    return run


def compile_template(text: str, name: str, functions: Functions = FUNCTIONS, absent: Any = "") -> Template:
    """The template `text` called `name`; QueryError when it does not parse. `functions` are those of Loki unless given,
    and `absent` is the value of a field that is not there."""
    parts = split_template(text)
    nodes, _ = _Reader(parts, functions).nodes(0)

    def render(labels: Mapping[str, str], moment: Moment) -> str:
        frame, out = _Frame(labels, moment, absent), list[str]()
        try:
            for node in nodes:
                node(frame, out)
        except _Leave as leave:
            raise TemplateFault(f"{'continue' if leave.again else 'break'} outside range") from None
        except TemplateFault as fault:
            words = str(fault)
            gap = "" if 'executing "%s"' in words else " "
            raise TemplateFault(f"template: {name}:{gap}{words}".replace("%s", name, 1)) from None
        return "".join(out)

    simple = None
    if len(parts) == 1 and isinstance(parts[0], Action) and [token.kind for token in parts[0].tokens] == ["field"]:
        simple = parts[0].tokens[0].text[1:]
    return Template(render, simple)
