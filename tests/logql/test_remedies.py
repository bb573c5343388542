"""Slips that Loki refuses: what is said of them, and the query with them mended."""

import pytest

from obs_check.errors import QueryError
from obs_check.logql import parse
from obs_check.logql.remedies import hint_for, mended_query


def refused(text: str) -> QueryError | None:
    try:
        parse(text)
    except QueryError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('{service.name="gw"}', '{service_name="gw"}'),
        ('{a="g"} | json | user-agent="x"', '{a="g"} | json | user_agent="x"'),
        ('sum by (k8s.pod) (rate({a="g"}[1m]))', 'sum by (k8s_pod) (rate({a="g"}[1m]))'),
        ('{a="g"} | logfmt | level=error', '{a="g"} | logfmt | level="error"'),
        ('{a="g"} | json | status=~5..', '{a="g"} | json | status=~"5.."'),
        ('{a="g"} |= "a" and |= "b"', '{a="g"} |= "a" |= "b"'),
        ('{a="g"} |= "a" && != `b`', '{a="g"} |= "a" != `b`'),
        ('{a="g"} |= "a" or |= "b"', '{a="g"} |= "a" or "b"'),
        ('{a="g"} |= "a" | != "b"', '{a="g"} |= "a" != "b"'),
        ('sum(increase({a="g"} [5m]))', 'sum(count_over_time({a="g"} [5m]))'),
        ('sum(count_overtime({a="g"} [5m]))', 'sum(count_over_time({a="g"} [5m]))'),
        ('{a="g"} | json | x in ("a", "b")', '{a="g"} | json | x=~"a|b"'),
        ('{a="g"} | json | x not in ("a")', '{a="g"} | json | x!~"a"'),
        ('{a="g"} | json | where status=500', '{a="g"} | json | status=500'),
        ('{a="g"} | json | size > 5 MB', '{a="g"} | json | size > 5MB'),
        ('{a:"g"}', '{a="g"}'),
        ('{a="g", b"x"}', '{a="g", b="x"}'),
        ('{"a"="g"}', '{a="g"}'),
        ('{a="g"', '{a="g"}'),
        ('{a="g"} | json x="a" y="b"', '{a="g"} | json x="a", y="b"'),
        ('{a="g"} | json | (s="500" || s="503") && r="/b"', '{a="g"} | json | (s="500" or s="503") and r="/b"'),
        ('{a="g"} |= "a" || |= "b"', '{a="g"} |= "a" or "b"'),
        ('{a="g"} |= `a` && "b"', '{a="g"} |= `a` |= "b"'),
        ('{a="g"} || json', '{a="g"} | json'),
        ('sum(rate({a="g"}[5m])) || vector(1)', 'sum(rate({a="g"}[5m])) or vector(1)'),
        ('{a=="g"}', '{a="g"}'),
        ('{a="g"} !== "a"', '{a="g"} != "a"'),
        ('{a="g"} | json | s => 5', '{a="g"} | json | s >= 5'),
        ('{a="g"} | json | s <> "5"', '{a="g"} | json | s != "5"'),
        ('sum(rate({a="g"}[5m])) = 0', 'sum(rate({a="g"}[5m])) == 0'),
        ('{a="g"} = "foo"', '{a="g"} |= "foo"'),
        ('{a="g"} "foo"', '{a="g"} |= "foo"'),
        ('{a="g"} |= ("a" or "b")', '{a="g"} |= "a" or "b"'),
        ('{a="g"} |= foo bar', '{a="g"} |= "foo bar"'),
        ('{a="g"} | json | r=/a/b.c | s="1"', '{a="g"} | json | r="/a/b.c" | s="1"'),
        ('{a="g", b=~x|y} | json | c=~e|w | logfmt', '{a="g", b=~"x|y"} | json | c=~"e|w" | logfmt'),
        ('{a="g"} | json | s != null', '{a="g"} | json | s != ""'),
        ('{a="g"} | json | s = 500 or 503', '{a="g"} | json | s = 500 or s=503'),
        ('{a="g"} | json | not s="5"', '{a="g"} | json | s!="5"'),
        ('{a="g"} | json | s matches "5.."', '{a="g"} | json | s=~"5.."'),
        ('{a=["g", "h.x"]}', "{a=~`g|h\\.x`}"),
        ('{a="g",} | json (x, y)', '{a="g"} | json x, y'),
        ('{a="g"; b="h"}', '{a="g", b="h"}'),
        ('{a="g"}{b="h"}', '{a="g", b="h"}'),
        ('{a="g"} | drop x y', '{a="g"} | drop x, y'),
        ('{a="g"} | json x="$.a.b"', '{a="g"} | json x="a.b"'),
        ('{a="g"} | json x=".a.b"', '{a="g"} | json x="a.b"'),
        ('{a="g"} | json x="[a-b]"', '{a="g"} | json x=`["a-b"]`'),
        ('count({a="g"}[5 min])', 'count_over_time({a="g"}[5m])'),
        ('avg({a="g"} | json | unwrap d [5m])', 'avg_over_time({a="g"} | json | unwrap d [5m])'),
        ('rate({a="g"})[5m]', 'rate({a="g"} [5m])'),
        ('sum(rate({a="g"}[5m]) by (x))', 'sum by (x) (rate({a="g"}[5m]))'),
        ('sum by (x) rate({a="g"}[5m])', 'sum by (x) (rate({a="g"}[5m]))'),
        ('{a="g"} | line_format `{{ trimPrefix "a\\." .x }}`', '{a="g"} | line_format `{{ trimPrefix "a\\\\." .x }}`'),
    ],
)
def test_a_slip_that_has_one_meaning_is_mended(text: str, meant: str) -> None:
    error = refused(text)
    assert error is not None
    assert mended_query(error, refused) == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{a="g"} | limit 5', "is set in the panel"),
        ('{a="g"} |= "x" [5m]', "lines have no range"),
        ('count_over_time({a="g"} | json | unwrap x [5m])', "leave it out"),
        ('{a="g"} | regexp "a=(.)"', "(?P<took>"),
        ('{a="g"} |~ "(?!x)"', "no look-around"),
        ('{a="g"} | line_format "{{.msg"', "has no }}"),
        ('histogram_quantile(0.9, rate({a="g"}[5m]))', "quantile_over_time(0.95"),
        ('{a="g"} |= "x" | "y"', ""),
        ('sum(rate({a="g"}[5m])) or 0', "hides that there is nothing"),
        ('{a="g"} | json x="a[*]"', ""),
        ('{a!="x"}', 'such as job=~".+"'),
        ('{a="g"} | line_format "{{ trimPrefix \\"a\\\\.\\" .x }}"', "a backslash is written twice"),
    ],
)
def test_what_only_a_person_can_mend_is_said(text: str, said: str) -> None:
    error = refused(text)
    assert error is not None
    assert said in hint_for(error)
    assert mended_query(error, refused) is None
