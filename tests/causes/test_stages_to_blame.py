"""Which stage of a pipeline is to blame, and what taking it out may not change."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.causes.shipper import stage_drops
from obs_check.documents.yaml_tree import load
from obs_check.evidence.context import Named
from obs_check.follow.hop import HopSeen
from obs_check.follow.shipping import ShippingEvidence
from obs_check.model.finding import Finding, Observation, Proof
from obs_check.model.probe import Probe
from obs_check.model.shipping import Destination, FileState, ShipperState
from obs_check.shipper.pipeline import Pipeline
from obs_check.shipper.simulate import keeps_entries, last_change, run, same_but_time
from obs_check.shipper.stages.registry import read_stages
from tests.fakes import made_context

LOG = "/tmp/boundary_logs/b.log"
NOW_NS = 1_795_600_000_000_000_000
LINE = '2026-11-25T01:00:00.5Z stderr F {"ts":"2026-11-25T02:00:00Z","num":1}'


def pipeline(*stages: dict[str, Any]) -> Pipeline:
    [node] = load(yaml.safe_dump(list(stages)), "stages.yaml")
    return read_stages(node)


CRI: dict[str, Any] = {"cri": {}}
JSON: dict[str, Any] = {"json": {"expressions": {"ts": None, "num": None}}}
TIME: dict[str, Any] = {"timestamp": {"source": "ts", "format": "RFC3339"}}
OF_J = '{job="j"}'
INNER: dict[str, Any] = {"match": {"selector": OF_J, "stages": [TIME]}}
NESTED: dict[str, Any] = {"match": {"selector": OF_J, "stages": [JSON, INNER]}}


@pytest.mark.parametrize(
    ("stages", "what", "wanted"),
    [
        ((CRI,), "ts", "1 cri"),
        ((CRI, JSON, TIME), "ts", "3 timestamp"),
        ((CRI, JSON, TIME), "line", "1 cri"),
        ((CRI, NESTED), "ts", "2 match > 2 match > 1 timestamp"),
        ((CRI, NESTED, {"output": {"source": "num"}}), "line", "3 output"),
        ((JSON,), "ts", ""),
    ],
)
def test_the_last_stage_that_changed_something(stages: tuple[dict[str, Any], ...], what: str, wanted: str) -> None:
    chain = pipeline(*stages)
    assert last_change(run(chain, {"job": "j"}, [LINE], NOW_NS), 1, what) == wanted
    stage = chain.at(wanted)
    assert (stage.kind if stage else "") == wanted.rpartition(" ")[2]


def test_what_a_run_leaves_as_it_was() -> None:
    whole, bare, later, half = (
        run(pipeline(*stages), {}, [LINE, LINE.replace("num", "m")], NOW_NS)
        for stages in ((CRI,), (), (CRI, JSON, TIME), (CRI, {"drop": {"expression": '"m"'}}))
    )
    assert same_but_time(whole, later) and not same_but_time(whole, bare)
    assert keeps_entries(half, whole) and not keeps_entries(whole, half) and not keeps_entries(whole, later)


def dropping(tmp_path: Path, lines: tuple[str, ...], *stages: dict[str, Any]) -> Finding:
    config = tmp_path / "promtail.yaml"
    static = [{"labels": {"job": "b", "__path__": LOG}}]
    job = {"job_name": "b", "pipeline_stages": list(stages), "static_configs": static}
    config.write_text(yaml.safe_dump({"scrape_configs": [job]}, sort_keys=False))
    tags = tuple(f"abc123-{number}-deny" for number in range(len(lines)))
    sample = [f"{line} obs={tag}" for line, tag in zip(lines, tags, strict=True)]
    answer = {"files": {LOG: len(lines)}, "searched": 1, "sample": sample}
    file = HopSeen("A", "file", tags, dict.fromkeys(tags, 1), probes=[Probe("file", "lines", answer, 1)])
    found = stage_drops.CAUSE.find(made_context(Named(shipper_config=config), (file, HopSeen("A", "loki", tags))))
    assert found is not None
    return found


def test_a_stage_that_extracts_too_goes_on_to_do_so(tmp_path: Path) -> None:
    malformed = {"json": {"expressions": {"msg": None}, "drop_malformed": True}}
    found = dropping(tmp_path, ("msg=DENY",), malformed, {"labels": {"msg": None}})
    assert isinstance(found.evidence, Proof)
    assert "-      drop_malformed: true" in found.fix.diff
    assert "-  - json" not in found.fix.diff


def test_a_stage_without_which_other_lines_would_change_is_left_to_a_person(tmp_path: Path) -> None:
    drop = {"drop": {"expression": "noise"}}
    blocks = {"multiline": {"firstline": "^first"}}
    found = dropping(tmp_path, ("first", "noise", "first noise"), drop, blocks)
    assert "`1 drop` of job b drops 2 of 3 lines" in found.claim
    assert isinstance(found.evidence, Observation)
    assert found.fix.edits == ()
    assert dropping(tmp_path, ("first", "first noise"), drop, blocks).fix.edits


ALLOY = """
local.file_match "f" { path_targets = [{"__path__" = "/tmp/boundary_logs/*.log", "job" = "b"}] }
loki.source.file "f" {
  targets    = local.file_match.f.targets
  forward_to = [loki.relabel.r.receiver]
}
loki.relabel "r" {
  forward_to = [%s]

  rule {
    source_labels = ["job"]
    regex         = "%s"
    action        = "keep"
  }
}
loki.write "w" { endpoint { url = "http://loki.example/loki/api/v1/push" } }
"""


@pytest.mark.parametrize(
    ("receiver", "regex", "claim", "fix"),
    [
        ("", "b", "loki.relabel.r forwards to nothing, and that drops 2 of 2", "let its `forward_to` name"),
        ("loki.write.w.receiver", "web", "loki.relabel` of job loki.source.file.f drops 2 of 2", "take stage"),
    ],
)
def test_what_alloy_drops_and_does_not_count(receiver: str, regex: str, claim: str, fix: str, tmp_path: Path) -> None:
    """Neither component has a counter of lines that it drops."""
    config, tags = tmp_path / "a.alloy", tuple(f"abc123-{number}-deny" for number in range(2))
    config.write_text(ALLOY % (receiver, regex))
    answer = {"files": {LOG: 2}, "searched": 1, "sample": [f"msg=DENY obs={tag}" for tag in tags]}
    file = HopSeen("A", "file", tags, dict.fromkeys(tags, 1), probes=[Probe("file", "lines", answer, 1)])
    states = [ShipperState("alloy", n, (FileState(LOG, "b", 2 * n, n),), (), (Destination("h"),)) for n in (0, 1)]
    shipper = HopSeen("A", "shipper", tags, shipping=ShippingEvidence(states[1], {LOG: 2}, states[0]))
    hops = (file, shipper, HopSeen("A", "loki", tags))
    found = stage_drops.CAUSE.find(made_context(Named(shipper_config=config), hops))
    assert found is not None
    assert claim in found.claim
    assert fix in found.fix.summary


@pytest.mark.parametrize(("dropped", "known"), [(22, True), (1, False)])
def test_lines_that_were_read_too_fast(dropped: int, known: bool, tmp_path: Path) -> None:
    config, tags = tmp_path / "promtail.yaml", tuple(f"abc123-{number}-deny" for number in range(2))
    limits = {"readline_rate_enabled": True, "readline_rate": 0.2, "readline_rate_drop": True}
    job = {"job_name": "b", "static_configs": [{"labels": {"job": "b", "__path__": LOG}}]}
    config.write_text(yaml.safe_dump({"limits_config": limits, "scrape_configs": [job]}, sort_keys=False))
    answer = {"files": {LOG: 2}, "searched": 1, "sample": [f"msg=DENY obs={tag}" for tag in tags]}
    file = HopSeen("A", "file", tags, dict.fromkeys(tags, 1), probes=[Probe("file", "lines", answer, 1)])
    drops = {"global_rate_limiter_drop": dropped}
    states = [
        ShipperState(
            "promtail",
            n,
            (FileState(LOG, "b", 24 * n, n),),
            (),
            (Destination("h"),),
            {k: v * n for k, v in drops.items()},
        )
        for n in (0, 1)
    ]
    shipper = HopSeen("A", "shipper", tags, shipping=ShippingEvidence(states[1], {LOG: 2}, states[0]))
    hops = (file, shipper, HopSeen("A", "loki", tags))
    found = stage_drops.CAUSE.find(made_context(Named(shipper_config=config), hops))
    assert (found is not None) == known
    if found is not None:
        assert "`limits_config.readline_rate` dropped 22 (global_rate_limiter_drop)" in found.claim
        assert "-  readline_rate_enabled: true" in found.fix.diff
