"""organize: keeps, orders and renames columns of every frame."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from obs_check.panel.frames import Frame
from obs_check.panel.naming import display_name


def organize(frames: Sequence[Frame], options: Mapping[str, Any]) -> list[Frame]:
    """A frame without a column left vanishes; renaming a name that is not there says nothing."""
    excluded = {name for name, on in (options.get("excludeByName") or {}).items() if on}
    included = {name for name, on in (options.get("includeByName") or {}).items() if on}
    order = options.get("indexByName") or {}
    renames = options.get("renameByName") or {}
    result = []
    for frame in frames:
        kept = []
        for field in frame.fields:
            names = {field.name, display_name(field, frame, frames)}
            if names & excluded or (included and not names & included):
                continue
            kept.append(field)
        kept.sort(key=lambda f: _place(order, f.name, display_name(f, frame, frames)))
        renamed = []
        for field in kept:
            name = renames.get(display_name(field, frame, frames)) or renames.get(field.name)
            renamed.append(replace(field, config={**field.config, "displayName": name}) if name else field)
        if renamed:
            result.append(replace(frame, fields=renamed))
    return result


def _place(order: Mapping[str, Any], *names: str) -> float:
    return next((float(order[n]) for n in reversed(names) if n in order), float("inf"))
