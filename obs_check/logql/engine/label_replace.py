"""label_replace."""

import re

from obs_check.logql.engine.vector import LabelSet, Step, label_set, without_empty
from obs_check.logql.regex import compile_re2
from obs_check.logql.syntax import ast

_REFERENCE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<braced>\w+)\}|(?P<bare>\w+))", re.ASCII)


def label_replace(expr: ast.LabelReplace, steps: list[Step]) -> list[Step]:
    """Sets `destination` where the whole of `source` matches; an empty replacement removes it."""
    pattern = compile_re2(f"^(?:{expr.regex})$")
    known: dict[LabelSet, LabelSet] = {}

    def replaced(labels: LabelSet) -> LabelSet:
        if labels not in known:
            match = pattern.search(dict(labels).get(expr.source, ""))
            known[labels] = labels
            if match is not None:
                groups = [match.group(i) or "" for i in range(pattern.groups + 1)]
                value = _expand(expr.replacement, groups, dict(pattern.groupindex))
                kept = {name: found for name, found in labels if name != expr.destination}
                known[labels] = without_empty(label_set({**kept, expr.destination: value}))
        return known[labels]

    return [[(replaced(labels), value) for labels, value in step] for step in steps]


def _expand(template: str, groups: list[str], names: dict[str, int]) -> str:
    """Go's expansion: `$1`, `${name}`, `$$`; a name is as long as it can be, an unknown one is empty."""

    def value(reference: "re.Match[str]") -> str:
        if reference["dollar"]:
            return "$"
        name = reference["braced"] or reference["bare"]
        index = int(name) if name.isdigit() else names.get(name, len(groups))
        return groups[index] if index < len(groups) else ""

    return _REFERENCE.sub(value, template)
