"""A line in the file beside the same line in Loki: what changed it, and whether that is why a query finds nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.evidence.changed_lines import as_written, differing_parts, is_cut, pushed_line
from obs_check.evidence.context import JudgedPanels, Named
from obs_check.evidence.lost_lines import FILE_HOPS
from obs_check.evidence.shipper_rules import Rules
from obs_check.follow.hop import HopSeen, Stored
from obs_check.follow.run import Run
from obs_check.model.finding import Finding, Observation, Proof
from obs_check.model.probe import Probe
from obs_check.model.window import NS, Window
from tests.causes.on_lines import NOW_NS, WINDOW_S, Lines, proved

POD = "/var/log/pods/coder_coder-0_0f3b1c52-6a6e-4f0f-9f60-2f7d2f6a9c44/coder/0.log"
CRI = "2026-11-25T01:00:00.5Z stderr F "
RUN = "abc123"
TAGS = tuple(f"{RUN}-{number}-deny" for number in (1, 2, 3))
WRITTEN = [
    f'{{"msg":"boundary_request","fields":{{"decision":"deny","http_url":"http://d.invalid/?obs={tag}","owner":"joe"}}}}'
    for tag in TAGS
]
LABELS = {"namespace": "coder", "filename": POD, "stream": "stderr"}
QUERY = '{namespace="coder"} |= `boundary_request` | json decision="fields.decision" | decision=`deny`'
WHOLE = '{namespace="coder"} |= `boundary_request` | json | fields_decision=`deny`'
SPAN = Window(NOW_NS - WINDOW_S * NS, NOW_NS)


def job(*stages: dict[str, Any], **rest: Any) -> dict[str, Any]:
    static = [{"labels": {"namespace": "coder", "__path__": "/var/log/pods/*/*/*.log"}}]
    own = {"job_name": "pods", "pipeline_stages": [{"cri": {}}, *stages], "static_configs": static}
    return {**rest, "scrape_configs": [own]}


def found(tmp_path: Path, config: dict[str, Any] | None, stored: list[str], expr: str = QUERY) -> Finding | None:
    """The first cause in the query where Loki has these lines for those that were written."""
    path = tmp_path / "promtail.yaml"
    path.write_text(yaml.safe_dump(config or {}, sort_keys=False))
    answer = {"files": {POD: 3}, "searched": 1, "sample": [CRI + line for line in WRITTEN]}
    seen = dict.fromkeys(TAGS, 1)
    coderd = HopSeen("B", FILE_HOPS["B"], TAGS, seen, probes=[Probe("file", "lines", answer, 1)])
    in_loki: dict[str, list[Stored]] = {tag: [(LABELS, line)] for tag, line in zip(TAGS, stored, strict=True)}
    loki = HopSeen("B", "loki", TAGS, seen, stored=in_loki)
    return proved(
        Lines([(LABELS, stored)]),
        expr,
        run=Run(RUN, (), SPAN),
        hops=(coderd, loki),
        named=Named(shipper_config=path if config else None),
        panels=JudgedPanels(paths={1: "B"}),
    )


REPLACE = {"replace": {"expression": '"(fields)":', "replace": "data"}}
RENAMED = [line.replace('"fields"', '"data"') for line in WRITTEN]
TEMPLATED = [
    {"template": {"source": "new", "template": "{{ .Entry | replace `fields` `data` }}"}},
    {"output": {"source": "new"}},
]


FIELDS: list[dict[str, Any]] = [{"json": {"expressions": {"fields": "fields"}}}, {"output": {"source": "fields"}}]
SHUFFLED = [json.dumps(dict(reversed(json.loads(line)["fields"].items())), separators=(",", ":")) for line in WRITTEN]
"""promtail 3.5.9 pushes an object with its keys in any order."""


@pytest.mark.parametrize(
    ("config", "stored", "expr", "cause", "claim", "proof"),
    [
        (job(*FIELDS), SHUFFLED, QUERY, "shipper.line-changed", "stage `3 output` of job pods", True),
        (job(REPLACE), RENAMED, QUERY, "shipper.line-changed", "stage `2 replace` of job pods", True),
        (job(*TEMPLATED), RENAMED, QUERY, "shipper.line-changed", "stage `3 output` of job pods", True),
        (job(REPLACE, {"labels": {"data": None}}), RENAMED, QUERY, "shipper.line-changed", "`2 replace`", True),
        (job(), RENAMED, QUERY, "shipper.line-changed", "the line of abc123-", False),
        (None, RENAMED, QUERY, "shipper.line-changed", "the line of abc123-", False),
        (job(), [line[:-1] for line in WRITTEN], WHOLE, "ingest.line-truncated", "Loki cuts lines", False),
        (None, [line[:-1] for line in WRITTEN], WHOLE, "ingest.line-truncated", "Loki cuts lines", False),
    ],
    ids=["other-order", "replace", "template", "behind-it", "another-configuration", "unknown", "cut", "cut-unknown"],
)
def test_the_line_is_compared_before_a_query_is_blamed(
    config: dict[str, Any] | None,
    stored: list[str],
    expr: str,
    cause: str,
    claim: str,
    proof: bool,
    tmp_path: Path,
) -> None:
    one = found(tmp_path, config, stored, expr)
    assert one is not None
    assert one.cause == cause
    assert claim in one.claim
    assert "of 3 " in one.claim and "answers 0 and 3" in one.claim
    assert isinstance(one.evidence, Proof if proof else Observation)
    assert bool(one.fix.edits) == proof


def test_a_limit_of_the_shipper_is_told_from_one_of_loki(tmp_path: Path) -> None:
    limits = {"max_line_size": f"{len(WRITTEN[0]) - 1}B", "max_line_size_truncate": True}
    one = found(tmp_path, job(limits_config=limits), [line[:-1] for line in WRITTEN], WHOLE)
    assert one is not None
    assert one.cause == "ingest.line-truncated"
    assert "the shipper cuts lines" in one.claim
    assert "-  max_line_size: " in one.fix.diff


def test_a_line_that_is_answered_with_another_value_is_a_changed_one(tmp_path: Path) -> None:
    masked = [line.replace("http://d.invalid", "****") for line in WRITTEN]
    stage = {"replace": {"expression": '(https?://[^/"]+)', "replace": "****"}}
    domain = (
        f'sum by (domain) (count_over_time({QUERY} | regexp `http_url":"(?:https?://)?(?P<domain>[^/]+)` [1h])) > 3'
    )
    one = found(tmp_path, job(stage), masked, domain)
    assert one is not None
    assert one.cause == "shipper.line-changed"
    assert "of 3 such lines the query answers 3, none of them with the same values, and 3 as they were" in one.claim
    assert isinstance(one.evidence, Proof)


def test_a_change_that_the_query_does_not_mind_is_no_cause(tmp_path: Path) -> None:
    masked = [line.replace("joe", "***") for line in WRITTEN]
    one = found(
        tmp_path, job({"replace": {"expression": "(joe)", "replace": "***"}}), masked, QUERY.replace("deny", "DENY")
    )
    assert one is not None
    assert one.cause == "pipeline.label-filter-kills"
    masked = [line[:-2] for line in WRITTEN]
    one = found(tmp_path, job(), masked, QUERY.replace("deny", "DENY"))
    assert one is not None
    assert one.cause == "pipeline.label-filter-kills"


def test_a_stage_without_which_more_would_change_is_left_to_a_person(tmp_path: Path) -> None:
    """The label is taken from the line that the stage makes."""
    both = job(REPLACE, {"regex": {"expression": '"(?P<key>data)":'}}, {"labels": {"key": None}})
    path = tmp_path / "promtail.yaml"
    made = pushed_line(Rules.read(path, yaml.safe_dump(both), {}), POD, TAGS[0], CRI + WRITTEN[0], 0)
    assert made is not None
    assert made.stages == ("2 replace",)
    assert (made.after, made.whole) == (None, None)


@pytest.mark.parametrize(("encoding", "stages"), [("utf-16le", ("encoding",)), ("utf-8", ()), ("of-nobody", ())])
def test_a_file_is_decoded_from_what_it_is_not(encoding: str, stages: tuple[str, ...], tmp_path: Path) -> None:
    """promtail 3.5 reads the bytes of a line of UTF-8 in pairs then: the stage `cri` finds nothing in it."""
    config = job()
    config["scrape_configs"][0]["encoding"] = encoding
    made = pushed_line(Rules.read(tmp_path / "p.yaml", yaml.safe_dump(config), {}), POD, TAGS[0], CRI + WRITTEN[0], 0)
    assert made is not None
    assert made.stages == stages
    assert (made.entry.line == WRITTEN[0]) == (not stages)
    if stages:
        assert made.whole is not None and made.after is not None
        assert made.whole.line == WRITTEN[0]
        assert "encoding" not in made.after.text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain", "plain"),
        (f"{CRI}a line", "a line"),
        (CRI.replace(" F ", " P ") + "a part", None),
        ('{"log":"a line\\n","stream":"stderr","time":"2026-11-25T01:00:00Z"}', "a line"),
        ('{"log":"of a program"}', '{"log":"of a program"}'),
        ('{"log": broken', '{"log": broken'),
    ],
)
def test_a_line_as_the_program_wrote_it(text: str, wanted: str | None) -> None:
    assert as_written(text) == wanted


def test_a_line_that_is_cut_is_the_beginning_of_another() -> None:
    assert is_cut("abcdef", "abc") and is_cut("aéb", "a\ufffd")
    assert (
        not is_cut("a\ufffd", "a\ufffd")
        and not is_cut("abc", "abc")
        and not is_cut("abc", "abd")
        and not is_cut("abc", "abcd")
    )


def test_two_lines_are_shown_from_where_they_differ() -> None:
    assert differing_parts("a=1", "a=2") == ("a=1", "a=2")
    one, other = differing_parts(f"{'x' * 100}1{'y' * 100}", f"{'x' * 100}2")
    assert one.startswith("...xxxxxxxxxxxxxxxx1y") and one.endswith("...") and other == f"...{'x' * 16}2"
