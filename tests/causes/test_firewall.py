"""Causes that edit boundary's configuration or judge by it: the edited text is read again as boundary reads it."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from obs_check.app.systems.apply import apply_fixes
from obs_check.boundary.config import BoundaryConfig, parse_boundary_config
from obs_check.boundary.log import Level
from obs_check.boundary.rules import evaluate
from obs_check.causes.egress import allow_denied, config_not_loaded, deny_allowed
from obs_check.causes.file import level_hides_allow, log_dir_unset
from obs_check.causes.socket import audit_disabled
from obs_check.client.egress import EgressAnswer, EgressVerdict
from obs_check.client.files.firewall_log import FirewallLog
from obs_check.evidence.context import Context, Firewall, Named
from obs_check.evidence.run_evidence import arrived_events
from obs_check.follow.hop import HopSeen
from obs_check.follow.hops import egress_hop
from obs_check.follow.run import Run, Sent, plan_events
from obs_check.model.event import Event
from obs_check.model.finding import FileEdit, Finding, Observation, Proof
from obs_check.model.window import NS, Window
from tests.fakes import made_context

NOON = 1_795_478_400 * NS
"""2026-11-24T00:00:00Z in ns."""
EVENTS = plan_events("abc123", 2, 2, "http://allowed.example/ok", "http://denied.invalid/exfil")
TAGS = {decision: {e.tag for e in EVENTS if e.decision == decision} for decision in ("allow", "deny")}
ALL = TAGS["allow"] | TAGS["deny"]
OTHERS = [f"http://{host}/" for host in ("a.example", "b.example", "c.example", "other.example")]
WANTED = "method=GET domain=allowed.example path=/ok"


def context(
    config: str | None,
    answers: Mapping[str, EgressVerdict],
    directory: Path,
    written: set[str] = frozenset(),  # type: ignore[assignment]
    at_coderd: set[str] = frozenset(),  # type: ignore[assignment]
    log: str = "",
) -> Context:
    """A run in which events were answered so and whose tags were seen so; `log` is boundary's own file."""
    path = directory / "boundary.yaml"
    if config is not None:
        path.write_bytes(config.encode())
    run = Run("abc123", tuple(Sent(e, EgressAnswer(200, answers[e.decision])) for e in EVENTS), Window(NOON, NOON + NS))
    own = directory / "boundary-2026-11-24_00-00-00-1.log"
    if log:
        own.write_text(log)
        os.utime(own, ns=(NOON + 9 * NS, NOON + 9 * NS))
    hops = (
        egress_hop("A", run),
        HopSeen("A", "file", tuple(run.tags()), dict.fromkeys(written, NOON)),
        HopSeen("B", "coderd", tuple(run.tags()), dict.fromkeys(at_coderd, NOON)),
    )
    files = Named(boundary_config=path if config is not None else None, boundary_glob=f"{directory}/boundary-*.log")
    log_of_run = FirewallLog(files.boundary_glob, None, run.id, NOON, lambda: NOON + 9 * NS)
    return replace(made_context(files, hops), run=run, firewall=Firewall(log=log_of_run))


ALL_DENIED: dict[str, EgressVerdict] = {"allow": "deny", "deny": "deny"}
THROUGH: dict[str, EgressVerdict] = {"allow": "allow", "deny": "allow"}
RIGHT: dict[str, EgressVerdict] = {"allow": "allow", "deny": "deny"}


def read(text: str) -> BoundaryConfig:
    return parse_boundary_config(text, "boundary.yaml")


def allowed(config: BoundaryConfig, urls: list[str]) -> list[str]:
    return [url for url in urls if evaluate(config.rules, "GET", url)]


def edit_of(finding: Finding | None) -> FileEdit:
    assert finding is not None
    (edit,) = finding.fix.edits
    assert isinstance(edit, FileEdit)
    return edit


