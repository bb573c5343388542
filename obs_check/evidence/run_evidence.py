"""What a run says about the firewall, shared by the causes on the way to Loki."""

from collections.abc import Mapping
from typing import Any

import yaml

from obs_check.boundary.rules import Rule, evaluate, parse_rules
from obs_check.errors import ConfigError
from obs_check.evidence.context import Context
from obs_check.follow.run import Sent
from obs_check.model.event import Decision
from obs_check.model.probe import Probe

_NAMED = "boundary.config names it in obs-check.yaml"


def sent(context: Context, decision: Decision) -> list[Sent]:
    """The run's events of one decision; none without a run."""
    return [s for s in context.run.sent if s.event.decision == decision] if context.run else []


def answered(events: list[Sent], verdict: str) -> bool:
    """Whether there are events and all of them were answered so."""
    return bool(events) and all(s.answer.verdict == verdict for s in events)


def seen_anywhere(context: Context) -> set[str]:
    """Tags that were seen behind the firewall, at whatever hop."""
    return {tag for hop in context.hops if hop.hop not in ("egress", "panel") for tag in hop.seen}


def at_egress(context: Context) -> tuple[Probe, ...]:
    """The probe of what the events were answered."""
    hop = context.hop("A", "egress")
    return tuple(hop.probes) if hop else ()


def configuration(context: Context) -> Mapping[str, Any]:
    """boundary's configuration file; empty without one. Raises ConfigError."""
    path = context.files.boundary_config
    if path is None:
        return {}
    try:
        document = yaml.safe_load(context.files.read_text(path))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", _NAMED) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: no text (UTF-8)", _NAMED) from None
    except yaml.YAMLError as error:
        raise ConfigError(
            f"{path}: no YAML: {' '.join(str(error).split())}", "boundary does not start with it"
        ) from None
    return document if isinstance(document, dict) else {}


def rules(context: Context) -> tuple[Rule, ...]:
    """The allow rules of the configuration file; none where they do not parse, for then boundary does not start."""
    try:
        return parse_rules([str(rule) for rule in configuration(context).get("allowlist") or ()])
    except ConfigError:
        return ()


def rule_probe(context: Context, event: Sent) -> tuple[Rule | None, Probe]:
    """What the configured rules say of an event's request."""
    found = evaluate(rules(context), event.event.method, event.event.url)
    path = context.files.boundary_config
    name = path.name if path else "no configuration"
    answer = {"allowed_by": found.raw if found else None, "rules": len(rules(context))}
    return found, Probe(
        "file", f"{name}: the rule for {event.event.method} {event.event.url}", answer, context.now_ns()
    )


def says(context: Context, text: str) -> tuple[list[str], tuple[Probe, ...]]:
    """Lines of boundary's own log with a text; none where its log is not configured."""
    if context.boundary_says is None:
        return [], ()
    lines, probe = context.boundary_says(text)
    return lines, (probe,)


def through_boundary(context: Context, event: Sent) -> tuple[str, tuple[Probe, ...]]:
    """How boundary's own port answers the request of an event; "" where its port is not known."""
    port = configuration(context).get("proxy_port")
    if context.egress is None or not port:
        return "", ()
    url = event.event.url.partition("?")[0]
    answer, probe = context.egress.send(url, f"http://127.0.0.1:{port}", context.egress.ca)
    return answer.verdict, (probe,)
