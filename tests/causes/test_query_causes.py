"""Causes inside of queries on a few lines: what is named, what the fix writes, how many questions it takes."""

import re

import pytest

from obs_check.client.answered import Answered
from obs_check.model.entry import Labels
from obs_check.model.probe import Probe
from obs_check.model.window import Window
from tests.causes.on_lines import NOW_NS, Lines, edited_text, proved

POD = {"namespace": "coder", "app": "coder"}
ALLOW = '{"msg":"boundary_request","fields":{"decision":"allow","http_url":"http://a.example/?x=1\\u0026y=2"}}'
DENY = '{"msg":"boundary_request","fields":{"decision":"deny","http_url":"http://b.example/"}}'
PAIRS = ["time=1 level=INFO msg=ALLOW url=http://a.example/ took=5ms n=3", "time=2 level=WARN msg=DENY took=7ms n=4"]
LOG = "/var/log/pods/coder_coder-0_0f3b1c52-6a6e-4f0f-9f60-2f7d2f6a9c44/coder/0.log"
CRI = "2026-01-01T00:00:00.1Z stderr F "
JSON = [ALLOW, DENY] * 10


@pytest.mark.parametrize(
    ("lines", "expr", "cause", "fixed"),
    [
        (JSON, '{namespace="coder"} |= "x=1&y=2"', "pipeline.line-filter-kills", '|= "x=1\\\\u0026y=2"'),
        (JSON, '{namespace="coder"} |~ "BOUNDARY_.*"', "pipeline.line-filter-kills", '|~ "(?i)BOUNDARY_.*"'),
        (JSON, '{namespace="code"}', "select.label-value-absent", '{namespace="coder"}'),
        (JSON, '{namespace=~"code"}', "select.label-value-absent", '{namespace=~"coder"}'),
        (JSON, '{name_space="coder", app="coder"}', "select.label-name-absent", '{namespace="coder", app="coder"}'),
        (
            JSON,
            '{namespace="coder"} | json | decision="deny"',
            "pipeline.json-nesting",
            'json decision="fields.decision"',
        ),
        (
            JSON,
            'sum by (decision) (count_over_time({namespace="coder"} | logfmt [$__range]))',
            "pipeline.wrong-parser",
            '| json decision="fields.decision" [$__range]',
        ),
        (
            JSON,
            '{namespace="coder"} | pattern `decision=<decision> <_>` | decision="deny"',
            "pipeline.wrong-parser",
            '| json decision="fields.decision" | decision="deny"',
        ),
        (PAIRS, '{namespace="coder"} | json | msg="DENY"', "pipeline.wrong-parser", '| logfmt | msg="DENY"'),
        (
            [f"coder: {line}" for line in JSON],
            '{namespace="coder"} | json d="fields.decision" | d="deny"',
            "pipeline.parser-error",
            "| line_format `{{.json_part}}` | drop json_part | json d=",
        ),
        (
            [CRI + line for line in JSON],
            '{namespace="coder"} | json d="fields.decision" | d="deny"',
            "shipper.cri-missing",
            "",
        ),
        (PAIRS, '{namespace="coder"} | logfmt | msg="Deny"', "pipeline.label-filter-kills", '| msg="DENY"'),
        (PAIRS, '{namespace="coder"} | logfmt | msg=~"DEN"', "pipeline.label-filter-kills", '| msg=~".*(DEN).*"'),
        (PAIRS, '{namespace="coder"} | logfmt | msg="DENIED"', "pipeline.label-filter-kills", '| msg="DENY"'),
        (PAIRS, '{namespace="coder"} | logfmt | mesg="DENY"', "pipeline.label-filter-kills", '| msg="DENY"'),
        (
            PAIRS,
            '{namespace="coder"} | logfmt | msg=~"ALLOWED|DENIED"',
            "pipeline.label-filter-kills",
            '| msg=~"ALLOW|DENY"',
        ),
        (PAIRS, '{namespace=~"codr|shop"} |= "DENY"', "select.label-value-absent", '{namespace=~"coder|shop"}'),
        (PAIRS, '{namespace="coder"} | regexp `address=(?P<u>\\S+)` | u=~".+"', "pipeline.regexp-no-match", ""),
        (
            PAIRS,
            '{namespace="coder"} | regexp `https://(?P<h>\\S+)` | h=~".+"',
            "pipeline.regexp-no-match",
            "https?://(?P<h>",
        ),
        (
            PAIRS,
            'sum(sum_over_time({namespace="coder"} | logfmt | unwrap nn [$__range]))',
            "pipeline.unwrap-fails",
            "| unwrap n [$__range]",
        ),
        (
            PAIRS,
            'sum(sum_over_time({namespace="coder"} | logfmt | unwrap msg | __error__="" [$__range]))',
            "pipeline.unwrap-fails",
            "",
        ),
        (
            JSON,
            '{namespace="coder"} | json app="fields.decision" | app="deny"',
            "pipeline.shadowed-label",
            '| json app="fields.decision" | label_format app=app_extracted | app="deny"',
        ),
    ],
)
def test_the_cause_and_its_fix(lines: list[str], expr: str, cause: str, fixed: str) -> None:
    at = Lines([(POD, lines)])
    finding = proved(at, expr)
    assert (finding.cause if finding else "") == cause
    if finding is not None:
        assert fixed in edited_text(finding)
        assert len(finding.probes) >= 2
    assert len(at.asked) <= 6


