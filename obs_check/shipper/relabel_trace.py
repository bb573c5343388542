"""Relabeling with labels of which some are not known: which rule drops a target, and what hangs on the unknown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from obs_check.model.entry import Labels
from obs_check.shipper.relabel import RelabelRule, relabel

_DECIDES = ("keep", "drop", "keepequal", "dropequal")


@dataclass(frozen=True, slots=True)
class Traced:
    """`labels` is None when a rule drops the target; `rule` is that rule's number (1-based) and `value` what it looked
    at. `unknown` maps a label whose value is not known to the names it hangs on; a `*` stands for labels that a
    `labelmap` would make. `decided` are unknown names that rules which keep or drop looked at, taken as absent. `lost`
    maps a label that was there to the number of the rule that took it away."""

    labels: Labels | None
    rule: int = 0
    value: str = ""
    unknown: dict[str, tuple[str, ...]] = field(default_factory=dict)
    decided: tuple[str, ...] = ()
    lost: dict[str, int] = field(default_factory=dict)


def trace(labels: Labels, rules: Sequence[RelabelRule], is_unknown: Callable[[str], bool]) -> Traced:
    """The labels after all rules as `relabel`, unknown ones taken as absent and followed through the rules."""
    current = {name: value for name, value in labels.items() if value}
    hangs: dict[str, tuple[str, ...]] = {}
    decided: list[str] = []
    lost: dict[str, int] = {}
    for number, rule in enumerate(rules, 1):
        sources = (*rule.sources, rule.target) if rule.action in ("keepequal", "dropequal") else rule.sources
        on = _on(sources, current, hangs, is_unknown)
        if rule.action in _DECIDES:
            decided += on
        after = relabel(current, [rule])
        if after is None:
            value = rule.separator.join(current.get(name, "") for name in rule.sources)
            return Traced(None, number, value, hangs, tuple(dict.fromkeys(decided if on else ())))
        if rule.action in ("replace", "lowercase", "uppercase", "hashmod"):
            if on:
                hangs[rule.target] = tuple(dict.fromkeys((*hangs.get(rule.target, ()), *on)))
            elif after.get(rule.target) != current.get(rule.target):
                hangs.pop(rule.target, None)
        elif rule.action == "labelmap" and is_unknown(_example(rule.regex)):
            hangs["*"] = (*hangs.get("*", ()), rule.regex)
        elif rule.action in ("labeldrop", "labelkeep"):
            hangs = {n: names for n, names in hangs.items() if n == "*" or relabel({n: "x"}, [rule])}
        lost |= dict.fromkeys(current.keys() - after.keys(), number)
        current = after
    return Traced(
        current, 0, "", hangs, tuple(dict.fromkeys(decided)), {n: r for n, r in lost.items() if n not in current}
    )


def _on(
    sources: Sequence[str], current: Labels, hangs: dict[str, tuple[str, ...]], is_unknown: Callable[[str], bool]
) -> list[str]:
    """The unknown names that a rule's sources are or hang on."""
    found = [unknown for name in sources for unknown in hangs.get(name, ())]
    return found + [name for name in sources if name not in current and name not in hangs and is_unknown(name)]


def _example(regex: str) -> str:
    """A name that a labelmap's expression would take: its literal start and one letter."""
    start = ""
    for char in regex.removeprefix("^"):
        if not (char.isalnum() or char == "_"):
            break
        start += char
    return f"{start}x"


def in_words(rule: RelabelRule, number: int) -> str:
    """A rule as a person would name it: `rule 3 (keep [__meta_kubernetes_pod_label_app] regex "coder")`."""
    equal = f" target {rule.target}" if rule.action.endswith("equal") else f' regex "{rule.regex}"'
    return f"rule {number} ({rule.action} [{', '.join(rule.sources)}]{equal})"
