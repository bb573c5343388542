"""`detected_level`: the level Loki reads off a line when `discover_log_levels` is on."""

import json
import re

from obs_check.model.entry import Entry

_FIELD = re.compile(r"""(?:^|\s)(?:level|LEVEL|Level|lvl|severity)="?([A-Za-z]+)""")
_WORD = re.compile(r"(?i)\b(trace|debug|info|warn|warning|error|err|critical|fatal)\b")
_KNOWN = {
    "trace": "trace",
    "debug": "debug",
    "info": "info",
    "information": "info",
    "warn": "warn",
    "warning": "warn",
    "error": "error",
    "err": "error",
    "critical": "critical",
    "fatal": "fatal",
}


def _level_field(line: str) -> str:
    if line.startswith("{"):
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            return ""
        values = (document.get(name) for name in ("level", "LEVEL", "Level", "lvl", "severity"))
        return next((value for value in values if isinstance(value, str)), "")
    match = _FIELD.search(line)
    return match[1] if match else ""


def detected_level(line: str) -> str:
    """The level of a field of the line, else of the first level word in it, else `unknown`."""
    if (known := _KNOWN.get(_level_field(line).lower())) is not None:
        return known
    match = _WORD.search(line)
    return _KNOWN[match[1].lower()] if match else "unknown"


def with_level(entry: Entry) -> Entry:
    """The entry with `detected_level` in its structured metadata, unless it brings one."""
    if "detected_level" in entry.metadata:
        return entry
    return entry._replace(metadata={**entry.metadata, "detected_level": detected_level(entry.line)})
