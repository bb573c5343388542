"""What causes claim, held to what is kept: the numbers of a claim to its probes, a panel's cause to the findings, and
what a patch takes away to the dashboard or file that it is for."""

import json
import re
from bisect import bisect_left
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from obs_check.app.recompute.result import Recomputed
from obs_check.app.verify.document import Document, JsonFinding, JsonInputs, JsonProbe
from obs_check.documents.patch import NOT_AS_TEXT, patch_fits
from obs_check.model.window import NS

_CITED = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"")
"""What is cited is not claimed."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")
_NUMBER = re.compile(r"(?<![\w.:/-])(?P<number>\d[\d,]*(?:\.\d+)?)(?![\w:/-]|\.\d)(?P<unit> (?:s|h|days)\b)?")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_UNITS = {" s": 1, " h": 3600, " days": 86_400}


def recompute_claims(document: "Document", place: str, found: Recomputed) -> None:
    """Per finding: its claim says no number that none of its probes holds, and its patch fits what is kept. Per panel:
    its cause is a finding that explains it."""
    inputs = document.get("inputs")
    kept = dict(_kept_texts(inputs)) if inputs else {}
    findings = document.get("findings") or ()
    for n, finding in enumerate(findings):
        unseen = unseen_numbers(finding)
        said = f"{finding['cause']} claims {', '.join(unseen)}" if unseen else ""
        found.same("claims", f"{place}findings[{n}].claim", said, "no probe of it holds that" if unseen else "")
        fix = finding.get("fix") or {}
        text, diff = kept.get(str(fix.get("path"))), str(fix.get("diff") or "")
        if text is not None and diff and not diff.startswith(NOT_AS_TEXT):
            fits = patch_fits(diff, text)
            found.same("patches", f"{place}findings[{n}].fix.diff", fits or "a patch of other lines", True)
    explained = {(finding["cause"], panel) for finding in findings for panel in finding.get("panels") or ()}
    for n, row in enumerate(document.get("panels") or ()):
        if cause := row.get("cause"):
            named = cause if (cause, row["id"]) in explained else "no finding explains it so"
            found.same("panels", f"{place}panels[{n}].cause", cause, named)


def unseen_numbers(finding: "JsonFinding") -> list[str]:
    """The numbers and times of a finding's claim that are in none of its probes. A span of time is seen where two
    moments are so far apart; nothing, 0, is seen where an answer does not have it."""
    claim = _CITED.sub("", str(finding.get("claim") or ""))
    probes = finding.get("probes") or ()
    seen = {number for probe in probes for number in _numbers([probe.get("request"), probe.get("answer")])} | {0.0}
    moments = {at for probe in probes for at in _moments(probe)} | {n for n in seen if 1e9 < n < 1e10}
    known = {datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%d %H:%M:%S") for at in moments}
    missing = [time for time in _TIME.findall(claim) if time.replace("T", " ") not in known]
    for one in _NUMBER.finditer(_TIME.sub("", claim)):
        number = float(one["number"].replace(",", ""))
        if number in seen or (one["unit"] and _apart(number * _UNITS[one["unit"]], _UNITS[one["unit"]], moments)):
            continue
        missing.append(one[0])
    return missing


def _apart(seconds: float, unit: int, moments: Collection[float]) -> bool:
    """Whether two moments are so far apart, within a unit."""
    ordered = sorted(moments)
    nearest = (bisect_left(ordered, one + seconds - unit) for one in ordered)
    return any(n < len(ordered) and ordered[n] <= one + seconds + unit for n, one in zip(nearest, ordered, strict=True))


def _moments(probe: "JsonProbe") -> Iterator[float]:
    """Seconds since the epoch: when it was asked, what about, and every time in nanoseconds of its answer."""
    yield (probe.get("at") or 0) / NS
    if window := probe.get("window"):
        yield from (window["start_ns"] / NS, window["end_ns"] / NS)
    yield from (ns / NS for ns in _numbers(probe.get("answer")) if 1e18 < ns < 9e18)


def _numbers(value: object) -> Iterator[float]:
    """The numbers in a text, or in an answer: those that it holds, and how many there are of what it lists."""
    if isinstance(value, list | dict):
        yield float(len(value))
        for inner in (*value, *(value.values() if isinstance(value, dict) else ())):
            yield from _numbers(inner)
    else:
        yield from (float(digits) for digits in _DIGITS.findall(str(value)))


def _kept_texts(inputs: "JsonInputs") -> Iterator[tuple[str, str]]:
    """What a patch may be for, by the path of a fix, as a patch shows it."""
    for file in inputs.get("files") or ():
        if file.get("text"):
            yield str(file.get("path")), str(file["text"])
    dashboard = inputs.get("dashboard")
    if dashboard and dashboard.get("model") is not None:
        text = json.dumps(dashboard["model"], indent=2, ensure_ascii=False) + "\n"
        yield f"dashboard:{dashboard.get('uid')}", text
