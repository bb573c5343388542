"""Relabeling of targets, as Prometheus and promtail do it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast, get_args

import re2

from obs_check.documents.yaml_tree import YamlValue
from obs_check.model.entry import Labels
from obs_check.shipper.stages.labels import LABEL_NAME
from obs_check.shipper.stages.regexes import compile_regex, read_regex

Action = Literal[
    "replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap", "labeldrop", "labelkeep",
    "lowercase", "uppercase",
]  # fmt: skip
ACTIONS: tuple[str, ...] = get_args(Action)
RULE_KEYS = ("source_labels", "separator", "regex", "modulus", "target_label", "replacement", "action")


@dataclass(frozen=True)
class RelabelRule:
    """One relabel rule. `regex` is RE2 and must match the whole of the source values joined by `separator`; in
    `replacement` and `target`, `$1` and `${name}` stand for groups."""

    action: Action = "replace"
    sources: tuple[str, ...] = ()
    separator: str = ";"
    regex: str = "(.*)"
    target: str = ""
    replacement: str = "$1"
    modulus: int = 0


def read_rule(node: YamlValue) -> RelabelRule:
    """One rule of a configuration, promtail's or Alloy's; raises ConfigError."""
    given = {key: value for key, value in node.mapping(RULE_KEYS).items() if value.data is not None}
    action = given["action"].text().lower() if "action" in given else "replace"
    if action not in ACTIONS:
        raise given["action"].error(f"not a relabel action: {action!r}", f"one of {', '.join(ACTIONS)}")
    target = given["target_label"].text() if "target_label" in given else ""
    if not target and action in {"replace", "hashmod", "lowercase", "uppercase", "keepequal", "dropequal"}:
        raise node.error(f"{action} needs target_label")
    _only(given, action)
    modulus = given["modulus"].integer() if "modulus" in given else 0
    if action == "hashmod" and modulus <= 0:
        raise node.error("hashmod needs a modulus above 0")
    sources = given["source_labels"].items() if "source_labels" in given else []
    return RelabelRule(
        cast(Action, action),
        tuple(s.text() for s in sources),
        given["separator"].text() if "separator" in given else ";",
        read_regex(given["regex"]) if "regex" in given else "(.*)",
        target,
        given["replacement"].text() if "replacement" in given else "$1",
        modulus,
    )


_NOT_WITH = {
    **dict.fromkeys(
        ("labeldrop", "labelkeep"), ("source_labels", "target_label", "modulus", "separator", "replacement")
    ),
    **dict.fromkeys(("keepequal", "dropequal"), ("regex", "modulus", "separator", "replacement")),
}
"""What Prometheus' rules of these actions may not have, unless it is the default."""
_DEFAULTS = {"separator": ";", "regex": "(.*)", "replacement": "$1", "modulus": "0"}


def _only(given: Mapping[str, YamlValue], action: str) -> None:
    for key in _NOT_WITH.get(action, ()):
        value = given.get(key)
        if value is not None and (isinstance(value.data, list) or value.text() != _DEFAULTS.get(key, "")):
            raise value.error(f"{action} takes no {key}", f"remove {key} from the rule")


@lru_cache(maxsize=512)
def _regex(pattern: str) -> Any:
    return compile_regex(f"^(?s:{pattern})$")


def relabel(labels: Labels, rules: Iterable[RelabelRule]) -> Labels | None:
    """The labels after all rules, None when a rule drops the target. Labels with an empty value are gone."""
    current = {name: value for name, value in labels.items() if value}
    for rule in rules:
        if not _apply(rule, current):
            return None
    return current


def _apply(rule: RelabelRule, labels: Labels) -> bool:
    """Changes labels in place; False when the target is dropped."""
    value = rule.separator.join(labels.get(name, "") for name in rule.sources)
    match rule.action:
        case "keep":
            return _regex(rule.regex).search(value) is not None
        case "drop":
            return _regex(rule.regex).search(value) is None
        case "keepequal":
            return labels.get(rule.target, "") == value
        case "dropequal":
            return labels.get(rule.target, "") != value
        case "replace":
            found = _regex(rule.regex).search(value)
            if found:
                target = expand(rule.target, found)
                if LABEL_NAME.fullmatch(target):
                    _set(labels, target, expand(rule.replacement, found))
        case "lowercase":
            _set(labels, rule.target, value.lower())
        case "uppercase":
            _set(labels, rule.target, value.upper())
        case "hashmod":
            digest = hashlib.md5(value.encode(), usedforsecurity=False).digest()
            _set(labels, rule.target, str(int.from_bytes(digest[8:], "big") % rule.modulus))
        case "labelmap":
            for name, text in list(labels.items()):
                if found := _regex(rule.regex).search(name):
                    _set(labels, expand(rule.replacement, found), text)
        case "labeldrop" | "labelkeep":
            for name in list(labels):
                if (_regex(rule.regex).search(name) is not None) == (rule.action == "labeldrop"):
                    del labels[name]
    return True


def _set(labels: Labels, name: str, value: str) -> None:
    if value:
        labels[name] = value
    else:
        labels.pop(name, None)


_REFERENCE = re2.compile(r"\$(?:(\$)|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))")


def expand(template: str, match: object) -> str:
    """A Go replacement text: `$1`, `$name`, `${name}`, `$$`; a group that is not there is empty."""
    parts: list[str] = []
    at = 0
    for reference in _REFERENCE.finditer(template):
        parts.append(template[at : reference.start()])
        parts.append("$" if reference[1] else _group(match, reference[2] or reference[3]))
        at = reference.end()
    return "".join([*parts, template[at:]])


def _group(match: Any, name: str) -> str:
    if name.isdigit():
        return (match.group(int(name)) or "") if int(name) <= match.re.groups else ""
    return match.groupdict().get(name) or ""