@pytest.mark.parametrize(
    ("lines", "expr"),
    [
        ([ALLOW] * 5, '{namespace="coder"} | json decision="fields.decision" | decision="deny"'),
        ([ALLOW] * 5, '{namespace="coder"} |= "never written"'),
        (PAIRS, '{namespace="coder"} | logfmt | n > 100'),
        (PAIRS, '{namespace="coder"} | logfmt | msg="DENY"'),
        ([], '{namespace="coder"}'),
    ],
    ids=["no such decision", "no such text", "no such number", "lines pass", "nothing in Loki"],
)
def test_nothing_is_claimed_of_what_may_simply_not_have_happened(lines: list[str], expr: str) -> None:
    assert proved(Lines([(POD, lines)] if lines else []), expr) is None


@pytest.mark.parametrize(
    ("lines", "parser", "cause"),
    [
        (JSON, "regexp `url=(?P<http_url>\\S+) port=(?P<port>\\d+)`", "pipeline.regexp-no-match"),
        (JSON, "regexp `decision=(?P<decision>\\w+) url=(?P<http_url>\\S+)`", "pipeline.wrong-parser"),
        (JSON, "pattern `url=<http_url> port=<port>`", "pipeline.regexp-no-match"),
        (PAIRS, "regexp `mesg=(?P<msg>\\w+) host=(?P<host>\\S+)`", "pipeline.regexp-no-match"),
        (PAIRS, "regexp `mesg=(?P<msg>\\w+) after (?P<took>\\S+)`", "pipeline.wrong-parser"),
    ],
)
def test_one_parser_is_one_mistake_whatever_a_panel_uses_of_it(lines: list[str], parser: str, cause: str) -> None:
    names = re.findall(r"<([a-z]\w+)>", parser)
    assert len(names) == 2
    used = [f'by ({name}) (count_over_time({{namespace="coder"}} | {parser} [$__range]))' for name in names]
    used += [f'(count_over_time({{namespace="coder"}} | {parser} | {name}=~`.+` [$__range]))' for name in names]
    found = [proved(Lines([(POD, lines)]), f"sum {expr}") for expr in used]
    assert [one.cause if one else "" for one in found] == [cause] * 4


OF_DENIED = 'json d="fields.decision" | d="deny"'


@pytest.mark.parametrize(
    ("labels", "matcher", "cause"),
    [
        ({"filename": LOG, "app": "coder", "container": "coder"}, 'namespace="coder"', "shipper.label-not-set"),
        ({"filename": LOG, "app": "c"}, 'namespace="Coder"', "shipper.label-not-set"),
        ({"filename": LOG, "app": "c"}, 'namespace=~"coder|logs"', "shipper.label-not-set"),
        ({"filename": LOG, "app": "c"}, 'namespace="other"', "select.label-name-absent"),
        ({"filename": LOG, "ns": "coder"}, 'namespace="coder"', "select.label-name-absent"),
        ({"filename": LOG, "name_space": "coder"}, 'namespace="coder"', "select.label-name-absent"),
        ({"filename": "/tmp/coder.log", "app": "c"}, 'namespace="coder"', "select.label-name-absent"),
    ],
)
def test_a_label_that_the_path_of_the_file_tells_is_the_shippers_to_set(
    labels: dict[str, str], matcher: str, cause: str
) -> None:
    finding = proved(Lines([(labels, JSON)]), f"{{{matcher}}} | {OF_DENIED}")
    assert (finding.cause if finding else "") == cause


def test_a_label_that_only_an_older_stream_has_is_structured_metadata_now() -> None:
    old: tuple[Labels, list[str]] = ({**POD, "stream": "stderr"}, [])
    finding = proved(Lines([(POD, JSON), old], metadata={"stream": "stderr"}), '{app="coder", stream="stderr"}')
    assert (finding.cause if finding else "") == "select.moved-to-structured-metadata"


@pytest.mark.parametrize("stages", ["", '|= "boundary_request"', '|= "boundary_request" | json | msg="x"'])
def test_no_stage_is_blamed_for_lines_that_are_gone_when_they_are_counted(stages: str) -> None:
    class Gone(Lines):
        def count(self, expr: str, window: Window) -> Answered[float]:
            return Answered(0.0, Probe("loki", expr, 0.0, NOW_NS, window))

    assert proved(Gone([(POD, JSON)]), f'{{namespace="coder"}} {stages}') is None


def test_lines_that_get_further_than_the_newest_are_looked_at() -> None:
    at = Lines([(POD, [ALLOW] * 100 + ["no JSON at all"] * 60)])
    finding = proved(at, '{namespace="coder"} | json decision="fields.decision" | decision!="" | decision=`ALLOW`')
    assert finding is not None
    assert finding.cause == "pipeline.label-filter-kills"
    assert "drops all 100 lines" in finding.claim
    assert "decision is `allow` (50)" in finding.claim
    assert len(at.asked) == 5


def test_two_mistakes_in_a_row_are_proved_one_by_one() -> None:
    at = Lines([(POD, JSON)])
    finding = proved(at, '{namespace="coder"} |= "Boundary_Request" | json decision="decision" | decision="deny"')
    assert finding is not None
    assert finding.cause == "pipeline.line-filter-kills"
    assert '|= "boundary_request" | json decision="decision"' in edited_text(finding)
    assert (second := proved(at, edited_text(finding))) is not None
    assert second.cause == "pipeline.json-nesting"


def test_a_mistake_that_a_text_has_twice_is_changed_twice() -> None:
    side = 'sum(count_over_time({namespace="coder"} | logfmt | decision="deny" [$__range]))'
    finding = proved(Lines([(POD, JSON)]), f"{side} / {side}")
    assert finding is not None
    assert edited_text(finding).count("| json") == 2
    assert "logfmt" not in edited_text(finding)
