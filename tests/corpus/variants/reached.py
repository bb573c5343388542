"""What obs-check is told: parts of obs-check.yaml that a person leaves out."""

from collections.abc import Callable
from typing import Any

from obs_check.lab.settings import LabSettings


def without(section: str, key: str = "") -> Callable[[LabSettings], None]:
    """obs-check.yaml without a key of a section, or without the whole section."""

    def change(document: dict[str, Any]) -> None:
        if key:
            document[section].pop(key)
        else:
            document.pop(section)

    return lambda settings: settings.reached.append(change)


def loki_by_url(settings: LabSettings) -> None:
    """Loki is asked directly, not through Grafana."""
    settings.loki_direct = True
