"""The functions of templates in a shipper: promtail's own, Go's, and those of sprig 3.3 for texts and numbers.

By hand, because sprig is a Go library and has no counterpart in Python.
"""

import base64
import functools
import hashlib
import json
import math
import posixpath
import re
import zlib
from collections.abc import Callable
from typing import Any, NoReturn

from obs_check.golang import jsontext
from obs_check.golang.regex import compile_re2, matches
from obs_check.golang.template.functions import FUNCTIONS as LOKI
from obs_check.golang.template.functions import Signature, to_float, to_int, untyped
from obs_check.golang.template.sprig_lists import LISTS, strings
from obs_check.golang.template.values import MISSING, TemplateFault, show, truth

_LOKI_ONLY = {
    "alignLeft", "alignRight", "bytes", "count", "duration", "duration_seconds", "toDateInZone", "unixEpochMillis",
    "unixEpochNanos", "unixToTime", "urldecode", "urlencode",
}  # fmt: skip

NOT_SIMULATED = (
    "date_modify", "dateModify", "ago", "duration", "durationRound", "must_date_modify", "mustDateModify", "mustToDate",
    "randAlphaNum", "randAlpha", "randAscii", "randNumeric", "randInt", "randBytes", "shuffle", "uuidv4", "env",
    "expandenv", "getHostByName", "bcrypt", "htpasswd", "genPrivateKey", "derivePassword", "buildCustomCert", "genCA",
    "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey",
    "encryptAES", "decryptAES", "semver", "semverCompare", "urlParse", "urlJoin", "deepCopy", "mustDeepCopy",
    "mergeOverwrite", "mustMerge", "mustMergeOverwrite", "snakecase", "camelcase", "kebabcase", "abbrev",
    "abbrevboth", "wrap", "wrapWith", "call", "js", "toRawJson",
)  # fmt: skip
"""Known to promtail; a template that uses one fails here, and its stage says so in a note."""


def _texts(function: Callable[..., object]) -> Callable[..., Any]:
    """Of texts only, as Go checks it."""

    def checked(*values: object) -> object:
        for value in values:
            if type(value) is not str:
                raise TemplateFault(f"wrong type for value; expected string; got {show(value)}")
        return function(*values)

    return functools.update_wrapper(checked, function)


def _cut(text: str, start: int, end: int | None) -> str:
    """Part of a text by bytes."""
    return text.encode()[start:end].decode(errors="replace")


def _trunc(count: int, text: str) -> str:
    size = len(text.encode())
    if count < 0 and size + count > 0:
        return _cut(text, size + count, None)
    return _cut(text, 0, count) if count >= 0 else text


def _substr(start: int, end: int, text: str) -> str:
    size = len(text.encode())
    if start < 0:
        if end < 0 or end > size:
            raise TemplateFault("slice bounds out of range")
        return _cut(text, 0, end)
    if (last := size if end < 0 or end > size else end) < start:
        raise TemplateFault("slice bounds out of range")
    return _cut(text, start, last)


def _base32(text: str) -> str:
    try:
        return base64.b32decode(text).decode(errors="replace")
    except ValueError as error:
        return f"illegal base32 data: {error}"


def _hash(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


def _regex(pattern: str) -> Any:
    return compile_re2(pattern)


def _find_all(pattern: str, text: str, count: int) -> list[str]:
    found = [match[0] for match in matches(_regex(pattern), text)]
    return found if count < 0 else found[:count]


def _split_all(pattern: str, text: str, count: int) -> list[str]:
    parts: list[str] = []
    at = 0
    for match in matches(_regex(pattern), text):
        if 0 < count <= len(parts) + 1:
            break
        if match.end() > 0 and match.start() < len(text):
            parts.append(text[at : match.start()])
            at = match.end()
    return [] if count == 0 else [*parts, text[at:]]


def _ternary(yes: object, no: object, test: object) -> object:
    if not isinstance(test, bool):
        raise TemplateFault("wrong type for value; expected bool")
    return yes if test else no


def _fail(message: str) -> object:
    raise TemplateFault(message)


def _kind(value: object) -> str:
    names = {str: "string", bool: "bool", int: "int", float: "float64", list: "slice", dict: "map"}
    return names.get(type(value), "invalid")


def _title(text: str) -> str:
    return re.sub(r"(?<!\w)[^\W\d_]", lambda found: found[0].upper(), text)


def _quoted(mark: Callable[[object], str]) -> Callable[..., str]:
    return lambda *values: " ".join(mark(v) for v in values if v is not None and v is not MISSING)


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)


def _not_simulated(name: str) -> Callable[..., object]:
    def refuse(*_: object) -> NoReturn:
        raise TemplateFault(f"{name} is not simulated")

    return refuse


