"""JMESPath applied to JSON data: the library's tree, and what the Go libraries of promtail and Alloy do otherwise.

Numbers are floats, as encoding/json gives them; `true` is not a number; only numbers are ordered; functions are those
of the library that the shipper has.
"""

from functools import lru_cache
from typing import Any

from jmespath.exceptions import JMESPathError
from jmespath.parser import Parser
from jmespath.visitor import TreeInterpreter

from obs_check.shipper.jmespath.functions import COMMUNITY, FUNCTIONS, ExpressionReference, WrongArgument

__all__ = ["BadPath", "WrongArgument", "called_functions", "parse", "search"]

Node = dict[str, Any]


class BadPath(ValueError):
    """An expression that is not JMESPath; `args[0]` says where and why."""


class _Interpreter(TreeInterpreter):  # type: ignore[misc]  # the library has no types
    def __init__(self, community: bool) -> None:
        super().__init__()
        self._known = COMMUNITY if community else FUNCTIONS

    def visit_function_expression(self, node: Node, value: object) -> object:
        if node["value"] not in self._known:
            raise WrongArgument(f"unknown function {node['value']}()")
        return self._known[node["value"]](*[self.visit(child, value) for child in node["children"]])

    def visit_expref(self, node: Node, value: object) -> object:  # noqa: ARG002 (the library's signature)
        return ExpressionReference(lambda item: self.visit(node["children"][0], item))

    def visit_comparator(self, node: Node, value: object) -> object:
        left, right = (self.visit(child, value) for child in node["children"])
        if node["value"] in ("eq", "ne"):
            same = isinstance(left, bool) == isinstance(right, bool) and bool(left == right)
            return same == (node["value"] == "eq")
        numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (left, right))
        return self.COMPARATOR_FUNC[node["value"]](left, right) if numbers else None


@lru_cache(maxsize=512)
def parse(path: str) -> Node:
    """The tree of an expression, as the library has it. Raises BadPath."""
    try:
        tree: Node = Parser().parse(path).parsed
    except (JMESPathError, ValueError) as error:
        raise BadPath(" ".join(str(error).split())) from None
    return tree


def search(path: str, data: object, community: bool = False) -> Any:
    """What an expression finds, None when nothing; `community` has the functions of Alloy's library. Raises BadPath
    (not JMESPath) or WrongArgument (a function)."""
    return _Interpreter(community).visit(parse(path), data)


def called_functions(node: object) -> set[str]:
    """The functions that an expression calls."""
    if isinstance(node, list):
        return set[str]().union(*map(called_functions, node))
    if not isinstance(node, dict):
        return set()
    own = {str(node["value"])} if node.get("type") == "function_expression" else set[str]()
    return own | called_functions(node.get("children", []))
