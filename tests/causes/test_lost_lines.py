"""What the causes of the shipper do when its configuration cannot be read, or when nothing was lost."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from obs_check.causes.file import log_dir_unset
from obs_check.causes.ingest import loki_down, other_loki
from obs_check.causes.shipper import label_not_set, positions_ahead, push_refused, timestamp_out_of_window, wrong_tenant
from obs_check.causes.shipper.positions_ahead import line_starts
from obs_check.client.answered import Answered
from obs_check.client.egress import EgressAnswer
from obs_check.client.files.text_files import read_log
from obs_check.errors import ConfigError, Refused, Unavailable
from obs_check.evidence.context import JudgedPanels, Named
from obs_check.evidence.lost_lines import losses
from obs_check.follow.hop import HopSeen, PathName
from obs_check.follow.run import Run, Sent
from obs_check.follow.shipping import ShippingEvidence
from obs_check.model.entry import Labels
from obs_check.model.event import Event
from obs_check.model.probe import Probe
from obs_check.model.shipping import Destination, FileState, PushRefusal, ShipperState
from obs_check.model.window import NS, Window
from tests.fakes import NoGrafana, NoLoki, made_context

TAGS = ("abc123-1-allow", "abc123-2-deny")
LINES = [f"time=x msg=ALLOW url=http://a.example/?obs={tag}" for tag in TAGS]


def hops(in_loki: tuple[str, ...], path: PathName = "A") -> tuple[HopSeen, ...]:
    answer = {"files": {"/tmp/boundary_logs/b.log": 2}, "searched": 1, "sample": LINES}
    file = HopSeen(path, "file", TAGS, dict.fromkeys(TAGS, 1), probes=[Probe("file", "lines", answer, 1)])
    return file, HopSeen(path, "loki", TAGS, dict.fromkeys(in_loki, 1))


def test_a_configuration_that_is_not_there_is_an_error_only_where_lines_were_lost(tmp_path: Path) -> None:
    files = Named(shipper_config=tmp_path / "none.yaml")
    assert losses(made_context(named=files, hops=hops(TAGS))) == []
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read: No such file") as caught:
        losses(made_context(named=files, hops=hops(TAGS[:1])))
    assert "shipper.config" in caught.value.hint


def test_lost_lines_are_those_of_the_tags_that_loki_does_not_have(tmp_path: Path) -> None:
    config = tmp_path / "promtail.yaml"
    config.write_text("scrape_configs: []\n")
    ((rules, one),) = losses(made_context(named=Named(shipper_config=config), hops=hops(TAGS[:1])))
    assert rules.config.jobs == ()
    assert one.lost == (TAGS[1],)
    assert one.lost_lines == [LINES[1]]


def test_no_probe_of_a_refused_push_shows_a_password(tmp_path: Path) -> None:
    config = tmp_path / "promtail.yaml"
    config.write_text(
        "clients: [{url: 'http://me:hunter2@loki.example/push'}]\n"
        "scrape_configs: [{job_name: b, static_configs: [{labels: {__path__: /tmp/boundary_logs/*.log}}]}]\n"
    )
    refusal = PushRefusal("shipper log", "status", 404, "404 page not found")
    state = ShipperState("promtail", 1, (FileState("/tmp/boundary_logs/b.log", read_lines=2),), refusals=(refusal,))
    shipper = HopSeen("A", "shipper", TAGS, shipping=ShippingEvidence(state, {"/tmp/boundary_logs/b.log": 2}))
    found = push_refused.find(made_context(Named(shipper_config=config), (*hops(()), shipper)))
    assert found is not None
    assert "loki.example/loki/api/v1/push" in found.fix.diff
    assert "hunter2" not in str(found.to_json())


@pytest.mark.parametrize(
    ("text", "says"),
    [(None, "cannot be read: No such file"), ("a: [", "not YAML"), (b"\xff", "not UTF-8 text")],
    ids=["absent", "broken", "binary"],
)
def test_a_configuration_of_boundary_that_cannot_be_read_is_named(
    text: str | bytes | None, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "boundary.yaml"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match=rf"boundary\.yaml(:1)?: {says}"):
        log_dir_unset.find(made_context(Named(boundary_config=path), (*hops(())[1:], HopSeen("A", "file", TAGS))))


def test_a_line_begins_behind_a_line_feed_only(tmp_path: Path) -> None:
    log = tmp_path / "b.log"
    log.write_bytes(f"é\u2028x\n{LINES[0]}\r\nb\u2028{LINES[1]}\n".encode().replace(b"x", b"\xff", 1))
    first = len("é\u2028x\n".encode())
    assert line_starts(read_log(log), "abc123") == {TAGS[0]: first, TAGS[1]: first + len(LINES[0]) + 2}


@pytest.mark.parametrize(("on_line", "known"), [(False, True), (True, False)], ids=["inside-a-line", "between-lines"])
def test_lines_in_front_of_where_reading_began_in_a_file_that_was_filled_again(
    on_line: bool, known: bool, tmp_path: Path
) -> None:
    """Between two lines the byte may be how far an earlier process had read."""
    log, config = tmp_path / "b.log", tmp_path / "promtail.yaml"
    log.write_text("\n".join([*LINES, "other\n" * 9]))
    config.write_text(f"scrape_configs: [{{job_name: b, static_configs: [{{labels: {{__path__: {log}}}}}]}}]\n")
    start = len("\n".join(LINES)) + (1 if on_line else 4)
    file = FileState(str(log), "b", 9, log.stat().st_size, start=start, start_on_line=on_line)
    answer = {"files": {str(log): 2}, "searched": 1, "sample": LINES}
    seen = HopSeen("A", "file", TAGS, dict.fromkeys(TAGS, 1), probes=[Probe("file", "lines", answer, 1)])
    evidence = ShippingEvidence(ShipperState("promtail", 1, (file,)), {str(log): 2})
    shipper = HopSeen("A", "shipper", TAGS, shipping=evidence)
    hops = (seen, shipper, HopSeen("A", "loki", TAGS))
    found = positions_ahead.CAUSE.find(made_context(Named(shipper_config=config), hops))
    assert (found is not None) == known
    if found is not None:
        assert f"at byte {start}, as its log says" in found.claim
        assert "Loki lacks 2 lines in front of it" in found.claim


ZONED = """
clients: [{url: 'http://loki.example/push'}]
scrape_configs:
- job_name: b
  static_configs: [{labels: {__path__: /tmp/boundary_logs/*.log}}]
  pipeline_stages:
  - regex: {expression: '^time=(?P<time>[0-9-]+T[0-9:.]+)'}
  - timestamp: {source: time, format: '2006-01-02T15:04:05.000', location: Pacific/Kiritimati}
"""


class OneLine(NoLoki):
    """A Loki that has one line, whatever it is asked for, or none."""

    def __init__(self, line: str) -> None:
        self.line = line

    def lines(self, expr: str, window: Window, limit: int) -> Answered[list[tuple[Labels, str]]]:
        found: list[tuple[Labels, str]] = [({}, self.line)] if self.line else []
        return Answered(found[:limit], Probe("loki", expr, 1, 1, window))


class OfTenant(OneLine):
    """The same Loki, whose tenant team-b has another line."""

    def __init__(self, line: str, others: str) -> None:
        super().__init__(line)
        self.others = others

    def of_tenant(self, tenant: str) -> OneLine:
        return OneLine(self.others if tenant == "team-b" else "")


@pytest.mark.parametrize(("own", "known"), [("", True), (LINES[0], False)], ids=["another-tenant", "come-meanwhile"])
def test_a_tenant_is_wrong_where_the_same_question_finds_nothing_without_it(
    own: str, known: bool, tmp_path: Path
) -> None:
    """The hop may have been answered out of a cache, or too early."""
    config = tmp_path / "promtail.yaml"
    config.write_text(
        "clients: [{url: 'http://loki.example/loki/api/v1/push', tenant_id: team-b}]\n"
        "scrape_configs: [{job_name: b, static_configs: [{labels: {__path__: /tmp/boundary_logs/*.log}}]}]\n"
    )
    event = Event("abc123", 1, "allow", "GET", "http://a.example/", "a.example", 1)
    run = Run("abc123", (Sent(event, EgressAnswer(200, "allow")),), Window(1, 2))
    seen = made_context(Named(shipper_config=config), hops(()))
    found = wrong_tenant.find(replace(seen, run=run, loki=OfTenant(own, LINES[0])))
    assert (found is not None) == known
    if found is not None:
        assert "Loki has 0 of 2 lines, with `X-Scope-OrgID: team-b` 1" in found.claim


class Healthy(NoGrafana):
    """Its health check of every datasource is good."""

    def datasource_health(self, uid: str) -> Answered[dict[str, Any]]:
        return Answered({"status": "OK"}, Probe("grafana", uid, "OK", 1))


def test_a_refused_question_is_not_a_loki_that_is_silent() -> None:
    silent = HopSeen("A", "loki", TAGS)
    silent.note_unasked(Refused("loki answered 400: required_number_label_matchers: 4", 400, "", ""))
    seen = replace(made_context(Named(), (*hops(())[:1], silent)), grafana=Healthy())
    with pytest.raises(Unavailable) as caught:
        loki_down.find(seen)
    assert "the question for the run's lines is refused (loki answered 400: required" in caught.value.message


@pytest.mark.parametrize(
    ("time", "added"),
    [
        ("2026-11-24T00:00:00.000Z", ["+  - timestamp: {source: time, format: '2006-01-02T15:04:05.000'}"]),
        ("2026-11-24T05:45:00.000+05:45", []),
    ],
)
def test_a_format_that_reads_no_time_is_no_fix(time: str, added: list[str], tmp_path: Path) -> None:
    config = tmp_path / "promtail.yaml"
    config.write_text(ZONED)
    start = 1_795_478_400 * NS
    line = f"time={time} msg=ALLOW url=http://a.example/?obs={TAGS[0]}"
    answer = {"files": {"/tmp/boundary_logs/b.log": 1}, "searched": 1, "sample": [line]}
    file = HopSeen("A", "file", TAGS[:1], {TAGS[0]: start}, probes=[Probe("file", "lines", answer, 1)])
    event = Event("abc123", 1, "allow", "GET", "http://a.example/", "a.example", start)
    run = Run("abc123", (Sent(event, EgressAnswer(200, "allow")),), Window(start, start + NS))
    context = made_context(Named(shipper_config=config), (file, HopSeen("A", "loki", TAGS[:1], {})))
    found = timestamp_out_of_window.find(replace(context, run=run, loki=OneLine(line), now_ns=lambda: start + NS))
    assert found is not None
    # The zone is not in what the stage reads: RFC 3339 would read no time there at all.
    assert [row for row in found.fix.diff.splitlines() if row.startswith("+  ")] == added


@pytest.mark.parametrize(("status", "known"), [("204", True), ("400", False)])
def test_lines_that_loki_took_and_does_not_show_yet(status: str, known: bool, tmp_path: Path) -> None:
    """The zone is 14 hours ahead of UTC, so that the lines are as old."""
    config = tmp_path / "promtail.yaml"
    config.write_text(ZONED)
    start, log = 1_795_478_400 * NS, "/tmp/boundary_logs/b.log"
    line = f"time=2026-11-24T00:00:00.000Z msg=ALLOW url=http://a.example/?obs={TAGS[0]}"
    answer = {"files": {log: 1}, "searched": 1, "sample": [line]}
    file = HopSeen("A", "file", TAGS[:1], {TAGS[0]: start}, probes=[Probe("file", "lines", answer, 1)])
    to = [Destination("h", sent_entries=n, requests={status: n}) for n in (0, 1)]
    states = [ShipperState("promtail", n, (FileState(log, "b", n, n),), (), (to[n],)) for n in (0, 1)]
    shipper = HopSeen("A", "shipper", TAGS[:1], shipping=ShippingEvidence(states[1], {log: 1}, states[0]))
    event = Event("abc123", 1, "allow", "GET", "http://a.example/", "a.example", start)
    run = Run("abc123", (Sent(event, EgressAnswer(200, "allow")),), Window(start, start + NS))
    context = made_context(Named(shipper_config=config), (file, shipper, HopSeen("A", "loki", TAGS[:1], {})))
    found = timestamp_out_of_window.find(replace(context, run=run, loki=OneLine(""), now_ns=lambda: start + NS))
    assert (found is not None) == known
    if found is not None:
        assert "14.0 h before their events: Loki took all 1 line that the shipper read" in found.claim
        assert found.fix.edits


class Empty(OneLine):
    """A Loki that has nothing, and lets queries look back as far as they like."""

    def __init__(self) -> None:
        super().__init__("")

    def series(self, matchers: tuple[str, ...], window: Window) -> Answered[list[Labels]]:
        return Answered([], Probe("loki", str(matchers), 0, 1, window))

    def lookback(self) -> Answered[int]:
        return Answered(0, Probe("loki", "lookback", 0, 1))


@pytest.mark.parametrize(("status", "says"), [("204", ""), ("200", "the pushes are answered 200, where Loki says 204")])
def test_what_takes_the_pushes_may_be_no_loki(status: str, says: str, tmp_path: Path) -> None:
    config, log = tmp_path / "promtail.yaml", "/tmp/boundary_logs/b.log"
    config.write_text(ZONED.partition("  pipeline_stages")[0])
    to = [Destination("h", sent_entries=2 * n, requests={status: n}) for n in (0, 1)]
    states = [ShipperState("promtail", n, (FileState(log, "b", 2 * n, n),), (), (to[n],)) for n in (0, 1)]
    shipper = HopSeen("A", "shipper", TAGS, shipping=ShippingEvidence(states[1], {log: 2}, states[0]))
    file, loki = hops(())
    context = made_context(Named(shipper_config=config), (file, shipper, loki))
    found = other_loki.find(replace(context, loki=Empty(), now_ns=lambda: NS))
    assert found is not None
    assert says in found.claim
    assert ("answered" in found.claim) == bool(says)


@pytest.mark.parametrize(
    ("stages", "why", "taken"),
    [
        ("[{labeldrop: [namespace]}]", "stage `1 labeldrop` of job b takes it away", "labeldrop"),
        (
            "[{match: {selector: '{job=\"b\"}', stages: [{labeldrop: [namespace]}]}}]",
            "stage `1 match > 1 labeldrop` of job b takes it away",
            "labeldrop",
        ),
    ],
    ids=["of-all", "of-some"],
)
def test_a_label_that_a_stage_takes_away(stages: str, why: str, taken: str, tmp_path: Path) -> None:
    config = tmp_path / "promtail.yaml"
    labels = "{job: b, namespace: coder, __path__: /tmp/boundary_logs/*.log}"
    config.write_text(
        "clients: [{url: 'http://loki.example/loki/api/v1/push'}]\n"
        f"scrape_configs:\n- job_name: b\n  static_configs: [{{labels: {labels}}}]\n  pipeline_stages: {stages}\n"
    )
    target = {"refId": "A", "datasource": {"type": "loki"}, "expr": '{namespace="coder"}'}
    seen = replace(
        made_context(Named(shipper_config=config), hops(TAGS)),
        dashboard={"panels": [{"id": 1, "type": "logs", "datasource": {"type": "loki"}, "targets": [target]}]},
        loki=OneLine(LINES[0]),
        panels=JudgedPanels(paths={1: "A"}, failing=frozenset({1})),
    )
    found = label_not_set.find(seen)
    assert found is not None
    assert why in found.claim
    assert "with the fix 2 of 2 lines have it" in found.claim
    (edit,) = found.fix.edits
    assert taken in edit.before and taken not in edit.after
