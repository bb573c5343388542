"""Go's regular expressions (RE2) for stages."""

from typing import Any

from obs_check.documents.yaml_tree import YamlValue
from obs_check.errors import QueryError
from obs_check.golang.regex import compile_re2


def compile_regex(pattern: str) -> Any:
    """A compiled pattern; raises ValueError with Go's reason."""
    try:
        return compile_re2(pattern)
    except QueryError as error:
        raise ValueError(error.message.removeprefix("error parsing regexp: ")) from None


def read_regex(value: YamlValue) -> str:
    """The pattern that stands in a configuration, checked; raises ConfigError."""
    pattern = value.text()
    try:
        compile_regex(pattern)
    except ValueError as error:
        raise value.error(f"the regular expression {pattern!r} is not RE2: {error}") from None
    return pattern
