"""`${NAME}` in a configuration, as promtail expands it with `-config.expand-env=true`."""

import re
from collections.abc import Mapping

from obs_check.errors import ConfigError

_REFERENCE = re.compile(
    r"\$(?P<escape>\$(?=\{))"
    r"|\$\{(?P<name>(?!\d+\})[^{}:=]*)(?:(?P<op>:-|:=|=|:)(?P<default>[^}]*))?\}"
)


def expand(text: str, env: Mapping[str, str], file: str) -> str:
    """The text with `${NAME}` and `${NAME:-default}` replaced; an unset name without default is empty, `$${` writes
    `${`. `${1}` stays: it is a group of a relabel rule, which promtail would blank. Raises ConfigError for other forms.
    """

    def value(match: re.Match[str]) -> str:
        if match["escape"]:
            return "$"
        if match["op"] == ":":
            line = text.count("\n", 0, match.start()) + 1
            raise ConfigError(f"{file}:{line}: {match[0]} is not understood", "write ${NAME} or ${NAME:-default}")
        return env.get(match["name"].strip()) or match["default"] or ""

    return _REFERENCE.sub(value, text)
