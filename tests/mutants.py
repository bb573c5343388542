"""Documents and texts that are almost right: one thing of a good one is changed, by chance with a fixed seed."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

WRONG: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1.5,
    2**63,
    -(2**70),
    1e300,
    "",
    "x",
    "12",
    "NaN",
    "\u202e\x1b[2J",
    "${a}",
    [],
    {},
    [[]],
    [None],
    {"a": None},
    [{"a": [1]}],
    "a" * 5000,
)
STRANGE = (
    *(
        b"",
        b"\0",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b'"',
        b"'",
        b"{",
        b"}",
        b"(" * 500,
        b"\\",
        b"\n",
        b":",
        b"~",
        b"%",
        b"<?",
    ),
    *(b"9" * 5000, b"-1", b"1e999", b"NaN", "²".encode(), b"0x_", b"0b", b"2026-13-45", b"0001-01-01T00:00:00+23:59"),
    *(
        b"&a [*a]",
        b"*a",
        b"!!python/object:x",
        b"!!binary x",
        b"? [a]\n: b",
        b"<<: 1",
        b"a: b: c",
        b"${A}",
        b"~nobody/a",
    ),
    *(b"<![x[", b"<!x", b"&#xFFFFFFFF;", b"&#0;", b"\xe2\x80\xae\x1b[2J", b"true"),
)
"""What YAML, JSON, HTML or a number may not have in that place."""


NESTED = (b"[", b'{"a":', b"<div>", b"- ")
"""What is deep where it stands again and again."""
DEEP = 1100
"""Deeper than Python recurses."""
DEEP_YAML = 150
"""Deeper than a file of YAML may be; PyYAML takes a time that is quadratic in it."""


def mutants(document: Any, number: int, seed: int) -> Iterator[bytes]:
    """JSON texts, each of them the document with one thing changed; some are not JSON any more."""
    chance = random.Random(seed)
    whole = json.dumps(document).encode()
    for _ in range(number):
        if chance.random() < 0.05:
            yield _spoiled(whole, chance)
            continue
        changed = copy.deepcopy(document)
        held, key = chance.choice(list(_places(changed)) or [([changed], 0)])
        _change(held, key, chance)
        yield json.dumps(changed).encode()


def _places(held: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ():
        yield held, key
        yield from _places(value)


def _change(held: Any, key: Any, chance: random.Random) -> None:
    match chance.randrange(6):
        case 0:
            del held[key]
        case 1 if isinstance(held, dict):
            held[f"{key}x"] = held.pop(key)
        case 1:
            held.append(copy.deepcopy(held[key]))
        case 2:
            held[key] = [held[key]]
        case 3:
            held[key] = str(held[key])
        case _:
            held[key] = copy.deepcopy(chance.choice(WRONG))


def _spoiled(text: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(text))
    match chance.randrange(4):
        case 0:
            return text[:place]
        case 1:
            return text[:place] + bytes([chance.randrange(256)]) + text[place + 1 :]
        case 2:
            return b"<!DOCTYPE html><title>Sign in</title>"
        case _:
            return b""


def spoiled(text: bytes, number: int, seed: int, deep: int = DEEP) -> Iterator[bytes]:
    """Texts, each of them the text with one piece of it (a line, a word, some bytes) taken away, doubled or moved, or
    with something strange in its place or behind it, as what is nested `deep` levels."""
    chance = random.Random(seed)
    strange = (*STRANGE, *(one * deep for one in NESTED))
    for _ in range(number):
        start, end = _piece(text, chance)
        before, piece, after = text[:start], text[start:end], text[end:]
        match chance.randrange(6):
            case 0:
                yield before + after
            case 1:
                yield before + piece * 2 + after
            case 2:
                rest, at = before + after, chance.randrange(len(text) - len(piece) + 1)
                yield rest[:at] + piece + rest[at:]
            case 3:
                yield before + piece + chance.choice(strange) + after
            case _:
                yield before + chance.choice(strange) + after


def _piece(text: bytes, chance: random.Random) -> tuple[int, int]:
    """Where it stands."""
    at = chance.randrange(len(text))
    match chance.randrange(3):
        case 0:
            start = text.rfind(b"\n", 0, at) + 1
            end = text.find(b"\n", start)
            return start, len(text) if end < 0 else end + 1
        case 1:
            start = end = at
            while start and text[start - 1 : start].isalnum():
                start -= 1
            while text[end : end + 1].isalnum():
                end += 1
            return start, max(end, start + 1)
    return at, min(len(text), at + chance.randrange(1, 5))
