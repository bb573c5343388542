"""How a secret stands in a text: a known one in every spelling, one that nobody told us about by what stands before it.

What is looked for costs a pass over every text that is shown or written, so each pattern takes linear time, and those
of unknown secrets are tried only where a word of theirs is there.
"""

import base64
import html
import json
import re

HIDDEN = "(hidden)"
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]")
"""What no URL, JSON, HTML spells in another way: unreserved by RFC 3986, 2.3."""
_BASE64_CHARS = 8
"""A shorter part of a base64 text would be found inside of others."""


def spellings(value: str) -> tuple[str, int]:
    """A pattern of a value however URLs (percent-encoded once or again), JSON, also within JSON, HTML and base64, at
    any place of a text, spell it; and at most how many characters that takes."""
    forms = [value, *_in_base64(value)]
    longest = max(
        sum(1 if _PLAIN.match(char) else 14 * len(char.encode("utf-8", "replace")) for char in f) for f in forms
    )
    return "|".join("".join(map(_spelled, form)) for form in forms), longest


def _in_base64(value: str) -> list[str]:
    """What of base64 texts the value alone decides, with 0, 1 and 2 bytes before it in its first three."""
    raw = value.encode("utf-8", "replace")
    found = []
    for before in range(3):
        text = base64.b64encode(bytes(before) + raw).decode("ascii")
        sure = text[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        if len(sure) >= _BASE64_CHARS:
            found += [sure, sure.translate(_FOR_URLS)]
    return list(dict.fromkeys(found))


_FOR_URLS = str.maketrans("+/", "-_")


def _spelled(char: str) -> str:
    if _PLAIN.match(char):
        return re.escape(char)
    raw = char.encode("utf-8", "replace")
    percent = "".join(f"%(?:25){{0,2}}{byte:02x}" for byte in raw)
    units = "".join(rf"\\{{1,4}}u{unit:04x}" for unit in _utf_16(char))
    said = [f"(?i:{percent}|{units}|&#0*{ord(char)};|&#x0*{ord(char):x};)"]
    short = json.dumps(char)[1:-1]
    if len(short) == 2 or char == "/":
        said.append(rf"\\{{1,4}}{re.escape(short[-1])}")
    # As its UTF-8 reads byte by byte, too: a line of a file is cut before it is text.
    said += dict.fromkeys(map(re.escape, (html.escape(char), char, raw.decode("latin-1"))))
    if char == " ":
        said.append(r"\+")
    return f"(?:{'|'.join(said)})"


def _utf_16(char: str) -> list[int]:
    raw = char.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]


_NAMES = (
    r"password|passwd|passphrase|secret|token|credentials?|authorization|cookie|"
    r"(?:api|access|auth|private|secret)[_-]?key|key[_-]?pem"
)
_REFERENCES = r"(?:page|next|continue|sync|cancel)[_-]?token"
SECRET_NAME = re.compile(rf"(?i)(?:{_NAMES})$")
"""A name that ends so is that of a secret, but for REFERENCE_NAME."""
REFERENCE_NAME = re.compile(rf"(?i){_REFERENCES}$")


USER_INFO = re.compile(r"(?P<before>\b[A-Za-z][A-Za-z0-9+.-]{1,15}://)[^\s/@\"'<>|]{1,256}(?P<behind>@)")
"""User and password of a URL. No two of its parts can take the same characters, so it takes linear time."""
_REST = r"(?P<value>[\w%+/~-](?:\(hidden\)|[^\s&\"'`<>#\\(),;\]}|]){0,4096})"
_PARAMETER = re.compile(
    r"(?i)(?P<before>(?:[?&;]|\\{1,4}u0026|%(?:25)?(?:26|3f))"
    rf"(?![\w.-]{{0,40}}?{_REFERENCES}(?:=|%(?:25)?3d))[\w.-]{{0,40}}?(?:{_NAMES}|\bsig|signature)(?:=|%(?:25)?3d))"
    + _REST
)
"""The value of a URL's parameter with the name of a secret."""
_SCHEMES = "(?:bearer|basic|token|digest|negotiate|apikey)"
HEADER = re.compile(
    r"(?i)(?P<before>\b(?:(?:proxy-)?authorization|x-(?:[a-z]{1,20}-){0,3}(?:token|api-?key)|(?:private|job)-token)"
    r"[\"'\\]{0,5}[ \t]{0,4}:[ \t]{0,4}[\"'\\]{0,5}"
    rf"(?:{_SCHEMES} {{1,4}}|(?!{_SCHEMES} )))" + _REST
)
_COOKIES = re.compile(
    r"(?i)(?P<before>\b(?:set-)?cookie[\"'\\]{0,5}[ \t]{0,4}:[ \t]{0,4}[\"'\\]{0,5}[\w.-]{1,80}=)"
    r"[^\r\n\"'\\(][^\r\n\"'\\]{0,4096}"
)
_SCHEME = re.compile(r"(?i)(?P<before>\b(?:bearer|basic)(?: |%20|\+))(?=[\w.~+/-]{0,200}?\d)[\w.~+/=-]{16,4096}")
"""What follows the scheme of an Authorization header, wherever it stands; a word of prose has no digit."""
_WEB_TOKEN = re.compile(r"(?P<before>(?<![\w-]))eyJ[\w-]{8,4096}\.eyJ[\w-]{2,8192}(?:\.[\w-]{0,4096})?")
"""A JSON web token (RFC 7519), as the accounts of Kubernetes have: two JSON objects in base64, and the signature."""
IN_COMMAND = re.compile(
    rf"(?i)(?:(?:^|[\s\"'])(?:[\w-]{{0,40}}?(?:{_NAMES})=|--[\w-]{{0,40}}?(?:{_NAMES})\s+)|\bsshpass\s+-p\s*"
    r"|\bcurl\s(?:[^|;&]*\s)?(?:-u|-U|--user|--proxy-user)[\s=]*[\"']?[^\s:\"']{1,80}:)[\"']?"
    r"(?P<value>[^\s\"'$`;&|<>(){}-][^\s\"'`;&|]*)"
)
"""A secret in a command line: of a variable, of an option, and as sshpass and curl take it."""
UNKNOWN: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (USER_INFO, ("@",)),
    (
        _PARAMETER,
        ("token", "secret", "passw", "phrase", "cookie", "credential", "authorization", "sig", "key=", "key%", "pem"),
    ),
    (HEADER, ("authorization", "-token", "api-key", "apikey")),
    (_COOKIES, ("cookie",)),
    (_SCHEME, ("bearer", "basic")),
    (_WEB_TOKEN, ("eyj",)),
)
"""Patterns of secrets by what stands before them, each with words (lower case) of which one is in every match."""
