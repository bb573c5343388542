"""Which paths a doublestar pattern takes, and how a path that it does not take differs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_check.errors import ConfigError
from obs_check.shipper.glob import (
    RELATIVE,
    common_segments,
    compile_glob,
    first_difference,
    fits_pattern,
    literal_start,
)

CASES = [
    ("/tmp/boundary_logs/*.log", "/tmp/boundary_logs/a.log", True),
    ("/tmp/boundary_logs/*.log", "/tmp/boundary_logs/x/a.log", False),
    ("/tmp/boundary_logs/*.log", "/tmp/boundary_logs/a.log.1", False),
    ("/tmp/boundary_logs/*.log", "/tmp/boundary_logs/.hidden.log", True),
    ("/var/log/**/*.log", "/var/log/pods/a/b/0.log", True),
    ("/var/log/**/*.log", "/var/log/0.log", True),
    ("/var/log/**.log", "/var/log/0.log", True),
    ("/var/log/**.log", "/var/log/pods/0.log", False),
    ("/var/log/a**/0.log", "/var/log/abc/0.log", True),
    ("/var/log/a**/0.log", "/var/log/abc/d/0.log", False),
    ("/var/log/**", "/var/log/pods/0.log", True),
    ("/var/log/**", "/var/logs/0.log", False),
    ("/var/log/{a,b}/*.log", "/var/log/b/0.log", True),
    ("/var/log/{a,b}/*.log", "/var/log/c/0.log", False),
    ("/var/log/{a,b/{c,d}}/*.log", "/var/log/b/d/0.log", True),
    ("/var/log/{,x}0.log", "/var/log/0.log", True),
    ("/var/log/[a-c]?.log", "/var/log/bz.log", True),
    ("/var/log/[!a-c].log", "/var/log/b.log", False),
    ("/var/log/[^a-c].log", "/var/log/d.log", True),
    ("/var/log/[^a]b", "/var/log//b", False),
    (r"/var/log/\*.log", "/var/log/*.log", True),
    (r"/var/log/\*.log", "/var/log/a.log", False),
    ("/var/log/a[1].log", "/var/log/a[1].log", True),
    ("/var//log/./*.log", "/var/log/a.log", True),
    ("/var/log/pods/*uid-1/coder/*.log", "/var/log/pods/coder_coder-0_uid-1/coder/0.log", True),
    ("/var/log/pods/*uid-1/coder/*.log", "/var/log/pods/coder_coder-0_uid-2/coder/0.log", False),
    ("", "/var/log/a.log", False),
    # As promtail 3.5.9 takes them: nothing outside of the directory in front of the first wildcard.
    ("{/var/log/a.log,/var/log/b.log}", "/var/log/a.log", False),
    ("{/var/log/a.log}", "/var/log/a.log", False),
    ("/var/{/log,lib}/a.log", "/var/log/a.log", False),
    ("/var/{/log,lib}/a.log", "/var/lib/a.log", True),
    ("/var/{,/log}/a.log", "/var/log/a.log", False),
    ("/{var/log,var/lib}/a.log", "/var/log/a.log", True),
    ("/var/{log,lib}/../x/a.log", "/var/x/a.log", True),
    (r"/var/\log/*.log", "/var/log/a.log", False),
    (r"/var/l[o]g/\a.log", "/var/log/a.log", True),
]


@pytest.mark.parametrize(("pattern", "path", "wanted"), CASES)
def test_fits(pattern: str, path: str, wanted: bool) -> None:
    assert fits_pattern(pattern, path) is wanted


@pytest.mark.parametrize("pattern", ["/a/[", "/a/[]", "/a/{b", "/a/b\\", "/a/[^]"])
def test_a_bad_pattern_is_named(pattern: str) -> None:
    with pytest.raises(ConfigError, match="is not a path pattern"):
        fits_pattern(pattern, "/a/b")


@given(st.text(alphabet="ab/.*?[]{},\\!^-", max_size=12), st.text(alphabet="ab/.-", max_size=8))
def test_any_pattern_is_compiled_or_refused(pattern: str, path: str) -> None:
    try:
        compile_glob(pattern)
    except ConfigError:
        return
    assert fits_pattern(pattern, path) in (True, False)
    assert isinstance(first_difference(pattern, path), str)


@pytest.mark.parametrize(
    ("pattern", "path", "wanted"),
    [
        ("/tmp/boundary_logs/*.log", "/tmp/boundary_logs/a.txt", "`a.txt` does not match `*.log`"),
        ("/tmp/boundary/*.log", "/tmp/boundary_logs/a.log", "`boundary_logs` does not match `boundary`"),
        ("/tmp/*.log", "/tmp/boundary_logs.log/a.log", "the file lies 3 names deep, the pattern 2"),
        ("/var/log/**/*.log", "/var/log/a/b.txt", "`b.txt` does not match `*.log`"),
        ("/tmp/{x,boundary_logs}/*.log", "/tmp/boundary_logs/a.txt", "`a.txt` does not match `*.log`"),
        ("/tmp/*.log", "/tmp/a.log", ""),
        (
            "{/tmp/a.log,/tmp/b.log}",
            "/tmp/a.log",
            f"`{{/tmp/a.log,/tmp/b.log}}` {RELATIVE}",
        ),
    ],
)
def test_the_difference_in_words(pattern: str, path: str, wanted: str) -> None:
    assert first_difference(pattern, path) == wanted


def test_what_lies_before_the_first_wildcard() -> None:
    assert literal_start("/var/log/pods/*/*.log") == "/var/log/pods"
    assert literal_start("/var/log/po*/*.log") == "/var/log"
    assert literal_start("/var/log/a.log") == "/var/log/a.log"
    assert literal_start("/*") == "/"
    assert literal_start("{/a,/b}") == "/"
    assert common_segments("/var/log/pods/*/*.log", "/var/log/pods/a/b.txt") == 4
