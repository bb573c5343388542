"""query-syntax: a query that its datasource refuses."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule

_REMEDY = "correct the query; try it with obs-check query"
_NAMES = {"logql": "LogQL", "promql": "PromQL", "sql": "SQL"}


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        if question.problem and question.is_asked:
            name = _NAMES.get(question.language, "a query")
            yield question.spot, f"not {name}: {question.problem}", question.remedy or _REMEDY


RULE = LintRule("query-syntax", "error", "a query does not parse with its variables filled", _find)
