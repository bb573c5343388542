"""The values of a JSON or YAML document."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""What a document of JSON or YAML holds, to be read only: so a list of texts is one, and a mapping to numbers."""
