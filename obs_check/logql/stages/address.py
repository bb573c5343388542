"""`ip("...")`: addresses found inside a text (Loki 3.5: one address, a CIDR block or a range `a-b`)."""

import ipaddress
import re
from collections.abc import Callable

from obs_check.errors import QueryError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_V4 = frozenset("0123456789.")
_V6 = frozenset("0123456789abcdefABCDEF:.")
_PREFIX = re.compile(r"/(?:0|[1-9][0-9]*)$")
_DIGITS = frozenset("0123456789")
_HEX = frozenset("0123456789abcdefABCDEF")


def _single(address: Address) -> Callable[[Address], bool]:
    return lambda found: found == address


def _inside(pattern: str) -> Callable[[Address], bool]:
    try:
        return _single(ipaddress.ip_address(pattern))
    except ValueError:
        pass
    try:
        if _PREFIX.search(pattern):
            network = ipaddress.ip_network(pattern, strict=False)
            return lambda found: found in network
        first, dash, last = pattern.partition("-")
        low, high = ipaddress.ip_address(first), ipaddress.ip_address(last)
        if dash and low.version == high.version and int(low) <= int(high):
            version, bottom, top = low.version, int(low), int(high)
            return lambda found: found.version == version and bottom <= int(found) <= top
    except ValueError:
        pass
    raise QueryError(f'ip: invalid pattern: "{pattern}"')


def _v4_starts(text: str, at: int) -> bool:
    return at + 3 < len(text) and text[at] in _DIGITS and "." in text[at + 1 : at + 4]


def _v6_starts(text: str, at: int) -> bool:
    head = text[at : at + 5]
    if len(head) < 5:
        return False
    if head[:2] == "::":
        return head[2] in _HEX
    colon = head.find(":")
    return colon > 0 and all(char in _HEX for char in head[:colon])


def compile_address(pattern: str) -> Callable[[str], bool]:
    """A function that tells whether any address in a text is inside; QueryError on a bad pattern."""
    inside = _inside(pattern)

    def matches(text: str) -> bool:
        at, length = 0, len(text)
        while at < length:
            charset = _V4 if _v4_starts(text, at) else _V6 if _v6_starts(text, at) else None
            if charset is None:
                at += 1
                continue
            end = at
            while end < length and text[end] in charset:
                end += 1
            try:
                if inside(ipaddress.ip_address(text[at:end])):
                    return True
            except ValueError:
                pass
            at = end + 1
        return False

    return matches
