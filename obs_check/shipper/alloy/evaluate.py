"""Alloy's expressions made into values."""

import difflib
import math
import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any

from obs_check.errors import ConfigError
from obs_check.shipper.alloy import arithmetic
from obs_check.shipper.alloy.functions import FUNCTIONS, NAMESPACES, NOT_EVALUATED
from obs_check.shipper.alloy.modules import ModuleLines
from obs_check.shipper.alloy.syntax import Expression, names_of
from obs_check.shipper.alloy.values import ComponentReference, Unknown, has_unknown

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Evaluator:
    """Expressions of one configuration. `components` are the ids it has; `env` answers `sys.env`, None leaves it
    unknown. A `partial` configuration may refer to components that somebody else writes (a chart behind its values);
    `others` are the ids of those that further files of its folder have, and `elsewhere` tells where one was taken."""

    def __init__(
        self,
        lines: ModuleLines,
        components: Collection[str],
        opaque: Collection[str],
        env: Mapping[str, str] | None,
        partial: bool = False,
        others: Collection[str] = (),
    ):
        self._others = others
        self.elsewhere: dict[int, str] = {}
        self._partial = partial
        self._lines = lines
        self._components = components
        self._opaque = {*NAMESPACES, *opaque}
        self._env = env

    def value(self, expression: Expression) -> Any:
        """The value: None, bool, int, float, text, list, dict, or Unknown; raises ConfigError."""
        kind, parts = expression.kind, expression.parts
        match kind:
            case "literal":
                return parts[0]
            case "array":
                return [self.value(item) for item in parts]
            case "object":
                return {name: self.value(item) for name, item in parts}
            case "name" | "access":
                return self._named(expression)
            case "index":
                return self._indexed(self.value(parts[0]), self.value(parts[1]), expression)
            case "call":
                return self._called(expression)
            case "unary":
                return self._negated(parts[0], self.value(parts[1]), expression)
        return self._combined(parts[0], self.value(parts[1]), self.value(parts[2]), expression)

    def _error(self, expression: Expression, message: str, hint: str = "") -> ConfigError:
        return ConfigError(f"{self._lines.place(expression.line)}: {message}", hint)

    def _named(self, expression: Expression) -> Any:
        path = names_of(expression)
        if path is None:
            return self._indexed(self.value(expression.parts[0]), expression.parts[1], expression)
        dotted = ".".join(path)
        known = [c for c in self._components if dotted == c or dotted.startswith(f"{c}.")]
        if known:
            block = max(known, key=len)
            return ComponentReference(dotted, expression.line, block, dotted[len(block) + 1 :])
        if path[0] in self._opaque:
            return {"constants.os": "linux"}.get(dotted) or Unknown(dotted, expression.line)
        if any(dotted == one or dotted.startswith(f"{one}.") for one in self._others):
            self.elsewhere[expression.line] = dotted
            return Unknown(dotted, expression.line)
        if self._partial and len(path) > 1:
            return Unknown(dotted, expression.line)
        wanted = ".".join(path[:-1]) or dotted
        near = difflib.get_close_matches(wanted, list(self._components), 1, 0.6)
        hint = f"did you mean {near[0]}?" if near else f"components here: {', '.join(self._components) or 'none'}"
        if len(path) == 1 and not near:
            # It may be a password without its quotes.
            raise self._error(expression, "a name that nothing here has", 'a text stands in "double quotes"')
        raise self._error(expression, f"{dotted}: no such component in this configuration", hint)

    def _indexed(self, value: object, key: Any, expression: Expression) -> Any:
        if isinstance(value, Unknown) or isinstance(key, Unknown):
            return Unknown("a part of a value that only Alloy knows", expression.line)
        if isinstance(value, dict) and isinstance(key, str):
            if key not in value and expression.kind == "access":
                raise self._error(expression, f"{key!r} is not there")
            return value.get(key)
        if isinstance(value, list) and arithmetic.is_number(key):
            at = math.trunc(key) if math.isfinite(key) else -1
            if not 0 <= at < len(value):
                raise self._error(expression, f"{key!r} is not there")
            return value[at]
        raise self._error(
            expression, f"{key!r}: no index" if isinstance(value, dict | list) else f"{_kind(value)} has no parts"
        )

    def _called(self, expression: Expression) -> object:
        path = names_of(expression.parts[0])
        name = ".".join(path) if path else ""
        arguments = [self.value(item) for item in expression.parts[1:]]
        if name in {"env", "sys.env"} and len(arguments) == 1 and isinstance(arguments[0], str):
            if self._env is None:
                return Unknown(f'{name}("{arguments[0]}")', expression.line)
            return self._env.get(arguments[0], "")
        if name in NOT_EVALUATED:
            return Unknown(f"{name}(...)", expression.line)
        if name not in FUNCTIONS:
            near = difflib.get_close_matches(name, [*FUNCTIONS, "env", "sys.env"], 1, 0.6)
            raise self._error(
                expression, f"{name or 'this'} is not a function of Alloy", f"did you mean {near[0]}?" if near else ""
            )
        if not name.endswith("concat") and has_unknown(arguments):
            return Unknown(f"{name}(...)", expression.line)
        try:
            return FUNCTIONS[name](*arguments)
        except (TypeError, ValueError, AttributeError, LookupError) as error:
            raise self._error(expression, f"{name} does not take these values: {error}") from None

    def _negated(self, sign: str, value: Any, expression: Expression) -> object:
        if isinstance(value, Unknown):
            return Unknown(sign + value.text, expression.line)
        if sign == "!" and isinstance(value, bool):
            return not value
        if sign == "-" and arithmetic.is_number(value):
            return arithmetic.negate(value)
        raise self._error(expression, f"{sign} does not take {_kind(value)}")

    def _combined(self, sign: str, left: Any, right: Any, expression: Expression) -> object:
        if has_unknown(left) or has_unknown(right):
            shown = [v.text if isinstance(v, Unknown) else repr(v) for v in (left, right)]
            return Unknown(f"{shown[0]} {sign} {shown[1]}", expression.line)
        if sign in {"==", "!="}:
            return _alike(left, right) == (sign == "==")
        texts = isinstance(left, str) and isinstance(right, str)
        numbers = arithmetic.is_number(left) and arithmetic.is_number(right)
        if sign in {"&&", "||"} and isinstance(left, bool) and isinstance(right, bool):
            return (left and right) if sign == "&&" else (left or right)
        if sign in _COMPARE and (texts or numbers):
            return _COMPARE[sign](*((left, right) if texts else arithmetic.pair(left, right)))
        if sign == "+" and texts:
            return left + right
        if sign in arithmetic.SIGNS and numbers:
            try:
                return arithmetic.combine(sign, left, right)
            except ValueError as error:
                raise self._error(expression, str(error)) from None
        raise self._error(expression, f"{sign} does not take {_kind(left)} and {_kind(right)}")


def _alike(left: Any, right: Any) -> bool:
    """Whether two values are equal, 3 and 3.0 too; values of two types never are."""
    if arithmetic.is_number(left) and arithmetic.is_number(right):
        a, b = arithmetic.pair(left, right)
        return a == b
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(_alike, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_alike(left[key], right[key]) for key in left)
    return bool(left == right)


def _kind(value: object) -> str:
    """What a message says of a value, which may be a secret."""
    if value is None:
        return "null"
    if arithmetic.is_number(value):
        return "a number"
    return {bool: "true or false", str: "a string", list: "a list"}.get(type(value), "an object")
