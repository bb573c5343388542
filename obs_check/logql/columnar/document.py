"""The line as one JSON document, read once for all who need a value of it."""

from obs_check.logql.columnar.sql import all_of, case, contains, count_occurrences, matches, text

# What DuckDB lets through and JSON has not: a comma before the end, and numbers that are none. Every expression begins
# with one byte, which RE2 finds many times faster than a class of three.
_NO_NUMBER = r"[ \t]*-?(?:[nN][aA]|[iI])"
_NOT_JSON = (rf",(?:[ \t]*[}}\]]|{_NO_NUMBER})", rf":{_NO_NUMBER}", rf"\[{_NO_NUMBER}")
_MEMBER = r":[ \t]*(?:[nN][aA]|[iI])"
_SURELY_MEMBER = rf'"[ \t]*{_MEMBER}'
"""The value of a member that is not JSON: the quick form finds it in texts too."""
_HARMLESS = (r"\u0026", r"\u003c", r"\u003e")
"""Go's encoder writes &, < and > so; any other escape could hide a key or mean another text."""
_PLAIN_SIZE, _MOST_SIZE, _MOST_BLOCKS = 900, 4000, 300
"""Bytes and brackets up to which a line cannot reach Python's limits on nesting (1000) and digits (4300)."""


class JsonColumn:
    """The values that are read from a line, each at a path such as `$."a"."b"`; `name` is the column that has them.

    DuckDB's reader takes some lines that are not JSON: which of `found`, `members` and `sound` is needed depends on
    what the other reader makes of such a line."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._paths: list[str] = []

    def at(self, *keys: str) -> str:
        """SQL of the value at plain keys as compact JSON text; NULL where there is none."""
        path = "$" + "".join(f'."{key}"' for key in keys)
        if path not in self._paths:
            self._paths.append(path)
        return f"{self._name}[{self._paths.index(path) + 1}]"

    def column(self, condition: str) -> str:
        """`list AS name`: all values asked for so far; NULL where the condition fails or the line is not a JSON
        object."""
        extract = f"TRY(json_extract(line, [{', '.join(map(text, self._paths or ['$']))}]))"
        return f"{case((all_of(condition, _is_object()), extract))} AS {self._name}"

    def found(self) -> str:
        """SQL: DuckDB read the line as an object, and its keys stand in it as they are called. A reader that looks for
        keys only, and counts brackets, finds the same values."""
        return all_of(f"{self._name} IS NOT NULL", _no_escapes())

    def members(self) -> str:
        """SQL: so does a reader that goes through the members of objects, and passes over a comma before the end."""
        is_value = case((matches(_MEMBER), f"NOT {matches(_SURELY_MEMBER)}"), otherwise="true")
        # Objects in each other, with empty keys, take five bytes each: Python's limit is on those that it goes into.
        is_flat = case(
            (f"strlen(line) < {_MOST_SIZE}", "true"), otherwise=f"{count_occurrences('{')} <= {_MOST_BLOCKS}"
        )
        return all_of(self.found(), is_value, is_flat)

    def sound(self) -> str:
        """SQL: the line is a JSON object for every reader."""
        valid = (f"NOT {matches(fault)}" for fault in _NOT_JSON)
        return all_of(self.found(), *valid, _in_limits())


def _is_object() -> str:
    return "starts_with(line, '{')"


def _no_escapes() -> str:
    stripped = "line"
    for escape in _HARMLESS:
        stripped = f"replace({stripped}, {text(escape)}, '')"
    backslash = "\\"
    return case((f"NOT {contains(backslash)}", "true"), otherwise=f"NOT contains({stripped}, {text(backslash)})")


def _in_limits() -> str:
    blocks = f"{count_occurrences('{')} + {count_occurrences('[')} <= {_MOST_BLOCKS}"
    return case((f"strlen(line) < {_PLAIN_SIZE}", "true"), (f"strlen(line) > {_MOST_SIZE}", "false"), otherwise=blocks)
