"""metricsql-only: queries of a datasource of the type prometheus that VictoriaMetrics reads and Prometheus refuses."""

import json
import re
from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.model.wording import count_noun

_OWN = re.compile(r"victoria[ _-]?metrics|\bvm(?:agent|alert|auth|anomaly|storage|select|insert)\b", re.IGNORECASE)
_NAMED = 3
"""Parts of the language that a finding names."""
_REMEDY = "VictoriaMetrics reads it as it is; for Prometheus write PromQL"


def _find(material: Material) -> Iterator[Found]:
    # Which of the two stands behind the datasource is said once a dashboard.
    boards: dict[int, list[Question]] = {}
    for question in material.questions:
        if question.metricsql and not _names_its_own(question):
            boards.setdefault(id(question.board), []).append(question)
    for questions in boards.values():
        habits = list(dict.fromkeys(habit for question in questions for habit in question.metricsql))
        named = ", ".join(habits[:_NAMED]) + (f" and {len(habits) - _NAMED} more" if len(habits) > _NAMED else "")
        claim = f"only MetricsQL reads {named}; Prometheus refuses {count_noun(len(questions), 'query')}"
        yield questions[0].spot, claim, _REMEDY


def _names_its_own(question: Question) -> bool:
    """Whether a dashboard or its file says that it is for VictoriaMetrics."""
    board = question.board
    return board is not None and bool(_OWN.search(f"{board.path} {json.dumps(board.dashboard.document, default=str)}"))


RULE = LintRule("metricsql-only", "info", "queries that VictoriaMetrics reads and Prometheus refuses", _find)
