"""Replaces variables in a text as the browser does; names it does not know stay as they are, for the backend."""

import re
from collections.abc import Mapping

from obs_check.errors import InputError
from obs_check.panel.escaping import escape
from obs_check.panel.formats import format_value
from obs_check.panel.timerange import TimeRange
from obs_check.panel.variables import EffectiveVariable

_REFERENCE = re.compile(
    r"\$(?P<plain>\w+)"
    r"|\[\[(?P<square>\w+?)(?::(?P<square_format>\w+))?\]\]"
    r"|\$\{(?P<braced>\w+)(?:\.[^:}]+)?(?::(?P<format>[^}]+))?\}",
    re.ASCII,
)
_DEPTH = 10
"""Variables inside variables, deeper than any dashboard; more is a cycle."""
_UNFORMATTED = {"text", "percentencode", "queryparam"}


def interpolate(
    text: str,
    variables: Mapping[str, EffectiveVariable],
    kind: str = "",
    scoped: Mapping[str, str] | None = None,
    within: TimeRange | None = None,
) -> str:
    """The text with its references replaced.

    `kind` is the datasource's kind, whose escaping holds for references without a format; `scoped` are values of this
    panel only and win over variables; `within` gives `$__from` and `$__to`. InputError when variables refer to each
    other in a circle.
    """
    return _replace(text, variables, kind, scoped or {}, within, ())


def references(text: str) -> list[str]:
    """The names a text refers to, in order, each once."""
    names = (m["plain"] or m["square"] or m["braced"] for m in _REFERENCE.finditer(text))
    return list(dict.fromkeys(names))


def _replace(
    text: str,
    variables: Mapping[str, EffectiveVariable],
    kind: str,
    scoped: Mapping[str, str],
    within: TimeRange | None,
    seen: tuple[str, ...],
) -> str:
    def one(found: re.Match[str]) -> str:
        name = found["plain"] or found["square"] or found["braced"]
        form = found["square_format"] or found["format"] or ""
        if name in scoped:
            return scoped[name]
        variable = variables.get(name)
        if variable is None:
            return _builtin(name, form, within, found[0])
        if name in seen or len(seen) > _DEPTH:
            raise InputError(
                f"the variables {' -> '.join([*seen, name])} refer to each other", "remove one of the references"
            )
        written = _written(variable, form, kind)
        if variable.type in {"constant", "custom"} or variable.all_text is not None:
            return _replace(written, variables, kind, scoped, within, (*seen, name))
        return written

    return _REFERENCE.sub(one, text)


def _written(variable: EffectiveVariable, form: str, kind: str) -> str:
    name, _, argument = form.partition(":")
    if name == "text" and variable.shown:
        return format_value(variable.shown, variable.is_list, name)
    if variable.all_text is not None and name not in _UNFORMATTED:
        return variable.all_text
    values = (variable.all_text,) if variable.all_text is not None else variable.values
    if name:
        return format_value(values, variable.is_list, name, argument, variable.name)
    return escape(kind, variable)


def _builtin(name: str, form: str, within: TimeRange | None, as_written: str) -> str:
    if within is None or name not in {"__from", "__to"}:
        return as_written
    at = within.from_ms if name == "__from" else within.to_ms
    kind, _, argument = form.partition(":")
    return format_value((str(at),), False, kind, argument) if kind else str(at)
