"""Panels as Grafana 9.4 was seen to answer them: expressions over hidden queries, a macro that it does not have."""

from dataclasses import replace

from obs_check.causes.panel import hidden_target, query_refused
from obs_check.evidence.asked_queries import asked_queries
from obs_check.evidence.context import BrokenPanel
from obs_check.model.probe import Probe
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.reading import read_panel
from obs_check.panel.request import Opening, panel_requests
from obs_check.panel.variables import effective_variables
from tests.causes.on_lines import NOW_NS, SOURCES, Lines, edited_text, seen
from tests.fakes import NOTHING_KNOWN

LOKI = {"type": "loki", "uid": "loki"}


def panel() -> BrokenPanel:
    document = {
        "uid": "d",
        "title": "d",
        "panels": [
            {
                "id": 1,
                "type": "stat",
                "title": "difference",
                "datasource": {"type": "datasource", "uid": "-- Mixed --"},
                "targets": [
                    {"refId": "A", "datasource": LOKI, "expr": 'rate({a="b"} | logfmt [5m])', "hide": True},
                    {"refId": "B", "datasource": LOKI, "expr": 'rate({a="c"} | logfmt [5m])', "hide": True},
                    {
                        "refId": "C",
                        "datasource": {"type": "__expr__", "uid": "__expr__"},
                        "type": "math",
                        "expression": "$A - $B",
                    },
                ],
            }
        ],
    }
    board = load_dashboard(document, "test")
    (one,) = board.panels
    request = panel_requests(board, one, effective_variables(board, {}), SOURCES, NOW_NS, Opening(0, 3_600_000))
    return BrokenPanel(one, request, read_panel(one, {}, request), "reads No data")


def test_the_queries_of_an_expression_are_those_that_are_asked() -> None:
    assert [one.target.ref_id for one in asked_queries(panel())] == ["A", "B"]


def test_a_hidden_query_that_an_expression_is_made_of_is_not_missing() -> None:
    assert hidden_target.find(NOTHING_KNOWN, panel()) is None


def test_a_macro_of_newer_grafanas_is_written_as_this_one_has_it() -> None:
    context, broken = seen(Lines([({"a": "b"}, ["x"])]), 'rate({a="b"} [$__auto])')
    failed = replace(broken.reading, state="error", error='not a valid duration string: "$__auto"')
    probe = Probe("grafana", "rate", "400", NOW_NS)
    mended = replace(broken, differs="", reading=replace(broken.reading, state="ok", text="1"), probes=(probe,))
    old = replace(context, grafana_version="9.4.0", look_again=lambda _document, _broken, _window=None: mended)
    refused = replace(broken, reading=failed, probes=(probe,))
    found = query_refused.find(old, refused)
    assert found is not None
    assert found.claim == (
        "Grafana 9.4.0 does not fill in `$__auto`, and Loki cannot read it: as written No data, with `$__interval` 1"
    )
    assert edited_text(found) == 'rate({a="b"} [$__interval])'
    newer = replace(old, grafana_version="12.0.0")
    assert query_refused.find(newer, refused) is None
