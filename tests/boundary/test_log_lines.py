"""boundary's log read back, on lines of boundary v0.9.0."""

from pathlib import Path

import pytest

from obs_check.boundary.log_lines import Decided, decided_in, last_invocation
from obs_check.boundary.written import boundary_line
from obs_check.model.event import Event

HEAD = "time=2026-11-24T00:21:58.603Z level=INFO "


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            'msg=ALLOW method=GET url="http://127.0.0.1:42437/ok/a?obs=tag-1&x=2" host=127.0.0.1:42437 '
            'rule="method=GET domain=127.0.0.1 path=/ok/*"',
            Decided(
                "allow", "GET", "http://127.0.0.1:42437/ok/a?obs=tag-1&x=2", "method=GET domain=127.0.0.1 path=/ok/*"
            ),
        ),
        (
            "msg=DENY method=GET url=http://127.0.0.1:42437/ok host=127.0.0.1:42437",
            Decided("deny", "GET", "http://127.0.0.1:42437/ok", ""),
        ),
        (
            r'msg=DENY method=GET url="https://denied.invalid/quo%22te?tag=a\"b" host=denied.invalid',
            Decided("deny", "GET", 'https://denied.invalid/quo%22te?tag=a"b', ""),
        ),
        ('msg="No allow rules specified; all network traffic will be denied by default"', None),
        ('msg="Failed to forward HTTPS request" error="Get \\"http://a.example/?obs=x\\": EOF"', None),
    ],
)
def test_a_line_about_a_request(line: str, said: Decided | None) -> None:
    assert decided_in(HEAD + line) == said


def test_what_is_written_is_read_back() -> None:
    for decision in ("allow", "deny"):
        event = Event(
            "k3f9", 1, "allow" if decision == "allow" else "deny", "GET", "http://a.example/?obs=x", "a.example"
        )
        rule = "domain=a.example" if decision == "allow" else ""
        assert decided_in(boundary_line(event)) == Decided(event.decision, "GET", event.url, rule)


def test_files_of_one_start_are_at_most_a_second_apart() -> None:
    names = [
        "boundary-2026-11-24_23-59-59-7.log",
        "boundary-2026-11-25_00-00-00-8.log",
        "boundary-2026-11-24_23-59-58-6.log",
        "boundary-2020-01-01_00-00-00-5.log",
        "boundary-2026-99-24_23-59-59-7.log",
        "other.log",
    ]
    assert [path.name for path in last_invocation(map(Path, names))] == names[:2]
    assert last_invocation([Path("other.log")]) == []
