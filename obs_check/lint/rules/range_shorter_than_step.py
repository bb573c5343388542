"""range-shorter-than-step: lines between two steps are looked at by neither."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.panel_options import reads_last
from obs_check.lint.rule import LintRule
from obs_check.lint.written_ranges import written_ranges
from obs_check.panel.interval import format_interval

_INTERVAL = "write `[$__interval]` (PromQL: `[$__rate_interval]`)"
_LAST_TWO = {"irate": "rate", "idelta": "delta"}
"""Functions that look at the last two samples of any range, and those that look at all."""
_ALL = "write {} over `[$__rate_interval]`: of any range this function looks at the last two samples"
_INSTANT = "make it an instant query: the panel reads the last step alone"


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        if question.instant or not question.step_ms or question.problem or not question.is_asked:
            continue
        short = [one for one in written_ranges(question.language, question.spread) if one.ms < question.step_ms]
        if short:
            step = format_interval(question.step_ms)
            least = format_interval(min(one.ms for one in short))
            claim = f"[{least}] is shorter than the step of {step}: what is between is not seen"
            if question.panel is not None and reads_last(question.panel):
                yield question.spot, claim, _INSTANT
            else:
                functions = sorted({one.function for one in short})
                whole = " and ".join(_LAST_TWO[one] for one in functions) if _LAST_TWO.keys() >= set(functions) else ""
                yield question.spot, claim, _ALL.format(whole) if whole else _INTERVAL


RULE = LintRule("range-shorter-than-step", "warning", "a written range is shorter than the step of its panel", _find)
