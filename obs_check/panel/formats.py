"""The formats of `${variable:format}`."""

import calendar
import html
import json
import math
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
    """Epoch ms in UTC as ISO (the default), as ms, as seconds, or as one of moment's formats."""
    try:
        at = _EPOCH + timedelta(milliseconds=int(text))
    except (ValueError, OverflowError):
        return text
    match argument:
        case "" | "iso":
            return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
        case "ms":
            return text
        case "seconds":
            # JavaScript's Math.round: a half goes up.
            return str((int(text) + 500) // 1000)
    return _TOKEN.sub(lambda found: found[1] if found[1] is not None else _MOMENT[found[0]](at), argument)


_MOMENT: dict[str, Callable[[datetime], str]] = {
    "YYYY": lambda at: f"{at.year:04d}",
    "YY": lambda at: f"{at.year % 100:02d}",
    "Q": lambda at: str((at.month + 2) // 3),
    "MMMM": lambda at: calendar.month_name[at.month],
    "MMM": lambda at: calendar.month_abbr[at.month],
    "MM": lambda at: f"{at.month:02d}",
    "M": lambda at: str(at.month),
    "DDDD": lambda at: f"{at.timetuple().tm_yday:03d}",
    "DDD": lambda at: str(at.timetuple().tm_yday),
    "DD": lambda at: f"{at.day:02d}",
    "D": lambda at: str(at.day),
    "dddd": lambda at: calendar.day_name[at.weekday()],
    "ddd": lambda at: calendar.day_abbr[at.weekday()],
    "dd": lambda at: calendar.day_abbr[at.weekday()][:2],
    "d": lambda at: str(at.isoweekday() % 7),
    "e": lambda at: str(at.isoweekday() % 7),
    "E": lambda at: str(at.isoweekday()),
    "GGGG": lambda at: f"{at.isocalendar().year:04d}",
    "WW": lambda at: f"{at.isocalendar().week:02d}",
    "W": lambda at: str(at.isocalendar().week),
    "HH": lambda at: f"{at.hour:02d}",
    "H": lambda at: str(at.hour),
    "hh": lambda at: f"{at.hour % 12 or 12:02d}",
    "h": lambda at: str(at.hour % 12 or 12),
    "kk": lambda at: f"{at.hour or 24:02d}",
    "k": lambda at: str(at.hour or 24),
    "mm": lambda at: f"{at.minute:02d}",
    "m": lambda at: str(at.minute),
    "ss": lambda at: f"{at.second:02d}",
    "s": lambda at: str(at.second),
    "SSS": lambda at: f"{at.microsecond // 1000:03d}",
    "SS": lambda at: f"{at.microsecond // 10_000:02d}",
    "S": lambda at: str(at.microsecond // 100_000),
    "A": lambda at: "AM" if at.hour < 12 else "PM",
    "a": lambda at: "am" if at.hour < 12 else "pm",
    "ZZ": lambda _: "+0000",
    "Z": lambda _: "+00:00",
    "X": lambda at: str(math.floor(at.timestamp())),
    "x": lambda at: str((at - _EPOCH) // timedelta(milliseconds=1)),
}
"""The tokens of https://momentjs.com/docs/#/displaying/format/ that do not depend on a language, and English names."""
_TOKEN = re.compile(r"\[([^\]]*)\]|" + "|".join(_MOMENT))
