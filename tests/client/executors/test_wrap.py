"""How a place is wrapped, by what the probe sees around itself."""

from typing import Any

import pytest

from obs_check.client.executors.wrap import wrap_of

LANDJAIL = {
    "ancestors": "sh boundary boundary bash",
    "proxy": "http://localhost:8080",
    "no_new_privs": "1",
    "child": True,
}
NSJAIL = {"ancestors": "sh boundary bash", "jail_route": True, "veth": True}
SHIM = {"ancestors": "sh agent", "boundary_jail": True, "netns": "net:[2]", "init_netns": "net:[1]"}
PROXY_ONLY = {"ancestors": "sh bash", "proxy": "http://127.0.0.1:8087"}

PLACES: list[tuple[str, dict[str, Any], set[str]]] = [
    ("landjail", LANDJAIL, {"blocked"}),
    ("landjail", LANDJAIL, {"none"}),
    ("nsjail", NSJAIL, {"blocked"}),
    ("shim", SHIM, {"blocked"}),
    ("not wrapped", {"ancestors": "sh bash"}, {"answered"}),
    ("not wrapped", LANDJAIL, {"blocked", "answered"}),
    ("cannot tell", PROXY_ONLY, {"blocked"}),
    ("cannot tell", {"ancestors": "sh bash"}, {"none"}),
    ("cannot tell", {}, set()),
]


@pytest.mark.parametrize(("kind", "place", "denied"), PLACES)
def test_a_place_is_what_its_evidence_says(kind: str, place: dict[str, Any], denied: set[str]) -> None:
    wrap = wrap_of(place, denied)
    assert wrap.kind == kind
    assert wrap.evidence or kind == "cannot tell"
