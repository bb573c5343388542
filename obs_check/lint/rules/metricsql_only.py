"""metricsql-only: queries of a datasource of the type prometheus that VictoriaMetrics reads and Prometheus refuses."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.model.wording import count_noun

_NAMED = 3
"""Parts of the language that a finding names."""
_REMEDY = "VictoriaMetrics reads it as it is; for Prometheus write PromQL"


def _find(material: Material) -> Iterator[Found]:
    # Which of the two stands behind the datasource is said once a dashboard.
    boards: dict[int, list[Question]] = {}
    for question in material.questions:
        if question.metricsql:
            boards.setdefault(id(question.board), []).append(question)
    for questions in boards.values():
        habits = list(dict.fromkeys(habit for question in questions for habit in question.metricsql))
        named = ", ".join(habits[:_NAMED]) + (f" and {len(habits) - _NAMED} more" if len(habits) > _NAMED else "")
        claim = f"only MetricsQL reads {named}; Prometheus refuses {count_noun(len(questions), 'query')}"
        yield questions[0].spot, claim, _REMEDY


RULE = LintRule("metricsql-only", "info", "queries that VictoriaMetrics reads and Prometheus refuses", _find)
