"""What was looked at: the dashboard, the systems with their addresses and versions, the files that were judged by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from obs_check.model.tree import mapping_at, mappings_at
from obs_check.report.html.runs import ToldRun

_SYSTEMS = {
    "grafana": "Grafana",
    "loki": "Loki",
    "loki_tenant": "tenant of Loki",
    "shipper": "shipper",
    "boundary_proxy": "boundary's proxy",
    "boundary_logs": "boundary's log files",
    "coderd_logs": "coderd's log files",
    "allow_url": "allowed events go to",
    "deny_url": "denied events go to",
}
_FILES = {
    "obs-check": "configuration of obs-check",
    "expectations": "what each panel has to read",
    "dashboard-source": "source of the dashboard",
    "boundary": "configuration of boundary",
    "shipper": "configuration of the shipper",
}


@dataclass(frozen=True, slots=True)
class JudgedFile:
    """A file that was judged by; `text` is without its secrets, "" where it is not kept."""

    anchor: str
    role: str
    path: str
    size: int
    sha256: str
    text: str
    secrets: int
    problem: str


@dataclass(frozen=True, slots=True)
class About:
    """`dashboard` is what it is called and which version it was; `systems` are (name, address), `versions` (name,
    version), `clocks` (system, offset in words)."""

    dashboard: str
    grafana: str
    grafana_version: str
    systems: Sequence[tuple[str, str]]
    versions: Sequence[tuple[str, str]]
    clocks: Sequence[tuple[str, str]]
    files: Sequence[JudgedFile]
    expectations: Sequence[Mapping[str, object]]


def about(run: ToldRun) -> About:
    """All of it that the document has; an earlier version's document has none."""
    inputs = run.document.get("inputs")
    versions = {str(name): str(version) for name, version in (run.document.get("versions") or {}).items()}
    addresses = {str(name): str(address) for name, address in mapping_at(inputs, "addresses").items()}
    return About(
        _dashboard(mapping_at(inputs, "dashboard")),
        addresses.get("grafana", ""),
        versions.get("grafana", ""),
        [(_SYSTEMS.get(name, name), address) for name, address in addresses.items()],
        sorted(versions.items()),
        [(str(clock.get("system")), _offset(clock)) for clock in run.rows("clocks")],
        [
            JudgedFile(
                run.anchor("file", n),
                _FILES.get(str(file.get("role")), str(file.get("role"))),
                str(file.get("path") or ""),
                int(file.get("bytes") or 0),
                str(file.get("sha256") or ""),
                str(file.get("text") or ""),
                int(file.get("secrets") or 0),
                str(file.get("problem") or ""),
            )
            for n, file in enumerate((inputs and inputs.get("files")) or ())
        ],
        mappings_at(inputs, "expectations"),
    )


def _dashboard(dashboard: Mapping[str, object]) -> str:
    if not dashboard:
        return ""
    title, uid = dashboard.get("title") or dashboard.get("source"), dashboard.get("uid")
    inside = [str(uid)] if uid and uid != title else []
    if dashboard.get("version") is not None:
        inside.append(f"version {dashboard['version']}")
    return f"{title} ({', '.join(inside)})" if inside else str(title)


def _offset(clock: Mapping[str, object]) -> str:
    least, most = clock.get("least_ms"), clock.get("most_ms")
    if not isinstance(least, int | float) or not isinstance(most, int | float):
        return ""
    return f"between {least / 1000:+.3f} s and {most / 1000:+.3f} s of ours, by {clock.get('answers')} answers"
