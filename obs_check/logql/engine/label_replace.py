"""label_replace."""

from obs_check.golang.regex import compile_re2, expand
from obs_check.logql.engine.vector import LabelSet, Step, label_set, without_empty
from obs_check.logql.syntax import ast


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
                value = expand(expr.replacement, groups, dict(pattern.groupindex))
                kept = {name: found for name, found in labels if name != expr.destination}
                known[labels] = without_empty(label_set({**kept, expr.destination: value}))
        return known[labels]

    return [[(replaced(labels), value) for labels, value in step] for step in steps]
