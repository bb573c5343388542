"""The selector and stages of a range on a Loki, as nodes: counts that were asked for, and a line here and there."""

from dataclasses import replace

from obs_check.app.query.explain_examples import dropped_line, kept_line
from obs_check.app.query.explain_questions import Questions
from obs_check.logql.explain.meter import begins_with_pair
from obs_check.logql.explain.prefixes import PrefixCounts, RangeLines
from obs_check.logql.explain.reasons import DROPPED_HERE, why_all_dropped, why_dropped, why_not_unwrapped
from obs_check.logql.explain.tree import Node
from obs_check.logql.stages.compile import first_checks
from obs_check.logql.stages.json_full import JSON_ERROR
from obs_check.logql.stages.label_filter import FILTER_ERROR
from obs_check.logql.stages.unwrap import SAMPLE_ERROR
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text, unwrap_text
from obs_check.logql.syntax.style import selector_text
from obs_check.model.window import Window

_EARLY = f"where it sets a label to what a filter before it does not hold for, {DROPPED_HERE}, which is not counted"


def line_nodes(
    lines: RangeLines, counted: PrefixCounts, window: Window, unwrap: ast.Unwrap | None, questions: Questions
) -> tuple[Node, ...]:
    """Nodes of the selector and of every stage; the filters that stand for an unwrap are one node."""
    selector = lines.query.selector
    first = counted.lines[0]
    if not first:
        empty = Node("selector", selector_text(selector), lines_out=0, series=0)
        nodes = [replace(empty, notes=(questions.why_no_line(selector, window),)), *_stages(lines, counted)]
        return tuple(_with_unwrap(nodes, unwrap))
    own = Node("selector", selector_text(selector), lines_out=first, series=counted.series.get(0))
    nodes = [own, *_stages(lines, counted)]
    return tuple(_with_unwrap(_with_examples(lines.query, nodes, window, unwrap, questions), unwrap))


def _stages(lines: RangeLines, counted: PrefixCounts) -> list[Node]:
    return [
        Node(
            "stage",
            stage_text(stage),
            counted.lines[number],
            counted.lines[number + 1],
            counted.series.get(number + 1),
            errors=counted.errors.get(number, {}),
            values={name: dict(c.most_common()) for name, c in counted.values.get(number, {}).items()},
            notes=(counted.unknown[number + 1],) if number + 1 in counted.unknown else (),
        )
        for number, stage in enumerate(lines.query.stages)
    ]


def _with_examples(
    query: ast.LogQuery, nodes: list[Node], window: Window, unwrap: ast.Unwrap | None, questions: Questions
) -> list[Node]:
    """With a line that gets as far as any does (the stage that ends all drops it), and one for every other filter that
    drops some."""
    last = max(n for n, node in enumerate(nodes) if node.lines_out)
    row, kept = kept_line(replace(query, stages=query.stages[:last]), window, questions)
    found = [replace(nodes[0], kept=kept[0])]
    for number, node in enumerate(nodes[1:], start=1):
        stage, before = query.stages[number - 1], query.stages[: number - 1]
        dropped = None
        if node.lines_out != node.lines_in:
            dropped = row if number == last + 1 else dropped_line(query, number - 1, window, questions)
        unwraps = unwrap is not None and number > len(query.stages) - _as_stages(unwrap)
        reason = ""
        if dropped is not None:
            told = why_not_unwrapped(unwrap, dropped, before) if unwrap and unwraps else None
            reason = why_dropped(stage, dropped, before) if told is None else told
        if not node.lines_out and not unwraps:
            reason = why_all_dropped(stage, reason, node.values)
        line = kept[number] if number <= last else None
        node = replace(node, kept=line, dropped=dropped.line if dropped else None, reason=reason)
        if isinstance(stage, ast.JsonParser) and node.errors.get(JSON_ERROR) == node.lines_in and node.kept:
            told = "; the one shown begins with a pair, which logfmt reads" if begins_with_pair(node.kept) else ""
            node = replace(node, notes=(*node.notes, f"no line is a JSON object{told}"))
        if row is None and isinstance(stage, ast.Parser) and first_checks(query.stages[: number - 1]):
            node = replace(node, notes=(*node.notes, _EARLY))
        found.append(node)
    return found


def _as_stages(unwrap: ast.Unwrap) -> int:
    """How many filters stand for it: see as_filters."""
    return 1 + len(unwrap.filters)


def _with_unwrap(nodes: list[Node], unwrap: ast.Unwrap | None) -> list[Node]:
    if unwrap is None:
        return nodes
    count = _as_stages(unwrap)
    own = nodes[-count:]
    dropping = next((node for node in own if node.dropped is not None), own[0])
    errors = {SAMPLE_ERROR: own[0].errors[FILTER_ERROR]} if FILTER_ERROR in own[0].errors and own[-1].lines_out else {}
    whole = replace(own[-1], text=unwrap_text(unwrap), lines_in=own[0].lines_in, values={}, errors=errors)
    return [*nodes[:-count], replace(whole, dropped=dropping.dropped, reason=dropping.reason)]
