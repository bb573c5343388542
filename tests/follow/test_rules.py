"""The grammar and matching of allow rules, row by row as observed with boundary v0.9.0."""

import pytest

from obs_check.errors import ConfigError
from obs_check.follow.rules import evaluate, matches, parse_rule, parse_rules

GET_ANY = "https://a.com/"

MATCHES = [
    # rule, method, url, allowed
    ("domain=a.com", "GET", "https://a.com/", True),
    ("domain=a.com", "GET", "https://A.com/", False),
    ("domain=A.com", "GET", "https://a.com/", False),
    ("domain=A.com", "GET", "https://A.com/", True),
    ("domain=a.com", "GET", "https://a.com./", False),
    ("domain=a.com", "GET", "https://a.com:8080/x", True),
    ("domain=a.com", "GET", "https://b.a.com/", False),
    ("domain=*.a.com", "GET", "https://b.a.com/", True),
    ("domain=*.a.com", "GET", "https://c.b.a.com/", True),
    ("domain=*.a.com", "GET", "https://a.com/", False),
    ("domain=*", "GET", "https://anything.example/", True),
    ("domain=*", "GET", "http://127.0.0.1:1/", True),
    ("domain=api.*.com", "GET", "https://api.x.com/", True),
    ("domain=api.*.com", "GET", "https://api.x.y.com/", False),
    ("domain=api.*.com", "GET", "https://www.api.x.com/", False),
    ("domain=127.0.0.1", "GET", "http://127.0.0.1:42437/ok", True),
    ("domain=a.com domain=b.com", "GET", "https://a.com/", False),
    ("domain=a.com domain=b.com", "GET", "https://b.com/", False),
    ("domain=a.com domain=b.com", "GET", "https://a.com.b.com/", True),
    ("method=GET", "GET", GET_ANY, True),
    ("method=get", "GET", GET_ANY, False),
    ("method=GET,POST", "POST", GET_ANY, True),
    ("method=GET method=POST", "POST", GET_ANY, True),
    ("method=GET,POST", "PUT", GET_ANY, False),
    ("method=*", "INVENTED", GET_ANY, True),
    ("domain=a.com", "INVENTED", GET_ANY, True),
    ("", "GET", "https://whatever.example/", True),
    ("path=/ok", "GET", "https://a.com/ok", True),
    ("path=/ok", "GET", "https://a.com/ok?x=1", True),
    ("path=/ok", "GET", "https://a.com/ok#f", True),
    ("path=/ok", "GET", "https://a.com/ok/", False),
    ("path=/ok", "GET", "https://a.com/OK", False),
    ("path=ok", "GET", "https://a.com/ok", True),
    ("path=/ok/*", "GET", "https://a.com/ok/", True),
    ("path=/ok/*", "GET", "https://a.com/ok/x/y?q=1", True),
    ("path=/ok/*", "GET", "https://a.com/ok", False),
    ("path=/*/z", "GET", "https://a.com/y/z", True),
    ("path=/*/z", "GET", "https://a.com/y/z/w", False),
    ("path=/", "GET", "https://a.com", True),
    ("path=/", "GET", "https://a.com/deep/er", True),
    ("path=", "GET", "https://a.com/deep/er", True),
    ("path=*", "GET", "https://a.com", False),
    ("path=*", "GET", "https://a.com/", True),
    ("path=*", "GET", "https://a.com/x/y", True),
    ("path=/a,/b/*", "GET", "https://a.com/b/c", True),
    ("path=/a path=/b", "GET", "https://a.com/b", True),
    ("path=/ok%2Fx", "GET", "https://a.com/ok%2Fx", False),
    ("path=/ok/x", "GET", "https://a.com/ok%2Fx", True),
    ("path=/a*", "GET", "https://a.com/a*", True),
    ("path=/a*", "GET", "https://a.com/ab", False),
    ("method=GET domain=127.0.0.1 path=/ok/*", "GET", "http://127.0.0.1:42437/ok/a?obs=tag-1&x=2", True),
    ("method=GET domain=127.0.0.1 path=/ok/*", "POST", "http://127.0.0.1:42437/ok/a", False),
    ("domain=a.com", "GET", "https://a.com:port/", False),
    ("domain=a.com", "GET", "https://user@a.com/", True),
    ("", "GET", "https://a.com/%zz", False),
    ("", "GET", "https://a.com/\x01", False),
    ("", "GET", "https://[::1/", False),
    ("domain=a.com", "GET", "a.com/x", True),
    ("\t domain=a.com"[2:] + " \t\n", "GET", "https://a.com/", True),
]

WRONG = [
    # rule, column of the error
    ("a.com", 1),
    (" domain=a.com", 1),
    ("domain=a.com, path=/x", 13),
    ("domain=a.com:8080", 13),
    ("domain=a_b.com", 9),
    ("domain=[::1]", 8),
    ("domain=a.*", 10),
    ("domain=", 8),
    ("domain=a..com", 10),
    ("domain=-a.com", 8),
    ("domain=ab-.com", 8),
    ("Domain=a.com", 1),
    ("method=", 8),
    ("method=GET,", 12),
    ("method=GET/", 11),
    ("path=/*x", 7),
    ("path=/a//b", 9),
    ("path=/a%zz", 8),
    ("host=a.com", 1),
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
    rules = parse_rules(["domain=b.com", "method=GET", "domain=a.com"])
    allowed = evaluate(rules, "GET", "https://a.com/")
    assert allowed is not None
    assert allowed.raw == "method=GET"
    assert evaluate(rules, "PUT", "https://c.com/") is None
    assert evaluate((), "GET", "https://a.com/") is None
