"""panel.query-refused: Loki cannot read the query, so the panel shows its error and no data.

The text in the dashboard does not parse, or not with what a variable puts into it. Proved by Loki's answer, and where
the slip is a known one by the panel read with it mended.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from obs_check.errors import QueryError
from obs_check.evidence.asked_queries import fill_macros, sent_targets
from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.dashboard_edit import edits_fix
from obs_check.evidence.tried import Tried, reading_text, tried_finding, try_edits, with_it
from obs_check.evidence.variables import definition
from obs_check.logql import parse
from obs_check.logql.remedies import mended_query, remedies
from obs_check.model.finding import Finding, Fix, Observation, PanelEdit, Proof, TargetEdit
from obs_check.panel.elements import Target
from obs_check.panel.interpolate import references
from obs_check.panel.macros import step_macro, text_error

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`')
_ANY = (".*", "(.*)", ".*?")
_OTHER_MACRO = re.compile(r"\$\{(?:__rate_interval|__auto)\}|\$__rate_interval\b")
"""A macro of Prometheus's, and one of Loki's that is filled in without braces only."""
_AUTO = "$__auto"
_WRITTEN_AUTO = re.compile(r"\$\{__auto\}|\$__auto\b")


@dataclass(frozen=True, slots=True)
class _Refused:
    """A target whose query does not parse: `asked` is the error of what is sent, `written` that of the author's text,
    None where it can be read."""

    target: Target
    asked: QueryError
    written: QueryError | None


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Read the panel with the slips mended."""
    if broken.reading.state != "error":
        return None
    refused = list(_refused(broken))
    if not refused:
        return _of_newer_grafana(context, broken)
    first = refused[0]
    error = first.written or first.asked
    said = " ".join(broken.reading.error.split())
    claim = f"Loki cannot read query {first.target.ref_id}: {said}"
    words = next((remedy.words for remedy in remedies(error)), "") or error.hint
    values = {name: variable.value for name, variable in broken.request.variables.items()}
    if first.written is None:
        # The author's text can be read, so it is something that is filled in, or that should be and is not.
        named = references(first.target.text)
        missing = [name for name in named if not name.startswith("__") and f"${name}" in said]
        if (other := _OTHER_MACRO.search(first.target.text)) is not None:
            words = f"`{step_macro(context.grafana_version)}` is what LogQL has for `{other[0]}`"
        elif missing:
            words = f"the dashboard has no variable {missing[0]}: add it, or write its value"
        elif names := _to_blame([name for name in named if name in broken.request.variables], first, broken):
            claim += f"; as written it could be read, so it is the value of {', '.join(names)} that breaks it"
            words = (
                words
                if _mended(first, values, _AUTO) is None
                else "put the variable in quotes that its value does not hold"
            )
    edits = [
        TargetEdit(broken.panel.id, one.target.ref_id, one.target.text, text)
        for one in refused
        if (text := _mended(one, values, step_macro(context.grafana_version))) is not None
    ]
    summary = words or "correct the query"
    mendable = len(edits) == len(refused)
    change = try_edits(context, broken, edits, "same") if mendable else _with_any_value(context, broken, first)
    if change is None or change.reading.state == "error":
        return CAUSE.finding(
            target=first.target.ref_id,
            claim=claim,
            evidence=Observation(broken.probes),
            fix=Fix(summary, path=f"dashboard:{context.dashboard_uid}"),
            group=f"{error.message} {error.text}",
        )
    return CAUSE.finding(
        target=first.target.ref_id,
        claim=f"{claim}; with that mended the panel reads {reading_text(change.reading)}",
        evidence=Proof(broken.probes, change.probes, cured=change.right),
        fix=edits_fix(summary, context.dashboard_uid, change.edits, change.meaning),
        group=summary,
    )


def _of_newer_grafana(context: Context, broken: BrokenPanel) -> Finding | None:
    """`$__auto` in a Grafana that does not fill it in."""
    macro = step_macro(context.grafana_version)
    texts = ((t.ref_id, t.text, _WRITTEN_AUTO.sub(lambda _found: macro, t.text)) for t in broken.panel.targets)
    edits = [TargetEdit(broken.panel.id, ref_id, old, new) for ref_id, old, new in texts if old != new]
    if macro == _AUTO or _AUTO not in broken.reading.error or not edits:
        return None
    change = try_edits(context, broken, edits, "same")
    claim = (
        f"Grafana {context.grafana_version} does not fill in `{_AUTO}`, and Loki cannot read it: "
        f"{with_it(broken, change, f'with `{macro}`')}"
    )
    return replace(tried_finding(context, broken, CAUSE, claim, change, f"write `{macro}`"), group=_AUTO)


def _with_any_value(context: Context, broken: BrokenPanel, first: _Refused) -> Tried | None:
    """The panel with `.+` for All in the first variable of a selector that accepts the empty text in all its matchers:
    streams without that label are left out then."""
    if "empty-compatible value" not in first.asked.message:
        return None
    for name in references(first.target.text):
        variable, found = broken.request.variables.get(name), definition(context, name)
        if variable is None or variable.all_text not in _ANY or found is None:
            continue
        edit = PanelEdit(None, ("templating", "list", found[0], "allValue"), found[1].get("allValue"), ".+")
        change = try_edits(context, broken, [edit])
        if change.reading.state != "error":
            return change
    return None


def _mended(refused: _Refused, values: Mapping[str, str], macro: str) -> str | None:
    """The author's text with its slips mended, or with the macro that Loki's queries have for another's and with quotes
    that the `values` of variables do not end."""
    if refused.written is not None:
        return mended_query(refused.written, text_error)
    changed = _OTHER_MACRO.sub(lambda _found: macro, refused.target.text)
    changed = _QUOTED.sub(lambda found: _quoted_otherwise(found[0], values), changed)
    return changed if changed != refused.target.text else None


def _quoted_otherwise(text: str, values: Mapping[str, str]) -> str:
    """A text with variables in the quotes that none of their values holds; as it is where there is nothing wrong, or
    nothing that helps."""
    inside = "".join(values.get(name, "") for name in references(text))
    quote, other = text[0], '"' if text[0] == "`" else "`"
    return f"{other}{text[1:-1]}{other}" if quote in inside and other not in inside and "\\" not in text else text


def _to_blame(names: list[str], refused: _Refused, broken: BrokenPanel) -> list[str]:
    """The variables whose value stands in what Loki quotes as wrong; all where it quotes none of them."""
    quoted = [
        name for name in names if (value := broken.request.variables[name].value) and value in refused.asked.message
    ]
    return quoted or names


def _refused(broken: BrokenPanel) -> Iterator[_Refused]:
    for target, sent in sent_targets(broken):
        try:
            parse(fill_macros(broken, sent))
        except QueryError as error:
            yield _Refused(target, error, text_error(target.text))


CAUSE = on_panel("panel.query-refused", "panel", find)
