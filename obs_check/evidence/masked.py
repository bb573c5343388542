"""Texts of configurations without their secrets, row by row: what a diff may show."""

import re
from collections.abc import Iterator

_SECRET = "<secret>"
_WORD = (
    r"[\w.-]*(?:password|passwd|passphrase|token|secret|secret[_-]?(?:access[_-]?)?key|access[_-]?key|api[_-]?key"
    r"|auth[_-]?key|private[_-]?key|credentials|authorization|cookie)"
)
# A key with what joins it to its value, or a Kubernetes variable: `name: X_PASSWORD, value: ...`.
_KEY = re.compile(
    rf"(?<![\w.-])(?:[\"']?{_WORD}[\"']?|name[\"']?\s*:\s*[\"']?{_WORD}[\"']?\s*,\s*[\"']?value[\"']?)"
    r"\s*[:=](?!=)[ \t]*",
    re.IGNORECASE,
)
_VARIABLE = re.compile(rf"\bname:\s*[\"']?{_WORD}[\"']?\s*(?:#.*)?$", re.IGNORECASE)
_ITS_VALUE = re.compile(r"\bvalue:[ \t]*")
_IN_BRACES = re.compile(r"(?:\"(?:\\.|[^\"\\])*\"|'[^']*'|`[^`]*`|\[[^\]]*\]|[^,}])+")
_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'|`[^`]*`")
_CLOSED_BY = {'"': re.compile(r'(?<!\\)"'), "'": re.compile("'"), "`": re.compile("`")}
_URL = re.compile(r"://[^\s\"'`]*@")
_MAPPING = re.compile(r"\s*(?:-\s+)?[\"']?[\w./-]+[\"']?(?::\s|:$|\s*=\s)")
_BEGINS, _ENDS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")


def masked(text: str) -> str:
    """The text with `<secret>` for the values of passwords, tokens and the like, for private keys, and for what stands
    in front of a URL's host; it keeps its number of rows. A value may go on below its key: a block of YAML, a list, a
    string in backticks. Rather too much is taken than too little."""
    return "\n".join(_masked_rows(text.split("\n")))


def _masked_rows(rows: list[str]) -> Iterator[str]:
    below: int | None = None
    """Rows further in than this column belong to a secret."""
    until: re.Pattern[str] | None = None
    """What ends a secret that goes over rows of any column."""
    for number, row in enumerate(rows):
        if until is not None:
            end = until.search(row)
            yield _hidden(row) if end is None else _SECRET + row[end.end() :]
            until = None if end else until
            continue
        if below is not None and (not row.strip() or _column(row) > below or _item(row, below)):
            yield _hidden(row)
            continue
        below = None
        if begin := _BEGINS.search(row):
            end = _ENDS.search(row, begin.end())
            yield row[: begin.start()] + _SECRET + (row[end.end() :] if end else "")
            until = None if end else _ENDS
            continue
        beside = rows[max(number - 1, 0) : number + 2]
        shown, key = _masked_row(row, any(_VARIABLE.search(other) for other in beside))
        if key is not None:
            if quote := _left_open(key, row):
                until = _CLOSED_BY[quote]
            elif row[key.end() :].strip() or not _is_mapping(rows, number + 1):
                below = key.start()
        yield _URL.sub(f"://{_SECRET}@", shown)


def _masked_row(row: str, is_variable: bool) -> tuple[str, re.Match[str] | None]:
    """The row without secrets; the key whose value takes the rest of it, and may go on below."""
    shown, at = "", 0
    while key := (_KEY.search(row, at) or (_ITS_VALUE.search(row, at) if is_variable else None)):
        shown += row[at : key.end()]
        at = key.end()
        if row.startswith("{", at):
            continue
        in_braces = row.count("{", 0, key.start()) > row.count("}", 0, key.start())
        value = _IN_BRACES.match(row, at) if in_braces and not _left_open(key, row) else None
        if value is None:
            return shown + (_SECRET if row[at:].strip() else row[at:]), key
        shown, at = shown + _SECRET, value.end()
    return shown + row[at:], None


def _left_open(key: re.Match[str], row: str) -> str:
    """The quote of a string behind a key that does not end on its row: in YAML any that starts a value, in Alloy a
    backtick."""
    value = row[key.end() :]
    if key[0].rstrip().endswith("="):
        return "`" if "`" in _STRING.sub("", value).partition("//")[0] else ""
    return value[0] if value[:1] in ("'", '"') and not _STRING.match(value) else ""


def _hidden(row: str) -> str:
    return row[: _column(row)] + _SECRET if row.strip() else row


def _column(row: str) -> int:
    return len(row) - len(row.lstrip())


def _item(row: str, column: int) -> bool:
    """Whether a row is an item of a list that stands straight below its key."""
    return _column(row) == column and row.lstrip().startswith("- ")


def _is_mapping(rows: list[str], at: int) -> bool:
    """Whether keys of their own stand below a key that has nothing behind it."""
    below = next((row for row in rows[at:] if row.strip()), "")
    return _MAPPING.match(below) is not None
