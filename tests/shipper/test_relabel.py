"""Relabel rules, as in Prometheus."""

import pytest

from obs_check.model.entry import Labels
from obs_check.shipper.relabel import Rule, relabel

LABELS = {"a": "one", "b": "two", "__meta_x": "meta"}


@pytest.mark.parametrize(
    ("rule", "want"),
    [
        (Rule(sources=("a", "b"), target="c"), {**LABELS, "c": "one;two"}),
        (Rule(sources=("a", "b"), separator="/", target="c"), {**LABELS, "c": "one/two"}),
        (Rule(sources=("a",), regex="(o)(.*)", target="c", replacement="${2}-$1-$3-$$"), {**LABELS, "c": "ne-o--$"}),
        (Rule(sources=("a",), regex="(?P<x>o).*", target="${x}k", replacement="v"), {**LABELS, "ok": "v"}),
        (Rule(sources=("a",), regex="n", target="c", replacement="v"), LABELS),
        (Rule(sources=("a",), regex="one", target="b", replacement=""), {"a": "one", "__meta_x": "meta"}),
        (Rule("keep", ("a",), regex="one|x"), LABELS),
        (Rule("keep", ("a",), regex="on"), None),
        (Rule("drop", ("a",), regex="o.e"), None),
        (Rule("drop", ("none",), regex=".+"), LABELS),
        (Rule("keepequal", ("a",), target="b"), None),
        (Rule("dropequal", ("a",), target="b"), LABELS),
        (Rule("labelmap", regex="__meta_(.+)"), {**LABELS, "x": "meta"}),
        (Rule("labeldrop", regex="a|b"), {"__meta_x": "meta"}),
        (Rule("labelkeep", regex="a|b"), {"a": "one", "b": "two"}),
        (Rule("uppercase", ("a",), target="a"), {**LABELS, "a": "ONE"}),
        (Rule("hashmod", ("a",), target="h", modulus=1), {**LABELS, "h": "0"}),
    ],
)
def test_one_rule(rule: Rule, want: Labels | None) -> None:
    assert relabel(LABELS, [rule]) == want
