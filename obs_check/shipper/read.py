"""A shipper's configuration, whatever its dialect and wrapping, into the neutral model."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from obs_check.documents.yaml_tree import Value, load
from obs_check.errors import ConfigError
from obs_check.shipper.alloy.read import parse_alloy
from obs_check.shipper.model import ShipperConfig
from obs_check.shipper.promtail import parse_promtail

_BLOCK = re.compile(r'^\s*(?:logging|[a-z_]+(?:\.[a-z_]+)+\s+"\w*")\s*\{', re.MULTILINE)
_LOKI = re.compile(r'^\s*loki\.[a-z_.]+\s+"\w*"\s*\{', re.MULTILINE)


_SHORTEST_SECRET = 4
"""Characters of a variable's value from which it is taken for itself where it stands in a message."""


def read_shipper(path: Path, env: Mapping[str, str] | None) -> ShipperConfig:
    """The configuration in a file: promtail's YAML or Alloy's syntax, plain or in a ConfigMap, Secret or Helm values.

    `env` is for `${NAME}` (promtail) and `sys.env` (Alloy), None leaves them unexpanded. Raises ConfigError.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: no text (UTF-8)", "promtail's configuration is YAML, Alloy's a text") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", "check path and rights") from None
    return parse_shipper(text, str(path), env)


def parse_shipper(text: str, file: str, env: Mapping[str, str] | None) -> ShipperConfig:
    """As `read_shipper`, of a text; `file` is its name in messages, and its ending decides where it is known.

    What a message quotes may come from the environment, where secrets are: it is shown by the variable's name.
    """
    try:
        parts = alloy_parts(text, file)
        return parse_alloy(parts, file, env, _beside(file)) if parts else parse_promtail(text, file, env)
    except ConfigError as error:
        raise ConfigError(_named(error.message, env), _named(error.hint, env)) from None
    except (ArithmeticError, LookupError, RecursionError, SyntaxError, TypeError, ValueError, yaml.YAMLError) as error:
        # Alloy's expressions compute with whatever stands there; the error's own text may quote a secret.
        raise ConfigError(
            f"{file}: an expression cannot be evaluated ({type(error).__name__})", "look for what Alloy itself refuses"
        ) from None


def _named(message: str, env: Mapping[str, str] | None) -> str:
    for name, value in sorted((env or {}).items(), key=lambda pair: -len(pair[1])):
        if len(value) >= _SHORTEST_SECRET and value in message:
            message = message.replace(value, f"${name}")
    return message


def _beside(file: str) -> Callable[[str], str | None]:
    """Reads a module that a configuration names, from its own folder where the path is relative; None for one that is
    not on this machine."""

    def source(name: str) -> str | None:
        try:
            return (Path(file).parent / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    return source


def alloy_parts(text: str, file: str) -> list[tuple[str, int]]:
    """The Alloy texts in a file, each with its first line: the file itself, or values of YAML; none for promtail's."""
    if is_alloy(text, file):
        return [(text, 1)]
    return _wrapped_alloy(text, file) if _LOKI.search(text) else []


def is_alloy(text: str, file: str) -> bool:
    """True for a text in Alloy's own syntax, by the ending of its name or by its first statements."""
    if file.endswith((".alloy", ".river")):
        return True
    if file.endswith((".yaml", ".yml", ".json")):
        # A block at the left edge is no YAML: Loki's own examples call an Alloy configuration .yaml.
        return bool(re.search(r'^loki\.[a-z_.]+\s+"\w+"\s*\{', text, re.MULTILINE))
    statements = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("//")]
    return any(_BLOCK.match(line) for line in statements[:1]) or bool(
        _LOKI.search(text) and not re.search(r"^\s*[\w-]+:(\s|$)", text, re.MULTILINE)
    )


def _wrapped_alloy(text: str, file: str) -> list[tuple[str, int]]:
    """The Alloy texts that stand as values in YAML, each with its first line."""
    return [inner for document in load(text, file) for inner in _texts(document)]


def _texts(value: Value) -> list[tuple[str, int]]:
    if isinstance(value.data, dict):
        return [found for inner in value.data.values() for found in _texts(inner)]
    if isinstance(value.data, list):
        return [found for inner in value.data for found in _texts(inner)]
    if isinstance(value.data, str) and _LOKI.search(value.data):
        return [(value.data, value.line + 1 if value.style in {"|", ">"} else value.line)]
    return []
