"""Options of the commands that send events: how many, through which executor, by which client."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from obs_check.app.systems.injection import Sending

F = TypeVar("F", bound=Callable[..., Any])
_MOST = 1000
"""Events of one decision that a run may have."""


def counted(default: int) -> Callable[[F], F]:
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
    """Decorator: --via and --client, handed to the command as `sending: Sending`."""

    @functools.wraps(function)
    def command(*args: Any, via: str | None, client: Any, **kwargs: Any) -> Any:
        return function(*args, sending=_sending(via, client), **kwargs)

    decorated: Any = command
    for option in (
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


def _sending(via: str | None, client: Any) -> "Sending":
    from obs_check.app.systems.injection import Sending

    return Sending(via, client)
