"""References, formats and the datasources' own escaping, as Grafana 13.0.1 does them."""

from typing import Any

import pytest

from obs_check.errors import InputError
from obs_check.panel.escaping import escape, trapped_in_backticks
from obs_check.panel.interpolate import interpolate, references
from obs_check.panel.macros import backend_macros, step_macro
from obs_check.panel.timerange import TimeRange
from obs_check.panel.variables import EffectiveVariable


def one(value: str, **more: Any) -> EffectiveVariable:
    return EffectiveVariable("v", "textbox", (value,), **more)


def many(*values: str) -> EffectiveVariable:
    return EffectiveVariable("v", "custom", values, is_list=True, multi=True)


@pytest.mark.parametrize(
    ("form", "listed", "single"),
    [
        ("${v}", "{a,b.c}", "b.c"),
        ("${v:csv}", "a,b.c", "b.c"),
        ("${v:raw}", "a,b.c", "b.c"),
        ("${v:pipe}", "a|b.c", "b.c"),
        ("${v:regex}", r"(a|b\.c)", r"b\.c"),
        ("[[v:regex]]", r"(a|b\.c)", r"b\.c"),
        ("${v:singlequote}", "'a','b.c'", "'b.c'"),
        ("${v:doublequote}", '"a","b.c"', '"b.c"'),
        ("${v:sqlstring}", "'a','b.c'", "'b.c'"),
        ("${v:json}", '["a","b.c"]', "b.c"),
        ("${v:unknown}", "{a,b.c}", "b.c"),
        ("${v:join:;}", "a;b.c", "b.c"),
        ("${v:queryparam}", "var-v=a&var-v=b.c", "var-v=b.c"),
    ],
)
def test_formats(form: str, listed: str, single: str) -> None:
    assert interpolate(form, {"v": many("a", "b.c")}) == listed
    assert interpolate(form, {"v": one("b.c")}) == single


def test_a_list_of_one_under_regex_has_no_parentheses() -> None:
    assert interpolate("${v:regex}", {"v": many("b.c")}) == r"b\.c"


@pytest.mark.parametrize(
    ("kind", "plain", "text_of_multi", "listed"),
    [
        ("loki", "a.b'\\", r"a\\.b'\\\\", r"a\\.b|c"),
        ("prometheus", r"a.b\\'\\", r"a\\.b'\\\\", r"(a\\.b|c)"),
        ("sql", "a.b''\\", "'a.b''\\'", "'a.b','c'"),
    ],
)
def test_escaping(kind: str, plain: str, text_of_multi: str, listed: str) -> None:
    assert escape(kind, one("a.b'\\")) == plain
    assert escape(kind, one("a.b'\\", multi=True)) == text_of_multi
    assert escape(kind, many("a.b", "c")) == listed


def test_the_backtick_trap_is_found() -> None:
    query = '{a="b"} | domain=~`$v`'
    assert trapped_in_backticks(query, {"v": many("api.llm.example")}) == ["v"]
    assert trapped_in_backticks(query, {"v": many("austen")}) == []
    assert trapped_in_backticks(query, {"v": one("api.llm.example")}) == []
    assert trapped_in_backticks('{a="b"} | domain=~"$v"', {"v": many("api.llm.example")}) == []


@pytest.mark.parametrize("text", ["$owner_id", "a$1", "price$USD", "[[:alpha:]]", "$__range", "${DS_LOKI}", "$"])
def test_unknown_names_stay(text: str) -> None:
    assert interpolate(text, {"owner": one("x")}, "loki") == text


def test_scoped_values_win_and_a_format_beats_the_datasource() -> None:
    assert interpolate("$v", {"v": one("x")}, "loki", {"v": "y"}) == "y"
    assert interpolate("${v:raw}", {"v": many("a.b")}, "loki") == "a.b"


def test_times_of_the_panel() -> None:
    within = TimeRange(1_795_478_500_000, 1_795_478_501_000)
    assert interpolate("$__from ${__to}", {}, within=within) == "1795478500000 1795478501000"
    assert interpolate("${__from:date:seconds}", {}, within=within) == "1795478500"
    assert interpolate("${__from:date}", {}, within=within) == "2026-11-24T00:01:40.000Z"
    assert interpolate("${__to:date:ms}", {}, within=within) == "1795478501000"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("M", "3"),
        ("MM", "03"),
        ("MMM D, YYYY", "Mar 7, 2026"),
        ("dddd DDD", "Saturday 66"),
        ("YYYY-MM-DD HH:mm:ss.SSS", "2026-03-07 00:05:09.087"),
        ("h:mm A [o'clock] Z", "12:05 AM o'clock +00:00"),
        ("GGGG-[W]WW-E", "2026-W10-6"),
        ("YY/Q k X x", "26/1 24 1772841909 1772841909087"),
    ],
)
def test_times_in_the_formats_of_moment(pattern: str, text: str) -> None:
    within = TimeRange(1_772_841_909_087, 1_772_841_909_587)
    assert interpolate(f"${{__from:date:{pattern}}}", {}, within=within) == text


def test_a_half_of_a_second_goes_up() -> None:
    within = TimeRange(1_772_841_909_087, 1_772_841_909_587)
    assert interpolate("${__from:date:seconds} ${__to:date:seconds}", {}, within=within) == "1772841909 1772841910"


def test_all_value_is_inserted_as_it_is_and_replaced_again() -> None:
    everything = EffectiveVariable("v", "query", (), is_list=True, multi=True, all_text="$w.*")
    assert interpolate("$v", {"v": everything, "w": EffectiveVariable("w", "textbox", ("x",))}, "loki") == "x.*"


def test_a_circle_is_refused() -> None:
    circle = {n: EffectiveVariable(n, "constant", (f"${o}",)) for n, o in (("a", "b"), ("b", "a"))}
    with pytest.raises(InputError, match="refer to each other"):
        interpolate("$a", circle)


def test_references_are_named_once() -> None:
    assert references("$a ${b:raw} [[c]] $a") == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "instant", "want"),
    [
        ("[$__range] [${__range}]", False, "[604800s] [604800s]"),
        ("$__range_ms $__range_s", False, "604800000 604800"),
        ("[$__interval] $__interval_ms", False, "[5m] 300000"),
        ("[$__auto]", True, "[604800s]"),
        ("[$__auto]", False, "[10m]"),
        ("[${__auto}]", True, "[${__auto}]"),
    ],
)
def test_backend_macros(text: str, instant: bool, want: str) -> None:
    got = backend_macros(text, from_ms=0, to_ms=604_800_000, interval_ms=300_000, step_ms=600_000, instant=instant)
    assert got == want


@pytest.mark.parametrize(
    ("version", "macro"), [("9.4.0-pre", "$__interval"), ("10.0.0", "$__auto"), ("13.0.1", "$__auto"), ("", "$__auto")]
)
def test_the_time_between_two_points_is_what_that_grafana_calls_it(version: str, macro: str) -> None:
    assert step_macro(version) == macro
