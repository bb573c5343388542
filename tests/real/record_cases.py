"""Asks a real Loki our own queries again and writes its answers: `python -m tests.real.record_cases`.

A new case is a query added to one of the files, in any form that gzip and JSON read; its answer is filled in here. With
`newer` the `loki-3.7` on PATH is asked, and where it answers otherwise that is written beside.
"""

import gzip
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.logql.test_conformance import wanted
from tests.real.loki_process import RealLoki

CASES = Path(__file__).parent.parent / "fixtures" / "logql"
OWN = CASES / "own"
_RECORDED = (CASES / "more.json.gz", *sorted(OWN.glob("*.json.gz")))


class NewerLoki(RealLoki):
    """A Loki 3.7."""

    program = "loki-3.7"


_PARAMETERS = ("time", "start", "end", "step", "limit", "direction", "interval")


def read(path: Path) -> Any:
    """The document of a fixture."""
    return json.loads(gzip.decompress(path.read_bytes()))


def push(loki: RealLoki, lines: Path = OWN / "lines.json.gz") -> None:
    """The lines of cases."""
    streams = read(lines)["streams"]
    for stream in streams:
        loki.push(stream["labels"], stream["entries"])
    newest = max(int(stream["entries"][-1][0]) for stream in streams)
    count = sum(len(stream["entries"]) for stream in streams)
    kinds = [name for name in ("app", "job") if any(name in stream["labels"] for stream in streams)]
    counts = " + ".join(f"sum(count_over_time({{{name}=~`.+`}}[1h]))" for name in kinds)
    loki.flush(f"{counts} == {count}", newest)


def answer(loki: RealLoki, query: dict[str, Any]) -> dict[str, Any]:
    """What Loki says: status, and kind and result or the text of the refusal."""
    path = "/loki/api/v1/query" if query["type"] == "instant" else "/loki/api/v1/query_range"
    params = {"query": query["query"], **{name: str(query[name]) for name in _PARAMETERS if name in query}}
    found = loki.http.get(path, params=params)
    if found.status_code != 200:
        return {"status": found.status_code, "error": found.text}
    data = found.json()["data"]
    return {"status": 200, "resultType": data["resultType"], "result": data["result"]}


def main(newer: bool) -> None:
    """Records every case anew."""
    paths = sorted(CASES.rglob("*.json.gz")) if newer else _RECORDED
    cases = {path: case for path in paths if "queries" in (case := read(path))}
    for lines in {path.with_name(f"{case['streams']}.gz") for path, case in cases.items()}:
        started = NewerLoki if newer else RealLoki
        with tempfile.TemporaryDirectory() as directory, started(Path(directory)) as loki:
            push(loki, lines)
            for path, case in cases.items():
                if path.with_name(f"{case['streams']}.gz") != lines:
                    continue
                case["newer_ns" if newer else "recorded_ns"] = str(time.time_ns())
                for query in case["queries"]:
                    found = answer(loki, query)
                    if not newer:
                        query["want"] = found
                    elif same(query, found):
                        query.pop("newer", None)
                    else:
                        query["newer"] = found
                text = json.dumps(case, ensure_ascii=False, sort_keys=True)
                path.write_bytes(gzip.compress(text.encode(), mtime=0))


def same(query: dict[str, Any], found: dict[str, Any]) -> bool:
    """Whether an answer is the recorded one, but for the order of what has none and the choice among equals."""
    want = query["want"]
    if "stage '" in want.get("error", ""):
        return True  # Loki looks at a stage where there are lines for it only.
    if found["status"] != 200 or want["status"] != 200:
        return bool(found == want)
    return wanted(query["query"], found) == wanted(query["query"], want)


if __name__ == "__main__":
    main("newer" in sys.argv)