SHAPES = [
    'allowlist: ["domain=a.example"]\nlog_level: info\n',
    'allowlist: ["domain=a.example", "domain=b.example"] # hosts\n',
    "allowlist: # hosts\n- domain=a.example\n",
    "allowlist:\n- domain=a.example # why\n# the end\nproxy_port: 8087\n",
    "allowlist:\n    - domain=a.example\nproxy_port: 8087\n",
    '"allowlist":\n- "domain=a.example"\n',
    "allowlist: &hosts\n- &a domain=a.example\n- *a\n",
    "allowlist:\t\n- domain=a.example\t# tab\n",
    "---\nallowlist:\n- domain=a.example\n...\n",
    "allowlist:\n- domain=a.example\n---\nallowlist:\n- domain=b.example\n",
    "allowlist: []\n",
    "allowlist:\nlog_level: info\n",
    "log_level: info # no list at all",
    "allowlist:\n- domain=a.example\nlog_level: info\nallowlist:\n- domain=b.example\n",
    "allowlist:\n- >-\n  domain=a.example\n- |\n  domain=b.example\n",
    '{"allowlist": ["domain=a.example"], "log_level": "info"}\n',
    "session_correlation_enabled: true\nallowlist: [domain=a.example]\n",
]


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("text", SHAPES)
def test_a_rule_is_added_and_nothing_else_changes(text: str, end: str, tmp_path: Path) -> None:
    text = text.replace("\n", end)
    found = allow_denied.find(context(text, ALL_DENIED, tmp_path))
    edit = edit_of(found)
    before, after = read(edit.before), read(edit.after)
    assert after == replace(before, rules=after.rules)
    assert [rule.raw for rule in after.rules] == [*(rule.raw for rule in before.rules), WANTED]
    assert allowed(after, OTHERS) == allowed(before, OTHERS)
    assert allowed(after, [e.url for e in EVENTS]) == [e.url for e in EVENTS if e.decision == "allow"]
    assert isinstance(found, Finding) and isinstance(found.evidence, Proof)
    assert [p.answer["denied"] for p in (found.evidence.as_written[-1], *found.evidence.changed)] == [4, 2]
    (tmp_path / "boundary.yaml").chmod(0o644)
    apply_fixes([found], lambda _edits, _message: pytest.fail("no dashboard"))
    assert allow_denied.find(context((tmp_path / "boundary.yaml").read_bytes().decode(), ALL_DENIED, tmp_path)) is None


WORDS = [
    "allowlist: domain=a.example\n",
    "allowlist: |\n  domain=a.example\n",
    "? allowlist\n: domain=a.example\n",
]


@pytest.mark.parametrize("text", WORDS)
def test_a_list_that_cannot_be_changed_safely_gets_words(text: str, tmp_path: Path) -> None:
    found = allow_denied.find(context(text, ALL_DENIED, tmp_path))
    assert found is not None and isinstance(found.evidence, Observation)
    assert (found.fix.edits, found.fix.diff) == ((), "")
    assert WANTED in found.fix.summary and "would be allowed" not in found.claim


@pytest.mark.parametrize(
    ("text", "log", "named", "says"),
    [
        (None, "", "egress.allow-denied", "its own page answers GET http://allowed.example/ok"),
        ("allowlist: {}\n", "", "egress.allow-denied", "its own page"),
        ("allowlist: [domain=a.example]\n", "", "egress.allow-denied", "no rule of boundary.yaml (1 rule) matches"),
        (None, 'msg="No allow rules specified; all"', "egress.config-not-loaded", "have to be allowed: it logged"),
        ("allowlist: [domain=allowed.example]\n", "", "egress.config-not-loaded", "did not read that file"),
    ],
    ids=["no file", "a file that stops boundary", "too narrow", "no rules", "not loaded"],
)
def test_denied_events_are_named_with_and_without_the_configuration(
    text: str | None, log: str, named: str, says: str, tmp_path: Path
) -> None:
    line = f"time=2026-11-23T23:59:59.000Z level=WARN {log}\n"
    tagged = "time=2026-11-24T00:00:00.500Z level=WARN msg=DENY url=http://denied.invalid/exfil?obs=abc123-2-deny\n"
    seen = context(text, ALL_DENIED, tmp_path, log=line + tagged if log else "")
    found = [one for cause in (config_not_loaded, allow_denied) if (one := cause.find(seen)) is not None]
    assert [one.cause for one in found] == [named]
    assert says in found[0].claim
    assert found[0].fix.summary


