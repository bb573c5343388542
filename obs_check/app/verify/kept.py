"""Documents that an earlier command kept."""

import json
from pathlib import Path
from typing import Any

from obs_check.errors import InputError
from obs_check.follow.run import Run, run_from_json


def load_document(path: Path) -> dict[str, Any]:
    """A document of ours; InputError naming the file and what is wrong with it."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", "give a file kept with --save") from error
    except ValueError as error:
        raise InputError(f"{path}: not JSON: {error}", "give a file kept with --save") from error
    if not isinstance(document, dict) or document.get("schema") != "obs-check/1":
        raise InputError(f"{path}: not a document of obs-check", "give a file kept with --save")
    return document


def load_run(path: Path) -> Run:
    """The run in a document; InputError when it holds none."""
    document = load_document(path)
    if not document.get("events"):
        raise InputError(f"{path}: holds no run", "keep one with `inject` or `verify --save`")
    return run_from_json(
        {
            "id": document["run"],
            "window": document["window"],
            "events": document["events"],
            "through": document.get("through"),
        }
    )
