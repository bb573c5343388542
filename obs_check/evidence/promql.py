"""The selectors of a PromQL query, as promql-parser reads them."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

_MACRO_NUMBER = re.compile(r"\$\{?__\w+_(?:s|ms)\}?")
_MACRO = re.compile(r"\$\{?__\w+\}?")
_OPERATORS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


class Matched(NamedTuple):
    """One matcher of a selector."""

    name: str
    op: str
    value: str

    @property
    def text(self) -> str:
        """As PromQL writes it."""
        value = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{self.op}"{value}"'


class VectorSelector(NamedTuple):
    """A metric's name and the matchers of its labels."""

    metric: str
    matchers: tuple[Matched, ...] = ()

    @property
    def text(self) -> str:
        """As PromQL writes it."""
        inside = ",".join(m.text for m in self.matchers)
        return f"{self.metric}{{{inside}}}" if inside else self.metric


def selectors(query: str) -> list[VectorSelector]:
    """Selectors that name a metric, in their order, each once; none where the query does not parse. Macros of Grafana's
    backend are read as some duration or number, which no selector depends on."""
    import promql_parser

    plain = _MACRO.sub("1m", _MACRO_NUMBER.sub("60", query))
    try:
        tree = promql_parser.parse(plain)
    except ValueError:
        return []
    return list(dict.fromkeys(_walk(tree)))


def _walk(node: Any) -> Iterator[VectorSelector]:
    if type(node).__name__ == "VectorSelector":
        metric, matchers = node.name or "", []
        for m in node.matchers.matchers:
            if m.name == "__name__":
                metric = metric or (m.value if str(m.op).endswith("Equal") else "")
            else:
                matchers.append(Matched(m.name, _OPERATORS[str(m.op).rpartition(".")[2]], m.value))
        if metric:
            yield VectorSelector(metric, tuple(matchers))
    for part in ("expr", "lhs", "rhs", "vector_selector", "args", "param"):
        inner = getattr(node, part, None)
        for child in inner if isinstance(inner, list) else [inner]:
            if child is not None:
                yield from _walk(child)
