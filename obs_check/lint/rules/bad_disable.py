"""bad-disable: a comment that switches a rule off without saying why, or one that names no rule."""

from collections.abc import Iterator, Sequence

from obs_check.documents.nearest import did_you_mean
from obs_check.lint.disable import read_disables
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule

_ID = "bad-disable"


def rule_over(others: Sequence[str]) -> LintRule:
    """The rule; a comment may name it and the `others` (ids)."""
    known = (*others, _ID)

    def find(material: Material) -> Iterator[Found]:
        for one in read_disables(material):
            if one.rule not in known:
                yield one.spot, f"not a rule: {one.rule!r}", did_you_mean(one.rule, known)
            elif not one.reason:
                claim = f"{one.rule} is switched off without a reason, so it stays on"
                yield one.spot, claim, f"write obs-check:disable {one.rule} -- why it does not matter here"

    return LintRule(_ID, "error", "a disabled rule without a reason, or an unknown one", find)
