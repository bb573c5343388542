"""RE2 patterns and their refusals."""

import pytest

from obs_check.errors import QueryError
from obs_check.golang.regex import compile_re2


def test_a_pattern_is_compiled_once() -> None:
    assert compile_re2("(?P<a>x+)").search("axx").group("a") == "xx"
    assert compile_re2("a+") is compile_re2("a+")


@pytest.mark.parametrize("pattern", ["[", "(?P<bad-name>x)", "(?=look)", "a**"])
def test_a_bad_pattern_is_a_query_error(pattern: str) -> None:
    with pytest.raises(QueryError, match="error parsing regexp"):
        compile_re2(pattern)
