"""The tree of a template. Every expression knows its offset and how Go writes it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Constant:
    """A number, text or truth value as written; `number` when it is a number."""

    at: int
    text: str
    value: Any
    number: bool = False
    whole: bool = False

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True)
class Nil:
    """`nil`."""

    at: int

    def __str__(self) -> str:
        return "nil"


@dataclass(slots=True)
class Dot:
    """`.`."""

    at: int

    def __str__(self) -> str:
        return "."


@dataclass(slots=True)
class FieldNode:
    """`.a.b`."""

    at: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@dataclass(slots=True)
class VariableNode:
    """`$x.a.b`."""

    at: int
    name: str
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name + "".join(f".{name}" for name in self.names)


@dataclass(slots=True)
class ChainNode:
    """`(pipeline).a.b`."""

    at: int
    node: "Operand"
    names: tuple[str, ...]

    def __str__(self) -> str:
        text = f"({self.node})" if isinstance(self.node, PipeNode) else str(self.node)
        return text + "".join(f".{name}" for name in self.names)


@dataclass(slots=True)
class Function:
    """The name of a function."""

    at: int
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True)
class CommandNode:
    """A function or value with arguments."""

    at: int
    operands: list["Operand"] = field(default_factory=list)

    def __str__(self) -> str:
        return " ".join(f"({one})" if isinstance(one, PipeNode) else str(one) for one in self.operands)


@dataclass(slots=True)
class PipeNode:
    """Commands that feed one another; `names` are declared, or assigned to when `assigns`."""

    at: int
    commands: list[CommandNode] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    assigns: bool = False

    def __str__(self) -> str:
        names = f"{', '.join(self.names)} {'=' if self.assigns else ':='} " if self.names else ""
        return names + " | ".join(map(str, self.commands))


Operand = Constant | Nil | Dot | FieldNode | VariableNode | ChainNode | Function | PipeNode


@dataclass(slots=True)
class Text:
    """Text between actions."""

    text: str


@dataclass(slots=True)
class Action:
    """An expression whose value is written unless it declares."""

    pipeline: PipeNode


@dataclass(slots=True)
class Branch:
    """`if`, `with` or `range`."""

    word: str
    pipeline: PipeNode
    body: list["Node"]
    otherwise: list["Node"]


@dataclass(slots=True)
class Leave:
    """`break` or `continue`."""

    word: str


@dataclass(slots=True)
class Call:
    """`{{template "name" pipeline}}`."""

    at: int
    name: str
    pipeline: PipeNode | None

    def __str__(self) -> str:
        return f'{{{{template "{self.name}"{f" {self.pipeline}" if self.pipeline else ""}}}}}'


Node = Text | Action | Branch | Leave | Call


def operands_in(nodes: list[Node]) -> Iterator["Operand"]:
    """The operands of the actions that Loki 3.5 looks through for labels, from left to right."""
    for node in nodes:
        if isinstance(node, Action | Branch):
            yield from _operands(node.pipeline)
        if isinstance(node, Branch):
            yield from operands_in(node.body)
            yield from operands_in(node.otherwise)


def _operands(pipeline: PipeNode) -> Iterator["Operand"]:
    for command in pipeline.commands:
        for operand in command.operands:
            yield operand
            if isinstance(operand, PipeNode):
                yield from _operands(operand)
