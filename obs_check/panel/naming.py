"""The name a column is shown under: what overrides, transformations and legends refer to."""

import json
from collections.abc import Mapping, Sequence

from obs_check.panel.frames import Field, Frame


def display_name(field: Field, frame: Frame, frames: Sequence[Frame]) -> str:
    """The name as Grafana computes it: configured, from the datasource, else built from field name, frame name (where
    frames differ) and labels (one label: its value only)."""
    configured = field.config.get("displayName") or field.config.get("displayNameFromDS")
    if configured:
        return str(configured)
    if field.type == "time" and not field.labels:
        return field.name or "Time"
    parts = []
    if len(frames) > 1 and frame.name and len({f.name for f in frames}) > 1:
        parts.append(frame.name)
    if field.name and field.name != "Value":
        parts.append(field.name)
    if field.labels:
        parts.append(labels_text(field.labels) if len(field.labels) > 1 else next(iter(field.labels.values())))
    return " ".join(parts) or field.name or "Value"


def labels_text(labels: Mapping[str, str]) -> str:
    """`{a="x", b="y"}`, sorted by name."""
    pairs = sorted(labels.items())
    return "{" + ", ".join(f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in pairs) + "}"


def is_named(field: Field, frame: Frame, frames: Sequence[Frame], name: str) -> bool:
    """Name matchers accept the column's own name as well as the one it is shown under."""
    return name in (field.name, display_name(field, frame, frames))
