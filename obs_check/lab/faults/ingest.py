"""Faults of Loki's ingestion: it is not there, discards lines, or keeps them for too short a time."""

from dataclasses import replace

from obs_check.lab.faults.fault import Fault
from obs_check.lab.faults.select import read_elsewhere
from obs_check.lab.settings import LabSettings

_S = 1_000_000_000


def _down(settings: LabSettings) -> None:
    settings.absent.add("loki")


def _short_lines(settings: LabSettings) -> None:
    settings.loki = replace(settings.loki, max_line_size=512)


def _cut_lines(settings: LabSettings) -> None:
    settings.loki = replace(settings.loki, max_line_size=300, max_line_size_truncate=True)


def _many_labels(settings: LabSettings) -> None:
    labels = settings.promtail["scrape_configs"][1]["static_configs"][0]["labels"]
    labels.update({f"team_label_{n:02d}": "x" for n in range(16)})


def _blocked(settings: LabSettings) -> None:
    settings.loki = replace(settings.loki, blocked_until="2099-01-01T00:00:00Z")


def _short_retention(settings: LabSettings) -> None:
    settings.loki = replace(settings.loki, retention_period=5 * _S)
    # No real Loki keeps lines for less than a day: only its configuration tells of this one.
    settings.loki_direct = True


INGEST_FAULTS: tuple[Fault, ...] = (
    Fault("loki-down", "ingest.loki-down", "Loki is not running", _down, outage=True),
    Fault(
        "datasource-elsewhere",
        "ingest.other-loki",
        "Grafana's datasource reads where nobody writes, and nobody can ask Loki but through it",
        read_elsewhere,
    ),
    Fault("line-too-long", "ingest.discarded", "Loki takes lines of 512 bytes, coderd's are longer", _short_lines),
    Fault("line-cut", "ingest.line-truncated", "Loki cuts lines at 300 bytes, inside of coderd's JSON", _cut_lines),
    Fault("many-labels", "ingest.discarded", "promtail sets more labels than Loki takes", _many_labels),
    Fault("tenant-blocked", "ingest.discarded", "Loki's tenant is blocked: pushes are answered with 260", _blocked),
    Fault("short-retention", "ingest.retention-passed", "Loki keeps lines for 5 seconds", _short_retention, wait_s=5.5),
)
