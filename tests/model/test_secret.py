"""Texts without the secrets that are known."""

import ast
import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml

import obs_check
from obs_check.model import secret
from obs_check.model.secret import beginning, end_within, hide_secrets, hide_value, shorten, yaml_problem
from obs_check.model.secret_patterns import HIDDEN

TIME = len("2026-11-24T00:00:00")
CANARY = 'c4n"ary/+=&<x>'


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(secret, "_forms", {})
    monkeypatch.setattr(secret, "_found", None)
    hide_value(CANARY)
    hide_value("abc")
    yield


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"Bearer {CANARY}", f"Bearer {HIDDEN}"),
        (f"{CANARY}{CANARY} and {CANARY}", f"{HIDDEN}{HIDDEN} and {HIDDEN}"),
        (json.dumps({"token": CANARY}), f'{{"token": "{HIDDEN}"}}'),
        (f"http://loki.example/?token={quote(CANARY, safe='')}", f"http://loki.example/?token={HIDDEN}"),
        ("<p>c4n&quot;ary/+=&amp;&lt;x&gt;</p>", f"<p>{HIDDEN}</p>"),
        (
            "http://user:pass@loki.example/x and https://t0ken@h",
            f"http://{HIDDEN}@loki.example/x and https://{HIDDEN}@h",
        ),
        ("http://loki.example/a@b", "http://loki.example/a@b"),
        (f"?next={quote(quote(CANARY, safe=''), safe='')}", f"?next={HIDDEN}"),
        (quote(CANARY, safe="").lower(), HIDDEN),
        (json.dumps({"a": json.dumps({"b": CANARY})}), f'{{"a": "{{\\"b\\": \\"{HIDDEN}\\"}}"}}'),
        (r"c4n\"ary\/+=\u0026\u003cx\u003E", HIDDEN),
        ("c4n&#34;ary&#x2F;+=&#38;&#60;x&gt;", HIDDEN),
        ("abc: too short to be looked for", "abc: too short to be looked for"),
    ],
)
def test_known_secrets_are_hidden_however_they_are_spelled(text: str, wanted: str) -> None:
    assert hide_secrets(text) == wanted


@pytest.mark.parametrize("before", ["", "u:", "us:", "user:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_known_secret_is_hidden_in_base64(before: str, encode: Callable[[bytes], bytes]) -> None:
    shown = hide_secrets(f"Proxy-Authorization: {encode(f'{before}{CANARY}~~?'.encode()).decode()}!")
    assert HIDDEN in shown
    assert len(shown) < len(f"Proxy-Authorization: {HIDDEN}!") + 16


UNKNOWN = {
    "http://a.example/?obs=x-1-allow&access_token=SSS&b=1": "http://a.example/?obs=x-1-allow&access_token=H&b=1",
    'url="http://a.example/?X-Amz-Signature=SSS" b': 'url="http://a.example/?X-Amz-Signature=H" b',
    '{"url": "http://a.example/?a=1\\u0026client_secret=SSS"}': '{"url": "http://a.example/?a=1\\u0026client_secret=H"}',
    "/login?to=%2Fx%3Fapi_key%3DSSS": "/login?to=%2Fx%3Fapi_key%3DH",
    "?pageToken=SSS&sync_token=SSS": "?pageToken=SSS&sync_token=SSS",
    "?tokens=SSS&turkey=SSS&design=SSS": "?tokens=SSS&turkey=SSS&design=SSS",
    r'{a="b"} |~ `[?&]token=SSS` |~ "\?token=.+"': r'{a="b"} |~ `[?&]token=SSS` |~ "\?token=.+"',
    "http://a.example/?token=$TOKEN": "http://a.example/?token=$TOKEN",
    "> Authorization: Bearer SSS\n> Accept: */*": "> Authorization: Bearer H\n> Accept: */*",
    "{'proxy-authorization': 'Basic SSS', 'a': 'b'}": "{'proxy-authorization': 'Basic H', 'a': 'b'}",
    r'"{\"X-Vault-Token\": \"SSS\"}"': r'"{\"X-Vault-Token\": \"H\"}"',
    "curl -H 'PRIVATE-TOKEN: SSS' x": "curl -H 'PRIVATE-TOKEN: H' x",
    "< Set-Cookie: grafana_session=SSS; Path=/\n< a: b": "< Set-Cookie: grafana_session=H\n< a: b",
    "['authorization', 'Bearer SSS1234567890123456']": "['authorization', 'Bearer H']",
    "bearer authentication is needed, basic authentication too": (
        "bearer authentication is needed, basic authentication too"
    ),
    "authorization:\n  credentials_file: SSS": "authorization:\n  credentials_file: SSS",
    "cookie: none": "cookie: none",
    "sent eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmVk, x": "sent H, x",
    "eyJhbGciOiJub25lIn0 and eyJzdWIiOiIxIn0": "eyJhbGciOiJub25lIn0 and eyJzdWIiOiIxIn0",
}
"""Texts with a secret SSS that nobody told us about, and what is shown of them: H is what is hidden."""


@pytest.mark.parametrize(("text", "wanted"), UNKNOWN.items(), ids=str)
def test_unknown_secrets_are_hidden_by_what_stands_before_them(text: str, wanted: str) -> None:
    shown = hide_secrets(text.replace("SSS", "s3cr3t~x-y_z"))
    assert shown.replace("s3cr3t~x-y_z", "SSS").replace(HIDDEN, "H") == wanted
    assert hide_secrets(shown) == shown


def test_a_secret_that_is_the_start_of_another_leaves_nothing_of_it() -> None:
    hide_value("glsa_1234")
    hide_value("glsa_1234_5678")
    assert hide_secrets("glsa_1234_5678 glsa_1234") == f"{HIDDEN} {HIDDEN}"


SLOW = (
    "&" * 200_000 + "token",
    "&a-" * 70_000 + "token=",
    "bearer " * 30_000,
    "cookie: " * 30_000,
    "x-" * 99_999 + "token",
    "eyJ-" * 50_000 + " eyJaaaaaaaa." * 9_999,
)


def test_it_takes_no_longer_for_texts_made_to_be_slow() -> None:
    started = time.process_time()
    for text in ("a://" * 50_000, "a" * 200_000 + "@", "x://" + "u" * 200_000 + "@", "://@" * 50_000, *SLOW):
        hide_secrets(text)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("password: *hunter2", ":1:11", "found undefined alias '...'"),
        ("password: !hunter2 x", ":1:11", "could not determine a constructor for the tag '...'"),
        ("a: [1", ":1:6", "expected ',' or ']', but got '<stream end>'"),
        ("a:\n  password: hunter2: x", ":2:20", "mapping values are not allowed here"),
        ("password: hunter2\x01", "", "unacceptable character #x0001: special characters are not allowed"),
    ],
)
def test_what_is_wrong_with_yaml_is_told_without_the_line(text: str, place: str, words: str) -> None:
    with pytest.raises(yaml.YAMLError) as caught:
        yaml.safe_load(text)
    assert yaml_problem(caught.value) == (place, words)


