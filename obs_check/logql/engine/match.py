"""What a selector's matchers say about the labels of a stream."""

from collections.abc import Callable, Mapping, Sequence

from obs_check.golang.regex import compile_re2
from obs_check.logql.syntax.ast import Matcher


def stream_test(matchers: Sequence[Matcher]) -> Callable[[Mapping[str, str]], bool]:
    """A test for labels: all matchers hold. An absent label is ""; regular expressions match the whole value, and
    their dot matches a line feed too (Loki 3.5). Raises QueryError for one that does not compile."""
    tests = [(m.name, _value_test(m)) for m in matchers]
    return lambda labels: all(test(labels.get(name, "")) for name, test in tests)


def _value_test(matcher: Matcher) -> Callable[[str], bool]:
    value = matcher.value
    if matcher.op == "=":
        return lambda found: found == value
    if matcher.op == "!=":
        return lambda found: found != value
    pattern = compile_re2(f"(?s:{value})")
    if matcher.op == "=~":
        return lambda found: pattern.fullmatch(found) is not None
    return lambda found: pattern.fullmatch(found) is None
