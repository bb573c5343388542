"""What every call of a client returns: the value, and the probe that proves it."""

from typing import Generic, NamedTuple, TypeVar

from obs_check.model.probe import Probe

T = TypeVar("T", covariant=True)


class Answered(NamedTuple, Generic[T]):
    """`value` is the answer as a type of ours, `probe` the question with the answer as it can be shown."""

    value: T
    probe: Probe
