"""A JMESPath tree applied to JSON data. Numbers are floats, as encoding/json gives them."""

from functools import lru_cache
from typing import Any

from obs_check.shipper.jmespath.functions import COMMUNITY, FUNCTIONS, Reference, WrongArgument
from obs_check.shipper.jmespath.parse import Node, parse

__all__ = ["WrongArgument", "search"]


def search(path: str, data: Any, community: bool = False) -> Any:
    """What an expression finds, None when nothing; `community` has the functions of Alloy's library. Raises BadPath
    (not JMESPath) or WrongArgument (a function)."""
    return _find(parse(path) if community else _without_community(path), data)


@lru_cache(maxsize=512)
def _without_community(path: str) -> Node:
    tree: Node = _plain(parse(path))
    return tree


def _plain(node: Any) -> Any:
    """The tree with calls of functions that go-jmespath does not know marked as such."""
    if isinstance(node, tuple) and node[:1] == ("call",) and node[1] not in FUNCTIONS:
        return ("unknown", node[1])
    return type(node)(_plain(part) for part in node) if isinstance(node, tuple | list) else node


def truthy(value: Any) -> bool:
    """JMESPath: empty texts, lists and objects, null and false are false; zero is true."""
    return value is True or (not isinstance(value, bool) and value is not None and value not in ("", [], {}))


def _equal(a: Any, b: Any) -> bool:
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def _compare(op: str, a: Any, b: Any) -> Any:
    if op in {"==", "!="}:
        return _equal(a, b) == (op == "==")
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in (a, b)):
        return None
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]


def _project(values: Any, right: Node) -> Any:
    if not isinstance(values, list):
        return None
    return [found for v in values if (found := _find(right, v)) is not None]


def _find(node: Node, data: Any) -> Any:
    match node:
        case ("current",):
            return data
        case ("field", name):
            return data.get(name) if isinstance(data, dict) else None
        case ("literal", value):
            return value
        case ("index", n):
            return data[n] if isinstance(data, list) and -len(data) <= n < len(data) else None
        case ("slice", start, stop, step):
            return data[start:stop:step] if isinstance(data, list) else None
        case ("sub" | "pipe", left, right):
            value = _find(left, data)
            return None if value is None and node[0] == "sub" else _find(right, value)
        case ("or", left, right):
            value = _find(left, data)
            return value if truthy(value) else _find(right, data)
        case ("and", left, right):
            value = _find(left, data)
            return _find(right, data) if truthy(value) else value
        case ("not", inner):
            return not truthy(_find(inner, data))
        case ("compare", op, left, right):
            return _compare(op, _find(left, data), _find(right, data))
        case ("list", items):
            return None if data is None else [_find(i, data) for i in items]
        case ("hash", pairs):
            return None if data is None else {k: _find(v, data) for k, v in pairs}
        case ("project", left, right):
            return _project(_find(left, data), right)
        case ("values", left, right):
            value = _find(left, data)
            return _project(list(value.values()), right) if isinstance(value, dict) else None
        case ("flatten", inner):
            value = _find(inner, data)
            if not isinstance(value, list):
                return None
            return [x for v in value for x in (v if isinstance(v, list) else [v])]
        case ("filter", left, condition, right):
            value = _find(left, data)
            kept = [v for v in value if truthy(_find(condition, v))] if isinstance(value, list) else None
            return _project(kept, right)
        case ("ref", inner):
            return Reference(lambda value: _find(inner, value))
        case ("call", name, arguments):
            if name not in COMMUNITY:
                raise WrongArgument(f"unknown function {name}()")
            return COMMUNITY[name](*[_find(a, data) for a in arguments])
        case ("unknown", name):
            raise WrongArgument(f"unknown function {name}()")
    raise AssertionError(node[0])
