"""Documents as JSON text."""

import json
import math
from collections.abc import Mapping
from typing import Any

from obs_check.model.secret import hide_secrets
from obs_check.report.terminal import in_json

SCHEMA = "obs-check/1"


def document(command: str, verdict: str, run: str | None, **rest: object) -> dict[str, Any]:
    """A document of the contract: schema, command, verdict and run first, then the rest."""
    return {"schema": SCHEMA, "command": command, "verdict": verdict, "run": run, **rest}


def dumps(value: Mapping[str, object]) -> str:
    """The text of a document: two blanks of indent, UTF-8 kept but for what would steer a terminal, NaN and infinities
    as strings (JSON has none), known secrets hidden."""
    return in_json(json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def json_line(value: Mapping[str, object]) -> str:
    """As `dumps`, in one line."""
    return in_json(json.dumps(_plain(value), ensure_ascii=False, allow_nan=False))


def _plain(value: object) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
    if isinstance(value, Mapping):
        return {hide_secrets(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, int | float):
        return value
    return hide_secrets(str(value))
