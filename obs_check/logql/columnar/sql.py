"""Pieces of DuckDB SQL over the column `line`."""

from obs_check.errors import ObsCheckError


class NotColumnar(ObsCheckError):
    """The query or a file is not for this path; the message says why. Never reaches a user as an error."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "")


def text(value: str) -> str:
    """A text literal."""
    return "'" + value.replace("'", "''") + "'"


def contains(value: str) -> str:
    """Whether the line holds a text."""
    return f"contains(line, {text(value)})"


def matches(pattern: str) -> str:
    """Whether RE2 finds the pattern in the line: DuckDB's engine is the one that the row engine uses."""
    return f"regexp_matches(line, {text(pattern)})"


def count_occurrences(value: str) -> str:
    """How often a text that cannot overlap itself occurs in the line; strlen counts bytes, which is quicker."""
    size = len(value.encode())
    return f"((strlen(line) - strlen(replace(line, {text(value)}, ''))) // {size})"


def repeats(value: str) -> str:
    """Whether a text that cannot overlap itself occurs in the line more than once."""
    if any(char in value for char in "%_\\"):
        return f"{count_occurrences(value)} > 1"
    return f"line LIKE {text(f'%{value}%{value}%')}"


IS_ASCII = "strlen(line) = length(line)"


def all_of(*conditions: str) -> str:
    """All conditions, each looked at only where those before it hold, which AND does not do."""
    *first, last = conditions or ("true",)
    for condition in reversed(first):
        last = f"CASE WHEN {condition} THEN {last} ELSE false END"
    return last


def case(*branches: tuple[str, str], otherwise: str = "NULL") -> str:
    """`CASE WHEN condition THEN value ... END`: the conditions are looked at in order."""
    return "CASE " + " ".join(f"WHEN {test} THEN {value}" for test, value in branches) + f" ELSE {otherwise} END"
