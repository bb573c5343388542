"""`| logfmt` on lines of plain pairs."""

import re

from obs_check.logql.columnar.columns import Columns
from obs_check.logql.columnar.sql import NotColumnar, case, matches, occurrences, text
from obs_check.logql.syntax import ast

# One blank between pairs, no escapes, no bare keys, and not U+FFFD, which Loki makes a blank of.
_VALUE = r'(?:[^\x00-\x20"=\x{FFFD}]+|"[^"\\\x{FFFD}]*")'
_PAIR = rf"[A-Za-z_][A-Za-z0-9_]*={_VALUE}"
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def logfmt_columns(stage: ast.LogfmtParser, needed: list[str]) -> Columns:
    """The needed labels. NotColumnar for a label that is named otherwise than its key."""
    explicit = bool(stage.extractions)
    if any(e.label != e.expression.strip().strip('"') for e in stage.extractions):
        raise NotColumnar("logfmt names a label otherwise than its key")
    plain = matches(f"^{_PAIR}(?: {_PAIR})*$")
    values, simple = {}, [] if needed or not stage.strict else [plain]
    for name in needed:
        if _KEY.fullmatch(name) is None:
            raise NotColumnar(f"label {name} is no plain name")
        count = occurrences(f"{name}=")
        value = f"trim(regexp_extract(line, {text(f'(?:^| ){name}=({_VALUE})')}, 1), '\"')"
        if not explicit and not stage.keep_empty:
            value = f"nullif({value}, '')"
        values[name] = case((f"{count} = 0", "''" if explicit else "NULL"), otherwise=value)
        once = matches(f"^(?:{_PAIR} )*{name}={_VALUE}(?: {_PAIR})*$")
        simple.append(case((f"{count} = 0", plain), (f"{count} = 1", once), otherwise="false"))
    return Columns(values, " AND ".join(simple) or "true")
