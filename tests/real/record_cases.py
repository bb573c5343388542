"""Asks a real Loki our own queries again and writes its answers: `python -m tests.real.record_cases`.

A new case is a query added to one of the files, in any form that gzip and JSON read; its answer is filled in here.
"""

import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

from tests.real.loki_process import RealLoki

OWN = Path(__file__).parent.parent / "fixtures" / "logql" / "own"
_PARAMETERS = ("time", "start", "end", "step", "limit", "direction")


def read(path: Path) -> Any:
    """The document of a fixture."""
    return json.loads(gzip.decompress(path.read_bytes()))


def push(loki: RealLoki) -> None:
    """The lines of our own cases."""
    streams = read(OWN / "lines.json.gz")["streams"]
    for stream in streams:
        loki.push(stream["labels"], stream["entries"])
    newest = max(int(stream["entries"][-1][0]) for stream in streams)
    count = sum(len(stream["entries"]) for stream in streams)
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
    with tempfile.TemporaryDirectory() as directory, RealLoki(Path(directory)) as loki:
        push(loki)
        for path in sorted(OWN.glob("*.json.gz")):
            case = read(path)
            for query in case.get("queries", ()):
                query["want"] = answer(loki, query)
            text = json.dumps(case, ensure_ascii=False, sort_keys=True)
            path.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
