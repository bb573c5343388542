"""Documents that are almost right: one thing of a good one is changed, by chance with a fixed seed."""

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
