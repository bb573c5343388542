"""Values that only a running Alloy knows."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Unknown:
    """A value that is known only where Alloy runs; `text` is how the configuration writes it."""

    text: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class ComponentReference(Unknown):
    """What another component exports: `text` is the whole of it, `block` the component's id, `export` the rest."""

    block: str = ""
    export: str = ""


class UnknownText(str):
    """How the configuration writes a value that is known only where Alloy runs, in the place of its text."""

    __slots__ = ()


def has_unknown(value: object) -> bool:
    """True when a value is, or holds, one that is not known here."""
    if isinstance(value, dict):
        return any(has_unknown(v) for v in value.values())
    return any(has_unknown(v) for v in value) if isinstance(value, list) else isinstance(value, Unknown)
