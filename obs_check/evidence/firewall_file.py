"""boundary's configuration file as the causes use it: what its rules decide, and changed versions of its text.

A changed version is the text of a fix, read again as boundary reads it. It is one only where nothing else differs:
every other key is as it was, and every other rule.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from obs_check.boundary.config import BoundaryConfig, parse_boundary_config
from obs_check.boundary.rules import Rule, evaluate, parse_rule
from obs_check.documents.yaml_edit import remove_node, with_item, with_value
from obs_check.documents.yaml_nodes import compose, node_at, tree
from obs_check.errors import ConfigError
from obs_check.evidence.context import Context
from obs_check.evidence.dashboard_edit import file_fix
from obs_check.follow.run import Sent
from obs_check.model.finding import Fix
from obs_check.model.probe import Probe

_END = 10**9
"""Behind the last rule, however many there are."""


@dataclass(frozen=True, slots=True)
class FirewallFile:
    """The file that obs-check.yaml names, or a changed version of it, and what boundary makes of it."""

    path: Path
    text: str
    config: BoundaryConfig

    def allowing_rule(self, one: Sent) -> Rule | None:
        """The rule that allows an event's request; None: denied."""
        return evaluate(self.config.rules, one.event.method, one.event.url)

    def ask_rules(self, events: Sequence[Sent], now_ns: int, title: str = "as written") -> Probe:
        """The decisions of the rules on the events' requests: {"rules", "allowed_by": {rule: requests}, "denied"}."""
        by = [rule.raw if (rule := self.allowing_rule(one)) else None for one in events]
        allowed = {rule: by.count(rule) for rule in dict.fromkeys(by) if rule is not None}
        answer = {"rules": len(self.config.rules), "allowed_by": allowed, "denied": by.count(None)}
        return Probe("file", f"decide the events by {self.path.name} {title}", answer, now_ns)

    def with_rule(self, text: str) -> "FirewallFile | None":
        """With one rule more; None where it is none, or where the file cannot be changed safely."""
        try:
            rules = (*self.config.rules, parse_rule(text))
        except ConfigError:
            return None
        return self._changed(lambda old: with_item(old, ("allowlist",), _END, text), rules=rules)

    def without_rule(self, rule: Rule) -> "FirewallFile | None":
        """Without a rule, however often it stands there; None where the file cannot be changed safely."""
        return self._changed(
            lambda old: _without_items(old, rule.raw),
            rules=tuple(other for other in self.config.rules if other.raw != rule.raw),
        )

    def with_value(self, key: str, value: object, **wanted: object) -> "FirewallFile | None":
        """With a value for a key, which boundary has to take for `wanted`; None where that cannot be done safely."""
        return self._changed(lambda old: with_value(old, (key,), value), **wanted)

    def fix(self, summary: str, after: "FirewallFile | None") -> Fix:
        """The fix that turns this file into `after`; words for a person without it."""
        if after is None:
            return Fix(f"{summary} (by hand: that place of {self.path.name} cannot be changed without another)")
        return file_fix(summary, self.path, self.text, after.text)

    def _changed(self, change: Callable[[str], str], **wanted: Any) -> "FirewallFile | None":
        try:
            text = change(self.text)
            config = parse_boundary_config(text, str(self.path))
        except ConfigError:
            return None
        return FirewallFile(self.path, text, config) if config == replace(self.config, **wanted) else None


def _without_items(text: str, rule: str) -> str:
    root = compose(text)
    listed = node_at(tree(root), ("allowlist",)) if root is not None else None
    items = listed[1] if listed is not None and listed[0] == "list" else ()
    for index in reversed([n for n, item in enumerate(items) if item[0] == "scalar" and item[2] == rule]):
        text = remove_node(text, ("allowlist", index))
    return text


def firewall_file(context: Context) -> FirewallFile | None:
    """The file that obs-check.yaml names; None without one, and for one that boundary v0.9.0 would not start with: then
    it is not what decides. Raises ConfigError for one that cannot be read."""
    path = context.named.boundary_config
    if path is None:
        return None
    text = context.configured_text(path, "boundary.config")
    compose(text, str(path))
    try:
        return FirewallFile(path, text, parse_boundary_config(text, str(path)))
    except ConfigError:
        return None


def others_change(before: FirewallFile, after: FirewallFile, urls: Iterable[tuple[str, str]]) -> list[str]:
    """The URLs of requests (method, URL) that two versions of a file decide differently."""
    return [
        url
        for method, url in urls
        if (evaluate(before.config.rules, method, url) is None) != (evaluate(after.config.rules, method, url) is None)
    ]
