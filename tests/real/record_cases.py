"""Asks a real Loki our own queries again and writes its answers: `python -m tests.real.record_cases`.

A new case is a query added to one of the files, in any form that gzip and JSON read; its answer is filled in here.
"""

import gzip
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.real.loki_process import RealLoki

CASES = Path(__file__).parent.parent / "fixtures" / "logql"
OWN = CASES / "own"
_RECORDED = (CASES / "more.json.gz", *sorted(OWN.glob("*.json.gz")))
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
    found = [stream for stream in streams if "app" in stream["labels"]]
    count = sum(len(stream["entries"]) for stream in found)
    loki.flush(f"sum(count_over_time({{app=~`.+`}}[1h])) == {count}", newest)


def answer(loki: RealLoki, query: dict[str, Any]) -> dict[str, Any]:
    """What Loki says: status, and kind and result or the text of the refusal."""
    path = "/loki/api/v1/query" if query["type"] == "instant" else "/loki/api/v1/query_range"
    params = {"query": query["query"], **{name: str(query[name]) for name in _PARAMETERS if name in query}}
    found = loki.http.get(path, params=params)
    if found.status_code != 200:
        return {"status": found.status_code, "error": found.text}
    data = found.json()["data"]
    return {"status": 200, "resultType": data["resultType"], "result": data["result"]}


def main() -> None:
    """Records every case anew."""
    cases = {path: case for path in _RECORDED if "queries" in (case := read(path))}
    for lines in {path.with_name(f"{case['streams']}.gz") for path, case in cases.items()}:
        with tempfile.TemporaryDirectory() as directory, RealLoki(Path(directory)) as loki:
            push(loki, lines)
            for path, case in cases.items():
                if path.with_name(f"{case['streams']}.gz") != lines:
                    continue
                case["recorded_ns"] = str(time.time_ns())
                for query in case["queries"]:
                    query["want"] = answer(loki, query)
                text = json.dumps(case, ensure_ascii=False, sort_keys=True)
                path.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
