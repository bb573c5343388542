"""`| logfmt` on lines in which a key stands once, where it cannot be part of a value."""

import re
from collections.abc import Callable

from obs_check.logql.columnar.columns import Columns, ColumnValue
from obs_check.logql.columnar.sql import IS_ASCII, NotColumnar, all_of, case, contains, matches, repeats, text
from obs_check.logql.syntax import ast

# Values without escapes, and not U+FFFD, which Loki makes a blank of.
_BARE = r'[^\x00-\x20"=\x{FFFD}]+'
_VALUE = rf'(?:{_BARE}|"[^"\\\x{{FFFD}}]*")'
_TRIMMED = r'"(?:[^ "\\\x{FFFD}](?:[^"\\\x{FFFD}]*[^ "\\\x{FFFD}])?)?"'
_PAIR = rf"[A-Za-z_][A-Za-z0-9_]*={_VALUE}"
_NOT_ASCII = r"[^\x00-\x7f]+"
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ALL_PLAIN = matches(f"^{_PAIR}(?: {_PAIR})*$")


def logfmt_columns(stage: ast.LogfmtParser, needed: list[str]) -> Columns:
    """The needed labels. NotColumnar for a label that is named otherwise than its key."""
    if any(e.label != e.expression.strip().strip('"') for e in stage.extractions):
        raise NotColumnar("logfmt names a label otherwise than its key")
    explicit = bool(stage.extractions)
    columns = Columns(simple=[_ALL_PLAIN] if stage.strict else [])
    for name in needed:
        if _KEY.fullmatch(name) is None:
            raise NotColumnar(f"label {name} is not a plain name")
        pair = f"pair_{name}"
        columns.helpers[pair] = f"regexp_extract(line, {text(f' {name}=(?:{_BARE}(?: |$)|{_TRIMMED})')})"
        columns.values[name] = ColumnValue(pair, _reader(name, stage))
        columns.simple.append(_told(name, pair))
        if explicit or stage.keep_empty:
            # A key without "=" has the empty value, and the last one counts.
            bare = matches(rf'(?:^|[\x00-\x20"]){name}(?:[\x00-\x20]|$)')
            columns.simple.extend([IS_ASCII, f"NOT {bare}"])
    return columns


def _reader(name: str, stage: ast.LogfmtParser) -> Callable[[str], str]:
    def read(pair: str) -> str:
        # Trimming is exact for these values; quotes can only be around them.
        value = f"trim(substr({pair}, {len(name) + 3}), ' \"')"
        if not stage.extractions and not stage.keep_empty:
            value = f"nullif({value}, '')"
        return case((f"{pair} <> ''", value), otherwise="''" if stage.extractions else "NULL")

    return read


def _told(name: str, pair: str) -> str:
    """Whether the label is what the one pair of this key says, or absent. At the start of a line it is in doubt.

    Up to the first quote every blank ends a token, whatever faults the tokens have. Behind a quote, and for a label
    that may come from a key with other characters than "_", the whole line has to be of plain pairs.
    """
    key = f"{name}="
    whole = matches(f"^(?:{_PAIR} )*{name}={_VALUE}(?: {_PAIR})*$")
    if "_" in name:
        absent, unquoted = _ALL_PLAIN, "false"
    else:
        # Blanks of Unicode around a key are cut off.
        absent = case((IS_ASCII, "true"), otherwise=f"NOT {matches(name + _NOT_ASCII + '=')}")
        # The key stands once behind a blank, as a pair was found. `^[^"]* key=` would say the same at a higher price.
        unquoted = f"line NOT LIKE '%\"% {key}%'"
    return case(
        (f"{pair} = ''", all_of(f"NOT {contains(key)}", absent)),
        (repeats(key), "false"),
        (unquoted, absent),
        otherwise=all_of(whole, absent),
    )
