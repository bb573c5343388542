"""Whatever Alloy answers of its components, it is a state or told as missing."""

import json
from typing import Any

import httpx

from obs_check.client.shipper.alloy_api import AlloyClient
from tests.mutants import mutants

TARGET = {"type": "object", "value": [{"key": "__path__", "value": {"type": "string", "value": "/a.log"}}]}
TARGETS = {"type": "array", "value": [TARGET]}
INFO = [
    {"name": "path", "type": "attr", "value": {"type": "string", "value": "/a.log"}},
    {"name": "read_offset", "type": "attr", "value": {"type": "number", "value": 12}},
]
COMPONENT: dict[str, Any] = {
    "localID": "b",
    "moduleID": "",
    "health": {"state": "unhealthy", "message": "m"},
    "arguments": [
        {"name": "path_targets", "type": "attr", "value": TARGETS},
        {"name": "targets", "type": "attr", "value": TARGETS},
    ],
    "exports": [{"name": "targets", "type": "attr", "value": TARGETS}],
    "debugInfo": [{"name": "targets_info", "type": "block", "body": INFO}],
}
COMPONENTS = [{**COMPONENT, "name": name} for name in ("local.file_match", "loki.source.file", "loki.write")]


def test_mutated_components_are_read_or_told_as_missing() -> None:
    said = [b"", b""]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/metrics":
            return httpx.Response(200, text='loki_source_file_read_lines_total{path="/a.log"} 3\n')
        return httpx.Response(200, content=said[request.url.path.endswith("/b")])

    alloy = AlloyClient("http://alloy.example", lambda: 3, {"alloy.example:80"}, httpx.MockTransport(answer))
    missing = 0
    for text in mutants(COMPONENTS, 500, 1):
        said[:] = [text, json.dumps(COMPONENTS[1]).encode()]
        missing += bool(alloy.state().value.missing)
    for text in mutants(COMPONENTS[1], 500, 2):
        said[:] = [json.dumps(COMPONENTS).encode(), text]
        missing += bool(alloy.state().value.missing)
    assert 50 < missing < 800
    said[:] = [json.dumps(COMPONENTS).encode(), json.dumps(COMPONENTS[1]).encode()]
    state = alloy.state().value
    assert (state.missing, [file.offset for file in state.files]) == ((), [12])
