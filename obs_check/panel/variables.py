"""The values that a dashboard's variables have when it is opened."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from obs_check.errors import InputError
from obs_check.panel.elements import Dashboard, Variable
from obs_check.panel.timerange import TimeRange
from obs_check.panel.variable_options import Option

ALL = "$__all"
_ALL_SHOWN = "All"
_UNESCAPED_COMMA = re.compile(r"(?<!\\),")
_PAIR = re.compile(r"\s*(.+?)\s:\s(.+?)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Filter:
    """One ad hoc filter."""

    key: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class EffectiveVariable:
    """A variable's value in use. `values` are the chosen values; `is_list` tells a list of one from one value;
    `multi` is true where several values or All may be chosen, which switches the datasource's escaping on; `all_text`
    is the stored allValue while All is chosen; `note` says what is not known; `datasource` is the reference whose
    queries ad hoc filters hold for; `shown` is what a person sees of the values, empty where that is the values."""

    name: str
    type: str
    values: tuple[str, ...]
    is_list: bool = False
    multi: bool = False
    all_text: str | None = None
    note: str = ""
    filters: tuple[Filter, ...] = ()
    datasource: Any = None
    auto: tuple[int, str] | None = None
    shown: tuple[str, ...] = ()

    @property
    def value(self) -> str:
        """The value, or the first of several; empty without any."""
        return self.values[0] if self.values else ""


Options = Callable[[Variable, Mapping[str, EffectiveVariable], TimeRange], list[Option] | None]
"""(query variable, those before it, the dashboard's range) -> its options now, None where they cannot be known."""

OptionsOf = Callable[[Variable, Mapping[str, EffectiveVariable]], list[Option] | None]
"""(query variable, those before it) -> its (label, value) options now, None where they cannot be known."""


def effective_variables(
    dashboard: Dashboard, overrides: Mapping[str, list[str]] | None = None, options: OptionsOf | None = None
) -> dict[str, EffectiveVariable]:
    """Name -> value, in the dashboard's order. `overrides` are the `var-<name>` values of a link.

    Constants ignore overrides. The browser asks the datasource of a query variable for its options whenever it opens a
    dashboard: `options` does. Where they are not known the variable keeps its saved value
    and says so. InputError for an override that names no variable of the dashboard.
    """
    given = overrides or {}
    names = [v.name for v in dashboard.variables]
    for name in given:
        if name not in names:
            there = ", ".join(names) or "none"
            raise InputError(f"{dashboard.source}: unknown variable: {name!r}", f"variables: {there}")
    found: dict[str, EffectiveVariable] = {}
    for variable in dashboard.variables:
        known = options(variable, found) if options is not None and variable.type == "query" else None
        found[variable.name] = _effective(variable, given.get(variable.name), known)
    return found


def _effective(variable: Variable, override: list[str] | None, known: list[Option] | None = None) -> EffectiveVariable:
    match variable.type:
        case "constant":
            return _single(variable, str(variable.query))
        case "textbox":
            saved = _texts(variable.current)
            # A text box that was never typed into falls back to the stored default text.
            return _single(variable, _first(override) if override else _first(saved) or str(variable.query or ""))
        case "interval":
            return _interval(variable, override)
        case "custom":
            return _chosen(variable, _texts_or(override, variable.current), custom_options(variable), "")
        case "adhoc":
            return EffectiveVariable(
                variable.name,
                variable.type,
                (),
                filters=_filters(variable),
                datasource=variable.raw.get("datasource"),
            )
        case "query":
            wanted = _texts_or(override, variable.current)
            if known is None:
                note = "" if override else "saved value; the browser asks the datasource for the options again"
                return _chosen(variable, wanted, None, note)
            if override:
                # Grafana: a value of the link outlives the first check, option or not.
                known = [*known, *((v, v) for v in override if v not in {value for _, value in known})]
            chosen = _chosen(variable, wanted, known, "")
            saved = _texts(variable.current)
            changed = (
                not override
                and chosen.all_text is None
                and not {ALL, "All"} & set(saved)
                and list(chosen.values) != saved
            )
            note = f"saved as {', '.join(saved) or 'nothing'}, which is not an option now" if changed else ""
            return replace(chosen, note=note)
        case _:
            return _chosen(variable, _texts_or(override, variable.current), None, "")


def custom_options(variable: Variable) -> list[tuple[str, str]]:
    """The (label, value) options of a custom variable: `a, b`, `Label : value`, or JSON where the variable says so."""
    text = str(variable.query or "")
    if variable.raw.get("valuesFormat") == "json":
        try:
            entries = json.loads(text)
        except ValueError as error:
            raise InputError(
                f"the options of variable {variable.name!r} are not JSON: {error}", "correct its query"
            ) from error
        return [
            (str(e.get("text", e.get("value"))), str(e.get("value"))) if isinstance(e, Mapping) else (str(e), str(e))
            for e in entries
        ]
    options = []
    for part in _UNESCAPED_COMMA.split(text):
        plain = part.strip().replace("\\,", ",")
        if plain:
            pair = _PAIR.fullmatch(plain)
            options.append((pair[1], pair[2]) if pair else (plain, plain))
    return options


def _chosen(variable: Variable, wanted: list[str], options: list[Option] | None, note: str) -> EffectiveVariable:
    multi = variable.multi or variable.include_all
    every = [value for _, value in options] if options is not None else None
    if every is not None:
        wanted = _validated(variable, wanted, options or [])
    elif wanted == ["All"] and variable.include_all:
        wanted = [ALL]
    is_list = variable.multi
    all_text: str | None = None
    values = wanted
    shown = _shown(variable, wanted, options)
    if ALL in wanted:
        is_list, shown = True, (_ALL_SHOWN,)
        if variable.all_value:
            all_text, values = variable.all_value, []
        elif every is not None:
            values = every
        else:
            values, note = _saved_options(variable), "All; the options are those saved with the dashboard"
    return EffectiveVariable(variable.name, variable.type, tuple(values), is_list, multi, all_text, note, shown=shown)


def _shown(variable: Variable, values: Sequence[str], options: Sequence[Option] | None) -> tuple[str, ...]:
    """The labels of the options that are chosen; those that were saved where the options are not known."""
    labels = {value: label for label, value in options or ()}
    saved = variable.raw.get("current")
    if options is None and isinstance(saved, Mapping) and list(values) == _texts(variable.current):
        labels = dict(zip(values, _texts(saved.get("text")), strict=False))
    return tuple(labels.get(value, value) for value in values) if labels else ()


def _validated(variable: Variable, wanted: list[str], options: list[tuple[str, str]]) -> list[str]:
    """Grafana keeps what is still an option (by value, then by label); else All where allowed, else the first."""
    if not options:
        return [ALL] if variable.include_all else ([] if variable.multi else [""])
    default = ALL if variable.include_all else options[0][1]
    if ALL in wanted or wanted == ["All"]:
        return [default]
    values = {value for _, value in options}
    labels = dict(options)
    if variable.multi:
        return [w for w in wanted if w in values] or [default]
    first = _first(wanted)
    return [first if first in values else labels.get(first, default)]


def _interval(variable: Variable, override: list[str] | None) -> EffectiveVariable:
    options = [part.strip() for part in str(variable.query or "").split(",") if part.strip()]
    wanted = _first(_texts_or(override, variable.current))
    # Grafana 11 puts `auto` in front of the options, and takes the first where none of them is saved.
    is_first = bool(variable.raw.get("auto")) and wanted not in options
    if wanted.startswith(("$__auto_interval_", "$__auto")) or is_first:
        auto = (int(variable.raw.get("auto_count") or 30), str(variable.raw.get("auto_min") or "10s"))
        return EffectiveVariable(variable.name, variable.type, ("auto",), auto=auto)
    return _single(variable, wanted if wanted in options or not options else options[0])


def _single(variable: Variable, value: str) -> EffectiveVariable:
    return EffectiveVariable(variable.name, variable.type, (value,))


def _filters(variable: Variable) -> tuple[Filter, ...]:
    stored = [*_objects(variable.raw.get("baseFilters")), *_objects(variable.raw.get("filters"))]
    found = (Filter(str(f.get("key") or ""), str(f.get("operator") or ""), str(f.get("value") or "")) for f in stored)
    return tuple(f for f in found if f.key and f.operator and f.value)


def _saved_options(variable: Variable) -> list[str]:
    options = _objects(variable.raw.get("options"))
    return [str(o.get("value")) for o in options if o.get("value") not in (ALL, None)]


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _texts_or(override: list[str] | None, saved: object) -> list[str]:
    return list(override) if override is not None else _texts(saved)


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    return [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]


def _first(values: list[str]) -> str:
    return values[0] if values else ""
