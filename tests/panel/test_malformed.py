"""A dashboard with one value of the wrong kind anywhere gives a message or a reading, never another exception."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from obs_check.errors import InputError
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.frames import decode_results
from obs_check.panel.reading import read_panel
from obs_check.panel.request import panel_requests
from obs_check.panel.variables import effective_variables

BOARD: dict[str, Any] = json.loads((Path(__file__).parent.parent.parent / "dashboards/agent-firewall.json").read_text())
DATASOURCES = Datasources({uid: {"uid": uid, "type": uid} for uid in ("loki", "prometheus")}, "prometheus")
WRONG: tuple[Any, ...] = (None, -1, "x", [], {}, [1], {"a": 1}, "${", "now-")
EVERY = 13
"""One place in so many is tried with each wrong value: enough to meet every key, few enough to be quick."""
FIELDS = [{"name": "Time", "type": "time"}, {"name": "Value", "type": "number", "labels": {"domain": "a.invalid"}}]
ANSWER = {"results": {"A": {"frames": [{"schema": {"fields": FIELDS}, "data": {"values": [[1], [2]]}}]}}}


def places(held: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a document."""
    for key, value in held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ():
        yield (*path, key)
        yield from places(value, (*path, key))


def spoiled(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A copy of our dashboard with another value at one place."""
    doc = copy.deepcopy(BOARD)
    inner: Any = doc
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return doc


def evaluate(doc: dict[str, Any]) -> None:
    """Everything that is done with a dashboard; InputError is an answer."""
    try:
        dashboard = load_dashboard(doc, "f.json")
        variables = effective_variables(dashboard)
        for panel in dashboard.panels:
            request = panel_requests(dashboard, panel, variables, DATASOURCES, 1_795_478_400_000_000_000)
            read_panel(panel, decode_results(ANSWER), request)
            read_panel(panel, decode_results(ANSWER))
    except InputError as error:
        assert error.message
        assert "\n" not in str(error)


@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_one_wrong_value(value: Any) -> None:
    for path in list(places(BOARD))[WRONG.index(value) :: EVERY]:
        evaluate(spoiled(path, value))
