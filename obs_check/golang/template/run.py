"""Runs a template over the labels of a line, with Go's types, places and words for what fails."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from obs_check.golang.template import nodes
from obs_check.golang.template.clock import Instant
from obs_check.golang.template.functions import Signature
from obs_check.golang.template.lex import quoted
from obs_check.golang.template.methods import METHODS
from obs_check.golang.template.moment import EVERY, Moment
from obs_check.golang.template.values import Duration, Labels, TemplateFault, show, truth, type_name

_ABSENT = object()
"""No value was piped in."""
_TYPES = {
    "s": (str, "string"),
    "i": (int, "int"),
    "f": (float, "float64"),
    "t": (Instant, "time.Time"),
    "d": (Duration, "time.Duration"),
}
_LITERALS = {"s": "string", "i": "integer", "d": "integer", "f": "float"}


class _Given(NamedTuple):
    """What a command passes on: its arguments, and what was piped in."""

    arguments: Sequence[nodes.Operand] = ()
    piped: Any = _ABSENT

    def __bool__(self) -> bool:
        return bool(self.arguments) or self.piped is not _ABSENT


_NOTHING = _Given()


class _Leave(Exception):
    """`break` or `continue` of a range."""


class _Break(_Leave):
    pass


class _Continue(_Leave):
    pass


class Execution:
    """One execution; `text` is the template and `name` what messages call it."""

    def __init__(
        self,
        text: str,
        name: str,
        definitions: Mapping[str, list[nodes.Node]],
        functions: Mapping[str, Signature],
        root: Mapping[str, object],
        moment: Moment | None,
    ) -> None:
        self.text = text
        self.name = self.running = name
        self.definitions = definitions
        self.functions = functions
        self.moment = moment
        self.out: list[str] = []
        self.variables: list[list[Any]] = [["$", root]]
        self.place: Any = None

    def fail(self, message: str) -> TemplateFault:
        """Go's words with the place of the node that was looked at last."""
        at = self.place.at if self.place is not None else 0
        line_start = self.text.rfind("\n", 0, at) + 1
        line, column = self.text.count("\n", 0, at) + 1, len(self.text[line_start:at].encode())
        where = f'executing "{self.running}" at <{self.place}>'
        return TemplateFault(f"template: {self.name}:{line}:{column}: {where}: {message}")

    def walk(self, dot: object, body: Sequence[nodes.Node]) -> None:
        """Writes the nodes to `out`."""
        for node in body:
            match node:
                case nodes.Text():
                    self.out.append(node.text)
                case nodes.Action():
                    value = self.pipeline(dot, node.pipeline)
                    if not node.pipeline.names:
                        self.out.append("<no value>" if value is None else show(value))
                case nodes.Branch():
                    kept = len(self.variables)
                    (self._range if node.word == "range" else self._choose)(dot, node)
                    del self.variables[kept:]
                case nodes.Leave():
                    raise _Break if node.word == "break" else _Continue
                case nodes.Call():
                    self._template(dot, node)

    def _choose(self, dot: object, node: nodes.Branch) -> None:
        value = self.pipeline(dot, node.pipeline)
        if truth(value):
            self.walk(value if node.word == "with" else dot, node.body)
        else:
            self.walk(dot, node.otherwise)

    def _range(self, dot: object, node: nodes.Branch) -> None:
        value = self.pipeline(dot, node.pipeline)
        items = self._items(value)
        if not items:
            self.walk(dot, node.otherwise)
            return
        names, kept = node.pipeline.names, len(self.variables)
        for key, item in items:
            if node.pipeline.assigns:
                for name, one in zip(names, (item,) if len(names) == 1 else (key, item), strict=True):
                    self._assign(name, one)
            elif names:
                self.variables[-1][1] = item
                if len(names) > 1:
                    self.variables[-2][1] = key
            try:
                self.walk(item, node.body)
            except _Break:
                break
            except _Continue:
                pass
            finally:
                del self.variables[kept:]

    def _items(self, value: object) -> list[tuple[Any, Any]]:
        if value is None:
            return []
        if isinstance(value, dict):
            return sorted(value.items())
        if isinstance(value, list):
            return list(enumerate(value))
        if isinstance(value, int) and not isinstance(value, bool):
            return [(number, number) for number in range(value)]
        raise self.fail(f"range can't iterate over {show(value)}")

    def _template(self, dot: object, node: nodes.Call) -> None:
        self.place = node
        body = self.definitions.get(node.name)
        if body is None:
            raise self.fail(f"template {quoted(node.name)} not defined")
        given = self.pipeline(dot, node.pipeline) if node.pipeline else None
        outer, running = self.variables, self.running
        self.variables, self.running = [["$", given]], node.name
        try:
            self.walk(given, body)
        except RecursionError:
            self.place = node
            raise self.fail("exceeded maximum template depth (100000)") from None
        self.variables, self.running = outer, running

    def pipeline(self, dot: object, pipeline: nodes.PipeNode) -> object:
        """The value of the last command, given to the declared variables."""
        self.place = pipeline
        value: Any = _ABSENT
        for command in pipeline.commands:
            value = self._command(dot, command, value)
        for name in pipeline.names:
            if pipeline.assigns:
                self._assign(name, value)
            else:
                self.variables.append([name, value])
        return value

    def _assign(self, name: str, value: object) -> None:
        for pair in reversed(self.variables):
            if pair[0] == name:
                pair[1] = value
                return
        raise self.fail(f"undefined variable: {name}")

    def _variable(self, name: str) -> Any:
        return next(value for known, value in reversed(self.variables) if known == name)

    def _command(self, dot: object, command: nodes.CommandNode, piped: object) -> Any:
        first, *arguments = command.operands
        given = _Given(arguments, piped)
        match first:
            case nodes.Function():
                return self._function(dot, first, command, given)
            case nodes.FieldNode() | nodes.VariableNode() | nodes.ChainNode():
                return self._path(dot, first, given)
            case nodes.PipeNode():
                self._no_arguments(first, given)
                return self.pipeline(dot, first)
        self.place = first
        self._no_arguments(first, given)
        match first:
            case nodes.Dot():
                return dot
            case nodes.Constant():
                return first.value
        raise self.fail("nil is not a command")

    def _no_arguments(self, first: nodes.Operand, given: _Given) -> None:
        if given:
            shown = f"({first})" if isinstance(first, nodes.PipeNode) else str(first)
            raise self.fail(f"can't give argument to non-function {shown}")

    def _path(
        self,
        dot: object,
        node: nodes.FieldNode | nodes.VariableNode | nodes.ChainNode,
        given: _Given = _NOTHING,
    ) -> object:
        self.place = node
        names = node.names
        value = self._root(dot, node)
        if not names:
            self._no_arguments(node, given)
            return value
        if value is None and (not isinstance(node, nodes.FieldNode) or self.variables[0][1] is None):
            # What is nothing at all has nothing in it; the null of an object is refused below.
            return None
        kind = type_name(value)
        for name in names[:-1]:
            inner = self._field(dot, value, kind, name, node, _NOTHING)
            value, kind = inner, "interface {}" if type(value) is dict else type_name(inner)
        return self._field(dot, value, kind, names[-1], node, given)

    def _root(self, dot: object, node: nodes.FieldNode | nodes.VariableNode | nodes.ChainNode) -> object:
        match node:
            case nodes.FieldNode():
                return dot
            case nodes.VariableNode():
                return self._variable(node.name)
            case nodes.ChainNode():
                return self._argument(dot, "a", node.node)

    def _field(self, dot: object, value: object, kind: str, name: str, node: nodes.Operand, given: _Given) -> object:
        if value is None:
            raise self.fail(f"nil pointer evaluating interface {{}}.{name}")
        if method := METHODS.get(type(value), {}).get(name):
            signature = Signature(method.parameters, method.variadic, lambda *values: method.call(value, *values))
            return self._call(dot, name, signature, node, given)
        if not isinstance(value, dict):
            raise self.fail(f"can't evaluate field {name} in type {kind}")
        if given:
            raise self.fail(f"{name} is not a method but has arguments")
        return value.get(name, "" if isinstance(value, Labels) else None)

    def _function(self, dot: object, node: nodes.Function, command: object, given: _Given) -> object:
        self.place = node
        signature = self.functions.get(node.name)
        if signature is None:
            if self.moment is None:
                raise self.fail(f"function {quoted(node.name)} not defined")
            signature = EVERY[node.name](self.moment)
        return self._call(dot, node.name, signature, command, given)

    def _call(self, dot: object, name: str, signature: Signature, node: object, given: _Given) -> Any:
        parameters, variadic, function = signature
        arguments, piped = given
        count = len(arguments) + (piped is not _ABSENT)
        fixed = len(parameters) - variadic
        if variadic and count < fixed:
            raise self.fail(f"wrong number of args for {name}: want at least {fixed} got {len(arguments)}")
        if not variadic and count != fixed:
            raise self.fail(f"wrong number of args for {name}: want {fixed} got {count}")
        kinds = parameters + parameters[-1:] * (count - len(parameters)) if variadic else parameters
        values = []
        for kind, argument in zip(kinds, arguments, strict=False):
            values.append(self._argument(dot, kind, argument))
            if name in ("and", "or") and truth(values[-1]) == (name == "or"):
                return values[-1]
        if piped is not _ABSENT:
            values.append(self._checked(piped, kinds[len(arguments)], "nil"))
        try:
            return function(*values)
        except (ValueError, OverflowError, MemoryError, TypeError, AttributeError, TemplateFault) as error:
            self.place = node
            message = str(error).replace("%s", str(arguments[0]) if arguments else "", 1) if name == "call" else error
            raise self.fail(f"error calling {name}: {message}") from None

    def _argument(self, dot: object, kind: str, node: nodes.Operand) -> object:
        self.place = node
        match node:
            case nodes.Dot():
                return self._checked(dot, kind, "nil")
            case nodes.Nil():
                if kind in "av":
                    return None
                raise self.fail(f"cannot assign nil to {_TYPES[kind][1]}")
            case nodes.FieldNode() | nodes.ChainNode() | nodes.VariableNode():
                value = self._path(dot, node)
                nothing = "nil" if value is None and self._root(dot, node) is None else "interface {}"
                return self._checked(value, kind, nothing)
            case nodes.PipeNode():
                return self._checked(self.pipeline(dot, node), kind, "nil")
            case nodes.Function():
                return self._checked(self._function(dot, node, node, _NOTHING), kind, "nil")
        return self._literal(kind, node)

    def _literal(self, kind: str, node: nodes.Constant) -> object:
        if kind in "av":
            return node.value
        fits = {
            "s": isinstance(node.value, str),
            "i": node.number and node.whole,
            "d": node.number and node.whole,
            "f": node.number,
        }
        if kind == "t":
            raise self.fail(f"can't handle {node} for arg of type time.Time")
        if not fits[kind]:
            raise self.fail(f"expected {_LITERALS[kind]}; found {node}")
        return {"s": str, "i": int, "d": int, "f": float}[kind](node.value)

    def _checked(self, value: object, kind: str, nothing: str) -> Any:
        """The value when its type is that of the parameter; `nothing` is what a missing one is."""
        if kind in "av":
            return value
        wanted, name = _TYPES[kind]
        if type(value) is wanted:
            return value
        if value is None and nothing == "nil":
            raise self.fail(f"invalid value; expected {name}")
        found = nothing if value is None else type_name(value)
        raise self.fail(f"wrong type for value; expected {name}; got {found}")
