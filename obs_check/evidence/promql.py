"""The selectors of a PromQL query, as promql-parser reads them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from obs_check.errors import QueryError
from obs_check.standin.prometheus.eval import matchers_of
from obs_check.standin.prometheus.store import NAME, LabelMatcher

_MACRO_NUMBER = re.compile(r"\$\{?__\w+_(?:s|ms)\}?")
_MACRO = re.compile(r"\$\{?__\w+\}?")


class VectorSelector(NamedTuple):
    """A metric's name and the matchers of its labels."""

    metric: str
    matchers: tuple[LabelMatcher, ...] = ()

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
        return list(dict.fromkeys(_walk(promql_parser.parse(plain))))
    except (ValueError, QueryError):
        return []


def _walk(node: object) -> Iterator[VectorSelector]:
    if type(node).__name__ == "VectorSelector":
        every = matchers_of(node)
        metric = next((m.value for m in every if m.name == NAME and m.op == "="), "")
        if metric:
            yield VectorSelector(metric, tuple(m for m in every if m.name != NAME))
    for part in ("expr", "lhs", "rhs", "vector_selector", "args", "param"):
        inner = getattr(node, part, None)
        for child in inner if isinstance(inner, list) else [inner]:
            if child is not None:
                yield from _walk(child)
