"""The line as one JSON document, read once for all who need a value of it."""

from obs_check.logql.columnar.sql import case, contains, matches, occurrences, text

_NOT_JSON = r"(?i),\s*[}\]]|[:,\[]\s*-?(?:nan|inf)"
"""What DuckDB lets through and JSON has not: a comma before the end, and numbers that are none."""
_HARMLESS = (r"\u0026", r"\u003c", r"\u003e")
"""Go's encoder writes &, < and > so; any other escape could hide a key or mean another text."""
_PLAIN_SIZE, _MOST_SIZE, _MOST_BLOCKS = 900, 4000, 300
"""Bytes and brackets up to which a line cannot reach Python's limits on nesting (1000) and digits (4300)."""


class Document:
    """The values that are read from a line, each at a path such as `$."a"."b"`."""

    def __init__(self) -> None:
        self._paths: list[str] = []

    def at(self, *keys: str) -> str:
        """SQL of the value at plain keys as compact JSON text; NULL where there is none."""
        path = "$" + "".join(f'."{key}"' for key in keys)
        if path not in self._paths:
            self._paths.append(path)
        return f"doc[{self._paths.index(path) + 1}]"

    @property
    def expression(self) -> str:
        """SQL of the list of all values asked for so far; NULL where the line is no JSON object."""
        extract = f"TRY(json_extract(line, [{', '.join(map(text, self._paths))}]))"
        return case(("starts_with(line, '{')", extract))


SOUND = "sound"
"""The column that says: the line is a JSON object for every reader, and its keys stand in it as they are called."""


def soundness() -> str:
    """SQL of the column `sound` over `line` and `doc`."""
    return case(("doc IS NULL", "false"), otherwise=f"{_no_escapes()} AND NOT {matches(_NOT_JSON)} AND {_in_limits()}")


def _no_escapes() -> str:
    stripped = "line"
    for escape in _HARMLESS:
        stripped = f"replace({stripped}, {text(escape)}, '')"
    backslash = "\\"
    return case((f"NOT {contains(backslash)}", "true"), otherwise=f"NOT contains({stripped}, {text(backslash)})")


def _in_limits() -> str:
    blocks = f"{occurrences('{')} + {occurrences('[')} <= {_MOST_BLOCKS}"
    return case((f"strlen(line) < {_PLAIN_SIZE}", "true"), (f"strlen(line) > {_MOST_SIZE}", "false"), otherwise=blocks)
