"""Relabel rules, as in Prometheus."""

import pytest

from obs_check.model.entry import Labels
from obs_check.shipper.relabel import RelabelRule, relabel

LABELS = {"a": "one", "b": "two", "__meta_x": "meta"}


@pytest.mark.parametrize(
    ("rule", "want"),
    [
        (RelabelRule(sources=("a", "b"), target="c"), {**LABELS, "c": "one;two"}),
        (RelabelRule(sources=("a", "b"), separator="/", target="c"), {**LABELS, "c": "one/two"}),
        (
            RelabelRule(sources=("a",), regex="(o)(.*)", target="c", replacement="${2}-$1-$3-$$"),
            {**LABELS, "c": "ne-o--$"},
        ),
        (RelabelRule(sources=("a",), regex="(?P<x>o).*", target="${x}k", replacement="v"), {**LABELS, "ok": "v"}),
        (RelabelRule(sources=("a",), regex="n", target="c", replacement="v"), LABELS),
        (RelabelRule(sources=("a",), regex="one", target="b", replacement=""), {"a": "one", "__meta_x": "meta"}),
        (RelabelRule("keep", ("a",), regex="one|x"), LABELS),
        (RelabelRule("keep", ("a",), regex="on"), None),
        (RelabelRule("drop", ("a",), regex="o.e"), None),
        (RelabelRule("drop", ("none",), regex=".+"), LABELS),
        (RelabelRule("keepequal", ("a",), target="b"), None),
        (RelabelRule("dropequal", ("a",), target="b"), LABELS),
        (RelabelRule("labelmap", regex="__meta_(.+)"), {**LABELS, "x": "meta"}),
        (RelabelRule("labeldrop", regex="a|b"), {"__meta_x": "meta"}),
        (RelabelRule("labelkeep", regex="a|b"), {"a": "one", "b": "two"}),
        (RelabelRule("uppercase", ("a",), target="a"), {**LABELS, "a": "ONE"}),
        (RelabelRule("hashmod", ("a",), target="h", modulus=1), {**LABELS, "h": "0"}),
    ],
)
def test_one_rule(rule: RelabelRule, want: Labels | None) -> None:
    assert relabel(LABELS, [rule]) == want
