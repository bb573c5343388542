"""Configuration files without the secrets in them, everything else as it was written."""

import re

import yaml

from obs_check.model.secret import HIDDEN, hidden, is_secret_name

_KEY = re.compile(r"-----BEGIN (?P<kind>[A-Z ]*PRIVATE KEY)-----.*?(?:-----END (?P=kind)-----|\Z)", re.S)
_ASSIGNED = re.compile(
    r"(?P<name>[\w.-]{1,80})(?P<between>[\"']?[ \t]*[:=][ \t]*)"
    r"(?P<value>\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|`[^`]*`|\$\{[^}\n]*\}|[^\s\"'`{}\[\],#]+)"
)
_REFERENCE = re.compile(r"\$\{?\w+(?::[^}]*)?\}?|(?:sys\.)?env\(.*|[a-z_]+(?:\.[A-Za-z_0-9]+)+(?:\[.*\])?")
"""A variable of the environment, an expression of Alloy: the name of a secret is none."""
_EMPTY = ("", '""', "''", "null", "~", "|", ">", HIDDEN)


def without_secret_values(text: str) -> tuple[str, int]:
    """A YAML, JSON or Alloy text with every value under a secret's name, known secrets and private keys hidden, and how
    many that are. YAML is read, so that a value of several lines is found too; a text that is none, and comments, are
    looked through by line."""
    spans = dict(_yaml_spans(text))
    for found in _ASSIGNED.finditer(text):
        value = found["value"]
        if is_secret_name(found["name"]) and value not in _EMPTY and not _REFERENCE.fullmatch(value):
            spans.setdefault(found.start("value"), found.end("value"))
    for found in _KEY.finditer(text):
        spans[found.start()] = found.end()
    parts, at, count = [], 0, 0
    for start, end in sorted(spans.items()):
        if start < at:
            continue
        parts += [text[at:start], HIDDEN]
        at, count = end, count + 1
    return hidden("".join([*parts, text[at:]])), count


def _yaml_spans(text: str) -> list[tuple[int, int]]:
    """Where the values of secrets stand; none where the text is no YAML."""
    try:
        roots = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        return []
    found: list[tuple[int, int]] = []
    left, done = list(roots), set[int]()
    while left:
        node = left.pop()
        if node is None or id(node) in done:
            continue
        done.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            left += node.value
        if isinstance(node, yaml.MappingNode):
            named = any(
                key.value in ("name", "key") and isinstance(value, yaml.ScalarNode) and is_secret_name(value.value)
                for key, value in node.value
            )
            for key, value in node.value:
                left.append(value)
                secret = is_secret_name(str(key.value)) or (named and key.value == "value")
                if secret and isinstance(value, yaml.ScalarNode) and not _is_reference(value):
                    found.append((value.start_mark.index, value.end_mark.index))
    return found


def _is_reference(node: yaml.ScalarNode) -> bool:
    return node.value in _EMPTY or _REFERENCE.fullmatch(node.value) is not None
