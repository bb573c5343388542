"""libyaml and PyYAML make the same nodes at the same places; what only one of them knows is read all the same."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.documents import yaml_tree
from obs_check.documents.yaml_tree import Loader, compose_all, load_plain

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "docs").rglob("*.yaml")), ROOT / "docs/schemas/runs.json"]
SPOILERS = (
    *("\t", "\r\n", "\n\n", "  ", ": ", "- ", "[", "]", "{", "}", "#"),
    *("&a ", "*a", "|\n", "'", '"', "\x85", "\xe9", "\U0001d4b3"),
)


def flat(node: yaml.Node) -> Iterator[tuple[Any, ...]]:
    """Every node: its tag, what it says, how it is written, and where."""
    begins, ends = node.start_mark, node.end_mark
    where = (begins.index, begins.line, begins.column)
    if isinstance(node, yaml.ScalarNode):
        yield node.tag, node.value, node.style, *where, ends.index, ends.line
        return
    yield (node.tag, *where)
    for part in node.value:
        for one in part if isinstance(part, tuple) else (part,):
            yield from flat(one)


def both(text: str, monkeypatch: pytest.MonkeyPatch) -> list[list[tuple[Any, ...]]]:
    """The nodes by libyaml where it reads the text, and those by PyYAML; none where it does not."""
    found = []
    for there in (True, False):
        monkeypatch.setattr(yaml, "__with_libyaml__", there)
        try:
            found.append([one for node in compose_all(text) for one in flat(node)])
        except yaml.YAMLError:
            found.append([])
    return found


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML was built without libyaml")
def test_nodes_and_places_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    chance, alike = random.Random(5), 0
    for text in (file.read_text("utf-8")[:3000] for file in FILES):
        for number in range(12):
            at = chance.randrange(len(text))
            spoiled = text if not number else text[:at] + chance.choice(SPOILERS) + text[at:]
            ours, pythons = both(spoiled, monkeypatch)
            # libyaml, as Go's yaml.v3 that was made from it, reads a little more: blanks that are tabs.
            assert ours == pythons or not pythons, spoiled
            alike += bool(pythons)
    assert alike > 4 * len(FILES)


@pytest.mark.parametrize(
    ("text", "value", "at"),
    [
        ("\ufeffa: b", "b", 4),
        ('a: "\\ud83d\\udd12"', "\U0001f512", 3),
        ('{"a": "\\ud83d"}', "\ufffd", 6),
        ("a: x\n  y\nb: c", "x y", 3),
    ],
)
def test_what_only_one_of_them_knows_is_read(text: str, value: str, at: int) -> None:
    (node,) = compose_all(text)
    scalar = node.value[0][1]
    assert (scalar.value, scalar.start_mark.index, scalar.style in (None, '"')) == (value, at, True)


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\ud83d", "a\x00b", "a: *b"])
def test_a_text_that_is_none_is_refused_in_the_words_of_pyyaml(text: str) -> None:
    with pytest.raises(yaml.YAMLError) as refused:
        compose_all(text)
    with pytest.raises(yaml.YAMLError) as pythons:
        list(yaml.compose_all(text, Loader=Loader))
    assert str(refused.value) == str(pythons.value)


def test_libyaml_is_there_where_pyyaml_says_so() -> None:
    if yaml.__with_libyaml__:
        assert [node.value for node in yaml.compose_all("a", Loader=yaml_tree._over_libyaml())] == ["a"]


PLAIN = "a: [1, 2.5, yes, null, x]\n---\n---\n- &b {c: 2026-11-30}\n- *b\n- <<: *b\n"


@pytest.mark.parametrize("text", [PLAIN, '{"a": "\\ud83d\\udd12"}', ""])
def test_plain_values_are_those_of_pyyaml(text: str) -> None:
    assert load_plain(text) == [one for one in yaml.load_all(text, Loader=Loader) if one is not None]
