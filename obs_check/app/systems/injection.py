"""Sending a run of events through the firewall: all that is needed where the tool calls run."""

from collections.abc import Callable

from obs_check.client.egress import reach, send
from obs_check.config import Config
from obs_check.errors import ConfigError
from obs_check.follow.run import Run, inject, new_run_id, plan_events


def check_injection(config: Config) -> None:
    """Raise ConfigError when the configuration does not say where to send events."""
    wanted = config.inject
    if not wanted.allow_url or not wanted.deny_url:
        raise ConfigError("inject.allow_url and inject.deny_url are not set", "name one URL that is allowed, one not")
    if not config.boundary.proxy:
        raise ConfigError(
            "boundary.proxy is not set", "give the address of the firewall's proxy, or `environment` inside of it"
        )


def send_run(
    config: Config,
    allow: int,
    deny: int,
    now_ns: Callable[[], int],
    so_far: Callable[[Run], None] = lambda _run: None,
) -> Run:
    """Send events through the firewall's proxy; ConfigError as `check_injection`, Unavailable when nobody listens.
    `so_far` gets the run as it grows."""
    check_injection(config)
    proxy, ca = config.boundary.proxy_url, config.boundary.ca
    events = plan_events(new_run_id(), allow, deny, config.inject.allow_url or "", config.inject.deny_url or "")
    run = inject(events, lambda event: send(event, proxy, ca), now_ns, so_far)
    # An allowed request to a dead origin has no answer either, so the proxy itself is asked.
    if proxy and all(s.answer.verdict == "no_answer" for s in run.sent):
        reach("boundary's proxy", proxy)
    return run
