"""`obs-check query --explain`: what every stage and operator of a query does."""

import sys
from typing import TYPE_CHECKING, NoReturn

from obs_check.cli.options import Output
from obs_check.cli.query_target import QueryTarget
from obs_check.errors import UsageError
from obs_check.model.tree import Json
from obs_check.model.verdict import Verdict
from obs_check.model.window import Window
from obs_check.model.wording import count_noun

if TYPE_CHECKING:
    from obs_check.app.query.ask import Ask
    from obs_check.app.query.explain_questions import Cost
    from obs_check.logql.explain.tree import Node


def explain_query(ask: "Ask", target: QueryTarget, out: Output) -> NoReturn:
    """Print the tree of the query on the target's lines; ends the command."""
    if out.format not in ("table", "json"):
        raise UsageError(f"--explain has no -o {out.format}", "use -o table or -o json")
    if target.files:
        root, window, empty = _of_files(ask, target, out)
        if empty:
            out.say(empty)
        _show(ask, target, root, window, None, out)
    root, cost = _of_loki(ask, target, out)
    for request, bytes_read in cost.asked:
        out.detail(f"{request}: {count_noun(bytes_read, 'byte')} read")
    _show(ask, target, root, ask.asked_window, cost, out)


def _of_files(ask: "Ask", target: QueryTarget, out: Output) -> "tuple[Node, Window, str]":
    """The tree, the window, and which labels the files lack, where they do."""
    from obs_check.app.query.ask import window_around
    from obs_check.app.query.unselected import why_nothing_selected
    from obs_check.logql.engine.list_source import ListSource
    from obs_check.logql.explain.run import explain

    paths = target.paths(out)
    found = target.read_streams(paths, out)
    window = ask.window or window_around(found.bounds)
    step = None if ask.instant else ask.step_in(window)
    root = explain(ask.expr, ListSource(found.streams), window, step, target.settings())
    return root, window, why_nothing_selected(ask.expr, target.labels_of(paths))


def _of_loki(ask: "Ask", target: QueryTarget, out: Output) -> "tuple[Node, Cost]":
    from obs_check.app.query.explain_loki import explain_on_loki

    client = target.loki_client(out)
    try:
        return explain_on_loki(ask, client)
    finally:
        client.close()


def _show(ask: "Ask", target: QueryTarget, root: "Node", window: Window, cost: "Cost | None", out: Output) -> NoReturn:
    from obs_check.logql.explain.tree import conclusion
    from obs_check.model.window import MS, shown_time
    from obs_check.report.explanation import print_explanation
    from obs_check.report.json import document

    found: dict[str, Json] = {}
    if out.json:
        found = {
            "query": ask.text,
            "asked": target.name,
            "window": window.to_json(),
            "conclusion": conclusion(root),
            "explain": root.to_json(),
            "cost": {"requests": cost.requests, "bytes_read": cost.bytes_read} if cost else None,
        }
    else:
        heading = f"{shown_time(window.start_ns)[:19]}Z to {shown_time(window.end_ns)[:19]}Z"
        if window.end_ns <= MS:
            # The window of files that have no line begins and ends with the epoch.
            heading = "no line in any file"
        paid = (
            f"{count_noun(cost.requests, 'request')}, Loki read {count_noun(cost.bytes_read, 'byte')}" if cost else ""
        )
        print_explanation(root, sys.stdout, out.color, heading, paid)
    out.finish(document("query", str(Verdict.OK), None, **found), Verdict.OK.exit_code)
