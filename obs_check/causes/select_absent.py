"""select.label-name-absent and select.label-value-absent: the stream selector matches no stream.

Proved with the labels and values that Loki has in the window; the nearest value is named. A selector that matches
nothing because the lines never came is the shipper's business and is looked for first.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches

from obs_check.causes.context import BrokenTarget, Context
from obs_check.causes.dashboard_edit import dashboard_fix
from obs_check.logql.regex import compile_re2
from obs_check.logql.syntax import ast
from obs_check.model.finding import Finding, Fix, Subject, TargetEdit


def _accepts(matcher: ast.Matcher, value: str) -> bool:
    match matcher.op:
        case "=":
            return value == matcher.value
        case "!=":
            return value != matcher.value
        case "=~":
            return bool(compile_re2(matcher.value).fullmatch(value))
        case _:
            return not compile_re2(matcher.value).fullmatch(value)


@dataclass(frozen=True, slots=True)
class LabelNameAbsent:
    """A matcher on a label that no stream has."""

    id: str = "select.label-name-absent"

    def prove(self, context: Context, broken: BrokenTarget) -> Finding | None:
        """Compare the selector's names with the label names of the window."""
        if broken.rungs[0].lines > 0:
            return None
        names, probe = context.loki.label_names(broken.window)
        for matcher in broken.query.selector.matchers:
            if names and matcher.name not in names and not _accepts(matcher, ""):
                near = get_close_matches(matcher.name, names, 1, 0.6)
                hint = f"; nearest label `{near[0]}`" if near else ""
                return Finding(
                    cause=self.id,
                    severity="error",
                    hop="loki",
                    subject=Subject(context.dashboard_uid, broken.panel.id, broken.target.ref_id),
                    claim=f"no stream has the label `{matcher.name}` (labels: {', '.join(sorted(names))}){hint}",
                    probes=(broken.rungs[0].probe, probe),
                    fix=Fix(f"set `{matcher.name}` in the shipper, or select by a label that exists"),
                    panels=(broken.panel.id,),
                )
        return None


@dataclass(frozen=True, slots=True)
class LabelValueAbsent:
    """A matcher whose label exists, but with no value that it accepts."""

    id: str = "select.label-value-absent"

    def prove(self, context: Context, broken: BrokenTarget) -> Finding | None:
        """Compare the selector's values with the values of the window."""
        if broken.rungs[0].lines > 0:
            return None
        for matcher in broken.query.selector.matchers:
            if _accepts(matcher, ""):
                continue
            values, probe = context.loki.label_values(matcher.name, broken.window)
            if not values or any(_accepts(matcher, v) for v in values):
                continue
            near = get_close_matches(re.sub(r"[^\w-]", "", matcher.value), values, 1, 0.6)
            fix = Fix(f"select a value that `{matcher.name}` has")
            if near and matcher.value in broken.raw:
                after = broken.raw.replace(matcher.value, near[0], 1)
                edit = TargetEdit(broken.panel.id, broken.target.ref_id, broken.raw, after)
                fix = dashboard_fix(f"use `{near[0]}`", context.dashboard_uid, context.dashboard, [edit])
            nearest = f"; nearest `{near[0]}`" if near else ""
            return Finding(
                cause=self.id,
                severity="error",
                hop="loki",
                subject=Subject(context.dashboard_uid, broken.panel.id, broken.target.ref_id),
                claim=f"`{matcher.name}{matcher.op}{matcher.value}` matches none of its values "
                f"({', '.join(sorted(values)[:10])}){nearest}",
                probes=(broken.rungs[0].probe, probe),
                fix=fix,
                panels=(broken.panel.id,),
            )
        return None
