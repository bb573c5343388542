"""range-shorter-than-step: lines between two steps are looked at by neither."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule
from obs_check.lint.written_ranges import written_ranges
from obs_check.panel.interval import format_interval

_REMEDY = (
    "let the range follow the step, `[$__interval]` (PromQL: `[$__rate_interval]`, and no intervalFactor), in a "
    "function that looks at all of it; or make the query instant where the panel shows the last value alone"
)


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        if question.instant or not question.step_ms or question.problem or not question.is_asked:
            continue
        short = [ms for ms in written_ranges(question.language, question.spread) if ms < question.step_ms]
        if short:
            step = format_interval(question.step_ms)
            least = format_interval(min(short))
            claim = f"[{least}] is shorter than the step of {step}: what is between is not seen"
            yield question.spot, claim, _REMEDY


RULE = LintRule("range-shorter-than-step", "warning", "a written range is shorter than the step of its panel", _find)