def test_a_boundary_that_writes_to_its_file_has_read_a_configuration(tmp_path: Path) -> None:
    log = 'time=2026-11-23T23:59:59.000Z level=WARN msg="No allow rules specified; all"\n' + "".join(
        f"time=2026-11-24T00:00:00.500Z level=WARN msg=DENY url=/?obs={tag}\n" for tag in ALL
    )
    seen = context(None, ALL_DENIED, tmp_path, ALL, log=log)
    assert config_not_loaded.find(seen) is None
    found = allow_denied.find(seen)
    assert found is not None and isinstance(found.evidence, Observation)


def test_some_denied_events_are_enough(tmp_path: Path) -> None:
    seen = context(None, RIGHT, tmp_path)
    assert seen.run is not None
    first, *others = seen.run.sent
    partly = replace(seen, run=replace(seen.run, sent=(replace(first, answer=EgressAnswer(403, "deny")), *others)))
    found = allow_denied.find(partly)
    assert found is not None and "denied 1 of 2 requests" in found.claim


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(
    "text",
    [
        'allowlist: ["domain=allowed.example", "path=/exfil"]\nlog_level: info\n',
        "allowlist: # hosts\n- path=/exfil # too wide\n- domain=allowed.example\n",
        "allowlist:\n- domain=allowed.example\n- path=/exfil\n- 'path=/exfil'\n# end\n",
        "allowlist:\n- path=/exfil\n- domain=denied.invalid\n- domain=allowed.example\n",
    ],
    ids=["flow", "commented", "twice", "two rules"],
)
def test_the_rules_that_let_through_are_taken_out_and_no_other(text: str, end: str, tmp_path: Path) -> None:
    found = deny_allowed.find(context(text.replace("\n", end), THROUGH, tmp_path, written=ALL))
    after = read(edit_of(found).after)
    assert [rule.raw for rule in after.rules] == ["domain=allowed.example"]
    assert found is not None and isinstance(found.evidence, Proof)
    assert found.evidence.changed[0].answer == {"rules": 1, "allowed_by": {"domain=allowed.example": 2}, "denied": 2}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("allowlist: [domain=*]\n", "narrow `domain=*`, which http://allowed.example/ok"),
        (
            "allowlist:\n- domain=allowed.example\n- method=GET\n",
            "`method=GET`, which http://busy.example/x needs",
        ),
        ("allowlist: # the only one\n- path=/exfil\n", "by hand"),
        ("allowlist: path=/exfil\n", "by hand"),
    ],
    ids=["the allowed events", "another agent's request", "a comment would go", "no list"],
)
def test_a_rule_that_is_needed_or_stands_badly_gets_words(text: str, says: str, tmp_path: Path) -> None:
    busy = 'time=2026-11-24T00:00:01.000Z level=INFO msg=ALLOW method=GET url=http://busy.example/x rule="method=GET"\n'
    old = busy.replace("2026", "2020").replace("busy", "long-ago")
    found = deny_allowed.find(context(text, THROUGH, tmp_path, written=ALL, log=old + busy))
    assert found is not None and found.fix.edits == ()
    assert says in found.fix.summary


def test_an_allowed_event_whose_origin_is_dead_was_let_through(tmp_path: Path) -> None:
    log = "".join(
        f"time=2026-11-24T00:00:00.500Z level=INFO msg=ALLOW method=GET "
        f'url="http://denied.invalid/exfil?obs={tag}" host=denied.invalid rule="domain=*"\n'
        for tag in sorted(TAGS["deny"])
    )
    answers: dict[str, EgressVerdict] = {"allow": "allow", "deny": "no_answer"}
    found = deny_allowed.find(context(None, answers, tmp_path, written=ALL, log=log))
    assert found is not None and found.claim.startswith("2 of 2 requests that have to be denied got through")
    assert "boundary allowed them by `domain=*`" in found.claim
    assert deny_allowed.find(context(None, answers, tmp_path)) is None


