"""The formats of `${variable:format}`."""

import html
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

_REGEX = re.compile(r"[\\^$*+?.()|{}\[\]/]")
_LUCENE = re.compile(r'([!*+\-=<>\s&|()\[\]{}^~?:\\/"])')
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_URI_SAFE = "-_.!~*'()"


def format_value(values: Sequence[str], is_list: bool, name: str, argument: str = "", variable: str = "") -> str:
    """The values as a format writes them; an unknown format is written like `glob`, as Grafana does.

    `argument` is what follows a second colon (`date:iso`, `join:;`); `variable` is the name that queryparam needs.
    """
    single = values[0] if values else ""
    match name:
        case "csv" | "raw":
            return ",".join(values)
        case "join":
            return (argument or ",").join(values)
        case "distributed":
            return ",".join(v if i == 0 else f"{variable}={v}" for i, v in enumerate(values))
        case "json":
            return json.dumps(list(values), separators=(",", ":"), ensure_ascii=False) if is_list else single
        case "text":
            return " + ".join(values)
        case "queryparam":
            return "&".join(f"var-{variable}={quote(v, safe=_URI_SAFE)}" for v in values)
        case "percentencode":
            return quote(glob(values, is_list), safe="")
        case "date":
            return _date(single, argument)
        case "pipe" | "regex" | "lucene":
            return _alternatives(values, is_list, name)
        case "html":
            return html.escape(glob(values, is_list), quote=True)
    wrap = _QUOTED.get(name)
    return ",".join(wrap(v) for v in values) if wrap else glob(values, is_list)


def glob(values: Sequence[str], is_list: bool) -> str:
    """`{a,b}` for several values, the bare value for one."""
    return "{" + ",".join(values) + "}" if is_list and len(values) > 1 else ",".join(values)


def _alternatives(values: Sequence[str], is_list: bool, name: str) -> str:
    if name == "pipe":
        return "|".join(values)
    if name == "regex":
        escaped = [_REGEX.sub(lambda m: "\\" + m[0], v) for v in values]
        return f"({'|'.join(escaped)})" if len(escaped) > 1 else "".join(escaped)
    escaped = [_LUCENE.sub(r"\\\1", v) for v in values]
    if not is_list:
        return "".join(escaped)
    return "(" + " OR ".join(f'"{v}"' for v in escaped) + ")" if escaped else "__empty__"


_QUOTED: dict[str, Callable[[str], str]] = {
    "singlequote": lambda v: "'" + v.replace("'", "\\'") + "'",
    "doublequote": lambda v: '"' + v.replace('"', '\\"') + '"',
    "sqlstring": lambda v: "'" + v.replace("'", "''") + "'",
}


def _date(text: str, argument: str) -> str:
    """Epoch ms as ISO (the default), seconds, or one of moment's simple patterns."""
    try:
        at = _EPOCH + timedelta(milliseconds=int(text))
    except (ValueError, OverflowError):
        return text
    if argument in {"", "iso"}:
        return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
    if argument == "seconds":
        return str(int(text) // 1000)
    pattern = argument
    for moment, python in (("YYYY", "%Y"), ("MM", "%m"), ("DD", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S")):
        pattern = pattern.replace(moment, python)
    return at.strftime(pattern)
