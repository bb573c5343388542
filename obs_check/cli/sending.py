"""Options of the commands that send events: how many, through which executor, by which client."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from obs_check.cli.option_groups import Count, F, PerSecond, Seconds, Take, as_record, gathering, with_options
from obs_check.cli.options import given_option
from obs_check.cli.shipper_targets import pods_option
from obs_check.errors import UsageError

_MOST = 1000
"""Events of one decision that a run may have."""
_MOST_OF_LOAD = 1_000_000
"""Events of a run that is only accounted for."""


@dataclass(frozen=True, slots=True)
class EventCount:
    """How many events are sent that have to be allowed, and to be denied."""

    allow: int
    deny: int

    def needs_one(self, sender: str) -> None:
        """UsageError, about `sender`, where there is none."""
        if self.allow + self.deny == 0:
            raise UsageError(f"{sender} needs at least one event", "give --allow or --deny a number above 0")


def event_options(default: int) -> Callable[[F], F]:
    """Decorator: --allow and --deny, as `events: EventCount`."""

    def option(name: str, word: str) -> Callable[[F], F]:
        return click.option(
            f"--{name}",
            type=Count(0, _MOST),
            metavar="N",
            default=default,
            show_default=True,
            help=f"{word} events to send.",
        )

    return lambda function: with_options(
        as_record("events", EventCount)(function), option("allow", "Allowed"), option("deny", "Denied")
    )


@dataclass(frozen=True, slots=True)
class Following:
    """How events are followed: `pods` is what kubectl printed of them, `timeout` the seconds that a hop may take."""

    pods: Path | None
    timeout: float | None


def following_options(function: F) -> F:
    """Decorator: --pods and --timeout, as `following: Following`."""
    return with_options(
        as_record("following", Following)(function),
        pods_option,
        click.option(
            "--timeout",
            type=Seconds(1),
            metavar="S",
            help="Seconds that a hop may take after the hop before it.  [default: timeouts.hop_s, else 30]",
        ),
    )


def through(function: F) -> F:
    """Decorator: --via and --client, handed to the command as `sending: Sending`; and --proxy, --allow-url and
    --deny-url, which `Output.config` heeds."""

    def gather(take: Take) -> Mapping[str, object]:
        from obs_check.app.systems.injection import Sending

        return {"sending": Sending(take("via"), take("client"))}

    return with_options(
        gathering(function, gather),
        click.option(
            "--via",
            metavar="EXECUTOR",
            help="Send from there: local, boundary, kubectl, coder, command, chat.  [default: inject.via, else local]",
        ),
        click.option(
            "--client",
            type=click.Choice(["any", "curl", "python", "both"]),
            default="any",
            show_default=True,
            help="What the probe sends with; both shows where clients differ.",
        ),
        given_option("proxy", "URL", "boundary's proxy, or `environment` inside of it.  [default: boundary.proxy]"),
        given_option("allow-url", "URL", "What boundary allows.  [default: inject.allow_url, or what its rules say]"),
        given_option("deny-url", "URL", "What boundary denies.  [default: inject.deny_url, or what its rules say]"),
    )


def loaded(function: F) -> F:
    """Decorator: --count, --rate and --parallel, handed to the command as `load: Load | None`."""

    def gather(take: Take) -> Mapping[str, object]:
        from obs_check.app.systems.load import Load

        count, rate, parallel = take("count"), take("rate"), take("parallel")
        if count is None and rate is not None:
            raise UsageError("--rate needs --count", "say how many events")
        return {"load": None if count is None else Load(count, rate or 0.0, parallel)}

    return with_options(
        gathering(function, gather),
        click.option(
            "--count",
            type=Count(1, _MOST_OF_LOAD),
            metavar="N",
            help="Send so many events, half of them to be denied, and account for each at every hop.",
        ),
        click.option(
            "--rate",
            type=PerSecond(0.01),
            metavar="PER_S",
            help="Events a second of --count.  [default: no limit]",
        ),
        click.option(
            "--parallel",
            type=Count(1, 256),
            default=16,
            show_default=True,
            metavar="N",
            help="Threads that send --count.",
        ),
    )
