"""A shipper's positions file: how far each file was read when the shipper last wrote it."""

import re
from pathlib import Path

import yaml

from obs_check.documents.yaml_tree import Loader
from obs_check.errors import InputError

_OFFSET = re.compile(r"[0-9]{1,19}")


def read_positions(path: Path) -> dict[str, int]:
    """Path to the offset in bytes; entries that are not offsets (a journal's cursor) are left out.

    promtail 3.5 writes `{positions: {PATH: "123"}}`; Alloy has a mapping `{path, labels}` as the key, where the same
    path may stand with several label sets (the smallest offset counts). Raises InputError.
    """
    try:
        root = yaml.compose(path.read_text("utf-8"), Loader=Loader)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", "check the path and who may read it") from error
    except (yaml.YAMLError, UnicodeDecodeError):
        raise InputError(
            f"{path}: not a positions file of promtail (YAML)",
            "name another, or correct it: promtail would not start with it",
        ) from None
    found: dict[str, int] = {}
    for key, value in _pairs(_child(root, "positions")):
        name = _child(key, "path") if isinstance(key, yaml.MappingNode) else key
        if isinstance(name, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode) and _OFFSET.fullmatch(value.value):
            offset = int(value.value)
            found[name.value] = min(offset, found.get(name.value, offset))
    return found


def _pairs(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((v for k, v in _pairs(node) if isinstance(k, yaml.ScalarNode) and k.value == name), None)
