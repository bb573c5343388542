"""bad-disable: a comment that switches a rule off without saying why, or one that names no rule."""

import difflib
from collections.abc import Iterator

from obs_check.lint.material import Material
from obs_check.lint.rule import Found, Rule


def _find(material: Material) -> Iterator[Found]:
    # Imported here: what a comment may name is the registry, which holds this rule.
    from obs_check.lint.disable import read_disables
    from obs_check.lint.registry import IDS

    for one in read_disables(material):
        if one.rule not in IDS:
            near = difflib.get_close_matches(one.rule, IDS, 1)
            remedy = f"did you mean {near[0]}?" if near else f"rules: {', '.join(IDS)}"
            yield one.spot, f"{one.rule!r} is no rule", remedy
        elif not one.reason:
            claim = f"{one.rule} is switched off without a reason, so it stays on"
            yield one.spot, claim, f"write obs-check:disable {one.rule} -- why it does not matter here"


RULE = Rule("bad-disable", "error", "a disabled rule without a reason, or an unknown one", _find)
