"""obs-check.yaml as `init` writes it: what was given and found, with a comment for what is left to say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from obs_check.errors import UsageError

_ADDRESS = re.compile(r"(?P<grafana>https?://[^?#]+?)(?:/d/(?P<uid>[^/?#]+)(?:[/?#].*)?)?/?")
_LEFT = {
    "loki": "loki: {url: http://loki.example:3100}   # asked directly: more causes are told apart",
    "boundary": "boundary: {logs: /tmp/boundary_logs/*.log, config: boundary.yaml, proxy: http://127.0.0.1:8080}",
    "coderd": "coderd: {logs: /var/log/pods/coder_coder-*/coder/*.log}",
    "shipper": "shipper: {kind: promtail, url: http://promtail.example:3101, config: promtail.yaml}",
    "inject": "inject: {allow_url: https://allowed.example/, deny_url: https://denied.example/}",
}
"""What each section is for, where nothing was said of it."""


@dataclass(frozen=True, slots=True)
class Address:
    """A Grafana, and the dashboard that a URL of it shows ("" for none)."""

    grafana: str
    uid: str = ""


def read_address(url: str) -> Address:
    """The Grafana of a URL as the browser shows it: its root, a dashboard or a panel. Raises UsageError."""
    found = _ADDRESS.fullmatch(url)
    if found is None:
        raise UsageError(f"{url}: not the address of a Grafana", "for example https://grafana.example/d/agent-firewall")
    return Address(found["grafana"], found["uid"] or "")


def written(sections: Mapping[str, Mapping[str, Any] | str]) -> str:
    """The text of the file: the sections that hold anything, then the others as comments."""
    given = {name: value for name, value in sections.items() if value}
    text = yaml.safe_dump(given, sort_keys=False, allow_unicode=True)
    left = "".join(f"# {line}\n" for name, line in _LEFT.items() if name not in given)
    return f"{text}\n# Without these obs-check reads panels, and says less of why:\n{left}" if left else text
