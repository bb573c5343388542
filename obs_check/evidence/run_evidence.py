"""What a run says about the firewall, shared by the causes on the way to Loki."""

from dataclasses import replace
from pathlib import Path

from obs_check.client.answered import Answered
from obs_check.client.egress import EgressAnswer
from obs_check.client.files.firewall_log import Since
from obs_check.evidence.context import Context
from obs_check.evidence.firewall_file import firewall_file
from obs_check.evidence.questions import Egress
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Sent, new_run_id, plan_events
from obs_check.model.event import Decision, Event
from obs_check.model.probe import Probe


def sent_events(context: Context, decision: Decision) -> list[Sent]:
    """The run's events of one decision; none without a run."""
    return [s for s in context.run.sent if s.event.decision == decision] if context.run else []


def all_answered(events: list[Sent], verdict: str) -> bool:
    """Whether there are events and all of them were answered so."""
    return bool(events) and all(s.answer.verdict == verdict for s in events)


def seen_anywhere(context: Context) -> set[str]:
    """Tags that were seen behind the firewall, at whatever hop."""
    return {tag for hop in context.hops if hop.hop not in ("egress", "panel") for tag in hop.seen}


def decisions_by_tag(context: Context) -> dict[str, Decision]:
    """What boundary decided of the run's events, whatever was expected, by tag in the order they were sent; events of
    which that is not known are left out.

    boundary v0.9.0 denies with a page of its own, and records what it allows before it forwards: an event that is
    recorded and has no answer was allowed. An answer of the origin says nothing where no event shows boundary at all.
    """
    events = context.run.sent if context.run else ()
    recorded = seen_anywhere(context)
    shows = bool(recorded) or any(s.answer.verdict == "deny" for s in events)
    found: dict[str, Decision] = {}
    for one in events:
        verdict = one.answer.verdict
        if verdict == "deny":
            found[one.event.tag] = "deny"
        elif (verdict == "allow" and shows) or (verdict == "no_answer" and one.event.tag in recorded):
            found[one.event.tag] = "allow"
    return found


def lost_before_coderd(context: Context) -> tuple[HopSeen, list[str]] | None:
    """coderd's hop and the tags that boundary decided and coderd did not log, in the order they were sent; None when
    none is missing there or the hop could not be looked at. Without coderd's log, Loki's path B stands for it."""
    hop = context.hop("B", "coderd") or context.hop("B", "loki")
    if context.run is None or hop is None or hop.unknown:
        return None
    missing = [tag for tag in decisions_by_tag(context) if tag not in hop.seen]
    return (hop, missing) if missing else None


def arrived_events(context: Context, path: str) -> list[Event] | None:
    """The run's events that got to Loki on a path, each as boundary decided it: what a panel over that path can show.
    None where Loki could not be asked, or where these are all events, decided as expected."""
    at_loki, run = context.hop(path, "loki"), context.run
    if run is None or at_loki is None or at_loki.unknown:
        return None
    known = decisions_by_tag(context)
    found = [event for event in run.events if event.tag in at_loki.seen]
    found = [e if known.get(e.tag, e.decision) == e.decision else replace(e, decided=known[e.tag]) for e in found]
    return None if found == run.events else found


def at_egress(context: Context) -> tuple[Probe, ...]:
    """The probe of what the events were answered."""
    hop = context.hop("A", "egress")
    return tuple(hop.probes) if hop else ()


def boundary_lines(context: Context, text: str, since: Since) -> tuple[list[str], tuple[Probe, ...]]:
    """Lines with a text that the boundary of the run wrote into its own log; none where its log is not configured."""
    if context.firewall.log is None:
        return [], ()
    lines, probe = context.firewall.log.lines_with(text, since)
    return lines, (probe,)


def says_no_rules(context: Context) -> tuple[list[str], tuple[Probe, ...]]:
    """boundary's line about its start without any rule, where it writes to no file either: both come from the
    configuration that it did not read."""
    file = context.hop("A", "file")
    return ([], ()) if file is not None and file.seen else boundary_lines(context, "No allow rules specified", "start")


def send_again(egress: Egress, event: Sent, proxy: str, ca: Path | None) -> Answered[EgressAnswer]:
    """The request of an event once more, with a tag of its own, on another way."""
    (again,) = plan_events(new_run_id(), 0, 1, "", event.event.url.partition("?")[0])
    return egress.send(again, proxy, ca)


def through_boundary(context: Context, event: Sent) -> tuple[str, tuple[Probe, ...]]:
    """How boundary's own port answers the request of an event; "" where its port is not known."""
    file = firewall_file(context)
    if context.firewall.egress is None or file is None:
        return "", ()
    own_port = f"http://127.0.0.1:{file.config.proxy_port}"
    answer, probe = send_again(context.firewall.egress, event, own_port, context.firewall.egress.ca)
    return answer.verdict, (probe,)
