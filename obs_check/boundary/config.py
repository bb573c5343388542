"""Boundary's own config.yaml, read as v0.9.0 reads it: an unknown key stops it, an unknown log level does not."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from obs_check.boundary.log import Level
from obs_check.boundary.rules import Rule, parse_rules
from obs_check.errors import ConfigError

_LEVELS = {"debug": Level.DEBUG, "info": Level.INFO, "warn": Level.WARN, "error": Level.ERROR}
_TYPES: dict[str, type] = {
    "allowlist": list,
    "disable_audit_logs": bool,
    "jail_type": str,
    "log_dir": str,
    "log_level": str,
    "no_user_namespace": bool,
    "pprof_enabled": bool,
    "pprof_port": int,
    "proxy_port": int,
    "use_real_dns": bool,
}
_VARIABLES = {
    "disable_audit_logs": "DISABLE_AUDIT_LOGS",
    "log_dir": "BOUNDARY_LOG_DIR",
    "log_level": "BOUNDARY_LOG_LEVEL",
    "proxy_port": "PROXY_PORT",
}
_NAMES = {list: "a list of rules", bool: "true or false", str: "a text", int: "a whole number"}


@dataclass(frozen=True, slots=True)
class BoundaryConfig:
    """What the lab's egress needs of it. `log_dir` None means stderr, as with boundary. Keys of the jail and of the
    profiler are accepted and have no effect in the lab."""

    rules: tuple[Rule, ...] = ()
    log_level: Level = Level.WARN
    log_dir: Path | None = None
    proxy_port: int = 8080
    disable_audit_logs: bool = False


def read_boundary_config(path: Path | None, env: Mapping[str, str] | None = None) -> BoundaryConfig:
    """Read a config.yaml with the environment laid over it (an empty variable counts as unset).

    `path` stands for --config; without it BOUNDARY_CONFIG names the file, and without that it is
    $HOME/.config/coder_boundary/config.yaml if there is one. No file at all means the defaults: everything is denied.

    ConfigError for a file that cannot be read, is not YAML, has an unknown key (the nearest known one is named), a
    value of the wrong type or a rule that does not parse.
    """
    env = env or {}
    source = path or _from_env(env)
    document = _load(source) if source else {}
    for key, variable in _VARIABLES.items():
        if text := env.get(variable):
            document[key] = _typed(variable, text, _TYPES[key])
    allowed = [*(document.get("allowlist") or ()), *filter(None, [env.get("BOUNDARY_ALLOW")])]
    try:
        rules = parse_rules(allowed)
    except ConfigError as error:
        raise ConfigError(f"{source or 'BOUNDARY_ALLOW'}: {error.message}", error.hint) from error
    return BoundaryConfig(
        rules=rules,
        # Boundary v0.9.0: case does not count, and any other word silently means warn.
        log_level=_LEVELS.get(document.get("log_level", "warn").lower(), Level.WARN),
        log_dir=Path(document["log_dir"]) if document.get("log_dir") else None,
        proxy_port=document.get("proxy_port", 8080),
        disable_audit_logs=document.get("disable_audit_logs", False),
    )


def _from_env(env: Mapping[str, str]) -> Path | None:
    """The configuration file that is found without --config."""
    if named := env.get("BOUNDARY_CONFIG"):
        return Path(named)
    if home := env.get("HOME"):
        usual = Path(home) / ".config/coder_boundary/config.yaml"
        return usual if usual.is_file() else None
    return None


def _typed(variable: str, text: str, kind: type) -> str | int | bool:
    """A variable's text as the type of its key; Go's words for true and false."""
    if kind is int and text.isascii() and text.isdigit():
        return int(text)
    if kind is bool and text.lower() in ("1", "t", "true", "0", "f", "false"):
        return text.lower() in ("1", "t", "true")
    if kind is str:
        return text
    raise ConfigError(f"environment variable {variable} is {text!r}", f"set it to {_NAMES[kind]}")


def _load(path: Path) -> dict[str, Any]:
    """The checked document of one file; an empty file is an empty document."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}", "name a readable boundary config.yaml") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ConfigError(f"{place}: not YAML: {getattr(error, 'problem', error)}", "correct the YAML") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: expected keys and values", f"known keys: {', '.join(_TYPES)}")
    _check(path, document)
    return {key: value for key, value in document.items() if value is not None}


def _check(path: Path, document: dict[Any, Any]) -> None:
    """Refuse an unknown key, a value of the wrong type and a jail that does not exist."""
    for key, value in document.items():
        kind = _TYPES.get(key)
        if kind is None:
            near = difflib.get_close_matches(str(key), _TYPES, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(_TYPES)}"
            raise ConfigError(f"{path}: unknown key {key!r}, boundary does not start with it", hint)
        if value is None:
            continue
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ConfigError(f"{path}: {key} is {value!r}", f"write {_NAMES[kind]}")
    for number, rule in enumerate(document.get("allowlist") or (), 1):
        if not isinstance(rule, str):
            raise ConfigError(f"{path}: allowlist entry {number} is {rule!r}", "quote each rule as one text")
    if document.get("jail_type", "nsjail") not in ("nsjail", "landjail"):
        raise ConfigError(f"{path}: jail_type is {document['jail_type']!r}", "write nsjail or landjail")