@pytest.mark.parametrize(
    ("config", "answers", "written", "named"),
    [
        ("log_level: warn\n", RIGHT, TAGS["deny"], "`log_level: warn` hides ALLOW, which boundary writes at INFO"),
        ("allowlist: []\n", RIGHT, TAGS["deny"], "`log_level: warn` hides ALLOW"),
        ("log_level: verbose\n", RIGHT, TAGS["deny"], "`log_level: warn` hides ALLOW"),
        ("log_level: info\nlog_level: error\n", RIGHT, set(), "hides ALLOW, which boundary writes at INFO, and DENY"),
        ("log_level: error\n", ALL_DENIED, set(), "0 of 0 allowed and 0 of 4 denied requests are in the file"),
        ("log_level: info\n", RIGHT, TAGS["deny"], "boundary writes nothing at INFO"),
        (None, RIGHT, TAGS["deny"], "boundary writes nothing at INFO"),
        (None, RIGHT, set(), None),
        ("log_level: info\n", RIGHT, ALL, None),
        ("log_level: info\n", RIGHT, set(), None),
        ("log_level: warn\n", RIGHT, set(), None),
        ("log_level: warn\n", RIGHT, set(list(TAGS["deny"])[:1]), None),
        ("log_level: error\n", THROUGH, set(), None),
    ],
)
def test_a_level_is_named_where_it_hides_just_what_is_hidden(
    config: str | None, answers: Mapping[str, EgressVerdict], written: set[str], named: str | None, tmp_path: Path
) -> None:
    log = "".join(f"time=2026-11-24T00:00:00.500Z level=WARN msg=DENY url=/?obs={tag}\n" for tag in written)
    found = level_hides_allow.find(context(config, answers, tmp_path, written, log=log))
    assert (found is None) == (named is None)
    if found is not None and named is not None:
        assert named in found.claim
    if found is not None and config is not None and found.fix.edits:
        assert read(edit_of(found).after) == replace(read(config), log_level=Level.INFO)
        assert isinstance(found.evidence, Proof) and found.evidence.changed[0].answer["written"] == 4


def test_a_line_at_info_speaks_against_a_level(tmp_path: Path) -> None:
    log = 'time=2026-11-24T00:00:00.100Z level=INFO msg="Command completed"\n' + "".join(
        f"time=2026-11-24T00:00:00.500Z level=WARN msg=DENY url=/?obs={tag}\n" for tag in TAGS["deny"]
    )
    assert level_hides_allow.find(context(None, RIGHT, tmp_path, TAGS["deny"], log=log)) is None


def test_settings_are_changed_where_they_stand(tmp_path: Path) -> None:
    text = "disable_audit_logs: true # for now\nlog_level: info\n"
    found = audit_disabled.find(context(text, RIGHT, tmp_path))
    assert edit_of(found).after == "disable_audit_logs: false # for now\nlog_level: info\n"
    assert edit_of(log_dir_unset.find(context(text, RIGHT, tmp_path))).after == f"{text}log_dir: {tmp_path}\n"


def test_nothing_is_said_of_a_firewall_that_nothing_shows(tmp_path: Path) -> None:
    text = "allowlist: [path=/exfil]\ndisable_audit_logs: true\nlog_level: error\n"
    unseen = context(text, THROUGH, tmp_path)
    for cause in (deny_allowed, allow_denied, config_not_loaded, level_hides_allow, log_dir_unset, audit_disabled):
        assert cause.find(unseen) is None


def test_what_arrived_is_what_a_panel_can_show(tmp_path: Path) -> None:
    def at_loki(answers: Mapping[str, EgressVerdict], tags: set[str], unknown: str = "") -> list[Event] | None:
        seen = context(None, answers, tmp_path)
        loki = HopSeen("A", "loki", tuple(e.tag for e in EVENTS), dict.fromkeys(tags, NOON), unknown=unknown)
        return arrived_events(replace(seen, hops=(*seen.hops, loki)), "A")

    # Nothing is lost and nothing otherwise than expected, or nobody knows.
    assert at_loki(RIGHT, ALL) is None
    assert at_loki(RIGHT, set(), "Loki does not answer") is None
    assert arrived_events(context(None, RIGHT, tmp_path), "A") is None
    assert at_loki(RIGHT, TAGS["deny"]) == [e for e in EVENTS if e.decision == "deny"]
    assert at_loki(RIGHT, set()) == []
    denied = at_loki(ALL_DENIED, ALL)
    assert denied is not None and {e.outcome for e in denied} == {"deny"}
    assert [e.tag for e in denied] == [e.tag for e in EVENTS]
    dead: dict[str, EgressVerdict] = {"allow": "no_answer", "deny": "no_answer"}
    assert [e.outcome for e in at_loki(dead, ALL) or ()] == ["allow"] * 4
