"""What Go does with values in a template: types, truth, printing, comparing."""

from obs_check.golang.durations import format_go_duration
from obs_check.golang.numbers import float_text
from obs_check.golang.template.clock import Instant


class TemplateFault(Exception):
    """A template that fails while it runs; the text is Go's reason."""


class Int64(int):
    """A whole number that is no `int` for Go: what arithmetic functions give."""


class Duration(int):
    """Nanoseconds between two times."""


MISSING = None
"""The value of a key that an object does not have."""


class Labels(dict[str, str]):
    """The labels of a line: a key that is not there is the empty text."""


def type_name(value: object) -> str:
    """Go's name of the value's type."""
    if value is None:
        return "<nil>"
    known = {
        str: "string",
        bool: "bool",
        int: "int",
        Int64: "int64",
        float: "float64",
        Labels: "map[string]string",
        list: "[]interface {}",
        Instant: "time.Time",
        Duration: "time.Duration",
    }
    return known.get(type(value), "map[string]interface {}")


def truth(value: object) -> bool:
    """Go: empty, zero and nil are false; a time is true."""
    return isinstance(value, Instant) or bool(value)


def show(value: object) -> str:
    """The value as %v prints it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Duration):
        return format_go_duration(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return float_text(value)
    if value is None:
        return "<nil>"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{show(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(show, value))}]"
    return str(value)
