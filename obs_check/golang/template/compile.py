"""Templates made ready to run."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from obs_check.golang.template import nodes
from obs_check.golang.template.functions import FUNCTIONS, Signature
from obs_check.golang.template.moment import OF_A_SHIPPER, OF_THE_MOMENT, Moment
from obs_check.golang.template.parse import Parser
from obs_check.golang.template.run import Execution
from obs_check.golang.template.values import Labels, TemplateFault

__all__ = ["CompiledTemplate", "Moment", "TemplateFault", "compile_template"]


class CompiledTemplate(NamedTuple):
    """`render(labels, moment)` answers the text or raises TemplateFault; functions of time and line ask for the moment.
    `simple_key` is set for a bare `{{.key}}`; `fields` are the labels that it reads and that Loki 3.5 collects, and
    `by_variable` others that it reads, as `{{$.key}}`, which Loki 3.5 does not; `functions` are those that it calls."""

    render: Callable[[Mapping[str, str], Moment | None], str]
    simple_key: str | None
    fields: tuple[str, ...]
    by_variable: tuple[str, ...]
    functions: frozenset[str]


def compile_template(
    text: str, name: str, functions: Mapping[str, Signature] = FUNCTIONS, absent: object = ""
) -> CompiledTemplate:
    """The template `text` called `name`; QueryError with Go's words when it does not parse. `functions` are those of
    Loki unless given, and `absent`, the empty text or None, is the value of a field that is not there."""
    of_the_moment = OF_THE_MOMENT if functions is FUNCTIONS else OF_A_SHIPPER
    parser = Parser(text, name, functions.keys() | of_the_moment.keys())
    body = parser.template()
    definitions = parser.definitions
    kind: Callable[[Mapping[str, str]], dict[str, Any]] = dict if absent is None else Labels

    def render(labels: Mapping[str, str], moment: Moment | None) -> str:
        root = kind(labels)
        run = Execution(text, name, definitions, functions, root, moment)
        run.walk(root, body)
        return "".join(run.out)

    operands = list(nodes.operands_in(body))
    fields = dict.fromkeys(name for one in operands if isinstance(one, nodes.FieldNode) for name in one.names)
    roots = (one for one in operands if isinstance(one, nodes.VariableNode) and one.name == "$" and one.names)
    by_variable = dict.fromkeys(one.names[0] for one in roots if one.names[0] not in fields)
    return CompiledTemplate(render, _simple_key(body), tuple(fields), tuple(by_variable), frozenset(parser.called))


def _simple_key(body: list[nodes.Node]) -> str | None:
    if len(body) == 1 and isinstance(body[0], nodes.Action) and len(body[0].pipeline.commands) == 1:
        operands = body[0].pipeline.commands[0].operands
        if len(operands) == 1 and isinstance(operands[0], nodes.FieldNode) and len(operands[0].names) == 1:
            return operands[0].names[0]
    return None
