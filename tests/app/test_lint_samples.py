"""What lint says of queries and stages on samples, each case right in itself: what a person knows who wrote both."""

from pathlib import Path

import pytest

from obs_check.lint.run import lint
from obs_check.lint.sources import read_material
from tests.engine_settings import SETTINGS

JSON = '{"level":"info","msg":"a=1 b=two","user":"ann"}\n{"level":"error","msg":"a=2 b=three","user":"bob"}\n'
NGINX = '10.0.0.1 - - [01/May/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 12\n'
PREFIX = (
    "[{regex: {expression: '^(?P<level>\\w+) (?P<rest>.*)$'}}, {labels: {level: }}, {output: {source: rest}}]",
    'INFO {"a":1,"b":2}\nERROR {"a":2,"b":2}\n',
)
TRACE = (
    "[{regex: {expression: 'trace:(?P<trace>\\w+)'}}, {replace: {expression: '( trace:\\w+)', replace: ''}},"
    " {structured_metadata: {trace: }}]",
    "level=info a=1 trace:x\nlevel=warn a=2 trace:y\n",
)


def found(folder: Path, stages: str, lines: str, query: str) -> list[str]:
    """Rules and claims for a query on the lines of a sample, with one job where there are stages."""
    (folder / "a.log").write_text(lines, "utf-8")
    (folder / "q.logql").write_text(query + "\n", "utf-8")
    if stages:
        (folder / "p.yaml").write_text(
            "clients: [{url: http://loki.example/loki/api/v1/push}]\n"
            "scrape_configs:\n"
            "  - job_name: api\n"
            "    static_configs: [{labels: {job: api, __path__: /var/log/api.log}}]\n"
            f"    pipeline_stages: {stages}\n",
            "utf-8",
        )
    read, *_ = read_material([folder], [f"""{{job="api"}}={folder / "a.log"}"""], None, None, {}, SETTINGS)
    return [f"{issue.rule}: {issue.claim}".replace(f" ({folder}/", " (") for issue in lint(read).issues]


@pytest.mark.parametrize(
    ("stages", "lines", "query"),
    [
        ("", f"Starting api 1.2\n{JSON}", '{job="api"} | json | __error__="" | user="ann"'),
        ("", JSON, '{job="api"} | json | line_format "{{.msg}}" | logfmt | b="two"'),
        ("", JSON, 'sum by (pod, level) (count_over_time({job="api"} | json [5m]))'),
        (*PREFIX, 'sum by (level, filename) (count_over_time({job="api"} | json | level="ERROR" | a=2 [5m]))'),
        (*TRACE, '{job="api"} | logfmt | trace="x" | level="info"'),
        ("[{json: {expressions: {level: }}}, {labels: {level: }}, {match: {selector: '{level=\"error\"}', stages: "
         "[{json: {expressions: {msg: }}}, {output: {source: msg}}]}}]", JSON, '{job="api", level="info"} | json'),
    ],
    ids=[
        "a banner in front of JSON", "logfmt inside JSON", "grouped by labels that nobody gave", "labels of the stream",
        "structured metadata", "the selector takes the JSON alone",
    ],
)  # fmt: skip
def test_nothing_is_found(stages: str, lines: str, query: str, tmp_path: Path) -> None:
    assert found(tmp_path, stages, lines, query) == []


@pytest.mark.parametrize(
    ("lines", "query", "claim"),
    [
        (f"Starting\n{JSON}", '{job="api"} | json | usr="ann"', "no line has the field 'usr', which the query uses"),
        (JSON, '{job="api"} | line_format "{{.msg}}" | json | a=1', "`| json` stands before lines that are empty"),
        (NGINX, '{job="api"} | pattern `<ip> - <_> (<_>) "<m> ` | m="GET"',
         "`| pattern` takes 'm', which the query uses, from no line"),
    ],
    ids=["a banner in front of JSON", "nothing is left of the lines", "half a pattern fits"],
)  # fmt: skip
def test_the_fault_is_found(lines: str, query: str, claim: str, tmp_path: Path) -> None:
    [one] = found(tmp_path, "", lines, query)
    assert one.split(": ", 1)[1] == f"{claim} (a.log)"
