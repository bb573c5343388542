"""Ad hoc filters in LogQL."""

from typing import Any

import pytest

from obs_check.logql import parse
from obs_check.panel.adhoc import add_filters
from obs_check.panel.datasource import Datasources
from obs_check.panel.elements import Dashboard, Panel, Target, Variable
from obs_check.panel.request import panel_requests
from obs_check.panel.variables import Filter, effective_variables

OWNER = Filter("owner", "=", 'j"oe')


@pytest.mark.parametrize(
    ("expr", "filters", "wanted"),
    [
        ('{a="b"} | json ', [OWNER], '{a="b"} | json | owner="j\\"oe"'),
        ('sum(rate({a="["} |= `[x]` [5m]))', [OWNER], 'sum(rate({a="["} |= `[x]` | owner="j\\"oe" [5m]))'),
        (
            'rate({a="b"}[1m]) / rate({c="d"}[1m] offset 1h)',
            [Filter("x", "!~", "a.*")],
            'rate({a="b"} | x!~"a.*" [1m]) / rate({c="d"} | x!~"a.*" [1m] offset 1h)',
        ),
        ('{a="b"}', [Filter("x", "=|", "p.q__gfp__r")], '{a="b"} | x=~"p\\\\.q|r"'),
        ('{a="b"}', [Filter("n", ">", "5")], '{a="b"} | n>5'),
        ('{a="b"}', [Filter("x", "near", "5")], '{a="b"}'),
    ],
)
def test_each_pipeline_gets_the_filters(expr: str, filters: list[Filter], wanted: str) -> None:
    assert add_filters(expr, filters) == wanted
    parse(wanted)


@pytest.mark.parametrize(("uid", "applied"), [("loki", True), ("other", False)])
def test_only_queries_of_its_datasource_are_filtered(uid: str, applied: bool) -> None:
    stored: dict[str, Any] = {
        "filters": [{"key": "owner", "operator": "=", "value": "joe"}],
        "datasource": {"uid": uid},
    }
    dashboard = Dashboard("u", "t", (), (Variable("f", "adhoc", raw=stored),), "d", "classic")
    panel = Panel(1, "p", "logs", {"uid": "loki"}, (Target("A", None, False, {"expr": '{a="b"}'}),))
    known = Datasources({name: {"uid": name, "type": "loki"} for name in ("loki", "other")})
    asked = panel_requests(dashboard, panel, effective_variables(dashboard), known, 1_795_478_400_000_000_000)
    expr = asked.queries[0].body["queries"][0]["expr"]
    assert expr == ('{a="b"} | owner="joe"' if applied else '{a="b"}')
    assert bool(asked.notes) is applied
