"""Questions to the database behind a panel, asked through Grafana in the panel's range."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.questions import results_of
from obs_check.model.probe import Probe
from obs_check.panel.elements import Target
from obs_check.panel.frames import RefResult, result_of


@dataclass(frozen=True, slots=True)
class SqlTarget:
    """A SQL target with what was sent for it (`sent`, an entry of `queries`)."""

    target: Target
    sent: Mapping[str, Any]

    @property
    def sql(self) -> str:
        """The text that was sent, variables filled in."""
        return str(self.sent.get("rawSql") or "")


def sql_targets(broken: BrokenPanel) -> Iterator[SqlTarget]:
    """The SQL targets that a panel asked."""
    for query in broken.request.queries:
        for sent in query.body["queries"]:
            target = next((t for t in broken.panel.targets if t.ref_id == sent["refId"]), None)
            if target is not None and sent.get("rawSql"):
                yield SqlTarget(target, sent)


def ask(context: Context, broken: BrokenPanel, asked: SqlTarget, sql: str) -> tuple[RefResult, Probe]:
    """The answer to another query in place of the target's."""
    span = broken.request.range
    body = {
        "from": str(span.from_ms),
        "to": str(span.to_ms),
        "queries": [{**asked.sent, "rawSql": sql, "format": "table"}],
    }
    results, probe = results_of(context.grafana, body)
    return result_of(results, str(asked.sent["refId"])), probe


def first_value(result: RefResult) -> Any:
    """The first cell of an answer, None when it has none."""
    frame = next((f for f in result.frames if f.rows), None)
    return frame.fields[0].values[0] if frame else None
