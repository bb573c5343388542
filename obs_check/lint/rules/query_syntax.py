"""query-syntax: a query that its datasource refuses."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.promql_slip import NOWHERE, mend, unexpected_at
from obs_check.lint.rule import LintRule
from obs_check.model.secret import shorten

_REMEDY = "correct the query; try it with obs-check query"
_NAMES = {"logql": "LogQL", "promql": "PromQL", "sql": "SQL"}


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        if question.problem and question.is_asked:
            name = _NAMES.get(question.language, "a query")
            problem = _unexpected(question.text) if question.problem == NOWHERE else question.problem
            own = mend(question.text, question.problem) if question.language == "promql" else ""
            yield question.spot, f"not {name}: {problem}", question.remedy or own or _REMEDY


def _unexpected(text: str) -> str:
    at = unexpected_at(text)
    if at is None:
        return NOWHERE
    return f"unexpected `{shorten(' '.join(text[at:].split()), 40, '')}`" if at < len(text) else "it ends too early"


RULE = LintRule("query-syntax", "error", "a query does not parse with its variables filled", _find)
