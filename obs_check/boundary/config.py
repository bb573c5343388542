"""Boundary's own config.yaml, read as boundary v0.9.0 reads it, with serpent v0.14.0 and yaml.v3.

A key that stands twice counts where it stands last. Scalars are taken by their spelling: `yes` is not a boolean, `~` is
the text `~`, a key without a value is the empty text. Only the first document is read. An unknown log level means warn.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from obs_check.boundary.log import Level
from obs_check.boundary.rules import Rule, parse_rules
from obs_check.documents.nearest import check_keys
from obs_check.documents.yaml_nodes import NULL, Alias, compose
from obs_check.errors import ConfigError

_LEVELS = {"debug": Level.DEBUG, "info": Level.INFO, "warn": Level.WARN, "error": Level.ERROR}
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("", "0", "f", "F", "FALSE", "false", "False")
_WHOLE = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True, slots=True)
class BoundaryConfig:
    """What a boundary does. `log_dir` None means stderr. `unknown` are keys that v0.9.0 does not start with, with
    their lines; later versions know more. Keys of the jail and of the profiler have no effect on what is decided or
    logged."""

    rules: tuple[Rule, ...] = ()
    log_level: Level = Level.WARN
    log_dir: Path | None = None
    proxy_port: int = 8080
    disable_audit_logs: bool = False
    unknown: tuple[tuple[str, int], ...] = ()


def read_boundary_config(path: Path | None, env: Mapping[str, str] | None = None) -> BoundaryConfig:
    """Read a config.yaml with the environment laid over it (an empty variable counts as unset), as v0.9.0 starts.

    `path` stands for --config; without it BOUNDARY_CONFIG names the file, and without that it is
    $HOME/.config/coder_boundary/config.yaml if there is one. No file at all means the defaults: everything is denied.

    ConfigError for a file that cannot be read, and for all that `parse_boundary_config` refuses or v0.9.0 does not
    know, with the nearest key that it knows.
    """
    env = env or {}
    source = path or _from_env(env)
    try:
        text = source.read_text(encoding="utf-8") if source else None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{source}: cannot be read: {error}", "name a readable boundary config.yaml") from error
    config = parse_boundary_config(text, str(source or ""), env)
    places = {key: f"{source}:{line}" for key, line in config.unknown}
    check_keys(places, _READERS, why=", boundary does not start with it")
    return config


def parse_boundary_config(text: str | None, file: str, env: Mapping[str, str] | None = None) -> BoundaryConfig:
    """What the text of a config.yaml says, None for the defaults, with the environment laid over it.

    ConfigError with file and line for what no boundary starts with: no YAML, no key at all, a value of the wrong kind,
    a rule that does not parse.
    """
    found: dict[str, Any] = {}
    unknown = []
    for key, (line, value) in _pairs(text, file) if text is not None else ():
        if key in _READERS:
            found[key] = _value(key, value, file)
        else:
            unknown.append((key, line))
    for key, variable in _VARIABLES.items():
        if said := (env or {}).get(variable):
            found[key] = _read(key, said, f"environment variable {variable}")
    allowed = [*found.get("allowlist", ()), *filter(None, [(env or {}).get("BOUNDARY_ALLOW")])]
    try:
        rules = parse_rules(allowed)
    except ConfigError as error:
        raise ConfigError(f"{file or 'BOUNDARY_ALLOW'}: {error.message}", error.hint) from error
    return BoundaryConfig(
        rules=rules,
        log_level=found.get("log_level", Level.WARN),
        log_dir=Path(found["log_dir"]) if found.get("log_dir") else None,
        proxy_port=found.get("proxy_port", 8080),
        disable_audit_logs=found.get("disable_audit_logs", False),
        unknown=tuple(unknown),
    )


def _from_env(env: Mapping[str, str]) -> Path | None:
    """The configuration file that is found without --config."""
    if named := env.get("BOUNDARY_CONFIG"):
        return Path(named)
    if home := env.get("HOME"):
        usual = Path(home) / ".config/coder_boundary/config.yaml"
        return usual if usual.is_file() else None
    return None


def _pairs(text: str, file: str) -> list[tuple[str, tuple[int, yaml.Node]]]:
    """Each key with its line and the value that counts: the last one."""
    root = compose(text, file)
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError(f"{file}: expected keys and values", f"known keys: {', '.join(_READERS)}")
    for key, _ in root.value:
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"{file}:{key.start_mark.line + 1}: a key must be a single value", "write key: value")
    return list({str(key.value): (key.start_mark.line + 1, value) for key, value in root.value}.items())


def _value(key: str, node: yaml.Node, file: str) -> Any:
    """What a key is set to. An empty list is the empty text."""
    where = f"{file}:{node.start_mark.line + 1}: {key}"
    if isinstance(node, yaml.ScalarNode) or (isinstance(node, yaml.SequenceNode) and not node.value):
        return _read(key, node.value or "", where)
    if isinstance(node, yaml.SequenceNode) and key == "allowlist":
        items = [item.value if isinstance(item, Alias) else item for item in node.value]
        for number, item in enumerate(items, 1):
            if not isinstance(item, yaml.ScalarNode):
                raise ConfigError(f"{where}: entry {number} is not text", "quote each rule as one text")
        # yaml.v3 leaves an entry without a value out of a list of texts.
        return [str(item.value) for item in items if item.tag != NULL]
    kind = {Alias: "an alias", yaml.SequenceNode: "a list", yaml.MappingNode: "a mapping"}[type(node)]
    raise ConfigError(f"{where} is {kind}", f"write {_READERS[key][1]}")


def _read(key: str, text: str, where: str) -> Any:
    reader, wanted = _READERS[key]
    try:
        return reader(text)
    except ValueError:
        raise ConfigError(f"{where} is {text!r}", f"write {wanted}") from None


def _rules(text: str) -> list[str]:
    """A list in one text: comma-separated, of several lines the first that is not empty."""
    return next((row for row in csv.reader(io.StringIO(text)) if row), [])


def _level(text: str) -> Level:
    return _LEVELS.get(text.lower(), Level.WARN)


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _flag(text: str) -> bool:
    """As Go's strconv.ParseBool; the empty text is false."""
    if text not in (*_TRUE, *_FALSE):
        raise ValueError(text)
    return text in _TRUE


def _jail(text: str) -> str:
    if text not in ("nsjail", "landjail"):
        raise ValueError(text)
    return text


_FLAG: tuple[Callable[[str], Any], str] = (_flag, "true or false")
_READERS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "allowlist": (_rules, "a list of rules"),
    "disable_audit_logs": _FLAG,
    "jail_type": (_jail, "nsjail or landjail"),
    "log_dir": (str, "a text"),
    "log_level": (_level, "debug, info, warn or error"),
    "no_user_namespace": _FLAG,
    "pprof_enabled": _FLAG,
    "pprof_port": (_whole, "a whole number"),
    "proxy_port": (_whole, "a whole number"),
    "use_real_dns": _FLAG,
}
_VARIABLES = {
    "disable_audit_logs": "DISABLE_AUDIT_LOGS",
    "log_dir": "BOUNDARY_LOG_DIR",
    "log_level": "BOUNDARY_LOG_LEVEL",
    "proxy_port": "PROXY_PORT",
}
