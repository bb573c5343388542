"""Go's regular expressions (RE2) for stages."""

from typing import Any

import re2

from obs_check.shipper.yamltree import Value


def compile_regex(pattern: str) -> Any:
    """A compiled pattern; raises ValueError with RE2's reason."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise ValueError(reason) from None


def read_regex(value: Value) -> str:
    """The pattern that stands in a configuration, checked; raises ConfigError."""
    pattern = value.text()
    try:
        compile_regex(pattern)
    except ValueError as error:
        raise value.error(f"the regular expression {pattern!r} is not RE2: {error}") from None
    return pattern
