"""pipeline.line-filter-kills: one line filter drops every line that reaches it.

Proved by the counts around the filter, and by the filter that the lines would pass: with the case ignored, with `&`,
`<` and `>` as Go's JSON has them, or with the nearest word of the lines. Matching is case-sensitive (Loki 3.5).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.funnel import SAMPLE, first_passed
from obs_check.evidence.parser_at import count_fixed
from obs_check.evidence.query_edit import replace_stage
from obs_check.evidence.query_finding import query_finding, query_fix
from obs_check.evidence.select_matching import misspelt_value
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.model.finding import Finding, Meaning, Proof
from obs_check.model.secret import shorten
from obs_check.model.wording import count_noun

_ESCAPES = {"&": "\\u0026", "<": "\\u003c", ">": "\\u003e"}


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Name the filter, show a line that it drops, and count with one that passes."""
    if broken.emptied is None:
        return None
    before, after = broken.emptied
    place = after.stages - 1
    stage = broken.query.stages[place]
    if not isinstance(stage, ast.LineFilter):
        return None
    samples, probe = context.loki.lines(before.text, broken.window, SAMPLE)
    if not samples:
        return None
    text = stage_text(stage)
    likely = dict(_proposals(stage, [line for _, line in samples]))
    proposal = first_passed(likely, (), broken.query.stages[place + 1 :], samples, broken.settings)
    # Lines that pass no filter like it may be lines of something else: only a run's own lines prove it then.
    if proposal is None and not context.expects(broken.panel.id):
        return None
    new = stage_text(proposal) if proposal else ""
    rewrite = replace_stage(context, broken, place, new)
    found, found_probe = count_fixed(context, broken, rewrite)
    if found <= 0:
        return None
    did = f"with `{new}`" if new else "without it"
    return query_finding(
        CAUSE,
        context,
        broken,
        f"`{text}` drops all {count_noun(before.lines, 'line')} that reach it, for example "
        f"`{shorten(samples[0][1], 120)}`; "
        f"{did} {found:g} pass",
        Proof((before.probe, after.probe), (probe, found_probe)),
        query_fix(
            context,
            f"replace `{text}` with `{new}`" if new else f"change or remove `{text}`",
            rewrite.edits if new else (),
            likely[proposal] if proposal else "wider",
        ),
        group=text,
    )


def _proposals(stage: ast.LineFilter, lines: Sequence[str]) -> Iterator[tuple[ast.LineFilter, Meaning]]:
    """Filters like the one written that some line passes, the likeliest first. Another word may be meant, or not."""
    if stage.op not in ("|=", "|~") or len(stage.matches) > 1 or stage.matches[0].ip:
        return
    wanted = stage.matches[0].value

    def with_text(text: str) -> ast.LineFilter:
        return replace(stage, matches=(ast.LineMatch(text),))

    if stage.op == "|~":
        yield with_text(f"(?i){wanted}"), "same"
        return
    whole = "\n".join(lines)
    at = whole.lower().find(wanted.lower())
    if at >= 0:
        yield with_text(whole[at : at + len(wanted)]), "same"
    escaped = "".join(_ESCAPES.get(c, c) for c in wanted)
    for other in (escaped, wanted.replace('"', '\\"')):
        if other != wanted and other in whole:
            yield with_text(other), "same"
    near = misspelt_value(wanted, set(re.findall(r"[\w./:-]+", whole)))
    if near is not None:
        yield with_text(near), "other"


CAUSE = on_query("pipeline.line-filter-kills", "panel", find)
