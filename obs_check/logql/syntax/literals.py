"""Numbers, characters and blanks as Go's text/scanner reads them, which Loki's lexer is built on."""

import re

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NUMBER = re.compile(
    r"(?:0(?P<prefix>[xX])(?P<hex>[0-9a-fA-F_]*(?:(?P<hexdot>\.)[0-9a-fA-F_]*)?)"
    r"|0(?P<base>[oObB])(?P<digits>[\d_]*(?:(?P<radix>\.)[\d_]*)?)"
    r"|(?P<decimal>\d[\d_]*(?P<dot>\.[\d_]*)?|\.\d[\d_]*))"
    r"(?:(?P<e>[eEpP])[+-]?(?P<exponent>[\d_]*))?",
    re.ASCII,
)
_CHAR = re.compile(
    r"(?:[^'\\\n]|\\(?:[abfnrtv\\']|[0-7]{3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}))",
)
_SEPARATED = re.compile(r"(?:0[xXoObB]_?)?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*")
_NAMES = {"x": "hexadecimal", "o": "octal", "b": "binary"}


class BadLiteral(Exception):
    """Something that begins like a literal and is none; says why in Go's words."""


def skip_blank(text: str, at: int) -> int:
    """Where the next token begins: behind blanks and comments (`#`, `//`, `/* */`)."""
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def number_end(text: str, at: int) -> int | None:
    """Where the number that begins at an offset ends, None when none does. Raises BadLiteral."""
    found = _NUMBER.match(text, at)
    if found is None:
        return None
    prefix = (found["prefix"] or found["base"] or "").lower()
    digits = found["hex"] or found["digits"] or found["decimal"] or ""
    name = _NAMES.get(prefix, "decimal") + " literal"
    fraction = found["hexdot"] or found["radix"] or found["dot"] or digits.startswith(".")
    if found["radix"]:
        raise BadLiteral(f"invalid radix point in {name}")
    if not digits.strip("_."):
        raise BadLiteral(f"{name} has no digits")
    if mark := found["e"]:
        if mark in "eE" and prefix:
            raise BadLiteral(f"'{mark}' exponent requires decimal mantissa")
        if mark in "pP" and prefix != "x":
            raise BadLiteral(f"'{mark}' exponent requires hexadecimal mantissa")
        if not found["exponent"].strip("_"):
            raise BadLiteral("exponent has no digits")
    elif prefix == "x" and fraction:
        raise BadLiteral("hexadecimal mantissa requires a 'p' exponent")
    if not mark and not fraction:
        _check_digits(digits, prefix)
    parts = re.split(r"[.pP+-]" if prefix == "x" else r"[.eE+-]", found[0])
    if "_" in found[0] and any(part and not _SEPARATED.fullmatch(part) for part in parts):
        raise BadLiteral("'_' must separate successive digits")
    return found.end()


def _check_digits(digits: str, prefix: str) -> None:
    """Refuses a digit that its base has not; a number that begins with 0 is octal."""
    octal = prefix == "o" or (not prefix and digits.startswith("0") and len(digits) > 1)
    if not octal and prefix != "b":
        return
    for digit in digits:
        if digit in "89" or (prefix == "b" and digit in "234567"):
            raise BadLiteral(f"invalid digit '{digit}' in {'octal' if octal else 'binary'} literal")


def char_end(text: str, at: int) -> int:
    """Where a character in single quotes ends, which is a name for Loki. Raises BadLiteral."""
    inside, count = at + 1, 0
    while text[inside : inside + 1] != "'":
        if inside >= len(text) or text[inside] == "\n":
            raise BadLiteral("literal not terminated")
        char = _CHAR.match(text, inside)
        if char is None:
            raise BadLiteral("invalid char escape")
        inside, count = char.end(), count + 1
    if count != 1:
        raise BadLiteral("invalid char literal")
    return inside + 1
