"""Streams, and requests about them that are answered from the index or from a few lines: asked of the lab's Loki in
the tests, of a real one where the answers were recorded and in the tests that need one."""

import json
from typing import Any

import httpx

NS = 1_000_000_000
Stream = tuple[dict[str, str], list[list[Any]]]


def streams(base_ns: int) -> list[Stream]:
    """Three streams from `base_ns` on, half a second between two lines."""
    logfmt = [
        f"level={'WARN' if n % 3 == 0 else 'INFO'} msg={'DENY' if n % 3 == 0 else 'ALLOW'} host=h{n % 7}.example "
        f"took={n % 90 + 10}ms size={n % 4 + 1}KB url=https://h{n % 7}.example/?q={n} ok={'true' if n % 2 else 'false'}"
        for n in range(400)
    ]
    audit = [
        json.dumps(
            {"msg": "boundary_request", "n": n, "fields": {"decision": "deny" if n % 3 else "allow", "x-y": 1.5}}
        )
        for n in range(300)
    ]

    def at(number: int) -> str:
        return str(base_ns + number * NS // 2)

    return [
        ({"job": "boundary", "node": "7"}, [[at(n), line] for n, line in enumerate(logfmt)]),
        ({"namespace": "coder", "pod": "coderd-1"}, [[at(n), line] for n, line in enumerate(audit)]),
        (
            {"namespace": "coder", "pod": "coderd-2"},
            [[at(n), line, {"trace_id": f"t{n % 3}"}] for n, line in enumerate(audit[:100])],
        ),
    ]


CODER = '{namespace="coder"}'
BOUNDARY = '{job="boundary"}'
WHOLE = (-60, 240)
PART = (30, 75)
# (path, parameters, start and end in seconds after the first line)
REQUESTS: list[tuple[str, dict[str, str], tuple[int, int]]] = [
    ("index/stats", {"query": CODER}, WHOLE),
    ("index/stats", {"query": CODER}, PART),
    ("index/stats", {"query": '{namespace="none"}'}, WHOLE),
    ("index/stats", {"query": CODER + ' |= "x"'}, WHOLE),
    ("index/volume", {"query": CODER}, WHOLE),
    ("index/volume", {"query": "{}"}, WHOLE),
    ("index/volume", {"query": CODER}, PART),
    ("index/volume", {"query": '{namespace="none"}'}, WHOLE),
    ("index/volume", {"query": '{namespace="coder", pod=~".*1"}'}, WHOLE),
    ("index/volume", {"query": CODER, "targetLabels": "pod,namespace"}, WHOLE),
    ("index/volume", {"query": CODER, "targetLabels": "pod", "limit": "1"}, WHOLE),
    ("index/volume", {"query": CODER, "aggregateBy": "labels"}, WHOLE),
    ("index/volume", {"query": CODER, "aggregateBy": "labels", "targetLabels": "pod"}, WHOLE),
    ("index/volume", {"query": CODER, "aggregateBy": "x"}, WHOLE),
    ("index/volume", {"query": CODER, "limit": "-1"}, WHOLE),
    ("index/volume", {"query": CODER + ' |= "x"'}, WHOLE),
    ("index/volume", {"query": "sum(rate({a=`b`}[1m]))"}, WHOLE),
    ("index/volume_range", {"query": CODER, "step": "60"}, WHOLE),
    ("index/volume_range", {"query": '{job=~".+"}', "step": "37", "targetLabels": "job"}, (-10, 170)),
    ("index/volume_range", {"query": CODER, "targetLabels": "pod", "step": "50"}, PART),
    ("index/volume_range", {"query": CODER, "step": "6000"}, WHOLE),
    ("index/volume_range", {"query": CODER, "step": "0"}, WHOLE),
    ("detected_labels", {}, WHOLE),
    ("detected_labels", {"query": CODER}, WHOLE),
    ("detected_labels", {"query": '{namespace="none"}'}, WHOLE),
    ("detected_labels", {"query": CODER + ' |= "x"'}, WHOLE),
    ("detected_fields", {"query": BOUNDARY}, WHOLE),
    ("detected_fields", {"query": BOUNDARY + ' | logfmt a="msg" | a="DENY"', "line_limit": "3"}, WHOLE),
    ("detected_fields", {"query": '{pod="coderd-1"}'}, WHOLE),
    ("detected_fields", {"query": '{pod="coderd-2"}', "line_limit": "5"}, WHOLE),
    ("detected_fields", {"query": '{namespace="none"}'}, WHOLE),
    ("detected_fields", {"query": BOUNDARY, "limit": "0"}, WHOLE),
    ("detected_fields", {"query": BOUNDARY, "line_limit": "6000"}, WHOLE),
    ("detected_fields", {"query": "sum(rate({a=`b`}[1m]))"}, WHOLE),
    ("detected_field/msg/values", {"query": BOUNDARY}, WHOLE),
    ("detected_field/size/values", {"query": BOUNDARY}, WHOLE),
    ("detected_field/trace_id/values", {"query": CODER}, WHOLE),
    ("detected_field/none/values", {"query": BOUNDARY}, WHOLE),
    ("labels", {"query": CODER}, WHOLE),
    ("labels", {"query": CODER + ' |= "x"'}, WHOLE),
    ("label/pod/values", {"query": '{pod=~".*1"}'}, WHOLE),
    ("series", {"match[]": CODER}, WHOLE),
    ("series", {"match[]": CODER + ' |= "x"'}, WHOLE),
    ("patterns", {"query": CODER}, WHOLE),
    ("drilldown-limits", {}, WHOLE),
    ("format_query", {"query": '{a="b"}|="x"'}, WHOLE),
]


def ask(http: httpx.Client, path: str, params: dict[str, str], span: tuple[int, int], base_ns: int) -> dict[str, Any]:
    """Status and answer, what no two runs have alike left out: cost, order, and the time an instant volume is of."""
    times = {"start": str(base_ns + span[0] * NS), "end": str(base_ns + span[1] * NS)}
    answer = http.get(f"/loki/api/v1/{path}", params={**params, **times})
    if "json" not in answer.headers["content-type"]:
        return {"status": answer.status_code, "answer": answer.text.strip()}
    document = answer.json()
    if isinstance(document.get("data"), dict):
        document["data"].pop("stats", None)
    for key in ("fields", "detectedLabels", "values", "data"):
        rows = document.get(key)
        if isinstance(rows, list):
            document[key] = sorted(rows, key=_order)
    return {"status": answer.status_code, "answer": document}


def _order(row: Any) -> str:
    return str(row["label"]) if isinstance(row, dict) and "label" in row else json.dumps(row, sort_keys=True)
