"""pipeline.wrong-parser: the query parses lines with a parser that their format is not made for.

`logfmt` on JSON lines sets no label and no `__error__` (Loki 3.5), so the next label filter drops every line in
silence. Proved by running the same query with the parser the lines need.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from obs_check.causes.context import BrokenTarget, Context
from obs_check.causes.dashboard_edit import dashboard_fix
from obs_check.causes.ladder import counting
from obs_check.causes.needed_labels import labels_needed
from obs_check.logql import parse, to_text
from obs_check.logql.syntax import ast
from obs_check.model.finding import Finding, Subject, TargetEdit

_PARSERS = (ast.JsonParser, ast.LogfmtParser)


def _paths(value: Any, path: str = "") -> Iterator[str]:
    """Dotted paths of the scalar fields of a JSON object, for example `fields.decision`."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _paths(inner, f"{path}.{key}" if path else str(key))
    elif not isinstance(value, list):
        yield path


def _field_for(label: str, paths: Iterable[str]) -> str | None:
    """The field that a label means: the same last name, the path joined with `_`, or a last name that ends in it
    (`url` means `fields.http_url`)."""
    for fits in (
        lambda path: path.rpartition(".")[2] == label or path.replace(".", "_") == label,
        lambda path: path.endswith(f"_{label}"),
    ):
        found = next(filter(fits, paths), None)
        if found is not None:
            return found
    return None


def _json_parser(lines: Sequence[str], labels: Sequence[str]) -> ast.JsonParser | None:
    """A json parser that sets `labels` from the fields of the lines, or None when a line is not a JSON object."""
    paths: dict[str, None] = {}
    for line in lines:
        try:
            doc = json.loads(line)
        except ValueError:
            return None
        if not isinstance(doc, dict):
            return None
        paths.update(dict.fromkeys(_paths(doc)))
    found = []
    for label in labels:
        path = _field_for(label, paths)
        if path is not None:
            found.append(ast.Extraction(label, path))
    return ast.JsonParser(tuple(found)) if found else None


@dataclass(frozen=True, slots=True)
class WrongParser:
    """Tries json where logfmt stands and logfmt where json stands."""

    id: str = "pipeline.wrong-parser"

    def prove(self, context: Context, broken: BrokenTarget) -> Finding | None:
        """Compare the query as written with the same query and the other parser."""
        stages = broken.query.stages
        place = next((i for i, s in enumerate(stages) if isinstance(s, _PARSERS)), None)
        if place is None or broken.rungs[-1].stages <= place:
            return None
        written = stages[place]
        raw = replace(broken.query, stages=stages[:place])
        samples, sample_probe = context.loki.sample(to_text(raw), broken.window, 20)
        lines = [line for _, line in samples]
        stream_labels = {name for labels, _ in samples for name in labels}
        wanted = [n for n in labels_needed(parse(broken.expr), place) if n not in stream_labels]
        other: ast.Stage | None
        if isinstance(written, ast.LogfmtParser):
            other = _json_parser(lines, wanted)
        else:
            other = ast.LogfmtParser() if lines and all("=" in x and not x.startswith("{") for x in lines) else None
        if other is None:
            return None

        as_written, written_probe = context.loki.count(counting(broken.query, broken.window), broken.window)
        before, before_probe = context.loki.count(counting(raw, broken.window), broken.window)
        changed = replace(broken.query, stages=tuple(other if s == written else s for s in stages))
        after, after_probe = context.loki.count(counting(changed, broken.window), broken.window)
        if as_written > 0 or after <= 0:
            return None
        name = "logfmt" if isinstance(written, ast.LogfmtParser) else "json"
        new_text = to_text(replace(raw, stages=(other,))).partition("} ")[2]
        claim = (
            f"the lines are {'JSON' if name == 'logfmt' else 'logfmt'}, the query parses them with `{name}`: "
            f"as written {as_written:g}, before `| {name}` {before:g}, with `{new_text}` {after:g}"
        )
        # The author's text is edited, not printed anew: `[$__range]` does not parse.
        fixed = broken.raw.replace(f"| {name}", new_text, 1)
        edit = TargetEdit(broken.panel.id, broken.target.ref_id, broken.raw, fixed)
        return Finding(
            cause=self.id,
            severity="error",
            hop="panel",
            subject=Subject(context.dashboard_uid, broken.panel.id, broken.target.ref_id),
            claim=claim,
            probes=(written_probe, before_probe, sample_probe, after_probe),
            fix=dashboard_fix(
                f"replace `| {name}` with the parser the lines need", context.dashboard_uid, context.dashboard, [edit]
            ),
            panels=(broken.panel.id,),
            cured=True,
        )
