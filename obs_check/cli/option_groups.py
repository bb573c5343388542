"""Options that belong together: several as one decorator, and their values as one argument of the command."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

F = TypeVar("F", bound=Callable[..., object])
Take = Callable[..., Any]
"""Takes the value of an option by its name; a second argument is the value where there is no such option."""
Gather = Callable[[Take], Mapping[str, object]]
"""Makes arguments, by name, of the values of options."""


class Count(click.IntRange):
    """A whole number of a range; the error about what is none says so in words of ours."""

    name = "whole number"


class Seconds(click.FloatRange):
    """Seconds of a range, said without a unit."""

    name = "number of seconds"


class PerSecond(click.FloatRange):
    """A rate of a range."""

    name = "number a second"


def with_options(function: F, *options: Callable[[F], F]) -> F:
    """A command with these options; --help shows the first one first."""
    for option in reversed(options):
        function = option(function)
    return function


def wrapping(function: F, command: Callable[..., object]) -> F:
    """`command` in place of the function, with its name, its docstring and its options."""
    return cast(F, functools.wraps(function)(command))


def gathering(function: F, gather: Gather) -> F:
    """A command that is handed what `gather` makes of some of its options, in their place."""

    def command(*args: object, **given: object) -> object:
        made = gather(given.pop)
        return function(*args, **made, **given)

    return wrapping(function, command)


def as_record(name: str, kind: "type[DataclassInstance]") -> Callable[[F], F]:
    """Decorator: the options that are called as the fields of a dataclass, wherever they stand among the others, are
    handed to the command as one of it, called `name`."""

    def gather(take: Take) -> Mapping[str, object]:
        return {name: kind(**{field.name: take(field.name) for field in fields(kind)})}

    return lambda function: gathering(function, gather)
