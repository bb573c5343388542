"""shipper.label-not-set: the dashboard selects a label that the shipper could set for the lines, and does not.

What tells it from a selector that asks for a label nobody has (select.label-name-absent): the value that the selector
wants is there, in the path of the container's log (namespace, pod, container) or among the values that the pipeline
extracts. Proved on the very lines: in Loki without the label, with the fixed configuration with it. Where that is not
known, the path in the label `filename` says the value: proved by the panel's query over that file.
"""

from collections.abc import Callable
from dataclasses import dataclass

from obs_check.documents.yaml_edit import with_item, with_value
from obs_check.evidence.cause import on_query, on_run
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.lost_lines import join_findings
from obs_check.evidence.parser_at import count_fixed
from obs_check.evidence.query_edit import replace_matchers
from obs_check.evidence.select_matching import accepts_value, misspelt_value, same_but_case
from obs_check.evidence.selector_remedy import selector_remedy, why_unselected
from obs_check.evidence.selectors import matchers_of
from obs_check.evidence.shipper_rules import Rules
from obs_check.evidence.stored_lines import ShippedPath, arrived_paths, stored_lines
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.style import matcher_text
from obs_check.model.finding import Finding, Fix, Proof
from obs_check.shipper.item import text_of
from obs_check.shipper.pods import META, pod_logs
from obs_check.shipper.simulate import last_change

POD_LABELS = {
    "namespace": "namespace",
    "pod": "pod_name",
    "pod_name": "pod_name",
    "container": "pod_container_name",
    "container_name": "pod_container_name",
}
"""Label names in use for what the path of a container's log says, and the discovery label that has it."""


def find(context: Context) -> Finding | None:
    """The paths whose panels select such a label."""
    return join_findings(_on(context, path) for path in arrived_paths(context))


def _on(context: Context, path: ShippedPath) -> Finding | None:
    wanted = matchers_of(context.dashboard, context.panels_of(path.one.path))
    missing = _missing(path, [m for matchers in wanted.values() for m in matchers])
    if missing is None:
        return None
    matcher = missing.matcher
    panels = tuple(sorted(i for i, ms in wanted.items() if any(m.name == matcher.name for m in ms)))
    have, probe = stored_lines(context, path, 1)
    if not have or matcher.name in have[0][0]:
        return None
    after = missing.after
    fixed = path.again(after)
    if fixed is not None and not all(_meant(matcher, s.labels.get(matcher.name, "")) for s in fixed.shipped):
        return None
    return CAUSE.finding(
        claim=f'the panels select `{matcher.name}{matcher.op}"{matcher.value}"`, and the lines of '
        f"{path.one.file} are in Loki without `{matcher.name}` ({', '.join(sorted(have[0][0]))}): {missing.why}"
        + (f"; with the fix {len(fixed.shipped)} of {len(path.lines)} lines have it" if fixed else ""),
        evidence=path.evidence(
            (*path.one.probes, probe, path.simulated), "simulate the fixed configuration on the lines", fixed
        ),
        fix=path.config.fix(missing.summary, after),
        panels=panels,
    )


@dataclass(frozen=True, slots=True)
class _Unset:
    """A matcher on a label that the lines come without: `why`, and the configuration that sets it."""

    matcher: ast.Matcher
    why: str
    summary: str
    after: Rules | None


def _missing(path: ShippedPath, matchers: list[ast.Matcher]) -> _Unset | None:
    """The first matcher on a label that a stage takes away, or that the pipeline does not set and whose value is there
    to be set."""
    labels, job = path.ran.shipped[0].labels, path.taken.job
    for matcher in matchers:
        if matcher.name in labels or accepts_value(matcher, ""):
            continue
        if (stage := _taking(path, matcher)) is not None:
            what = f"stage `{stage}` of job {job.name}"
            return _Unset(matcher, f"{what} takes it away", f"take {what} out", path.config.without_stage(job, stage))
        change = _from_path(path, matcher) or _from_extracted(path, matcher)
        if change is not None:
            why, summary = f"job {job.name} does not set it", f"set `{matcher.name}` in job {job.name}"
            return _Unset(matcher, why, summary, path.config.edited(change))
    return None


