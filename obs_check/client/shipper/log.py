"""What a shipper's own log says: pushes that were refused, with Loki's words, files that it could not open, and where
it began to read the others."""

import contextlib
import json
import re
from collections.abc import Iterable
from typing import Any

from obs_check.model.shipping import PushRefusal
from obs_check.model.tree import Json
from obs_check.shipper import logfmt

_ANSWER = re.compile(r"server returned HTTP status (?:\d{3}[^(]*)?\((?P<status>\d{3})\): ?(?P<words>.*)", re.DOTALL)
_SEEKED = re.compile(r"Seeked (?P<path>.+) - &\{Offset:(?P<offset>\d+) Whence:0\}")
_REOPENED = re.compile(r"Successfully reopened (?:truncated )?(?P<path>.+)")
_URL = re.compile(r'"(https?://[^"?]*)[^"]*"')
_KEPT = 50
"""Refusals kept, the newest: every batch of a broken pipeline is refused again."""


def read_refusals(lines: Iterable[str]) -> list[PushRefusal]:
    """The refused pushes in log lines, oldest first: one entry for each text and status, `count` pushes.

    promtail 3.5 and Alloy write logfmt (or JSON) with `msg="final error sending batch"` and
    `error="server returned HTTP status 400 Bad Request (400): WORDS"`; a push that will be tried again says
    `error sending batch, will retry`. The words are Loki's first line, cut at 1024 bytes by the shipper.
    """
    found: dict[tuple[object, ...], PushRefusal] = {}
    for line in lines:
        if "error sending batch" not in line:
            continue
        fields = _fields(line)
        final = str(fields.get("msg", "")).startswith("final error")
        error = str(fields.get("error", ""))
        answer = _ANSWER.search(error)
        status = int(answer["status"]) if answer else _status(fields.get("status"))
        words = (answer["words"] if answer else error).strip()
        tenant = str(fields.get("tenant", ""))
        key = (status, words, tenant, final)
        before = found.pop(key, None)
        count = (before.count or 0) + 1 if before else 1
        at = str(fields.get("ts", ""))
        found[key] = PushRefusal("shipper log", _reason(status), status, words, count, tenant, final, at)
    return list(found.values())[-_KEPT:]


def read_unopened(lines: Iterable[str]) -> dict[str, str]:
    """Files that the shipper could not open, with its words. promtail 3.5: `msg="failed to start tailer"` with `error`
    and `filename`, once a sync period until it can."""
    found: dict[str, str] = {}
    for line in lines:
        if "failed to start tailer" in line or "failed to tail file" in line:
            fields = _fields(line)
            if path := str(fields.get("filename") or fields.get("path") or ""):
                found[path] = str(fields.get("error") or fields.get("err") or fields.get("msg") or "")
    return found


def read_undiscovered(lines: Iterable[str]) -> str:
    """Why Kubernetes' API did not list pods, in the words of the last line about it; "" where none is. promtail 3.5 and
    Alloy: client-go's `failed to list *v1.Pod: Get "URL": dial tcp ...`."""
    found = (line for line in reversed(list(lines)) if "failed to list *v1.Pod: " in line)
    words = next(found, "").rpartition("failed to list *v1.Pod: ")[2].partition('" logger=')[0]
    # The URL's parameters say nothing, and the quotes of the second of its two lines are escaped.
    return _URL.sub(r'"\1"', words.replace('\\"', '"')).rstrip('" ')


def read_starts(lines: Iterable[str]) -> dict[str, int]:
    """The byte at which the shipper last began to read each file. promtail 3.5 and Alloy: `msg="Seeked PATH -
    &{Offset:1400 Whence:0}"` when they open a file; one that they open again, because it was moved or truncated, is
    read from 0."""
    found: dict[str, int] = {}
    for line in lines:
        if "Seeked " not in line and "uccessfully reopened " not in line:
            continue
        message = str(_fields(line).get("msg", ""))
        if seeked := _SEEKED.fullmatch(message):
            found[seeked["path"]] = int(seeked["offset"])
        elif again := _REOPENED.fullmatch(message):
            found[again["path"]] = 0
    return found


def _fields(line: str) -> dict[str, Any]:
    start = line.find("{")
    if start == 0 or (start > 0 and "=" not in line[:start]):
        try:
            document = json.loads(line[start:])
        except (ValueError, RecursionError):
            document = None
        if isinstance(document, dict):
            return document
    fields: dict[str, Json] = {}
    # What stands before a place that is not logfmt counts: a cut line still has its message.
    with contextlib.suppress(logfmt.BadLogfmt):
        for key, value in logfmt.pairs(line):
            fields[key] = value
    return fields


def _status(value: object) -> int | None:
    text = str(value if value is not None else "")
    return int(text) if re.fullmatch(r"-?\d+", text) else None


def _reason(status: int | None) -> str:
    """The name of the shipper's counter for it."""
    return "rate_limited" if status == 429 else "ingester_error"