_TEXTS: dict[str, Callable[..., Any]] = {
    "ToLower": lambda text: text.lower(),
    "ToUpper": lambda text: text.upper(),
    "Trim": lambda text, cut: text.strip(cut) if cut else text,
    "TrimLeft": lambda text, cut: text.lstrip(cut) if cut else text,
    "TrimRight": lambda text, cut: text.rstrip(cut) if cut else text,
    "TrimPrefix": lambda text, cut: text.removeprefix(cut),
    "TrimSuffix": lambda text, cut: text.removesuffix(cut),
    "TrimSpace": lambda text: text.strip(),
    "Hash": lambda salt, text: hashlib.sha3_256((salt + text).encode()).hexdigest(),
    "Sha2Hash": lambda salt, text: hashlib.sha256((salt + text).encode()).hexdigest(),
    "lower": lambda text: text.lower(),
    "upper": lambda text: text.upper(),
    "title": _title,
    "untitle": lambda text: re.sub(r"(?<!\S)\S", lambda found: found[0].lower(), text),
    "swapcase": lambda text: text.swapcase(),
    "trim": lambda text: text.strip(),
    "trimall": lambda cut, text: text.strip(cut) if cut else text,
    "trimAll": lambda cut, text: text.strip(cut) if cut else text,
    "trimPrefix": lambda cut, text: text.removeprefix(cut),
    "trimSuffix": lambda cut, text: text.removesuffix(cut),
    "nospace": lambda text: "".join(text.split()),
    "initials": lambda text: "".join(word[0] for word in text.split()),
    "replace": lambda old, new, text: text.replace(old, new),
    "contains": lambda part, text: part in text,
    "hasPrefix": lambda part, text: text.startswith(part),
    "hasSuffix": lambda part, text: text.endswith(part),
    "b64enc": lambda text: base64.b64encode(text.encode()).decode(),
    "b32enc": lambda text: base64.b32encode(text.encode()).decode(),
    "b32dec": _base32,
    "sha1sum": _hash("sha1"),
    "sha256sum": _hash("sha256"),
    "sha512sum": _hash("sha512"),
    "adler32sum": lambda text: str(zlib.adler32(text.encode())),
    "regexMatch": lambda pattern, text: _regex(pattern).search(text) is not None,
    "mustRegexMatch": lambda pattern, text: _regex(pattern).search(text) is not None,
    "regexFind": lambda pattern, text: found[0] if (found := _regex(pattern).search(text)) else "",
    "mustRegexFind": lambda pattern, text: found[0] if (found := _regex(pattern).search(text)) else "",
    "regexQuoteMeta": lambda text: re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text),
    "atoi": lambda text: int(text) if re.fullmatch(r"[+-]?\d+", text, re.ASCII) else 0,
    "base": lambda path: posixpath.basename(path.rstrip("/")) or ("/" if path else "."),
    "dir": lambda path: posixpath.normpath(posixpath.dirname(path) or "."),
    "ext": lambda path: found[0] if (found := re.search(r"\.[^./]*$", path)) else "",
    "clean": lambda path: posixpath.normpath(path or "."),
    "isAbs": lambda path: path.startswith("/"),
    "fail": _fail,
}

_ALL: dict[str, Signature | Callable[..., Any]] = {
    **{name: _not_simulated(name) for name in NOT_SIMULATED},
    **{name: function for name, function in LOKI.items() if name not in _LOKI_ONLY},
    **LISTS,
    **{name: _texts(function) for name, function in _TEXTS.items()},
    "mustRegexReplaceAll": LOKI["regexReplaceAll"],
    "mustRegexReplaceAllLiteral": LOKI["regexReplaceAllLiteral"],
    "regexFindAll": _find_all,
    "mustRegexFindAll": _find_all,
    "regexSplit": _split_all,
    "mustRegexSplit": _split_all,
    "trunc": _trunc,
    "substr": _substr,
    "repeat": lambda count, text: text * count if count >= 0 else _fail("strings: negative Repeat count"),
    "plural": lambda one, many, count: one if count == 1 else many,
    "quote": _quoted(lambda value: LOKI["printf"].call("%q", show(value))),
    "squote": _quoted(lambda value: f"'{show(value)}'"),
    "cat": lambda *values: " ".join(show(v) for v in values if v is not None and v is not MISSING),
    "toString": show,
    "int": to_int,
    "int64": to_int,
    "float64": to_float,
    "toDecimal": lambda value: int(show(value), 8) if re.fullmatch(r"[+-]?[0-7]+", show(value)) else 0,
    "add1": lambda value: to_int(value) + 1,
    "add1f": lambda value: to_float(value) + 1,
    "biggest": lambda *values: max(map(to_int, values)),
    "floor": lambda value: float(math.floor(to_float(value))),
    "ceil": lambda value: float(math.ceil(to_float(value))),
    "empty": lambda value: not truth(value),
    "all": lambda *values: all(map(truth, values)),
    "any": lambda *values: any(map(truth, values)),
    "ternary": _ternary,
    "kindOf": _kind,
    "kindIs": lambda kind, value: _kind(value) == kind,
    "typeOf": lambda value: LOKI["printf"].call("%T", value),
    "typeIs": lambda kind, value: bool(LOKI["printf"].call("%T", value) == kind),
    "typeIsLike": lambda kind, value: LOKI["printf"].call("%T", value).removeprefix("*") == kind,
    "deepEqual": lambda a, b: type(a) is type(b) and bool(a == b),
    "toJson": jsontext.write,
    "mustToJson": jsontext.write,
    "toPrettyJson": _pretty,
    "join": lambda by, values: by.join(strings(values)),
    "hello": lambda: "Hello!",
}

FUNCTIONS: dict[str, Signature] = {
    name: function if isinstance(function, Signature) else untyped(function) for name, function in _ALL.items()
}