def _taking(path: ShippedPath, matcher: ast.Matcher) -> str | None:
    """The stage that takes the label off every line, which had a value of it that is meant."""
    what = f"label {matcher.name}"
    stages = {last_change(path.ran, entry.number, what) for entry in path.ran.shipped}
    stage = stages.pop()
    had = [text_of(b) for e in path.ran.effects if e.stage == stage for w, b, a in e.changes if w == what and a is None]
    return stage if had and not stages and all(_meant(matcher, value or "") for value in had) else None


def _from_path(path: ShippedPath, matcher: ast.Matcher) -> Callable[[str], str] | None:
    """Set a label from the path of a container's log."""
    value, source = _in_path(path.one.file, matcher.name), META + POD_LABELS.get(matcher.name, "")
    if not _meant(matcher, value):
        return None
    job = path.taken.job
    place = path.config.job_place(job)
    if job.targets:
        return lambda text: with_value(text, (*place, "static_configs", 0, "labels", matcher.name), value)
    rule = {"source_labels": [source], "target_label": matcher.name}
    return lambda text: with_item(text, (*place, "relabel_configs"), len(job.relabel), rule)


def _meant(matcher: ast.Matcher, value: str) -> bool:
    """Whether a matcher accepts a value, or would without a slip of the pen: with the label there, that shows."""
    near = same_but_case(matcher.value, [value]) or misspelt_value(matcher.value, [value])
    return bool(value) and (accepts_value(matcher, value) or (matcher.op == "=" and near is not None))


def _in_path(file: str, name: str) -> str:
    """What the path of a container's log says of a label, "" where it says nothing."""
    pod = pod_logs(file)
    return dict(pod.labels).get(META + POD_LABELS.get(name, ""), "") if pod else ""


def _from_extracted(path: ShippedPath, matcher: ast.Matcher) -> Callable[[str], str] | None:
    """Make a label of a value that a stage extracted under the label's name."""
    values = [text_of(after) for e in path.ran.effects for what, _, after in e.changes if what == _extracted(matcher)]
    if not values or not all(accepts_value(matcher, value or "") for value in values):
        return None
    job = path.taken.job
    place = (*path.config.job_place(job), "pipeline_stages")
    return lambda text: with_item(text, place, len(job.pipeline.stages), {"labels": {matcher.name: None}})


def _extracted(matcher: ast.Matcher) -> str:
    return f"extracted {matcher.name}"


def find_selected(context: Context, broken: BrokenTarget) -> Finding | None:
    """The streams that nothing else of the selector means, by the file whose path has the value of the label that they
    are without."""
    remedy = selector_remedy(context, broken)
    nothing = why_unselected(context, broken) if remedy is not None and remedy.kind == "drop" else None
    if remedy is None or nothing is None:
        return None
    matcher, written, name = remedy.matcher, matcher_text(remedy.matcher), f"`{remedy.matcher.name}`"
    for file in sorted({labels.get("filename", "") for labels in nothing.streams}):
        if not _meant(matcher, value := _in_path(file, matcher.name)):
            continue
        by_file = ast.Matcher("filename", "=", file)
        found, probe = count_fixed(context, broken, replace_matchers(context, broken, {matcher: by_file}))
        if found > 0:
            did = f"with `{matcher_text(by_file)}`"
            return ARRIVED.finding(
                f"the panel selects `{written}`, and the lines of {file}, whose path says {value}, are in Loki without "
                f"{name} ({', '.join(remedy.seen)}): as written 0 lines, {did} {found:g}",
                Proof(remedy.as_written, (probe,)),
                Fix(f"set {name} in the shipper's job; until then the lines are found {did}"),
                group=written,
            )
    return None


CAUSE = on_run("shipper.label-not-set", "shipper", find, asked="arrival")
ARRIVED = on_query("shipper.label-not-set", "shipper", find_selected)
