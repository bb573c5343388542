"""The questions that a document keeps, each with a number, a place in the page, and what its answer weighs."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from obs_check.app.verify.document import JsonProbe
from obs_check.model.secret import hide_secrets
from obs_check.model.tree import integer_at, mapping_at
from obs_check.model.wording import count_noun
from obs_check.report.html.about import about
from obs_check.report.html.explore import asked_queries, explore_url
from obs_check.report.html.runs import ToldRun

SHOWN_CHARS = 20_000
"""Characters of one answer that the page shows; the whole answer is in the document."""


@dataclass(slots=True)
class NumberedProbe:
    """`answer` is the raw answer where one is kept, else what was made of it; `size` (bytes) and `sha256` are those of
    the answer as it came, or, where nothing went over the wire, of that JSON (UTF-8, keys sorted, no blanks). `sent` is
    the request line and `body` the JSON that was sent; `explore` leads to Grafana; `cited` are the anchors and names of
    what rests on it."""

    number: int
    anchor: str
    system: str
    request: str
    window: Mapping[str, object]
    at: int | None
    answer: str
    size: int
    sha256: str
    sent: str
    body: str
    status: str
    explore: str | None
    kept: bool
    cited: list[tuple[str, str]] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether all of the answer is shown."""
        return len(self.answer) <= SHOWN_CHARS


class Probes:
    """Every probe of a page once, in the order in which they are met."""

    def __init__(self) -> None:
        self.all: list[NumberedProbe] = []
        self._known: dict[str, NumberedProbe] = {}

    def take(self, run: ToldRun, probe: "JsonProbe", cited: tuple[str, str]) -> NumberedProbe:
        """The probe with its number; `cited` is (anchor, name) of what rests on it."""
        key = canonical_json([run.prefix, probe])
        found = self._known.get(key)
        if found is None:
            found = _numbered(run, probe, len(self.all) + 1)
            self.all.append(found)
            self._known[key] = found
        if cited not in found.cited:
            found.cited.append(cited)
        return found


def _numbered(run: ToldRun, probe: "JsonProbe", number: int) -> NumberedProbe:
    exchange = mapping_at(probe, "exchange")
    answers = run.document.get("answers") or {}
    raw = canonical_json(probe.get("answer"))
    digest = str(exchange.get("sha256") or hashlib.sha256(raw.encode()).hexdigest())
    whole = answers.get(digest) if exchange else None
    window = mapping_at(probe, "window")
    looked = about(run)
    asked = asked_queries(probe)
    return NumberedProbe(
        number,
        f"probe-{number}",
        str(probe.get("system") or ""),
        str(probe.get("request") or ""),
        window,
        probe.get("at"),
        whole if isinstance(whole, str) else _shown(probe.get("answer")),
        integer_at(exchange, "bytes") or len(raw.encode()),
        digest,
        f"{exchange.get('method')} {exchange.get('target')}" if exchange else "",
        _shown(exchange["body"]) if exchange.get("body") is not None else "",
        str(exchange.get("status") or ""),
        explore_url(looked.grafana, looked.grafana_version, *asked, window) if asked else None,
        not exchange or isinstance(whole, str),
    )


def canonical_json(value: object) -> str:
    """A value as the JSON that is hashed: keys sorted, no blanks, without the secrets that are known."""
    return hide_secrets(json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=str))


def result(answer: object) -> str:
    """An answer in a word or two: the number that a proof turns on."""
    match answer:
        case None:
            return "nothing"
        case {"type": "vector" | "scalar", "values": [{"value": value}]}:
            return _number(value)
        case {"type": "vector" | "matrix", "values": []} | {"type": "matrix", "series": 0}:
            return "0 (no series)"
        case {"type": "streams", "lines": int() as lines}:
            return count_noun(lines, "line")
        case {"lines": int() as lines, "entries": int() as entries}:
            return f"{entries} of {count_noun(lines, 'line')}"
        case {"written": int() as written, "decided": int() as decided}:
            return f"{written} of {decided}"
        case {"status": int() as status}:
            return f"HTTP {status}"
        case bool():
            return "true" if answer else "false"
        case int() | float():
            return _number(answer)
        case str() if len(answer) <= 60:
            return answer
        case []:
            return "none"
        case Mapping() | Sequence():
            return ""
    return ""


def _shown(answer: object) -> str:
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, indent=1, default=str)


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