def test_a_text_is_cut_only_behind_its_secrets() -> None:
    hide_value("s3cr3t-value-of-a-line")
    for before in range(60):
        line = f"{'x' * before} token=s3cr3t-value-of-a-line and the rest of it"
        for most in (20, 40, 60):
            shown = shorten(line, most)
            assert len(shown) <= most
            assert "s3c" not in shown
    assert shorten("short", 5) == "short"
    assert shorten("shorter", 5, "...") == "sh..."


@pytest.mark.parametrize("secret", ["s3cr3t-value-of-a-line", "http://user:s3cr3t-of-a-url@loki.example"])
def test_the_beginning_of_a_long_text_does_not_end_inside_of_a_secret(secret: str) -> None:
    hide_value("s3cr3t-value-of-a-line")
    for before in range(64 * 1024 - 60, 64 * 1024 + 2):
        shown = beginning(f"{' ' * before}{secret}{' ' * 9}")
        assert "s3" not in shown
    assert len(beginning("x" * 10**6)) > 60_000


@pytest.mark.parametrize("secret", ["s3cr3t-value-of-a-line", "http://user:s3cr3t-of-a-url@loki.example", "s3cr3t-é"])
@pytest.mark.parametrize("as_bytes", [False, True])
def test_a_text_that_stays_as_it_is_ends_before_a_secret_that_would_be_cut(secret: str, as_bytes: bool) -> None:
    hide_value("s3cr3t-value-of-a-line")
    hide_value("s3cr3t-é")
    line = f"{'x' * 400} {secret} {'y' * 400}"
    text: str | bytes = line.encode() if as_bytes else line
    behind = 401 + secret.find("@") + 1 if "@" in secret else len(line.partition(secret)[0] + secret)
    behind += as_bytes and "é" in secret
    first = 401
    for most in range(first - 5, behind + 5):
        assert end_within(text, most) == (first if first < most < behind else most)
    assert end_within(text, 10**6) == len(text)


def test_no_text_is_cut_another_way() -> None:
    """A slice from the start that is put into a text: half a secret would be in it."""
    root = Path(obs_check.__file__).parent
    cut = [
        f"{path.relative_to(root)}:{node.lineno}: {ast.unparse(node.value)}"
        for path in sorted(root.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FormattedValue) and _shows_the_start(node.value)
    ]
    assert not cut, f"{cut}: shortened() of obs_check/model/secret.py hides secrets before it cuts"


def _shows_the_start(value: ast.expr) -> bool:
    if not isinstance(value, ast.Subscript) or not isinstance(value.slice, ast.Slice):
        return False
    upper = value.slice.upper
    named = isinstance(upper, ast.Name) and upper.id.isupper()
    long = isinstance(upper, ast.Constant) and isinstance(upper.value, int) and upper.value > TIME
    return value.slice.lower is None and (named or long)
