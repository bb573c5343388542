"""How each datasource escapes a plain `$variable`.

Loki and Prometheus write two backslashes for variables that may hold several values, because they expect the reference
inside a double-quoted string. Inside backticks both backslashes stay, the expression then asks for a literal backslash
and matches nothing (seen on Loki 3.5.9): `trapped_in_backticks` finds that.
"""

import re

from obs_check.panel.formats import glob
from obs_check.panel.variables import EffectiveVariable

_SPECIAL = re.compile(r"[$^*{}\[\]+?.()|]")
_BACKTICKED = re.compile(r"(?P<template>(?:line_format|label_format[^`|]*=)\s*)?`(?P<text>[^`]*)`")
_REFERENCE = re.compile(r"\$(\w+)|\$\{(\w+)\}|\[\[(\w+)\]\]")


def special_escape(text: str) -> str:
    """A backslash becomes four, every character that a regular expression reads gets two in front."""
    return _SPECIAL.sub(lambda m: "\\\\" + m[0], text.replace("\\", "\\\\\\\\"))


def escape(kind: str, variable: EffectiveVariable) -> str:
    """The text of a plain reference in a query of a datasource kind (`loki`, `prometheus`, `sql`; else Grafana's own
    glob form)."""
    match kind:
        case "loki":
            return _loki(variable)
        case "prometheus":
            return _prometheus(variable)
        case "sql":
            return _sql(variable)
        case _:
            return glob(variable.values, variable.is_list)


def _loki(variable: EffectiveVariable) -> str:
    if not variable.multi:
        return variable.value
    return "|".join(special_escape(v) for v in variable.values)


def _prometheus(variable: EffectiveVariable) -> str:
    if not variable.multi:
        return variable.value.replace("\\", "\\\\").replace("'", "\\\\'")
    escaped = [special_escape(v) for v in variable.values]
    return f"({'|'.join(escaped)})" if len(escaped) > 1 else "".join(escaped)


def _sql(variable: EffectiveVariable) -> str:
    doubled = [v.replace("'", "''") for v in variable.values]
    if not variable.multi:
        return "".join(doubled[:1])
    return ",".join(f"'{v}'" for v in doubled)


def trapped_in_backticks(query: str, variables: dict[str, EffectiveVariable]) -> list[str]:
    """Variables that stand between backticks in a LogQL text and whose escaped value therefore never matches."""
    trapped = []
    for name in within_backticks(query):
        variable = variables.get(name)
        if (
            variable
            and variable.multi
            and variable.all_text is None
            and any("\\" in special_escape(v) for v in variable.values)
        ):
            trapped.append(name)
    return trapped


def within_backticks(query: str) -> list[str]:
    """The plain references that stand between backticks in a LogQL text, each once. In the text of a template a value
    is compared as it is."""
    texts = [quoted["text"] for quoted in _BACKTICKED.finditer(query) if not quoted["template"]]
    return list(
        dict.fromkeys(found[1] or found[2] or found[3] for text in texts for found in _REFERENCE.finditer(text))
    )
