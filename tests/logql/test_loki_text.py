"""Queries as a real Loki 3.5.9 formats them (tests/fixtures/loki/formatted.json)."""

import json
from pathlib import Path

import pytest

from obs_check.logql import parse
from obs_check.logql.syntax.pretty import pretty_text
from obs_check.logql.syntax.printer import loki_text

FORMATTED = json.loads((Path(__file__).parent.parent / "fixtures/loki/formatted.json").read_text())["queries"]


@pytest.mark.parametrize("query", FORMATTED)
def test_a_query_is_formatted_as_loki_does(query: str) -> None:
    assert pretty_text(parse(query, stages=False)) == FORMATTED[query]


@pytest.mark.parametrize("query", FORMATTED)
def test_one_line_says_the_same(query: str) -> None:
    line = loki_text(parse(query, stages=False))
    assert loki_text(parse(line, stages=False)) == line
