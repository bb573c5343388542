"""Alloy's expressions have the values that Alloy 1.18 gave them."""

import math
from typing import Any

import pytest

from obs_check.errors import ConfigError
from obs_check.shipper.alloy.evaluate import Evaluator
from obs_check.shipper.alloy.modules import ModuleLines
from obs_check.shipper.alloy.syntax import parse

MAX = 2**63 - 1


def value(text: str) -> Any:
    (attribute,) = parse(f"x = {text}", "config.alloy").attributes().values()
    return Evaluator(ModuleLines("config.alloy"), [], [], None).value(attribute.value)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("(0-7)/2", -3),
        ("(0-7)%3", -1),
        ("9007199254740993/1", 9007199254740993),
        ("7.5%2", 1.5),
        ("7.0/2", 3.5),
        (f"{MAX}+1", -MAX - 1),
        (f"{MAX}*2", -2),
        ("9223372036854775808", MAX + 1),
        ("9223372036854775808-9223372036854775809", 2**64 - 1),
        ("18446744073709551615+1", 0),
        ("-9223372036854775808/-1", -MAX - 1),
        ("18446744073709551615/2", 0),
        ("18446744073709551616", 1.8446744073709552e19),
        ("2^62*2", -MAX - 1),
        ("2^64", 0),
        ("2^-1", 2),
        ("0^-1", 0),
        ("-2^2", 4),
        ("010", 8),
        ("08", 8.0),
        ("2^0.5", 1.4142135623730951),
        ("0.0^(0-1)", math.inf),
        ("10.0^400", math.inf),
        ("(0.0-10.0)^401", -math.inf),
        ("9007199254740993 == 9007199254740992.0", True),
        ("9223372036854775808 > 0-1", False),
        ("[1] == [1.0]", True),
        ("[1] == [true]", False),
        ("{a=1} == {a=1.0}", True),
        ("[1,2][1.7]", 2),
        ('{a=1}["b"]', None),
        ('encoding.from_json("7")/2', 3.5),
        ('encoding.to_json({a=1.0, b="<", c=[9007199254740993]})', '{"a":1,"b":"\\u003c","c":[9007199254740993]}'),
    ],
)
def test_a_value(text: str, want: object) -> None:
    got = value(text)
    assert (got, isinstance(got, float)) == (want, isinstance(want, float))


@pytest.mark.parametrize("text", ["(0-8)^0.5", "(0-8)^(1/3.0)", "(10.0^400)%3"])
def test_no_number(text: str) -> None:
    assert math.isnan(value(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("7/0", "divide by zero error"),
        ("7/0.0", "divide by zero error"),
        ("7%0", "divide by zero error"),
        ("1e400", "1e400 is too large a number"),
        ('"a"+1', "+ does not take a string and a number"),
        ("[1,2][true]", "True: no index"),
        ("[1,2][2]", "2 is not there"),
        ("{a=1}.b", "'b' is not there"),
        ('encoding.to_json("a")', "encoding.to_json does not take these values: only an object is made into JSON"),
        ("encoding.to_json({a=[10.0^400]})", "encoding.to_json does not take these values: JSON has no such number"),
        (
            'encoding.url_decode("100%")',
            "encoding.url_decode does not take these values: a % without two hexadecimal digits behind it",
        ),
        (r'"\ud800"', r"\ud800 in a string is not an escape"),
        (r'"\U00110000"', r"\U00110000 in a string is not an escape"),
        (r'"\400"', r"\400 in a string is not an escape"),
        (r'"\x0"', r"\x in a string is not an escape"),
        (r'"\q"', r"\q in a string is not an escape"),
        (r'"\'"', r"\' in a string is not an escape"),
    ],
)
def test_a_refused_value(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        value(text)
    assert refused.value.message == f"config.alloy:1: {words}"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (r'"\xc3\xbc\303\274\u00fc\U0001F600"', "üüü😀"),
        (r'"\xff"', "\ufffd"),
        (r'"a\\b\"c\t"', 'a\\b"c\t'),
        ("`a\\n`", "a\\n"),
    ],
)
def test_a_string(text: str, want: str) -> None:
    assert value(text) == want
