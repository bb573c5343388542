"""The grammar and matching of allow rules, row by row as observed with boundary v0.9.0."""

import pytest

from obs_check.boundary.rules import evaluate, matches, parse_rule, parse_rules
from obs_check.errors import ConfigError

GET_ANY = "https://a.example/"

MATCHES = [
    # rule, method, url, allowed
    ("domain=a.example", "GET", "https://a.example/", True),
    ("domain=a.example", "GET", "https://A.example/", False),
    ("domain=A.example", "GET", "https://a.example/", False),
    ("domain=A.example", "GET", "https://A.example/", True),
    ("domain=a.example", "GET", "https://a.example./", False),
    ("domain=a.example", "GET", "https://a.example:8080/x", True),
    ("domain=a.example", "GET", "https://b.a.example/", False),
    ("domain=*.a.example", "GET", "https://b.a.example/", True),
    ("domain=*.a.example", "GET", "https://c.b.a.example/", True),
    ("domain=*.a.example", "GET", "https://a.example/", False),
    ("domain=*", "GET", "https://anything.example/", True),
    ("domain=*", "GET", "http://127.0.0.1:1/", True),
    ("domain=api.*.example", "GET", "https://api.x.example/", True),
    ("domain=api.*.example", "GET", "https://api.x.y.example/", False),
    ("domain=api.*.example", "GET", "https://www.api.x.example/", False),
    ("domain=127.0.0.1", "GET", "http://127.0.0.1:42437/ok", True),
    ("domain=a.example domain=b.example", "GET", "https://a.example/", False),
    ("domain=a.example domain=b.example", "GET", "https://b.example/", False),
    ("domain=a.example domain=b.example", "GET", "https://a.example.b.example/", True),
    ("method=GET", "GET", GET_ANY, True),
    ("method=get", "GET", GET_ANY, False),
    ("method=GET,POST", "POST", GET_ANY, True),
    ("method=GET method=POST", "POST", GET_ANY, True),
    ("method=GET,POST", "PUT", GET_ANY, False),
    ("method=*", "INVENTED", GET_ANY, True),
    ("domain=a.example", "INVENTED", GET_ANY, True),
    ("", "GET", "https://whatever.example/", True),
    ("path=/ok", "GET", "https://a.example/ok", True),
    ("path=/ok", "GET", "https://a.example/ok?x=1", True),
    ("path=/ok", "GET", "https://a.example/ok#f", True),
    ("path=/ok", "GET", "https://a.example/ok/", False),
    ("path=/ok", "GET", "https://a.example/OK", False),
    ("path=ok", "GET", "https://a.example/ok", True),
    ("path=/ok/*", "GET", "https://a.example/ok/", True),
    ("path=/ok/*", "GET", "https://a.example/ok/x/y?q=1", True),
    ("path=/ok/*", "GET", "https://a.example/ok", False),
    ("path=/*/z", "GET", "https://a.example/y/z", True),
    ("path=/*/z", "GET", "https://a.example/y/z/w", False),
    ("path=/", "GET", "https://a.example", True),
    ("path=/", "GET", "https://a.example/deep/er", True),
    ("path=", "GET", "https://a.example/deep/er", True),
    ("path=*", "GET", "https://a.example", False),
    ("path=*", "GET", "https://a.example/", True),
    ("path=*", "GET", "https://a.example/x/y", True),
    ("path=/a,/b/*", "GET", "https://a.example/b/c", True),
    ("path=/a path=/b", "GET", "https://a.example/b", True),
    ("path=/ok%2Fx", "GET", "https://a.example/ok%2Fx", False),
    ("path=/ok/x", "GET", "https://a.example/ok%2Fx", True),
    ("path=/a*", "GET", "https://a.example/a*", True),
    ("path=/a*", "GET", "https://a.example/ab", False),
    ("method=GET domain=127.0.0.1 path=/ok/*", "GET", "http://127.0.0.1:42437/ok/a?obs=tag-1&x=2", True),
    ("method=GET domain=127.0.0.1 path=/ok/*", "POST", "http://127.0.0.1:42437/ok/a", False),
    ("domain=a.example", "GET", "https://a.example:port/", False),
    ("domain=a.example", "GET", "https://user@a.example/", True),
    ("", "GET", "https://a.example/%zz", False),
    ("", "GET", "https://a.example/\x01", False),
    ("", "GET", "https://[::1/", False),
    ("domain=a.example", "GET", "a.example/x", True),
    ("\t domain=a.example"[2:] + " \t\n", "GET", "https://a.example/", True),
]

WRONG = [
    # rule, column of the error
    ("a.example", 1),
    (" domain=a.example", 1),
    ("domain=a.example, path=/x", 17),
    ("domain=a.example:8080", 17),
    ("domain=a_b.example", 9),
    ("domain=[::1]", 8),
    ("domain=a.*", 10),
    ("domain=", 8),
    ("domain=a..example", 10),
    ("domain=-a.example", 8),
    ("domain=ab-.example", 8),
    ("Domain=a.example", 1),
    ("method=", 8),
    ("method=GET,", 12),
    ("method=GET/", 11),
    ("path=/*x", 7),
    ("path=/a//b", 9),
    ("path=/a%zz", 8),
    ("host=a.example", 1),
]


@pytest.mark.parametrize(("rule", "method", "url", "allowed"), MATCHES)
def test_matching(rule: str, method: str, url: str, allowed: bool) -> None:
    assert matches(parse_rule(rule), method, url) is allowed


@pytest.mark.parametrize(("rule", "column"), WRONG)
def test_a_rule_that_does_not_parse_names_the_place(rule: str, column: int) -> None:
    with pytest.raises(ConfigError) as error:
        parse_rule(rule)
    assert f"{rule!r}, column {column}:" in error.value.message


def test_the_first_rule_that_matches_is_the_one_named() -> None:
    rules = parse_rules(["domain=b.example", "method=GET", "domain=a.example"])
    allowed = evaluate(rules, "GET", "https://a.example/")
    assert allowed is not None
    assert allowed.raw == "method=GET"
    assert evaluate(rules, "PUT", "https://c.example/") is None
    assert evaluate((), "GET", "https://a.example/") is None
