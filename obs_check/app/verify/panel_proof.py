"""What a panel's row stands on: its query as written and as sent, each time it was read, and which events made what it
shows."""

from typing import Any

from obs_check.app.verify.verdicts import PanelVerdict
from obs_check.follow.run import Run
from obs_check.model.event import find_tags
from obs_check.model.secret import without_secrets
from obs_check.model.tree import Json
from obs_check.model.window import MS, Window
from obs_check.panel.board import PanelView
from obs_check.panel.expect import Expectation
from obs_check.panel.reading import Reading
from obs_check.panel.request import PanelRequest
from obs_check.panel.timerange import TimeRange

MOST_VALUES = 500
"""Displayed values of one reading that are kept."""


def panel_proof(
    row: PanelVerdict, before: PanelView | None, run: Run | None, expectation: Expectation | None
) -> dict[str, Json]:
    """{"type", "targets", "readings"}: the targets as they are stored, and the readings `before` the run, of its own
    `range` after it, and over the lines of the `run` alone, each with its requests, answers and what the eye sees."""
    made_by = expectation.made_by(run.events) if expectation and run else {}
    readings = [("before", before, {}), ("range", row.view, {}), ("run", row.own, made_by)]
    return {
        "type": row.view.panel.type,
        "targets": [
            {
                "ref_id": target.ref_id,
                "datasource": target.datasource,
                "hidden": target.hidden,
                "text": target.text,
                "query": without_secrets(target.query),
            }
            for target in row.view.panel.targets
        ],
        "readings": [_reading(of, view, run, events) for of, view, events in readings if view is not None],
    }


def _reading(of: str, view: PanelView, run: Run | None, made_by: dict[str, list[str]]) -> dict[str, Any]:
    reading, request = view.reading, view.request
    return {
        "of": of,
        "asked": request.state,
        "why": request.why,
        "range": _window(request.range),
        "dashboard_range": _window(request.whole),
        "relative": request.relative,
        "interval_ms": request.interval.ms,
        "max_data_points": request.max_data_points,
        "variables": {name: list(variable.values) for name, variable in request.variables.items()},
        "requests": _requests(request),
        "outage": view.outage,
        "reads": reading.text,
        "state": str(reading.state),
        "number": reading.number,
        "rows": reading.rows,
        "error": reading.error,
        "values": [
            {"name": value.name, "number": value.number, "text": value.text, "events": events}
            for value, events in zip(reading.values[:MOST_VALUES], _events(reading, run, made_by), strict=False)
        ],
        "values_left_out": max(0, len(reading.values) - MOST_VALUES),
        "steps": [
            {"name": step.name, "frames": step.frames, "fields": step.fields, "rows": step.rows}
            for step in reading.trail
        ],
        "notes": [*request.notes, *reading.notes],
        "probes": [probe.to_json() for probe in view.probes],
    }


def _events(reading: Reading, run: Run | None, made_by: dict[str, list[str]]) -> list[list[str]]:
    """The tags of the events that made each value: those that stand in it, or, over the run's lines alone, those of the
    group that it counts, where it is exactly their number. A value that may hold others' events has none."""
    found = []
    for value in reading.values:
        tags = list(dict.fromkeys(find_tags(value.name, run.id))) if run else []
        group = made_by.get(value.name, made_by.get("", []) if len(reading.values) == 1 else [])
        found.append(tags or (group if value.number == len(group) else []))
    return found


def _requests(request: PanelRequest) -> list[dict[str, Json]]:
    return [
        {
            "path": query.path,
            "datasource": {
                "uid": query.datasource.uid,
                "name": query.datasource.name,
                "type": query.datasource.type,
            },
            "body": without_secrets(query.body),
            "hidden": sorted(query.hidden),
        }
        for query in request.queries
    ]


def _window(within: TimeRange) -> dict[str, int]:
    return Window(within.from_ms * MS, within.to_ms * MS).to_json()
