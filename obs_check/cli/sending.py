"""Options of the commands that send events: how many, through which executor, by which client."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from obs_check.cli.options import given_option

if TYPE_CHECKING:
    from obs_check.app.systems.injection import Sending

F = TypeVar("F", bound=Callable[..., Any])
_MOST = 1000
"""Events of one decision that a run may have."""
_MOST_OF_LOAD = 1_000_000
"""Events of a run that is only accounted for."""


def event_options(default: int) -> Callable[[F], F]:
    """Decorator: --allow and --deny, as `allow` and `deny`."""

    def decorate(function: F) -> F:
        for name, word in (("deny", "Denied"), ("allow", "Allowed")):
            option = click.option(
                f"--{name}",
                type=click.IntRange(0, _MOST),
                default=default,
                show_default=True,
                help=f"{word} events to send.",
            )
            function = option(function)
        return function

    return decorate


def through(function: F) -> F:
    """Decorator: --via and --client, handed to the command as `sending: Sending`; and --proxy, --allow-url and
    --deny-url, which `Output.config` heeds."""

    @functools.wraps(function)
    def command(*args: object, via: str | None, client: object, **kwargs: object) -> Any:
        return function(*args, sending=_sending(via, client), **kwargs)

    decorated: Any = command
    for option in (
        given_option("deny-url", "URL", "What boundary denies.  [default: inject.deny_url, or what its rules say]"),
        given_option("allow-url", "URL", "What boundary allows.  [default: inject.allow_url, or what its rules say]"),
        given_option("proxy", "URL", "boundary's proxy, or `environment` inside of it.  [default: boundary.proxy]"),
        click.option(
            "--client",
            type=click.Choice(["any", "curl", "python", "both"]),
            default="any",
            show_default=True,
            help="What the probe sends with; both shows where clients differ.",
        ),
        click.option(
            "--via",
            metavar="EXECUTOR",
            help="Send from there: local, boundary, kubectl, coder, command, chat.  [default: inject.via, else local]",
        ),
    ):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def loaded(function: F) -> F:
    """Decorator: --count, --rate and --parallel, handed to the command as `load: Load | None`."""

    @functools.wraps(function)
    def command(*args: object, count: int | None, rate: float | None, parallel: int, **kwargs: object) -> Any:
        from obs_check.app.systems.load import Load
        from obs_check.errors import UsageError

        if count is None and rate is not None:
            raise UsageError("--rate needs --count", "say how many events")
        load = None if count is None else Load(count, rate or 0.0, parallel)
        return function(*args, load=load, **kwargs)

    decorated: Any = command
    for option in (
        click.option(
            "--parallel", type=click.IntRange(1, 256), default=16, show_default=True, help="Threads that send --count."
        ),
        click.option("--rate", type=click.FloatRange(0.01), help="Events a second of --count.  [default: no limit]"),
        click.option(
            "--count",
            type=click.IntRange(1, _MOST_OF_LOAD),
            help="Send so many events, half of them to be denied, and account for each at every hop.",
        ),
    ):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def _sending(via: str | None, client: Any) -> "Sending":
    from obs_check.app.systems.injection import Sending

    return Sending(via, client)
