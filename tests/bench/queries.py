"""The queries that are timed; each says which file it reads."""

import json
from pathlib import Path
from typing import Literal, NamedTuple

from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.interpolate import interpolate
from obs_check.panel.macros import backend_macros
from obs_check.panel.variables import effective_variables

BOARD = Path(__file__).parents[2] / "dashboards" / "agent-firewall.json"
TOP_DENIED = 3
"""The id of the panel `Top denied domains`."""
HOUR_MS = 3_600_000


class Query(NamedTuple):
    """A name for the table, the file it reads, the LogQL text."""

    name: str
    file: Literal["boundary", "coderd"]
    text: str


def queries(end_ms: int) -> list[Query]:
    """Seven metric queries over the hour before `end_ms` (ms since the epoch)."""
    boundary, coderd = '{job="boundary"}', '{namespace="coder"}'
    return [
        Query("count of DENY, line filter", "boundary", f"sum(count_over_time({boundary} |= `msg=DENY` [1h]))"),
        Query("by msg, logfmt", "boundary", f"sum by (msg) (count_over_time({boundary} | logfmt [1h]))"),
        Query(
            "top hosts denied, logfmt",
            "boundary",
            f"topk(10, sum by (host) (count_over_time({boundary} | logfmt | msg=`DENY` [1h])))",
        ),
        Query(
            "by domain, regexp",
            "coderd",
            f'sum by (domain) (count_over_time({coderd} | regexp `"http_url":"https?://(?P<domain>[^/:"]+)` [1h]))',
        ),
        Query(
            "by decision, json path",
            "coderd",
            f"sum by (decision) (count_over_time({coderd} | json decision=`fields.decision` [1h]))",
        ),
        Query("by owner, full json", "coderd", f"sum by (fields_owner) (count_over_time({coderd} | json [1h]))"),
        Query("dashboard: top denied domains", "coderd", _top_denied(end_ms)),
    ]


def _top_denied(end_ms: int) -> str:
    dashboard = load_dashboard(json.loads(BOARD.read_text()), BOARD.name)
    (panel,) = [panel for panel in dashboard.panels if panel.id == TOP_DENIED]
    (target,) = panel.targets
    asked = interpolate(target.text, effective_variables(dashboard), "loki")
    return backend_macros(asked, from_ms=end_ms - HOUR_MS, to_ms=end_ms, interval_ms=60_000, instant=True)
