"""Whether every number that a claim says was seen: in an answer, or in what was asked."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from obs_check.model.window import NS

_CITED = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"")
"""What is cited is not claimed."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")
_NUMBER = re.compile(r"(?<![\w.:/-])(?P<number>\d[\d,]*(?:\.\d+)?)(?![\w:/-]|\.\d)(?P<unit> (?:s|h|days)\b)?")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_UNITS = {" s": 1, " h": 3600, " days": 86_400}


def unseen(finding: Mapping[str, Any]) -> list[str]:
    """The numbers and times of a finding's claim that are in none of its probes. A span of time is seen where two
    moments are so far apart; nothing, 0, is seen where an answer does not have it."""
    claim = _CITED.sub("", finding["claim"])
    probes = finding["probes"]
    seen = {number for probe in probes for number in _numbers([probe["request"], probe["answer"]])} | {0.0}
    moments = {at for probe in probes for at in _moments(probe)} | {n for n in seen if 1e9 < n < 1e10}
    known = {datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%d %H:%M:%S") for at in moments}
    missing = [time for time in _TIME.findall(claim) if time.replace("T", " ") not in known]
    for found in _NUMBER.finditer(_TIME.sub("", claim)):
        number = float(found["number"].replace(",", ""))
        if number in seen or (found["unit"] and _apart(number * _UNITS[found["unit"]], _UNITS[found["unit"]], moments)):
            continue
        missing.append(found[0])
    return missing


def _apart(seconds: float, unit: int, moments: set[float]) -> bool:
    return any(abs(abs(one - other) - seconds) <= unit for one in moments for other in moments)


def _moments(probe: Mapping[str, Any]) -> Iterator[float]:
    """Seconds since the epoch: when it was asked, what about, and every time in nanoseconds of its answer."""
    yield probe["at"] / NS
    yield from (ns / NS for ns in (probe["window"] or {}).values())
    yield from (ns / NS for ns in _numbers(probe["answer"]) if 1e18 < ns < 1e19)


def _numbers(value: Any) -> Iterator[float]:
    """The numbers in a text, or in an answer: those that it holds, and how many there are of what it lists."""
    if isinstance(value, list | dict):
        yield float(len(value))
        for inner in (*value, *(value.values() if isinstance(value, dict) else ())):
            yield from _numbers(inner)
    else:
        yield from (float(digits) for digits in _DIGITS.findall(str(value)))
