"""Whether the shell that sent the events is wrapped by the firewall, and how: said before anything is counted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["landjail", "nsjail", "shim", "not wrapped", "cannot tell"]
_NAMES = frozenset({"boundary", "agent-firewall", "coder-no-caps"})


@dataclass(frozen=True, slots=True)
class Wrap:
    """`kind` with the `evidence` for it, in words. `shim`: a long-lived jail that a shim on the agent's PATH enters.
    `tool_call`: the environment is that of a tool call of an agent's chat."""

    kind: Kind
    evidence: tuple[str, ...]
    tool_call: bool = False

    def to_json(self) -> dict[str, Any]:
        """{"kind", "evidence", "tool_call"}."""
        return {"kind": self.kind, "evidence": list(self.evidence), "tool_call": self.tool_call}


def wrap_of(place: Mapping[str, object], denied: Collection[str]) -> Wrap:
    """What the probe saw around itself (`place`), and what the requests that have to be denied were answered:
    `blocked` (the firewall's page), `answered` (by somebody else) or `none`.

    boundary v0.9.0: landjail sets proxy variables on localhost and NoNewPrivs, nsjail neither, but a route by
    192.168.100.1; both leave CHILD=true and a CA below coder_boundary in the environment.
    """
    ancestors = [name for name in str(place.get("ancestors") or "").split() if name in _NAMES]
    proxy = str(place.get("proxy") or "")
    ca = "coder_boundary" in str(place.get("ca") or "")
    netns, init = str(place.get("netns") or ""), str(place.get("init_netns") or "")
    apart = bool(netns and init) and netns != init
    seen = {
        f"{ancestors[0]} is an ancestor process" if ancestors else "": bool(ancestors),
        f"the proxy of the environment is {proxy}": "localhost" in proxy or "127.0.0.1" in proxy,
        "the CA of the environment is boundary's": ca,
        "NoNewPrivs is 1": place.get("no_new_privs") == "1",
        "the default route goes to a jail's gateway": bool(place.get("jail_route")),
        "VETH_JAIL_NAME is set": bool(place.get("veth")),
        "BOUNDARY_JAIL is set": bool(place.get("boundary_jail")),
        "the network namespace is another than that of the first process": apart,
        "a request that has to be denied got the firewall's page": "blocked" in denied,
        "a request that has to be denied was answered by somebody else": "answered" in denied,
    }
    evidence = tuple(words for words, true in seen.items() if true)
    tool_call = bool(place.get("tool_call"))
    return Wrap(_kind(place, ancestors, proxy, apart, set(denied)), evidence, tool_call)


def _kind(place: Mapping[str, object], ancestors: list[str], proxy: str, apart: bool, denied: set[str]) -> Kind:
    if "answered" in denied:
        # Whatever stands around, it lets through what it has to stop.
        return "not wrapped"
    if place.get("boundary_jail") and not ancestors:
        return "shim"
    if place.get("veth") or place.get("jail_route"):
        return "nsjail" if ancestors or not place.get("boundary_jail") else "shim"
    local = "localhost" in proxy or "127.0.0.1" in proxy
    if local and (ancestors or place.get("no_new_privs") == "1"):
        return "landjail"
    if "blocked" in denied:
        return "nsjail" if apart or ancestors else "cannot tell"
    # An unwrapped client cannot reach a name that does not exist either, so no answer decides nothing; and the page
    # alone may come from a proxy that this client uses because it was told to.
    return "cannot tell"
