"""What a command judged by: the dashboard, what it has to read, the files of the pipeline, without their secrets."""

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from obs_check import __version__
from obs_check.app.systems.systems import Systems
from obs_check.documents.scrubbed import without_secret_values
from obs_check.follow.hop import HopSeen
from obs_check.model.clock_offset import ClockOffset
from obs_check.model.secret import hide_secrets, without_secrets
from obs_check.model.tree import Json
from obs_check.panel.expect import Expectation

CLOCK_APART_S = 60.0
"""Seconds by which clocks may differ: lines of a run are looked for so far around it."""
MOST_TEXT = 256 * 1024
"""Characters of a file that are kept; of a larger one its size and SHA-256 are."""
MOST_MODEL = 4 * 1024 * 1024
"""Characters of a dashboard's JSON that are kept."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """`expectations` by panel; the rest is as the document has it (docs/document.md)."""

    expectations: Mapping[int, Expectation] = field(default_factory=dict)
    dashboard: Mapping[str, Any] = field(default_factory=dict)
    datasources: tuple[Mapping[str, Any], ...] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Mapping[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """{"dashboard", "datasources", "expectations", "addresses", "files"}."""
        return {
            "dashboard": dict(self.dashboard),
            "datasources": [dict(row) for row in self.datasources],
            "expectations": [_expectation(one) for one in self.expectations.values()],
            "addresses": dict(self.addresses),
            "files": [dict(row) for row in self.files],
        }


def inputs_of(systems: Systems) -> Inputs:
    """The inputs of the systems that a command opened; reads files, and asks nobody."""
    board = systems.board
    default = board.datasources.default
    config = systems.config
    addresses = {
        "grafana": config.grafana.url if config.grafana else "",
        "loki": config.loki.url or f"datasource {config.loki.uid} of Grafana",
        "loki_tenant": config.loki.tenant or "",
        "shipper": config.shipper.url or "",
        "boundary_proxy": config.boundary.proxy or "",
        "boundary_logs": config.boundary.logs or "",
        "coderd_logs": config.coderd.logs or "",
        "allow_url": config.inject.allow_url or "",
        "deny_url": config.inject.deny_url or "",
    }
    return Inputs(
        systems.expectations,
        _dashboard(systems),
        tuple(
            {
                "name": one.name,
                "uid": one.uid,
                "type": one.type,
                "settings": without_secrets(one.settings),
                "database": one.database,
                "default": one == default,
            }
            for one in board.datasources
        ),
        {name: hide_secrets(address) for name, address in addresses.items() if address},
        tuple(_files(systems)),
    )


def versions(systems: Systems, hops: list[HopSeen], loki: str) -> dict[str, str]:
    """The version of all programs that report one, by its name."""
    shippers = [hop.shipping.after for hop in hops if hop.shipping]
    if systems.shipping is not None and systems.shipping.before is not None:
        shippers.append(systems.shipping.before)
    found: dict[str, str] = {
        "obs-check": __version__,
        "python": platform.python_version(),
        "grafana": systems.grafana_version,
        "loki": loki,
    }
    found |= {str(state.kind): state.version for state in shippers[:1]}
    return {name: version for name, version in found.items() if version}


def clocks(systems: Systems) -> list[dict[str, Json]]:
    """How far the clock of each system that answered is from ours; Loki behind Grafana's proxy has Grafana's."""
    asked: dict[str, ClockOffset | None] = {"grafana": systems.grafana.offset}
    if systems.config.loki.url:
        asked["loki"] = systems.loki.offset
    if systems.shipping is not None:
        asked["shipper"] = systems.shipping.client.offset
    return [{"system": name, **offset.to_json()} for name, offset in asked.items() if offset is not None]


def wrong_clock(clocks: Sequence[Mapping[str, Any]]) -> str:
    """In words how far this machine's clock is from that of every system that tells one (`clocks` as they are kept); ""
    where one of them agrees with it, or none is known."""
    ahead_s = [-clock["most_ms"] / 1000 for clock in clocks]
    behind_s = [clock["least_ms"] / 1000 for clock in clocks]
    for apart_s, way in ((ahead_s, "ahead of"), (behind_s, "behind")):
        if apart_s and min(apart_s) > CLOCK_APART_S:
            names = " and ".join(f"{clock['system']}'s" for clock in clocks)
            return f"this machine's clock is at least {min(apart_s):,.0f} s {way} {names}"
    return ""


def _dashboard(systems: Systems) -> dict[str, object]:
    board, source = systems.board.dashboard, systems.source
    model = without_secrets(board.document)
    text = hide_secrets(json.dumps(model, ensure_ascii=False, sort_keys=True, default=str))
    return {
        "uid": board.uid,
        "title": board.title,
        "version": board.document.get("version"),
        "schema": board.schema,
        "source": source.name,
        "file": str(source.file or ""),
        "provisioned": source.provisioned,
        "sha256": sha256(text.encode("utf-8", "replace")).hexdigest(),
        "model": model if len(text) <= MOST_MODEL else None,
    }


def _files(systems: Systems) -> Iterator[dict[str, Json]]:
    config = systems.config
    named = (
        ("obs-check", config.path),
        ("expectations", config.expect),
        ("dashboard-source", config.source),
        ("boundary", config.boundary.config),
        ("shipper", config.shipper.config),
    )
    for role, path in named:
        if path is not None:
            yield _file(role, Path(path))


def _file(role: str, path: Path) -> dict[str, Json]:
    row: dict[str, Json] = {"role": role, "path": str(path), "bytes": 0, "sha256": "", "text": "", "secrets": 0}
    try:
        whole = path.read_text("utf-8", "replace")
    except OSError as error:
        return {**row, "problem": error.strerror or "cannot be read"}
    text, secrets = without_secret_values(whole)
    raw = text.encode("utf-8", "replace")
    digest = sha256(raw).hexdigest()
    kept = text if len(text) <= MOST_TEXT else ""
    return {**row, "bytes": len(raw), "sha256": digest, "text": kept, "secrets": secrets, "problem": ""}


def _expectation(one: Expectation) -> dict[str, Json]:
    return {
        "panel": one.panel,
        "path": one.path,
        "kind": one.kind,
        "by": one.by,
        "decision": one.decision,
        "names": dict(one.names),
        "limit": one.limit,
    }
